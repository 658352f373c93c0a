"""What a model writes in one process is seen by who follows from another of the same folder: at once, or not at all."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from jihwi.minds import Delta
from jihwi.wiring.passing import FOLDER, LONGEST, DraftsInFolder
from tests.console.office import PATIENCE


def a_delta(text: str, case_id: str = "c1") -> Delta:
    return Delta(case_id, "a1", 1, text)


class Follower:
    """Hears, and can wait until it has heard so much."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, delta: Delta) -> None:
        self.heard.append(delta.text)
        self._news.set()

    async def has_heard(self, count: int) -> list[str]:
        async with asyncio.timeout(PATIENCE):
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
    clock, now, late = [0.0], Follower(), Follower()
    sent, one, two = (DraftsInFolder(home, name, lambda: clock[0]) for name in ("sender", "one", "two"))
    sent(a_delta("nobody listens"))
    clock[0] += 1
    async with one.heard(now) as follow:
        follow({"c1"})
        sent(a_delta("가"))
        async with two.heard(late) as also:
            also({"c1"})
            clock[0] += 1
            sent(a_delta("나"))
            assert await late.has_heard(1) == ["나"]
        assert await now.has_heard(2) == ["가", "나"]
        assert stat.S_IMODE((home / FOLDER).stat().st_mode) == 0o700
    assert os.listdir(home / FOLDER) == []
    sent(a_delta("nobody listens any more"))
    await sent.close()


async def test_only_the_cases_that_are_followed_are_heard_and_never_what_one_says_oneself(home: Path) -> None:
    clock, heard = [0.0], Follower()
    sent, here = (DraftsInFolder(home, name, lambda: clock[0]) for name in ("sender", "here"))
    async with here.heard(heard) as follow:
        assert not (home / FOLDER).exists()
        for number, cases in enumerate(({"c1", "c2"}, {"c2"}, set[str](), {"c1"})):
            follow(cases)
            clock[0] += 1
            here(a_delta("its own"))
            for case_id in ("c1", "c2"):
                sent(a_delta(f"{case_id} {number}", case_id))
            await heard.has_heard((2, 3, 3, 4)[number])
            assert len(os.listdir(home / FOLDER)) == bool(cases)
    assert heard.heard == ["c1 0", "c2 0", "c2 1", "c1 3"]
    for one in (sent, here):
        await one.close()


async def test_a_follower_that_died_is_forgotten_and_one_that_is_slow_loses(home: Path) -> None:
    sent, here, slow = (
        DraftsInFolder(home, "sender", lambda: 0.0),
        DraftsInFolder(home, "here", lambda: 0.0),
        Follower(),
    )
    async with here.heard(slow) as follow:
        follow({"c1"})
        async with here.heard(slow) as dying:
            dying({"c1"})
            os.link(home / FOLDER / "here.2", home / FOLDER / "left")
        for number in range(3_000):
            sent(a_delta(f"{number} " + "x" * 500))
        assert not (home / FOLDER / "left").exists()
        await slow.has_heard(1)
    assert 0 < len(slow.heard) < 3_000
    await sent.close()


async def test_long_pieces_are_cut_and_half_characters_replaced(home: Path) -> None:
    sent, here = DraftsInFolder(home, "sender", lambda: 0.0), DraftsInFolder(home, "here", lambda: 0.0)
    follower = Follower()
    async with here.heard(follower) as follow:
        follow({"c1"})
        sent(a_delta("half \ud83d"))
        sent(a_delta("가" * 2 * LONGEST))
        assert [text[:6] for text in await follower.has_heard(2)] == ["half \ufffd", "가" * 6]
        assert len(follower.heard[1]) == LONGEST
    await sent.close()


async def test_where_no_socket_can_be_made_nothing_is_heard(home: Path) -> None:
    (home / FOLDER).write_text("a file stands there", "utf-8")
    async with DraftsInFolder(home, "here", lambda: 0.0).heard(Follower()) as follow:
        follow({"c1"})
        DraftsInFolder(home, "sender", lambda: 0.0)(a_delta("lost"))
