"""What the embedded index promises: exact statistics, no trace of other partitions, the last commit kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.errors import StoreReadOnly
from jihwi.index import Found, IndexedDocument, Match
from jihwi.index.embedded import EmbeddedIndex
from tests.index.small_words import SmallWords, document


def an_index(folder: Path, version: str = "1") -> EmbeddedIndex:
    return EmbeddedIndex(folder, SmallWords(version))


def ids(found: Found) -> list[str]:
    return [match.document_id for match in found.matches]


def test_what_is_added_is_found_after_the_commit(tmp_path: Path) -> None:
    index = an_index(tmp_path)
    index.add([document("a", "red apple"), document("b", "green apple tree")])
    assert ids(index.search("apple", ["open"], limit=5)) == []
    index.commit(1)
    assert sorted(ids(index.search("apple", ["open"], limit=5))) == ["a", "b"]
    assert ids(index.search("tree", ["open"], limit=5)) == ["b"]
    assert index.library_version() == 1


def test_a_match_says_why(tmp_path: Path) -> None:
    index = an_index(tmp_path)
    index.add([document("a", "Nothing here. The red apple fell. An apple.", heading="garden"), document("b", "pear")])
    index.commit(1)
    found = index.search("red apple garden", ["open"], limit=5)
    match = found.matches[0]
    assert (
        "Nothing here. The red apple fell. An apple."[match.sentence_start : match.sentence_end]
        == "The red apple fell."
    )
    assert match.sentence_share == 1.0
    assert set(match.matched) == {"red", "apple", "garden"}
    assert found.chunks == 2
    assert found.candidates == 1


def test_only_named_partitions_are_opened(tmp_path: Path) -> None:
    index = an_index(tmp_path)
    index.add([document("a", "apple"), document("s", "apple apple", partition="secret")])
    index.commit(1)
    assert ids(index.search("apple", ["open"], limit=5)) == ["a"]
    assert sorted(ids(index.search("apple", ["open", "secret"], limit=5))) == ["a", "s"]
    assert ids(index.search("apple", [], limit=5)) == []


def test_a_misspelt_word_is_found_by_its_letters_and_a_stranger_is_not(tmp_path: Path) -> None:
    index = an_index(tmp_path)
    index.add([document("a", "the homepage of the office"), document("b", "a tree in the yard")])
    index.commit(1)
    found = index.search("hompage", ["open"], limit=5)
    assert ids(found) == ["a"]
    assert found.candidates == 0
    assert found.matches[0].chunk_share == 0.0


def test_documents_narrow_the_hits_and_not_the_statistics(tmp_path: Path) -> None:
    index = an_index(tmp_path)
    index.add([document("a", "apple pie"), document("b", "apple tree")])
    index.commit(1)
    whole, narrow = (index.search("apple tree", ["open"], limit=5, documents=d) for d in (None, ["a"]))
    assert ids(narrow) == ["a"]
    assert narrow.terms == whole.terms
    assert narrow.chunks == whole.chunks


def test_a_document_replaces_itself(tmp_path: Path) -> None:
    index = an_index(tmp_path)
    index.add([document("a", "old words")])
    index.commit(1)
    index.add([document("a", "middle words")])
    index.add([document("a", "new words", key="2")])
    index.commit(2)
    assert ids(index.search("old", ["open"], limit=5)) == ids(index.search("middle", ["open"], limit=5)) == []
    assert ids(index.search("new", ["open"], limit=5)) == ["a"]
    assert dict(index.state().documents) == {"a": "2"}


def test_what_is_abandoned_is_never_seen(tmp_path: Path) -> None:
    index = an_index(tmp_path)
    index.add([document("a", "apple")])
    index.commit(1)
    index.add([document("b", "apple")])
    index.remove(["a"])
    index.abandon()
    index.commit(2)
    assert ids(index.search("apple", ["open"], limit=5)) == ["a"]


def test_another_process_sees_each_commit(tmp_path: Path) -> None:
    writer, reader = an_index(tmp_path), an_index(tmp_path)
    assert ids(reader.search("apple", ["open"], limit=5)) == []
    for number in range(1, 30):
        writer.add([document(f"d{number}", f"apple number{number}")])
        writer.commit(number)
        assert ids(reader.search(f"number{number}", ["open"], limit=5))[0] == f"d{number}"
    assert len(list(tmp_path.glob("*.seg"))) < 15


def test_commits_that_the_clock_of_the_disk_cannot_tell_apart_are_told_apart(tmp_path: Path) -> None:
    reader, writer = an_index(tmp_path), an_index(tmp_path)

    def committed(number: int) -> None:
        writer.remove(["a"])
        writer.add([document("a", f"number{number}")])
        writer.commit(number)
        os.utime(tmp_path / "manifest.json", ns=(1, 1))

    committed(1)
    for number in (3, 5, 7):
        assert reader.library_version() == number - 2
        committed(number - 1)  # which the reader does not look at: the file of the one before it is free
        committed(number)
    assert ids(reader.search("number7", ["open"], limit=5)) == ["a"]


def test_who_knew_a_file_that_is_gone_reads_the_one_that_has_its_name_now(tmp_path: Path) -> None:
    reader, writer = an_index(tmp_path), an_index(tmp_path)
    writer.add([document("a", "apple")])
    writer.commit(1)
    writer.add([document("s", "pear", partition="secret")])
    writer.commit(2)
    assert ids(reader.search("pear", ["secret"], limit=5)) == ["s"]
    names = {path.name for path in tmp_path.glob("*.seg")}
    writer.remove(["s"])
    writer.commit(3)
    another = an_index(tmp_path)
    another.add([document("b", "plum")])
    another.commit(4)
    assert {path.name for path in tmp_path.glob("*.seg")} == names, "the name is given again"
    assert ids(reader.search("pear", ["secret"], limit=5)) == []
    assert ids(reader.search("plum", ["open"], limit=5)) == ["b"]
    assert dict(reader.state().documents) == {"a": "1", "b": "1"}


def test_an_index_by_another_analyser_holds_nothing_and_says_so(tmp_path: Path) -> None:
    index = an_index(tmp_path)
    index.add([document("a", "apple")])
    index.commit(1)
    other = an_index(tmp_path, "2")
    assert (other.state().library_version, other.state().rebuilt_because) == (-1, "analyser")
    assert ids(other.search("apple", ["open"], limit=5)) == []
    other.add([document("a", "apple")])
    other.commit(1)
    assert ids(other.search("apple", ["open"], limit=5)) == ["a"]


@pytest.mark.parametrize("offset", [0, 9, 40, -40, -5_000])
def test_a_damaged_segment_is_noticed(tmp_path: Path, offset: int) -> None:
    index = an_index(tmp_path)
    index.add(document(f"d{n}", f"apple number{n} " * 20) for n in range(50))
    index.commit(1)
    segment = next(tmp_path.glob("*.seg"))
    data = bytearray(segment.read_bytes())
    data[offset] ^= 0xFF
    segment.write_bytes(data)
    os.utime(segment, ns=(1, 1))  # as the times of a file system that counts seconds would tell it, some time later
    assert (an_index(tmp_path).state().library_version, an_index(tmp_path).state().rebuilt_because) == (-1, "damaged")


@pytest.mark.parametrize("damage", ["manifest", "cut", "gone"])
def test_damage_to_any_file_is_noticed(tmp_path: Path, damage: str) -> None:
    index = an_index(tmp_path)
    index.add([document("a", "apple")])
    index.commit(1)
    segment = next(tmp_path.glob("*.seg"))
    if damage == "manifest":
        (tmp_path / "manifest.json").write_bytes(b'{"version":')
    elif damage == "cut":
        segment.write_bytes(segment.read_bytes()[:-20])
    else:
        segment.unlink()
    assert an_index(tmp_path).state().rebuilt_because == "damaged"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    index = an_index(tmp_path)
    index.add([document("a", "apple")])
    with pytest.raises(StoreReadOnly):
        index.commit(1)


# ── properties ───────────────────────────────────────────────────────────────

WORDS = st.lists(st.sampled_from(["apple", "pear", "plum", "fig", "lime"]), min_size=1, max_size=6).map(" ".join)
CHUNKS = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(". ".join), min_size=1, max_size=3)
SHELF = st.lists(CHUNKS, min_size=1, max_size=6)
QUESTION = WORDS


def found_in(folder: Path, steps: list[list[IndexedDocument]], removed: list[str], question: str) -> Found:
    index = an_index(folder)
    for number, step in enumerate(steps):
        index.add(step)
        index.commit(number + 1)
    index.remove(removed)
    index.commit(len(steps) + 1)
    return index.search(question, ["open"], limit=20)


def the_same(one: Found, other: Found) -> None:
    """To the last bit: hits, scores, order, weights, counts."""
    assert one == other


@settings(max_examples=60, deadline=None)
@given(visible=SHELF, hidden=SHELF, question=QUESTION)
def test_what_lies_in_other_partitions_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, visible: list[list[str]], hidden: list[list[str]], question: str
) -> None:
    mine = [document(f"m{n}", *chunks) for n, chunks in enumerate(visible)]
    theirs = [document(f"a{n}", *chunks, partition="secret") for n, chunks in enumerate(hidden)]
    alone = found_in(tmp_path_factory.mktemp("alone"), [mine], [], question)
    beside = found_in(
        tmp_path_factory.mktemp("beside"), [theirs[:1], mine, theirs[1:]], [theirs[0].document_id], question
    )
    the_same(alone, beside)


@settings(max_examples=60, deadline=None)
@given(shelf=SHELF, gone=SHELF, question=QUESTION, cut=st.integers(0, 6))
def test_how_it_grew_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, shelf: list[list[str]], gone: list[list[str]], question: str, cut: int
) -> None:
    kept = [document(f"k{n}", *chunks) for n, chunks in enumerate(shelf)]
    removed = [document(f"r{n}", *chunks) for n, chunks in enumerate(gone)]
    at_once = found_in(tmp_path_factory.mktemp("once"), [kept], [], question)
    one_by_one = [[d] for d in (*removed, *kept)]
    in_steps = found_in(
        tmp_path_factory.mktemp("steps"),
        [*one_by_one[:cut], [kept[0]], *one_by_one[cut:]],
        [d.document_id for d in removed],
        question,
    )
    the_same(at_once, in_steps)


# ── a process killed while it writes ─────────────────────────────────────────

KILLED = """
import sys
from pathlib import Path
from tests.index.small_words import SmallWords, document
from jihwi.index.embedded import EmbeddedIndex
index = EmbeddedIndex(Path(sys.argv[1]), SmallWords())
number = 0
while True:
    number += 1
    index.add([document(f"d{number}-{n}", f"apple number{number} " * 30) for n in range(40)])
    index.remove([f"d{number - 1}-{n}" for n in range(20)])
    index.commit(number)
    print(number, flush=True)
"""


def test_a_killed_writer_leaves_its_last_commit(tmp_path: Path) -> None:
    for round_number in range(4):
        folder = tmp_path / str(round_number)
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        acknowledged = 0
        for line in process.stdout:
            acknowledged = int(line)
            if acknowledged == 5 + 3 * round_number:
                break
        os.kill(process.pid, signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, process.stdout.read().split())])
        process.wait()
        process.stdout.close()
        index = an_index(folder)
        version = index.library_version()
        assert acknowledged <= version <= acknowledged + 1
        assert len(index.state().documents) == 20 * (version - 1) + 40
        matches: tuple[Match, ...] = index.search(f"number{acknowledged}", ["open"], limit=50).matches
        assert len(matches) in (20, 40)
        index.add([document("after", "quince")])
        index.commit(version + 1)
        assert ids(index.search("quince", ["open"], limit=5)) == ["after"]
