"""Finding where the words of a link stand in the text of a block, told what stands before them.

Readers meet a link while they gather words, long before blanks are folded, numbers rendered and cells laid out. So they
say which words lead where and what was gathered just before; the place is found, blanks aside, when a block is written.
"""

from __future__ import annotations

import re

import msgspec

__all__ = ["ToPlace", "address_of", "is_safe", "place", "to_place"]

_LONGEST_ADDRESS = 2_000
_BEFORE = 24
_FEW = 4
_MOST_BLOCKS = 64
"""How many blocks after it was met a link is still looked for: a note comes after the block that calls it."""
_MOST_SEARCHED = 200_000_000
"""Letters looked through in vain in one block, after which its remaining links are given up."""
_NEVER = frozenset({"javascript", "data", "vbscript", "blob", "about"})
_SAFE = re.compile(r"https?://(?:[^\s/?#\[\]]+|\[[0-9A-Fa-f:.]+\](?::\d+)?)(?:[/?#]|\Z)|mailto:.", re.IGNORECASE)


class ToPlace(msgspec.Struct):
    """A link whose words are yet to be written; words and what stands before them without blanks."""

    words: str
    address: str
    before: str
    tries: int = 0


def address_of(written: str) -> str:
    """The address as it is kept, or nothing: places inside the document, scripts and embedded data lead nowhere.

    >>> address_of(" https://a.kr/b "), address_of("#top"), address_of("javascript:x()")
    ('https://a.kr/b', '', '')
    """
    address = "".join(c for c in written.strip() if c.isprintable())
    scheme = address.partition(":")[0].strip().lower() if ":" in address else ""
    if not address or len(address) > _LONGEST_ADDRESS or address.startswith("#") or scheme in _NEVER:
        return ""
    return address


def is_safe(address: str) -> bool:
    """Whether a program that shows the text may offer the address: http, https and mailto only.

    >>> is_safe("https://a.kr"), is_safe("file:///etc/passwd"), is_safe("보고서.hwp"), is_safe("http://[")
    (True, False, False, False)
    """
    return _SAFE.match(address) is not None


def to_place(words: str, address: str, before: str) -> ToPlace | None:
    """A link to look for, or None when it has no words or leads nowhere."""
    bare, kept = _bare(words), address_of(address)
    return ToPlace(bare, kept, _bare(before[-4 * _BEFORE :])[-_BEFORE:]) if bare and kept else None


def place(text: str, waiting: list[ToPlace]) -> tuple[list[tuple[int, int, str]], list[ToPlace]]:
    """The links that stand in `text`, in its order, and those still to be looked for.

    >>> found, left = place("1. 누리집은 누리집 참고", [to_place("누리 집", "https://a.kr", "누리집은 ")])
    >>> found, left
    ([(8, 11, 'https://a.kr')], [])
    """
    index = [at for at, c in enumerate(text) if not _is_blank(c)]
    bare = "".join(text[at] for at in index)
    found: list[tuple[int, int, str]] = []
    left: list[ToPlace] = []
    cursor = searched = 0
    for link in waiting:
        if searched > _MOST_SEARCHED:
            break
        start, length = _start(text, bare, index, link, cursor)
        searched += 0 if start >= 0 else len(bare) - cursor
        if start >= 0:
            cursor = start + length
            found.append((index[start], index[cursor - 1] + 1, link.address))
            link.words, link.before = link.words[length:], ""
        link.tries += 1
        if link.words and link.tries < _MOST_BLOCKS:
            left.append(link)
    return _merged(text, sorted(found)), left


def _start(text: str, bare: str, index: list[int], link: ToPlace, cursor: int) -> tuple[int, int]:
    """Where the link's words begin among the letters, -1 for nowhere, and how many of its letters stand there."""
    length = len(link.words)
    if link.before:
        at = bare.find(link.before + link.words, max(0, cursor - len(link.before)))
        if at >= 0:
            return at + len(link.before), length
    elif (at := _at_an_edge(text, bare, index, link.words, cursor)) >= 0:
        return at, length
    elif len(bare) >= _FEW and not cursor and link.words.startswith(bare):
        return 0, len(bare)  # a link around several blocks
    if length < _FEW and link.tries:
        return -1, 0  # too little to be sure of in another block than the one it was met in
    return bare.find(link.words, cursor), length


def _at_an_edge(text: str, bare: str, index: list[int], words: str, cursor: int) -> int:
    """Where the words stand at the beginning of a block, a cell or a line."""
    at = bare.find(words, cursor)
    tried = 0
    while at >= 0 and tried < _MOST_BLOCKS:
        if at == 0 or not {"\n", "\t"}.isdisjoint(text[index[at - 1] + 1 : index[at]]):
            return at
        at, tried = bare.find(words, at + 1), tried + 1
    return -1


def _merged(text: str, found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Neighbours with one address as one link: a link whose words are set in several runs."""
    kept: list[tuple[int, int, str]] = []
    for start, end, address in found:
        if kept and kept[-1][2] == address and start >= kept[-1][1] and text[kept[-1][1] : start].strip(" ") == "":
            kept[-1] = (kept[-1][0], end, address)
        elif not kept or start >= kept[-1][1]:
            kept.append((start, end, address))
    return kept


def _bare(text: str) -> str:
    return "".join(c for c in text if not _is_blank(c))


def _is_blank(c: str) -> bool:
    return c.isspace() or c == "\u200b"
