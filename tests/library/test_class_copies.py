"""A copy made while a class changes holds the change with its fact, or neither: it is never less strict than it says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import msgspec
import pytest

from jihwi.case.events import Author
from jihwi.errors import StoreBusy
from jihwi.house import ClassesChanged
from jihwi.library import Library
from jihwi.library.classes import ClassFact
from jihwi.store.keeping import backup, restore
from tests.library.shelf import ANYONE, Shelf

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
