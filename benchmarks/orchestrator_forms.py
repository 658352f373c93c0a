"""Jihwi in a process of its own for `make bench-orchestrator`, as Python and as the compiled wheel: one worker, one
workload, so that only the form differs. A process of one's own is what the other frameworks have as well."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.orchestrator_workload import TOGETHER, Cost, house, measured, one_case
from jihwi.cli.session import settle
from jihwi.orchestrator import Opening, Orchestrator
from jihwi.store.memory import MemoryStore
from jihwi.store.sqlite import SqliteStore

__all__ = ["MEMORY", "POSTGRES_MANY", "POSTGRES_ONE", "SQLITE_MANY", "SQLITE_ONE", "Form"]

MEMORY = "in memory"
SQLITE_ONE, SQLITE_MANY = "SQLite, 1 case", f"SQLite, {TOGETHER} cases"
POSTGRES_ONE, POSTGRES_MANY = "Postgres, 1 case", f"Postgres, {TOGETHER} cases"
_ROOT = Path(__file__).resolve().parents[1]


class Form:
    """Jihwi in its process: imported from the folder `package`, with a database of its own behind `dsn`."""

    def __init__(self, package: Path, folder: Path, dsn: str | None, *, compiled: bool) -> None:
        folder.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "benchmarks.orchestrator_forms", str(folder), *([dsn] if dsn else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(package), str(_ROOT)))},
            text=True,
        )
        said = self._line()
        if json.loads(said) != [str(package), not compiled]:
            raise RuntimeError(f"the worker was to run the engine that lies in {package}, and said: {said}")

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def measure(self, where: str, cases: int) -> Cost:
        """One round of so many cases."""
        assert self._process.stdin is not None
        print(json.dumps([where, cases]), file=self._process.stdin, flush=True)
        wall, cpu = json.loads(self._line())
        return wall, cpu

    def close(self) -> None:
        """End its process."""
        self._process.kill()
        self._process.communicate()


async def _serve(folder: Path, dsn: str | None) -> None:
    async with AsyncExitStack() as stack:
        # A file for each: how the writer commits depends on what it has just had to do.
        alone = await stack.enter_async_context(await SqliteStore.open(folder / "one.db"))
        cases = await stack.enter_async_context(await SqliteStore.open(folder / "cases.db"))
        places: dict[str, tuple[int, tuple[Orchestrator, Opening]]] = {
            MEMORY: (1, house(MemoryStore())),
            SQLITE_ONE: (1, house(alone)),
            SQLITE_MANY: (TOGETHER, house(cases)),
        }
        if dsn is not None:
            from jihwi.store.postgres import PostgresStore

            postgres = house(await stack.enter_async_context(await PostgresStore.open(dsn)))
            places |= {POSTGRES_ONE: (1, postgres), POSTGRES_MANY: (TOGETHER, postgres)}
        engine = sys.modules["jihwi.case.decide"].__file__
        settle()  # as `jihwi runner` does before it drives
        print(json.dumps([str(Path(str(engine)).parents[2]), str(engine).endswith(".py")]), flush=True)
        for line in sys.stdin:
            where, number = json.loads(line)
            at_a_time, house_ = places[where]
            cost = await measured(number, functools.partial(one_case, *house_), at_a_time=at_a_time)
            print(json.dumps(cost), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
