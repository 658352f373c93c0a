"""A library on a server: copied there and back whole, never over another, shared by many, and no password told."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.errors import StoreBusy, StoreFailed
from jihwi.evidence import Viewer
from jihwi.library.copying import copy_library
from jihwi.library.database import Database
from jihwi.library.postgres import PostgresDatabase
from jihwi.wiring import copy_place
from tests.library.shelf import ANYONE, Shelf, served

KIM = Viewer("kim", ("대외비",))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path)
    made.library.put_collection("files", str(made.files), folder_labels={"비밀": ["대외비"]})
    made.write("복무.txt", "# 복무 규정\n연차휴가는 열다섯 날이다.\n")
    made.write("비밀/징계.txt", "징계 기록은 밖으로 내지 않는다.\n")
    made.library.ingest("files", made.listing(), made.service)
    return made


def test_a_library_goes_to_a_server_and_back_and_goes_on_there(shelf: Shelf, postgres: str, tmp_path: Path) -> None:
    hits = shelf.library.search("연차휴가 징계", KIM).hits
    database = PostgresDatabase(served(postgres))
    with_file = Database(shelf.state / "library.db", busy_seconds=1.0)
    assert copy_library(with_file, database) == 2
    assert copy_library(with_file, database) is None
    with_file.close()
    shelf.library.close()

    shelf.dsn = postgres
    on_server = shelf.open()
    assert on_server.search("연차휴가 징계", KIM).hits == hits
    assert [hit.path for hit in on_server.search("연차휴가 징계", ANYONE).hits] == ["복무.txt"]
    shelf.write("여비.txt", "일비는 이만 원이다.\n")
    report = on_server.ingest("files", shelf.listing(), shelf.service)
    assert (report.unchanged, report.added) == (2, 1)
    on_server.put_collection("more")

    home = Database(tmp_path / "home" / "library.db", busy_seconds=1.0)
    assert copy_library(database, home) == 3
    home.close()
    on_server.close()
    database.close()


def test_two_machines_share_what_one_of_them_read(shelf: Shelf, postgres: str) -> None:
    shelf.library.close()
    shelf.dsn = postgres
    one, other = shelf.open(), shelf.open()
    one.put_collection("files", str(shelf.files))
    assert other.search("연차휴가", ANYONE).hits == ()
    one.ingest("files", shelf.listing(), shelf.service)
    assert [hit.path for hit in other.search("연차휴가", ANYONE).hits] == ["복무.txt"]
    database = PostgresDatabase(served(postgres))
    with database.lock.held(), pytest.raises(StoreBusy):
        other.ingest("files", shelf.listing(), shelf.service)
    assert [hit.path for hit in other.search("연차휴가", ANYONE).hits] == ["복무.txt"]
    for part in (one, other, database):
        part.close()


async def test_a_folder_without_a_library_has_nothing_to_copy(tmp_path: Path) -> None:
    _, documents = await copy_place(tmp_path, tmp_path / "there", busy_seconds=1.0)
    assert documents == 0


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(StoreFailed) as found:
        served("postgresql://kim:pass-phrase@127.0.0.1:1/x")
    assert "pass-phrase" not in str(found.value) + repr(found.value)
