"""A process that copies, backs up, restores or erases, and kills itself on the way.

    python -m tests.store.keeper copy   SOURCE TARGET   AT
    python -m tests.store.keeper erase  STORE  CASE     AT
    python -m tests.store.keeper backup HOME   TARGET   AT
    python -m tests.store.keeper restore COPY  HOME     AT

AT is the moment, counted in the appends and erasures of the store, or in what the process asks of the file system; 0
for never. It prints how many moments there were.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from jihwi.store.keeping import backup, restore

if TYPE_CHECKING:
    from jihwi.store import KeptStore
    from jihwi.testing.faults import Fuse

_ASKED = ("open", "os.", "shutil.")


async def opened(place: str) -> KeptStore:
    # Imports wait: each of many short processes loads only what it needs.
    if "dbname=" in place:
        from jihwi.store.postgres import PostgresStore

        return await PostgresStore.open(place)
    from jihwi.store.sqlite import SqliteStore

    return await SqliteStore.open(place)


async def in_a_store(what: str, place: str, other: str, fuse: Fuse) -> None:
    from jihwi.case.assignment import Reason
    from jihwi.case.events import Author
    from jihwi.ids import Randomness
    from jihwi.store.erasing import erase_bodies
    from jihwi.store.moving import copy_store
    from jihwi.testing.faults import FaultyKeptStore

    source = await opened(place)
    if what == "copy":
        target = await opened(other)
        await copy_store(source, FaultyKeptStore(target, fuse))
        await target.close()
    else:
        faulty, reason = FaultyKeptStore(source, fuse), Reason("erased_on_request", {"note": "t"})
        author = Author("person", "kim")
        await erase_bodies(faulty, other, seqs=None, reason=reason, author=author, chance=Randomness())
    await source.close()


def in_a_folder(what: str, place: Path, other: Path, at: int) -> int:
    """Counts what is asked of the file system below the folders' common parent."""
    passed = 0
    ground = str(place.parent)

    def asked(path: str) -> None:
        nonlocal passed
        if ground in path:
            passed += 1
            if passed == at:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, values: tuple[object, ...]) -> None:
        if event.startswith(_ASKED) and values:
            asked(str(values[0]))

    sys.addaudithook(watch)
    apsw.connection_hooks.append(lambda database: asked(database.filename))
    if what == "backup":
        backup(place, other, at_ms=1)
    else:
        restore(place, other)
    return passed


if __name__ == "__main__":
    what, place, other, at = sys.argv[1:]
    if what in ("copy", "erase"):
        from jihwi.testing.faults import Fuse

        fuse = Fuse(int(at), only=("append", "erase"))
        asyncio.run(in_a_store(what, place, other, fuse))
        print(fuse.passed)
    else:
        print(in_a_folder(what, Path(place), Path(other), int(at)))
