"""The flat vector index: every vector of the opened partitions is compared, so nothing near is ever missed.

Vectors lie in one SQLite file beside the word index, half precision, a row a document with its partition. A search
loads the partitions it opens, and keeps them in memory until somebody changes them: four bytes a dimension and chunk.
"""

from __future__ import annotations

import abc
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import apsw
import numpy as np
import numpy.typing as npt

from jihwi.errors import EmbeddingChanged
from jihwi.index import DocumentVectors, Near
from jihwi.sqlite_files import disk_error, is_damage, open_file, store_error

__all__ = ["FlatVectors", "KeptVectors", "Matrix", "Rows", "nearest_in"]

Array = npt.NDArray[Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS vector_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (
    document_id TEXT PRIMARY KEY, partition TEXT NOT NULL, key TEXT NOT NULL, ordinals BLOB NOT NULL,
    vectors BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS vectors_by_partition ON vectors (partition, document_id);
CREATE TABLE IF NOT EXISTS vector_partitions (partition TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;
"""


class Matrix(NamedTuple):
    """The vectors of one partition, a row a chunk, documents in the order of their ids."""

    generation: int
    documents: list[tuple[str, str]]
    """Id and key."""
    document_of: Array
    ordinals: Array
    vectors: Array

    def products(self, vector: Array, rows: Array | None = None) -> Array:
        """The cosine of every row, or of `rows`, with a vector of length 1; float32."""
        found: Array = (self.vectors if rows is None else self.vectors[rows]) @ vector
        return found

    def near(self, row: int, similarity: float) -> Near:
        """A row as it is told."""
        document_id, key = self.documents[self.document_of[row]]
        return Near(document_id, int(self.ordinals[row]), round(similarity, 6), key)


def nearest_in(
    matrices: Sequence[Matrix], vector: Array, limit: int, documents: Collection[str] | None = None
) -> list[Near]:
    """The nearest rows of all of these, nearest first; equals by document id and ordinal."""
    found: list[Near] = []
    wanted = None if documents is None else frozenset(documents)
    for matrix in matrices:
        products = np.round(matrix.products(vector).astype(np.float64), 6)
        if wanted is not None:
            mine = np.array([document_id in wanted for document_id, _ in matrix.documents], dtype=np.bool_)
            products[~mine[matrix.document_of]] = -2.0
        if len(products) > limit:
            least = np.partition(products, len(products) - limit)[len(products) - limit]
            rows = np.flatnonzero((products >= least) & (products > -2.0))
        else:
            rows = np.flatnonzero(products > -2.0)
        found += (matrix.near(row, float(products[row])) for row in rows.tolist())
    found.sort(key=lambda near: (-near.similarity, near.document_id, near.ordinal))
    return found[:limit]


class Rows(Protocol):
    """A connection to the tables of vectors; `?` stands for a value."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Any: ...
    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> object: ...


class KeptVectors(abc.ABC):
    """A `VectorIndex` over three tables, whatever database they lie in."""

    _LAYOUT = "1"
    """How vectors are laid into rows; those that lie otherwise are forgotten."""

    def __init__(self, model: str) -> None:
        """`model`: whose vectors these are; those of another are forgotten, and `rebuilt_because` says so."""
        self._model = model
        self._lock = threading.RLock()
        self._because = ""
        self._loaded: dict[str, Matrix] = {}

    @abc.abstractmethod
    def _reading(self) -> AbstractContextManager[Rows]:
        """The tables at one moment."""

    @abc.abstractmethod
    def _writing(self) -> AbstractContextManager[Rows]:
        """One change of the tables, durable when the block ends."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of what is open."""

    # ── what is held ─────────────────────────────────────────────────────────

    def library_version(self) -> int:
        """The library number of the last `keep_only`; -1 when nothing can be used."""
        with self._reading() as db:
            return int(_fact(db, "library_version") or -1)

    def held(self) -> dict[str, str]:
        """Document id to key."""
        with self._reading() as db:
            return dict(db.execute("SELECT document_id, key FROM vectors").fetchall())

    def rebuilt_because(self) -> str:
        """Why what was found could not be used."""
        with self._reading():
            return self._because

    def dimension(self) -> int:
        """How many numbers a vector has; 0 before the first."""
        with self._reading() as db:
            return self._dimension_in(db)

    # ── writing ──────────────────────────────────────────────────────────────

    def put(self, documents: Sequence[DocumentVectors]) -> None:
        """Put these in, in place of what was known under their ids."""
        if not documents:
            return
        dimension = int(documents[0].vectors.shape[1])
        with self._writing() as db:
            if int(_fact(db, "dimension") or dimension) != dimension:
                self._because = "dimension"
                db.execute("DELETE FROM vectors")
                db.execute("UPDATE vector_partitions SET generation = generation + 1")
            _set(db, "dimension", str(dimension))
            self._take_out(db, [document.document_id for document in documents])
            self._insert(db, documents)
            _touch(db, {one.partition for one in documents})

    def _insert(self, db: Rows, documents: Sequence[DocumentVectors]) -> None:
        db.executemany(
            "INSERT INTO vectors VALUES (?, ?, ?, ?, ?)",
            (
                (
                    one.document_id,
                    one.partition,
                    one.key,
                    np.array(one.ordinals, dtype="<u4").tobytes(),
                    np.ascontiguousarray(one.vectors, dtype="<f2").tobytes(),
                )
                for one in documents
            ),
        )

    def keep_only(self, keys: Mapping[str, str], library_version: int) -> None:
        """Take out what `keys` does not name under the very key it is held under."""
        with self._writing() as db:
            gone = [
                document_id
                for document_id, key in db.execute("SELECT document_id, key FROM vectors").fetchall()
                if keys.get(document_id) != key
            ]
            self._take_out(db, gone)
            _set(db, "library_version", str(library_version))

    def _take_out(self, db: Rows, gone: Sequence[str]) -> None:
        touched: set[str] = set()
        for document_id in gone:
            row = db.execute("DELETE FROM vectors WHERE document_id = ? RETURNING partition", (document_id,))
            touched.update(partition for (partition,) in row.fetchall())
        _touch(db, touched)

    # ── searching ────────────────────────────────────────────────────────────

    def nearest(
        self, vector: Array, partitions: Collection[str], *, limit: int, documents: Collection[str] | None = None
    ) -> list[Near]:
        """The nearest chunks of `partitions`."""
        return nearest_in(self._matrices(vector, partitions), vector, limit, documents)

    def similarities(
        self, vector: Array, partitions: Collection[str], chunks: Collection[tuple[str, int]]
    ) -> list[Near]:
        """How near these chunks are."""
        wanted = frozenset(chunks)
        ids = {document_id for document_id, _ in wanted}
        found: list[Near] = []
        for matrix in self._matrices(vector, partitions):
            numbers = [n for n, (document_id, _) in enumerate(matrix.documents) if document_id in ids]
            rows = [
                row
                for row in np.flatnonzero(np.isin(matrix.document_of, numbers)).tolist()
                if (matrix.documents[matrix.document_of[row]][0], int(matrix.ordinals[row])) in wanted
            ]
            if rows:
                products = matrix.products(vector, np.array(rows))
                found += (matrix.near(row, float(one)) for row, one in zip(rows, products.tolist(), strict=True))
        return found

    def _matrices(self, vector: Array, partitions: Collection[str]) -> list[Matrix]:
        """The opened partitions, those that hold anything, in the order of their names."""
        with self._lock, self._reading() as db:
            dimension = self._dimension_in(db)
            if dimension and dimension != len(vector):
                raise EmbeddingChanged(self._model, f"{len(vector)} ≠ {dimension}")
            generations = dict(db.execute("SELECT partition, generation FROM vector_partitions").fetchall())
            wanted = sorted(set(partitions) & generations.keys())
            for partition in wanted:
                known = self._loaded.get(partition)
                if known is None or known.generation != generations[partition]:
                    self._loaded[partition] = _load(db, partition, generations[partition], dimension)
            return [self._loaded[partition] for partition in wanted if len(self._loaded[partition].vectors)]

    def _are_ours(self, db: Rows) -> bool:
        return (_fact(db, "layout"), _fact(db, "model")) == (self._LAYOUT, self._model)

    def _as_ours(self, db: Rows) -> None:
        """Forget what another layout or model made."""
        if self._are_ours(db):
            return
        layout = _fact(db, "layout")
        if layout:
            self._because = "layout" if layout != self._LAYOUT else "model"
        db.execute("DELETE FROM vectors")
        db.execute("DELETE FROM vector_facts")
        db.execute("UPDATE vector_partitions SET generation = generation + 1")
        self._note_layout(db)
        _set(db, "model", self._model)

    def _note_layout(self, db: Rows) -> None:
        _set(db, "layout", self._LAYOUT)

    def _can_be_moved(self, db: Rows) -> bool:
        """Whether these are our model's vectors, laid into rows as this class does."""
        return (_fact(db, "layout"), _fact(db, "model")) == (KeptVectors._LAYOUT, self._model)

    @staticmethod
    def _dimension_in(db: Rows) -> int:
        return int(_fact(db, "dimension") or 0)


class FlatVectors(KeptVectors):
    """Vectors in `folder/vectors.db`. Reading and writing are safe from several threads and processes.

    Whoever finds the file damaged, full, read-only or held by another process for longer than `busy_seconds` is told
    by a StoreError; a damaged one is begun anew when it is used next, since it is a cache.
    """

    def __init__(self, folder: Path, model: str, *, busy_seconds: float = 10.0) -> None:
        super().__init__(model)
        self._path = folder / "vectors.db"
        self._busy_seconds = busy_seconds
        self._connection: apsw.Connection | None = None

    def close(self) -> None:
        """Let go of the file and of what was loaded."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._loaded = {}

    @contextmanager
    def _open(self) -> Iterator[apsw.Connection]:
        """The file, opened, by one thread at a time; one that is damaged is begun anew."""
        with self._lock, self._told():
            if self._connection is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                try:
                    self._connection = self._begin()
                except apsw.Error as problem:
                    if not is_damage(problem):
                        raise
                    for name in (self._path.name, f"{self._path.name}-wal", f"{self._path.name}-shm"):
                        self._path.with_name(name).unlink(missing_ok=True)
                    self._because = "damaged"
                    self._connection = self._begin()
            yield self._connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The errors of the file and its disk in the house's words. A damaged one is let go of: it is begun anew."""
        try:
            yield
        except OSError as problem:
            raise disk_error(problem, self._path) from problem
        except (apsw.Error, UnicodeDecodeError) as problem:
            if is_damage(problem):
                self.close()
            raise store_error(problem, self._path, busy_seconds=self._busy_seconds) from problem

    def _begin(self) -> apsw.Connection:
        db = open_file(self._path, busy_seconds=self._busy_seconds)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")  # a cache: what a lost power takes is made again
            db.execute(_TABLES).fetchall()
            if db.pragma("quick_check", 1) != "ok":
                raise apsw.CorruptError("damaged")
            with _transaction(db):
                self._as_ours(db)
        except BaseException:
            db.close()
            raise
        return db

    @contextmanager
    def _reading(self) -> Iterator[Rows]:
        with self._open() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    @contextmanager
    def _writing(self) -> Iterator[Rows]:
        with self._open() as db, _transaction(db):
            yield db


@contextmanager
def _transaction(db: apsw.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _fact(db: Rows, name: str) -> str:
    row = db.execute("SELECT value FROM vector_facts WHERE name = ?", (name,)).fetchone()
    return "" if row is None else str(row[0])


def _set(db: Rows, name: str, value: str) -> None:
    db.execute(
        "INSERT INTO vector_facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
    )


def _touch(db: Rows, partitions: Collection[str]) -> None:
    """Note that these partitions changed: whoever has them in memory loads them anew."""
    db.executemany(
        "INSERT INTO vector_partitions VALUES (?, 1) ON CONFLICT (partition) "
        "DO UPDATE SET generation = vector_partitions.generation + 1",
        [(partition,) for partition in partitions],
    )


def _load(db: Rows, partition: str, generation: int, dimension: int) -> Matrix:
    documents: list[tuple[str, str]] = []
    counts: list[int] = []
    ordinals: list[bytes] = []
    vectors: list[bytes] = []
    rows = db.execute(
        "SELECT document_id, key, ordinals, vectors FROM vectors WHERE partition = ? ORDER BY document_id",
        (partition,),
    )
    for document_id, key, of_document, its_vectors in rows:
        documents.append((document_id, key))
        counts.append(len(of_document) // 4)
        ordinals.append(of_document)
        vectors.append(its_vectors)
    matrix = np.frombuffer(b"".join(vectors), dtype="<f2").reshape(-1, max(1, dimension)).astype(np.float32)
    document_of = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
    return Matrix(generation, documents, document_of, np.frombuffer(b"".join(ordinals), dtype="<u4"), matrix)
