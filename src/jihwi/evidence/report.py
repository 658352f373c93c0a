"""What a case releases, before it has a shape on paper: sentences with their kinds, gaps and contradictions."""

from __future__ import annotations

import msgspec

from jihwi.evidence.claim import Claim, Sentence

__all__ = ["Contradiction", "NotFound", "Report", "Section", "Unreadable"]


class Contradiction(msgspec.Struct, frozen=True, omit_defaults=True):
    """Documents that say different things of one matter, side by side; nobody is right here."""

    topic: str
    kind: str
    """`date`, `amount`, `number`, `name` or `polarity`."""
    sides: tuple[Claim, ...]
    values: tuple[str, ...]
    """What each side says, as it stands in its quotation; same order as `sides`."""


class NotFound(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that was asked and is not in these files, with the nearest passages."""

    question: str
    nearest: tuple[Claim, ...] = ()


class Unreadable(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file the answer could not use, or only in part."""

    path: str
    grade: str
    reason: str
    params: dict[str, str] = {}
    """`reason` is a code; with these it is put into words for the reader."""
    labels: tuple[str, ...] = ()
    """What a reader must hold to be told of the file at all."""


class Section(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of the report under its own title."""

    title: str
    sentences: tuple[Sentence, ...] = ()


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer first, then what it rests on and what it could not say."""

    request: str
    language: str
    answer: tuple[Sentence, ...] = ()
    sections: tuple[Section, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    not_found: tuple[NotFound, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
