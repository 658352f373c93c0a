"""Postgres's own promises: clear errors, a server that goes away and comes back, its clock, and news that gets lost."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from jihwi.case.ledger import verify
from jihwi.errors import AppendConflict, StoreBusy, StoreError, StoreFailed, StoreReadOnly, StoreTooNew
from jihwi.store import Patch
from jihwi.store.postgres import PostgresStore
from jihwi.store.postgres.opening import connect
from jihwi.store.postgres.statements import KEEP_BLOBS
from jihwi.testing.postgres import programs, running_postgres, short_folder
from jihwi.testing.store_contract import Chain
from tests.freezing import freeze
from tests.store.blob_appender import CASE

REPOSITORY = Path(__file__).parents[2]
OPENING = Patch("running", request="r", requester="k")
RUNNING = Patch("running")
IDLE = "idle_in_transaction_session_timeout"


async def test_what_was_appended_is_there_when_the_store_is_opened_again(postgres: str) -> None:
    chain = Chain("c0000000000a1")
    events = chain.next(3, text="가나다")
    async with await PostgresStore.open(postgres) as store:
        await store.append(chain.case_id, events, OPENING)
    async with await PostgresStore.open(postgres) as store:
        assert await store.read(chain.case_id) == events


async def test_the_clock_is_the_server_s(postgres: str) -> None:
    async with await PostgresStore.open(postgres) as store:
        with psycopg.connect(postgres) as connection:
            before = store.now_ms()
            row = connection.execute("SELECT extract(epoch FROM clock_timestamp()) * 1000").fetchone()
            after = store.now_ms()
        assert row is not None
        assert before - 500 < float(row[0]) < after + 500


async def test_a_case_held_past_the_time_out_is_said_to_be_busy_and_nothing_is_lost(postgres: str) -> None:
    chain = Chain("c0000000000a1")
    async with await PostgresStore.open(postgres, busy_seconds=0.05) as store:
        await store.append(chain.case_id, chain.next(), OPENING)
        refused = chain.next()
        with psycopg.connect(postgres) as holder:
            holder.execute("SELECT * FROM jihwi.cases FOR UPDATE")
            with pytest.raises(StoreBusy):
                await store.append(chain.case_id, refused, OPENING)
            assert len(await store.read(chain.case_id)) == 1, "reading never waits for a writer"
        await store.append(chain.case_id, refused, OPENING)
        assert verify(chain.case_id, await store.read(chain.case_id)).events == 2


async def test_a_case_that_is_held_holds_up_no_other(postgres: str) -> None:
    async with await PostgresStore.open(postgres, busy_seconds=0.2) as store:
        chains = [Chain(f"c00000000{n:04d}") for n in range(5)]
        for chain in chains:
            await store.append(chain.case_id, chain.next(), OPENING)
        with psycopg.connect(postgres) as holder:
            holder.execute("SELECT * FROM jihwi.cases WHERE case_id = %s FOR UPDATE", (chains[2].case_id,))
            answers = await asyncio.gather(
                *(store.append(c.case_id, c.next(), OPENING) for c in chains), return_exceptions=True
            )
        assert [isinstance(answer, StoreBusy) for answer in answers] == [False, False, True, False, False]


async def test_a_transaction_whose_process_stands_still_is_undone_and_keeps_its_case_from_nobody_for_long(
    postgres: str,
) -> None:
    patient = make_conninfo(postgres, options="-c idle_in_transaction_session_timeout=1s")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.blob_appender", patient), cwd=REPOSITORY, stdout=PIPE
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"begun\n"
        await asyncio.to_thread(_freeze_in_a_transaction, process.pid, postgres)
        async with await PostgresStore.open(postgres, busy_seconds=60) as store:
            with pytest.raises(AppendConflict):  # it had the case, and others had written to it
                await store.append(CASE, Chain(CASE).next(), OPENING)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _freeze_in_a_transaction(pid: int, dsn: str) -> None:
    """Stop the process while the server waits for it to go on with what it has begun."""
    with psycopg.connect(dsn, autocommit=True) as looking:
        for _ in range(10_000):
            freeze(pid)
            if (waiting := _waiting(looking)) is not None:
                time.sleep(0.1)  # what it had said already has been done meanwhile
                if _waiting(looking) == waiting:
                    return
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.0005)
    raise AssertionError("it was never between two statements")


def _waiting(looking: psycopg.Connection[Any]) -> Any:
    """Which transaction of a store waits for its next statement, and since when."""
    return looking.execute(
        "SELECT xact_start, state_change FROM pg_stat_activity "
        "WHERE application_name = 'jihwi' AND state = 'idle in transaction'"
    ).fetchone()


async def test_the_server_is_told_how_long_a_transaction_may_stand_still_unless_it_has_less_patience(
    postgres: str,
) -> None:
    for said, holds in ((None, "1min"), ("0", "1min"), ("1h", "1min"), ("5s", "5s")):
        dsn = postgres if said is None else make_conninfo(postgres, options=f"-c {IDLE}={said}")
        connection = await connect(dsn, busy_seconds=5)
        async with connection:
            found = await connection.execute(f"SHOW {IDLE}")
            assert await found.fetchone() == (holds,)


async def test_an_erasure_leaves_a_blob_that_another_session_is_just_beginning_to_use(postgres: str) -> None:
    data = b"\0" * 50
    digest = hashlib.sha256(data)
    one, other = Chain("c0000000000a1"), Chain("c0000000000b2")
    async with await PostgresStore.open(postgres) as store:
        await store.append(one.case_id, one.next(), OPENING, blobs={digest.hexdigest(): data})
        await store.append(other.case_id, other.next(), OPENING)
        with psycopg.connect(postgres) as beginning, psycopg.connect(postgres, autocommit=True) as looking:
            kept = {"digest": digest.digest(), "data": data, "number": 2}
            beginning.execute(KEEP_BLOBS, (msgspec.json.encode([kept]).decode(),))
            erasing = asyncio.create_task(
                store.erase(one.case_id, one.next(), RUNNING, seqs=[1], blobs=[digest.hexdigest()])
            )
            async with asyncio.timeout(120):
                while not erasing.done() and not looking.execute(_WAITING).fetchone():
                    await asyncio.wait([erasing], timeout=0.01)
            beginning.commit()
            await erasing
        assert await store.blobs_of(other.case_id) == [digest.hexdigest()]
        assert await store.blob(digest.hexdigest()) == data


_WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_two_processes_that_append_to_the_same_cases_never_both_win(postgres: str) -> None:
    async with await PostgresStore.open(postgres) as one, await PostgresStore.open(postgres) as other:
        chains = [Chain(f"c00000000{n:04d}") for n in range(60)]
        await asyncio.gather(*(one.append(c.case_id, c.next(), OPENING) for c in chains))
        for _ in range(3):
            events = [(chain.case_id, chain.rival()) for chain in chains]
            answers = await asyncio.gather(
                *(one.append(name, event, RUNNING) for name, event in events),
                *(other.append(name, event, RUNNING) for name, event in reversed(events)),
                return_exceptions=True,
            )
            ours, theirs = answers[:60], reversed(answers[60:])
            for mine, yours in zip(ours, theirs, strict=True):
                assert sorted((type(mine).__name__, type(yours).__name__)) == ["AppendConflict", "NoneType"]
            for chain in chains:
                chain.seq, chain.head = chain.seq + 1, (await one.read(chain.case_id))[-1].head
        for chain in chains:
            assert verify(chain.case_id, await other.read(chain.case_id)).events == 4


async def test_a_text_that_postgres_cannot_hold_fails_nobody(postgres: str) -> None:
    async with await PostgresStore.open(postgres) as store:
        chains = [Chain(f"c00000000{n:04d}") for n in range(3)]
        patches = [OPENING, Patch("running", request="a\0b", requester="k"), OPENING]
        await asyncio.gather(
            *(store.append(c.case_id, c.next(), p) for c, p in zip(chains, patches, strict=True)),
        )
        row = await store.row(chains[1].case_id)
        assert row is not None
        assert row.request == "a\ufffdb"


async def test_a_cancelled_caller_disturbs_nobody(postgres: str) -> None:
    async with await PostgresStore.open(postgres) as store:
        chains = [Chain(f"c00000000{n:04d}") for n in range(4)]
        tasks = [asyncio.create_task(store.append(c.case_id, c.next(), OPENING)) for c in chains]
        await asyncio.sleep(0)
        tasks[1].cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(answer) for answer in answers] == [type(None), asyncio.CancelledError, type(None), type(None)]


async def test_closing_finishes_what_is_under_way(postgres: str) -> None:
    store = await PostgresStore.open(postgres)
    chains = [Chain(f"c00000000{n:04d}") for n in range(20)]
    tasks = [asyncio.create_task(store.append(c.case_id, c.next(), OPENING)) for c in chains]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*tasks)
    with pytest.raises(StoreFailed):
        await store.append("c0000000000a1", Chain("c0000000000a1").next(), OPENING)
    with pytest.raises(StoreFailed):
        await store.read("c0000000000a1")


async def test_a_store_of_a_newer_version_is_not_touched(postgres: str) -> None:
    await (await PostgresStore.open(postgres)).close()
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("UPDATE jihwi.version SET number = 99")
    with pytest.raises(StoreTooNew) as refused:
        await PostgresStore.open(postgres)
    assert refused.value.found == 99


async def test_many_processes_may_open_a_new_database_at_once(postgres: str) -> None:
    stores = await asyncio.gather(*(PostgresStore.open(postgres) for _ in range(6)))
    for store in stores:
        await store.close()


async def test_a_read_only_server_is_said_to_be_one(postgres: str) -> None:
    await (await PostgresStore.open(postgres)).close()
    read_only = f"{postgres} options='-c default_transaction_read_only=on'"
    async with await PostgresStore.open(read_only) as store:
        with pytest.raises(StoreReadOnly):
            await store.append("c0000000000a1", Chain("c0000000000a1").next(), OPENING)


async def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed) as failed:
        await PostgresStore.open(f"host={tmp_path} port=5999 user=kim password=hidden dbname=cases")
    assert str(tmp_path) in failed.value.words("ko")
    assert "hidden" not in str(failed.value)


def test_without_psycopg_the_line_that_installs_it_is_named() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from jihwi.errors import ExtraMissing\n"
        "try:\n    import jihwi.store.postgres\nexcept ExtraMissing as problem:\n    print(problem)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(REPOSITORY / "src")},
    )
    assert "jihwi[postgres]" in done.stdout


# ── lost connections ─────────────────────────────────────────────────────────


def _cut_connections(dsn: str, doing: str = "%") -> int:
    with psycopg.connect(dsn, autocommit=True, application_name="scissors") as connection:
        cut = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jihwi' AND query LIKE %s",
            (doing,),
        )
        return len(cut.fetchall())


async def _until_it_works(store: PostgresStore, chain: Chain) -> None:
    """Append one event as a runner would: a failure is looked into, then tried again."""
    event = chain.next()
    async with asyncio.timeout(120):
        while True:
            try:
                if len(await store.read(chain.case_id)) == chain.seq:
                    return
                await store.append(chain.case_id, event, OPENING)
                return
            except StoreError:
                await asyncio.sleep(0.02)


async def test_cut_connections_are_made_again(postgres: str) -> None:
    chain = Chain("c0000000000a1")
    async with await PostgresStore.open(postgres) as store:
        await store.append(chain.case_id, chain.next(), OPENING)
        assert _cut_connections(postgres) == 3
        await _until_it_works(store, chain)
        assert verify(chain.case_id, await store.read(chain.case_id)).events == 2


async def test_a_change_is_seen_though_its_news_was_lost(postgres: str) -> None:
    chain = Chain("c0000000000a1")
    async with await PostgresStore.open(postgres) as one, await PostgresStore.open(postgres) as other:
        await other.append(chain.case_id, chain.next(), OPENING)
        waiting = asyncio.create_task(one.wait(chain.case_id, 1, seconds=600))
        await asyncio.sleep(0)
        _cut_connections(postgres)
        await _until_it_works(other, chain)
        async with asyncio.timeout(60):
            assert await waiting


@pytest.fixture
def place() -> Iterator[Path]:
    if programs() is None:
        pytest.skip("no Postgres server is installed")
    with short_folder() as folder:
        yield folder


async def test_a_server_that_dies_and_comes_back_has_all_it_acknowledged(place: Path) -> None:
    chain = Chain("c0000000000a1")
    with running_postgres(place) as dsn:
        store = await PostgresStore.open(dsn)
        await store.append(chain.case_id, chain.next(5), OPENING)
    with pytest.raises(StoreFailed):
        await store.append(chain.case_id, chain.rival(), OPENING)
    with running_postgres(place):
        await _until_it_works(store, chain)
        log = await store.read(chain.case_id)
        assert verify(chain.case_id, log, expected_head=chain.head).events == 6
        await store.close()


async def _until_somebody_is_held(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    async with asyncio.timeout(120):
        while True:
            found = await connection.execute(
                "SELECT FROM pg_stat_activity WHERE application_name = 'jihwi' AND wait_event_type = 'Lock'"
            )
            if await found.fetchone() is not None:
                return
            await asyncio.sleep(0.01)


async def test_a_server_that_dies_in_the_middle_of_a_batch_did_none_of_it_and_all_may_be_tried_again(
    place: Path,
) -> None:
    chains = [Chain(f"c00000000{n:04d}") for n in range(20)]
    with running_postgres(place) as dsn:
        store = await PostgresStore.open(dsn)
        await asyncio.gather(*(store.append(c.case_id, c.next(), OPENING) for c in chains))
        holder = await psycopg.AsyncConnection.connect(dsn)
        await holder.execute("SELECT FROM jihwi.cases WHERE case_id = %s FOR UPDATE", (chains[10].case_id,))
        batch = asyncio.gather(*(store.append(c.case_id, c.rival(), RUNNING) for c in chains), return_exceptions=True)
        await _until_somebody_is_held(holder)
    assert [type(answer) for answer in await batch] == [StoreFailed] * 20
    await holder.close()
    with running_postgres(place):
        await asyncio.gather(*(_until_it_works(store, chain) for chain in chains))
        for chain in chains:
            log = await store.read(chain.case_id)
            assert verify(chain.case_id, log, expected_head=chain.head).events == 2
        await store.close()
