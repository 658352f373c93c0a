"""Only what stands in a document, to the character or under a listed normalisation, becomes a checked citation."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jihwi.evidence import Quotation, Reading, ReadingBuilder
from jihwi.evidence.check import Absent, Altered, CheckedCitation, Verbatim, Verdict, check, quoted_sentences
from jihwi.evidence.folding import fold, normalisations_between, whole_characters
from jihwi.evidence.reanchor import Difference, nearest_passage, reanchor

PARAGRAPHS = (
    "제5조(휴가) ① 직원의 연차 휴가는 15일로 한다. 다만, 예산이 부족하면 승인하지 아니한다.",
    "위원회는 “예산을 늘려야 한다”고 의결하였다. 총액은 1,300원이며 변경은 불가능하다.",
    "The office was unable to pay 3.5% of the ｆｕｌｌ price.",
)


def reading_of(*paragraphs: str, source: str = "aa") -> Reading:
    builder = ReadingBuilder(source=source, reader="text", reader_version="1")
    for paragraph in paragraphs:
        builder.paragraph(paragraph)
    return builder.done()


READING = reading_of(*PARAGRAPHS)


def judged(text: str, reading: Reading = READING, start: int = -1, end: int = -1) -> Verdict:
    return check(Quotation("d1", "aa", "bb", text, start, end), reading, "bb")


def cited(text: str, reading: Reading = READING) -> CheckedCitation:
    verdict = judged(text, reading)
    assert isinstance(verdict, Verbatim), verdict
    return verdict.citation


def test_exact_words_become_a_citation_with_their_place() -> None:
    citation = cited("연차 휴가는 15일로 한다.")
    assert READING.text[citation.start : citation.end] == citation.text == "연차 휴가는 15일로 한다."
    assert (citation.document_id, citation.source, citation.reading, citation.block) == ("d1", "aa", "bb", 0)
    assert citation.normalisations == ()
    assert citation.quotation() == Quotation("d1", "aa", "bb", citation.text, citation.start, citation.end)


@pytest.mark.parametrize(
    ("quoted", "stands", "forgiven"),
    [
        ("연차\n휴가는  15일로", "연차 휴가는 15일로", ("white_space",)),
        ('"예산을 늘려야 한다"고', "“예산을 늘려야 한다”고", ("quotation_marks",)),
        ("the full price", "the ｆｕｌｌ price", ("width",)),
        (unicodedata.normalize("NFD", "연차 휴가는"), "연차 휴가는", ("composition",)),
        ("１，３００원", "1,300원", ("width",)),
    ],
)
def test_listed_differences_are_forgiven_and_recorded(quoted: str, stands: str, forgiven: tuple[str, ...]) -> None:
    citation = cited(quoted)
    assert citation.text == stands
    assert citation.normalisations == forgiven


@pytest.mark.parametrize(
    ("quoted", "difference"),
    [
        ("직원의 연차 휴가는 25일로 한다.", Difference("25일로", "15일로")),
        ("예산이 부족하면 승인한다.", Difference("승인한다", "승인하지 아니한다")),
        ("총액은 300원이며 변경은", Difference("300원이며", "1,300원이며")),
    ],
)
def test_other_words_are_shown_as_altered(quoted: str, difference: Difference) -> None:
    verdict = judged(quoted)
    assert isinstance(verdict, Altered)
    shown = "".join(d.quoted for d in verdict.differences), "".join(d.stands for d in verdict.differences)
    assert difference.quoted in shown[0]
    assert difference.stands in shown[1]
    assert READING.text[verdict.start : verdict.end] == verdict.stands


@pytest.mark.parametrize("fragment", ["300원이며", "1,30", "able to pay", "3", "가능하다", ".5% of", "5일로 한다"])
def test_a_quotation_cuts_no_number_and_no_word_in_two(fragment: str) -> None:
    assert not isinstance(judged(fragment), Verbatim)


def test_the_cut_half_of_a_syllable_is_no_quotation() -> None:
    reading = reading_of(unicodedata.normalize("NFD", "각서를 냈다."))
    assert not isinstance(judged(unicodedata.normalize("NFD", "가"), reading), Verbatim)
    assert cited("각서를", reading).normalisations == ("composition",)


@pytest.mark.parametrize(
    ("text", "reason"), [("", "empty"), (" \n\u200b", "empty"), ("전혀 다른 이야기입니다", "nowhere")]
)
def test_what_is_not_there_is_absent(text: str, reason: str) -> None:
    verdict = judged(text)
    assert isinstance(verdict, Absent)
    assert (verdict.reason, verdict.verdict) == (reason, "not_found")


def test_a_quotation_of_another_source_is_absent() -> None:
    verdict = check(Quotation("d1", "other", "bb", "연차 휴가"), READING, "bb")
    assert isinstance(verdict, Absent)
    assert verdict.reason == "other_source"


def test_of_several_places_the_nearest_to_the_offsets_is_taken() -> None:
    reading = reading_of("같은 말이다.", "다른 말.", "같은 말이다.")
    second = reading.text.rindex("같은")
    verdict = judged("같은 말이다.", reading, second - 2, second + 1)
    assert isinstance(verdict, Verbatim)
    assert (verdict.citation.start, verdict.places) == (second, 2)


def test_offsets_of_another_reading_are_not_trusted() -> None:
    verdict = check(Quotation("d1", "aa", "old", "연차 휴가는", 0, 6), READING, "bb")
    assert isinstance(verdict, Verbatim)
    assert verdict.citation.text == "연차 휴가는"


def test_the_sentence_around_a_citation_shows_what_it_left_out() -> None:
    citation = cited("예산이 부족하면 승인")
    assert quoted_sentences(citation, READING) == "다만, 예산이 부족하면 승인하지 아니한다."


def test_nobody_but_check_makes_a_citation() -> None:
    real = cited("연차 휴가는")
    fields: dict[str, Any] = {name: getattr(real, name) for name in real.__dataclass_fields__ if name != "seal"}
    with pytest.raises(TypeError):
        CheckedCitation(**fields)
    with pytest.raises(TypeError):
        CheckedCitation(**fields, seal=cast(Any, object()))
    with pytest.raises((TypeError, ValueError)):
        cast(Any, replace)(real, text="다른 말")
    with pytest.raises(TypeError):
        pickle.dumps(real)
    with pytest.raises((TypeError, msgspec.ValidationError)):
        msgspec.convert(fields, CheckedCitation)
    with pytest.raises(AttributeError):
        real.text = "다른 말"  # type: ignore[misc]
    assert copy.deepcopy(real) is real


MISUSE = """
from jihwi.evidence import Quotation
from jihwi.evidence.check import CheckedCitation

def render(citation: CheckedCitation) -> str:
    return citation.text

render(Quotation("d", "a", "b", "text"))
CheckedCitation(document_id="d", source="a", reading="b", block=0, start=0, end=1, page=0, box=None, text="t",
                normalisations=())
class Forged(CheckedCitation): ...
"""


def test_misuse_fails_to_type_check(tmp_path: Path) -> None:
    (tmp_path / "misuse.py").write_text(MISUSE)
    checked = [sys.executable, "-m", "mypy", str(tmp_path / "misuse.py")]  # as the linter runs it, so it has the cache
    done = subprocess.run(checked, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    for line, code in ((8, "arg-type"), (9, "call-arg"), (11, "misc")):
        assert any(f"misuse.py:{line}:" in said and f"[{code}]" in said for said in done.stdout.splitlines()), (
            done.stdout
        )


# ── properties ───────────────────────────────────────────────────────────────

WORDS = st.sampled_from(
    [
        "예산은",
        "1,300원이다.",
        "“회의를”",
        "2024.",
        "3.",
        "1.",
        "열지",
        "않는다.",
        "the",
        "ｆｕｌｌ",
        "값",
        "café",
        "國體",
        "㈜한국",
        "(제3조)",
        "'A'",
        "10%",
        "Ａ１",
        "a\u0301",
        "नमस्ते",
        "क़",
        "각하",
        "\uf914",
    ]
)
TEXTS = st.lists(WORDS, min_size=3, max_size=30).map(" ".join)


def _loosely(text: str, data: st.DataObject) -> str:
    """The same text written otherwise, under the listed normalisations only."""
    if data.draw(st.booleans()):
        text = text.replace(" ", data.draw(st.sampled_from(["\n", "  ", "\t", "\u00a0", " \r\n "])))
    if data.draw(st.booleans()):
        text = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    if data.draw(st.booleans()):
        text = text.replace("“", '"').replace("”", "„").replace("'", "’")
    form = data.draw(st.integers(0, 2))
    return text if form == 0 else unicodedata.normalize("NFC" if form == 1 else "NFD", text)


@given(TEXTS, st.data())
def test_every_true_quotation_is_accepted_under_every_listed_normalisation(text: str, data: st.DataObject) -> None:
    written = _loosely(text, data)
    words = text.split(" ")
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    quoted = _loosely(" ".join(words[first:last]), data)
    reading = reading_of(written)
    verdict = judged(quoted, reading)
    assert isinstance(verdict, Verbatim), (written, quoted)
    citation = verdict.citation
    assert reading.text[citation.start : citation.end] == citation.text
    assert set(normalisations_between(quoted, citation.text)) == set(citation.normalisations)


@given(TEXTS, st.data())
def test_no_false_quotation_is_accepted(text: str, data: st.DataObject) -> None:
    words = text.split(" ")
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = data.draw(WORDS | st.text("0123456789가나않못abc", min_size=1, max_size=4))
    quoted = " ".join(words)
    assume(fold(quoted).text not in fold(text).text)
    assume(fold(quoted, join_lines=True).text not in fold(text, join_lines=True).text)
    assert not isinstance(judged(quoted, reading_of(text)), Verbatim)


@given(st.text(max_size=60), st.data())
def test_any_slice_of_any_text_that_cuts_nothing_is_found_where_it_stands(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    verdict = judged(text[start:end], reading_of(text))
    if isinstance(verdict, Verbatim):
        stands = verdict.citation.text
        assert fold(stands).text == fold(text[start:end]).text.strip() or "\n" in stands + text[start:end]
        assert whole_characters(text, verdict.citation.start, verdict.citation.end)


@given(st.text(max_size=60))
def test_folding_knows_its_way_back(text: str) -> None:
    folded = fold(text)
    for start in range(len(folded.text)):
        for end in range(start + 1, len(folded.text) + 1):
            span = folded.source_span(start, end)
            if span is not None:
                assert fold(text[span[0] : span[1]]).text == folded.text[start:end]


# ── when a source changes ────────────────────────────────────────────────────


def test_unchanged_words_find_their_new_place() -> None:
    new = reading_of("새로 들어온 첫 문단이다.", *PARAGRAPHS[1:], PARAGRAPHS[0], source="cc")
    old = cited("직원의 연차 휴가는 15일로 한다.").quotation()
    moved = reanchor(old, new, "dd")
    assert moved is not None
    assert (moved.source, moved.reading, moved.text) == ("cc", "dd", old.text)
    assert isinstance(check(moved, new, "dd"), Verbatim)


def test_changed_words_are_found_and_told_as_altered() -> None:
    new = reading_of("앞 문단.", PARAGRAPHS[0].replace("15일", "20일"), source="cc")
    moved = reanchor(cited("직원의 연차 휴가는 15일로 한다.").quotation(), new, "dd")
    assert moved is not None
    verdict = check(moved, new, "dd")
    assert isinstance(verdict, Altered)
    assert verdict.stands == "직원의 연차 휴가는 20일로 한다."


def test_words_that_are_gone_are_lost() -> None:
    new = reading_of("전혀 다른 규정의 본문이 여기에 있을 뿐이다.", source="cc")
    assert reanchor(cited("직원의 연차 휴가는 15일로 한다.").quotation(), new, "dd") is None


def test_the_nearest_passage_of_a_long_text_is_found_quickly() -> None:
    text = "\n".join(f"제{n}조 이 조항은 {n}번째이며 내용은 {n * 7919 % 1000}이다." for n in range(3000))
    found = nearest_passage("이 조항은 1500번째이고 내용은 그렇다", text)
    assert found is not None
    assert "1500번째" in text[found.start : found.end]
