"""Five approvals are open at once, and people, crashes and forks come in any order: none is consumed twice, misrouted
or lost. The short form; `make chaos` plays five hundred and more."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.testing.interleavings import DEEDS, interleaved


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_no_approval_is_consumed_twice_misrouted_or_lost(data: st.DataObject) -> None:
    deeds = data.draw(st.lists(st.sampled_from(DEEDS), max_size=14))
    asyncio.run(interleaved(lambda n: data.draw(st.integers(0, n - 1)), deeds))


def test_neither_is_one_on_disk_and_every_kind_of_deed_hits(tmp_path: Path) -> None:
    hit: Counter[str] = Counter()
    for seed in range(20):
        chance = random.Random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        hit += asyncio.run(interleaved(chance.randrange, [chance.choice(DEEDS) for _ in range(16)], folder))
    kinds = {"approve", "edit", "reject", "expire", "take", "give", "fork", "cancel", "crash amid work"}
    assert kinds <= set(hit), hit
