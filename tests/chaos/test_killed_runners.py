"""Runners killed with SIGKILL before, between and after each commit, effect and reading: each case ends the same, and
nothing is lost or done twice.

The short form; `make chaos` kills two thousand.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jihwi.testing.chaos import BOUNDARIES, on_postgres, on_sqlite
from jihwi.testing.postgres import PROGRAM, passing_postgres, programs

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

ENDING = (
    "a!+b!+c!!",
    ("a!", "b!", "c!"),
    (
        "keep a1.1/1/2/1 a",
        "keep a1.2/1/2/1 b",
        "keep a1.3/1/2/1 c",
        'publish {"found":"a!+b!+c!!"}',
        "send a1/1/2/1",
    ),
    1,
)


@pytest.fixture
def server() -> Iterator[str]:
    if programs() is None:
        pytest.skip(f"no Postgres server is installed ({PROGRAM} not found)")
    with passing_postgres() as dsn:
        yield dsn


def test_a_case_ends_the_same_however_often_its_runner_is_killed() -> None:
    shown = on_sqlite(16, seed=1)
    assert shown.endings == (ENDING,)
    assert sum(shown.died.values()) >= 16


def test_three_runners_that_are_killed_again_and_again_end_each_case_the_same(server: str) -> None:
    shown = on_postgres(server, 10, seed=2)
    assert shown.endings == (ENDING,)
    assert sum(shown.died.values()) >= 6


def test_the_kills_are_spread_over_every_kind_of_boundary() -> None:
    kinds = {boundary.partition(":")[0] for boundary in BOUNDARIES}
    assert kinds == {"append", "read", "mind", "read skill", "idempotent write", "write", "publish"}
    assert {boundary.partition(":")[2] for boundary in BOUNDARIES} == {"before", "between", "after"}
