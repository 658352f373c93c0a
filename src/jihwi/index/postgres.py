"""The index on a Postgres server: the embedded index's segments as rows, scored by the same formula, to the last bit.

A segment's postings lie in blocks of terms in the order of their keys; a search fetches the blocks its question needs,
in the partitions it opens, and nothing of another. A commit is one transaction: readers go on with the last one, and a
process killed before it ends leaves nothing.

Tried in thought and given up: the formula in SQL. It would be a second formula, to be kept equal to the first for ever,
and the server would rank what a process beside it ranks in a millisecond.
"""

from __future__ import annotations

import tempfile
import threading
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np

from jihwi.errors import IndexCorrupt
from jihwi.index import Analyser, Found, IndexedDocument, IndexState
from jihwi.index.building import SegmentBuilder, join_segments
from jihwi.index.joining import due_to_join
from jihwi.index.scoring import Question, View, score
from jihwi.index.segments import FIELDS, LAYOUT_VERSION, Array, Field, Segment

__all__ = ["PostgresIndex", "Server"]

_ROWS = 1
"""Rises with every change of how segments are laid into rows."""
_BLOCK_BYTES = 1_600
"""Postings in one row: under two thousand bytes it lies in its page and is read in one step."""
_KEY_BYTES = 12
_LOCK = int.from_bytes(b"jihwi-ix", "big", signed=True)

_TABLES = """
CREATE TABLE IF NOT EXISTS jihwi.index_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), version text NOT NULL, library_version bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS jihwi.index_segments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, partition text NOT NULL, removed integer[] NOT NULL,
    body bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS index_segments_by_partition ON jihwi.index_segments (partition);
CREATE TABLE IF NOT EXISTS jihwi.index_postings (
    segment bigint NOT NULL REFERENCES jihwi.index_segments (id) ON DELETE CASCADE,
    field smallint NOT NULL, block integer NOT NULL, data bytea NOT NULL, PRIMARY KEY (segment, field, block)
);
ALTER TABLE jihwi.index_segments ALTER COLUMN body SET STORAGE EXTERNAL;
"""


class Server(Protocol):
    """A Postgres server with the schema `jihwi`; what goes wrong there is told in the house's errors."""

    def reading(self) -> AbstractContextManager[Any]:
        """A connection that sees one moment until the block ends."""
        ...

    def asking(self) -> AbstractContextManager[Any]:
        """A connection on which each statement sees a moment of its own: nothing is begun, and nothing ended."""
        ...

    def writing(self, *, lock: int) -> AbstractContextManager[Any]:
        """A connection in a transaction, alone under `lock`; undone when the block raises."""
        ...


class _Body(NamedTuple):
    """What of a segment is held in memory: all but its postings."""

    partition: str
    documents: tuple[tuple[str, str], ...]
    arrays: dict[str, Array]

    def lengths(self, field: str) -> Array:
        return self.arrays[f"{field}.lengths"]

    def first_keys(self, field: str) -> Array:
        """The first key of each block of a field."""
        return self.arrays[f"{field}.blocks"]


class _Stored(Segment):
    """A segment of which some or all postings were fetched."""

    def __init__(self, body: _Body, fields: dict[str, Field], marks: Array) -> None:
        self.partition = body.partition
        self.documents = body.documents
        self.chunk_document = body.arrays["chunk_document"]
        self.chunk_ordinal = body.arrays["chunk_ordinal"]
        self.sentence_starts = body.arrays["sentence_starts"]
        self.sentences = body.arrays["sentences"].reshape(-1, 2)
        self.fields = fields
        self.marks = marks


class _Row(NamedTuple):
    id: int
    partition: str
    removed: frozenset[int]


class _SegmentGone(KeyError):
    """A segment is no longer there, or not all of it."""


class PostgresIndex:
    """A word index in the schema `jihwi` of a database. Reading is safe from several threads and machines."""

    def __init__(self, server: Server, analyser: Analyser) -> None:
        """Raises StoreError when the server cannot be asked."""
        self._server = server
        self._analyser = analyser
        self.version = f"postgres-{_ROWS}.{LAYOUT_VERSION}/{analyser.name}-{analyser.version}"
        self._bodies: dict[int, _Body] = {}
        self._lock = threading.Lock()
        self._adding: dict[str, IndexedDocument] = {}
        self._gone: set[str] = set()
        self._cleared = False
        with server.reading() as db:
            missing = db.execute("SELECT to_regclass('jihwi.index_postings') IS NULL").fetchone()[0]
        if missing:  # looked first: opening an index waits for nobody who writes to it
            with server.writing(lock=_LOCK) as db:
                db.execute(_TABLES)

    # ── reading ──────────────────────────────────────────────────────────────

    def library_version(self) -> int:
        """Which version of the library the last commit holds."""
        with self._server.reading() as db:
            return _state(db, self.version)[0]

    def state(self) -> IndexState:
        """What the last commit holds."""
        with self._server.reading() as db:
            version, because = _state(db, self.version)
            if version < 0:
                return IndexState(-1, {}, because)
            held: dict[str, str] = {}
            for row in _rows(db):
                for number, (document_id, key) in enumerate(self._body(db, row.id).documents):
                    if number not in row.removed:
                        held[document_id] = key
        return IndexState(version, held, because)

    def search(
        self,
        question: str,
        partitions: Collection[str],
        *,
        limit: int,
        documents: Collection[str] | None = None,
        also: Collection[tuple[str, int]] = (),
    ) -> Found:
        """The best chunks of `partitions`, best first."""
        asked = Question.of(question, self._analyser.query_terms(question))
        try:
            views = self._opened(partitions, asked.keys)
            return score(asked, views, [view.belonging(documents) for view in views], limit, also)
        except (IndexError, KeyError, ValueError, OverflowError, msgspec.DecodeError, zlib.error) as error:
            raise IndexCorrupt(str(error)) from error

    def close(self) -> None:
        """Forget what was not committed."""
        self._forget()
        self._bodies = {}

    def _opened(self, partitions: Collection[str], keys: Callable[[str], Array] | None) -> list[View]:
        """The segments of `partitions` in two questions: each answer is a wait, and a busy machine makes any of them
        long. Segments never change, so the moments differ only when a commit between them took one away; then all is
        asked again in one moment."""
        with self._server.asking() as db:
            try:
                return self._views(db, _usable_rows(db, self.version, partitions), keys)
            except _SegmentGone:
                pass
        with self._server.reading() as db:
            return self._views(db, _usable_rows(db, self.version, partitions), keys)

    def _views(self, db: Any, rows: Sequence[_Row], keys: Callable[[str], Array] | None) -> list[View]:
        """The segments with the postings of these keys, or of all. Raises _SegmentGone."""
        bodies = [self._body(db, row.id) for row in rows]
        wanted: list[tuple[int, int, int]] = []
        for row, body in zip(rows, bodies, strict=True):
            for number, field in enumerate(FIELDS):
                blocks = _blocks_of(body.first_keys(field), None if keys is None else keys(field))
                wanted += ((row.id, number, block) for block in blocks)
        blocks_of = _fetched(db, wanted)
        if sum(map(len, blocks_of.values())) < len(wanted):
            raise _SegmentGone
        return [
            View(
                _with_postings(body, [blocks_of.get((row.id, number), []) for number in range(len(FIELDS))]),
                row.removed,
            )
            for row, body in zip(rows, bodies, strict=True)
        ]

    def _body(self, db: Any, segment: int) -> _Body:
        """What is held of a segment; fetched once, since it never changes. Raises _SegmentGone."""
        with self._lock:
            known = self._bodies.get(segment)
        if known is None:
            row = db.execute("SELECT partition, body FROM jihwi.index_segments WHERE id = %s", (segment,)).fetchone()
            if row is None:
                raise _SegmentGone
            known = _body_of(row[0], row[1])
            with self._lock:
                self._bodies[segment] = known
        return known

    # ── writing ──────────────────────────────────────────────────────────────

    def add(self, documents: Iterable[IndexedDocument]) -> None:
        """Put documents in, in place of what was known under their ids."""
        for document in documents:
            self._gone.add(document.document_id)
            self._adding[document.document_id] = document

    def remove(self, document_ids: Iterable[str]) -> None:
        """Take documents out."""
        for document_id in document_ids:
            self._gone.add(document_id)
            self._adding.pop(document_id, None)

    def clear(self) -> None:
        """Forget everything, at the next commit."""
        self._forget()
        self._cleared = True

    def abandon(self) -> None:
        """Forget what was added, removed and cleared since the last commit."""
        self._forget()

    def commit(self, library_version: int) -> None:
        """Make it durable and visible in one transaction."""
        with tempfile.TemporaryDirectory(prefix="jihwi-index-") as folder, self._server.writing(lock=_LOCK) as db:
            if self._cleared or _state(db, self.version)[0] < 0:
                db.execute("DELETE FROM jihwi.index_segments")
            else:
                self._take_out(db)
            for path in self._built(Path(folder)):
                _put(db, Segment(path, verify=False))
                path.unlink()
            self._join(db, Path(folder))
            db.execute(
                "INSERT INTO jihwi.index_state (version, library_version) VALUES (%s, %s) ON CONFLICT (one) "
                "DO UPDATE SET version = excluded.version, library_version = excluded.library_version",
                (self.version, library_version),
            )
            present = {row.id for row in _rows(db)}
        self._forget()
        with self._lock:
            self._bodies = {number: body for number, body in self._bodies.items() if number in present}

    def _take_out(self, db: Any) -> None:
        for row in _rows(db) if self._gone else ():
            documents = self._body(db, row.id).documents
            more = {number for number, (document_id, _) in enumerate(documents) if document_id in self._gone}
            if more - row.removed:
                removed = sorted(row.removed | more)
                db.execute("UPDATE jihwi.index_segments SET removed = %s WHERE id = %s", (removed, row.id))

    def _built(self, folder: Path) -> Iterator[Path]:
        """Segments of what was added, as files, one partition at a time."""
        by_partition: dict[str, list[IndexedDocument]] = {}
        for document in self._adding.values():
            by_partition.setdefault(document.partition, []).append(document)
        path = folder / "added.seg"
        for partition, documents in by_partition.items():
            builder = SegmentBuilder(partition, self._analyser)
            for document in documents:
                rest = document.chunks
                while rest:
                    if builder.room <= 0:
                        builder.write(path)
                        yield path
                        builder = SegmentBuilder(partition, self._analyser)
                    part, rest = rest[: builder.room], rest[builder.room :]
                    builder.add(document.document_id, document.key, part)
            if builder.documents:
                builder.write(path)
                yield path

    def _join(self, db: Any, folder: Path) -> None:
        """Fewer segments where that is due, and none that holds nothing any more."""
        by_partition: dict[str, list[tuple[_Row, View]]] = {}
        for row in _rows(db):
            view = View(_with_postings(self._body(db, row.id), [[] for _ in FIELDS]), row.removed)
            if view.chunks:
                by_partition.setdefault(row.partition, []).append((row, view))
            else:
                db.execute("DELETE FROM jihwi.index_segments WHERE id = %s", (row.id,))
        for members in by_partition.values():
            row_of = {id(view): row for row, view in members}
            for group in due_to_join([view for _, view in members]):
                rows = [row_of[id(view)] for view in group]
                whole = self._views(db, rows, None)
                path = folder / "joined.seg"
                join_segments(path, [(view.segment, view.standing()) for view in whole])
                _put(db, Segment(path, verify=False))
                path.unlink()
                db.execute("DELETE FROM jihwi.index_segments WHERE id = ANY (%s)", ([row.id for row in rows],))

    def _forget(self) -> None:
        self._adding = {}
        self._gone = set()
        self._cleared = False


# ── rows ─────────────────────────────────────────────────────────────────────


def _state(db: Any, version: str) -> tuple[int, str]:
    """The library number that is held, -1 when none can be used; then why not."""
    row = db.execute("SELECT version, library_version FROM jihwi.index_state").fetchone()
    if row is None:
        return -1, ""
    if row[0] != version:
        same_layout = row[0].partition("/")[0] == version.partition("/")[0]
        return -1, "analyser" if same_layout else "layout"
    return int(row[1]), ""


def _rows(db: Any) -> list[_Row]:
    """All segments."""
    found = db.execute("SELECT id, partition, removed FROM jihwi.index_segments ORDER BY id")
    return [_Row(number, partition, frozenset(removed)) for number, partition, removed in found]


def _usable_rows(db: Any, version: str, partitions: Collection[str]) -> list[_Row]:
    """The segments of these partitions; none when another layout or analyser made them."""
    found = db.execute(
        "SELECT g.id, g.partition, g.removed FROM jihwi.index_state s "
        "JOIN jihwi.index_segments g ON g.partition = ANY (%s) WHERE s.version = %s ORDER BY g.id",
        (sorted(partitions), version),
    )
    return [_Row(number, partition, frozenset(removed)) for number, partition, removed in found]


def _packed(arrays: Mapping[str, Array]) -> bytes:
    return msgspec.msgpack.encode(
        {name: (a.dtype.str, np.ascontiguousarray(a).tobytes()) for name, a in arrays.items()}
    )


def _unpacked(data: bytes) -> dict[str, Array]:
    found: dict[str, tuple[str, bytes]] = msgspec.msgpack.decode(data, type=dict[str, tuple[str, bytes]])
    return {name: np.frombuffer(body, dtype=dtype) for name, (dtype, body) in found.items()}


def _body_of(partition: str, data: bytes) -> _Body:
    documents, arrays = msgspec.msgpack.decode(zlib.decompress(data), type=tuple[tuple[tuple[str, str], ...], bytes])
    return _Body(partition, documents, _unpacked(arrays))


def _put(db: Any, segment: Segment) -> None:
    """Write a segment: its body, and its postings in blocks."""
    arrays = {
        "chunk_document": segment.chunk_document,
        "chunk_ordinal": segment.chunk_ordinal,
        "sentence_starts": segment.sentence_starts,
        "sentences": segment.sentences.reshape(-1),
    }
    cuts: dict[str, list[int]] = {}
    for name, field in segment.fields.items():
        cuts[name] = _cuts(field, marked=name == "words")
        arrays[f"{name}.lengths"] = field.lengths
        arrays[f"{name}.blocks"] = field.keys[cuts[name][:-1]]
    body = zlib.compress(msgspec.msgpack.encode((segment.documents, _packed(arrays))), 1)
    asked = "INSERT INTO jihwi.index_segments (partition, removed, body) VALUES (%s, '{}', %s) RETURNING id"
    number = db.execute(asked, (segment.partition, body)).fetchone()[0]
    with db.cursor() as cursor, cursor.copy("COPY jihwi.index_postings FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int8", "int2", "int4", "bytea"])
        for place, name in enumerate(FIELDS):
            field, marks = segment.fields[name], segment.marks if name == "words" else None
            for block in range(len(cuts[name]) - 1):
                data = _block(field, marks, cuts[name][block], cuts[name][block + 1])
                copy.write_row((number, place, block, data))


def _cuts(field: Field, *, marked: bool) -> list[int]:
    """Where blocks of keys begin, and the end: as many keys as fit into a row, at least one."""
    posting = field.chunks.itemsize + field.counts.itemsize + (4 if marked else 0)
    ends = field.starts.astype(np.int64) * posting + np.arange(len(field.starts)) * _KEY_BYTES
    cuts = [0]
    while cuts[-1] < len(field.keys):
        fits = int(np.searchsorted(ends, ends[cuts[-1]] + _BLOCK_BYTES, side="right")) - 1
        cuts.append(max(cuts[-1] + 1, min(fits, len(field.keys))))
    return cuts


def _block(field: Field, marks: Array | None, first: int, last: int) -> bytes:
    """The keys from `first` to `last` with their postings."""
    start, end = int(field.starts[first]), int(field.starts[last])
    arrays = {
        "k": field.keys[first:last],
        "n": np.diff(field.starts[first : last + 1]),
        "c": field.chunks[start:end],
        "t": field.counts[start:end],
    }
    if marks is not None:
        arrays["m"] = marks[start:end]
    return _packed(arrays)


def _blocks_of(first_keys: Array, keys: Array | None) -> list[int]:
    """The blocks in which these keys would be, or all."""
    if keys is None:
        return list(range(len(first_keys)))
    blocks = np.unique(np.searchsorted(first_keys, keys, side="right") - 1)
    found: list[int] = blocks[blocks >= 0].tolist()
    return found


def _fetched(db: Any, wanted: Sequence[tuple[int, int, int]]) -> dict[tuple[int, int], list[dict[str, Array]]]:
    """The blocks, in their order, by segment and field."""
    found: dict[tuple[int, int], list[dict[str, Array]]] = {}
    if wanted:
        segments, fields, blocks = (list(one) for one in zip(*wanted, strict=True))
        rows = db.execute(
            "SELECT p.segment, p.field, p.data FROM unnest(%s::bigint[], %s::smallint[], %s::integer[]) "
            "AS w (segment, field, block) JOIN jihwi.index_postings p USING (segment, field, block) "
            "ORDER BY p.segment, p.field, p.block",
            (segments, fields, blocks),
            binary=True,
        )
        for segment, field, data in rows:
            found.setdefault((segment, field), []).append(_unpacked(data))
    return found


def _with_postings(body: _Body, blocks: Sequence[Sequence[dict[str, Array]]]) -> _Stored:
    """A segment with these blocks of each field."""
    fields = {name: _field(blocks[place], body.lengths(name)) for place, name in enumerate(FIELDS)}
    return _Stored(body, fields, _together(blocks[0], "m", np.uint32))


def _field(blocks: Sequence[dict[str, Array]], lengths: Array) -> Field:
    counts = _together(blocks, "n", np.uint32)
    starts = np.zeros(len(counts) + 1, dtype=np.uint32)
    np.cumsum(counts, out=starts[1:])
    chunks, times = _together(blocks, "c", np.uint16), _together(blocks, "t", np.uint8)
    return Field(_together(blocks, "k", np.uint64), starts, chunks, times, lengths)


def _together(blocks: Sequence[dict[str, Array]], name: str, dtype: Any) -> Array:
    parts = [block[name] for block in blocks]
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)
