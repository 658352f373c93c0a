"""Places under a limit: every store keeps the same promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.store.memory import MemoryStore
from jihwi.store.postgres import PostgresStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.slot_contract import SlotContract
from jihwi.testing.store_contract import Opener


class TestMemory(SlotContract):
    @pytest.fixture
    def opener(self) -> Opener:
        store = MemoryStore()

        async def the_same() -> MemoryStore:
            return store

        return the_same


class TestSqlite(SlotContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return lambda: SqliteStore.open(tmp_path / "state" / "store.db")


class TestPostgres(SlotContract):
    @pytest.fixture
    def opener(self, postgres: str) -> Opener:
        return lambda: PostgresStore.open(postgres)
