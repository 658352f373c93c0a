"""A process that appends to a store for ever and prints each head it was promised: made to be killed.

    python -m tests.store.appender STORE CASE CASE ...

It goes on from whatever it finds. Each event carries a token that names its case, its number and the process.
"""

from __future__ import annotations

import asyncio
import os
import sys

from jihwi.case.assignment import Reason
from jihwi.case.events import Draft, Noticed
from jihwi.case.ledger import GENESIS, Sealed, open_event, seal
from jihwi.errors import AppendConflict
from jihwi.store import EventStore, Patch
from jihwi.store.postgres import PostgresStore
from jihwi.store.sqlite import SqliteStore

LONG = 20_000


def token_of(stored: Sealed) -> str:
    """The token of an event that this program made."""
    body = open_event(stored).body
    assert isinstance(body, Noticed)
    return str(body.reason.params["token"])


def made(case_id: str, seq: int, previous: bytes) -> tuple[Sealed, bytes]:
    """The next event. Every seventh is long enough to lie in a blob."""
    padding = "가" * (LONG if seq % 7 == 0 else 40)
    body = Noticed("a1", Reason("told", {"token": f"{case_id}/{seq}/{os.getpid()}", "text": padding}))
    salt = os.urandom(16)
    sealed, event = seal(Draft(body), case_id=case_id, seq=seq, at_ms=seq, previous=previous, salt=salt)
    return sealed, event.head


async def append_for_ever(store: EventStore, case_id: str) -> None:
    """Two events an append, each append announced once it is acknowledged."""
    while True:
        row = await store.row(case_id)
        seq, head = (row.seq, row.head) if row else (0, GENESIS)
        try:
            while True:
                first, head = made(case_id, seq + 1, head)
                second, head = made(case_id, seq + 2, head)
                await store.append(case_id, [first, second], Patch("running", request="r", requester="k"))
                seq += 2
                os.write(1, f"{case_id} {seq} {head.hex()}\n".encode())
        except AppendConflict:
            continue


async def opened(place: str) -> EventStore:
    """The store at a path, or at a Postgres connection string."""
    if "dbname=" in place:
        return await PostgresStore.open(place, busy_seconds=30)
    return await SqliteStore.open(place, busy_seconds=30)


async def main(path: str, case_ids: list[str]) -> None:
    store = await opened(path)
    async with asyncio.TaskGroup() as tasks:
        for case_id in case_ids:
            tasks.create_task(append_for_ever(store, case_id))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
