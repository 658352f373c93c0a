"""A part that is made when it is first asked for, and made once, however many threads ask for it at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["made_once"]

T = TypeVar("T")


class made_once(Generic[T]):
    """`functools.cached_property` with a lock, which that has none of from Python 3.12 on: of two threads that open a
    database or start a pool of processes at a time, one would go on with parts that nobody closes.

    What is made lies in the object's `__dict__` under its own name, so that who closes can see whether it is there.
    Parts may ask for one another as long as they stand in no circle. What could not be made is tried again.

    >>> class Shop:
    ...     @made_once
    ...     def oven(self) -> list[str]:
    ...         return ["hot"]
    >>> shop = Shop()
    >>> "oven" in shop.__dict__, shop.oven is shop.oven, "oven" in shop.__dict__
    (False, True, True)
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, whole: object, owner: type | None = None) -> T:
        made = whole.__dict__
        lock = made.setdefault(f"_{self._name}_lock", threading.RLock())  # one step, which no thread can divide
        with lock:
            if self._name not in made:
                made[self._name] = self._make(whole)
            found: T = made[self._name]
            return found
