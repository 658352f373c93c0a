"""A request body as parts, so that each is stored once and the body can be put together again byte for byte.

The parts of a chat request: what stands before the first message; each message, with the comma before it; what stands
between; the tools, as one part, because they are the same in every turn of a seat and a record lists every part that
follows the messages; what stands after. A body of any other shape is one part.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence

from jihwi.case.turn import PromptRecord
from jihwi.errors import LedgerBroken
from jihwi.ids import digest_of

__all__ = ["prompt_parts", "rebuild_prompt", "record_of", "split_body"]


def split_body(body: bytes) -> list[bytes]:
    """The parts of a body; one after another they are the body.

    >>> split_body(b'{"messages":[{"role":"user"},{"role":"tool"}],"tools":[1,2],"n":1}')
    [b'{"messages":[', b'{"role":"user"}', b',{"role":"tool"}', b'],"tools":', b'[1,2]', b',"n":1}']
    """
    try:
        text = body.decode("utf-8")
        cuts = _cuts(text)
    except ValueError:
        return [body]
    edges = [0, *cuts, len(text)]
    return [text[a:b].encode("utf-8") for a, b in itertools.pairwise(edges) if a < b]


def record_of(
    body: bytes, parent: int, parent_parts: Sequence[str]
) -> tuple[PromptRecord, dict[str, bytes], list[str]]:
    """The record of a body that goes on from a parent's parts, the parts to be stored anew, and all its parts.

    With no parent (0) the record stands for itself.
    """
    parts = split_body(body)
    digests: list[str] = [digest_of(part) for part in parts]
    keep = 0
    if parent:
        for mine, before in zip(digests, parent_parts, strict=False):
            if mine != before:
                break
            keep += 1
    stored = set(parent_parts) if parent else set()
    fresh = {digest: part for digest, part in zip(digests, parts, strict=True) if digest not in stored}
    record = PromptRecord(digest_of(body), parent if keep else 0, keep, tuple(digests[keep:]))
    return record, fresh, digests


def prompt_parts(records: Sequence[PromptRecord]) -> list[str]:
    """The digests of the last record's parts, in order. `records`: from one without a parent, each the next's parent.

    >>> prompt_parts([PromptRecord("x", parts=("a", "b", "z")), PromptRecord("y", 7, 2, ("c", "z"))])
    ['a', 'b', 'c', 'z']
    """
    parts: list[str] = []
    for record in records:
        parts = [*parts[: record.keep], *record.parts]
    return parts


def rebuild_prompt(
    records: Sequence[PromptRecord], stored: Mapping[str, bytes], *, case: str = "", seq: int = 0
) -> bytes:
    """The request body as it was sent. Raises LedgerBroken (with `case` and `seq`) when a part is missing or differs.

    >>> record, stored, _ = record_of(b'{"messages":[1,2]}', 0, ())
    >>> rebuild_prompt([record], stored)
    b'{"messages":[1,2]}'
    """
    try:
        body = b"".join(stored[digest] for digest in prompt_parts(records))
    except KeyError as missing:
        raise LedgerBroken(case, seq, f"a part of the prompt is missing: {missing.args[0]}") from None
    if not records or digest_of(body) != records[-1].digest:
        raise LedgerBroken(case, seq, "the prompt's parts do not make the body that was sent")
    return body


_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


def _cuts(text: str) -> list[int]:
    """Where the body is divided. Raises ValueError when it is no JSON object."""
    at = _past(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError("no object")
    cuts: list[int] = []
    at = _past(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _past(text, at)
        if text[at : at + 1] != ":":
            raise ValueError("no colon")
        at = _past(text, at + 1)
        start = at
        if key == "messages" and text[at : at + 1] == "[":
            elements, at = _elements(text, at)
            cuts += elements
        else:
            _, at = _DECODER.raw_decode(text, at)
            if key == "tools":
                cuts += [start, at]
        at = _past(text, at)
        if text[at : at + 1] == ",":
            at = _past(text, at + 1)
    return cuts


def _elements(text: str, at: int) -> tuple[list[int], int]:
    """Where each element of the array at `at` begins (with its comma) and the last one ends; and the array's end."""
    at = _past(text, at + 1)
    cuts = [at]
    while text[at : at + 1] != "]":
        if text[at : at + 1] == ",":
            at = _past(text, at + 1)
        _, at = _DECODER.raw_decode(text, at)
        cuts.append(at)
        at = _past(text, at)
    return cuts, at + 1


def _past(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _SPACE:
        at += 1
    return at
