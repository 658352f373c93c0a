"""The library: the one door to an organisation's documents, and it asks everyone who they are.

Every function that tells something of a document takes a viewer. For a document the viewer may not see, the answer is
exactly the answer for a document that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from jihwi.case.events import SYSTEM, Author
from jihwi.errors import IndexCorrupt, LabelReserved, LibraryError, ModelClassRefused, StoreBusy
from jihwi.evidence import CLASS_MARK, Chunk, Reading, SecurityClass, Source, Viewer
from jihwi.evidence.chunking import DEFAULT_STRATEGY, Strategy
from jihwi.index import Analyser, Found, WordIndex
from jihwi.library.catalogue import Catalogue, Partition, class_at, labels_at, path_key, stricter
from jihwi.library.classes import ClassLedger, ClassNotes
from jihwi.library.database import Database, LibraryDatabase
from jihwi.library.indexing import IndexKeeper, index_key_of
from jihwi.library.ingest import Ingest, Progress
from jihwi.library.nearness import Vectors
from jihwi.library.searching import hits_of
from jihwi.library.standing import DEFAULT_STANDING, Standing
from jihwi.library.types import CollectionInfo, Document, IngestReport, KeptSource, SearchResult
from jihwi.readers import FileToRead, ReadingService

__all__ = ["Library"]

_LONGEST_QUESTION = 2_000
"""Code points of a question that are looked for; what comes after would only cost time."""
_WEIGHED = 50
"""At least so many chunks found by words are weighed with their vectors."""


class Library:
    """Documents read, graded, chunked, indexed, and searched by somebody. Safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        analyser: Analyser,
        index: WordIndex,
        *,
        strategy: Strategy | None = None,
        standing: Standing = DEFAULT_STANDING,
        busy_seconds: float = 5.0,
        vectors: Vectors | None = None,
        database: LibraryDatabase | None = None,
        security_class: SecurityClass = "O",
        ledger: ClassLedger | None = None,
    ) -> None:
        """Open the library in `folder`, or begin one. Raises `StoreError`s.

        `strategy`: how to cut readings, whatever was adopted; None for what was (`adopt`). `vectors`: a model and
        where its vectors lie; None for words alone. `database`: where documents lie; None for a file in `folder`.
        `security_class`: of collections that are given none. `ledger`: where changes of classes are told before they
        are made; None for a library that belongs to no house.
        """
        self.analyser = analyser
        self._index = index
        self._strategy = strategy
        self._security_class: SecurityClass = security_class
        self._standing = standing
        self._database = database or Database(folder / "library.db", busy_seconds=busy_seconds)
        self._lock = self._database.lock
        self._classes = ClassNotes(self._database, ledger)
        self._keeper = IndexKeeper(self._database, index, self._lock, vectors)
        self._vectors = self._keeper.vectors
        self._embedder = vectors.embedder if vectors is not None else None

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._index.close()
        if self._vectors is not None and self._embedder is not None:
            self._vectors.index.close()
            self._embedder.close()
        self._database.close()

    @property
    def version(self) -> int:
        """The library number; it rises with each change of anything."""
        with self._database.reading() as connection:
            return Catalogue(connection).fact("version")

    # ── collections ──────────────────────────────────────────────────────────

    def put_collection(
        self,
        name: str,
        root: str = "",
        *,
        labels: Sequence[str] = (),
        security_class: SecurityClass | None = None,
        folder_labels: Mapping[str, Sequence[str]] | None = None,
        folder_classes: Mapping[str, SecurityClass] | None = None,
        by: Author = SYSTEM,
    ) -> CollectionInfo:
        """Name a collection, or change what it bears; its documents bear the new labels before this returns.

        `security_class` and `folder_classes`: None leaves the classes as they are. `by`: who wants it, for the ledger.
        Raises `LabelReserved`, and `StoreError` when the ledger cannot be written: then no class has changed.
        """
        for label in (*labels, *(one for more in (folder_labels or {}).values() for one in more)):
            if label.startswith(CLASS_MARK):
                raise LabelReserved(label)
        classes = None if folder_classes is None else tuple(folder_classes.items())

        def wanted(known: CollectionInfo | None) -> CollectionInfo:
            before = known or self._fresh(name)
            return CollectionInfo(
                name=name,
                root=root,
                labels=tuple(sorted(set(labels))),
                security_class=security_class or before.security_class,
                folder_classes=before.folder_classes if classes is None else classes,
                folder_labels=tuple(
                    (folder, tuple(sorted(set(more)))) for folder, more in (folder_labels or {}).items()
                ),
            )

        return self._change_collection(name, wanted, by)

    def classify(
        self,
        name: str,
        security_class: SecurityClass | None = None,
        folders: Mapping[str, SecurityClass] | None = None,
        *,
        never_lower: bool = False,
        by: Author = SYSTEM,
    ) -> CollectionInfo:
        """Change the class of a collection, or of folders and files in it, and nothing else of it.

        `never_lower`: folders and files that have a stricter class already keep it. `by`: who wants it, for the
        ledger. Raises `LibraryError` when there is no such collection, and as `put_collection` does.
        """

        def wanted(known: CollectionInfo | None) -> CollectionInfo:
            if known is None:
                raise LibraryError(f"collection '{name}'")
            given = dict(known.folder_classes)
            for path, one in (folders or {}).items():
                given[path] = stricter(given.get(path, "O"), one) if never_lower else one
            own = security_class or known.security_class
            return msgspec.structs.replace(known, security_class=own, folder_classes=tuple(given.items()))

        return self._change_collection(name, wanted, by)

    def begin_collection(self, name: str, root: str = "") -> None:
        """Name a collection if there is none of this name; one that is there keeps what it bears."""
        with self._database.reading() as connection:
            known = Catalogue(connection).collection(name)
        if known is None:  # somebody else may name it meanwhile
            fresh = msgspec.structs.replace(self._fresh(name), root=root)
            self._change_collection(name, lambda known: known or fresh, SYSTEM)

    def settle(self) -> None:
        """Finish a change of classes that was decided before whoever made it died. Raises StoreError."""
        if ClassNotes.there(self._database):
            with self._lock.held():
                self._settle()

    def _fresh(self, name: str) -> CollectionInfo:
        return CollectionInfo(name, "", security_class=self._security_class)

    def _change_collection(
        self, name: str, wanted: Callable[[CollectionInfo | None], CollectionInfo], by: Author
    ) -> CollectionInfo:
        """Make a collection what `wanted` says of what it is; nobody changes it in between."""
        with self._lock.held():
            self._settle()
            with self._database.reading() as connection:
                catalogue = Catalogue(connection)
                row, known = catalogue.collection(name) or (None, None)
                info = wanted(known)
                if known == info:
                    return info
                change = self._classes.decide(catalogue, row, known or self._fresh(name), info)
            self._classes.announce(change, by)
            self._write_collection(info)
        return info

    def _write_collection(self, info: CollectionInfo) -> None:
        with self._database.writing() as connection:
            catalogue = Catalogue(connection)
            self._cut_as_wanted(catalogue)
            row = catalogue.put_collection(info)
            self._relabel(catalogue, row, info)
            catalogue.raise_version(permissions=True)
            self._classes.done(catalogue)
        self._keeper.bring_up_to_date()

    def _settle(self) -> None:
        """Under the lock: what somebody who died had decided comes before anything else."""
        info = self._classes.unfinished()
        if info is not None:
            self._write_collection(info)

    def remove_collection(self, name: str) -> None:
        """Forget a collection and its documents; readings that cases keep stay. Unknown names are passed over."""
        with self._lock.held():
            self._settle()
            with self._database.writing() as connection:
                catalogue = Catalogue(connection)
                known = catalogue.collection(name)
                if known is None:
                    return
                catalogue.remove_collection(known[0])
                catalogue.forget_unused_readings()
                catalogue.raise_version(permissions=True)
            self._keeper.bring_up_to_date()

    def collections(self, viewer: Viewer) -> list[CollectionInfo]:
        """The collections whose own labels the viewer holds; of classes of files in them, those the viewer may see."""
        with self._database.reading() as connection:
            known = [info for info in Catalogue(connection).collections() if viewer.may_see(info.labels)]
        return [
            msgspec.structs.replace(
                info,
                folder_classes=tuple(one for one in info.folder_classes if viewer.may_see(labels_at(info, one[0]))),
            )
            for info in known
        ]

    def _relabel(self, catalogue: Catalogue, row: int, info: CollectionInfo) -> None:
        """Put every document of a collection under the labels it now bears."""
        strategy = self._wanted(catalogue)
        for known in catalogue.documents_in(row):
            document = _labelled(known.document, info)
            partition = catalogue.partition(row, info.name, document.source.labels)
            catalogue.put_document(
                document,
                row,
                partition,
                modified_ns=known.modified_ns,
                read_by=known.read_by,
                index_key=index_key_of(document, partition, strategy),
            )

    # ── chunking ─────────────────────────────────────────────────────────────

    @property
    def strategy(self) -> Strategy:
        """How readings are cut from the next ingest on."""
        with self._database.reading() as connection:
            return self._wanted(Catalogue(connection))

    def adopt(self, strategy: Strategy) -> None:
        """Cut readings this way, in every process, from the next ingest on; the same ingest cuts the others again."""
        with self._database.writing() as connection:
            Catalogue(connection).choose("chunking", msgspec.json.encode(strategy).decode())

    def _wanted(self, catalogue: Catalogue) -> Strategy:
        if self._strategy is not None:
            return self._strategy
        chosen = catalogue.choice("chunking")
        return msgspec.json.decode(chosen, type=Strategy) if chosen else DEFAULT_STRATEGY

    # ── ingest ───────────────────────────────────────────────────────────────

    def ingest(
        self,
        collection: str,
        files: Iterable[FileToRead],
        service: ReadingService,
        progress: Progress | None = None,
        *,
        by: Author = SYSTEM,
    ) -> IngestReport:
        """Bring a collection to what `files` says lies on disk: all of its files, by the path they are shown under.

        What has not changed is passed over; what is no longer among `files` is taken out. Killed or raised out of,
        it keeps what it has stored and goes on there the next time. `progress` is told after each file; `by`: who
        brings them, for the ledger. Raises `StoreBusy` when another process is writing, `StoreFull`, `LibraryError`
        when there is no such collection.
        """
        with self._lock.held():
            self._settle()
            with self._database.writing() as connection:
                catalogue = Catalogue(connection)
                known = catalogue.collection(collection)
                if known is None:
                    raise LibraryError(f"collection '{collection}'")
                strategy = self._wanted(catalogue)
                self._cut_as_wanted(catalogue)
            ingest = Ingest(
                self._database, self._index, self._keeper, service, strategy, known, progress, (self._classes, by)
            )
            with self._keeper.or_nothing():
                report = ingest.run(files)
        return self._with_vectors(report)

    def _with_vectors(self, report: IngestReport) -> IngestReport:
        """Make the vectors that are missing, here and of earlier; nobody's writing waits for the model meanwhile."""
        if self._vectors is None:
            return report
        made, waiting, withheld, problem = self._vectors.fill(report.collection)
        return msgspec.structs.replace(
            report,
            vectors=made,
            vectors_waiting=waiting,
            vectors_withheld=withheld,
            vectors_rebuilt=self._vectors.index.rebuilt_because(),
            vectors_problem=problem.code if problem is not None else "",
            vectors_problem_fields={"endpoint": problem.endpoint, "detail": problem.detail} if problem else {},
        )

    def _cut_as_wanted(self, catalogue: Catalogue) -> None:
        """Cut readings that were cut by another strategy again."""
        strategy = self._wanted(catalogue)
        digests = catalogue.cut_otherwise(strategy)
        partitions = catalogue.all_partitions()
        for digest in digests:
            reading = catalogue.reading(digest)
            if reading is None:
                continue
            _, chunks = catalogue.put_reading(reading, strategy)
            for row in list(catalogue.with_reading(digest)):
                document = _with_chunks(row.document, chunks)
                partition = partitions[row.partition]
                catalogue.put_document(
                    document,
                    catalogue.collection_row(document.source.collection),
                    partition,
                    modified_ns=row.modified_ns,
                    read_by=row.read_by,
                    index_key=index_key_of(document, partition, strategy),
                )
        if digests:
            catalogue.raise_version()

    # ── search ───────────────────────────────────────────────────────────────

    def search(
        self,
        question: str,
        viewer: Viewer,
        collections: Sequence[str] | None = None,
        limit: int = 10,
        *,
        documents: Collection[str] | None = None,
        classes: Sequence[SecurityClass] = (),
    ) -> SearchResult:
        """The best passages for `question` in `collections` (all, when None) that `viewer` may see, best first.

        With `documents`, only passages of these; statistics stay those of the collections. A collection or document
        the viewer may not see, or that does not exist, is not there: no error, no count, no difference. `classes`: of
        texts that may stand in the question; an embedding server that may not see them is not asked. Raises
        `StoreBusy` when labels have changed and another process keeps the index from following.
        """
        try:
            return self._search(question, viewer, collections, limit, documents, classes)
        except IndexCorrupt:
            with self._lock.held():
                self._keeper.build_anew()
            return self._search(question, viewer, collections, limit, documents, classes)

    def _search(
        self,
        question: str,
        viewer: Viewer,
        collections: Sequence[str] | None,
        limit: int,
        documents: Collection[str] | None,
        classes: Sequence[SecurityClass],
    ) -> SearchResult:
        current = self._keeper.catch_up()
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            partitions = catalogue.visible_partitions(viewer, collections)
            held = self._index.library_version()
            keys = None
            if not current or held != catalogue.fact("version"):
                keys = dict(self._index.state().documents)
            asked = question[:_LONGEST_QUESTION]
            found, words_only = self._found(catalogue, asked, partitions, limit, documents, classes)
            hits = hits_of(catalogue, found, keys, partitions, self._standing, limit)
        return SearchResult(
            question=question,
            hits=tuple(hits),
            terms=found.terms,
            chunks=found.chunks,
            candidates=found.candidates,
            library_version=held,
            stale=keys is not None,
            words_only=words_only,
        )

    def _found(
        self,
        catalogue: Catalogue,
        question: str,
        partitions: Sequence[Partition],
        limit: int,
        documents: Collection[str] | None,
        classes: Sequence[SecurityClass],
    ) -> tuple[Found, str]:
        """What words find, and vectors where there are any; then why vectors were not used, when they were to be."""
        keys, most = [partition.key for partition in partitions], 2 * limit + 10
        vectors = self._vectors
        if vectors is not None and vectors.index.library_version() < catalogue.fact("permissions"):
            # Labels have changed and another process keeps the vectors from following: what stands under old ones
            # must not even take another's place.
            return self._index.search(question, keys, limit=most, documents=documents), StoreBusy.code
        if vectors is not None and not vectors.may_see(classes):
            found = self._index.search(question, keys, limit=most, documents=documents)
            return found, ModelClassRefused.code
        vector = vectors.vector_of(question) if vectors is not None else None
        if vectors is None or vector is None:
            found = self._index.search(question, keys, limit=most, documents=documents)
            return found, vectors.away_because if vectors is not None else ""
        near = vectors.nearest(catalogue, vector, partitions, documents)
        if near is None:
            return self._index.search(question, keys, limit=most, documents=documents), vectors.away_because
        also = [(one.document_id, one.ordinal) for one in near]
        found = self._index.search(question, keys, limit=max(most, _WEIGHED), documents=documents, also=also)
        found = vectors.weighed(catalogue, found, vector, near, partitions)
        return msgspec.structs.replace(found, matches=found.matches[:most]), vectors.away_because

    # ── documents ────────────────────────────────────────────────────────────

    def classes_of(self, documents: Iterable[str]) -> tuple[SecurityClass, ...]:
        """The classes above open that any of these documents has now, or had when it went. For the house, whose cases
        name them: whoever looks, a model is shown nothing of a class it may not see."""
        with self._database.reading() as connection:
            found = Catalogue(connection).classes_of(documents)
        order: tuple[SecurityClass, ...] = ("C", "S")
        return tuple(one for one in order if one in found)

    def document(self, document_id: str, viewer: Viewer) -> Document | None:
        """A document; None when there is none the viewer may see."""
        with self._database.reading() as connection:
            row = Catalogue(connection).document(document_id)
        if row is None or not viewer.may_see(row.document.source.labels):
            return None
        return row.document

    def documents(self, viewer: Viewer, collections: Sequence[str] | None = None) -> list[Document]:
        """Every document the viewer may see, by collection and path: grades and remarks too."""
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            found = [row.document for row in catalogue.documents(catalogue.visible_partitions(viewer, collections))]
        found.sort(key=lambda document: (document.source.collection, path_key(document.source.path)))
        return found

    def sources(self, viewer: Viewer, collections: Sequence[str] | None = None) -> list[Source]:
        """The sources the viewer may see, by collection and path."""
        return [document.source for document in self.documents(viewer, collections)]

    def reading(self, digest: str, viewer: Viewer) -> Reading | None:
        """A reading; None when no document or case gives the viewer a right to it."""
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            return catalogue.reading(digest) if _may_read(catalogue, digest, viewer) else None

    def text(self, digest: str, start: int, end: int, viewer: Viewer) -> str | None:
        """Some of a reading's text, without the rest being read; None as in `reading`."""
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            return catalogue.text(digest, max(0, start), end) if _may_read(catalogue, digest, viewer) else None

    def chunks(self, digest: str, viewer: Viewer) -> list[Chunk] | None:
        """How a reading is cut; None as in `reading`."""
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            return catalogue.chunks(digest) if _may_read(catalogue, digest, viewer) else None

    def same_content(self, document_id: str, viewer: Viewer) -> list[Document]:
        """Other documents with the very same bytes or text that the viewer may see."""
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            row = catalogue.document(document_id)
            if row is None or not viewer.may_see(row.document.source.labels):
                return []
            twins = {other.id: other.document for other in catalogue.with_digest(row.document.source.digest)}
            if row.document.reading:
                twins |= {other.id: other.document for other in catalogue.with_reading(row.document.reading)}
        del twins[row.id]
        return [twin for twin in twins.values() if viewer.may_see(twin.source.labels)]

    # ── what cases keep ──────────────────────────────────────────────────────

    def keep(self, case_id: str, digest: str, viewer: Viewer) -> bool:
        """Keep a reading that a case cites, whatever becomes of its file; False when the viewer may not see it."""
        with self._database.writing() as connection:
            catalogue = Catalogue(connection)
            if not _may_read(catalogue, digest, viewer):
                return False
            bearing = [row.document.source.labels for row in catalogue.with_reading(digest)]
            mine = [labels for labels in bearing if viewer.may_see(labels)] or catalogue.kept_labels(digest)
            catalogue.keep(digest, case_id, min(mine, key=lambda labels: (len(labels), labels)))
            for row in list(catalogue.with_reading(digest)):
                if viewer.may_see(row.document.source.labels):
                    catalogue.follow(row, case_id)
            return True

    def kept_source(self, document_id: str, viewer: Viewer) -> KeptSource | None:
        """What is known of a document that is gone and that cases cite; None as long as it is there."""
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            if catalogue.document(document_id) is not None:
                return None
            return next((one for one in catalogue.kept_source(document_id) if viewer.may_see(one.labels)), None)

    def same_source(self, digest: str, viewer: Viewer) -> list[Document]:
        """The documents with these bytes, by path, that the viewer may see."""
        with self._database.reading() as connection:
            found = [row.document for row in Catalogue(connection).with_digest(digest)]
        return [document for document in found if viewer.may_see(document.source.labels)]

    def changed_since(self, limit: int = 1000) -> list[str]:
        """Cases that keep what they cite (`keep`) and whose sources have changed, moved, gone or come back since."""
        with self._database.reading() as connection:
            return Catalogue(connection).changed_since(limit)

    def compared(self, case_id: str) -> None:
        """A case was compared with its sources as they are now (`changed_since`)."""
        with self._database.writing() as connection:
            Catalogue(connection).compared(case_id)

    def let_go(self, case_id: str) -> None:
        """A case no longer needs what it kept."""
        with self._database.writing() as connection:
            catalogue = Catalogue(connection)
            catalogue.let_go(case_id)
            catalogue.forget_unused_readings()


def _may_read(catalogue: Catalogue, digest: str, viewer: Viewer) -> bool:
    """By what the documents bear that have this reading now; by what they bore, once none has it any more."""
    borne = [row.document.source.labels for row in catalogue.with_reading(digest)] or catalogue.kept_labels(digest)
    return any(viewer.may_see(labels) for labels in borne)


def _labelled(document: Document, info: CollectionInfo) -> Document:
    source = msgspec.structs.replace(
        document.source,
        labels=labels_at(info, document.source.path),
        security_class=class_at(info, document.source.path),
    )
    return msgspec.structs.replace(document, source=source)


def _with_chunks(document: Document, chunks: int) -> Document:
    return msgspec.structs.replace(document, chunks=chunks)
