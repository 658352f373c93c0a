"""What a model writes in one process is seen by who follows from another: at once, or not at all."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from jihwi.minds import Delta
from jihwi.wiring.passing import FOLDER, LONGEST, DraftsSent, drafts_heard


def a_delta(text: str) -> Delta:
    return Delta("c1", "a1", 1, text)


class Follower:
    """Hears, and can wait until it has heard so much."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, delta: Delta) -> None:
        self.heard.append(delta.text)
        self._news.set()

    async def has_heard(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()
        return self.heard


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder whose path is longer than a socket's address may be."""
    place = tmp_path / ("상태" * 20) / ("folder" * 10)
    place.mkdir(parents=True)
    return place


async def test_each_follower_hears_what_is_sent_while_it_listens(home: Path) -> None:
    sent, now = DraftsSent(home, lambda: clock[0]), Follower()
    clock = [0.0]
    sent(a_delta("nobody listens"))
    clock[0] += 1
    async with drafts_heard(home, "one", now):
        sent(a_delta("가"))
        late = Follower()
        async with drafts_heard(home, "two", late):
            clock[0] += 1
            sent(a_delta("나"))
            assert await late.has_heard(1) == ["나"]
        assert await now.has_heard(2) == ["가", "나"]
        assert stat.S_IMODE((home / FOLDER).stat().st_mode) == 0o700
    assert os.listdir(home / FOLDER) == []
    sent(a_delta("nobody listens any more"))
    sent.close()


async def test_a_follower_that_died_is_forgotten_and_one_that_is_slow_loses(home: Path) -> None:
    sent, slow = DraftsSent(home, lambda: 0.0), Follower()
    async with drafts_heard(home, "slow", slow):
        async with drafts_heard(home, "dead", slow):
            os.link(home / FOLDER / "dead", home / FOLDER / "left")
        for number in range(3_000):
            sent(a_delta(f"{number} " + "x" * 500))
        assert not (home / FOLDER / "left").exists()
        await slow.has_heard(1)
    assert 0 < len(slow.heard) < 3_000
    sent.close()


async def test_long_pieces_are_cut_and_half_characters_replaced(home: Path) -> None:
    sent, follower = DraftsSent(home, lambda: 0.0), Follower()
    async with drafts_heard(home, "one", follower):
        sent(a_delta("half \ud83d"))
        sent(a_delta("가" * 2 * LONGEST))
        assert [text[:6] for text in await follower.has_heard(2)] == ["half \ufffd", "가" * 6]
        assert len(follower.heard[1]) == LONGEST
    sent.close()


async def test_where_no_socket_can_be_made_nothing_is_heard(home: Path) -> None:
    (home / FOLDER).write_text("a file stands there", "utf-8")
    async with drafts_heard(home, "one", Follower()):
        DraftsSent(home, lambda: 0.0)(a_delta("lost"))
