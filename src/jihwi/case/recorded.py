"""What was said in a case by name, as a report may repeat it: a person's decision, an agent's dispute.

The sentence is made here from the event and nowhere else, so a report that repeats it can be held against the log.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jihwi.words import fill

__all__ = ["Recorded", "in_words"]


class Recorded(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event whose words a report may repeat as a sentence of the case."""

    event: int
    what: Literal["decided", "disputed"]
    by: str
    """The person who answered, or the agent who disputed."""
    words: str
    about: str
    """The question that was answered, or the finding that was disputed."""


_SAID: dict[str, tuple[str, str]] = {
    "decided": (
        "{by} 님이 정했습니다: ‘{words}’ (물음: {about})",
        "{by} decided: ‘{words}’ (asked: {about})",
    ),
    "disputed": (
        "‘{about}’에 대한 '{by}'의 이의: {words}",
        "'{by}' disputed ‘{about}’: {words}",
    ),
}


def in_words(recorded: Recorded, language: str) -> str:
    """The one sentence a report may say of it.

    >>> in_words(Recorded(41, "decided", "kim", "멈춘다", "어떻게 합니까?"), "ko")
    'kim 님이 정했습니다: ‘멈춘다’ (물음: 어떻게 합니까?)'
    """
    said = {"by": recorded.by, "words": " ".join(recorded.words.split()), "about": " ".join(recorded.about.split())}
    return fill(_SAID[recorded.what][0 if language == "ko" else 1], said)
