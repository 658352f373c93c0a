"""What the flat vector index promises: nothing of another partition, exact nearness, and another model starts anew."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import apsw
import numpy as np
import numpy.typing as npt
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.errors import EmbeddingChanged, StoreBusy, StoreCorrupt, StoreFailed
from jihwi.index import DocumentVectors, Near
from jihwi.index.embedding import unit_rows
from jihwi.index.postgres_vectors import ComparedVectors, PostgresVectors, vectors_on
from jihwi.index.vectors import FlatVectors, KeptVectors
from tests.index.test_contract import served


def rows(*values: Sequence[float]) -> npt.NDArray[np.float32]:
    return unit_rows(np.array(values, dtype=np.float32))


def vectors_of(document_id: str, *values: Sequence[float], partition: str = "open", key: str = "1") -> DocumentVectors:
    return DocumentVectors(document_id, partition, key, tuple(range(len(values))), rows(*values))


def ids(found: list[Near]) -> list[tuple[str, int]]:
    return [(near.document_id, near.ordinal) for near in found]


@pytest.fixture(params=["folder", "postgres", pytest.param("pgvector", marks=pytest.mark.needs("pgvector"))])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], KeptVectors]]:
    """Another object on the same vectors, for this model."""
    if request.param == "folder":
        yield lambda model: FlatVectors(tmp_path, model)
        return
    server = served(request.getfixturevalue(request.param))
    yield lambda model: vectors_on(server, model)
    server.close()


Opened = Callable[[str], KeptVectors]
EAST, NORTH = rows((1, 0))[0], rows((0, 1))[0]


def test_the_nearest_come_first_with_their_cosine(opened: Opened) -> None:
    index = opened("m")
    index.put([vectors_of("a", (1, 0), (1, 1)), vectors_of("b", (0, 1))])
    found = index.nearest(EAST, ["open"], limit=2)
    assert ids(found) == [("a", 0), ("a", 1)]
    assert [near.similarity for near in found] == pytest.approx([1.0, 0.7071], abs=1e-3)


def test_documents_narrow_and_partitions_part(opened: Opened) -> None:
    index = opened("m")
    index.put([vectors_of("a", (1, 0)), vectors_of("b", (1, 1)), vectors_of("s", (1, 0), partition="secret")])
    assert ids(index.nearest(EAST, ["open"], limit=9)) == [("a", 0), ("b", 0)]
    assert ids(index.nearest(EAST, ["open", "secret"], limit=9, documents=["b", "s"])) == [("s", 0), ("b", 0)]
    assert index.nearest(EAST, [], limit=9) == []
    assert ids(index.similarities(NORTH, ["open"], [("b", 0), ("s", 0), ("b", 7)])) == [("b", 0)]


def test_another_object_sees_what_was_put_and_what_was_taken_out(opened: Opened) -> None:
    writer, reader = opened("m"), opened("m")
    assert reader.nearest(EAST, ["open"], limit=9) == []
    writer.put([vectors_of("a", (1, 0)), vectors_of("b", (0, 1))])
    assert ids(reader.nearest(EAST, ["open"], limit=9)) == [("a", 0), ("b", 0)]
    writer.put([vectors_of("a", (0, 1), partition="moved", key="2")])
    writer.keep_only({"a": "2"}, 7)
    assert reader.nearest(EAST, ["open"], limit=9) == []
    assert (reader.held(), reader.library_version()) == ({"a": "2"}, 7)
    assert ids(reader.nearest(EAST, ["moved"], limit=9)) == [("a", 0)]


def test_a_file_that_another_process_holds_is_told_as_such(tmp_path: Path) -> None:
    index = FlatVectors(tmp_path, "m", busy_seconds=0.01)
    index.put([vectors_of("a", (1, 0))])
    other = apsw.Connection(str(tmp_path / "vectors.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy) as told:
        index.put([vectors_of("b", (1, 0))])
    assert (told.value.path, told.value.seconds) == (str(tmp_path / "vectors.db"), 0.01)
    other.execute("ROLLBACK")
    other.close()
    index.put([vectors_of("b", (1, 0))])
    assert index.held() == {"a": "1", "b": "1"}
    index.close()


def test_a_file_that_is_damaged_while_it_is_used_is_told_and_begun_anew(tmp_path: Path) -> None:
    long = np.ones((1, 65_536), dtype=np.float32)
    with contextlib.closing(FlatVectors(tmp_path, "m")) as index:
        index.put([DocumentVectors(f"{n:03}", "open", "1", (0,), long) for n in range(40)])
    with contextlib.closing(FlatVectors(tmp_path, "m")) as index:
        assert len(index.held()) == 40
        with (tmp_path / "vectors.db").open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(8192)
            file.write(b"\xee" * (size - 8192))
        with pytest.raises(StoreCorrupt):
            index.nearest(long[0], ["open"], limit=1)
        assert (index.held(), index.rebuilt_because()) == ({}, "damaged")
        index.put([vectors_of("a", (1, 0))])
        assert index.held() == {"a": "1"}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file")
    with pytest.raises(StoreFailed):
        FlatVectors(tmp_path / "index", "m").held()


@pytest.mark.parametrize("because", ["model", "damaged"])
def test_what_cannot_be_used_is_begun_anew_and_says_so(tmp_path: Path, because: str) -> None:
    first = FlatVectors(tmp_path, "m")
    first.put([vectors_of("a", (1, 0))])
    first.close()
    if because == "damaged":
        (tmp_path / "vectors.db").write_bytes(b"no database " * 500)
    again = FlatVectors(tmp_path, "another" if because == "model" else "m")
    assert (again.held(), again.library_version(), again.rebuilt_because()) == ({}, -1, because)
    again.put([vectors_of("a", (1, 0))])
    assert ids(again.nearest(EAST, ["open"], limit=1)) == [("a", 0)]


def test_another_dimension_takes_the_place_of_all_others(opened: Opened) -> None:
    index = opened("m")
    index.put([vectors_of("a", (1, 0))])
    with pytest.raises(EmbeddingChanged):
        index.nearest(rows((1, 0, 0))[0], ["open"], limit=1)
    index.put([vectors_of("b", (1, 0, 0))])
    assert (index.held(), index.dimension(), index.rebuilt_because()) == ({"b": "1"}, 3, "dimension")


def test_another_model_on_the_server_makes_all_anew(opened: Opened) -> None:
    opened("m").put([vectors_of("a", (1, 0))])
    other = opened("another")
    assert (other.held(), other.library_version(), other.rebuilt_because()) == ({}, -1, "model")


_PLACES = st.lists(
    st.tuples(st.sampled_from(["open", "secret"]), st.floats(-1, 1, width=16), st.floats(-1, 1, width=16)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12)
@given(places=_PLACES)
def test_a_partition_that_is_not_opened_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[str, float, float]]
) -> None:
    everything, open_only = (FlatVectors(tmp_path_factory.mktemp("vectors"), "m") for _ in range(2))
    made = [vectors_of(f"d{n}", (x, y), partition=partition) for n, (partition, x, y) in enumerate(places)]
    everything.put(made)
    open_only.put([one for one in made if one.partition == "open"])
    for vector in (EAST, NORTH):
        assert everything.nearest(vector, ["open"], limit=3) == open_only.nearest(vector, ["open"], limit=3)
    everything.close()
    open_only.close()


@pytest.mark.needs("pgvector")
def test_a_server_with_pgvector_finds_the_same_as_a_folder(pgvector: str, tmp_path: Path) -> None:
    server = served(pgvector)
    theirs, ours = vectors_on(server, "m"), FlatVectors(tmp_path, "m")
    assert isinstance(theirs, ComparedVectors)
    chance = np.random.default_rng(11)
    made = [
        DocumentVectors(f"문서 {n}", ("open", "secret", "other")[n % 3], "1", tuple(range(8)), unit_rows(block))
        for n, block in enumerate(chance.standard_normal((90, 8, 384), dtype=np.float32))
    ]
    made += [DocumentVectors("twin", "open", "1", made[0].ordinals, made[0].vectors)]  # equals go by their names
    theirs.put(made)
    ours.put(made)
    some = [one.document_id for one in made[::2]]
    for question in unit_rows(chance.standard_normal((12, 384), dtype=np.float32) + made[0].vectors[0]):
        for documents in (None, some):
            found = theirs.nearest(question, ["open", "other"], limit=50, documents=documents)
            same = ours.nearest(question, ["open", "other"], limit=50, documents=documents)
            assert [near.similarity for near in found] == pytest.approx([near.similarity for near in same], abs=2e-6)
            cut = same[-1].similarity + 4e-6  # where equals to rounding end, either may stand
            assert {n[:2] for n in named(found) if n[2] > cut} <= {n[:2] for n in named(same)}
            assert {n[:2] for n in named(same) if n[2] > cut} <= {n[:2] for n in named(found)}
        chunks = [(one.document_id, 3) for one in made]
        known = {n[:2]: n[2] for n in named(ours.similarities(question, ["open"], chunks))}
        asked = {n[:2]: n[2] for n in named(theirs.similarities(question, ["open"], chunks))}
        assert asked == pytest.approx(known, abs=2e-6)
    server.close()


def named(found: list[Near]) -> list[tuple[str, int, float]]:
    return [(near.document_id, near.ordinal, near.similarity) for near in found]


@pytest.mark.needs("pgvector")
def test_among_very_many_equals_the_first_by_name_come_as_in_a_folder(pgvector: str, tmp_path: Path) -> None:
    server = served(pgvector)
    theirs, ours = vectors_on(server, "m"), FlatVectors(tmp_path, "m")
    equal, nearer = rows((1, 1)), rows((1, 0.99))
    for index in (theirs, ours):
        index.put([DocumentVectors(f"d{n:03}", "open", "1", (0,), equal) for n in reversed(range(400))])
        index.put([DocumentVectors("z", "open", "1", (0,), nearer)])
    for limit in (1, 4, 500):
        assert ids(theirs.nearest(EAST, ["open"], limit=limit)) == ids(ours.nearest(EAST, ["open"], limit=limit))
    assert ids(theirs.nearest(EAST, ["open"], limit=3)) == [("z", 0), ("d000", 0), ("d001", 0)]
    server.close()


@pytest.mark.needs("pgvector")
def test_vectors_that_lay_there_before_pgvector_came_are_moved_and_none_is_made_anew(pgvector: str) -> None:
    server = served(pgvector)
    before = PostgresVectors(server, "m")
    before.put([vectors_of("a", (1, 0), (1, 1)), vectors_of("s", (0, 1), partition="secret", key="7")])
    before.keep_only({"a": "1", "s": "7"}, 5)
    after = vectors_on(server, "m")
    assert (after.held(), after.library_version(), after.rebuilt_because()) == ({"a": "1", "s": "7"}, 5, "")
    found = after.nearest(EAST, ["open"], limit=9)
    assert ids(found) == [("a", 0), ("a", 1)]
    assert [near.similarity for near in found] == pytest.approx([1.0, 0.7071], abs=1e-3)
    assert [near.key for near in after.nearest(NORTH, ["secret"], limit=9)] == ["7"]
    server.close()


@pytest.mark.needs("pgvector")
def test_when_pgvector_is_taken_away_vectors_are_made_anew_and_compared_here(pgvector: str) -> None:
    server = served(pgvector)
    vectors_on(server, "m").put([vectors_of("a", (1, 0))])
    with psycopg.connect(pgvector, autocommit=True) as db:
        db.execute("SET client_min_messages = warning")
        db.execute("DROP EXTENSION vector CASCADE")
    again = vectors_on(server, "m")  # the server lets us bring it back, but the column went with it
    assert (again.held(), again.rebuilt_because()) == ({}, "layout")
    again.put([vectors_of("a", (1, 0))])
    plain = PostgresVectors(server, "m")
    assert (plain.held(), plain.rebuilt_because()) == ({}, "layout")
    plain.put([vectors_of("a", (1, 0))])
    assert ids(plain.nearest(EAST, ["open"], limit=1)) == [("a", 0)]
    server.close()


@pytest.mark.needs("pgvector")
def test_who_may_not_bring_pgvector_goes_on_without(pgvector: str) -> None:
    with psycopg.connect(pgvector, autocommit=True) as db:
        db.execute("DROP ROLE IF EXISTS plain")
        db.execute("CREATE ROLE plain LOGIN")
        db.execute("CREATE SCHEMA jihwi AUTHORIZATION plain")
    server = served(pgvector.replace("user=jihwi", "user=plain"))
    index = vectors_on(server, "m")
    index.put([vectors_of("a", (1, 0))])
    assert not isinstance(index, ComparedVectors)
    assert ids(index.nearest(EAST, ["open"], limit=1)) == [("a", 0)]
    server.close()


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from jihwi.index import DocumentVectors
from jihwi.index.postgres_vectors import PostgresVectors
from jihwi.index.vectors import FlatVectors, KeptVectors
from tests.index.test_contract import served
index = FlatVectors(Path(sys.argv[1]), "m")
for n in range(100_000):
    index.put([DocumentVectors(f"d{n}", "open", "1", (0,), np.ones((1, 64), dtype=np.float32) / 8)])
    print(n, flush=True)
"""


def test_killed_while_writing_what_was_put_is_there(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    last = 0
    for line in writer.stdout:
        last = int(line)
        if last >= 30:
            break
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    index = FlatVectors(tmp_path, "m")
    held = index.held()
    assert {f"d{n}" for n in range(last + 1)} <= held.keys()
    assert len(index.nearest(np.ones(64, dtype=np.float32) / 8, ["open"], limit=10**6)) == len(held)
