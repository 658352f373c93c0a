"""A process that copies, backs up, restores or erases, and kills itself on the way.

    python -m tests.store.keeper copy   SOURCE TARGET   AT
    python -m tests.store.keeper erase  STORE  CASE     AT
    python -m tests.store.keeper backup HOME   TARGET   AT
    python -m tests.store.keeper restore COPY  HOME     AT
    python -m tests.store.keeper refused-backup HOME TARGET TIMES
    python -m tests.store.keeper refused-restore COPY HOME  TIMES
    python -m tests.store.keeper overtaken HOME TARGET 0

The last three are not killed. At each moment in turn what they ask of the disk is refused, so many times, and for each
a line says what was told and how the folder stands then; or, for the last, another copy is restored at HOME meanwhile.

AT is the moment, counted in the appends and erasures of the store, or in what the process asks of the file system; 0
for never. It prints how many moments there were.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from jihwi.errors import StoreBusy, StoreError
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


class Moments:
    """Counts what is asked of the file system below `ground`, and does `then` from the moment `at` on, `times` long."""

    def __init__(self, ground: Path, then: Callable[[], None]) -> None:
        self.passed = 0
        self.at = 0
        self.times = 1
        self._ground = str(ground)
        self._then = then
        sys.addaudithook(self._watch)
        apsw.connection_hooks.append(lambda database: self._asked(database.filename))

    def _watch(self, event: str, values: tuple[object, ...]) -> None:
        if event.startswith(_ASKED) and values:
            self._asked(str(values[0]))

    def _asked(self, path: str) -> None:
        if self._ground in path:
            self.passed += 1
            if self.at and self.at <= self.passed < self.at + self.times:
                self._then()


def in_a_folder(what: str, place: Path, other: Path, at: int) -> int:
    moments = Moments(place.parent, lambda: os.kill(os.getpid(), signal.SIGKILL))
    moments.at = at
    if what == "backup":
        backup(place, other, at_ms=1)
    else:
        restore(place, other)
    return moments.passed


def refused(what: str, place: Path, other: Path, times: int) -> None:
    """Goes on until a run has passed without its moment."""

    def refuse() -> None:
        raise OSError(errno.EIO, "refused")

    moments, at = Moments(place.parent, refuse), 0
    moments.times = times
    while moments.passed >= at:
        at += 1
        if what == "refused-backup":
            shutil.rmtree(other, ignore_errors=True)
        else:
            (other / "mine").write_text("what was there")
        told, moments.passed, moments.at = "done", 0, at
        try:
            if what == "refused-backup":
                backup(place, other, at_ms=1)
            else:
                restore(place, other)
        except StoreError as problem:
            told = problem.code
        finally:
            moments.at = 0
        files = [path for path in other.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm"))]
        names = sorted(str(path.relative_to(other)) for path in files)
        others = sorted(path.name.partition(".")[2] for path in other.parent.glob(f"{other.name}.*"))
        print(told, ",".join(names) or "-", ",".join(others) or "-")
        for path in other.parent.glob(f"{other.name}.*"):
            if told == "folder_put_aside" and "before" in path.name:
                path.rename(other)  # as the person is told to do
            else:
                shutil.rmtree(path)


def overtaken(home: Path, target: Path) -> None:
    """For each moment a line says whether the restore was let, and of which state database and file in the copy are."""
    new = home.with_name("new")
    for folder in (home, new):
        state_of(folder, folder.name)
    backup(new, home.with_name("other"), at_ms=1)
    let = False

    def meanwhile() -> None:
        nonlocal let
        try:
            restore(home.with_name("other"), home)
            let = True
        except StoreBusy:
            pass

    moments, at = Moments(home, meanwhile), 0
    while moments.passed >= at:
        at += 1
        shutil.rmtree(home)
        state_of(home, "home")
        let, moments.passed, moments.at = False, 0, at
        backup(home, target, at_ms=1)
        moments.at = 0
        print(let, *state_in(target))
        shutil.rmtree(target)


def state_of(folder: Path, value: str) -> None:
    (folder / "cases").mkdir(parents=True)
    (folder / "cases" / "report.md").write_text(value)
    database = apsw.Connection(str(folder / "cases.db"))
    database.execute("CREATE TABLE facts (value TEXT)")
    database.execute("INSERT INTO facts VALUES (?)", (value,))
    database.close()


def state_in(folder: Path) -> tuple[str, str]:
    database = apsw.Connection(str(folder / "cases.db"))
    value = database.execute("SELECT value FROM facts").get
    database.close()
    return str(value), (folder / "cases" / "report.md").read_text()


if __name__ == "__main__":
    what, place, other, at = sys.argv[1:]
    if what in ("copy", "erase"):
        from jihwi.testing.faults import Fuse

        fuse = Fuse(int(at), only=("append", "erase"))
        asyncio.run(in_a_store(what, place, other, fuse))
        print(fuse.passed)
    elif what == "overtaken":
        overtaken(Path(place), Path(other))
    elif what.startswith("refused"):
        refused(what, Path(place), Path(other), int(at))
    else:
        print(in_a_folder(what, Path(place), Path(other), int(at)))
