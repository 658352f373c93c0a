"""What a search on a server meets when somebody commits while it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jihwi.index.postgres import PostgresIndex, Server
from tests.index.small_words import SmallWords, document
from tests.index.test_contract import ids, served


class Interrupted:
    """A server on which something happens after the first answer to whoever asks without a transaction."""

    def __init__(self, server: Server, happens: Callable[[], None]) -> None:
        self._server = server
        self._happens = happens
        self.reading, self.writing = server.reading, server.writing

    @contextmanager
    def asking(self) -> Iterator[Any]:
        with self._server.asking() as db:
            yield _Once(db, self._happens)


class _Once:
    def __init__(self, db: Any, happens: Callable[[], None]) -> None:
        self._db = db
        self._happens: Callable[[], None] | None = happens

    def execute(self, *asked: Any, **said: Any) -> Any:
        answer = self._db.execute(*asked, **said)
        if self._happens is not None:
            happens, self._happens = self._happens, None
            happens()
        return answer


def test_a_segment_that_goes_between_two_questions_is_asked_for_again(postgres: str) -> None:
    server = served(postgres)
    writer = PostgresIndex(server, SmallWords("1"))
    writer.add([document("a", "red apple"), document("b", "green apple tree")])
    writer.commit(1)

    def replaces_everything() -> None:
        writer.clear()
        writer.add([document("c", "new apple")])
        writer.commit(2)

    fresh = PostgresIndex(Interrupted(server, replaces_everything), SmallWords("1"))
    assert ids(fresh.search("apple", ["open"], limit=5)) == ["c"]

    def takes_all() -> None:
        writer.clear()
        writer.commit(3)

    knowing = PostgresIndex(Interrupted(server, takes_all), SmallWords("1"))
    knowing.state()  # holds what never changes of the segments, and not their postings
    assert ids(knowing.search("apple", ["open"], limit=5)) == []
    server.close()
