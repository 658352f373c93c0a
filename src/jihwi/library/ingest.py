"""How files become documents: what has not changed is passed over, what has is read, stored, chunked and indexed.

Files are compared by size and time of change first, then by content. Each batch is one transaction, so that an ingest
that was interrupted goes on where it stopped: what was stored is unchanged the next time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from jihwi.case.events import Author
from jihwi.evidence import Source
from jihwi.evidence.chunking import Strategy
from jihwi.index import IndexedDocument, WordIndex
from jihwi.library.catalogue import Catalogue, DocumentRow, FileRow, class_at, document_id_of, labels_at, path_key
from jihwi.library.classes import ClassNotes, brought, moved
from jihwi.library.database import LibraryDatabase
from jihwi.library.indexing import CHUNKS_A_COMMIT, IndexKeeper, index_key_of
from jihwi.library.types import CollectionInfo, Document, IngestProgress, IngestReport
from jihwi.naming import FreeNames
from jihwi.readers import FileToRead, Outcome, ReadingService

__all__ = ["Ingest", "Progress"]

Progress = Callable[[IngestProgress], None]

_BATCH_SECONDS = 1.0
_BATCH_FILES = 64


class _Seen(NamedTuple):
    """A file as it lies on disk now."""

    file: FileToRead
    path: str
    size: int
    modified_ns: int


class _Taken(NamedTuple):
    """A file whose outcome is known, or will be when it is read."""

    seen: _Seen
    digest: str


class Ingest:
    """One run over the files of a collection. The caller holds the write lock."""

    def __init__(
        self,
        database: LibraryDatabase,
        index: WordIndex,
        keeper: IndexKeeper,
        service: ReadingService,
        strategy: Strategy,
        collection: tuple[int, CollectionInfo],
        progress: Progress | None,
        told: tuple[ClassNotes, Author],
    ) -> None:
        """`told`: where the classes of what comes and moves are told, and who brings it."""
        self._database = database
        self._index = index
        self._keeper = keeper
        self._service = service
        self._read_by = service.version()
        self._strategy = strategy
        self._collection_row, self._info = collection
        self._progress = progress
        self._classes, self._by = told
        self._report = IngestReport(collection=self._info.name, library_version=0)
        self._seen_files = 0
        self._total = 0
        self._waiting_chunks = 0

    def run(self, files: Iterable[FileToRead]) -> IngestReport:
        """Bring the collection to what `files` says lies on disk."""
        rebuilt = self._keeper.bring_up_to_date()
        seen = _looked_at(files)
        self._total = len(seen)
        with self._database.reading() as connection:
            known = {row.path: row for row in Catalogue(connection).files_in(self._collection_row)}
        wanted = {path_key(one.path) for one in seen}
        fact, labels = brought(self._info, [one.path for one in seen if path_key(one.path) not in known])
        self._classes.tell(fact, self._by, labels)
        gone = [row for key, row in known.items() if key not in wanted and not row.container]
        to_read = self._without_unchanged(seen, known, {row.digest for row in gone})
        self._read(to_read)
        self._remove(gone)
        version = self._finish()
        return self._count(library_version=version, index_rebuilt=rebuilt)

    # ── what has changed ─────────────────────────────────────────────────────

    def _without_unchanged(self, seen: Sequence[_Seen], known: dict[str, FileRow], gone: set[str]) -> list[_Taken]:
        """The files that must be read. What another document has already is copied here and now."""
        to_read: list[_Taken] = []
        for one in seen:
            row = known.get(path_key(one.path))
            current = row is not None and row.read_by == self._read_by and not row.container
            if row is not None and current and (row.size, row.modified_ns) == (one.size, one.modified_ns):
                self._pass_over(one)
                continue
            digest = _digest_of(one.file.location)
            if row is not None and current and digest and row.digest == digest:
                with self._database.writing() as connection:
                    Catalogue(connection).touch(row, one.modified_ns)
                self._pass_over(one)
            elif digest and self._reuse(one, digest, is_new=row is None, moved=digest in gone):
                self._tell(one.path)
            else:
                self._count(added=int(row is None), changed=int(row is not None))
                to_read.append(_Taken(one, digest))
        return to_read

    def _pass_over(self, one: _Seen) -> None:
        self._count(unchanged=1)
        self._tell(one.path)

    def _reuse(self, one: _Seen, digest: str, *, is_new: bool, moved: bool) -> bool:
        """Take over what became of the same bytes under another name; whether there was such."""
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            donor = next((row for row in catalogue.with_digest(digest) if self._may_give(row, one)), None)
            if donor is None:
                return False
            outcome = _outcome_again(catalogue, donor.document)
        self._count(added=int(is_new and not moved), moved=int(is_new and moved), changed=int(not is_new), reused=1)
        self._store([(one, outcome)])
        return True

    def _may_give(self, row: DocumentRow, one: _Seen) -> bool:
        """Whether reading `one` would give what `row` has: the same bytes, readers and kind of name."""
        return (
            row.read_by == self._read_by
            and not row.document.container
            and Path(row.document.source.path).suffix.lower() == Path(one.path).suffix.lower()
        )

    # ── reading and storing ──────────────────────────────────────────────────

    def _read(self, to_read: Sequence[_Taken]) -> None:
        batch: list[tuple[_Seen, Outcome]] = []
        begun = time.monotonic()
        outcomes = self._service.read_all(taken.seen.file for taken in to_read)
        try:
            for taken, outcome in zip(to_read, outcomes, strict=True):
                self._count(read=1)
                batch.append((taken.seen, outcome))
                if len(batch) >= _BATCH_FILES or time.monotonic() - begun >= _BATCH_SECONDS:
                    full, batch = batch, []
                    self._store(full)
                    begun = time.monotonic()  # on a slow disk storing takes its time, and the next batch is no shorter
                self._tell(taken.seen.path)
        finally:
            self._store(batch)  # interrupted, too: what was read is not read again

    def _store(self, batch: Sequence[tuple[_Seen, Outcome]]) -> None:
        """Write a batch to the database, then give it to the index."""
        if not batch:
            return
        indexed: list[IndexedDocument] = []
        gone: list[str] = []
        with self._database.writing() as connection:
            catalogue = Catalogue(connection)
            for one, outcome in batch:
                gone += catalogue.remove_document(document_id_of(self._info.name, one.path))
                indexed += self._put(catalogue, outcome, one.path, one, container="")
            version = catalogue.raise_version()
        self._index.remove(gone)
        self._index.add(indexed)
        written = sum(len(document.chunks) for document in indexed)
        self._count(chunks=written)
        self._waiting_chunks += written
        if self._waiting_chunks >= CHUNKS_A_COMMIT:
            self._index.commit(version)
            self._waiting_chunks = 0

    def _put(
        self, catalogue: Catalogue, outcome: Outcome, path: str, one: _Seen, *, container: str
    ) -> Iterator[IndexedDocument]:
        """Write one outcome, and those of its attachments as documents of their own."""
        labels = labels_at(self._info, path)
        partition = catalogue.partition(self._collection_row, self._info.name, labels)
        reading, chunks = ("", 0)
        if outcome.reading is not None and outcome.reading.text.strip():
            reading, chunks = catalogue.put_reading(outcome.reading, self._strategy)
        document = _document(self._info, outcome, path, one, container, labels, reading, chunks)
        key = index_key_of(document, partition, self._strategy)
        catalogue.put_document(
            document,
            self._collection_row,
            partition,
            modified_ns=one.modified_ns,
            read_by=self._read_by,
            index_key=key,
        )
        if key:
            yield self._keeper.indexed(catalogue, document, partition, key)
        names = FreeNames(key=path_key)
        for attachment in outcome.attachments:
            name = names.take(attachment.path.removeprefix(outcome.path).strip("/") or "attachment")
            yield from self._put(catalogue, attachment, f"{path}/{name}", one, container=document.source.document_id)

    def _remove(self, gone: Sequence[FileRow]) -> None:
        """Take out what is no longer on disk."""
        if not gone:
            return
        with self._database.reading() as connection:
            fact, labels = moved(Catalogue(connection), self._info, [row.document_id for row in gone])
        self._classes.tell(fact, self._by, labels)
        ids: list[str] = []
        with self._database.writing() as connection:
            catalogue = Catalogue(connection)
            for row in gone:
                ids += catalogue.remove_document(row.document_id)
            catalogue.raise_version()
        self._index.remove(ids)
        self._count(removed=len(ids))

    def _finish(self) -> int:
        with self._database.writing() as connection:
            catalogue = Catalogue(connection)
            catalogue.forget_unused_readings()
            version = catalogue.fact("version")
        if self._index.library_version() != version:
            self._index.commit(version)
        self._keeper.keep_vectors_in_step()
        return version

    # ── telling ──────────────────────────────────────────────────────────────

    def _count(self, **more: int | str) -> IngestReport:
        """Add to the report's counts; words replace."""
        known = msgspec.structs.asdict(self._report)
        changed = {
            name: known[name] + value if isinstance(value, int) and name != "library_version" else value
            for name, value in more.items()
        }
        self._report = msgspec.structs.replace(self._report, **changed)
        return self._report

    def _tell(self, path: str) -> None:
        self._seen_files += 1
        if self._progress is not None:
            report = self._report
            self._progress(
                IngestProgress(path, self._seen_files, self._total, report.read, report.unchanged, report.chunks)
            )


def _looked_at(files: Iterable[FileToRead]) -> list[_Seen]:
    """The files with size and time of change; one that is gone by now is left out."""
    seen: list[_Seen] = []
    for file in files:
        try:
            status = Path(file.location).stat()
        except FileNotFoundError:
            continue
        except OSError:
            seen.append(_Seen(file, _storable(file.shown_as), 0, 0))
            continue
        seen.append(_Seen(file, _storable(file.shown_as), status.st_size, status.st_mtime_ns))
    return seen


def _storable(path: str) -> str:
    """A file name as text: bytes that are no UTF-8 are shown as `\\xNN`."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return path


def _digest_of(location: str) -> str:
    """SHA-256 of a file; empty when it cannot be opened (the reading service will say why)."""
    try:
        with Path(location).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _document(
    info: CollectionInfo,
    outcome: Outcome,
    path: str,
    one: _Seen,
    container: str,
    labels: tuple[str, ...],
    reading: str,
    chunks: int,
) -> Document:
    text = outcome.reading
    return Document(
        source=Source(
            document_id=document_id_of(info.name, path),
            collection=info.name,
            path=path,
            digest=outcome.source,
            size=outcome.size if container else one.size,
            modified_ms=one.modified_ns // 1_000_000,
            labels=labels,
            security_class=class_at(info, path),
        ),
        grade=outcome.grade,
        format=outcome.format,
        reading=reading,
        title=text.metadata.title if text is not None else "",
        remarks=outcome.remarks,
        personal_data=outcome.personal_data,
        container=container,
        characters=len(text.text) if text is not None else 0,
        chunks=chunks,
        labels_found=text.metadata.labels if text is not None else (),
    )


def _outcome_again(catalogue: Catalogue, document: Document) -> Outcome:
    """What a reading service said of a document, from what was stored."""
    source = document.source
    return Outcome(
        path=source.path,
        source=source.digest,
        size=source.size,
        format=document.format,
        grade=document.grade,
        remarks=document.remarks,
        reading=catalogue.reading(document.reading) if document.reading else None,
        personal_data=document.personal_data,
        attachments=tuple(
            _outcome_again(catalogue, row.document) for row in catalogue.contained_in(source.document_id)
        ),
    )
