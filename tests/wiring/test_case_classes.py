"""What a case's documents are classed as now is looked up at every turn, and costs what is new since the last one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

from jihwi.case.ledger import Sealed
from jihwi.store import EventStore, Patch
from jihwi.store.memory import MemoryStore
from jihwi.testing.store_contract import Chain
from jihwi.wiring.case_classes import ClassesNow
from tests.library.shelf import ANYONE, Shelf

OPENING = Patch("running", request="r", requester="k")


class _Read:
    """A store on another machine, and how many events were read from it."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.events = 0

    async def read(self, case_id: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        await asyncio.sleep(0)  # the way there
        found = await self._store.read(case_id, after=after, limit=limit)
        self.events += len(found)
        return found


async def test_seats_that_think_at_once_read_no_event_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.write("경비.txt", "청사 경비 예산이다.\n")
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    shelf.library.classify("files", "C")
    (document,) = shelf.library.sources(ANYONE)
    store, chain = MemoryStore(), Chain("c0000000000a1")
    await store.append(chain.case_id, chain.next(100), OPENING)
    read = _Read(store)
    now = ClassesNow(cast(EventStore, read), lambda: shelf.library)
    assert await now(chain.case_id) == ()
    for turn in range(1, 11):
        await store.append(chain.case_id, chain.next(text=document.document_id), Patch("running"))
        assert set(await asyncio.gather(*(now(chain.case_id) for _ in range(5)))) == {("C",)}
        assert read.events <= 100 + 5 * turn
    shelf.library.close()
