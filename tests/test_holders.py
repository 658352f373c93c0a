"""Who holds a file that somebody waits for: a process that writes, one that stands still, one that only reads."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jihwi.errors import StoreBusy
from jihwi.holders import Holder, holder_of
from jihwi.library.database import WriteLock
from jihwi.sqlite_files import open_file, store_busy
from jihwi.store.keeping import backup, restore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.store_contract import Chain
from tests.freezing import freeze
from tests.store.test_sqlite import OPENING

WRITING = "database = open_file(path); database.execute('BEGIN IMMEDIATE')"
READING = "database = open_file(path); database.execute('SELECT count(*) FROM cases').get"
LOCKING = "held = WriteLock(path, busy_seconds=0).held(); held.__enter__()"
CHILD = """
import sys
from pathlib import Path
from jihwi.library.database import WriteLock
from jihwi.sqlite_files import open_file
path = Path(sys.argv[1])
{does}
print("now", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def a_process_that(does: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has done it, and keeps what it holds until the end."""
    words = [sys.executable, "-c", CHILD.format(does=does), str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "now\n"
            yield process
        finally:
            process.kill()


async def test_whoever_stands_still_in_the_middle_of_a_write_is_named_with_what_to_do(tmp_path: Path) -> None:
    path, chain = tmp_path / "cases.db", Chain("c0000000000a1")
    async with await SqliteStore.open(path, busy_seconds=0.05) as store:
        await store.append(chain.case_id, chain.next(), OPENING)
        refused = chain.next()
        with a_process_that(WRITING, path) as other:
            with pytest.raises(StoreBusy) as busy:
                await store.append(chain.case_id, refused, OPENING)
            assert (busy.value.process, busy.value.stopped) == (other.pid, False)
            assert f"number {other.pid}," in busy.value.words("en")
            assert f"프로세스 {other.pid}번" in busy.value.words("ko")
            assert "kill" not in busy.value.next_step("ko") + busy.value.next_step("en")

            freeze(other.pid)
            with pytest.raises(StoreBusy) as still:
                await store.append(chain.case_id, refused, OPENING)
            assert (still.value.process, still.value.stopped) == (other.pid, True)
            for language in ("ko", "en"):
                assert f"`kill -CONT {other.pid}`" in still.value.next_step(language)
            other.send_signal(signal.SIGKILL)  # as it says
            other.wait()
            await store.append(chain.case_id, refused, OPENING)
        assert holder_of(path) is None


def test_whoever_has_the_lock_of_a_library_is_named(tmp_path: Path) -> None:
    path = tmp_path / "library.lock"
    with a_process_that(LOCKING, path) as other:
        with pytest.raises(StoreBusy) as busy, WriteLock(path, busy_seconds=0.05).held():
            pass
        assert (busy.value.process, busy.value.stopped) == (other.pid, False)
    with WriteLock(path, busy_seconds=5).held():
        assert holder_of(path) is None, "one does not wait for oneself"


async def test_who_only_has_a_store_open_is_named_to_whoever_wants_it_for_himself_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    async with await SqliteStore.open(home / "cases.db"):
        pass
    backup(home, tmp_path / "copy", at_ms=5)
    with a_process_that(READING, home / "cases.db") as other:
        assert holder_of(home / "cases.db") is None, "it keeps nobody from writing"
        assert holder_of(home / "cases.db", reading=True) == Holder(other.pid, stopped=False)
        with pytest.raises(StoreBusy) as busy:
            restore(tmp_path / "copy", home)
        assert busy.value.process == other.pid
    assert restore(tmp_path / "copy", home) is not None


def test_of_what_nobody_holds_nobody_is_said_to(tmp_path: Path) -> None:
    path = tmp_path / "cases.db"
    assert store_busy(path, 5).fields() == {"path": str(path), "seconds": 5, "process": 0, "stopped": False}
    with contextlib.closing(open_file(path)) as database:
        database.execute("BEGIN IMMEDIATE")
        assert holder_of(path) is None
