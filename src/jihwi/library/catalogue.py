"""What stands in the library's database, row by row: the one place that knows its tables."""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from jihwi.evidence import Chunk, Reading, SecurityClass, Viewer, reading_digest
from jihwi.evidence.chunking import Strategy, chunks_of
from jihwi.library.database import Connection
from jihwi.library.types import CollectionInfo, Document, KeptSource

__all__ = [
    "Catalogue",
    "DocumentRow",
    "FileRow",
    "Partition",
    "class_at",
    "document_id_of",
    "labels_at",
    "path_key",
    "stricter",
]

PART_CHARACTERS = 16_384
"""Code points of a reading's text in one stored part."""


def path_key(path: str) -> str:
    """The form in which paths are compared: NFC. What is shown stays as it was found."""
    return unicodedata.normalize("NFC", path)


def document_id_of(collection: str, path: str) -> str:
    """The id of the document at `path` in `collection`; the same on every machine.

    >>> document_id_of("규정", "복무.hwpx") == document_id_of("규정", unicodedata.normalize("NFD", "복무.hwpx"))
    True
    """
    place = f"{path_key(collection)}\x00{path_key(path)}".encode("utf-8", "surrogatepass")
    return "d" + hashlib.sha256(place).hexdigest()[:12]


def labels_at(info: CollectionInfo, path: str) -> tuple[str, ...]:
    """The labels a document at `path` bears: its collection's and those of every folder above it, sorted."""
    key = path_key(path)
    found = set(info.labels)
    for folder, labels in info.folder_labels:
        prefix = path_key(folder).strip("/")
        if not prefix or key == prefix or key.startswith(prefix + "/"):
            found.update(labels)
    return tuple(sorted(found))


def class_at(info: CollectionInfo, path: str) -> SecurityClass:
    """The class of a document at `path`: the strictest of its collection's and of every folder's above it.

    >>> class_at(CollectionInfo("규정", "", folder_classes=(("비밀", "C"),)), "비밀/가.txt")
    'C'
    """
    key = path_key(path)
    found: set[SecurityClass] = {info.security_class}
    for folder, security_class in info.folder_classes:
        prefix = path_key(folder).strip("/")
        if not prefix or key == prefix or key.startswith(prefix + "/"):
            found.add(security_class)
    order: tuple[SecurityClass, ...] = ("C", "S", "O")
    return next(one for one in order if one in found)


def stricter(one: SecurityClass, other: SecurityClass) -> SecurityClass:
    """The stricter of two classes.

    >>> stricter("O", "S")
    'S'
    """
    return min(one, other, key="CSO".index)


class Partition(NamedTuple):
    """A collection and a set of labels, as the index names it."""

    id: int
    key: str
    labels: tuple[str, ...]


class DocumentRow(NamedTuple):
    """A stored document with what decides whether it must be read or indexed again."""

    id: int
    document: Document
    partition: int
    modified_ns: int
    read_by: str
    index_key: str


class FileRow(NamedTuple):
    """What decides whether a file must be read again, of a document that is stored: so little that a run over a
    collection can hold it of all of them."""

    id: int
    document_id: str
    path: str
    """As paths are compared."""
    digest: str
    size: int
    modified_ns: int
    read_by: str
    container: str


_ROW = "documents.id, documents.body, documents.partition, modified_ns, read_by, index_key"

_AT_ONCE = 500
"""So many names are asked for in one statement."""
_ROWS_A_TIME = 100
"""So many documents of a collection are in memory at a time, each with its remarks."""

_labels_of = msgspec.json.Decoder(tuple[str, ...]).decode
_document_of = msgspec.msgpack.Decoder(Document).decode
_chunk_of = msgspec.msgpack.Decoder(Chunk).decode
_info_of = msgspec.msgpack.Decoder(CollectionInfo).decode
_structure_of = msgspec.json.Decoder(Reading).decode


_PRESENT = (
    "COALESCE((SELECT documents.reading FROM documents WHERE documents.document_id = kept_sources.document_id), "
    "(SELECT min(documents.document_id) FROM documents WHERE documents.digest = kept_sources.digest), '')"
)
"""How a kept source is there now: by its present reading, by another file of the same bytes, or not at all."""


class Catalogue:
    """The tables, through one connection and its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    # ── versions ─────────────────────────────────────────────────────────────

    def fact(self, name: str) -> int:
        """`version` or `permissions`."""
        return int(self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()[0])

    def raise_version(self, *, permissions: bool = False) -> int:
        """The next library number; with `permissions`, it also says that labels changed."""
        version = self.fact("version") + 1
        self._db.execute("UPDATE facts SET value = ? WHERE name = 'version'", (version,))
        if permissions:
            self._db.execute("UPDATE facts SET value = ? WHERE name = 'permissions'", (version,))
        return version

    # ── choices ──────────────────────────────────────────────────────────────

    def choice(self, name: str) -> str:
        """What a person chose; empty when nobody did."""
        row = self._db.execute("SELECT value FROM choices WHERE name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def choose(self, name: str, value: str) -> None:
        """Write what a person chose."""
        self._db.execute(
            "INSERT INTO choices VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    # ── collections ──────────────────────────────────────────────────────────

    def collections(self) -> list[CollectionInfo]:
        """Every collection, by name."""
        return [_info_of(body) for (body,) in self._db.execute("SELECT info FROM collections ORDER BY name")]

    def collection(self, name: str) -> tuple[int, CollectionInfo] | None:
        """A collection with its row."""
        row = self._db.execute("SELECT id, info FROM collections WHERE name = ?", (path_key(name),)).fetchone()
        return None if row is None else (row[0], _info_of(row[1]))

    def collection_row(self, name: str) -> int:
        """The row of a collection that is known to exist."""
        row = self.collection(name)
        return row[0] if row is not None else 0

    def put_collection(self, info: CollectionInfo) -> int:
        """Write a collection, new or changed."""
        self._db.execute(
            "INSERT INTO collections (name, info) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET info = excluded.info",
            (path_key(info.name), msgspec.msgpack.encode(info)),
        )
        row = self.collection(info.name)
        return row[0] if row is not None else 0

    def remove_collection(self, collection: int) -> None:
        """Take a collection out with all its documents."""
        for row in self.documents_in(collection):
            self._remember_class(row.document)
        self._db.execute("DELETE FROM documents WHERE collection = ?", (collection,))
        self._db.execute("DELETE FROM collections WHERE id = ?", (collection,))

    # ── partitions ───────────────────────────────────────────────────────────

    def partition(self, collection: int, name: str, labels: tuple[str, ...]) -> Partition:
        """The partition of a collection and exactly these labels."""
        key = msgspec.json.encode([path_key(name), *labels]).decode()
        body = msgspec.json.encode(labels)
        self._db.execute(
            "INSERT INTO partitions (key, collection, labels) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
            (key, collection, body),
        )
        row = self._db.execute("SELECT id FROM partitions WHERE key = ?", (key,)).fetchone()
        return Partition(row[0], key, labels)

    def all_partitions(self) -> dict[int, Partition]:
        """Every partition by its row: for indexing alone."""
        rows = self._db.execute("SELECT id, key, labels FROM partitions")
        return {number: Partition(number, key, _labels_of(body)) for number, key, body in rows}

    def visible_partitions(self, viewer: Viewer, collections: Sequence[str] | None) -> list[Partition]:
        """The partitions of `collections` (all, when None) whose labels the viewer holds."""
        rows = self._db.execute(
            "SELECT partitions.id, key, labels, name FROM partitions JOIN collections ON collections.id = collection"
        )
        wanted = None if collections is None else {path_key(name) for name in collections}
        return [
            Partition(number, key, labels)
            for number, key, body, name in rows
            if (wanted is None or name in wanted) and viewer.may_see(labels := _labels_of(body))
        ]

    # ── documents ────────────────────────────────────────────────────────────

    def documents(self, partitions: Sequence[Partition]) -> Iterator[DocumentRow]:
        """The documents of these partitions, by collection and path."""
        for partition in partitions:
            rows = self._db.execute(f"SELECT {_ROW} FROM documents WHERE partition = ? ORDER BY path", (partition.id,))
            yield from map(_row, rows)

    def documents_in(self, collection: int) -> Iterator[DocumentRow]:
        """The documents of a collection by path, whoever may see them: for ingest alone. Some are read at a time, so
        that each may be changed or taken out on the way."""
        for rows in self._paged(_ROW, collection):
            yield from map(_row, rows)

    def files_in(self, collection: int) -> Iterator[FileRow]:
        """The same in short."""
        columns = "id, document_id, path, digest, size, modified_ns, read_by, container"
        for rows in self._paged(columns, collection):
            yield from map(FileRow._make, rows)

    def _paged(self, columns: str, collection: int) -> Iterator[list[tuple[Any, ...]]]:
        """These columns of a collection's documents by path, some rows at a time."""
        after, values = "", [collection]
        while rows := self._db.execute(
            f"SELECT path, {columns} FROM documents WHERE collection = ? {after}ORDER BY path LIMIT {_ROWS_A_TIME}",
            values,
        ).fetchall():
            yield [row[1:] for row in rows]
            after, values = "AND path > ? ", [collection, rows[-1][0]]

    def documents_named(self, document_ids: Sequence[str]) -> Iterator[DocumentRow]:
        """These documents, in this order, as far as they are there."""
        for start in range(0, len(document_ids), _ROWS_A_TIME):
            some = document_ids[start : start + _ROWS_A_TIME]
            marks = ", ".join("?" * len(some))
            rows = self._db.execute(f"SELECT {_ROW} FROM documents WHERE document_id IN ({marks})", some).fetchall()
            found = {row.document.source.document_id: row for row in map(_row, rows)}
            yield from (found[one] for one in some if one in found)

    def document(self, document_id: str) -> DocumentRow | None:
        """A document by its id."""
        row = self._db.execute(f"SELECT {_ROW} FROM documents WHERE document_id = ?", (document_id,)).fetchone()
        return None if row is None else _row(row)

    def with_digest(self, digest: str) -> Iterator[DocumentRow]:
        """Documents with the same bytes, by path."""
        rows = self._db.execute(f"SELECT {_ROW} FROM documents WHERE digest = ? ORDER BY path", (digest,))
        yield from map(_row, rows)

    def with_reading(self, reading: str) -> Iterator[DocumentRow]:
        """Documents whose present reading this is."""
        yield from map(_row, self._db.execute(f"SELECT {_ROW} FROM documents WHERE reading = ?", (reading,)))

    def contained_in(self, document_id: str) -> Iterator[DocumentRow]:
        """Documents taken out of this one, in the order they were stored."""
        rows = self._db.execute(f"SELECT {_ROW} FROM documents WHERE container = ? ORDER BY id", (document_id,))
        yield from map(_row, rows.fetchall())

    def put_document(
        self,
        document: Document,
        collection: int,
        partition: Partition,
        *,
        modified_ns: int,
        read_by: str,
        index_key: str,
    ) -> None:
        """Write a document, new or changed."""
        source = document.source
        self._db.execute(
            "INSERT INTO documents (document_id, collection, path, container, digest, size, modified_ns, partition, "
            "reading, read_by, index_key, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (document_id) DO UPDATE SET container = excluded.container, digest = excluded.digest, "
            "size = excluded.size, modified_ns = excluded.modified_ns, partition = excluded.partition, "
            "reading = excluded.reading, read_by = excluded.read_by, index_key = excluded.index_key, "
            "body = excluded.body",
            (
                source.document_id,
                collection,
                path_key(source.path),
                document.container,
                source.digest,
                source.size,
                modified_ns,
                partition.id,
                document.reading,
                read_by,
                index_key,
                msgspec.msgpack.encode(document),
            ),
        )

    def touch(self, row: FileRow, modified_ns: int) -> None:
        """Note a file's new time of change; its content is the same."""
        self._db.execute("UPDATE documents SET modified_ns = ? WHERE id = ?", (modified_ns, row.id))

    def remove_document(self, document_id: str) -> list[str]:
        """Take a document out, with all that was taken out of it; the ids that are gone."""
        gone = [document_id]
        for row in self.contained_in(document_id):
            gone += self.remove_document(row.document.source.document_id)
        # To its end: a statement that changes something has checked what hangs on it only then.
        deleted = self._db.execute("DELETE FROM documents WHERE document_id = ? RETURNING body", (document_id,))
        for (body,) in deleted.fetchall():
            self._remember_class(_document_of(body))
        return gone

    def classes_of(self, documents: Iterable[str]) -> set[SecurityClass]:
        """The classes these documents have, or had last."""
        found: set[SecurityClass] = set()
        left = sorted(set(documents))
        while left:  # a case may name thousands, and is asked for at each of its turns: not one look for each
            some, left = left[:_AT_ONCE], left[_AT_ONCE:]
            marks = ", ".join("?" * len(some))
            rows = self._db.execute(f"SELECT document_id, body FROM documents WHERE document_id IN ({marks})", some)
            here = {one: _document_of(body).source.security_class for one, body in rows}
            gone = self._db.execute(f"SELECT document_id, class FROM gone_classes WHERE document_id IN ({marks})", some)
            found |= {*here.values(), *(last for one, last in gone if one not in here)}
        return found

    def _remember_class(self, document: Document) -> None:
        """Of what goes: cases may hold its text still."""
        source = document.source
        if source.security_class == "O":
            self._db.execute("DELETE FROM gone_classes WHERE document_id = ?", (source.document_id,))
        else:
            self._db.execute(
                "INSERT INTO gone_classes VALUES (?, ?) ON CONFLICT (document_id) DO UPDATE SET class = excluded.class",
                (source.document_id, source.security_class),
            )

    def index_keys(self) -> dict[str, str]:
        """What an index should hold: the key of every document that has chunks."""
        return dict(self._db.execute("SELECT document_id, index_key FROM documents WHERE index_key != ''"))

    # ── readings ─────────────────────────────────────────────────────────────

    def put_reading(self, reading: Reading, strategy: Strategy) -> tuple[str, int]:
        """Write a reading with its chunks; its digest and how many chunks it has."""
        digest = reading_digest(reading)
        row = self._db.execute("SELECT id, chunking FROM readings WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            structure = zlib.compress(msgspec.json.encode(msgspec.structs.replace(reading, text="")), 6)
            ((number,),) = self._db.execute(
                "INSERT INTO readings (digest, characters, chunking, structure) VALUES (?, ?, '', ?) RETURNING id",
                (digest, len(reading.text), structure),
            ).fetchall()
            parts = (
                (number, part, zlib.compress(text.encode("utf-8", "surrogatepass"), 6))
                for part, text in enumerate(_parts(reading.text))
            )
            self._db.executemany("INSERT INTO reading_parts VALUES (?, ?, ?)", parts)
            row = (number, "")
        if row[1] != strategy.version:
            self._cut(row[0], reading, strategy)
        count = self._db.execute("SELECT count(*) FROM chunks WHERE reading = ?", (row[0],)).fetchone()[0]
        return digest, int(count)

    def _cut(self, number: int, reading: Reading, strategy: Strategy) -> None:
        """Cut a reading into chunks, in place of those it had."""
        self._db.execute("DELETE FROM chunks WHERE reading = ?", (number,))
        rows = ((number, c.ordinal, c.start, c.end, msgspec.msgpack.encode(c)) for c in chunks_of(reading, strategy))
        self._db.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?)", rows)
        self._db.execute("UPDATE readings SET chunking = ? WHERE id = ?", (strategy.version, number))

    def reading(self, digest: str) -> Reading | None:
        """A whole reading."""
        row = self._db.execute("SELECT structure, characters FROM readings WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            return None
        structure = _structure_of(zlib.decompress(row[0]))
        return msgspec.structs.replace(structure, text=self.text(digest, 0, row[1]))

    def text(self, digest: str, start: int, end: int) -> str:
        """Some of a reading's text; only the parts it lies in are read."""
        first, last = start // PART_CHARACTERS, max(start, end - 1) // PART_CHARACTERS
        rows = self._db.execute(
            "SELECT reading_parts.body FROM reading_parts JOIN readings ON readings.id = reading "
            "WHERE digest = ? AND part BETWEEN ? AND ? ORDER BY part",
            (digest, first, last),
        )
        together = "".join(zlib.decompress(body).decode("utf-8", "surrogatepass") for (body,) in rows)
        offset = first * PART_CHARACTERS
        return together[start - offset : end - offset]

    def chunks(self, digest: str) -> list[Chunk]:
        """The chunks of a reading, in order."""
        rows = self._db.execute(
            "SELECT chunks.body FROM chunks JOIN readings ON readings.id = reading WHERE digest = ? ORDER BY ordinal",
            (digest,),
        )
        return [_chunk_of(body) for (body,) in rows]

    def chunk(self, digest: str, ordinal: int) -> Chunk | None:
        """One chunk of a reading."""
        row = self._db.execute(
            "SELECT chunks.body FROM chunks JOIN readings ON readings.id = reading WHERE digest = ? AND ordinal = ?",
            (digest, ordinal),
        ).fetchone()
        return None if row is None else _chunk_of(row[0])

    def cut_otherwise(self, strategy: Strategy) -> list[str]:
        """Digests of readings that were cut into chunks in another way."""
        rows = self._db.execute("SELECT digest FROM readings WHERE chunking != ? ORDER BY id", (strategy.version,))
        return [digest for (digest,) in rows]

    def forget_unused_readings(self) -> None:
        """Remove readings that no document has and no case keeps."""
        self._db.execute(
            "DELETE FROM readings WHERE digest NOT IN (SELECT reading FROM documents) "
            "AND digest NOT IN (SELECT reading FROM kept_readings)"
        )

    # ── kept readings ────────────────────────────────────────────────────────

    def keep(self, reading: str, kept_by: str, labels: tuple[str, ...]) -> None:
        """Keep a reading for a case, for those who hold `labels`."""
        self._db.execute(
            "INSERT INTO kept_readings VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (reading, kept_by, msgspec.json.encode(labels).decode()),
        )

    def follow(self, row: DocumentRow, kept_by: str) -> None:
        """Remember that a case cites this document as it is read now."""
        document = row.document
        source = document.source
        self._db.execute(
            "INSERT INTO kept_sources (kept_by, document_id, reading, digest, path, title, labels, checked) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                kept_by,
                source.document_id,
                document.reading,
                source.digest,
                source.path,
                document.title,
                msgspec.json.encode(source.labels).decode(),
                document.reading,
            ),
        )

    def changed_since(self, limit: int) -> list[str]:
        """Who keeps a source that is read otherwise, moved, gone or back since they were last compared."""
        rows = self._db.execute(
            f"SELECT DISTINCT kept_by FROM kept_sources WHERE checked != {_PRESENT} ORDER BY kept_by LIMIT ?", (limit,)
        )
        return [kept_by for (kept_by,) in rows]

    def compared(self, kept_by: str) -> None:
        """A case was compared with its sources as they are now."""
        self._db.execute(f"UPDATE kept_sources SET checked = {_PRESENT} WHERE kept_by = ?", (kept_by,))

    def kept_source(self, document_id: str) -> list[KeptSource]:
        """What was known of a document when cases began to cite it."""
        rows = self._db.execute(
            "SELECT path, title, labels FROM kept_sources WHERE document_id = ? ORDER BY kept_by", (document_id,)
        )
        return [KeptSource(path, title, _labels_of(body)) for path, title, body in rows]

    def let_go(self, kept_by: str) -> None:
        """No longer keep what a case kept."""
        self._db.execute("DELETE FROM kept_sources WHERE kept_by = ?", (kept_by,))
        self._db.execute("DELETE FROM kept_readings WHERE kept_by = ?", (kept_by,))

    def kept_labels(self, reading: str) -> list[tuple[str, ...]]:
        """The labels under which a reading is kept, once for each who keeps it."""
        rows = self._db.execute("SELECT labels FROM kept_readings WHERE reading = ?", (reading,))
        return [_labels_of(body) for (body,) in rows]


def _row(row: tuple[int, bytes, int, int, str, str]) -> DocumentRow:
    return DocumentRow(row[0], _document_of(row[1]), *row[2:])


def _parts(text: str) -> Iterator[str]:
    for start in range(0, len(text), PART_CHARACTERS):
        yield text[start : start + PART_CHARACTERS]
