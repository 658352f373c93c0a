"""Where the state of a house lies: its folder, its cases, and what keeping and moving them needs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from jihwi.errors import FolderIsBackup, StoreError, StoreFull, StoreReadOnly
from jihwi.settings import Settings, StoreAddress
from jihwi.store import KeptStore

__all__ = ["StoreRoom", "look_into_copy", "look_into_store", "open_store", "state_folder", "state_place"]


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


class StoreRoom:
    """What keeping and moving needs: copies of a state folder, cases from store to store, texts erased."""

    def __init__(self) -> None:
        from jihwi.store import erasing, keeping, moving

        self.backup = keeping.backup
        self.read_manifest = keeping.read_manifest
        self.restore = keeping.restore
        self.copy_store = moving.copy_store
        self.erase_bodies = erasing.erase_bodies
        self.erase_older = erasing.erase_older
        self.forks_of = erasing.forks_of
