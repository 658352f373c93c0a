"""Every store keeps the same promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.store.memory import MemoryStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.store_contract import Opener, StoreContract


class TestMemory(StoreContract):
    @pytest.fixture
    def opener(self) -> Opener:
        store = MemoryStore()

        async def the_same() -> MemoryStore:
            return store

        return the_same


class TestSqlite(StoreContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return lambda: SqliteStore.open(tmp_path / "state" / "store.db")
