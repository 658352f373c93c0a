"""Long cases and many waiting ones, for `make bench-orchestrator`: disk, late turns, opening from disk, idle cost."""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
import statistics
import time
from pathlib import Path

from benchmarks.orchestrator_workload import LOOK, house, long_house, one_case
from jihwi.case import person
from jihwi.case.turn import Ask, Report, Turn, View
from jihwi.ids import Randomness
from jihwi.orchestrator import Opening, Orchestrator, load_case, load_state, runner_name
from jihwi.sqlite_files import open_file
from jihwi.store.memory import MemoryStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator


def _size(path: Path) -> int:
    database = open_file(path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.stat().st_size


async def disk_of_a_case(folder: Path, cases: int) -> float:
    """Bytes of a finished case of the workload."""
    path = folder / "many.db"
    async with await SqliteStore.open(path):
        pass
    empty = _size(path)
    async with await SqliteStore.open(path) as store:
        orchestrator, opening = house(store)
        for _ in range(0, cases, 50):
            await asyncio.gather(*(one_case(orchestrator, opening) for _ in range(50)))
    return (_size(path) - empty) / cases


async def long_cases(folder: Path, turns: tuple[int, ...]) -> dict[int, tuple[Path, str, int]]:
    """A finished case of each length on disk: its file, its name and the bytes it takes."""
    made: dict[int, tuple[Path, str, int]] = {}
    for count in turns:
        path = folder / f"long{count}.db"
        async with await SqliteStore.open(path) as store:
            orchestrator, opening = long_house(store, count)
            case = await orchestrator.run(opening)
            assert case.outcome == "done", case.reason
        database = open_file(path)
        database.execute("DELETE FROM snapshots")
        database.execute("VACUUM")
        database.close()
        made[count] = path, case.id, _size(path)
    return made


async def open_from_disk(path: Path, case_id: str, rounds: int) -> tuple[float, float, int]:
    """Milliseconds to open a case without and with a snapshot, each time in a store opened anew; events."""
    without, with_one, events = [], [], 0
    for _ in range(rounds):
        async with await SqliteStore.open(path) as store:
            began = time.perf_counter()
            case = await load_case(store, case_id)
            without.append((time.perf_counter() - began) * 1e3)
            events = case.seq
    async with await SqliteStore.open(path) as store:
        orchestrator, _ = long_house(store, 1)
        await orchestrator.drive(case_id)
        assert await store.snapshot(case_id) is not None
    for _ in range(rounds):
        async with await SqliteStore.open(path) as store:
            began = time.perf_counter()
            state, hollow_to = await load_state(store, case_id)
            with_one.append((time.perf_counter() - began) * 1e3)
            assert hollow_to == events == state.seq
    return statistics.median(without), statistics.median(with_one), events


async def late_turn(turns: int, rounds: int, *, reads: bool) -> float:
    """CPU of a turn late in a long case over that of an early one, in memory: medians of the 5 to 15 % and of the
    last 10 % of the turns."""
    ratios = []
    for _ in range(rounds):
        moments: list[float] = []
        orchestrator, opening = long_house(MemoryStore(), turns, reads=reads, moments=moments)
        await orchestrator.run(opening)
        steps = [later - sooner for sooner, later in itertools.pairwise(moments)]
        tenth = turns // 10
        ratios.append(statistics.median(steps[-tenth:]) / statistics.median(steps[tenth // 2 : tenth // 2 + tenth]))
    return statistics.median(ratios)


def _waiting_house(store: SqliteStore) -> tuple[Orchestrator, Opening]:
    def act(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Ask("Which year?"),))
        return Turn(actions=(Report(text="end"),))

    orchestrator = an_orchestrator(store, {"only": act}, LOOK, chance=Randomness(), runner=runner_name())
    return orchestrator, an_opening(an_agent("only", LOOK))


async def waiting_cases(folder: Path, cases: int) -> dict[str, float]:
    """So many cases that wait for an answer: what they cost a serving runner, and finding one and going on."""
    path = folder / "waiting.db"
    async with await SqliteStore.open(path) as store:
        orchestrator, opening = _waiting_house(store)
        case = await orchestrator.run(opening)
        assert case.status == "open"
    _copy_cases(path, cases)
    base = _resident()
    async with await SqliteStore.open(path) as store:
        orchestrator, _ = _waiting_house(store)
        serving = asyncio.create_task(orchestrator.serve())
        await asyncio.sleep(1.5)
        memory = _resident() - base
        cpu = time.process_time()
        await asyncio.sleep(4)
        cpu = (time.process_time() - cpu) / 4
        orchestrator.stop()
        await serving
        found: list[float] = []
        for _ in range(20):
            began = time.perf_counter()
            row = await store.row(case.id)
            assert row is not None
            state, _ = await load_state(store, case.id)
            assert len(person.open_questions(state)) == 1
            found.append((time.perf_counter() - began) * 1e3)
        orchestrator, _ = _waiting_house(store)
        began = time.perf_counter()
        await orchestrator.submit(case.id, lambda c: person.answer(c, "2026", by="kim"))
        done = await orchestrator.drive(case.id)
        resumed = (time.perf_counter() - began) * 1e3
        assert done is not None
        assert done.outcome == "done", (done.status, done.outcome, done.reason, done.assignments)
    return {"memory_mb": memory / 2**20, "cpu": cpu, "find_ms": statistics.median(found), "resume_ms": resumed}


def _copy_cases(path: Path, cases: int) -> None:
    """Rows of further waiting cases, as the one that is there; their logs are never opened."""
    database = open_file(path)
    columns = [row[1] for row in database.execute("PRAGMA table_info(cases)")][2:]
    names = ", ".join(columns)
    database.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {cases - 1}) "
        f"INSERT INTO cases (case_id, {names}) SELECT printf('c0%011d', i), {names} FROM cases, n"
    )
    database.execute(
        "INSERT INTO events (case_number, seq, header, salt, body, head, blob) "
        "SELECT c.number, e.seq, e.header, e.salt, e.body, e.head, e.blob FROM events e, cases c "
        "WHERE e.case_number = 1 AND c.number > 1"
    )
    database.close()


def _resident() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


__all__ = ["disk_of_a_case", "late_turn", "long_cases", "open_from_disk", "waiting_cases"]
