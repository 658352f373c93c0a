"""The library's way to the house's facts: a thread that changes a class waits here until the loop has written it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from jihwi.case.events import Author
from jihwi.house import ClassesChanged, HouseStream
from jihwi.library.classes import ClassFact

__all__ = ["FactsOfClasses"]

T = TypeVar("T")


class FactsOfClasses:
    """A `ClassLedger` over the stream of a house. The stream lives on the event loop, the library in threads."""

    def __init__(self, stream: Callable[[], HouseStream], loop: asyncio.AbstractEventLoop) -> None:
        self._stream = stream
        self._loop = loop

    def record(self, fact: ClassFact, by: Author, labels: tuple[str, ...]) -> None:
        """Write a fact; durable when it returns. Raises StoreError."""

        async def work() -> None:
            await self._stream().record(fact, author=by, labels=labels)

        self._waited(work)

    def was_recorded(self, collection: str, change: str) -> bool:
        """Whether a change of this name is among the facts. Raises StoreError."""

        async def work() -> bool:
            told = (await self._stream().refresh()).classes.get(collection, [])
            return any(isinstance(one.said, ClassesChanged) and one.said.change == change for one in told)

        return self._waited(work)

    def _waited(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is self._loop:  # it would wait for itself, for ever
            raise RuntimeError("a library is changed in a thread, not on the event loop")
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result()
