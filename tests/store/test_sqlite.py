"""SQLite's own promises: clear errors, several processes, migrations with a copy kept, and leases on the clock."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
import time
from pathlib import Path

import apsw
import pytest

from jihwi.case.ledger import verify
from jihwi.errors import (
    AppendConflict,
    JihwiError,
    LedgerBroken,
    StoreBusy,
    StoreCorrupt,
    StoreFailed,
    StoreMoved,
    StoreTooNew,
)
from jihwi.store import BLOB_BYTES, Patch
from jihwi.store.migrations import Migration, migrations_for
from jihwi.store.sqlite import SqliteStore
from jihwi.store.sqlite.opening import prepare_file
from jihwi.store.sqlite.writer import ASK_SECONDS
from jihwi.testing.store_contract import Chain
from tests.mounts import run_where_mounted

OPENING = Patch("running", request="r", requester="k")


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at_ms = 1_000_000

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_seconds(self) -> float:
        return self.at_ms / 1000


async def test_what_was_appended_is_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    events = chain.next(2) + chain.next(1, text="x" * BLOB_BYTES)
    async with await SqliteStore.open(path) as store:
        await store.append(chain.case_id, events, OPENING)
    async with await SqliteStore.open(path) as store:
        assert await store.read(chain.case_id) == events


async def test_a_lease_runs_out_when_its_time_has_passed_and_not_before(tmp_path: Path) -> None:
    clock = HandClock()
    async with await SqliteStore.open(tmp_path / "store.db", clock=clock) as store:
        await store.append("c0000000000a1", Chain("c0000000000a1").next(), OPENING)
        first = await store.claim("r1", seconds=30)
        assert first is not None
        assert first.until_ms == clock.at_ms + 30_000
        clock.at_ms += 29_999
        assert await store.claim("r2") is None
        clock.at_ms += 1
        second = await store.claim("r2")
        assert second is not None
        assert second.epoch == 2


async def test_an_append_waits_for_another_process_and_then_goes_on(tmp_path: Path) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    async with await SqliteStore.open(path, busy_seconds=30) as store:
        holder = apsw.Connection(str(path))
        holder.execute("BEGIN IMMEDIATE")
        appending = asyncio.create_task(store.append(chain.case_id, chain.next(), OPENING))
        assert await store.read(chain.case_id) == [], "reading never waits for a writer"
        assert not appending.done()
        holder.execute("ROLLBACK")
        await appending
        holder.close()
        assert len(await store.read(chain.case_id)) == 1


async def test_a_file_held_past_the_time_out_is_said_to_be_busy_and_nothing_is_lost(tmp_path: Path) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    async with await SqliteStore.open(path, busy_seconds=0.05) as store:
        await store.append(chain.case_id, chain.next(), OPENING)
        holder = apsw.Connection(str(path))
        holder.execute("BEGIN IMMEDIATE")
        refused = chain.next()
        with pytest.raises(StoreBusy) as busy:
            await store.append(chain.case_id, refused, OPENING)
        assert busy.value.seconds == 0.05
        assert str(path) in busy.value.words("ko")
        holder.execute("ROLLBACK")
        holder.close()
        await store.append(chain.case_id, refused, OPENING)
        assert verify(chain.case_id, await store.read(chain.case_id)).events == 2


async def test_who_commits_again_and_again_on_a_slow_disk_lets_go_of_the_file_long_enough_for_others(
    tmp_path: Path,
) -> None:
    """Else another process, which can but ask now and then, would get it by luck only, or be told that it is busy."""
    began: list[float] = []
    ended: list[float] = []

    def slow() -> bool:
        time.sleep(0.02)
        return False

    def ends(sql: str, nanoseconds: int) -> None:
        if sql == "COMMIT":
            ended.append(time.monotonic())

    def begins(cursor: apsw.Cursor, sql: str, values: object) -> bool:
        if sql.startswith("BEGIN"):
            began.append(time.monotonic())
        return True

    def watched(database: apsw.Connection) -> None:
        database.set_commit_hook(slow)
        database.exec_trace = begins
        database.set_profile(ends)

    path, chains = tmp_path / "store.db", [Chain(f"c00000000{n:04d}") for n in range(4)]
    await (await SqliteStore.open(path)).close()
    apsw.connection_hooks.append(watched)
    try:
        store = await SqliteStore.open(path)
    finally:
        apsw.connection_hooks.remove(watched)

    async def drive(chain: Chain) -> None:
        for _ in range(10):
            await store.append(chain.case_id, chain.next(), OPENING)

    async with store, asyncio.TaskGroup() as driving:
        for chain in chains:
            driving.create_task(drive(chain))
    let_go = [after - before for before, after in zip(ended, began[1:], strict=False)]
    assert len(let_go) >= 9
    assert max(let_go) > ASK_SECONDS


async def test_values_that_no_database_takes_fail_their_own_append_only(tmp_path: Path) -> None:
    async with await SqliteStore.open(tmp_path / "store.db") as store:
        chains = [Chain(f"c00000000{n:04d}") for n in range(5)]
        patches = [OPENING, Patch("running", request="\ud800", requester="k"), *([OPENING] * 3)]
        answers = await asyncio.gather(
            *(store.append(c.case_id, c.next(), p) for c, p in zip(chains, patches, strict=True)),
            return_exceptions=True,
        )
        assert [answer is None for answer in answers] == [True, False, True, True, True]
        assert len(await store.rows()) == 4


async def test_a_refused_append_keeps_no_look_at_the_file_while_its_error_is_held(tmp_path: Path) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    async with await SqliteStore.open(path, busy_seconds=1) as one, await SqliteStore.open(path) as other:
        await one.append(chain.case_id, chain.next(), OPENING)
        late = chain.rival()
        await one.append(chain.case_id, chain.next(), Patch("running"))
        with pytest.raises(AppendConflict) as held:
            await one.append(chain.case_id, late, Patch("running"))
        await other.append(chain.case_id, chain.next(), Patch("running"))
        await one.append(chain.case_id, chain.next(), Patch("running"))
        assert verify(chain.case_id, await one.read(chain.case_id)).events == 4
        assert held.value.expected_seq == late[0].seq


async def test_a_cancelled_caller_disturbs_nobody(tmp_path: Path) -> None:
    async with await SqliteStore.open(tmp_path / "store.db") as store:
        chains = [Chain(f"c00000000{n:04d}") for n in range(4)]
        tasks = [asyncio.create_task(store.append(c.case_id, c.next(), OPENING)) for c in chains]
        await asyncio.sleep(0)
        tasks[1].cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(answer) for answer in answers] == [type(None), asyncio.CancelledError, type(None), type(None)]


async def test_closing_finishes_what_is_under_way(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    path = tmp_path / "store.db"
    store = await SqliteStore.open(path)
    chains = [Chain(f"c00000000{n:04d}") for n in range(20)]
    tasks = [asyncio.create_task(store.append(c.case_id, c.next(), OPENING)) for c in chains]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*tasks)
    assert not [t for t in threading.enumerate() if t not in before and t.name == "jihwi-store"]
    with pytest.raises(StoreFailed):
        await store.append("c0000000000a1", Chain("c0000000000a1").next(), OPENING)
    async with await SqliteStore.open(path) as again:
        assert len(await again.rows()) == 20


# ── files that are not right ─────────────────────────────────────────────────


async def _refusal(path: Path) -> JihwiError:
    with pytest.raises(JihwiError) as refused:
        await SqliteStore.open(path)
    return refused.value


def _change(path: Path, column: str, change: bytes) -> None:
    with contextlib.closing(apsw.Connection(str(path))) as database, database:
        held: bytes = database.execute(f"SELECT {column} FROM events WHERE seq = 1").get
        assert held.count(change) == 1
        database.execute(f"UPDATE events SET {column} = ? WHERE seq = 1", (held.replace(change, change[::-1]),))


@pytest.mark.parametrize(("column", "text", "seq"), [("body", "first", 1), ("later", "third", 3), ("later", "last", 4)])
async def test_a_changed_body_in_a_shared_row_is_found_at_its_event(
    tmp_path: Path, column: str, text: str, seq: int
) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    events = [event for word in ("first", "second", "third", "last") for event in chain.next(1, text=word)]
    async with await SqliteStore.open(path) as store:
        await store.append(chain.case_id, events, OPENING)
        _change(path, column, text.encode())
        with pytest.raises(LedgerBroken) as broken:
            verify(chain.case_id, await store.read(chain.case_id))
        assert broken.value.seq == seq


@pytest.mark.parametrize(("seq", "column"), [(1, "header"), (2, "later"), (3, "later"), (4, "later")])
async def test_a_changed_header_in_a_shared_row_is_found_at_its_event(tmp_path: Path, seq: int, column: str) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    events = chain.next(4)
    async with await SqliteStore.open(path) as store:
        await store.append(chain.case_id, events, OPENING)
        _change(path, column, events[seq - 1].header[-32:])  # the digest of its body
        with pytest.raises(LedgerBroken) as broken:
            verify(chain.case_id, await store.read(chain.case_id))
        assert broken.value.seq == seq


async def test_a_shared_row_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    async with await SqliteStore.open(path) as store:
        await store.append(chain.case_id, chain.next(4), OPENING)
        with contextlib.closing(apsw.Connection(str(path))) as database, database:
            database.execute("UPDATE events SET later = x'93'")
        with pytest.raises(StoreCorrupt):
            await store.read(chain.case_id)


async def test_a_long_log_is_moved_into_the_database_beside_commits_and_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    chains = [Chain(f"c00000000{n:04d}") for n in range(20)]
    async with await SqliteStore.open(path) as store:

        async def drive(chain: Chain) -> None:
            await store.append(chain.case_id, chain.next(), OPENING)
            for number in range(160):
                await store.append(
                    chain.case_id, chain.next(1, text=f"{chain.case_id} {number} " * 700), Patch("running")
                )

        await asyncio.gather(*(drive(chain) for chain in chains))
        logs = [await store.read(chain.case_id) for chain in chains]
        written = sum(len(event.body or b"") for log in logs for event in log)
        assert written > 32_000_000
        assert path.stat().st_size > written // 2, "most of it lies in the database"
        assert path.with_name("store.db-wal").stat().st_size < written // 2, (
            "the log was written over, not only added to"
        )
        assert [verify(chain.case_id, log).head for chain, log in zip(chains, logs, strict=True)] == [
            chain.head for chain in chains
        ]


async def test_what_was_erased_while_somebody_read_leaves_the_log_with_the_next_append(tmp_path: Path) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    files = (path, path.with_name("store.db-wal"))
    async with await SqliteStore.open(path) as store:
        await store.append(chain.case_id, chain.next(1, text="secret words"), OPENING)
        with contextlib.closing(apsw.Connection(str(path))) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM events").get == 1
            await store.erase(chain.case_id, chain.next(), Patch("running"), seqs=[1])
            assert any(b"secret words" in file.read_bytes() for file in files), "the reader may still look at it"
            reader.execute("ROLLBACK")
        await store.append(chain.case_id, chain.next(), Patch("running"))
        assert not any(b"secret words" in file.read_bytes() for file in files)


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_that_is_removed_or_replaced_under_a_store_takes_nothing_more(
    tmp_path: Path, replaced: bool
) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    async with await SqliteStore.open(path) as store:
        await store.append(chain.case_id, chain.next(), OPENING)
        path.rename(tmp_path / "aside.db")
        if replaced:
            path.write_bytes((tmp_path / "aside.db").read_bytes())
        for doing in (
            store.append(chain.case_id, chain.next(), Patch("running")),
            store.claim("r1"),
            store.claim("r1", case_id=chain.case_id),
            store.rows(),
        ):
            with pytest.raises(StoreMoved) as told:
                await doing
        assert str(path) in told.value.words("ko")
        assert path.exists() == replaced, "no new file is begun in its place"


async def test_a_text_that_is_none_is_told_as_damage(tmp_path: Path) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    async with await SqliteStore.open(path) as store:
        await store.append(chain.case_id, chain.next(), OPENING)
        with contextlib.closing(apsw.Connection(str(path))) as database:
            database.execute("UPDATE events SET header = CAST(x'ff00' AS TEXT)")
            database.execute("UPDATE cases SET requester = CAST(x'ff00' AS TEXT)")
        for doing in (store.read(chain.case_id), store.row(chain.case_id), store.rows()):
            with pytest.raises(StoreCorrupt):
                await doing


async def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"not a database at all" * 200)
    assert isinstance(await _refusal(path), StoreCorrupt)
    assert path.read_bytes() == b"not a database at all" * 200


async def test_another_program_s_database_is_not_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    database = apsw.Connection(str(path))
    database.execute("CREATE TABLE theirs (a)")
    database.close()
    assert isinstance(await _refusal(path), StoreCorrupt)


async def test_a_damaged_page_is_told_and_what_stands_beside_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with await SqliteStore.open(path) as store:
        for number in range(40):
            chain = Chain(f"c00000000{number:04d}")
            await store.append(chain.case_id, chain.next(20, text="x" * 500), OPENING)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(data)
    async with await SqliteStore.open(path) as store:
        broken = 0
        for number in range(40):
            try:
                verify(f"c00000000{number:04d}", await store.read(f"c00000000{number:04d}"))
            except StoreCorrupt:
                broken += 1
        assert 0 < broken < 10


async def test_a_store_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    newer = (*migrations_for("sqlite"), Migration(len(migrations_for("sqlite")) + 1, "0009_future.sql", ""))
    prepare_file(path, newer, busy_seconds=1)
    refusal = await _refusal(path)
    assert isinstance(refusal, StoreTooNew)
    assert (refusal.found, refusal.known) == (len(newer), len(newer) - 1)


# ── migrations ───────────────────────────────────────────────────────────────

NEXT_STEP = Migration(len(migrations_for("sqlite")) + 1, "0009_note.sql", "CREATE TABLE note (a);\n-- x\n")
BROKEN_STEP = Migration(NEXT_STEP.number, "0009_broken.sql", "CREATE TABLE note (a);\nCREATE TABLE cases (b);\n")


async def _store_with_a_case(path: Path) -> Chain:
    chain = Chain("c0000000000a1")
    async with await SqliteStore.open(path) as store:
        await store.append(chain.case_id, chain.next(3), OPENING)
    return chain


async def test_an_upgrade_keeps_a_copy_of_what_was(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    chain = await _store_with_a_case(path)
    prepare_file(path, (*migrations_for("sqlite"), NEXT_STEP), busy_seconds=1)
    assert isinstance(await _refusal(path), StoreTooNew)
    async with await SqliteStore.open(tmp_path / f"store.db.v{NEXT_STEP.number - 1}") as old:
        assert verify(chain.case_id, await old.read(chain.case_id), expected_head=chain.head).events == 3


async def test_a_case_of_the_first_version_goes_on_in_this_one(tmp_path: Path) -> None:
    path, chain = tmp_path / "store.db", Chain("c0000000000a1")
    old = chain.next(3)
    prepare_file(path, migrations_for("sqlite")[:1], busy_seconds=1)
    with contextlib.closing(apsw.Connection(str(path))) as database, database:
        for event in old:
            database.execute(
                "INSERT INTO events (case_number, seq, header, salt, body, head) VALUES (1, ?, ?, ?, ?, ?)",
                (event.seq, event.header, event.salt, event.body, event.head),
            )
        database.execute(
            "INSERT INTO cases VALUES (1, ?, 'running', 'r', 'k', 1, 1, 3, ?, 0, 0, '', '', '', 0, 0)",
            (chain.case_id, chain.head),
        )
    async with await SqliteStore.open(path) as store:
        await store.append(chain.case_id, chain.next(4), Patch("running"))
        log = await store.read(chain.case_id)
        assert log[:3] == old
        assert verify(chain.case_id, log, expected_head=chain.head).events == 7
        assert [event.seq for event in await store.read(chain.case_id, after=4)] == [5, 6, 7]


async def test_an_upgrade_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    chain = await _store_with_a_case(path)
    with pytest.raises(StoreFailed):
        prepare_file(path, (*migrations_for("sqlite"), BROKEN_STEP), busy_seconds=1)
    async with await SqliteStore.open(path) as store:
        assert len(await store.read(chain.case_id)) == 3
    prepare_file(path, (*migrations_for("sqlite"), NEXT_STEP), busy_seconds=1)


async def test_many_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "store.db"
    stores = await asyncio.gather(*(SqliteStore.open(path, busy_seconds=120) for _ in range(8)))
    chains = [Chain(f"c00000000{n:04d}") for n in range(8)]
    await asyncio.gather(*(store.append(c.case_id, c.next(), OPENING) for store, c in zip(stores, chains, strict=True)))
    assert len(await stores[0].rows()) == 8
    for store in stores:
        await store.close()


# ── disks that are not right: in a child that may mount a small disk of its own ──

FULL_DISK = """
import asyncio, os, sys
from jihwi.errors import StoreFull
from jihwi.case.ledger import verify
from jihwi.store import Patch
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.store_contract import Chain

async def main(folder):
    chain = Chain("c0000000000a1")
    opening = Patch("running", request="r", requester="k")
    async with await SqliteStore.open(folder + "/store.db") as store:
        try:
            for kept in range(10_000):
                await store.append(chain.case_id, chain.next(1, text="x" * 3000), opening)
                acknowledged = chain.seq, chain.head
        except StoreFull as problem:
            assert "store.db" in problem.words("ko")
            print("full after", kept)
        log = await store.read(chain.case_id)
        assert verify(chain.case_id, log).head == acknowledged[1], "what was acknowledged is not there"
        os.remove(folder + "/ballast")
        chain.seq, chain.head = acknowledged
        await store.append(chain.case_id, chain.next(), opening)
        assert verify(chain.case_id, await store.read(chain.case_id)).events == kept + 1
    async with await SqliteStore.open(folder + "/store.db") as store:
        assert verify(chain.case_id, await store.read(chain.case_id)).events == kept + 1
    print("went on")

with open(sys.argv[1] + "/ballast", "wb") as ballast:
    ballast.write(bytes(2_000_000))
asyncio.run(main(sys.argv[1]))
"""

FULL_DISK_COPIED = """
import asyncio, os, pathlib, sys
from jihwi.errors import StoreFull
from jihwi.store import Patch
from jihwi.store.keeping import backup
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.store_contract import Chain

disk, elsewhere = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
home, target = disk / "home", disk / "copy"
home.mkdir()

async def main():
    async with await SqliteStore.open(home / "cases.db") as store:
        chain = Chain("c0000000000a1")
        await store.append(chain.case_id, chain.next(9), Patch("running", request="r", requester="k"))

asyncio.run(main())
ballast = os.open(disk / "ballast", os.O_CREAT | os.O_WRONLY)
try:
    while True:
        os.write(ballast, bytes(1024))
except OSError:
    os.close(ballast)
for _ in range(2):
    try:
        backup(home, target, at_ms=0)
    except StoreFull as problem:
        print("full:", problem.words("en"), target.exists())
print(sorted(backup(home, elsewhere / "copy", at_ms=0).files))
(disk / "ballast").unlink()
print(sorted(backup(home, target, at_ms=0).files))
"""

READ_ONLY_COPIED = """
import os, pathlib, shutil, subprocess, sys
from jihwi.store.keeping import backup

disk, state, target = (pathlib.Path(word) for word in sys.argv[1:])
shutil.copytree(state, disk / "home")
subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
print(sorted(backup(disk / "home", target, at_ms=0).files))
"""

READ_ONLY = """
import asyncio, sys
from jihwi.errors import StoreReadOnly
from jihwi.store.sqlite import SqliteStore
try:
    asyncio.run(SqliteStore.open(sys.argv[1] + "/store.db"))
except StoreReadOnly as problem:
    print("read only:", problem.words("en"))
"""


FULL_DISK_BACKUP = """
import sys, tempfile
from pathlib import Path
from jihwi.errors import StoreError
from jihwi.store.keeping import backup

folder = Path(sys.argv[1])
with tempfile.TemporaryDirectory() as name:
    (Path(name) / "long").write_bytes(bytes(4_000_000))
    try:
        backup(Path(name), folder / "kept", at_ms=1)
    except StoreError as problem:
        print(type(problem).__name__)
print([path.name for path in folder.iterdir()])
"""

MOUNTED = """
import sys, tempfile
from pathlib import Path
from jihwi.errors import UsageError
from jihwi.store.keeping import backup, restore

home = Path(sys.argv[1])
(home / "mine").write_bytes(b"mine")
with tempfile.TemporaryDirectory() as name:
    backup(home, Path(name) / "kept", at_ms=1)
    try:
        restore(Path(name) / "kept", home)
    except UsageError as problem:
        print(type(problem).__name__)
print([path.name for path in (*home.iterdir(), *home.parent.glob("*.unfinished"))])
"""


needs_a_disk = pytest.mark.needs("mount")


@needs_a_disk
def test_a_full_disk_stops_with_a_clear_error_and_loses_nothing(tmp_path: Path) -> None:
    said = run_where_mounted(FULL_DISK, tmp_path, mount="-t tmpfs -o size=6m tmpfs")
    assert "full after" in said
    assert "went on" in said


@needs_a_disk
def test_a_folder_on_a_full_disk_is_not_called_damaged_and_can_be_copied_elsewhere(tmp_path: Path) -> None:
    (disk := tmp_path / "disk").mkdir()
    said = run_where_mounted(FULL_DISK_COPIED, disk, str(tmp_path), mount="-t tmpfs -o size=6m tmpfs").splitlines()
    assert [line.startswith("full:") and line.endswith(" False") for line in said] == [True, True, False, False]
    assert said[2:] == ["['cases.db']"] * 2


@needs_a_disk
async def test_what_a_dead_process_left_on_a_disk_that_is_read_only_now_is_copied(tmp_path: Path) -> None:
    (disk := tmp_path / "disk").mkdir()
    chain = Chain("c0000000000a1")
    async with await SqliteStore.open(tmp_path / "home" / "store.db") as store:
        await store.append(chain.case_id, chain.next(9), OPENING)
        shutil.copytree(tmp_path / "home", tmp_path / "left")  # with the log, as it lies there after a kill
    target = tmp_path / "copy"
    said = run_where_mounted(
        READ_ONLY_COPIED, disk, str(tmp_path / "left"), str(target), mount="-t tmpfs -o size=6m tmpfs"
    )
    assert said.splitlines() == ["['store.db']"]
    async with await SqliteStore.open(target / "store.db") as copied:
        assert verify(chain.case_id, await copied.read(chain.case_id)).events == 9


@needs_a_disk
def test_a_backup_that_finds_no_room_leaves_nothing_lying(tmp_path: Path) -> None:
    said = run_where_mounted(FULL_DISK_BACKUP, tmp_path, mount="-t tmpfs -o size=2m tmpfs")
    assert said.splitlines() == ["StoreFull", "[]"]


@needs_a_disk
def test_a_mounted_folder_is_not_put_aside_for_a_copy(tmp_path: Path) -> None:
    said = run_where_mounted(MOUNTED, tmp_path, mount="-t tmpfs tmpfs")
    assert said.splitlines() == ["FolderMounted", "['mine']"]


@needs_a_disk
def test_a_read_only_disk_is_said_to_be_one(tmp_path: Path) -> None:
    said = run_where_mounted(READ_ONLY, tmp_path, mount="-t tmpfs -o ro tmpfs")
    assert "cannot be written" in said
