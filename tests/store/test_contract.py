"""Every store keeps the same promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.errors import StoreFull
from jihwi.store import Patch
from jihwi.store.memory import MemoryStore
from jihwi.store.postgres import PostgresStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.faults import FaultyStore, Fuse, raising
from jihwi.testing.store_contract import Chain, KeptStoreContract, Opener, StoreContract


class TestMemory(KeptStoreContract):
    @pytest.fixture
    def opener(self) -> Opener:
        store = MemoryStore()

        async def the_same() -> MemoryStore:
            return store

        return the_same


class TestSqlite(KeptStoreContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return lambda: SqliteStore.open(tmp_path / "state" / "store.db")


class TestPostgres(KeptStoreContract):
    @pytest.fixture
    def opener(self, postgres: str) -> Opener:
        return lambda: PostgresStore.open(postgres)


class TestThroughAFuse(StoreContract):
    """A wrapper that counts moments changes nothing."""

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        async def wrapped() -> FaultyStore:
            return FaultyStore(await SqliteStore.open(tmp_path / "store.db"), Fuse())

        return wrapped


async def test_a_fuse_blows_before_or_after_the_call_it_was_set_to() -> None:
    chain, store = Chain("c0000000000a1"), MemoryStore()
    for at, kept in ((1, 0), (2, 1)):
        faulty = FaultyStore(store, Fuse(at, raising(StoreFull("store.db")), only=("append",)))
        with pytest.raises(StoreFull):
            await faulty.append(chain.case_id, Chain(chain.case_id).next(), Patch("running"))
        assert len(await faulty.read(chain.case_id)) == kept
