"""Which files are the same document: byte for byte, or one version of it beside another.

A text is reduced to a sketch: the smallest hashes of its runs of eight letters (bottom-k MinHash, Broder 1997). Two
sketches tell what share of the runs two texts have in common, without the texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

import msgspec
import numpy as np

__all__ = ["Group", "Member", "bare_name", "groups_of", "sketch_of"]

RUN = 8
"""Letters in a run."""
SKETCH = 192
"""Hashes kept of a text."""
SAME_TEXT = 0.5
"""Two texts that share this much are versions of one document, whatever their names."""
SAME_NAME = 0.25
"""Two texts that share this much are, when their names differ only in a version mark."""
LEAST_LETTERS = 60
"""A text shorter than this is too short to tell."""
LOOKED_AT = 400_000
"""How many letters of a text are looked at."""
TOO_COMMON = 60
"""A hash that this many files share says nothing of two of them (a form's printed words)."""


class Member(msgspec.Struct, frozen=True):
    """What is kept of a file to compare it with others."""

    path: str
    source: str
    size: int
    sketch: tuple[int, ...] = ()
    modified: str = ""


class Group(msgspec.Struct, frozen=True):
    """Files that are one document."""

    kind: str
    """`duplicate`: the same bytes. `version`: much the same text."""
    paths: tuple[str, ...]
    """The one to keep first."""
    share: int = 100
    """How much of the text the least alike has in common with the first, in percent."""


def sketch_of(text: str) -> tuple[int, ...]:
    """The sketch of a text; empty when it is too short to compare.

    >>> sketch_of("짧은 글")
    ()
    """
    letters = re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", text[:LOOKED_AT])).lower()
    if len(letters) < LEAST_LETTERS:
        return ()
    codes = np.frombuffer(letters.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    hashes = np.zeros(len(codes) - RUN + 1, dtype=np.uint64)
    for place in range(RUN):
        hashes = hashes * np.uint64(0x100000001B3) + codes[place : place + len(hashes)]
    hashes ^= hashes >> np.uint64(31)
    hashes *= np.uint64(0x9E3779B97F4A7C15)
    hashes ^= hashes >> np.uint64(29)
    smallest = np.unique(hashes)[:SKETCH]
    return tuple(int(h) for h in smallest)


_VERSION_MARK = re.compile(
    r"[\s_\-.]*(?:[(\[]?\s*(?:진짜|최최종|최종|최종본|최종안|수정|수정본|수정안|초안|개정|개정안|사본|복사본|검토|검토본|"
    r"작성중|완료|제출용|배포용|회람용|final|draft|copy|rev|old|new|bak|backup|edited)\s*\d*\s*[)\]]?"
    r"|[(\[]\s*\d{1,3}\s*[)\]]|v(?:er)?\.?\s*\d+(?:\.\d+)*|r\d{1,2}"
    r"|(?:19|20)\d{2}[.\-_]?\d{2}[.\-_]?\d{2}|\d{6}|- ?복사본|의 사본)$",
    re.IGNORECASE,
)


def bare_name(path: str) -> str:
    """A file's name without extension and version marks, for comparing.

    >>> bare_name("보고서_최종_v2 (1).hwp"), bare_name("2024/보고서-20240311.pdf")
    ('보고서', '보고서')
    """
    name = unicodedata.normalize("NFC", PurePosixPath(path).stem).lower()
    while True:
        shorter = _VERSION_MARK.sub("", name).rstrip(" _-.")
        if shorter == name or not shorter:
            return re.sub(r"[\s_\-.]+", " ", name).strip()
        name = shorter


def groups_of(members: Sequence[Member]) -> tuple[Group, ...]:
    """The groups among `members`: exact duplicates first, then versions. A file stands in at most one of each kind."""
    duplicates: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        if member.source and member.size:
            duplicates[member.source].append(member)
    same = [sorted(group, key=lambda m: _to_keep(m.path)) for group in duplicates.values() if len(group) > 1]
    one_each = [group[0] for group in (sorted(g, key=lambda m: _to_keep(m.path)) for g in duplicates.values())]
    exact = tuple(Group("duplicate", tuple(m.path for m in group)) for group in same)
    return exact + _versions(one_each)


def _to_keep(path: str) -> tuple[int, int, str]:
    """Of equal files the one to keep is the least deep, with the plainest name."""
    return path.count("/"), len(path), path


def _versions(members: list[Member]) -> tuple[Group, ...]:
    near: dict[int, dict[int, float]] = defaultdict(dict)
    for (one, other), share in _alike(members).items():
        needed = SAME_NAME if bare_name(members[one].path) == bare_name(members[other].path) else SAME_TEXT
        if share >= needed:
            near[one][other] = near[other][one] = share
    groups = []
    seen: set[int] = set()
    for start in sorted(near, key=lambda i: members[i].path):
        if start in seen:
            continue
        reached, waiting = {start}, [start]
        while waiting:
            waiting.extend(fresh := [n for n in near[waiting.pop()] if n not in reached])
            reached.update(fresh)
        seen |= reached
        ordered = sorted(reached, key=lambda i: _newest(members[i]), reverse=True)
        share = min(max(near[i].values()) for i in reached)
        groups.append(Group("version", tuple(members[i].path for i in ordered), round(share * 100)))
    return tuple(groups)


_DATE = re.compile(r"(?:19|20)\d{2}[.\-_]?\d{2}[.\-_]?\d{2}")
_NUMBER = re.compile(r"v(?:er)?\.?\s*(\d+(?:\.\d+)*)", re.IGNORECASE)


def _newest(member: Member) -> tuple[object, ...]:
    """What tells the newest version: the date in its name, "최종", its number, that it is no
    printed copy (PDF), the date it was last saved."""
    name = unicodedata.normalize("NFC", PurePosixPath(member.path).stem)
    date = re.sub(r"\D", "", found.group()) if (found := _DATE.search(name)) else ""
    number = tuple(int(n) for n in v.group(1).split(".")) if (v := _NUMBER.search(name)) else ()
    final = name.count("최종") + ("final" in name.lower())
    return date, final, number, not member.path.lower().endswith(".pdf"), member.modified, member.path


def _alike(members: list[Member]) -> dict[tuple[int, int], float]:
    """Share of common runs for the pairs that have any worth speaking of."""
    holders: dict[int, list[int]] = defaultdict(list)
    for index, member in enumerate(members):
        for value in member.sketch:
            holders[value].append(index)
    common: dict[tuple[int, int], int] = defaultdict(int)
    for indexes in holders.values():
        if 2 <= len(indexes) <= TOO_COMMON:
            for place, one in enumerate(indexes):
                for other in indexes[place + 1 :]:
                    common[one, other] += 1
    return {
        pair: _jaccard(members[pair[0]].sketch, members[pair[1]].sketch)
        for pair, count in common.items()
        if count >= SKETCH * SAME_NAME / 4 or count >= 4
    }


def _jaccard(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The share of common runs, estimated from the smallest hashes of both together."""
    both = sorted({*one, *other})[: min(SKETCH, max(len(one), len(other)))]
    ours, theirs = set(one), set(other)
    return sum(1 for value in both if value in ours and value in theirs) / len(both) if both else 0.0
