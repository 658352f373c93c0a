"""A copy made while a class changes holds it with its fact, or neither: the copy is never less strict than it says."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import apsw
import msgspec
import pytest
from psycopg.conninfo import conninfo_to_dict

from jihwi.case.events import Author
from jihwi.errors import StoreBusy
from jihwi.evidence import SecurityClass
from jihwi.house import ClassesChanged
from jihwi.library import Library
from jihwi.library.classes import ClassFact
from jihwi.readers import FileToRead
from jihwi.settings import Settings, StoreAddress
from jihwi.store import CaseRow, Patch
from jihwi.store.keeping import backup, restore
from jihwi.testing.store_contract import Chain
from jihwi.wiring import copy_place, open_house
from tests.library.shelf import ANYONE, PlainTextService, Shelf

OPENING = Patch("waiting", request="r", requester="k")
KIM = Author("person", "kim", door="console")


class Ledger:
    """Facts in a database of their own, as the house's are."""

    def __init__(self, path: Path) -> None:
        self._database = apsw.Connection(str(path))
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("CREATE TABLE IF NOT EXISTS facts (said TEXT)")

    def record(self, fact: ClassFact, by: Author, labels: tuple[str, ...]) -> None:
        if isinstance(fact, ClassesChanged):
            self._database.execute("INSERT INTO facts VALUES (?)", (msgspec.json.encode(fact).decode(),))

    def was_recorded(self, collection: str, change: str) -> bool:
        return any(one.change == change for one in self.told())

    def told(self) -> list[ClassesChanged]:
        found = self._database.execute("SELECT said FROM facts ORDER BY rowid").fetchall()
        return [msgspec.json.decode(str(said), type=ClassesChanged) for (said,) in found]

    def close(self) -> None:
        self._database.close()


@contextlib.contextmanager
def at_each_database_opened(do: Callable[[int], None]) -> Iterator[None]:
    """Calls `do` with 1, 2, … before a database is opened, but not for those that it opens itself."""
    count, doing = 0, False

    def opened(database: apsw.Connection) -> None:
        nonlocal count, doing
        if not doing:
            count, doing = count + 1, True
            try:
                do(count)
            finally:
                doing = False

    apsw.connection_hooks.append(opened)
    try:
        yield
    finally:
        apsw.connection_hooks.remove(opened)


def class_in(library: Library) -> str:
    (source,) = library.sources(ANYONE)
    return source.security_class


@pytest.mark.parametrize(("before", "after"), [("S", "C"), ("C", "O")])
@pytest.mark.parametrize("cut_off", [False, True], ids=["", "and its maker dies once it is told"])
def test_a_backup_holds_a_change_with_its_fact_or_not_at_all(
    tmp_path: Path, before: str, after: str, cut_off: bool
) -> None:
    class Dead(BaseException):
        pass

    class Dying(Ledger):
        def record(self, fact: ClassFact, by: Author, labels: tuple[str, ...]) -> None:
            super().record(fact, by, labels)
            if cut_off:
                raise Dead

    shelf = Shelf(tmp_path)
    shelf.write("가.txt", "인사 기록이다.\n")
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    shelf.library.close()
    seen: set[str] = set()
    moment, last = 0, 0
    while moment <= last:
        moment += 1
        with contextlib.closing(Ledger(shelf.state / "cases.db")) as ledger, shelf.open(ledger) as library:
            library.classify("files", before, by=KIM)  # type: ignore[arg-type]

        def change(count: int, now: int = moment) -> None:
            nonlocal last
            last = max(last, count)
            if count == now:
                with (
                    contextlib.suppress(StoreBusy, Dead),
                    contextlib.closing(Dying(shelf.state / "cases.db")) as ledger,
                    shelf.open(ledger) as library,
                ):
                    library.classify("files", after, by=KIM)  # type: ignore[arg-type]

        copy, home = tmp_path / f"copy{moment}", tmp_path / f"home{moment}"
        with at_each_database_opened(change):
            backup(shelf.state, copy, at_ms=moment)
        restore(copy, home)
        shelf.state, kept = home, shelf.state
        with contextlib.closing(Ledger(home / "cases.db")) as ledger, shelf.open(ledger) as library:
            library.settle()
            assert class_in(library) == ledger.told()[-1].own
            seen.add(class_in(library))
        shelf.state = kept
    assert seen == {before, after}, "some copies were made before the change, and some after"


@pytest.mark.parametrize("to", ["stricter", "laxer"])
@pytest.mark.parametrize("where", ["folder", "server"])
async def test_what_is_brought_to_another_place_is_of_one_moment(
    tmp_path: Path, request: pytest.FixtureRequest, where: str, to: str
) -> None:
    """While the cases are being copied, another process changes a class and goes on with a case."""
    source: StoreAddress | Path = tmp_path / "here"
    here = Settings(home=str(source))
    if where == "server":
        source = StoreAddress(_as_url(request.getfixturevalue("postgres")))
        here = Settings(home=here.home, store=source)
    chains = [Chain(f"c00000000{number:04d}") for number in range(3)]
    file = tmp_path / "가.txt"
    file.write_text("인사 기록이다.\n", "utf-8")

    async def other_process() -> None:
        async with open_house(here) as house:
            after: SecurityClass = "C" if to == "stricter" else "O"
            await asyncio.to_thread(house.library.classify, "files", after, by=KIM)
            await house.store.append(chains[-1].case_id, chains[-1].next(), OPENING)

    async with open_house(here) as house:
        library, files = house.library, [FileToRead(str(file), "가.txt")]
        await asyncio.to_thread(library.put_collection, "files", str(tmp_path), security_class="S", by=KIM)
        await asyncio.to_thread(library.ingest, "files", files, PlainTextService(), by=KIM)
        for chain in chains:
            await house.store.append(chain.case_id, chain.next(), OPENING)

    told: list[str] = []

    def one_is_there(row: CaseRow) -> None:
        told.append(row.case_id)
        if len(told) == 1:
            other = threading.Thread(target=asyncio.run, args=(other_process(),))
            other.start()
            other.join(120)
            assert not other.is_alive()

    there = tmp_path / "there"
    copied, documents = await copy_place(source, there, busy_seconds=2.0, told=one_is_there)
    assert (copied.cases, documents, copied.differing) == (3, 1, ())
    async with open_house(Settings(home=str(there))) as house:
        (last,) = (await house.stream.refresh()).classes["files"][-1:]
        assert isinstance(last.said, ClassesChanged)
        assert class_in(house.library) == last.said.own == "S"
        assert {row.seq for row in await house.store.rows()} == {1}
    async with open_house(here) as house:
        assert class_in(house.library) == ("C" if to == "stricter" else "O"), "where it came from, the change was made"


def _as_url(dsn: str) -> str:
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(dsn).items() if value}
    name = parts.pop("dbname", "postgres")
    return f"postgresql:///{name}?" + "&".join(f"{key}={value}" for key, value in parts.items())
