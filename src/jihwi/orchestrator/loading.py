"""A case read from the store: its log opened, its chain verified, its state folded."""

from __future__ import annotations

from jihwi.case.events import CaseForked, Event
from jihwi.case.fold import fold
from jihwi.case.ledger import GENESIS, open_event, verify
from jihwi.case.state import Case
from jihwi.errors import CaseUnknown, LedgerBroken
from jihwi.store import EventStore

__all__ = ["load_case", "load_log"]


async def load_log(store: EventStore, case_id: str) -> list[Event]:
    """Every event of a case, a fork's prefix read from its parent, each chain verified.

    Raises CaseUnknown, LedgerBroken, UnknownEvent.
    """
    stored = await store.read(case_id)
    if not stored:
        raise CaseUnknown(case_id)
    verify(case_id, stored)
    log = [open_event(one) for one in stored]
    first = log[0].body
    if isinstance(first, CaseForked):
        parent = await load_log(store, first.parent)
        prefix = parent[: first.parent_seq]
        head = prefix[-1].head if prefix else GENESIS
        if head.hex() != first.parent_head:
            raise LedgerBroken(first.parent, first.parent_seq, "the fork names another head here")
        return [*prefix, *log]
    return log


async def load_case(store: EventStore, case_id: str) -> Case:
    """The state of a case as its log says. Raises CaseUnknown, LedgerBroken, UnknownEvent."""
    return fold(case_id, await load_log(store, case_id))
