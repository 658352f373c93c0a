"""Vectors on a Postgres server: made once, for every machine that shares the library.

Where the server has pgvector, it compares them itself, all of those in the opened partitions and nothing approximate,
and no process holds any. Where it has none, a search loads the partitions it opens and compares them in its own memory,
until somebody changes them. Half precision either way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from jihwi.errors import EmbeddingChanged
from jihwi.index import DocumentVectors, Near
from jihwi.index.postgres import Server
from jihwi.index.vectors import Array, KeptVectors, Rows

__all__ = ["ComparedVectors", "PostgresVectors", "vectors_on"]

_LOCK = int.from_bytes(b"jihwi-ve", "big", signed=True)

_TABLES = """
CREATE TABLE IF NOT EXISTS jihwi.vector_facts (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS jihwi.vectors (
    document_id text COLLATE "C" PRIMARY KEY, partition text NOT NULL, key text NOT NULL, ordinals bytea NOT NULL,
    vectors bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS vectors_by_partition ON jihwi.vectors (partition, document_id);
CREATE TABLE IF NOT EXISTS jihwi.vector_partitions (partition text PRIMARY KEY, generation bigint NOT NULL);
ALTER TABLE jihwi.vectors ALTER COLUMN vectors SET STORAGE EXTERNAL;
"""

_COMPARED_TABLES = """
CREATE TABLE jihwi.vector_chunks (
    document_id text COLLATE "C" NOT NULL REFERENCES jihwi.vectors (document_id) ON DELETE CASCADE,
    ordinal integer NOT NULL, partition text NOT NULL, vector {schema}.halfvec NOT NULL,
    PRIMARY KEY (document_id, ordinal)
) WITH (toast_tuple_target = 8160);
ALTER TABLE jihwi.vector_chunks ALTER COLUMN vector SET STORAGE EXTERNAL;
CREATE INDEX vector_chunks_by_partition ON jihwi.vector_chunks (partition);
"""
"""Whatever fits into a page lies in it, so that a search reads pages in their order and looks nowhere else."""

_SCHEMA_OF_PGVECTOR = """
SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
JOIN pg_type t ON t.typnamespace = n.oid AND t.typname = 'halfvec' WHERE e.extname = 'vector'
"""
_MAY_BE_MADE = """
SELECT 1 FROM pg_available_extensions a JOIN pg_available_extension_versions v
ON v.name = a.name AND v.version = a.default_version JOIN pg_roles r ON r.rolname = current_user
WHERE a.name = 'vector' AND a.installed_version IS NULL AND split_part(a.default_version, '.', 1) ~ '^[0-9]+$'
AND (a.default_version !~ '^0[.][0-6]([.]|$)')
AND (r.rolsuper OR v.trusted AND has_database_privilege(current_database(), 'CREATE'))
"""

_FINER = 2048.0
"""What half precision leaves of a number is this much smaller than it."""
_LONGEST = 1.001
"""No stored vector is longer: of length 1, but for its own half precision."""
_ROUNDING = 5e-6
"""More than sums in single precision and the sixth decimal can be wrong by."""
_MORE = 50
"""Rows fetched besides those that are wanted."""


def vectors_on(server: Server, model: str) -> KeptVectors:
    """The vectors of `model` on a server: compared by the server when it has pgvector 0.7 or newer, or lets us make
    it; else in this process. Raises StoreError when the server cannot be asked."""
    with server.reading() as db:
        found = db.execute(_SCHEMA_OF_PGVECTOR).fetchone()
        possible = found is None and db.execute(_MAY_BE_MADE).fetchone() is not None
    if possible:
        with server.writing(lock=_LOCK) as db:
            db.execute("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA jihwi")
            found = db.execute(_SCHEMA_OF_PGVECTOR).fetchone()
    return PostgresVectors(server, model) if found is None else ComparedVectors(server, model, str(found[0]))


class PostgresVectors(KeptVectors):
    """Vectors in the schema `jihwi` of a database, compared in this process."""

    def __init__(self, server: Server, model: str) -> None:
        """Raises StoreError when the server cannot be asked."""
        super().__init__(model)
        self._server = server
        with self._reading() as db:
            missing = db.execute("SELECT to_regclass('jihwi.vector_partitions') IS NULL").fetchone()[0]
            ours = not missing and self._are_ours(db)
        if not ours:  # looked first: opening waits for nobody who writes
            with self._writing() as db:
                db.execute(_TABLES)
                self._begin(db)

    def _begin(self, db: Rows) -> None:
        """Make what is there ours; the tables are there."""
        if not self._are_ours(db):
            db.execute("DROP TABLE IF EXISTS jihwi.vector_chunks")  # of a pgvector that is no longer there
            self._as_ours(db)

    @contextmanager
    def _reading(self) -> Iterator[Rows]:
        with self._server.reading() as db:
            yield _Rows(db)

    @contextmanager
    def _writing(self) -> Iterator[Rows]:
        with self._server.writing(lock=_LOCK) as db:
            yield _Rows(db)

    def close(self) -> None:
        """Forget what was loaded; the server is closed by who opened it."""
        self._loaded = {}


class ComparedVectors(PostgresVectors):
    """Vectors in a pgvector column, a row a chunk with its partition, compared by the server: exactly, with no index
    that guesses. A row of `vectors` stands for each document; deleting it deletes its chunks' rows."""

    _LAYOUT = "1/halfvec"

    def __init__(self, server: Server, model: str, schema: str) -> None:
        """`schema`: where pgvector lies, quoted as SQL wants it. Raises StoreError when the server cannot be asked."""
        self._schema = schema
        # Half precision of the question alone would cost the fifth decimal: its remainder is compared too.
        self._near = f"OPERATOR({schema}.<#>) ?::{schema}.halfvec"
        super().__init__(server, model)

    def _begin(self, db: Rows) -> None:
        if self._are_ours(db):
            return
        kept, column_went = self._can_be_moved(db), super()._are_ours(db)
        db.execute("DROP TABLE IF EXISTS jihwi.vector_chunks")
        if not kept:
            self._as_ours(db)
            self._because = "layout" if column_went else self._because
        db.execute(_COMPARED_TABLES.format(schema=self._schema))
        if kept:
            self._move(db)

    def _are_ours(self, db: Rows) -> bool:
        """Whoever takes pgvector away and brings it back has taken the column with it."""
        asked = "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(?) AND attname = 'vector' AND NOT attisdropped"
        return super()._are_ours(db) and db.execute(asked, ("jihwi.vector_chunks",)).fetchone() is not None

    def _move(self, db: Rows) -> None:
        """Vectors that were compared in each process lie in the column from now on."""
        dimension = self._dimension_in(db)
        asked = "SELECT document_id, partition, key, ordinals, vectors FROM vectors WHERE document_id > ? "
        last, more = "", True
        while more:
            rows = db.execute(f"{asked} ORDER BY document_id LIMIT 200", (last,)).fetchall()
            for document_id, partition, key, ordinals, vectors in rows:
                numbers = tuple(np.frombuffer(ordinals, dtype="<u4").tolist())
                matrix = np.frombuffer(vectors, dtype="<f2").reshape(-1, dimension)
                self._insert_chunks(db, [DocumentVectors(document_id, partition, key, numbers, matrix)])
                last = document_id
            more = bool(rows)
        db.execute("UPDATE vectors SET vectors = ''")
        self._note_layout(db)

    def _insert(self, db: Rows, documents: Sequence[DocumentVectors]) -> None:
        db.executemany(
            "INSERT INTO vectors VALUES (?, ?, ?, '', '')",
            ((one.document_id, one.partition, one.key) for one in documents),
        )
        self._insert_chunks(db, documents)

    def _insert_chunks(self, db: Rows, documents: Sequence[DocumentVectors]) -> None:
        assert isinstance(db, _Rows)
        db.copy_in(
            "COPY jihwi.vector_chunks (document_id, ordinal, partition, vector) FROM STDIN (FORMAT binary)",
            ("text", "int4", "text", "bytea"),  # a halfvec travels as its bytes
            (
                (one.document_id, ordinal, one.partition, _bytes_of(row))
                for one in documents
                for ordinal, row in zip(one.ordinals, one.vectors, strict=True)
            ),
        )

    def nearest(
        self, vector: Array, partitions: Collection[str], *, limit: int, documents: Collection[str] | None = None
    ) -> list[Near]:
        """The nearest chunks of `partitions`: some more by the rough product, until no other can be among them."""
        narrowed = "" if documents is None else " AND c.document_id = ANY (?)"
        values = [sorted(partitions)] if documents is None else [sorted(partitions), sorted(documents)]
        scan = (
            f"SELECT c.document_id, c.ordinal, c.vector, c.vector {self._near} AS rough FROM vector_chunks c "
            f"WHERE c.partition = ANY (?){narrowed} ORDER BY rough LIMIT ?"
        )
        most = limit + _MORE
        while True:
            found = self._asked(scan, vector, [*values, most])
            if len(found) < most or _none_is_missed(found, limit, vector):
                return [one.near() for one in found[:limit]]
            most *= 8

    def similarities(
        self, vector: Array, partitions: Collection[str], chunks: Collection[tuple[str, int]]
    ) -> list[Near]:
        """How near these chunks are."""
        wanted = sorted(chunks)
        scan = (
            f"SELECT c.document_id, c.ordinal, c.vector, c.vector {self._near} AS rough FROM vector_chunks c "
            "JOIN unnest(?::text[], ?::integer[]) AS w (document_id, ordinal) USING (document_id, ordinal) "
            "WHERE c.partition = ANY (?)"
        )
        names, numbers = [name for name, _ in wanted], [number for _, number in wanted]
        return [one.near() for one in self._asked(scan, vector, [names, numbers, sorted(partitions)])]

    def _asked(self, scan: str, vector: Array, values: Sequence[Any]) -> list[_Row]:
        """The rows of a scan with their whole products, nearest first; equals by document id and ordinal."""
        rough, rest = _halves(vector)
        asked = (
            f"WITH f AS ({scan}) SELECT f.document_id, f.ordinal, v.key, f.rough, "
            f"round((f.rough + (f.vector {self._near}) / {_FINER}) * 1e6) AS far "
            "FROM f JOIN vectors v USING (document_id) ORDER BY far, f.document_id, f.ordinal"
        )
        with self._reading() as db:
            dimension = self._dimension_in(db)
            if dimension and dimension != len(vector):
                raise EmbeddingChanged(self._model, f"{len(vector)} ≠ {dimension}")
            return [_Row(*row) for row in db.execute(asked, (_written(rough), *values, _written(rest))).fetchall()]


class _Row(NamedTuple):
    document_id: str
    ordinal: int
    key: str
    rough: float
    """The product with the question in half precision, negative: the nearest is the least."""
    far: float
    """The whole product, negative, in millionths."""

    def near(self) -> Near:
        return Near(self.document_id, self.ordinal, 0.0 - self.far / 1e6, self.key)


def _none_is_missed(found: Sequence[_Row], limit: int, vector: Array) -> bool:
    """Whether what was left out, whose rough product is no less than any here, must be farther than the first `limit`:
    a rough product is wrong by no more than the length of what half precision left of the question."""
    left = float(np.linalg.norm(vector - vector.astype(np.float16).astype(np.float32))) * _LONGEST
    return found[limit - 1].far / 1e6 + _ROUNDING < max(one.rough for one in found) - left


def _bytes_of(row: Array) -> bytes:
    """A vector as pgvector sends and takes it: how many numbers, two bytes for later, then the numbers."""
    return len(row).to_bytes(2, "big") + b"\0\0" + np.asarray(row, dtype=">f2").tobytes()


def _halves(vector: Array) -> tuple[Array, Array]:
    """A vector as two of half precision: itself, and what that left, so many times larger."""
    rough = np.asarray(vector, dtype=np.float16)
    return rough, ((vector - rough.astype(np.float32)) * _FINER).astype(np.float16)


def _written(vector: Array) -> str:
    return f"[{','.join(map(repr, vector.tolist()))}]"


class _Rows:
    def __init__(self, db: Any) -> None:
        self._db = db

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Any:
        if not values:
            return self._db.execute(statement)
        return self._db.execute(statement.replace("?", "%s"), values, binary=True)

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> object:
        with self._db.cursor() as cursor:
            return cursor.executemany(statement.replace("?", "%s"), values)

    def copy_in(self, statement: str, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        with self._db.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
