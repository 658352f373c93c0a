"""Opens the store that a contract tests, as often as a test asks for another instance, and closes each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from jihwi.store import EventStore

__all__ = ["OpenedStores", "Opener"]

Opener = Callable[[], Awaitable[EventStore]]
"""Opens the store under test, each time another instance over the same ground."""


class OpenedStores(ABC):
    """The fixtures of every contract of a store."""

    @pytest.fixture
    @abstractmethod
    def opener(self) -> Opener:
        """How to open the store under test; the subclass says."""

    @pytest.fixture
    async def open_another(self, opener: Opener) -> AsyncIterator[Opener]:
        async with AsyncExitStack() as opened:

            async def another() -> EventStore:
                store = await opener()
                opened.push_async_callback(store.close)
                return store

            yield another

    @pytest.fixture
    async def store(self, open_another: Opener) -> EventStore:
        return await open_another()
