"""Bytes to text: every encoding a Korean office has left behind, and what was spoilt on the way."""

from __future__ import annotations

import codecs
import csv
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.readers.encoding import decode
from tests.programs import corpus

SENTENCE = "제3조(목적) 이 규정은 예산의 편성과 집행에 필요한 사항을 정한다."


@pytest.mark.parametrize(
    "encoding", ["utf-8", "cp949", "euc_kr", "johab", "iso2022_kr", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
)
def test_korean_is_recognised_without_any_mark(encoding: str) -> None:
    found = decode(SENTENCE.encode(encoding))
    assert found.text == SENTENCE
    assert found.encoding == {"euc_kr": "cp949"}.get(encoding, encoding)
    assert found.confidence >= 0.7
    assert found.repaired == ()


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")],
)
def test_a_byte_order_mark_decides_and_is_no_text(mark: bytes, encoding: str) -> None:
    found = decode(mark + "예산안".encode(encoding))
    assert (found.text, found.encoding, found.confidence) == ("예산안", encoding, 1.0)


@pytest.mark.parametrize("word", ["회", "가", "회의", "예산", "똠방각하", "펲시콜라"])
def test_even_one_word_of_cp949_is_korean(word: str) -> None:
    assert decode(word.encode("cp949")).text == word


def test_western_text_stays_western() -> None:
    found = decode("Le résumé naïf du café".encode("cp1252"))
    assert (found.text, found.encoding) == ("Le résumé naïf du café", "cp1252")


def test_what_the_file_claims_is_believed_only_if_it_holds() -> None:
    assert decode("예산안".encode(), "euc-kr").encoding == "utf-8"
    assert decode("予算案を検討する".encode("shift_jis"), "shift_jis").text == "予算案を検討する"
    assert decode("예산안을 검토한다".encode("cp949"), "no-such-encoding").text == "예산안을 검토한다"


def test_lines_in_another_encoding_are_repaired_and_marked() -> None:
    found = decode("첫째 줄입니다\n".encode() + "둘째 줄은 다릅니다\n".encode("cp949") + "셋째 줄\n".encode())
    assert found.text == "첫째 줄입니다\n둘째 줄은 다릅니다\n셋째 줄\n"
    assert found.encoding == "mixed"
    run = found.repaired[0]
    assert found.text[run.start : run.end].strip() == "둘째 줄은 다릅니다"
    assert [w.code for w in found.warnings] == ["encoding_mixed"]


def test_two_encodings_on_one_line_are_told_apart() -> None:
    assert decode("첫째 부분 ".encode() + "둘째 부분".encode("cp949")).text == "첫째 부분 둘째 부분"


def test_a_cut_character_is_marked_and_the_rest_is_kept() -> None:
    for encoding in ("utf-8", "cp949"):
        found = decode("문서의 마지막 글자".encode(encoding)[:-1])
        assert found.text.startswith("문서의 마지막 글")
        assert found.text.endswith("\ufffd")
        assert found.repaired[-1].origin == "repaired"
        assert [w.code for w in found.warnings] == ["encoding_broken"]


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("right", ["utf-8", "cp949"])
def test_double_decoding_is_undone(right: str, wrong: str) -> None:
    spoilt = "한국어 문서 100원".encode(right).decode(wrong, "ignore")
    found = decode(f"제목: {spoilt}".encode())
    assert found.text.startswith("제목: 한국어 문서")
    assert "mojibake" in [w.code for w in found.warnings]
    assert all(run.origin == "repaired" for run in found.repaired)


def test_hangul_taken_apart_is_put_together_and_old_letters_stay() -> None:
    text = "한글 문서의 값은 꽤 크다. 옛글자 ᄒᆞᆫ글"
    found = decode(unicodedata.normalize("NFD", text).encode())
    assert found.text == text
    assert [one.code for one in found.warnings] == ["hangul_composed"]
    assert decode("옛글자 ᄒᆞᆫ글".encode()).warnings == ()


def test_what_cannot_be_undone_is_said() -> None:
    assert "mojibake_lost" in [w.code for w in decode("占쏙옙占쏙옙 보고서".encode()).warnings]


@pytest.mark.parametrize("text", ["Ünïcödé “Straße” · 10° ±½", "日本語の文章です。", "Привет, мир", "①② ※ ㈜한글 ㎡"])
def test_sound_text_is_left_alone(text: str) -> None:
    found = decode(text.encode())
    assert (found.text, found.repaired) == (text, ())


def test_line_ends_become_one_kind_and_control_characters_go() -> None:
    found = decode(b"a\r\nb\rc\x00\x1a")
    assert found.text == "a\nb\nc"
    assert [w.code for w in found.warnings] == ["control_characters_removed"]


@given(st.binary(max_size=300))
def test_any_bytes_become_some_text(data: bytes) -> None:
    found = decode(data)
    assert 0 <= found.confidence <= 1
    assert all(0 <= r.start < r.end <= len(found.text) for r in found.repaired)


@given(
    st.text(alphabet=st.sampled_from("가나다라마바사아자차카타파하이다는의를에 0123abc.,\n"), min_size=12, max_size=200)
)
def test_korean_survives_every_encoding(text: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        assert decode(text.encode(encoding)).text == text


@pytest.mark.needs("corpus:documents")
def test_real_files_decode_to_their_twins() -> None:
    folder = corpus("documents")
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    pairs = [(row["path"], row["expected"]) for row in rows if row["expected"].endswith("-utf8.txt")]
    for path, expected in pairs:
        twin = folder / "files" / expected
        if twin.exists():
            assert decode((folder / "files" / path).read_bytes()).text == twin.read_text(encoding="utf-8"), path
