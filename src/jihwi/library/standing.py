"""Standing: what the search prefers among equals, visible in each hit and adjustable.

Official over draft, in force over repealed, newer over older of two versions, whole over fragment. The preference is a
few hundredths of a score that runs to 2, so it decides between passages that fit a question alike and never lifts one
that does not fit. It is taken from names and titles and from the hits themselves; of what the viewer may not see it
knows nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

import msgspec

from jihwi.library.types import Hit
from jihwi.words import Language

__all__ = ["DEFAULT_STANDING", "Standing", "by_standing", "marks_of", "standing_words"]


class Standing(msgspec.Struct, frozen=True):
    """How much each mark adds to a hit's score (0 to 2); 0 switches it off."""

    official: float = 0.02
    """The name or title says that it was decided: 확정, 최종, 공포, 시행, 고시, final."""
    draft: float = -0.03
    """It says that it was not yet: 초안, (안), 검토, draft."""
    repealed: float = -0.06
    """It says that it no longer is: 폐지, 구법, 개정 전, obsolete."""
    older: float = -0.04
    """Another hit is a newer version of the same text."""
    copy: float = -0.01
    """The name says that it is a copy: 사본, 복사본, copy."""
    fragment: float = -0.02
    """The name says that it is an excerpt (발췌, 요약본, excerpt), or the file could be read only in part."""


DEFAULT_STANDING = Standing()

_MARKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "repealed",
        re.compile(r"폐지(?!할|하려)|구법|구\s?규정|개정\s?전|효력\s?상실|obsolete|superseded|repealed", re.I),
    ),
    ("draft", re.compile(r"초안|시안|[(（\[]안[)）\]]|검토\s?안|작성\s?중|임시\s?본|\bdraft\b", re.I)),
    ("official", re.compile(r"확정|최종|공포|시행(?!\s?[규령])|고시|결재\s?완료|\bfinal\b|\bsigned\b", re.I)),
    ("copy", re.compile(r"사본|복사본|\bcopy\b", re.I)),
    ("fragment", re.compile(r"발췌|요약본|\bexcerpt\b", re.I)),
)
_WORDS: dict[str, tuple[str, str]] = {
    "official": ("확정된 문서", "official"),
    "draft": ("초안", "draft"),
    "repealed": ("폐지된 문서", "repealed"),
    "older": ("새 판이 있음", "a newer version is here"),
    "copy": ("사본", "copy"),
    "fragment": ("일부만 있음", "only a part"),
}
_VERSION = re.compile(
    r"[\s_\-.(\[（]*(?:v(?:er)?\.?\s?\d+(?:\.\d+)*|rev\.?\s?\d*|제?\d+차|최종|확정|수정|개정|초안|시안|사본|복사본|final|draft|copy)"
    r"(?:본|안|전|후)?[\s_\-.)\]）]*",
    re.I,
)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})[.\-_년\s]*(?:(1[0-2]|0?[1-9])[.\-_월\s]*(3[01]|[12]\d|0?[1-9])?)?(?!\d)")
_NUMBER = re.compile(r"v(?:er)?\.?\s?(\d+)(?:\.(\d+))?", re.I)

_SAME_TEXT = 0.8
_SAME_TEXT_AND_NAME = 0.5
"""Share of words two passages have in common to be versions of one another: with any names, with names that differ
in their version only."""


def standing_words(mark: str, language: Language) -> str:
    """A mark in a person's words.

    >>> standing_words("older", "en")
    'a newer version is here'
    """
    known = _WORDS.get(mark)
    return mark if known is None else known[0 if language == "ko" else 1]


def marks_of(path: str, title: str = "") -> tuple[str, ...]:
    """What the name and title of a document say of its standing; of opposites, the weaker.

    >>> marks_of("규정/복무규정(안).hwpx"), marks_of("규정/복무규정_최종.hwpx"), marks_of("규정/복무규정.hwpx")
    (('draft',), ('official',), ())
    """
    said = unicodedata.normalize("NFC", f"{path.rsplit('/', 1)[-1]} {title}").replace("_", " ")
    found = [mark for mark, pattern in _MARKS if pattern.search(said)]
    if "official" in found and ("draft" in found or "repealed" in found):
        found.remove("official")
    return tuple(found)


def by_standing(
    hits: Sequence[Hit],
    titles: Mapping[str, str],
    modified_ms: Mapping[str, int],
    standing: Standing,
    partial: Collection[str] = (),
) -> list[Hit]:
    """The hits in their order by score and standing. `titles` and `modified_ms` are by document id; `partial` are the
    documents that could be read only in part."""
    marks = {hit.document_id: marks_of(hit.path, titles.get(hit.document_id, "")) for hit in hits}
    older = _older(hits, modified_ms)
    judged = [
        _judged(
            hit,
            (
                *marks[hit.document_id],
                *(("fragment",) if hit.document_id in partial and "fragment" not in marks[hit.document_id] else ()),
                *(("older",) if number in older else ()),
            ),
            hits[older[number]].path if number in older else "",
            standing,
        )
        for number, hit in enumerate(hits)
    ]
    return sorted(judged, key=lambda hit: (-hit.score, hit.document_id, hit.ordinal))


def _judged(hit: Hit, marks: tuple[str, ...], newer_at: str, standing: Standing) -> Hit:
    weights = msgspec.structs.asdict(standing)
    if not marks:
        return hit
    return msgspec.structs.replace(
        hit,
        score=round(hit.score + sum(weights[mark] for mark in marks), 9),
        why=msgspec.structs.replace(hit.why, standing=marks),
        newer_at=newer_at,
    )


def _older(hits: Sequence[Hit], modified_ms: Mapping[str, int]) -> dict[int, int]:
    """Which hits have a newer version of their text among the hits, and which that is."""
    words = [frozenset(hit.text.split()) for hit in hits]
    names = [_VERSION.sub(" ", _name(hit.path)).strip() for hit in hits]
    found: dict[int, int] = {}
    for a in range(len(hits)):
        for b in range(a):
            least = _SAME_TEXT_AND_NAME if names[a] == names[b] else _SAME_TEXT
            if hits[a].document_id == hits[b].document_id or not _alike(words[a], words[b], least):
                continue
            newer = _newer(hits[a], hits[b], modified_ms)
            if newer:
                found.update({b: a} if newer > 0 else {a: b})
    return found


def _alike(one: frozenset[str], other: frozenset[str], least: float) -> bool:
    """Whether two sets have at least this share of their words in common."""
    few, many = sorted((len(one), len(other)))
    if not few or few < least * many:
        return False
    both = len(one & other)
    return both >= least * (few + many - both)


def _newer(one: Hit, other: Hit, modified_ms: Mapping[str, int]) -> int:
    """1 when `one` is newer, -1 when `other` is, 0 when nothing tells."""
    for age in (_dated, _numbered):
        mine, theirs = age(_name(one.path)), age(_name(other.path))
        if mine and theirs and mine != theirs:
            return 1 if mine > theirs else -1
    mine_ms, theirs_ms = modified_ms.get(one.document_id, 0), modified_ms.get(other.document_id, 0)
    return (mine_ms > theirs_ms) - (mine_ms < theirs_ms)


def _name(path: str) -> str:
    return unicodedata.normalize("NFC", path.rsplit("/", 1)[-1].rsplit(".", 1)[0])


def _dated(name: str) -> tuple[int, ...]:
    """The latest date in a name, as numbers; empty when there is none."""
    return max((tuple(int(part or 0) for part in match.groups()) for match in _DATE.finditer(name)), default=())


def _numbered(name: str) -> tuple[int, ...]:
    match = _NUMBER.search(name)
    return tuple(int(part or 0) for part in match.groups()) if match else ()
