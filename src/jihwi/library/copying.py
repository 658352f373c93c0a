"""A library copied from one database to another, whatever lies beneath: whole in one transaction, or not at all.

The index is a cache and stays behind: the first search where the copy arrived makes it again.
"""

from __future__ import annotations

from collections.abc import Iterator

from jihwi.library.database import Connection, LibraryDatabase

__all__ = ["copy_library"]

_TABLES = {
    "facts": ("name", "value"),
    "collections": ("id", "name, info"),
    "partitions": ("id", "key, collection, labels"),
    "documents": (
        "id",
        "document_id, collection, path, container, digest, size, modified_ns, partition, reading, read_by, index_key, "
        "body",
    ),
    "readings": ("id", "digest, characters, chunking, structure"),
    "reading_parts": ("reading, part", "body"),
    "chunks": ("reading, ordinal", "first, last, body"),
    "kept_readings": ("reading, kept_by", "labels"),
    "kept_sources": ("kept_by, document_id, reading", "digest, path, title, labels, checked"),
    "choices": ("name", "value"),
    "gone_classes": ("document_id", "class"),
}
"""Each after those it refers to: its key, and what else it holds."""
_ROWS_A_TIME = 100


def copy_library(source: LibraryDatabase, target: LibraryDatabase) -> int | None:
    """Copy everything; how many documents came. None when `target` holds a library already: it is left alone.

    Raises StoreError.
    """
    with target.lock.held(), source.reading() as theirs, target.writing() as ours:
        if ours.execute("SELECT count(*) FROM collections").fetchone()[0]:
            return None
        ours.execute("DELETE FROM facts")
        for table, (key, others) in _TABLES.items():
            columns = f"{key}, {others}"
            statement = f"INSERT INTO {table} ({columns}) VALUES ({_marks(columns)})"
            for rows in _pages(theirs, table, key, columns):
                ours.executemany(statement, rows)
        target.count_on(ours)
        return int(ours.execute("SELECT count(*) FROM documents").fetchone()[0])


def _pages(connection: Connection, table: str, key: str, columns: str) -> Iterator[list[tuple[object, ...]]]:
    """The rows of a table by its key, so many at a time as fit into memory."""
    after, last = "", tuple[object, ...]()
    while rows := connection.execute(
        f"SELECT {columns} FROM {table} {after}ORDER BY {key} LIMIT {_ROWS_A_TIME}", last
    ).fetchall():
        yield rows
        after, last = f"WHERE ({key}) > ({_marks(key)}) ", tuple(rows[-1][: key.count(",") + 1])


def _marks(columns: str) -> str:
    return ", ".join("?" for _ in columns.split(","))
