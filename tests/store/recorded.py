"""A process that appends while every write and sync beneath it is written down.

    python -m tests.store.recorded FOLDER APPENDS full|off

Leaves in FOLDER: `base/` (the files when recording began) and `trace`.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any

import apsw

from jihwi.case.ledger import GENESIS
from jihwi.store import Patch
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.power import Recorder
from tests.store.appender import made

FILES = ("store.db", "store.db-wal")


class Careless(apsw.Connection):
    """A connection that never syncs, whatever it is told."""

    def execute(self, sql: str, *values: Any, **named: Any) -> apsw.Cursor:  # type: ignore[override]
        for level in ("FULL", "NORMAL"):
            sql = sql.replace(f"synchronous = {level}", "synchronous = OFF")
        return super().execute(sql, *values, **named)


async def drive(store: SqliteStore, recorder: Recorder, case_id: str, appends: int) -> None:
    """Open a case and go on with it, its lease claimed and let go now and then."""
    head = GENESIS
    for seq in range(1, appends + 1):
        event, head = made(case_id, seq, head)
        await store.append(case_id, [event], Patch("running", request="r", requester="k"))
        recorder.note(f"{case_id} {seq} {head.hex()}")
        if seq % 5 == 1 and (lease := await store.claim("r1", case_id=case_id)):
            await store.release(lease)


async def main(folder: Path, appends: int) -> None:
    recorder = Recorder(folder / "trace", FILES, slow=["store.db"])
    store = await SqliteStore.open(folder / "store.db")
    await store.append("c0000000000zz", [made("c0000000000zz", 1, GENESIS)[0]], Patch("closed"))
    (folder / "base").mkdir()
    for name in FILES:
        shutil.copyfile(folder / name, folder / "base" / name)
    recorder.start()
    await drive(store, recorder, "c0000000000aa", appends // 2)
    await asyncio.gather(*(drive(store, recorder, f"c00000000{n:04d}", appends // 20) for n in range(10)))
    await store.close()


if __name__ == "__main__":
    if sys.argv[3] == "off":
        apsw.Connection = Careless  # type: ignore[misc]
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
