"""The index on a Postgres server beside the embedded one: build, size, questions; and whether both find the same.

`python -m benchmarks.library_postgres --chunks 10000 100000` starts a server of its own (as installed, `fsync` on).
CPU of a build is this process's; the server's comes from its own processes. Prints a table and writes
`build/bench/library-postgres.json`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import psycopg

from benchmarks.figures import write_figures
from benchmarks.library import ROOT, many_chunks, rows_of, sets_folder
from jihwi.index import WordIndex
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.mecab import MecabAnalyser
from jihwi.index.postgres import PostgresIndex
from jihwi.library.postgres import PostgresServer
from jihwi.store.postgres.opening import place_of, store_error
from jihwi.testing.postgres import running_postgres

_TICKS = os.sysconf("SC_CLK_TCK")


def server_cpu_seconds(dsn: str) -> float:
    """What the server and all its processes, ended ones too, have used."""
    with psycopg.connect(dsn, autocommit=True) as db:
        row = db.execute("SELECT pg_backend_pid()").fetchone()
        mine = int(row[0]) if row else 0
        parent = int(Path(f"/proc/{mine}/stat").read_text().rpartition(")")[2].split()[1]) if mine else 0
    used = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent or stat.parent.name == str(parent):
            used += sum(
                int(fields[place]) for place in ((11, 12, 13, 14) if stat.parent.name == str(parent) else (11, 12))
            )
    return used / _TICKS


def built(index: WordIndex, count: int, sets: Path, server_cpu: Callable[[], float]) -> dict[str, float]:
    """Fill an index as the library does, a commit every 20,000 chunks."""
    spent, before = 0.0, server_cpu()
    documents = many_chunks(count, sets)
    version = 0
    while part := list(islice(documents, 1000)):
        begun = time.process_time()
        index.add(part)
        version += 1
        index.commit(version)
        spent += time.process_time() - begun
    return {"build_cpu_seconds": round(spent, 1), "server_cpu_seconds": round(server_cpu() - before, 1)}


def asked(index: WordIndex, questions: list[str], server_cpu: Callable[[], float]) -> dict[str, float]:
    """Time and CPU of each question, the second round; and how long it stood in the queue for a core, which is the
    machine's doing: the server's own waits for one are not in it."""
    took: list[float] = []
    spent: list[float] = []
    queued: list[float] = []
    before, cpu = 0.0, 0.0
    for _ in range(2):
        took, spent, queued, before, cpu = [], [], [], server_cpu(), time.process_time()
        for question in questions:
            waited, used, begun = _queued_seconds(), time.process_time(), time.perf_counter()
            index.search(question, ["bench"], limit=10)
            took.append(time.perf_counter() - begun)
            spent.append(time.process_time() - used)
            queued.append(_queued_seconds() - waited)
        cpu = time.process_time() - cpu
    for one in (took, spent, queued):
        one.sort()
    return {
        "p50_ms": round(took[len(took) // 2] * 1e3, 2),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1e3, 2),
        "queued_for_a_core_p99_ms": round(queued[int(len(queued) * 0.99)] * 1e3, 2),
        "cpu_p99_ms": round(spent[int(len(spent) * 0.99)] * 1e3, 2),
        "cpu_ms": round(cpu / len(questions) * 1e3, 2),
        "server_cpu_ms": round((server_cpu() - before) / len(questions) * 1e3, 2),
    }


def _queued_seconds() -> float:
    """How long this thread has waited for a core; 0 where the system does not tell."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def compare(count: int, sets: Path, dsn: str) -> dict[str, float]:
    """Both indexes of `count` chunks."""
    questions = [
        row["query"] for name in ("korquad_a", "msmarco_ko_a") for row in rows_of(sets / name / "queries.jsonl")[:250]
    ]
    server = PostgresServer(
        dsn, place=place_of(dsn), told=lambda problem: store_error(problem, dsn, busy_seconds=60.0), busy_seconds=60.0
    )
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        embedded, on_server = EmbeddedIndex(Path(folder), MecabAnalyser()), PostgresIndex(server, MecabAnalyser())
        on_server.clear()
        for name, index, cpu in (
            ("embedded", embedded, lambda: 0.0),
            ("postgres", on_server, lambda: server_cpu_seconds(dsn)),
        ):
            rows = {**built(index, count, sets, cpu), **asked(index, questions, cpu)}
            rows["disk_mb"] = round((_size_of(dsn) if name == "postgres" else _files(Path(folder))) / 1e6, 1)
            print(f"{count:>8} {name:9}" + "  ".join(f"{key} {value}" for key, value in rows.items()), flush=True)
            figures |= {f"{name} / {count} / {key}": value for key, value in rows.items()}
        same = sum(
            embedded.search(q, ["bench"], limit=10) == on_server.search(q, ["bench"], limit=10) for q in questions
        )
        print(f"{count:>8} the same to the last bit: {same} of {len(questions)} questions")
        figures[f"same / {count}"] = 100 * same / len(questions)
        on_server.close()
        embedded.close()
    server.close()
    return figures


def _files(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _size_of(dsn: str) -> int:
    """What the index's tables take once the server has cleaned up after the joins."""
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("VACUUM FULL jihwi.index_postings")
        db.execute("VACUUM FULL jihwi.index_segments")
        row = db.execute(
            "SELECT pg_total_relation_size('jihwi.index_postings') + pg_total_relation_size('jihwi.index_segments')"
        ).fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="*", default=[10_000])
    wanted = parser.parse_args()
    sets = sets_folder()
    if not sets.is_dir():
        print(f"no retrieval sets in {sets}; JIHWI_RETRIEVAL names another folder")
        return
    folder = Path(tempfile.mkdtemp(prefix="jihwi-pg-"))
    folder.chmod(0o755)
    figures: dict[str, float] = {}
    try:
        with running_postgres(folder, lasting=True) as dsn:
            for count in wanted.chunks:
                figures |= compare(count, sets, dsn)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write_figures(ROOT / "build" / "bench", "library-postgres", figures, unit="as named", targets={})


if __name__ == "__main__":
    main()
