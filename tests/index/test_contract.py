"""One promise, two indexes: the one in a folder and the one on a Postgres server find the same, to the last bit."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.index import Found, IndexedDocument, WordIndex
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.mecab import MecabAnalyser
from jihwi.index.postgres import PostgresIndex
from jihwi.library.postgres import PostgresServer
from jihwi.store.postgres.opening import place_of, store_error
from tests.index.small_words import SmallWords, document

Opened = Callable[[str], WordIndex]
"""Another object on the same index, with an analyser of this version."""


def served(dsn: str) -> PostgresServer:
    return PostgresServer(
        dsn, place=place_of(dsn), told=lambda problem: store_error(problem, dsn, busy_seconds=5.0), busy_seconds=5.0
    )


@pytest.fixture(params=["embedded", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    if request.param == "embedded":
        yield lambda version: EmbeddedIndex(tmp_path / "index", SmallWords(version))
        return
    server = served(request.getfixturevalue("postgres"))
    yield lambda version: PostgresIndex(server, SmallWords(version))
    server.close()


def ids(found: Found) -> list[str]:
    return [match.document_id for match in found.matches]


def test_what_is_added_is_found_after_the_commit_by_everybody(opened: Opened) -> None:
    writer, reader = opened("1"), opened("1")
    assert (reader.library_version(), ids(reader.search("apple", ["open"], limit=5))) == (-1, [])
    writer.add([document("a", "red apple"), document("b", "green apple tree")])
    assert ids(reader.search("apple", ["open"], limit=5)) == []
    writer.commit(1)
    assert sorted(ids(reader.search("apple", ["open"], limit=5))) == ["a", "b"]
    assert (reader.library_version(), dict(reader.state().documents)) == (1, {"a": "1", "b": "1"})


def test_a_document_replaces_itself_and_goes(opened: Opened) -> None:
    index = opened("1")
    index.add([document("a", "old words"), document("b", "other words")])
    index.commit(1)
    index.add([document("a", "middle words")])
    index.add([document("a", "new words", key="2")])
    index.remove(["b", "unknown"])
    index.commit(2)
    assert [ids(index.search(one, ["open"], limit=5)) for one in ("old", "middle", "other")] == [[], [], []]
    assert ids(index.search("new", ["open"], limit=5)) == ["a"]
    assert dict(index.state().documents) == {"a": "2"}


def test_what_is_abandoned_is_never_seen_and_what_is_cleared_is_gone(opened: Opened) -> None:
    index = opened("1")
    index.add([document("a", "apple")])
    index.commit(1)
    index.add([document("b", "apple")])
    index.remove(["a"])
    index.abandon()
    index.commit(2)
    assert ids(index.search("apple", ["open"], limit=5)) == ["a"]
    index.clear()
    index.add([document("c", "apple")])
    index.commit(3)
    assert ids(index.search("apple", ["open"], limit=5)) == ["c"]


def test_many_small_commits_are_joined_and_lose_nothing(opened: Opened) -> None:
    index = opened("1")
    for number in range(1, 24):
        index.add([document(f"d{number}", f"apple number{number}", f"pear {number}")])
        index.remove([f"d{number - 7}"])
        index.commit(number)
        assert ids(index.search(f"number{number}", ["open"], limit=5))[0] == f"d{number}"
    assert len(index.state().documents) == 7
    assert opened("1").search("apple", ["open"], limit=50) == index.search("apple", ["open"], limit=50)
    assert len(ids(index.search("apple", ["open"], limit=50))) == 7


def test_another_analysers_index_holds_nothing_and_says_so(opened: Opened) -> None:
    first = opened("1")
    first.add([document("a", "apple")])
    first.commit(1)
    other = opened("2")
    assert (other.state().library_version, other.state().rebuilt_because) == (-1, "analyser")
    assert ids(other.search("apple", ["open"], limit=5)) == []
    other.add([document("b", "apple")])
    other.commit(1)
    assert ids(other.search("apple", ["open"], limit=5)) == ["b"]


def test_documents_narrow_the_hits_and_chunks_are_told_when_asked_for(opened: Opened) -> None:
    index = opened("1")
    index.add([document("a", "apple pie", "nothing"), document("b", "apple tree"), document("s", "x", partition="s")])
    index.commit(1)
    whole = index.search("apple tree", ["open"], limit=5)
    narrow = index.search("apple tree", ["open"], limit=5, documents=["a"])
    assert (ids(narrow), narrow.terms, narrow.chunks) == (["a"], whole.terms, whole.chunks)
    besides = index.search("apple tree", ["open"], limit=5, also=[("a", 1), ("a", 0), ("s", 0), ("gone", 3)])
    assert besides.matches[:2] == whole.matches
    assert [(match.document_id, match.ordinal, match.words) for match in besides.matches[2:]] == [("a", 1, 0.0)]


_WORDS = st.sampled_from(
    ["연차", "휴가", "예산", "당직", "여비", "apple", "leave", "2025", "12조", "규정에", "따라", "의", "는"]
)
_TEXT = st.lists(_WORDS, min_size=1, max_size=12).map(lambda words: " ".join(words) + ".")
_DOCUMENT = st.tuples(
    st.sampled_from(["open", "people", "secret"]),
    st.lists(_TEXT, min_size=1, max_size=4),
    st.sampled_from(["", "규정"]),
)
_STEPS = st.lists(st.lists(st.tuples(st.integers(0, 9), _DOCUMENT), max_size=5), min_size=1, max_size=6)


def _made(number: int, step: int, made: tuple[str, list[str], str]) -> IndexedDocument:
    partition, texts, heading = made
    return document(f"d{number}", *texts, partition=partition, key=str(step), heading=heading)


@settings(max_examples=20)
@given(steps=_STEPS, question=_TEXT, opened_ones=st.sets(st.sampled_from(["open", "people"])))
def test_both_find_the_same_and_nothing_of_what_is_not_opened(
    postgres_server: str,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[list[tuple[int, tuple[str, list[str], str]]]],
    question: str,
    opened_ones: set[str],
) -> None:
    analyser = MecabAnalyser()
    server = served(postgres_server)
    embedded = EmbeddedIndex(tmp_path_factory.mktemp("index"), analyser)
    without = EmbeddedIndex(tmp_path_factory.mktemp("index"), analyser)
    on_server = PostgresIndex(server, analyser)
    for index in (embedded, without, on_server):
        index.clear()
        index.commit(0)
        for step, documents in enumerate(steps):
            for number, made in documents:
                index.remove([f"d{number}"])
                if made[0] != "secret" or index is not without:
                    index.add([_made(number, step, made)])
            index.commit(step + 1)
    found = [index.search(question, opened_ones, limit=20) for index in (embedded, without, on_server)]
    assert found[0] == found[1] == found[2]
    on_server.close()
    server.close()


def test_opening_and_searching_wait_for_nobody_who_writes(postgres: str) -> None:
    server = served(postgres)
    index = PostgresIndex(server, SmallWords("1"))
    index.add([document("a", "apple")])
    index.commit(1)
    with server.writing(lock=1) as db:
        db.execute("LOCK TABLE jihwi.index_postings, jihwi.index_segments, jihwi.index_state IN ROW EXCLUSIVE MODE")
        another = served(postgres)
        other = PostgresIndex(another, SmallWords("1"))
        assert ids(other.search("apple", ["open"], limit=5)) == ["a"]
    another.close()
    server.close()


_WRITER = """
import sys
from tests.index.test_contract import served
from tests.index.small_words import SmallWords, document
from jihwi.index.postgres import PostgresIndex
index = PostgresIndex(served(sys.argv[1]), SmallWords("1"))
for n in range(1, 10_000):
    index.add([document(f"d{n}-{k}", f"apple {k}") for k in range(5)])
    print(n, flush=True)
    index.commit(n)
"""


def connected(dsn: str) -> set[int]:
    """The server's processes that serve one of ours."""
    with psycopg.connect(dsn) as db:
        return {pid for (pid,) in db.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'jihwi'")}


def wait_until_alone(dsn: str, before: set[int]) -> None:
    """Wait until the server has ended what it did for somebody who was killed; a commit goes on without them."""
    deadline = time.monotonic() + 60
    while connected(dsn) - before:
        assert time.monotonic() < deadline, "the server still serves the dead"
        select.select([], [], [], 0.01)


def test_a_writer_killed_while_it_commits_leaves_the_last_commit_on_the_server(postgres: str) -> None:
    root, before = Path(__file__).resolve().parents[2], connected(postgres)
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, postgres],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert writer.stdout is not None
    with writer:
        told = [next(writer.stdout, "0") for _ in range(9)]
        writer.kill()
        begun = max(map(int, [*told, *writer.stdout.read().split()]))  # it may have gone on until it was killed
    wait_until_alone(postgres, before)
    server = served(postgres)
    index = PostgresIndex(server, SmallWords("1"))
    version = index.library_version()
    assert version in (begun - 1, begun)
    assert len(index.state().documents) == 5 * version
    assert len(ids(index.search("apple", ["open"], limit=5 * version + 1))) == 5 * version
    index.add([document("more", "apple")])
    index.commit(version + 1)
    assert index.library_version() == version + 1
    server.close()
