"""What is kept can be copied, put back, moved and erased, and a kill half-way harms nothing."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from jihwi.case.assignment import Reason
from jihwi.case.events import Author, BodyErased
from jihwi.case.ledger import Sealed, open_event, verify
from jihwi.errors import (
    CaseUnknown,
    CommandRefused,
    FileMissing,
    FolderMissing,
    FolderOverlaps,
    FolderTaken,
    StoreBusy,
    StoreCorrupt,
)
from jihwi.ids import Randomness
from jihwi.store import BLOB_BYTES, KeptStore, Patch
from jihwi.store.erasing import erase_bodies, erase_older, forks_of
from jihwi.store.keeping import MANIFEST, backup, read_manifest, restore
from jihwi.store.memory import MemoryStore
from jihwi.store.moving import copy_store
from jihwi.store.postgres import PostgresStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.store_contract import Chain

REPOSITORY = Path(__file__).parents[2]
SEED = 20_240_315
PROMPT = b'{"role": "system"}' * 40
PROMPT_DIGEST = hashlib.sha256(PROMPT).hexdigest()
AUTHOR = Author("person", "kim", door="terminal")
REQUESTED = Reason("erased_on_request", {"note": "privacy"})


async def _fill(store: KeptStore, *, cases: int = 6) -> list[Chain]:
    """Ended and running cases with short and long bodies and a prompt that all share."""
    chains = []
    for number in range(cases):
        chain = Chain(f"c00000000{number:04d}", at_ms=1000 * number)
        opening = Patch("running", request=f"요청 {number}", requester="kim", team="report")
        await store.append(chain.case_id, chain.next(2, text=f"비밀 {PROMPT_DIGEST}"), opening)
        blobs = {PROMPT_DIGEST: PROMPT}
        ended = Patch("closed") if number % 2 else Patch("waiting", wake_at_ms=10**15, waits_for=1)
        await store.append(chain.case_id, chain.next(600, text="x"), Patch("running"), blobs=blobs)
        await store.append(chain.case_id, chain.next(1, text="긴 비밀" * BLOB_BYTES), ended)
        chains.append(chain)
    return chains


async def _assert_same(one: KeptStore, other: KeptStore) -> None:
    rows = await one.rows()
    assert await other.rows() == rows
    for row in rows:
        log = await one.read(row.case_id)
        assert await other.read(row.case_id) == log
        verify(row.case_id, log, expected_head=row.head)
        for digest in await one.blobs_of(row.case_id):
            assert await other.blob(digest) == await one.blob(digest)


def _keeper(what: str, place: Path | str, other: Path | str, at: int) -> int | None:
    """How many moments there were; `None` when it was killed at its moment, as asked."""
    done = _run_keeper(what, place, other, at)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def _run_keeper(what: str, place: Path | str, other: Path | str, at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.store.keeper", what, str(place), str(other), str(at)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY / "src"), "PATH": ""},
        timeout=600,
        check=False,
    )


def _all_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def _some(moments: int, count: int) -> list[int]:
    return sorted(random.Random(SEED).sample(range(1, moments + 1), min(count, moments)))


# ── moving ───────────────────────────────────────────────────────────────────


async def test_cases_move_to_postgres_and_back_as_they_were(tmp_path: Path, postgres: str) -> None:
    async with (
        await SqliteStore.open(tmp_path / "laptop.db") as laptop,
        await PostgresStore.open(postgres) as server,
        await SqliteStore.open(tmp_path / "back.db") as back,
    ):
        chains = await _fill(laptop)
        await erase_bodies(laptop, chains[1].case_id, seqs=[1], reason=REQUESTED, author=AUTHOR, chance=Randomness())
        there = await copy_store(laptop, server)
        assert (there.cases, there.events, there.differing) == (6, 6 * 603 + 1, ())
        await _assert_same(laptop, server)
        await copy_store(server, back)
        await _assert_same(laptop, back)


async def test_copying_again_brings_only_what_is_new() -> None:
    one, other = MemoryStore(), MemoryStore()
    chains = await _fill(one, cases=2)
    await copy_store(one, other)
    await one.append(chains[0].case_id, chains[0].next(3), Patch("closed"))
    again = await copy_store(one, other)
    assert (again.cases, again.events) == (2, 3)
    await _assert_same(one, other)


@pytest.mark.parametrize("seqs", [None, [1], [603]], ids=["all of it", "a short body", "a long one"])
async def test_what_was_erased_since_is_erased_in_the_copy_too(
    tmp_path: Path, postgres: str, seqs: list[int] | None
) -> None:
    async with await SqliteStore.open(tmp_path / "laptop.db") as laptop, await PostgresStore.open(postgres) as server:
        chains = await _fill(laptop, cases=2)
        await copy_store(laptop, server)
        erased = chains[1].case_id
        await erase_bodies(laptop, erased, seqs=seqs, reason=REQUESTED, author=AUTHOR, chance=Randomness())
        again = await copy_store(laptop, server)
        assert again.erased == again.events == (603 if seqs is None else 1)
        await _assert_same(laptop, server)
        assert await server.blobs_of(erased) == await laptop.blobs_of(erased)
        assert (await copy_store(laptop, server)).erased == 0


async def test_a_case_that_was_erased_in_part_and_then_went_on_arrives_with_what_is_new() -> None:
    one, other = MemoryStore(), MemoryStore()
    chains = await _fill(one, cases=2)
    await copy_store(one, other)
    went_on = chains[1]
    await erase_bodies(one, went_on.case_id, seqs=[1], reason=REQUESTED, author=AUTHOR, chance=Randomness())
    (said,) = (await one.read(went_on.case_id))[603:]
    went_on.seq, went_on.head = said.seq, said.head
    digest = hashlib.sha256(b"new").hexdigest()
    await one.append(went_on.case_id, went_on.next(2), Patch("closed"), blobs={digest: b"new"})
    assert (await copy_store(one, other)).erased == 1
    await _assert_same(one, other)


async def test_a_case_with_another_history_is_named_and_left_alone() -> None:
    one, other = MemoryStore(), MemoryStore()
    chains = await _fill(one, cases=2)
    await copy_store(one, other)
    await other.append(chains[0].case_id, chains[0].rival(), Patch("running"))
    before = await other.read(chains[0].case_id)
    await one.append(chains[0].case_id, chains[0].next(2), Patch("closed"))
    copied = await copy_store(one, other)
    assert (copied.cases, copied.differing) == (1, (chains[0].case_id,))
    assert await other.read(chains[0].case_id) == before


async def test_a_case_that_does_not_verify_is_named_and_keeps_no_other_away() -> None:
    class Harmed(MemoryStore):
        """One event of one case is not what was written."""

        async def read(self, case_id: str, **named: Any) -> list[Sealed]:
            log = await super().read(case_id, **named)
            if case_id == chains[1].case_id:
                log[0] = msgspec.structs.replace(log[0], body=b"{}")
            return log

    one, other = Harmed(), MemoryStore()
    chains: list[Chain] = [Chain("none"), Chain("none")]
    chains = await _fill(one, cases=3)
    copied = await copy_store(one, other)
    assert (copied.cases, [broken.case for broken in copied.broken]) == (2, [chains[1].case_id])
    assert await other.row(chains[1].case_id) is None


async def test_a_case_that_is_half_there_is_driven_by_nobody() -> None:
    one, other = MemoryStore(), MemoryStore()
    chain = Chain("c0000000000a1")
    await one.append(chain.case_id, chain.next(1200), Patch("running", request="r", requester="k"))
    seen: list[str] = []
    append = other.append

    class Watching(MemoryStore):
        async def append(self, *values: object, **others: object) -> None:
            await append(*values, **others)  # type: ignore[arg-type]
            row = await other.row(chain.case_id)
            assert row is not None
            seen.append(row.status)

        def __getattribute__(self, name: str) -> object:
            return super().__getattribute__(name) if name == "append" else getattr(other, name)

    await copy_store(one, Watching())
    assert seen == ["running"], "all of it came in one transaction"


@pytest.mark.parametrize("way", ["to postgres", "from postgres"])
async def test_a_copy_killed_half_way_goes_on_where_it_stopped(tmp_path: Path, postgres: str, way: str) -> None:
    laptop = str(tmp_path / "laptop.db")
    source, target = (laptop, postgres) if way == "to postgres" else (postgres, laptop)
    filled = await (SqliteStore.open(source) if source == laptop else PostgresStore.open(source))
    await _fill(filled, cases=3)
    # Each case is one append, and what has arrived is not appended again.
    for at in (1, 2, 2, 1):
        assert _keeper("copy", source, target, at) is None
    assert _keeper("copy", source, target, 0)
    async with await (SqliteStore.open(target) if target == laptop else PostgresStore.open(target)) as arrived:
        await _assert_same(filled, arrived)
    await filled.close()


# ── erasing ──────────────────────────────────────────────────────────────────


async def test_what_is_erased_is_in_no_file_any_more(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with await SqliteStore.open(path) as store:
        chains = await _fill(store)
        for chain in chains:
            if (row := await store.row(chain.case_id)) and row.status != "closed":
                await store.append(chain.case_id, chain.next(), Patch("cancelled"))
            count = await erase_bodies(
                store, chain.case_id, seqs=None, reason=REQUESTED, author=AUTHOR, chance=Randomness()
            )
            log = await store.read(chain.case_id)
            verdict = verify(chain.case_id, log, expected_head=log[-1].head)
            assert verdict.erased == count == 603 + (row is not None and row.status != "closed")
            said = open_event(log[-1]).body
            assert isinstance(said, BodyErased)
            assert (said.reason, open_event(log[-1]).author) == (REQUESTED, AUTHOR)
        assert await store.blob(PROMPT_DIGEST) is None
        left = _all_bytes(tmp_path)
    for secret in ("비밀".encode(), "요청 1".encode(), PROMPT):
        assert secret not in left


async def test_a_blob_that_another_body_names_stays() -> None:
    store = MemoryStore()
    chains = await _fill(store, cases=2)
    await erase_bodies(store, chains[1].case_id, seqs=[1], reason=REQUESTED, author=AUTHOR, chance=Randomness())
    assert PROMPT_DIGEST in await store.blobs_of(chains[1].case_id)
    await erase_bodies(store, chains[1].case_id, seqs=[2], reason=REQUESTED, author=AUTHOR, chance=Randomness())
    assert await store.blobs_of(chains[1].case_id) == []
    assert await store.blob(PROMPT_DIGEST) == PROMPT, "another case still holds it"


async def test_a_case_that_goes_on_is_not_erased() -> None:
    store = MemoryStore()
    (chain,) = await _fill(store, cases=1)
    with pytest.raises(CommandRefused):
        await erase_bodies(store, chain.case_id, seqs=None, reason=REQUESTED, author=AUTHOR, chance=Randomness())
    with pytest.raises(CaseUnknown):
        await erase_bodies(store, "c00000000none", seqs=None, reason=REQUESTED, author=AUTHOR, chance=Randomness())
    assert verify(chain.case_id, await store.read(chain.case_id)).erased == 0


async def test_a_case_whose_past_a_fork_at_work_reads_is_not_erased() -> None:
    store = MemoryStore()
    (chain,) = (await _fill(store, cases=2))[1:]
    ended = Patch("closed", request="", requester="", team="", parent=chain.case_id)
    at_work = Patch("waiting", request="", requester="", team="", parent="c000000fork1")
    for name, patch in (("c000000fork1", ended), ("c000000fork2", at_work)):
        await store.append(name, Chain(name).next(1), patch)
    rows = await store.rows()
    assert [one.case_id for one in forks_of(rows, chain.case_id)] == ["c000000fork1", "c000000fork2"]
    with pytest.raises(CommandRefused, match="c000000fork2"):
        await erase_bodies(store, chain.case_id, seqs=None, reason=REQUESTED, author=AUTHOR, chance=Randomness())
    assert await erase_older(store, before_ms=10**15, author=AUTHOR, chance=Randomness()) == {}
    fork = Chain("c000000fork2")
    fork.next(1)
    await store.append("c000000fork2", fork.next(1), Patch("closed"))
    erased = await erase_older(store, before_ms=10**15, author=AUTHOR, chance=Randomness())
    assert erased.keys() == {chain.case_id, "c000000fork1", "c000000fork2"}


async def test_what_is_older_than_its_time_is_erased_once() -> None:
    store = MemoryStore()
    chains = await _fill(store, cases=4)
    erased = await erase_older(store, before_ms=3000, author=AUTHOR, chance=Randomness())
    assert erased == {chains[1].case_id: 603}
    assert await erase_older(store, before_ms=3000, author=AUTHOR, chance=Randomness()) == {}
    assert (
        await erase_bodies(store, chains[1].case_id, seqs=None, reason=REQUESTED, author=AUTHOR, chance=Randomness())
        == 0
    )


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
async def test_an_erasure_killed_half_way_is_done_or_not_begun(tmp_path: Path, postgres: str, where: str) -> None:
    place = str(tmp_path / "store.db") if where == "sqlite" else postgres
    async with await (SqliteStore.open(place) if where == "sqlite" else PostgresStore.open(place)) as store:
        chain = (await _fill(store, cases=2))[1]
        for at, found in ((1, (603, 0)), (2, (1206, 603))):
            assert _keeper("erase", place, chain.case_id, at) is None
            verdict = verify(chain.case_id, await store.read(chain.case_id))
            assert (verdict.events, verdict.erased) == found


# ── copies of a folder ───────────────────────────────────────────────────────


async def _home(folder: Path) -> Path:
    """A state folder with what one holds: databases, files, an index that is a cache."""
    home = folder / "home"
    async with await SqliteStore.open(home / "cases.db") as store:
        await _fill(store, cases=3)
    for name in ("cases/c1/report.md", "files/a.txt", "index/seg.1"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    return home


async def _verified(home: Path) -> int:
    async with await SqliteStore.open(home / "cases.db") as store:
        rows = await store.rows()
        for row in rows:
            verify(row.case_id, await store.read(row.case_id), expected_head=row.head)
        return len(rows)


async def test_a_folder_in_use_is_copied_whole_and_put_back(tmp_path: Path) -> None:
    home = await _home(tmp_path)
    async with await SqliteStore.open(home / "cases.db") as store:
        stop = asyncio.Event()

        async def work() -> None:
            chain = Chain("c0000000000zz")
            while not stop.is_set():
                await store.append(chain.case_id, chain.next(2), Patch("running", request="r", requester="k"))

        working = asyncio.create_task(work())
        manifest = await asyncio.to_thread(backup, home, tmp_path / "copy", at_ms=5)
        stop.set()
        await working
    assert sorted(manifest.files) == ["cases.db", "cases/c1/report.md", "files/a.txt"]
    assert restore(tmp_path / "copy", tmp_path / "elsewhere" / "home") is None
    assert await _verified(tmp_path / "elsewhere" / "home") >= 3
    kept = restore(tmp_path / "copy", home)
    assert kept is not None
    assert await _verified(kept) == 4
    assert await _verified(home) >= 3
    assert (home / "cases/c1/report.md").read_text() == "cases/c1/report.md"


async def test_a_folder_that_a_process_uses_is_not_replaced(tmp_path: Path) -> None:
    home = await _home(tmp_path)
    backup(home, tmp_path / "copy", at_ms=5)
    async with await SqliteStore.open(home / "cases.db") as store:
        with pytest.raises(StoreBusy, match="is using"):
            restore(tmp_path / "copy", home)
        assert len(await store.rows()) == 3


async def test_nothing_is_overwritten_and_nothing_is_made_up(tmp_path: Path) -> None:
    home = await _home(tmp_path)
    (tmp_path / "taken").mkdir()
    with pytest.raises(FolderTaken):
        backup(home, tmp_path / "taken", at_ms=5)
    with pytest.raises(FolderMissing):
        backup(tmp_path / "nowhere", tmp_path / "copy", at_ms=5)
    with pytest.raises(FolderMissing):
        restore(tmp_path / "nowhere", home)
    with pytest.raises(FileMissing, match=MANIFEST):
        restore(tmp_path / "taken", home)


@pytest.mark.parametrize("harm", ["changed", "missing", "outside"])
async def test_a_harmed_copy_is_refused_before_anything_changes(tmp_path: Path, harm: str) -> None:
    home = await _home(tmp_path)
    copy = tmp_path / "copy"
    backup(home, copy, at_ms=5)
    if harm == "changed":
        (copy / "files/a.txt").write_text("other")
    elif harm == "missing":
        (copy / "cases.db").unlink()
    else:
        manifest = (copy / MANIFEST).read_text()
        (copy / MANIFEST).write_text(manifest.replace("files/a.txt", "../home/files/a.txt"))
    with pytest.raises(StoreCorrupt):
        restore(copy, home)
    assert await _verified(home) == 3


async def test_a_backup_killed_half_way_leaves_no_copy_and_the_next_one_is_whole(tmp_path: Path) -> None:
    home = await _home(tmp_path)
    moments = _keeper("backup", home, tmp_path / "first", 0)
    assert moments is not None
    for at in _some(moments, 6):
        copy = tmp_path / f"copy{at}"
        assert _keeper("backup", home, copy, at) is None
        if copy.exists():
            read_manifest(copy)
        else:
            backup(home, copy, at_ms=5)
        assert await _verified(copy) == 3
    assert await _verified(home) == 3


async def test_a_restore_killed_half_way_is_whole_when_it_is_run_again(tmp_path: Path) -> None:
    home, copy = await _home(tmp_path), tmp_path / "copy"
    backup(home, copy, at_ms=5)
    moments = _keeper("restore", copy, tmp_path / "first", 0)
    assert moments is not None
    for at in _some(moments, 6):
        assert _keeper("restore", copy, home, at) is None
        if home.exists():
            assert await _verified(home) == 3
        restore(copy, home)
        assert await _verified(home) == 3


@pytest.mark.parametrize("times", [1, 2])
async def test_a_restore_that_the_disk_refuses_at_any_moment_leaves_the_folder_as_it_was_or_restored(
    tmp_path: Path, times: int
) -> None:
    home, copy = await _home(tmp_path), tmp_path / "copy"
    held = sorted(backup(home, copy, at_ms=5).files)
    shutil.rmtree(home / "index")
    done = _run_keeper("refused-restore", copy, home, times)
    assert done.returncode == 0, done.stderr
    *refusals, passed = [line.split(" ") for line in done.stdout.splitlines()]
    as_it_was, restored = ",".join(sorted([*held, "mine"])), ",".join(held)
    assert passed == ["done", restored, "before-1"]
    assert len(refusals) > 20
    put_aside = [others for told, *others in refusals if told == "folder_put_aside"]
    assert put_aside == [["-", "before-1"]] * (times - 1), "only one refused twice cannot be undone, and it says so"
    for told, names, others in refusals:
        if told == "folder_put_aside":
            continue
        others = others.replace(",unfinished", "").replace("unfinished", "-")  # refused to be tidied away, too
        names = names.removeprefix(".unfinished,")  # the same
        assert (names, others) in ((as_it_was, "-"), (restored, "before-1"))
        assert told == "store_failed" or (told, names) == ("done", restored)
    assert await _verified(home) == 3


async def test_a_backup_that_the_disk_refuses_at_any_moment_is_whole_or_not_there(tmp_path: Path) -> None:
    home, copy = await _home(tmp_path), tmp_path / "copy"
    done = _run_keeper("refused-backup", home, copy, 1)
    assert done.returncode == 0, done.stderr
    *refusals, passed = [line.split(" ") for line in done.stdout.splitlines()]
    whole = ",".join(sorted([MANIFEST, "cases.db", "cases/c1/report.md", "files/a.txt"]))
    assert passed == ["done", whole, "-"]
    assert len(refusals) > 15
    for told, names, others in refusals:
        assert others == "-"
        assert names.removeprefix(".unfinished,") == whole or (told, names) == ("store_failed", "-")
    read_manifest(copy)
    assert await _verified(copy) == 3


async def test_two_backups_to_one_place_do_not_spoil_each_other(tmp_path: Path) -> None:
    home, copy = await _home(tmp_path), tmp_path / "copy"
    told: list[type[BaseException]] = []

    def second(database: apsw.Connection) -> None:
        """While the first is copying, another process begins."""
        if not told:
            told.append(StoreBusy)
            with pytest.raises(StoreBusy):
                backup(home, copy, at_ms=6)

    apsw.connection_hooks.append(second)
    try:
        backup(home, copy, at_ms=5)
    finally:
        apsw.connection_hooks.remove(second)
    assert told
    assert read_manifest(copy).made_at_ms == 5
    assert await _verified(copy) == 3
    with pytest.raises(FolderTaken):
        backup(home, copy, at_ms=7)


async def test_a_folder_that_is_not_ours_is_not_emptied_for_a_copy(tmp_path: Path) -> None:
    home = await _home(tmp_path)
    mine = tmp_path / "copy.unfinished" / "mine"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(FolderTaken, match="unfinished"):
        backup(home, tmp_path / "copy", at_ms=5)
    assert mine.read_text() == "mine"


async def test_a_part_that_lies_elsewhere_behind_a_link_is_copied(tmp_path: Path) -> None:
    home, elsewhere = await _home(tmp_path), tmp_path / "다른 디스크"
    elsewhere.mkdir()
    (home / "cases.db").rename(elsewhere / "cases.db")
    (home / "cases.db").symlink_to(elsewhere / "cases.db")
    (home / "cases").rename(elsewhere / "cases")
    (home / "cases").symlink_to(elsewhere / "cases")
    (home / "latest").symlink_to(home / "files")
    (elsewhere / "cases" / "round").symlink_to(elsewhere)
    manifest = backup(home, tmp_path / "copy", at_ms=5)
    assert {"cases.db", "cases/c1/report.md", "files/a.txt"} <= set(manifest.files)
    assert not any(name.startswith("latest") for name in manifest.files)
    assert restore(tmp_path / "copy", tmp_path / "back") is None
    assert await _verified(tmp_path / "back") == 3
    (home / "library.db").symlink_to(elsewhere / "unplugged.db")
    with pytest.raises(FileMissing, match="library"):
        backup(home, tmp_path / "other", at_ms=5)
    kept = restore(tmp_path / "copy", home)
    assert kept is not None
    assert (await _verified(home), (kept / "library.db").is_symlink()) == (3, True)


async def test_a_copy_is_not_restored_over_itself_or_into_itself(tmp_path: Path) -> None:
    home, copy = await _home(tmp_path), tmp_path / "copy"
    backup(home, copy, at_ms=5)
    for place in (copy, copy / "state"):
        with pytest.raises(FolderOverlaps):
            restore(copy, place)
    (tmp_path / "leads").symlink_to(home)
    with pytest.raises(FolderOverlaps):
        backup(home, tmp_path / "leads" / "copy", at_ms=5)
    read_manifest(copy)
    assert {path.name for path in (home, copy)} | {"leads"} == set(os.listdir(tmp_path))


async def test_what_is_restored_while_a_folder_is_copied_is_in_the_copy_whole_or_not_at_all(tmp_path: Path) -> None:
    done = _run_keeper("overtaken", tmp_path / "home", tmp_path / "copy", 0)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert {(database, file) for _, database, file in lines} == {("home", "home"), ("new", "new")}
    assert {let for let, *_ in lines} == {"True", "False"}


def test_what_a_fact_names_is_in_the_copy_with_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "cases").mkdir(parents=True)
    with contextlib.closing(apsw.Connection(str(home / "cases.db"))) as facts:
        facts.execute("PRAGMA journal_mode = WAL")
        facts.execute("CREATE TABLE released (name TEXT)")
        told: list[str] = []

        def released(database: apsw.Connection) -> None:
            """Another process releases a report."""
            told.append(f"{len(told)}.md")
            (home / "cases" / told[-1]).write_text("report")
            facts.execute("INSERT INTO released VALUES (?)", (told[-1],))

        apsw.connection_hooks.append(released)
        try:
            backup(home, tmp_path / "copy", at_ms=1)
        finally:
            apsw.connection_hooks.remove(released)
    with contextlib.closing(apsw.Connection(str(tmp_path / "copy" / "cases.db"))) as copied:
        named = {str(name) for (name,) in copied.execute("SELECT name FROM released").fetchall()}
    assert named
    assert named <= {path.name for path in (tmp_path / "copy" / "cases").iterdir()}
