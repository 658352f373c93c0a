"""What work may cost and what it has cost: reserved before the spending, shared down the tree of assignments."""

from __future__ import annotations

import msgspec

__all__ = ["NOTHING", "UNLIMITED", "Limits", "Spending"]


class Spending(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An amount of each thing that can run out.

    >>> Spending(tokens=10, turns=1).plus(Spending(tokens=5))
    Spending(tokens=15, micros=0, ms=0, turns=1, handoffs=0)
    """

    tokens: int = 0
    """Model tokens, in and out."""
    micros: int = 0
    """Money in millionths of the unit the endpoint's price is stated in."""
    ms: int = 0
    """Milliseconds of work by minds and skills."""
    turns: int = 0
    handoffs: int = 0

    def plus(self, other: Spending) -> Spending:
        """Both together."""
        if other is NOTHING:
            return self
        if self is NOTHING:
            return other
        return Spending(
            self.tokens + other.tokens,
            self.micros + other.micros,
            self.ms + other.ms,
            self.turns + other.turns,
            self.handoffs + other.handoffs,
        )

    def minus(self, other: Spending) -> Spending:
        """What is left when `other` is taken away; may be negative."""
        if other is NOTHING:
            return self
        if self == other:
            return NOTHING
        return Spending(
            self.tokens - other.tokens,
            self.micros - other.micros,
            self.ms - other.ms,
            self.turns - other.turns,
            self.handoffs - other.handoffs,
        )


NOTHING = Spending()


class Limits(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The most that may be spent; `None` means as much as the assignment above allows.

    >>> Limits(turns=2).exceeded_by(Spending(turns=3))
    'turns'
    """

    tokens: int | None = None
    micros: int | None = None
    ms: int | None = None
    turns: int | None = None
    handoffs: int | None = None
    depth: int | None = None
    """How deep delegation may go below this assignment."""

    def within(self, other: Limits) -> Limits:
        """The smaller of both, each by itself.

        >>> Limits(turns=2, tokens=500).within(Limits(turns=3))
        Limits(tokens=500, micros=None, ms=None, turns=2, handoffs=None, depth=None)
        """

        def least(a: int | None, b: int | None) -> int | None:
            return b if a is None else a if b is None else min(a, b)

        return Limits(
            least(self.tokens, other.tokens),
            least(self.micros, other.micros),
            least(self.ms, other.ms),
            least(self.turns, other.turns),
            least(self.handoffs, other.handoffs),
            least(self.depth, other.depth),
        )

    def exceeded_by(self, spending: Spending) -> str:
        """The first thing of which `spending` is more than allowed; empty when all is within."""
        if self.turns is not None and spending.turns > self.turns:
            return "turns"
        if self.tokens is not None and spending.tokens > self.tokens:
            return "tokens"
        if self.ms is not None and spending.ms > self.ms:
            return "ms"
        if self.micros is not None and spending.micros > self.micros:
            return "micros"
        if self.handoffs is not None and spending.handoffs > self.handoffs:
            return "handoffs"
        return ""


UNLIMITED = Limits()
