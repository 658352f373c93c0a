"""What the orchestrator asks of the house around it: minds by their spec, and the gate a report leaves through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

from jihwi.case.assignment import MindSpec, Reason
from jihwi.case.governor import REFUSED
from jihwi.evidence import Viewer
from jihwi.minds import Mind

__all__ = ["REFUSED", "Limit", "LimitSource", "MindSource", "Publication", "PublicationRefused", "Publisher"]


class MindSource(Protocol):
    """Finds the mind a spec names."""

    def has(self, spec: MindSpec) -> bool:
        """Whether this runner has that mind. Asked before every turn: it looks up and does nothing else."""
        ...

    def mind(self, spec: MindSpec, *, failures: int) -> Mind:
        """The mind for `spec`; after `failures` failed attempts it may be the fallback. Raises a JihwiError.

        A model that refused is not worth asking again: then `failures` is `REFUSED` at least.
        """
        ...

    def has_another(self, spec: MindSpec, *, failures: int) -> bool:
        """Whether a mind that has just refused, chosen at `failures`, leaves another one to try."""
        ...


class Limit(msgspec.Struct, frozen=True):
    """How many of something may be under way at a time, over all runners that share a store."""

    kind: Literal["model", "skill"]
    name: str
    """Of the endpoint or the skill, as people may see it."""
    count: int

    @property
    def slot(self) -> str:
        """What the store's places are called."""
        return f"{self.kind} {self.name}"

    @property
    def reason(self) -> Reason:
        """Why something waits."""
        return Reason(f"no_free_{self.kind}", {"name": self.name, "limit": str(self.count)})


class LimitSource(Protocol):
    """Knows what is limited. Asked before every turn and call: it looks up and does nothing else."""

    def of_mind(self, spec: MindSpec, *, failures: int) -> Limit | None:
        """The limit of the mind that `MindSource.mind` would answer; `None` for as many as come."""
        ...

    def of_skill(self, name: str) -> Limit | None:
        """The limit of a skill; `None` for as many as come."""
        ...


class Publication(msgspec.Struct, frozen=True):
    """A report that left: its files by name and digest, and how many sentences of each kind it has."""

    files: Mapping[str, str]
    kinds: Mapping[str, int]


class PublicationRefused(msgspec.Struct, frozen=True):
    """The gate let nothing through: why, and which sentences."""

    reason: Reason
    sentences: tuple[str, ...] = ()


class Publisher(Protocol):
    """The gate of law 8: checks every sentence of a report again and only then writes its files.

    Publishing the same report of the same case again writes the same bytes to the same place.
    """

    async def publish(
        self, case_id: str, report: Any, *, viewer: Viewer, by: str, seq: int
    ) -> Publication | PublicationRefused:
        """Release `report` (the JSON form of `evidence.Report`) as it stood after event `seq`."""
        ...
