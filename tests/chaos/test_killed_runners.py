"""Runners killed with SIGKILL at every kind of boundary: each case ends the same, and nothing is lost or done twice.

The short form; `make chaos` kills a thousand.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from jihwi.testing.chaos import check_ended, play


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_case_ends_the_same_however_often_its_runner_is_killed(tmp_path: Path) -> None:
    calm = tmp_path / "calm"
    calm.mkdir()
    play(calm, random.Random(0), kills=0)
    expected = check_ended(calm)
    assert expected.answer == "a!+b!+c!!"
    assert expected.claims == ("a!", "b!", "c!")
    for seed in range(12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        play(folder, random.Random(seed), kills=3)
        ended = check_ended(folder)
        assert (ended.answer, ended.claims, ended.effects) == (expected.answer, expected.claims, expected.effects)
        assert ended.released == 1
