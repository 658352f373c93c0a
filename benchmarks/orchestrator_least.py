"""The least a turn of Jihwi can cost: the facts of the workload's case, known beforehand, are sealed and appended,
commit by commit. Nothing is decided, folded, asked or run; what is left is the format of the event and the store."""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks.orchestrator_workload import house, one_case
from jihwi.case.events import Draft
from jihwi.case.ledger import GENESIS, Sealed, open_event, seal
from jihwi.ids import Randomness, new_case_id
from jihwi.orchestrator.chance import DrawnChance
from jihwi.store import EventStore, Lease, Patch
from jihwi.store.memory import MemoryStore

__all__ = ["Facts", "facts_of_a_case"]


class _Commit(NamedTuple):
    drafts: list[Draft]
    patch: Patch


class _Listening(MemoryStore):
    """A store that keeps each append as it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[_Commit] = []

    async def append(self, case_id: str, events: Any, patch: Patch, **named: Any) -> None:
        opened = [open_event(one) for one in events]
        self.commits.append(
            _Commit([Draft(one.body, one.author, one.cause, one.labels) for one in opened if one.body], patch)
        )
        await super().append(case_id, events, patch, **named)


class Facts:
    """The facts of one case, to be sealed and kept as those of any number of cases."""

    def __init__(self, commits: list[_Commit]) -> None:
        self._commits = commits
        self._chance = DrawnChance(Randomness())

    async def sealed(self) -> None:
        """Seal them as one case's, and keep them nowhere."""
        seq, head = 0, GENESIS
        for commit in self._commits:
            _, seq, head = self._seal(commit, "c00000000000000", seq, 0, head)

    async def kept(self, store: EventStore) -> None:
        """Seal them as a new case's and append them, each commit when the one before is durable."""
        case_id = new_case_id(self._chance, store.now_ms())
        lease: Lease | None = None
        seq, head = 0, GENESIS
        for commit in self._commits:
            events, seq, head = self._seal(commit, case_id, seq, store.now_ms(), head)
            await store.append(case_id, events, commit.patch, lease=lease)
            lease = lease or Lease(case_id, commit.patch.taker, 1, 0)

    def _seal(
        self, commit: _Commit, case_id: str, seq: int, at_ms: int, head: bytes
    ) -> tuple[list[Sealed], int, bytes]:
        events = []
        for draft in commit.drafts:
            seq += 1
            one, _ = seal(draft, case_id, seq, at_ms, head, next(self._chance.salts))
            head = one.head
            events.append(one)
        return events, seq, head


async def facts_of_a_case() -> Facts:
    """The workload's case, driven once in memory."""
    listening = _Listening()
    orchestrator, opening = house(listening)
    await one_case(orchestrator, opening)
    return Facts(listening.commits)
