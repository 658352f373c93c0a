"""What was acknowledged survives `kill -9`, at whatever moment it comes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from jihwi.case.ledger import verify
from tests.store.appender import opened, token_of

REPOSITORY = Path(__file__).parents[2]
SEED = 20_240_229

Acknowledged = dict[tuple[str, int], str]


def _started(store: Path | str, *case_ids: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.appender", str(store), *case_ids],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY / "src"), "PATH": ""},
    )


def _killed_after(process: subprocess.Popen[bytes], promises: int) -> Acknowledged:
    """Read so many promises, kill, and gather also those that were under way."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(promises)]
    process.kill()
    lines += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    told = [line.split() for line in lines if line.endswith(b"\n")]
    return {(case_id.decode(), int(seq)): head.decode() for case_id, seq, head in told}


async def _check(place: Path | str, acknowledged: Acknowledged) -> None:
    store = await opened(str(place))
    rows = await store.rows()
    assert {row.case_id for row in rows} >= {case_id for case_id, _ in acknowledged}
    for row in rows:
        log = await store.read(row.case_id)
        verdict = verify(row.case_id, log)
        assert (verdict.events, verdict.head, verdict.erased) == (row.seq, row.head, 0)
        heads = {(row.case_id, event.seq): event.head.hex() for event in log}
        promised = {place: head for place, head in acknowledged.items() if place[0] == row.case_id}
        assert promised.items() <= heads.items()
        tokens = [token_of(event) for event in log]
        assert len(set(tokens)) == len(tokens) == row.seq
        assert row.seq % 2 == 0, "an append of two events came apart"
    await store.close()


@pytest.mark.parametrize("cases", [1, 12])
async def test_nothing_acknowledged_is_lost_and_nothing_is_written_twice(tmp_path: Path, cases: int) -> None:
    chance = random.Random(SEED + cases)
    path = tmp_path / "store.db"
    names = [f"c00000000{n:04d}" for n in range(cases)]
    acknowledged: Acknowledged = {}
    for _ in range(5):
        acknowledged |= _killed_after(_started(path, *names), chance.randint(1, 60))
        await _check(path, acknowledged)
    assert len(acknowledged) >= 5


async def test_two_processes_on_the_same_cases_are_killed_one_after_the_other(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    path = tmp_path / "store.db"
    shared, own = "c0000000000aa", ("c0000000000bb", "c0000000000cc")
    acknowledged: Acknowledged = {}
    for _ in range(3):
        first, second = _started(path, shared, own[0]), _started(path, shared, own[1])
        acknowledged |= _killed_after(first, chance.randint(5, 40))
        acknowledged |= _killed_after(second, chance.randint(5, 40))
        await _check(path, acknowledged)
    assert {case_id for case_id, _ in acknowledged} == {shared, *own}


async def test_three_processes_on_one_postgres_are_killed_and_nothing_acknowledged_is_lost(postgres: str) -> None:
    chance = random.Random(SEED)
    shared, own = "c0000000000aa", ("c0000000000bb", "c0000000000cc", "c0000000000dd")
    acknowledged: Acknowledged = {}
    for _ in range(2):
        processes = [_started(postgres, shared, name) for name in own]
        for process in processes:
            acknowledged |= _killed_after(process, chance.randint(5, 30))
        await _check(postgres, acknowledged)
    assert {case_id for case_id, _ in acknowledged} == {shared, *own}
