"""Where the state of a house lies: its folder, its cases, and what keeping and moving them needs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from jihwi.errors import FileUnusable, FolderIsBackup, StoreError, StoreFull, StoreReadOnly
from jihwi.settings import Settings, StoreAddress
from jihwi.store import CaseRow, KeptStore
from jihwi.words import storable

if TYPE_CHECKING:
    from jihwi.store.moving import Copied

__all__ = ["StoreRoom", "copy_place", "look_into_copy", "look_into_store", "open_store", "state_folder", "state_place"]


def state_place(settings: Settings, folder: Path | None = None) -> Path:
    """Where the state lies or would lie; nothing is made."""
    return ((folder or Path.cwd()) / Path(settings.home).expanduser()).resolve()


def state_folder(settings: Settings, folder: Path | None = None, *, looking: bool = False) -> Path:
    """Where the state lies, made if it is not there; who is only `looking` need not be able to write there. Raises
    StoreOnNetwork, StoreReadOnly, FolderIsBackup."""
    return _made(state_place(settings, folder), looking=looking)


def _made(home: Path, *, looking: bool = False) -> Path:
    from jihwi.store.keeping import MANIFEST
    from jihwi.store.places import refuse_network

    if storable(str(home)) != str(home):  # no database opens under such a name
        raise FileUnusable(storable(str(home)), "its name is not UTF-8")
    refuse_network(home)
    if (home / MANIFEST).exists():
        raise FolderIsBackup(str(home))
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds texts; one that is there keeps its own mode
    except OSError as problem:
        raise StoreReadOnly(str(home)) from problem
    if not looking and not os.access(home, os.W_OK):
        raise StoreReadOnly(str(home))
    return home


async def open_store(place: StoreAddress | Path, *, busy_seconds: float) -> KeptStore:
    """The cases at a Postgres address or in a state folder, which is made if it is not there. Raises StoreError,
    UsageError, ExtraMissing."""
    # Imports wait: commands that need no store open none, and most need no server.
    if isinstance(place, StoreAddress):
        from jihwi.store.postgres import PostgresStore

        address = await asyncio.to_thread(place.url)  # a reference may name a file
        return await PostgresStore.open(address, busy_seconds=busy_seconds)
    from jihwi.store.sqlite import SqliteStore

    return await SqliteStore.open(_made(place) / "cases.db", busy_seconds=busy_seconds)


async def look_into_store(place: StoreAddress | Path, *, busy_seconds: float) -> tuple[KeptStore, StoreError | None]:
    """The same for who only reads. A folder whose disk is full or may not be written is opened as it is, and the
    reason comes beside it."""
    try:
        return await open_store(place, busy_seconds=busy_seconds), None
    except (StoreFull, StoreReadOnly) as problem:
        if isinstance(place, StoreAddress):
            raise
        from jihwi.store.sqlite import SqliteStore

        try:
            return SqliteStore.look(place / "cases.db", why=problem), problem
        except (StoreFull, StoreReadOnly):
            raise problem from None


def look_into_copy(copy: Path) -> KeptStore | None:
    """The cases of a copy that `StoreRoom.backup` made, to be read only; `None` where it has none, or they are of an
    older version. Raises StoreError."""
    from jihwi.store.sqlite import SqliteStore

    place = copy / "cases.db"
    if not place.exists():
        return None
    try:
        return SqliteStore.look(place, why=StoreReadOnly(str(copy)))
    except StoreReadOnly:
        return None


async def copy_place(
    source: StoreAddress | Path,
    target: StoreAddress | Path,
    *,
    busy_seconds: float,
    told: Callable[[CaseRow], None] = lambda row: None,
) -> tuple[Copied, int | None]:
    """Copy the cases and the library of one place to another, both as they are at one moment: what the cases say of
    documents, and the facts of the house of their classes, fit the library that arrives. What became of the cases, and
    how many documents came, as `library_to_copy` says. Killed, it goes on when it is run again.

    Raises StoreError, UsageError, ExtraMissing, LedgerBroken.
    """
    from jihwi.store.moving import copy_store
    from jihwi.wiring.libraries import library_to_copy

    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as opened:
        stores = []
        for place in (source, target):
            stores.append(await open_store(place, busy_seconds=busy_seconds))
            opened.push_async_callback(stores[-1].close)

        def look_at_cases() -> None:
            moment = opened.enter_async_context(stores[0].at_one_moment())
            asyncio.run_coroutine_threadsafe(moment, loop).result()

        # One thread for all of the library, so that nobody lets go of its connection while it is used.
        thread, library = opened.enter_context(ThreadPoolExecutor(1)), ExitStack()
        opened.push_async_callback(loop.run_in_executor, thread, library.close)
        copying = library_to_copy(source, target, busy_seconds=busy_seconds, also=look_at_cases)
        copy_library = await loop.run_in_executor(thread, library.enter_context, copying)
        copied = await copy_store(*stores, told=told)
        # Last: a library that is there is left alone, so one that came must not come before its cases and facts.
        return copied, await loop.run_in_executor(thread, copy_library)


class StoreRoom:
    """What keeping and moving needs: copies of a state folder, cases from store to store, texts erased."""

    def __init__(self) -> None:
        from jihwi.store import erasing, keeping, moving

        self.backup = keeping.backup
        self.copies_beside = keeping.copies_beside
        self.refuse_target = keeping.refuse_target
        self.space_beside = keeping.space_beside
        self.read_manifest = keeping.read_manifest
        self.restore = keeping.restore
        self.copy_store = moving.copy_store
        self.erase_bodies = erasing.erase_bodies
        self.erase_older = erasing.erase_older
        self.forks_of = erasing.forks_of
