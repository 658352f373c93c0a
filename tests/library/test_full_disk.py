"""A disk that is full while documents are read and indexed: a clear error, nothing lost, and on it goes with room."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mounts import run_where_mounted

PROGRAM = """
import os, pathlib, random, sys
from jihwi.errors import StoreFull
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.mecab import MecabAnalyser
from jihwi.library import Library
from jihwi.readers import FileToRead
from tests.library.shelf import ANYONE, PlainTextService

disk, files, ballast = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
chance = random.Random(3)
COUNT = 100

def written(number):
    lines = (f"예산 집행 {chance.randbytes(150).hex()} 문단{line}" for line in range(12))
    (files / f"{number:04}.txt").write_text(f"문서{number:04} 처리 규정\\n" + "\\n".join(lines), "utf-8")

def listing():
    return [FileToRead(str(one), one.name) for one in sorted(files.iterdir())]

def opened():
    analyser = MecabAnalyser()
    return Library(disk, analyser, EmbeddedIndex(disk / "index", analyser), busy_seconds=0.3)

def paths(library, question):
    return [hit.path for hit in library.search(question, ANYONE, limit=3).hits]

(disk / "ballast").write_bytes(bytes(ballast))
for number in range(5):
    written(number)
library = opened()
library.put_collection("files", str(files))
library.ingest("files", listing(), PlainTextService())
first = {one.source.path for one in library.documents(ANYONE)}
assert len(first) == 5
for number in range(5, COUNT):
    written(number)
try:
    library.ingest("files", listing(), PlainTextService())
    raise SystemExit("the disk was never full")
except StoreFull as problem:
    assert str(disk) in problem.words("ko"), problem.words("ko")
    assert problem.next_step("ko") and problem.next_step("en")
    print("full")
kept = {one.source.path for one in library.documents(ANYONE)}
assert first <= kept, "what was acknowledged is not there"
assert paths(library, "문서0003")[:1] == ["0003.txt"], "what was indexed is not found"
library.close()

library = opened()  # another process, the disk still full: what is there can be read
assert {one.source.path for one in library.documents(ANYONE)} == kept
os.remove(disk / "ballast")
service = PlainTextService()
library.ingest("files", listing(), service)
assert not kept & set(service.read), "what was stored was read again"
assert len(library.documents(ANYONE)) == COUNT
for number in (3, 60, COUNT - 1):
    assert paths(library, f"문서{number:04}")[:1] == [f"{number:04}.txt"]
library.close()
print("kept", len(kept), "went on")
"""


@pytest.mark.needs("mount")
@pytest.mark.parametrize("room", [940_000, 1_640_000])
def test_reading_into_a_full_disk_stops_clearly_and_goes_on_with_room(tmp_path: Path, room: int) -> None:
    """The disk runs full at another place each time: while documents are stored, or while they are indexed. With all
    its room it holds them in however many steps they come, each of which takes its own in the database's journal."""
    disk, files = tmp_path / "disk", tmp_path / "files"
    disk.mkdir()
    files.mkdir()
    said = run_where_mounted(PROGRAM, disk, str(files), str((16 << 20) - room), mount="-t tmpfs -o size=16m tmpfs")
    assert "full" in said
    assert "went on" in said


BEGUN = """
import os, pathlib, sys
from jihwi.errors import StoreFull
from jihwi.library.database import Database

disk = pathlib.Path(sys.argv[1])
for room in range(0, 300_000, 12_000):
    ballast = os.open(disk / "ballast", os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            os.write(ballast, bytes(4096))
    except OSError:
        pass
    os.ftruncate(ballast, os.fstat(ballast).st_size - room)
    os.close(ballast)
    try:
        Database(disk / "library.db", busy_seconds=0.3).close()
        print("begun")
        break
    except StoreFull:
        print("full")
    for path in disk.glob("library.*"):
        path.unlink()
"""


@pytest.mark.needs("mount")
def test_a_library_that_finds_no_room_to_begin_says_so(tmp_path: Path) -> None:
    said = run_where_mounted(BEGUN, tmp_path, mount="-t tmpfs -o size=1m tmpfs").split()
    assert said[-1] == "begun"
    assert set(said[:-1]) == {"full"}
    assert len(said) > 5
