"""Vectors on a Postgres server: made once, for every machine that shares the library, and compared in each process.

Half precision in a row a document; a search loads the partitions it opens and keeps them until somebody changes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jihwi.index.postgres import Server
from jihwi.index.vectors import KeptVectors, Rows

__all__ = ["PostgresVectors"]

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


class PostgresVectors(KeptVectors):
    """Vectors in the schema `jihwi` of a database."""

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
