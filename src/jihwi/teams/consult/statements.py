"""What a line of a record or a leaflet says, found by rule: medicines with doses, dates, symptoms, warnings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from jihwi.case import Claim, Finding, Quotation

__all__ = ["Source", "claims_in", "continues", "day", "doses", "limit", "source_of", "symptoms_in", "warns"]

Source = Literal["symptoms", "records", "literature"]

FOLDERS: dict[Source, tuple[str, ...]] = {
    "symptoms": ("호소", "reported"),
    "records": ("기록", "records"),
    "literature": ("문헌", "literature"),
}
"""Which folder each expert reads; nobody reads another's."""

_LINE = re.compile(r"[^\n]+")
_DOSE = re.compile(r"([가-힣]+(?:정|캡슐|시럽))(?:을|를|은|는)?\s+(?:하루(?:에)?\s+)?(\d+)\s?mg")
_DAY = re.compile(r"(\d{4})년\s*(\d{1,2})월\s*(\d{1,2})일")
_SYMPTOM = re.compile(r"((?:[가-힣]+ )?[가-힣]{2,})(?:이|가) (?:있|나|심|생)")
_OFTEN = re.compile(r"^(?:가끔|자주|조금|계속|요즘|다시|때) ")
_WARNS = ("멈추", "중단", "피한다", "주의", "넘기지", "금한다")
_DENIES = ("확인되지 않", "관련이 없", "무관")
_LIMITS = ("넘기지", "까지만")
_CONTINUES = ("계속", "유지")


def source_of(path: str) -> Source | None:
    """Which expert reads the file, by the folder it lies in.

    >>> source_of("기록/외래.md")
    'records'
    """
    folders = path.split("/")[:-1]
    return next((name for name, known in FOLDERS.items() if any(one in known for one in folders)), None)


def claims_in(passage: dict[str, Any]) -> Iterator[Claim]:
    """Each line of a passage that is a sentence, as a claim that quotes itself."""
    text = str(passage["text"])
    for line in _LINE.finditer(text):
        words = line[0].strip().removeprefix("- ").strip()
        if len(words) < 10 or not words.endswith("."):
            continue
        start = int(passage["start"]) + text.index(words, line.start())
        quotation = Quotation(
            passage["document_id"], passage["source"], passage["reading"], words, start, start + len(words)
        )
        yield Claim(words, (quotation,), _topic(words))


def _topic(text: str) -> str:
    """What a statement is about: a dose, the use of a medicine, or something else."""
    if doses(text):
        return "dose"
    return "use" if warns(text) or continues(text) or any(one in text for one in _DENIES) else ""


def doses(text: str) -> dict[str, int]:
    """The medicines with a dose, in milligrams.

    >>> doses("솔베인정 5mg을 하루 한 번 처방함.")
    {'솔베인정': 5}
    """
    return {medicine: int(number) for medicine, number in _DOSE.findall(text)}


def limit(text: str) -> dict[str, int]:
    """The same, where the sentence says that it must not be more."""
    return doses(text) if any(one in text for one in _LIMITS) else {}


def day(text: str) -> tuple[int, int, int] | None:
    """The first date in it: year, month, day."""
    found = _DAY.search(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def symptoms_in(findings: Iterable[Finding]) -> set[str]:
    """The symptoms that were reported."""
    return {_OFTEN.sub("", one) for finding in findings for one in _SYMPTOM.findall(finding.claim.text)}


def warns(text: str) -> bool:
    """Whether it warns of something."""
    return any(one in text for one in _WARNS)


def continues(text: str) -> bool:
    """Whether it says that a medicine is taken on."""
    return any(one in text for one in _CONTINUES) and "복용" in text
