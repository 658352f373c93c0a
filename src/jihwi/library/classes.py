"""Classes and the ledger of the house: a change of a class is a fact first, then a change, and they never come apart.

Under the library's lock, in this order: what is intended is noted in the library; the fact is written; the library
follows and the note goes. Who comes after somebody who died on the way finds the note: a change whose fact is written
is finished, one without is forgotten, since nobody decided it. So a class changes nowhere without a fact, and facts
stand in the order in which the classes held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal, Protocol

import msgspec

from jihwi.case.events import Author
from jihwi.evidence import SecurityClass, Source
from jihwi.house import (
    ClassesChanged,
    ClassesTold,
    ClassGiven,
    ClassMoved,
    DocumentsBrought,
    DocumentsMoved,
)
from jihwi.ids import Randomness
from jihwi.library.catalogue import Catalogue, DocumentRow, class_at, labels_at, path_key
from jihwi.library.database import LibraryDatabase
from jihwi.library.types import CollectionInfo

__all__ = ["ClassChange", "ClassFact", "ClassLedger", "ClassNotes", "ClassSince", "brought", "class_since", "moved"]

ClassFact = ClassesChanged | DocumentsBrought | DocumentsMoved
_NOTE = "class_change"
_MOVED_NAMED = 50
"""Moved files that a fact names; the others are counted."""
_PLACES_REMEMBERED = 1_000


class ClassLedger(Protocol):
    """Where facts about classes go. Called by threads that hold the library's lock."""

    def record(self, fact: ClassFact, by: Author, labels: tuple[str, ...]) -> None:
        """Write a fact; durable when it returns. `labels`: what a reader of it must hold. Raises StoreError."""
        ...

    def was_recorded(self, collection: str, change: str) -> bool:
        """Whether a `ClassesChanged` of this name is among the facts. Raises StoreError."""
        ...


class ClassChange(msgspec.Struct, frozen=True):
    """A change that is decided, and not yet told."""

    fact: ClassesChanged
    info: CollectionInfo
    """What the collection is to bear."""
    labels: tuple[str, ...]


class _Note(msgspec.Struct, frozen=True):
    """A change that is about to be written into the ledger, and what the collection is to bear then."""

    change: str
    info: CollectionInfo


_note_of = msgspec.json.Decoder(_Note).decode


class ClassNotes:
    """The notes in a library's database. The caller holds its lock; without a ledger nothing is noted or told."""

    def __init__(self, database: LibraryDatabase, ledger: ClassLedger | None) -> None:
        self._database = database
        self._ledger = ledger

    def decide(
        self, catalogue: Catalogue, row: int | None, before: CollectionInfo, info: CollectionInfo
    ) -> ClassChange | None:
        """What changes for classes when `info` takes the place of `before`; `row`: of the collection, when it is there
        already. None when nothing does, or nobody is told."""
        given = tuple(_given(before, info)) if self._ledger is not None else ()
        if not given:
            return None
        counts, labels = _counted(catalogue.documents_in(row) if row is not None else (), info)
        fact = ClassesChanged(info.name, Randomness().token(8).hex(), given, info.security_class, dict(counts))
        labels |= {label for one in given for each in (before, info) for label in labels_at(each, one.path)}
        return ClassChange(fact, info, tuple(sorted(labels)))

    def announce(self, change: ClassChange | None, by: Author) -> None:
        """Note a change and write its fact. Raises StoreError: then it is unknown whether the fact was written, and
        the note stays for `unfinished`."""
        if self._ledger is None or change is None:
            return
        note = _Note(change.fact.change, change.info)
        with self._database.writing() as connection:
            Catalogue(connection).choose(_NOTE, msgspec.json.encode(note).decode())
        self._ledger.record(change.fact, by, change.labels)

    def unfinished(self) -> CollectionInfo | None:
        """What a collection is to bear by a change that was decided and cut off. Raises StoreError."""
        if self._ledger is None:
            return None
        with self._database.reading() as connection:
            said = Catalogue(connection).choice(_NOTE)
        if not said:
            return None
        note = _note_of(said)
        if self._ledger.was_recorded(note.info.name, note.change):
            return note.info
        with self._database.writing() as connection:
            self.done(Catalogue(connection))
        return None

    @staticmethod
    def done(catalogue: Catalogue) -> None:
        """The library has followed: forget the note, in the transaction that followed."""
        if catalogue.choice(_NOTE):
            catalogue.choose(_NOTE, "")

    @staticmethod
    def there(database: LibraryDatabase) -> bool:
        """Whether a change was cut off here, or is being made just now."""
        with database.reading() as connection:
            return bool(Catalogue(connection).choice(_NOTE))

    def tell(self, fact: ClassFact | None, by: Author, labels: Iterable[str]) -> None:
        """Write a fact that stands by itself. Raises StoreError."""
        if self._ledger is not None and fact is not None:
            self._ledger.record(fact, by, tuple(sorted(set(labels))))


def _given(before: CollectionInfo, info: CollectionInfo) -> Iterator[ClassGiven]:
    """What bears another class of its own; a rule that is taken away gives none, which is as good as O."""
    if before.security_class != info.security_class:
        yield ClassGiven("", before.security_class, info.security_class)
    held = dict(before.folder_classes)
    for path, one in info.folder_classes:
        was = held.pop(path, None)
        if was != one:
            yield ClassGiven(path, was or "", one)
    for path, one in held.items():
        yield ClassGiven(path, one, "O")


def _counted(rows: Iterable[DocumentRow], info: CollectionInfo) -> tuple[Counter[str], set[str]]:
    """How many documents have another class by `info`, and the labels they bear, now and by it."""
    found, labels = Counter[str](), set[str]()
    for row in rows:
        source = row.document.source
        now = class_at(info, source.path)
        if now != source.security_class:
            found[f"{source.security_class}>{now}"] += 1
            labels.update(source.labels, labels_at(info, source.path))
    return found, labels


def brought(info: CollectionInfo, paths: Sequence[str]) -> tuple[DocumentsBrought | None, set[str]]:
    """That files at these paths are new, by class, and the labels of those; nothing of none."""
    classes = Counter(class_at(info, path) for path in paths)
    labels = {label for path in paths for label in labels_at(info, path)}
    counts = {str(letter): count for letter, count in sorted(classes.items())}
    return (DocumentsBrought(info.name, counts) if counts else None), labels


def moved(catalogue: Catalogue, info: CollectionInfo, gone: Sequence[str]) -> tuple[DocumentsMoved | None, set[str]]:
    """Which of these documents lie elsewhere in the collection, where another class holds, and the labels of both.

    Looked for in the database, so that a reading that was cut off after it had found the new place tells it too.
    """
    ids = frozenset(gone)
    found: list[ClassMoved] = []
    counts = Counter[str]()
    labels: set[str] = set()

    @lru_cache(_PLACES_REMEMBERED)  # of many copies of one file that go together, all lie in one place
    def place_of(digest: str) -> Source | None:
        there = [one.document.source for one in catalogue.with_digest(digest) if not one.document.container]
        mine = [one for one in there if one.collection == info.name and one.document_id not in ids and one.size]
        return max(mine, key=lambda one: "CSO".index(one.security_class), default=None)

    for row in catalogue.documents_named(gone):
        source = row.document.source
        now = place_of(source.digest)
        if now is not None and now.security_class != source.security_class:
            counts[f"{source.security_class}>{now.security_class}"] += 1
            if len(found) < _MOVED_NAMED:
                found.append(ClassMoved(source.path, now.path, source.security_class, now.security_class))
            labels.update(source.labels, now.labels)
    return (DocumentsMoved(info.name, dict(counts), tuple(found)) if found else None), labels


# ── since when ───────────────────────────────────────────────────────────────


class ClassSince(msgspec.Struct, frozen=True):
    """Since when and by whom a document has its class."""

    how: Literal["changed", "brought", "untold"]
    """changed: somebody gave it. brought: it came in with it; the time is that of its folder's first reading.
    untold: no fact says, because it was given before facts of classes were kept."""
    at_ms: int = 0
    by: str = ""
    door: str = ""


def class_since(source: Source, changes: Sequence[ClassesTold], first: ClassesTold | None) -> ClassSince:
    """Since when a document has its class, by what the ledger tells of its collection.

    The changes are gone through in their order: the last that gave the document another class is the one. A change
    that a stricter class of a folder made idle is none.
    """
    rules: dict[str, SecurityClass] = {}
    held, since = "", None
    for one in changes:
        said = one.said
        if not isinstance(said, ClassesChanged):
            continue
        if not held:  # what the folder itself bore before the first change
            held = next((each.before for each in said.given if not each.path), "") or said.own
        rules.update({path_key(each.path): each.after for each in said.given if each.path})
        folder = CollectionInfo("", "", security_class=said.own, folder_classes=tuple(rules.items()))
        now = class_at(folder, source.path)
        held, since = now, (one if now != held else since)
    if since is not None and held == source.security_class:
        return ClassSince("changed", since.at_ms, since.by, since.door)
    if first is None or (held and held != source.security_class):
        return ClassSince("untold")
    return ClassSince("brought", first.at_ms, first.by, first.door)
