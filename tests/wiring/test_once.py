"""A part of a house is made once, however many threads ask for it at a time."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jihwi.settings import Settings
from jihwi.wiring import open_house
from jihwi.wiring.once import made_once

ASKING = 6


class _Shop:
    def __init__(self) -> None:
        self.made = 0
        self.came = threading.Barrier(ASKING)
        self.second = threading.Barrier(2)

    @made_once
    def oven(self) -> list[str]:
        """What bakes."""
        self.made += 1
        with contextlib.suppress(threading.BrokenBarrierError):
            self.second.wait(0.05)  # for a second maker, who must not come
        return [self.stove]

    @made_once
    def stove(self) -> str:
        return "hot"

    @made_once
    def luck(self) -> str:
        self.made += 1
        if self.made == 1:
            raise OSError("not now")
        return "luck"

    def ask(self) -> list[str]:
        self.came.wait()
        return self.oven


def test_threads_that_ask_at_once_have_one_and_the_same_part() -> None:
    shop = _Shop()
    with ThreadPoolExecutor(ASKING) as threads:
        had = [one.result() for one in [threads.submit(shop.ask) for _ in range(ASKING)]]
    assert shop.made == 1
    assert all(one is had[0] for one in had)
    assert shop.__dict__["oven"] == ["hot"]
    assert _Shop.__dict__["oven"].__doc__ == "What bakes."


def test_what_could_not_be_made_is_tried_again() -> None:
    shop = _Shop()
    with pytest.raises(OSError, match="not now"):
        _ = shop.luck
    assert "luck" not in shop.__dict__
    assert shop.luck == "luck"


async def test_pages_that_need_the_library_at_once_open_one(tmp_path: Path) -> None:
    async with open_house(Settings(), tmp_path) as house:
        asked = (asyncio.to_thread(lambda: (house.library, house.reading_service)) for _ in range(ASKING))
        had = await asyncio.gather(*asked)
        assert len({id(library) for library, _ in had}) == 1
        assert len({id(service) for _, service in had}) == 1
