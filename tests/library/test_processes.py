"""Several processes on one library: readers beside a writer, a writer killed, a damaged or foreign index."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from jihwi.errors import StoreBusy, StoreCorrupt, StoreFailed, StoreReadOnly, StoreTooNew
from jihwi.index.embedded import EmbeddedIndex
from jihwi.library import IngestProgress, Library
from tests.index.small_words import SmallWords
from tests.library.shelf import ANYONE, Shelf

WRITER = """
import sys
from pathlib import Path
from tests.library.shelf import Shelf
shelf = Shelf(Path(sys.argv[1]))
def tell(progress):
    print(progress.files, flush=True)
    if len(sys.argv) > 2 and progress.files == int(sys.argv[2]):
        sys.stdin.readline()
shelf.library.ingest("files", shelf.listing(), shelf.service, tell)
print("done", flush=True)
"""


def write_files(shelf: Shelf, count: int) -> None:
    for number in range(count):
        shelf.write(
            f"{number:04}.txt", f"# 문서 {number}\n안건 번호{number}호를 심의하였다. " + "회의를 계속한다. " * 20
        )


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), *arguments],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    process.wait()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()


def test_a_writer_killed_anywhere_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    write_files(shelf, 300)
    for kill_after in (3, 90, 150, 250):
        process = start(tmp_path)
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == str(kill_after):
                break
        os.kill(process.pid, signal.SIGKILL)
        end(process)
        result = shelf.library.search("안건을 심의", ANYONE)
        assert not result.stale
        assert result.library_version == shelf.library.version
        assert result.chunks == sum(document.chunks for document in shelf.library.documents(ANYONE))
    report = shelf.library.ingest("files", shelf.listing(), shelf.service)
    assert report.unchanged >= 128
    assert len(shelf.library.documents(ANYONE)) == 300
    assert shelf.paths("안건 번호299호")[0] == "0299.txt"
    shelf.library.close()


def test_readers_work_while_a_writer_writes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.write("first.txt", "처음부터 있던 문서다.")
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    write_files(shelf, 200)
    process = start(tmp_path, "150")
    assert process.stdout is not None
    assert process.stdin is not None
    for line in process.stdout:
        if line.strip() == "150":
            break
    result = shelf.library.search("처음부터 있던 문서", ANYONE)
    assert result.stale
    assert [hit.path for hit in result.hits] == ["first.txt"]
    with pytest.raises(StoreBusy):
        shelf.library.ingest("files", shelf.listing(), shelf.service)
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.read().endswith("done\n")
    end(process)
    result = shelf.library.search("안건 번호150호", ANYONE)
    assert not result.stale
    assert result.hits[0].path == "0150.txt"
    shelf.library.close()


def test_a_damaged_index_is_built_again_from_the_stored_documents(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    write_files(shelf, 20)
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    before = shelf.library.search("안건 번호7호", ANYONE)
    shelf.library.close()
    segment = next((shelf.state / "index").glob("*.seg"))
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)
    os.utime(segment, ns=(1, 1))  # as the times of a file system that counts seconds would tell it, some time later
    again = shelf.open()
    assert again.search("안건 번호7호", ANYONE) == before
    again.close()


def test_an_ingest_says_that_another_analyser_made_the_index(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    write_files(shelf, 3)
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    shelf.library.close()
    other = Library(shelf.state, SmallWords(), EmbeddedIndex(shelf.state / "index", SmallWords()))
    report = other.ingest("files", shelf.listing(), shelf.service)
    assert (report.index_rebuilt, report.read) == ("analyser", 0)
    assert other.search("심의하였다", ANYONE).hits
    other.close()


def test_the_index_may_be_deleted(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    write_files(shelf, 5)
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    before = shelf.library.search("안건", ANYONE)
    for path in (shelf.state / "index").iterdir():
        path.unlink()
    assert shelf.library.search("안건", ANYONE) == before
    shelf.library.close()


def test_a_library_that_is_none_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "library.db").write_bytes(b"this is no database, and long enough to tell" * 100)
    with pytest.raises(StoreCorrupt):
        Library(tmp_path, SmallWords(), EmbeddedIndex(tmp_path / "index", SmallWords()))
    assert (tmp_path / "library.db").read_bytes().startswith(b"this is no database")


def test_a_library_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    Shelf(tmp_path).library.close()
    connection = apsw.Connection(str(tmp_path / "state" / "library.db"))
    connection.execute("PRAGMA user_version=9999")
    connection.close()
    with pytest.raises(StoreTooNew):
        Library(tmp_path / "state", SmallWords(), EmbeddedIndex(tmp_path / "index", SmallWords()))


@pytest.mark.parametrize("name", ["library.db", "library.lock"])
def test_what_lies_in_the_way_of_the_library_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "state" / name).mkdir(parents=True)
    with pytest.raises(StoreFailed, match=name):
        Shelf(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreReadOnly):
        Library(tmp_path / "state", SmallWords(), EmbeddedIndex(tmp_path / "index", SmallWords()))


def test_an_interrupted_ingest_leaves_the_index_usable_in_the_same_process(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    write_files(shelf, 100)

    def stop(progress: IngestProgress) -> None:
        if progress.files == 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shelf.library.ingest("files", shelf.listing(), shelf.service, stop)
    result = shelf.library.search("안건", ANYONE)
    assert (result.stale, result.chunks) == (False, 80)
    shelf.library.close()
