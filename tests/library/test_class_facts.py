"""A class changes nowhere without a fact, a fact stands for what the library then holds, and their order is one."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from pathlib import Path
from typing import Literal

import pytest

from jihwi.case.events import Author
from jihwi.errors import StoreBusy, StoreFailed
from jihwi.evidence import SecurityClass, Source, Viewer
from jihwi.house import ClassesChanged, ClassesTold, ClassGiven, DocumentsBrought, DocumentsMoved
from jihwi.library import Library
from jihwi.library.classes import ClassFact, class_since
from tests.library.conftest import postgres, postgres_server, shelf_folder
from tests.library.shelf import ANYONE, Shelf

__all__ = ["postgres", "postgres_server", "shelf_folder"]

KIM = Author("person", "kim", door="cli")
LEE = Author("person", "lee", door="console")


class Dead(BaseException):
    """The process ends here: nothing of it runs any more."""


class Facts:
    """A ledger in memory, which can die before or after it has written, or be away."""

    def __init__(self) -> None:
        self.told: list[tuple[ClassFact, str, tuple[str, ...]]] = []
        self.dies: Literal["", "before", "after"] = ""
        self.away = False

    def record(self, fact: ClassFact, by: Author, labels: tuple[str, ...]) -> None:
        if self.away:
            raise StoreFailed("the store", "it is away")
        if self.dies == "before":
            raise Dead
        self.told.append((fact, by.id, labels))
        if self.dies == "after":
            raise Dead

    def was_recorded(self, collection: str, change: str) -> bool:
        if self.away:
            raise StoreFailed("the store", "it is away")
        return any(one.change == change and one.collection == collection for one in self.changes())

    def changes(self) -> list[ClassesChanged]:
        return [fact for fact, _, _ in self.told if isinstance(fact, ClassesChanged)]

    def history(self) -> list[ClassesTold]:
        found = [(fact, who) for fact, who, _ in self.told if isinstance(fact, ClassesChanged)]
        return [ClassesTold(number, who, "cli", fact) for number, (fact, who) in enumerate(found, 1)]


@pytest.fixture
def shelf(shelf_folder: Path) -> Shelf:
    made = Shelf(shelf_folder)
    made.write("비밀/징계.txt", "징계 기록이다.\n")
    made.write("공지.txt", "공지 사항이다.\n")
    return made


def classes(library: Library) -> dict[str, str]:
    return {source.path: source.security_class for source in library.sources(ANYONE)}


def test_a_change_is_told_with_what_it_was_before_and_how_many_documents_it_makes_another(shelf: Shelf) -> None:
    facts = Facts()
    with shelf.open(facts) as library:
        library.ingest("files", shelf.listing(), shelf.service, by=KIM)
        library.classify("files", "S", {"비밀": "C"}, by=LEE)
        library.classify("files", "S", {"비밀": "C"}, by=KIM)  # as it is already
        library.put_collection("files", str(shelf.files), by=KIM)  # the classes stay
        library.put_collection("files", str(shelf.files), folder_classes={}, by=KIM)
        (first, by, labels), second = facts.told[1], facts.told[2][0]
        assert facts.told[0][0] == DocumentsBrought("files", {"O": 2})
        assert isinstance(first, ClassesChanged)
        assert (by, labels, first.own) == ("lee", (), "S")
        assert first.given == (ClassGiven("", "O", "S"), ClassGiven("비밀", "", "C"))
        assert first.documents == {"O>C": 1, "O>S": 1}
        assert isinstance(second, ClassesChanged)
        assert second.given == (ClassGiven("비밀", "C", "O"),)
        assert len(facts.told) == 3
    shelf.library.close()


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_change_that_was_decided_is_finished_by_who_comes_next_and_no_other_is(
    shelf: Shelf, dies: Literal["before", "after"]
) -> None:
    facts = Facts()
    with shelf.open(facts) as library:
        library.ingest("files", shelf.listing(), shelf.service)
        facts.dies = dies
        with pytest.raises(Dead):
            library.classify("files", "C", by=KIM)
        assert set(classes(library).values()) == {"O"}
    facts.dies = ""
    with shelf.open(facts) as library:
        library.settle()
        wanted = "C" if dies == "after" else "O"
        assert set(classes(library).values()) == {wanted}
        assert len(facts.changes()) == (dies == "after")
        library.classify("files", None, {"공지.txt": "S"}, by=LEE)
        assert [one.own for one in facts.changes()][-1] == wanted
    shelf.library.close()


def test_the_next_reading_and_the_next_change_finish_it_too(shelf: Shelf) -> None:
    facts = Facts()
    with shelf.open(facts) as library:
        facts.dies = "after"
        with pytest.raises(Dead):
            library.classify("files", None, {"비밀": "C"}, by=KIM)
        facts.dies = ""
        library.ingest("files", shelf.listing(), shelf.service)
        assert classes(library) == {"공지.txt": "O", "비밀/징계.txt": "C"}
        facts.dies = "after"
        with pytest.raises(Dead):
            library.classify("files", None, {"비밀": "S"}, by=KIM)
        facts.dies = ""
        library.put_collection("files", str(shelf.files), labels=["인사"], by=LEE)
        [info] = library.collections(Viewer("kim", ("인사",)))
        assert (info.folder_classes, info.labels) == ((("비밀", "S"),), ("인사",))
    shelf.library.close()


def test_what_cannot_be_told_is_not_changed(shelf: Shelf) -> None:
    facts = Facts()
    with shelf.open(facts) as library:
        library.ingest("files", shelf.listing(), shelf.service)
        facts.away = True
        for _ in range(2):
            with pytest.raises(StoreFailed):
                library.classify("files", "C", by=KIM)
        assert set(classes(library).values()) == {"O"}
        facts.away = False
        library.classify("files", "S", by=LEE)
        assert [one.given for one in facts.changes()] == [(ClassGiven("", "O", "S"),)]
    shelf.library.close()


def test_changes_through_two_doors_at_a_time_are_told_in_the_order_they_held_and_none_is_lost(shelf: Shelf) -> None:
    facts = Facts()
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    letters: tuple[SecurityClass, ...] = ("C", "S", "O")
    deadline = time.monotonic() + 120

    def change(by: Author, path: str) -> None:
        with shelf.open(facts) as library:
            for number in range(6):
                done = False
                while not done:  # the other holds the library for longer than this one waits, perhaps
                    assert time.monotonic() < deadline, "the library is never free"
                    with contextlib.suppress(StoreBusy):
                        library.classify("files", letters[number % 3], {path: letters[number % 3]}, by=by)
                        done = True

    doors = [threading.Thread(target=change, args=one) for one in ((KIM, "비밀"), (LEE, "공지.txt"))]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    own, rules = "O", dict[str, str]()
    for fact in facts.changes():
        for one in fact.given:
            assert one.before == (rules.get(one.path, "") if one.path else own), "each stands on the one before it"
            if one.path:
                rules[one.path] = one.after
            else:
                own = one.after
        assert fact.own == own
    [info] = shelf.library.collections(ANYONE)
    assert (info.security_class, dict(info.folder_classes)) == (own, rules) == ("O", {"비밀": "O", "공지.txt": "O"})
    shelf.library.close()


def test_a_reading_of_many_files_is_one_fact_and_one_that_brings_nothing_is_none(shelf: Shelf) -> None:
    facts = Facts()
    for number in range(300):
        shelf.write(f"많은/{number}.txt", f"문서 {number}이다.\n")
    with shelf.open(facts) as library:
        library.classify("files", None, {"비밀": "C", "많은": "S"}, by=KIM)
        for _ in range(2):
            library.ingest("files", shelf.listing(), shelf.service, by=KIM)
        assert [fact for fact, _, _ in facts.told[1:]] == [DocumentsBrought("files", {"C": 1, "O": 1, "S": 300})]
    shelf.library.close()


def test_a_file_that_is_moved_to_where_another_class_holds_is_told(shelf: Shelf) -> None:
    facts = Facts()
    with shelf.open(facts) as library:
        library.classify("files", None, {"비밀": "C"}, by=KIM)
        library.ingest("files", shelf.listing(), shelf.service, by=KIM)
        (shelf.files / "비밀" / "징계.txt").rename(shelf.files / "그냥.txt")
        (shelf.files / "공지.txt").rename(shelf.files / "공고.txt")
        library.ingest("files", shelf.listing(), shelf.service, by=LEE)
        fact, by, _ = facts.told[-1]
        assert isinstance(fact, DocumentsMoved)
        assert (by, fact.documents, len(fact.moved)) == ("lee", {"C>O": 1}, 1)
        assert (fact.moved[0].path, fact.moved[0].now_at) == ("비밀/징계.txt", "그냥.txt")
    shelf.library.close()


def test_a_fact_bears_the_labels_of_what_it_names(shelf: Shelf) -> None:
    facts = Facts()
    with shelf.open(facts) as library:
        library.put_collection("files", str(shelf.files), labels=["총무"], folder_labels={"비밀": ["인사"]})
        library.classify("files", "S", by=KIM)
        library.classify("files", None, {"비밀/징계.txt": "C"}, by=KIM)
        library.ingest("files", shelf.listing(), shelf.service, by=KIM)
        assert [labels for _, _, labels in facts.told] == [("총무",), ("인사", "총무"), ("인사", "총무")]
    shelf.library.close()


def test_a_fact_bears_the_labels_of_the_documents_it_counts(shelf: Shelf) -> None:
    facts = Facts()
    with shelf.open(facts) as library:
        library.put_collection("files", str(shelf.files), folder_labels={"비밀": ["인사"]})
        library.ingest("files", shelf.listing(), shelf.service, by=KIM)
        library.classify("files", "S", by=KIM)
        library.classify("files", None, {"공지.txt": "C"}, by=KIM)
        both, notice = facts.changes()
        assert (both.documents, notice.documents) == ({"O>S": 2}, {"S>C": 1})
        assert [labels for _, _, labels in facts.told[1:]] == [("인사",), ()]
    shelf.library.close()


def test_many_copies_of_a_file_cost_no_more_when_they_go_than_when_they_came(shelf: Shelf) -> None:
    for number in range(800):
        shelf.write(f"사본/{number}.txt", "같은 글이다.\n")
    with shelf.open(Facts()) as library:
        began = time.process_time()
        library.ingest("files", shelf.listing(), shelf.service)
        came = time.process_time()
        shutil.rmtree(shelf.files / "사본")
        assert library.ingest("files", shelf.listing(), shelf.service).removed == 800
        assert time.process_time() - came < 2 * (came - began)
    shelf.library.close()


def at(path: str, letter: SecurityClass) -> Source:
    return Source(
        document_id="d", collection="files", path=path, digest="0", size=1, modified_ms=0, security_class=letter
    )


@pytest.mark.parametrize(
    ("source", "how", "at_ms", "by"),
    [
        (at("공지.txt", "S"), "changed", 2, "lee"),  # the folder's, not the file's own that came after
        (at("비밀/징계.txt", "C"), "changed", 1, "kim"),  # stricter than what the folder got later
        (at("공지.txt", "C"), "untold", 0, ""),  # no fact leads to what it bears
    ],
)
def test_since_when_a_document_has_its_class(source: Source, how: str, at_ms: int, by: str) -> None:
    said = (
        ("kim", ClassesChanged("files", "1", (ClassGiven("비밀", "", "C"),), "O")),
        ("lee", ClassesChanged("files", "2", (ClassGiven("", "O", "S"),), "S")),
        ("kim", ClassesChanged("files", "3", (ClassGiven("공지.txt", "", "S"),), "S")),
    )
    history = [ClassesTold(number, who, "cli", fact) for number, (who, fact) in enumerate(said, 1)]
    since = class_since(source, history, None)
    assert (since.how, since.at_ms, since.by) == (how, at_ms, by)


def test_what_nobody_changed_has_its_class_since_it_came_in() -> None:
    first = ClassesTold(7, "kim", "cli", DocumentsBrought("files", {"O": 1}))
    assert class_since(at("공지.txt", "O"), [], first).how == "brought"
    other = ClassesTold(9, "lee", "cli", ClassesChanged("files", "1", (ClassGiven("비밀", "", "C"),), "O"))
    since = class_since(at("공지.txt", "O"), [other], first)
    assert (since.how, since.at_ms, since.by) == ("brought", 7, "kim")
    assert class_since(at("공지.txt", "O"), [], None).how == "untold"


def test_what_is_gone_counts_with_the_class_it_had_last(shelf: Shelf) -> None:
    library = shelf.library
    library.classify("files", None, {"비밀": "C"})
    library.ingest("files", shelf.listing(), shelf.service)
    ids = {one.path: one.document_id for one in library.sources(ANYONE)}
    assert library.classes_of(ids.values()) == ("C",)
    assert library.classes_of([ids["공지.txt"], "d000000000000"]) == ()
    (shelf.files / "비밀" / "징계.txt").unlink()
    library.ingest("files", shelf.listing(), shelf.service)
    assert library.classes_of([ids["비밀/징계.txt"]]) == ("C",)
    shelf.write("비밀/징계.txt", "징계 기록이다.\n")
    library.ingest("files", shelf.listing(), shelf.service)
    library.classify("files", "S", {"비밀": "O"})
    assert library.classes_of([ids["비밀/징계.txt"]]) == ("S",)
    library.classify("files", "O")
    library.remove_collection("files")
    assert library.classes_of(ids.values()) == ()
    library.close()


def test_more_documents_may_be_asked_for_than_one_statement_takes(shelf: Shelf) -> None:
    library = shelf.library
    library.ingest("files", shelf.listing(), shelf.service)
    library.classify("files", "S")
    named = [f"d{number:012x}" for number in range(1_200)]
    assert library.classes_of(named) == ()
    named += [one.document_id for one in library.sources(ANYONE)]
    assert library.classes_of(sorted(named)) == library.classes_of(reversed(named)) == ("S",)
    library.close()
