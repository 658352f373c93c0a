"""Places under a limit, on the server that all runners share: a place lives as long as the lease it belongs to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, LiteralString

from psycopg import AsyncClientCursor

from jihwi.store import Lease
from jihwi.store.postgres import statements as sql
from jihwi.store.postgres.hearing import Hearing
from jihwi.store.postgres.opening import Connection
from jihwi.store.postgres.writer import Errand, Writer
from jihwi.store.waking import slot_bell, woken

__all__ = ["PostgresSlots"]


class PostgresSlots:
    """The `Slots` of one database."""

    def __init__(
        self,
        writer: Writer,
        rows_of: Callable[[LiteralString, dict[str, Any]], Awaitable[list[Any]]],
        hearing: Hearing,
    ) -> None:
        self._writer = writer
        self._rows_of = rows_of
        self._hearing = hearing

    @property
    def heard(self) -> int:
        return self._hearing.freed

    async def take(self, name: str, place: str, *, limit: int, lease: Lease) -> bool:
        values = {**_values(name, place, lease), "limit": limit}
        # Looking first takes no lock; who stands in the line and is not due leaves the others alone.
        standing = await self._rows_of(sql.SLOT_STANDING, values)
        if standing and (standing[0][0] or standing[0][1] >= limit):
            return bool(standing[0][0])
        held: bool = await self._writer.submit(Errand(lambda connection: _take(connection, values)))
        return held

    async def free(self, name: str, place: str, *, lease: Lease) -> None:
        values = _values(name, place, lease)

        async def do(connection: Connection) -> None:
            await connection.execute(sql.SLOT_FREE, values)

        await self._writer.submit(Errand(do))
        bell = slot_bell(name)
        self._writer.tell_others(bell)
        self._hearing.slot_freed(bell)

    async def wait(self, name: str, heard: int, *, seconds: float) -> bool:
        with self._hearing.bell.waiter(slot_bell(name), 0) as waiter:
            return self.heard > heard or await woken(waiter, seconds=seconds)

    async def taken(self, name: str) -> int:
        count: int = (await self._rows_of(sql.SLOTS_TAKEN, {"name": name}))[0][0]
        return count


def _values(name: str, place: str, lease: Lease) -> dict[str, Any]:
    return {"name": name, "place": place, "case_id": lease.case_id, "epoch": lease.epoch}


async def _take(connection: Connection, values: dict[str, Any]) -> bool:
    cursor = AsyncClientCursor(connection)
    await cursor.execute(sql.SLOT_TAKE, values)
    while cursor.nextset():
        pass
    held = await cursor.fetchone()
    return held is not None and bool(held[0])
