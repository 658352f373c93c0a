"""Places under a limit, in the file that all processes share: a place lives as long as the lease it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw

from jihwi.store import Lease
from jihwi.store.sqlite.transaction import Errand
from jihwi.store.sqlite.writer import NoWriter, Writer
from jihwi.store.waking import Bell, slot_bell, woken

__all__ = ["SqliteSlots"]

_LIVING = """
    SELECT 1 FROM cases c WHERE c.number = s.case_number AND c.epoch = s.epoch AND c.until_ms > :now_ms"""
_BURY = f"DELETE FROM slots AS s WHERE s.name = :name AND NOT EXISTS ({_LIVING})"
_MINE = """
    SELECT m.number FROM slots m JOIN cases o ON o.number = m.case_number
    WHERE m.name = :name AND m.place = :place AND m.epoch = :epoch AND o.case_id = :case_id"""
_ASK = f"""
INSERT INTO slots (name, case_number, epoch, place) SELECT :name, number, epoch, :place FROM cases
WHERE case_id = :case_id AND epoch = :epoch AND until_ms > :now_ms AND NOT EXISTS ({_MINE})"""
# One's place is free when fewer than the limit are held or asked for before it.
_BEFORE = f"""
SELECT count(*) FROM slots s
WHERE s.name = :name AND (s.taken OR s.number < ({_MINE})) AND s.number <> ({_MINE}) AND EXISTS ({_LIVING})"""
_TAKE = f"UPDATE slots SET taken = 1 WHERE number = ({_MINE}) AND NOT taken AND ({_BEFORE}) < :limit"
_HELD = f"SELECT taken FROM slots WHERE number = ({_MINE})"
_FREE = f"DELETE FROM slots WHERE number = ({_MINE})"
_TAKEN = f"SELECT count(*) FROM slots s WHERE s.name = :name AND s.taken AND EXISTS ({_LIVING})"


class SqliteSlots:
    """The `Slots` of one file."""

    def __init__(
        self,
        writer: Writer | NoWriter,
        rows_of: Callable[[str, dict[str, Any]], list[Any]],
        now_ms: Callable[[], int],
        bell: Bell,
        keep_looking: Callable[[], None],
    ) -> None:
        """`rows_of` reads on the loop; `keep_looking` sees to it that other processes' writing is noticed while anybody
        waits at the bell."""
        self._writer = writer
        self._rows_of = rows_of
        self._now_ms = now_ms
        self._bell = bell
        self._keep_looking = keep_looking
        self.heard = 0

    async def take(self, name: str, place: str, *, limit: int, lease: Lease) -> bool:
        values = {**self._values(name, place, lease), "limit": limit}
        # Looking first costs no write lock; who stands in the line and is not due leaves the others alone.
        standing = self._rows_of(_HELD, values)
        if standing and (standing[0][0] or self._rows_of(_BEFORE, values)[0][0] >= limit):
            return bool(standing[0][0])
        held: bool = await self._writer.submit(Errand(lambda database: _take(database, values)))
        return held

    async def free(self, name: str, place: str, *, lease: Lease) -> None:
        values = self._values(name, place, lease)
        await self._writer.submit(Errand(lambda database: database.execute(_FREE, values) and None))
        self.heard += 1
        self._bell.ring_slot(slot_bell(name))

    async def wait(self, name: str, heard: int, *, seconds: float) -> bool:
        with self._bell.waiter(slot_bell(name), 0) as waiter:
            self._keep_looking()
            return self.heard > heard or await woken(waiter, seconds=seconds)

    async def taken(self, name: str) -> int:
        count: int = self._rows_of(_TAKEN, {"name": name, "now_ms": self._now_ms()})[0][0]
        return count

    def others_wrote(self) -> None:
        """Another process has changed the file: some place may be free."""
        self.heard += 1
        self._bell.ring_slots()

    def _values(self, name: str, place: str, lease: Lease) -> dict[str, Any]:
        return {
            "name": name,
            "place": place,
            "case_id": lease.case_id,
            "epoch": lease.epoch,
            "now_ms": self._now_ms(),
        }


def _take(database: apsw.Connection, values: dict[str, Any]) -> bool:
    database.execute(_BURY, values)
    database.execute(_ASK, values)
    database.execute(_TAKE, values)
    held = database.execute(_HELD, values).fetchone()
    return held is not None and bool(held[0])
