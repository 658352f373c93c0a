"""What was acknowledged survives lost power, on a disk that keeps what it has synced and may lose all else."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from jihwi.case.ledger import verify
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.power import NoChance, Note, Step, Sync, Write, after_power_loss, read_trace
from tests.store.recorded import FILES

REPOSITORY = Path(__file__).parents[2]
SEED = 20_240_301
APPENDS = 900
CUTS = 60


def _recorded(folder: Path, syncing: str) -> tuple[dict[str, bytes], list[Step]]:
    subprocess.run(
        [sys.executable, "-m", "tests.store.recorded", str(folder), str(APPENDS), syncing],
        check=True,
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY / "src"), "PATH": ""},
        timeout=600,
    )
    return {name: (folder / "base" / name).read_bytes() for name in FILES}, read_trace(folder / "trace")


def _lay_out(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


async def _lost(folder: Path, files: dict[str, bytes], told: list[str]) -> list[str]:
    """Which promises are broken when the machine comes up again with these files."""
    _lay_out(folder, files)
    broken = []
    async with await SqliteStore.open(folder / "store.db") as store:
        heads: dict[tuple[str, str], str] = {}
        for row in await store.rows():
            log = await store.read(row.case_id)
            assert verify(row.case_id, log).head == row.head
            heads |= {(row.case_id, str(event.seq)): event.head.hex() for event in log}
        for promise in told:
            case_id, seq, head = promise.split()
            if heads.get((case_id, seq)) != head:
                broken.append(promise)
    return broken


def _told_while_moving(steps: list[Step]) -> int:
    """How many promises were made between the first page that was moved into the database and the sync after it."""
    told, moving = 0, False
    for step in steps:
        if isinstance(step, Note):
            told += moving
        elif step.file == "store.db":
            moving = isinstance(step, Write)
    return told


async def test_nothing_acknowledged_is_lost_with_the_power(tmp_path: Path) -> None:
    files, steps = _recorded(tmp_path, "full")
    checkpoints = sum(isinstance(step, Sync) and step.file == "store.db" for step in steps)
    assert checkpoints >= 2, "the log was never moved into the database: the hardest moment was not met"
    assert _told_while_moving(steps), "nothing was committed while the log was moved"
    chance = random.Random(SEED)
    beside_checkpoints = [
        n for n, step in enumerate(steps) if isinstance(step, Write | Sync) and step.file == "store.db"
    ]
    cuts = sorted({*chance.sample(range(len(steps)), CUTS // 2), *chance.sample(beside_checkpoints, CUTS // 2)})
    for number, (held, told) in enumerate(after_power_loss(files, steps, cuts, chance)):
        assert not await _lost(tmp_path / f"after{number}", held, told)


async def test_the_same_check_fails_when_nothing_is_synced(tmp_path: Path) -> None:
    files, steps = _recorded(tmp_path, "off")
    ((held, told),) = after_power_loss(files, steps, [len(steps) // 2], NoChance())
    assert await _lost(tmp_path / "after", held, told)
