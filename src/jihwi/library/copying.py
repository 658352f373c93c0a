"""A library copied from one database to another, whatever lies beneath: whole in one transaction, or not at all.

The index is a cache and stays behind: the first search where the copy arrived makes it again.
"""

from __future__ import annotations

from collections.abc import Iterator

from jihwi.library.database import Connection, LibraryDatabase

__all__ = ["copy_library"]

_TABLES = {
    "facts": "name, value",
    "collections": "id, name, info",
    "partitions": "id, key, collection, labels",
    "documents": "id, document_id, collection, path, container, digest, size, modified_ns, partition, reading, "
    "read_by, index_key, body",
    "readings": "id, digest, characters, chunking, structure",
    "reading_parts": "reading, part, body",
    "chunks": "reading, ordinal, first, last, body",
    "kept_readings": "reading, kept_by, labels",
    "kept_sources": "kept_by, document_id, reading, digest, path, title, labels, checked",
    "choices": "name, value",
    "gone_classes": "document_id, class",
}
"""Each after those it refers to."""
_ROWS_A_TIME = 500


def copy_library(source: LibraryDatabase, target: LibraryDatabase) -> int | None:
    """Copy everything; how many documents came. None when `target` holds a library already: it is left alone.

    Raises StoreError.
    """
    with target.lock.held(), source.reading() as theirs, target.writing() as ours:
        if ours.execute("SELECT count(*) FROM collections").fetchone()[0]:
            return None
        ours.execute("DELETE FROM facts")
        for table, columns in _TABLES.items():
            values = ", ".join("?" for _ in columns.split(","))
            statement = f"INSERT INTO {table} ({columns}) VALUES ({values})"
            for rows in _pages(theirs, table, columns):
                ours.executemany(statement, rows)
        target.count_on(ours)
        return int(ours.execute("SELECT count(*) FROM documents").fetchone()[0])


def _pages(connection: Connection, table: str, columns: str) -> Iterator[list[tuple[object, ...]]]:
    """The rows of a table, so many at a time as fit into memory: those of a reading, or some hundred."""
    if columns.startswith("id,"):
        last = 0
        page = f"SELECT {columns} FROM {table} WHERE id > ? ORDER BY id LIMIT {_ROWS_A_TIME}"
        while rows := [tuple(row) for row in connection.execute(page, (last,))]:
            yield rows
            last = int(str(rows[-1][0]))
    elif table in ("reading_parts", "chunks"):
        for (number,) in connection.execute("SELECT id FROM readings ORDER BY id").fetchall():
            mine = connection.execute(f"SELECT {columns} FROM {table} WHERE reading = ?", (number,))
            yield [tuple(row) for row in mine]
    else:
        yield [tuple(row) for row in connection.execute(f"SELECT {columns} FROM {table}")]
