"""A case read from the store: its log opened, its chain verified, its state folded or taken from a snapshot."""

from __future__ import annotations

from jihwi.case.events import CaseForked, ContextCompacted, Event
from jihwi.case.fold import apply, fold
from jihwi.case.ledger import GENESIS, open_event, verify
from jihwi.case.state import Case
from jihwi.errors import CaseUnknown, LedgerBroken
from jihwi.orchestrator.snapshots import filled, is_hollow, opened
from jihwi.store import EventStore

__all__ = ["fill_transcripts", "load_case", "load_log", "load_state"]


async def load_log(store: EventStore, case_id: str, *, limit: int | None = None) -> list[Event]:
    """Every event of a case, or its first `limit`; a fork's prefix is read from its parent, each chain verified.

    Raises CaseUnknown, LedgerBroken, UnknownEvent.
    """
    stored = await store.read(case_id, limit=limit)
    if not stored:
        raise CaseUnknown(case_id)
    verify(case_id, stored)
    log = [open_event(one) for one in stored]
    first = log[0].body
    if isinstance(first, CaseForked):
        prefix = await load_log(store, first.parent, limit=first.parent_seq) if first.parent_seq else []
        head = prefix[-1].head if prefix else GENESIS
        if head.hex() != first.parent_head:
            raise LedgerBroken(first.parent, first.parent_seq, "the fork names another head here")
        return [*prefix, *log]
    return log


async def load_case(store: EventStore, case_id: str) -> Case:
    """The state of a case as its log says. Raises CaseUnknown, LedgerBroken, UnknownEvent."""
    return fold(case_id, await load_log(store, case_id))


async def load_state(store: EventStore, case_id: str) -> tuple[Case, int]:
    """The same state, and the event up to which its transcripts are hollow: 0 when they are filled.

    With a snapshot only what came after it is read, verified and folded.
    """
    kept = await store.snapshot(case_id)
    case = opened(kept[1]) if kept is not None else None
    if case is not None and case.id == case_id:
        at = case.seq
        stored = await store.read(case_id, after=at - 1)
        if stored and stored[0].seq == at and stored[0].head == case.head:
            verify(case_id, stored[1:], after=stored[0])
            log = [open_event(one) for one in stored[1:]]
            if not any(isinstance(event.body, ContextCompacted) for event in log):
                for event in log:
                    apply(case, event)
                return case, at if is_hollow(case) else 0
    return await load_case(store, case_id), 0


async def fill_transcripts(store: EventStore, case: Case, at: int) -> None:
    """Rebuild the transcripts of a state that stands on a snapshot of event `at`."""
    filled(case, fold(case.id, await load_log(store, case.id, limit=at)))
