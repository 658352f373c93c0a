"""`make bench-orchestrator`: what a turn costs in Jihwi, beside bare loops that make the same commits and beside other
frameworks on the same workload, in one run; medians over interleaved rounds. Jihwi is measured as Python and, where
there is a C compiler, as the compiled wheel.

Every figure goes to build/bench/orchestrator.json. The other frameworks are installed into environments of their own
under build/peers; one that cannot be is named and left out. `--quick` measures less of everything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from scripts.compiled_form import CannotBuild, unpacked

from benchmarks.environments import peer_python
from benchmarks.orchestrator_floors import PostgresFloor, SqliteFloor, ThreadedFloor
from benchmarks.orchestrator_forms import MEMORY, POSTGRES_MANY, POSTGRES_ONE, SQLITE_MANY, SQLITE_ONE, Form
from benchmarks.orchestrator_least import Facts, facts_of_a_case
from benchmarks.orchestrator_long import disk_of_a_case, late_turn, long_cases, open_from_disk, waiting_cases
from benchmarks.orchestrator_workload import TOGETHER, Cost, house, measured, one_case
from jihwi.cli.session import settle
from jihwi.store import EventStore
from jihwi.store.memory import MemoryStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.postgres import programs, running_postgres

ROOT = Path(__file__).resolve().parents[1]
PEERS = {
    "openai-swarm": "Swarm, in memory",
    "langgraph": "LangGraph, SQLite saver, sync",
    "openai-agents": "OpenAI Agents SDK, SQLiteSession",
    "dbos": "DBOS steps, SQLite",
}
COMPILED, APART = "Jihwi compiled", "Jihwi, own process"
SAME = "bare loop, SQLite by our library"
"""The targets are judged on the bare loops through Python's own `sqlite3`, as every run of this benchmark was."""
LEAST = "our facts sealed and kept"
"""Known beforehand, with nothing decided or done: what no engine that keeps these facts goes below."""
FORMS = ("Jihwi", COMPILED)
"""Each is held against every target; the second is left out where there is no compiler."""


class Peer:
    """Another framework in a process and an environment of its own."""

    def __init__(self, name: str, python: Path, folder: Path) -> None:
        folder.mkdir()
        self._process = subprocess.Popen(
            [str(python), "-P", str(ROOT / "benchmarks" / "orchestrator_peer.py"), name, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.ready = self._line() == "ready"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def measure(self, cases: int) -> Cost:
        """One round."""
        assert self._process.stdin is not None
        print(cases, file=self._process.stdin, flush=True)
        said = json.loads(self._line())
        return said["wall"], said["cpu"]

    def close(self) -> None:
        """End its process."""
        self._process.kill()
        self._process.communicate()


class Counting:
    """A store that counts what it is asked to append."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.appends = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, *arguments: Any, **named: Any) -> None:
        self.appends += 1
        await self._store.append(*arguments, **named)


async def _commits_a_case() -> int:
    counting: Any = Counting(MemoryStore())
    orchestrator, opening = house(counting)
    await one_case(orchestrator, opening)
    return int(counting.appends)


def fsync_ms(folder: Path) -> float:
    """What one small write and its fsync take, the median of thirty."""
    took = []
    with (folder / "fsync").open("wb", buffering=0) as out:
        for _ in range(30):
            began = time.perf_counter()
            out.write(b"x" * 4096)
            os.fsync(out.fileno())
            took.append((time.perf_counter() - began) * 1e3)
    return statistics.median(took)


def file_system(folder: Path) -> str:
    """The kind of file system the figures stand on."""
    ran = subprocess.run(["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=False)
    return ran.stdout.strip() or "unknown"


async def rounds(folder: Path, options: argparse.Namespace) -> tuple[dict[str, Cost], int]:
    """The medians of every contestant over interleaved rounds, and Jihwi's commits a case."""
    commits = await _commits_a_case()
    few, many = (3, 100) if options.quick else (10, 200)
    contests: dict[str, Callable[[], Awaitable[Cost]]] = {}
    async with AsyncExitStack() as stack:
        floor = SqliteFloor(folder)
        same = SqliteFloor(folder, name="same.db", ours=True)
        threaded = ThreadedFloor(folder)
        stack.callback(threaded.close)
        memory, opening = house(MemoryStore())
        # A file for each: how the writer commits depends on what it has just had to do.
        alone, _ = house(await stack.enter_async_context(await SqliteStore.open(folder / "one.db")))
        sqlite, _ = house(await stack.enter_async_context(await SqliteStore.open(folder / "cases.db")))
        contests["bare loop, SQLite, a row a turn"] = lambda: measured(few, floor.case)
        contests["bare loop, SQLite, our commits"] = lambda: measured(few, lambda: floor.case(commits=commits))
        contests["bare loop, SQLite, 50 cases"] = lambda: measured(many, floor.case_together, at_a_time=TOGETHER)
        contests["bare loop, SQLite, 50 cases, our commits"] = lambda: measured(
            many, lambda: floor.case_together(commits=commits), at_a_time=TOGETHER
        )
        contests[f"{SAME}, a row a turn"] = lambda: measured(few, same.case)
        contests[f"{SAME}, our commits"] = lambda: measured(few, lambda: same.case(commits=commits))
        contests[f"{SAME}, 50 cases"] = lambda: measured(many, same.case_together, at_a_time=TOGETHER)
        contests["bare loop, SQLite, 50 cases, writer's thread"] = lambda: measured(
            many, threaded.case_together, at_a_time=TOGETHER
        )
        contests["bare loop, SQLite, 50 cases, writer's thread, our commits"] = lambda: measured(
            many, lambda: threaded.case_together(commits=commits), at_a_time=TOGETHER
        )
        contests[f"Jihwi, {MEMORY}"] = lambda: measured(many, lambda: one_case(memory, opening))
        contests[f"Jihwi, {SQLITE_ONE}"] = lambda: measured(few, lambda: one_case(alone, opening))
        contests[f"Jihwi, {SQLITE_MANY}"] = lambda: measured(
            many, lambda: one_case(sqlite, opening), at_a_time=TOGETHER
        )
        facts = await facts_of_a_case()
        kept = await stack.enter_async_context(await SqliteStore.open(folder / "least.db"))
        contests["our facts sealed"] = lambda: measured(many, facts.sealed)
        contests[f"{LEAST}, {SQLITE_ONE}"] = lambda: measured(few, lambda: facts.kept(kept))
        contests[f"{LEAST}, {SQLITE_MANY}"] = lambda: measured(many, lambda: facts.kept(kept), at_a_time=TOGETHER)
        dsn = await _add_postgres(contests, stack, facts, few, many)
        _add_forms(contests, stack, folder, dsn, few, many)
        _add_peers(contests, stack, folder, options)
        return await _play(contests, options.rounds or (3 if options.quick else 7)), commits


async def _add_postgres(
    contests: dict[str, Callable[[], Awaitable[Cost]]], stack: AsyncExitStack, facts: Facts, few: int, many: int
) -> str | None:
    if programs() is None:
        print("Postgres: no server is installed; left out")
        return None
    from jihwi.store.postgres import PostgresStore

    dsn = stack.enter_context(running_postgres(Path(stack.enter_context(_open_folder())), lasting=True))
    floor = await PostgresFloor.open(dsn)
    stack.push_async_callback(floor.close)
    store = await stack.enter_async_context(await PostgresStore.open(dsn))
    house_, opening = house(store)
    contests["bare loop, Postgres, a row a turn"] = lambda: measured(few, floor.case)
    contests["bare loop, Postgres, 50 cases"] = lambda: measured(many, floor.case_together, at_a_time=TOGETHER)
    contests[f"{LEAST}, {POSTGRES_MANY}"] = lambda: measured(many, lambda: facts.kept(store), at_a_time=TOGETHER)
    contests[f"Jihwi, {POSTGRES_ONE}"] = lambda: measured(few, lambda: one_case(house_, opening))
    contests[f"Jihwi, {POSTGRES_MANY}"] = lambda: measured(many, lambda: one_case(house_, opening), at_a_time=TOGETHER)
    return dsn


def _add_forms(
    contests: dict[str, Callable[[], Awaitable[Cost]]],
    stack: AsyncExitStack,
    folder: Path,
    dsn: str | None,
    few: int,
    many: int,
) -> None:
    """The compiled wheel, and Python in a process like its own: the heap of this one grows with all it measures."""
    packages = {APART: ROOT / "src"}
    try:
        packages[COMPILED] = unpacked()
    except CannotBuild as problem:
        print(f"{COMPILED}: the wheel cannot be built here; left out\n{problem}")
    for name, package in packages.items():
        own = _database(dsn, f"form{len(name)}") if dsn else None
        form = Form(package, folder / name, own, compiled=name == COMPILED)
        stack.callback(form.close)
        sizes = {MEMORY: many, SQLITE_ONE: few, SQLITE_MANY: many}
        if own:
            sizes |= {POSTGRES_ONE: few, POSTGRES_MANY: many}
        for where, cases in sizes.items():

            async def measure(form: Form = form, where: str = where, cases: int = cases) -> Cost:
                return form.measure(where, cases)

            contests[f"{name}, {where}"] = measure


def _database(dsn: str, name: str) -> str:
    """A further database of the server: processes that share one wake each other."""
    import psycopg  # waits: without a server it may be absent

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return dsn.replace("dbname=postgres", f"dbname={name}")


def _open_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that the server's own user may enter, which a folder of root's may not be."""
    folder = tempfile.TemporaryDirectory(prefix="jihwi-bench-")
    Path(folder.name).chmod(0o755)
    return folder


def _add_peers(
    contests: dict[str, Callable[[], Awaitable[Cost]]], stack: AsyncExitStack, folder: Path, options: argparse.Namespace
) -> None:
    if options.no_peers:
        return
    for name, title in PEERS.items():
        python = peer_python("orchestrator", name)
        peer = Peer(name, python, folder / name) if python is not None else None
        if peer is None or not peer.ready:
            print(f"{title}: it cannot be installed or started here; left out")
            continue
        stack.callback(peer.close)
        cases = 100 if name == "openai-swarm" else 2 if options.quick else 5

        async def measure(peer: Peer = peer, cases: int = cases) -> Cost:
            return peer.measure(cases)

        contests[title] = measure


async def _play(contests: dict[str, Callable[[], Awaitable[Cost]]], count: int) -> dict[str, Cost]:
    costs: dict[str, list[Cost]] = {name: [] for name in contests}
    for number in range(count + 1):
        for name, contest in contests.items():
            cost = await contest()
            if number:  # the first round warms up
                costs[name].append(cost)
    return {
        name: (statistics.median(c[0] for c in cost), statistics.median(c[1] for c in cost))
        for name, cost in costs.items()
    }


class Table:
    """What was measured, with its target."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(
        self, figure: str, value: float | None, unit: str, target: float | None = None, *, least: bool = False
    ) -> None:
        """One figure; `target` is the most it may be, or the least."""
        if value is None:
            return
        met = None if target is None else value >= target if least else value <= target
        said = None if target is None else f"{'>=' if least else '<='} {target:g}"
        self.rows.append({"figure": figure, "value": round(value, 3), "unit": unit, "target": said, "met": met})

    def ratio(
        self,
        figure: str,
        costs: dict[str, Cost],
        one: str,
        other: str,
        which: int,
        target: float | None = None,
        *,
        least: bool = False,
    ) -> None:
        """How many times `other` a contestant's cost is."""
        if one in costs and other in costs:
            self.add(figure, costs[one][which] / costs[other][which], "x", target, least=least)

    def show(self) -> None:
        """Print it."""
        for row in self.rows:
            met = {None: "", True: "met", False: "NOT MET"}[row["met"]]
            print(f"{row['figure']:<72} {row['value']:>12,.3f} {row['unit']:<8} {row['target'] or '':>9} {met}")


def _compare(table: Table, costs: dict[str, Cost], commits: int) -> None:
    for name, (wall, cpu) in costs.items():
        table.add(f"{name}: wall", wall, "us/turn")
        table.add(f"{name}: CPU", cpu, "us/turn")
    table.add("commits a case", commits, "", 10)
    for form in FORMS:
        _judge(table, costs, form, "" if form == "Jihwi" else ", compiled wheel")
    for where, floor, which in (
        (SQLITE_ONE, "bare loop, SQLite, our commits", 0),
        (SQLITE_ONE, "bare loop, SQLite, a row a turn", 0),
        (SQLITE_MANY, "bare loop, SQLite, 50 cases", 0),
        (SQLITE_MANY, "bare loop, SQLite, 50 cases", 1),
        (POSTGRES_MANY, "bare loop, Postgres, 50 cases", 0),
    ):
        table.ratio(f"{LEAST} / {floor}, {('wall', 'CPU')[which]}", costs, f"{LEAST}, {where}", floor, which)
    for where in (MEMORY, SQLITE_MANY, POSTGRES_MANY):
        table.ratio(
            f"compiled / Python, a process each, CPU: {where}", costs, f"{COMPILED}, {where}", f"{APART}, {where}", 1
        )


def _judge(table: Table, costs: dict[str, Cost], form: str, said: str) -> None:
    """One form beside the floors and the other frameworks."""
    swarm, one, many = PEERS["openai-swarm"], f"{form}, {SQLITE_ONE}", f"{form}, {SQLITE_MANY}"

    def ratio(figure: str, ours: str, other: str, which: int, target: float | None = None) -> None:
        table.ratio(f"{figure}{said}", costs, ours, other, which, target)

    ratio("CPU a turn in memory / Swarm", f"{form}, {MEMORY}", swarm, 1, 1.0)
    ratio("SQLite 1 case / the same commits", one, "bare loop, SQLite, our commits", 0, 1.3)
    ratio("SQLite 1 case / a row a turn", one, "bare loop, SQLite, a row a turn", 0, 2.2)
    ratio("SQLite 50 cases / group commit, wall", many, "bare loop, SQLite, 50 cases", 0, 2.5)
    ratio("SQLite 50 cases / group commit, CPU", many, "bare loop, SQLite, 50 cases", 1, 2.5)
    same = "bare loop, SQLite, 50 cases, our commits"
    ratio("SQLite 50 cases / group commit of the same commits, wall", many, same, 0)
    ratio("SQLite 1 case / the same commits by our library", one, f"{SAME}, our commits", 0)
    ratio("SQLite 50 cases / group commit by our library, wall", many, f"{SAME}, 50 cases", 0)
    # The 2.5 is judged on the floor above, which holds the loop while it syncs; these say what else a floor could be.
    thread = "bare loop, SQLite, 50 cases, writer's thread"
    ratio("SQLite 50 cases / group commit in a thread, wall", many, thread, 0)
    ratio("SQLite 50 cases / the same commits in a thread, wall", many, f"{thread}, our commits", 0)
    ratio("SQLite 50 cases / Swarm in memory, CPU", many, swarm, 1, 1.5)
    table.ratio(f"LangGraph sync / SQLite 50 cases, wall{said}", costs, PEERS["langgraph"], many, 0, 25, least=True)
    ratio("Postgres 1 case / its floor", f"{form}, {POSTGRES_ONE}", "bare loop, Postgres, a row a turn", 0, 3.5)
    ratio("Postgres 50 cases / its floor", f"{form}, {POSTGRES_MANY}", "bare loop, Postgres, 50 cases", 0, 3.0)


async def _long(table: Table, folder: Path, options: argparse.Namespace) -> None:
    table.add("disk of a finished case", await disk_of_a_case(folder, 100 if options.quick else 500) / 1024, "KiB", 10)
    made = await long_cases(folder, (10, 100, 1000))
    sizes = {count: size for count, (_, _, size) in made.items()}
    table.add("disk of a further turn, 10 to 100 turns", (sizes[100] - sizes[10]) / 90 / 1024, "KiB", 1.5)
    table.add("disk of a further turn, 100 to 1,000 turns", (sizes[1000] - sizes[100]) / 900 / 1024, "KiB", 1.5)
    count = 2 if options.quick else 5
    table.add("late turn / early turn of 1,000", await late_turn(1000, count, reads=False), "x", 1.2)
    table.add("the same, a mind that reads everything", await late_turn(1000, count, reads=True), "x")
    path, case_id, _ = made[1000]
    without, with_one, events = await open_from_disk(path, case_id, 3 if options.quick else 9)
    table.add("events of a 1,000-turn case", events, "")
    table.add("1,000-turn case opened, chain verified, no snapshot", without, "ms", 60)
    table.add("1,000-turn case opened from a snapshot", with_one, "ms", 20)
    waiting = await waiting_cases(folder, 10_000 if options.quick else 100_000)
    number = "10,000" if options.quick else "100,000"
    table.add(f"{number} waiting cases: memory beyond the process", waiting["memory_mb"], "MB", 5)
    table.add(f"{number} waiting cases: CPU of a serving runner", waiting["cpu"] * 100, "%", 2)
    table.add(f"{number} waiting cases: one found and folded", waiting["find_ms"], "ms", 5)
    table.add(f"{number} waiting cases: one answered, driven to its end", waiting["resume_ms"], "ms")


async def _all(options: argparse.Namespace) -> Table:
    table = Table()
    build = ROOT / "build" / "bench"
    build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build, prefix="orchestrator-") as name:
        folder = Path(name)
        print(f"file system {file_system(folder)}, one write and fsync {fsync_ms(folder):.2f} ms", flush=True)
        table.add("one write of 4 KB and its fsync", fsync_ms(folder), "ms")
        costs, commits = await rounds(folder, options)
        _compare(table, costs, commits)
        await _long(table, folder, options)
    (build / "orchestrator.json").write_text(json.dumps(table.rows, indent=1) + "\n", encoding="utf-8")
    return table


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--no-peers", action="store_true", help="Jihwi and its floors only")
    options = parser.parse_args()
    settle()  # as `jihwi runner` does before it drives; the bare loops in this process have it too
    asyncio.run(_all(options)).show()


if __name__ == "__main__":
    main()
