"""Every way of cutting keeps exact offsets and loses nothing."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.evidence import Chunk, Reading, ReadingBuilder
from jihwi.evidence.chunking import Strategy, StrategyName, chunks_of, token_count

NAMES: tuple[StrategyName, ...] = get_args(StrategyName)

TEXT = st.text(alphabet="가나다라 abc.\n\t12제조항①,다.", max_size=200)
BLOCKS = st.lists(
    st.one_of(
        st.tuples(st.just("paragraph"), TEXT),
        st.tuples(st.just("heading"), TEXT),
        st.tuples(st.just("list_item"), TEXT),
        st.tuples(st.just("table"), st.lists(st.lists(TEXT, min_size=1, max_size=3), min_size=1, max_size=5)),
    ),
    max_size=8,
)


def builder() -> ReadingBuilder:
    return ReadingBuilder(source="00", reader="test", reader_version="1")


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    made = builder()
    for kind, content in draw(BLOCKS):
        if kind == "table":
            made.table(content, header_rows=draw(st.integers(0, 1)))  # type: ignore[arg-type]
        else:
            made.block(kind, content, level=draw(st.integers(1, 3)) if kind == "heading" else 0)  # type: ignore[arg-type]
    return made.done()


def texts(reading: Reading, chunks: list[Chunk]) -> list[str]:
    return [reading.text[chunk.start : chunk.end] for chunk in chunks]


@settings(max_examples=150, deadline=None)
@given(reading=readings(), name=st.sampled_from(NAMES), most=st.integers(4, 60), least=st.integers(1, 60))
def test_nothing_is_lost_and_nothing_is_altered(reading: Reading, name: StrategyName, most: int, least: int) -> None:
    chunks = chunks_of(reading, Strategy(name, least=min(least, most), most=most, overlap=most // 4))
    covered = set(itertools.chain.from_iterable(range(chunk.start, chunk.end) for chunk in chunks))
    lost = [offset for offset, sign in enumerate(reading.text) if not sign.isspace() and offset not in covered]
    assert lost == []
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        text = reading.text[chunk.start : chunk.end]
        assert text == text.strip() != ""
        assert 0 <= chunk.first_block <= chunk.last_block < len(reading.blocks)
    starts = [chunk.start for chunk in chunks]
    if name not in ("overlap", "parent_child"):
        assert all(a.end <= b.start for a, b in itertools.pairwise(chunks))
    assert name == "parent_child" or starts == sorted(starts)


def regulation() -> Reading:
    made = builder().heading("복무규정", level=1)
    for number in range(1, 6):
        made.paragraph(f"제{number}조(목적 {number}) 이 조는 {'휴가에 관한 사항을 정한다. ' * 12}")
        made.paragraph(f"① 첫째 항이다. {'세부 사항은 따로 정한다. ' * 10}")
        made.paragraph(f"② 제{number}조제1항에 따른다. {'예외를 둔다. ' * 10}")
    return made.done()


def test_paragraphs_are_taken_together_up_to_the_least_and_never_above_the_most() -> None:
    reading = regulation()
    sizes = [token_count(text) for text in texts(reading, chunks_of(reading))]
    assert all(size <= 512 for size in sizes)
    assert all(size >= 256 for size in sizes[:-1])


def test_a_long_paragraph_is_cut_at_sentences() -> None:
    reading = builder().paragraph("예산은 의회가 심의한다. " * 200).done()
    pieces = texts(reading, chunks_of(reading))
    assert len(pieces) > 2
    assert all(piece.endswith("다.") for piece in pieces)


def test_a_new_part_begins_a_new_chunk() -> None:
    made = builder()
    for name in ("하나", "둘"):
        made.heading(name, level=1).paragraph("내용을 적는다. " * 25)
    reading = made.done()
    chunks = chunks_of(reading)
    assert [chunk.headings for chunk in chunks] == [("하나",), ("둘",)]


def test_headings_are_the_path_from_the_outside_in() -> None:
    reading = (
        builder().heading("장", level=1).heading("절", level=2).paragraph("가" * 900).heading("다음", level=1).done()
    )
    chunks = chunks_of(reading)
    assert chunks[0].headings == ("장", "절") or chunks[0].headings == ("장",)
    assert chunks[-1].headings == ("다음",)


def test_articles_are_chunks_under_their_names() -> None:
    reading = regulation()
    chunks = chunks_of(reading, Strategy("article"))
    assert [chunk.headings[-1] for chunk in chunks[1:]] == [f"제{n}조(목적 {n})" for n in range(1, 6)]
    assert texts(reading, chunks)[2].startswith("제2조(목적 2)")


def test_articles_are_found_inside_one_block_of_plain_text() -> None:
    reading = (
        builder().paragraph("제1조(목적) 목적을 정한다.\n① 하나\n제2조(정의) 뜻을 정한다.\n부칙\n시행한다.").done()
    )
    found = texts(reading, chunks_of(reading, Strategy("article")))
    assert [text[:2] for text in found] == ["제1", "제2", "부칙"]


def test_long_articles_are_cut_before_their_items() -> None:
    reading = regulation()
    found = texts(reading, chunks_of(reading, Strategy("article", most=120)))
    assert len(found) > 6
    assert all(text.startswith(("복무", "제", "①", "②")) for text in found)


def test_rows_bear_their_header() -> None:
    rows = [["부서", "예산"], *([f"부서 {n}", f"{n},000원"] for n in range(60))]
    reading = builder().paragraph("예산은 다음과 같다.").table(rows, header_rows=1).done()
    chunks = chunks_of(reading, Strategy("table", most=100))
    assert texts(reading, chunks)[0] == "예산은 다음과 같다."
    assert len(chunks) > 3
    assert all(chunk.headings == ("부서 예산",) for chunk in chunks[2:])
    assert all("\n" not in row or row.count("\t") for row in texts(reading, chunks)[1:])


def test_overlap_shares_sentences() -> None:
    reading = builder().paragraph(" ".join(f"문장 {n}이 여기에 있다." for n in range(100))).done()
    chunks = chunks_of(reading, Strategy("overlap", most=100, overlap=20))
    assert all(b.start < a.end < b.end for a, b in itertools.pairwise(chunks))


def test_children_lie_inside_their_parent() -> None:
    reading = regulation()
    chunks = chunks_of(reading, Strategy("parent_child"))
    parents = [c for c in chunks if not any(o.start <= c.start and c.end <= o.end and o != c for o in chunks)]
    assert 1 < len(parents) < len(chunks)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_reading_has_no_chunks(name: StrategyName) -> None:
    assert chunks_of(builder().done(), Strategy(name)) == []
    assert chunks_of(builder().paragraph(" \n ").done(), Strategy(name)) == []


def test_the_version_says_how_it_was_cut() -> None:
    assert Strategy().version != Strategy(most=400).version != Strategy("article").version


def test_pages_and_sheets_travel() -> None:
    made = builder()
    made.page, made.section = 3, "예산표"
    chunk = chunks_of(made.paragraph("본문").done())[0]
    assert (chunk.page, chunk.section) == (3, "예산표")
