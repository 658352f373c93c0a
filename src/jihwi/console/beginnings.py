"""Four ways to begin, each with examples made from the reader's own documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from jihwi.evidence import Viewer
from jihwi.library import Document, Library
from jihwi.words import Language, fill

__all__ = ["Beginning", "beginnings"]

_LOOKED_AT = 24
"""Documents whose headings are looked at."""
ENOUGH = 4
"""So many words in the reader's language are enough to make examples of nothing else."""
_HEADINGS = 4
"""Headings taken from each of them."""


class Beginning(msgspec.Struct, frozen=True):
    """One way to begin: what it is for, and requests a person could make of these documents."""

    key: str
    title: str
    about: str
    examples: tuple[str, ...]


_WAYS: tuple[tuple[str, str, str, str, str], ...] = (
    ("find", "하나를 찾기", "Find one thing", "날짜, 금액, 이름, 기준 하나", "A date, an amount, a name, one rule"),
    ("way", "방법을 찾기", "Find the way", "무엇을 어떤 순서로 해야 하는지", "What has to be done, and in which order"),
    (
        "conclude",
        "견주어 보기",
        "Draw conclusions",
        "문서끼리 같은지 다른지, 합치면 얼마인지",
        "Whether documents agree, and what they add up to",
    ),
    ("explore", "둘러보기", "Explore", "무엇이 들어 있는지 한눈에", "What there is, at a glance"),
)

_PATTERNS: dict[str, tuple[tuple[str, str], ...]] = {
    "find": (("{a:은} 어떻게 정해져 있나요?", "What do the documents say about “{a}”?"),),
    "way": (("{a}의 절차를 차례대로 알려 주세요.", "What is the procedure for “{a}”?"),),
    "conclude": (
        (
            "{a:과} {b}의 내용이 서로 다른 곳이 있나요?",
            "Do “{a}” and “{b}” contradict each other?",
        ),
    ),
    "explore": (("{a} 문서의 주요 내용을 요약해 주세요.", "Summarise “{a}”."),),
}


def beginnings(library: Library, viewer: Viewer, language: Language) -> list[Beginning]:
    """The four ways, with examples from documents the viewer may see; none where there are no documents."""
    documents = [one for one in library.documents(viewer) if one.reading]
    titles = _own_language(_titles(documents), language)
    headings = _own_language(list(_headings(library, viewer, documents)), language)
    found = []
    for key, ko, en, about_ko, about_en in _WAYS:
        examples = _examples(key, titles, headings, language)
        title, about = (ko, about_ko) if language == "ko" else (en, about_en)
        found.append(Beginning(key, title, about, examples))
    return found


def _examples(key: str, titles: list[str], headings: list[str], language: Language) -> tuple[str, ...]:
    template = _PATTERNS[key][0][0 if language == "ko" else 1]
    if key == "conclude":
        pairs = zip(titles[::2], titles[1::2], strict=False)
        return tuple(fill(template, {"a": a, "b": b}) for a, b in list(pairs)[:2])
    words = titles[:2] if key == "explore" else (headings[::2] if key == "find" else headings[1::2])[:2]
    return tuple(fill(template, {"a": one}) for one in words)


def _own_language(words: list[str], language: Language) -> list[str]:
    """What is written in the reader's language; the rest only where that is too little."""
    own = [text for text in words if any("가" <= letter <= "힣" for letter in text) == (language == "ko")]
    return own if len(own) >= ENOUGH else [*own, *(text for text in words if text not in own)]


def _titles(documents: Sequence[Document]) -> list[str]:
    """Short names of documents, one for each folder in turn, so that the examples show what there is."""
    by_folder: dict[str, list[str]] = {}
    for one in documents:
        folder, _, name = one.source.path.rpartition("/")
        by_folder.setdefault(folder, []).append(name.rsplit(".", 1)[0].replace("_", " "))
    return list(_in_turn(list(by_folder.values())))


def _in_turn(lists: Sequence[Sequence[str]]) -> Iterator[str]:
    """One of each list, then the next of each, so that what comes first is of many kinds."""
    for place in range(max((len(one) for one in lists), default=0)):
        yield from (one[place] for one in lists if place < len(one))


def _headings(library: Library, viewer: Viewer, documents: Sequence[Document]) -> Iterator[str]:
    """Headings worth asking about: a few words, no numbers alone, each once."""
    seen: set[str] = set()
    lists: list[list[str]] = []
    for one in documents[:_LOOKED_AT]:
        mine: list[str] = []
        for chunk in library.chunks(one.reading, viewer) or []:
            words = _asked_about(chunk.headings[-1]) if chunk.headings else ""
            if words and words not in seen and len(mine) < _HEADINGS:
                seen.add(words)
                mine.append(words)
        lists.append(mine)
    return _in_turn(lists)


def _asked_about(heading: str) -> str:
    """What a heading is about: `제12조(당직비)` is about 당직비.

    >>> _asked_about("제12조(당직비의 지급)"), _asked_about("부칙"), _asked_about("3. 업무 보고")
    ('당직비의 지급', '', '업무 보고')
    """
    heading = " ".join(heading.split())
    if heading.startswith("제") and "(" in heading and ")" in heading:
        heading = heading[heading.index("(") + 1 : heading.index(")")]
    if heading.startswith("제") and heading[1:2].isdigit() and " " in heading:
        heading = heading.split(" ", 1)[1]
    heading = heading.lstrip("0123456789.-) ⅠⅡⅢⅣⅤ□○◦※")
    if not 3 <= len(heading) <= 40 or heading in ("목적", "정의", "시행일", "적용범위", "부칙", "총칙"):
        return ""
    return heading
