"""A claim with its evidence, and the five kinds a released sentence can have (law 8)."""

from __future__ import annotations

from typing import Literal

import msgspec

from jihwi.evidence.citation import Quotation

__all__ = ["Claim", "Sentence", "SentenceKind"]

SentenceKind = Literal["quoted", "supported", "computed", "of_the_case", "marked"]
"""quoted: the words of a document. supported: every number, date, amount, name and negation is in its quotations.
computed: cited operands and a formula that is run again. of_the_case: stands on event numbers. marked: the writer's
own, visibly unsupported. There is no sixth."""


class Claim(msgspec.Struct, frozen=True, omit_defaults=True):
    """One statement and the quotations it stands on."""

    text: str
    quotations: tuple[Quotation, ...] = ()
    topic: str = ""
    """What it is about, so that claims on one thing can be compared."""
    confidence: float = 0.0
    """0 to 1; how sure the finder is that this answers the request."""


class Sentence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sentence of a report with its kind and what it stands on."""

    text: str
    kind: SentenceKind
    quotations: tuple[Quotation, ...] = ()
    formula: str = ""
    """computed: an arithmetic expression over q1, q2 … (the numbers in its quotations, in order)."""
    result: str = ""
    events: tuple[int, ...] = ()
    """of_the_case: the events it stands on."""
