"""A library copied from one database to another, whatever lies beneath: whole in one transaction, or not at all.

The index is a cache and stays behind: the first search where the copy arrived makes it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from jihwi.library.database import Connection, LibraryDatabase

__all__ = ["copy_library", "library_at_one_moment"]

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


@contextmanager
def library_at_one_moment(
    source: LibraryDatabase, target: LibraryDatabase, *, also: Callable[[], None] = lambda: None
) -> Iterator[Callable[[], int | None]]:
    """What copies everything as it is now and answers how many documents came; None when `target` holds a library
    already: it is left alone.

    `also` is called at that same moment: nothing of the library changes while it runs, so it should look at something
    and no more. What it looks at and the library then fit each other, as a class fits the fact that says it.
    Raises StoreError.
    """
    with ExitStack() as until:
        with source.writing():
            theirs = until.enter_context(source.reading())
            theirs.execute("SELECT count(*) FROM facts").fetchall()  # what is seen from now on is of now
            also()
        yield lambda: _copied(theirs, target)


def copy_library(source: LibraryDatabase, target: LibraryDatabase) -> int | None:
    """Copy everything as it is now; how many documents came. None when `target` holds a library already: it is left
    alone. Raises StoreError.
    """
    with library_at_one_moment(source, target) as copied:
        return copied()


def _copied(theirs: Connection, target: LibraryDatabase) -> int | None:
    with target.lock.held(), target.writing() as ours:
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
