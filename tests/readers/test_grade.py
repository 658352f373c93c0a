"""A grade is the worst of its reasons, each reason has words, and near-empty success is a failure that is said."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest

from jihwi.errors import FileBroken, FileLocked, NeedsConversion, ReaderMissing
from jihwi.evidence import Metadata, OriginRun, Reading, ReadingBuilder
from jihwi.readers import Limits, Outcome, Remark
from jihwi.readers.grade import grade_of, graded, remarks_of_error
from jihwi.readers.sniff import Sniffed, sniff
from jihwi.readers.words import CATALOGUE, grade_words, remark, say, say_of_many
from jihwi.words import LANGUAGES

TEXT = "이 문서는 예산의 집행에 필요한 사항을 정하기 위하여 만든 것으로, 담당자는 이를 따른다."


def reading(format: str, *paragraphs: str) -> Reading:
    builder = ReadingBuilder(source="00", reader="test", reader_version="1", format=format)
    for paragraph in paragraphs:
        builder.paragraph(paragraph)
    return builder.done()


def outcome(made: Reading, size: int = 1000, inside: int = 0, claimed: str = "") -> Outcome:
    return graded(made, Sniffed(made.format, claimed=claimed), size, Limits(), inside)


def codes(found: Outcome) -> list[str]:
    return [each.code for each in found.remarks]


@pytest.mark.parametrize(
    ("format", "grade", "reasons"),
    [
        ("docx", "A", []),
        ("hwpx", "A", []),
        ("hwp5", "B", ["format_closed"]),
        ("pdf", "B", ["structure_guessed"]),
        ("hwp3", "C", ["format_old"]),
        ("doc", "C", ["format_old"]),
    ],
)
def test_a_whole_text_is_graded_by_its_format(format: str, grade: str, reasons: list[str]) -> None:
    found = outcome(reading(format, TEXT))
    assert (found.grade, codes(found)) == (grade, reasons)


@pytest.mark.parametrize("format", ["docx", "hwp5", "hwpx", "pdf", "pptx", "xlsx"])
def test_a_document_with_next_to_no_text_is_never_called_ready(format: str) -> None:
    assert "no_text" in codes(outcome(reading(format, " \n ")))
    assert "near_empty" in codes(outcome(reading(format, "표지")))
    assert "near_empty" in codes(outcome(reading(format, TEXT), size=50 << 20))
    assert outcome(reading(format, "표지")).grade == "D"


@pytest.mark.parametrize("format", ["png", "jpeg", "tiff"])
def test_a_picture_is_not_called_empty_for_its_weight(format: str) -> None:
    assert "near_empty" in codes(outcome(reading(format, "표지")))
    assert "near_empty" not in codes(outcome(reading(format, TEXT), size=50 << 20))


def test_a_short_note_is_a_short_note() -> None:
    assert outcome(reading("text", "회의 3시")).grade == "A"


def test_what_only_holds_other_documents_need_not_speak() -> None:
    assert codes(outcome(reading("zip"), inside=3)) == []
    assert codes(outcome(reading("zip"), inside=0)) == ["empty_file"]


def test_a_legacy_encoding_can_be_mended_by_itself() -> None:
    made = msgspec.structs.replace(reading("text", TEXT), metadata=Metadata(encoding="cp949"))
    (found,) = outcome(made).remarks
    assert (found.code, found.automatic) == ("encoding_legacy", True)


def test_garbled_letters_are_counted_by_their_share() -> None:
    assert "text_garbled" in codes(outcome(reading("hwpx", "\ufffd" * 10 + "가" * 50)))
    assert "text_some_garbled" in codes(outcome(reading("hwpx", "\ue000" * 2 + "가" * 500)))
    assert "text_few_garbled" in codes(outcome(reading("hwpx", "\ue000" + "가" * 5000)))


def test_text_from_a_picture_and_repaired_text_say_so() -> None:
    made = reading("png", TEXT)
    seen = msgspec.structs.replace(made, origins=(OriginRun(0, len(TEXT), "recognised"),))
    assert "text_recognised" in codes(outcome(seen))
    mended = msgspec.structs.replace(made, origins=(OriginRun(0, 3, "repaired"),))
    assert "text_repaired" in codes(outcome(mended))


def test_long_and_huge_tables_are_named() -> None:
    def table(rows: int, columns: int) -> Reading:
        builder = ReadingBuilder(source="00", reader="test", reader_version="1", format="xlsx")
        return builder.table([["예산 항목"] * columns] * rows).done()

    assert codes(outcome(table(1500, 2))) == ["table_long"]
    assert codes(outcome(table(1500, 100))) == ["table_huge"]


def test_personal_data_is_counted_and_never_shown() -> None:
    found = outcome(reading("docx", TEXT + " 연락처 010-1234-5678, hong@example.kr"))
    assert found.personal_data == {"phone": 1, "e_mail": 1}
    shown = msgspec.json.encode(found.remarks).decode() + str([say(each, "ko") for each in found.remarks])
    assert "1234" not in shown
    assert "example" not in shown
    assert found.grade == "A"


def test_markings_and_language_are_found_in_the_text() -> None:
    found = outcome(reading("docx", "【대외비】", TEXT))
    assert found.reading is not None
    assert found.reading.metadata.labels == ("대외비",)
    assert found.reading.metadata.language == "ko"
    assert "label_found" in codes(found)


@pytest.mark.parametrize(
    "line", ["대 외 비", "- 대외비 -", "2026년 예산안 (대외비)", "보안등급: 대외비", "부서\t총무과\t대외비"]
)
def test_a_marking_is_seen_alone_in_brackets_or_named_as_one(line: str) -> None:
    found = outcome(reading("docx", line, TEXT))
    assert found.reading is not None
    assert found.reading.metadata.labels == ("대외비",)


@pytest.mark.parametrize(
    ("stated", "text", "language"),
    [
        ("en-US", "예산 집행 보고서이다.", "ko"),
        ("ko-KR", "예산 집행 보고서이다.", "ko"),
        ("ko-KR", "This is a report on the budget.", "en"),
        ("de-DE", "Das ist ein Bericht.", "de"),
        ("fr", "1,234", "fr"),
        ("ko-KR", "1,234", "ko"),
        ("language", "Words only.", "en"),
        ("", "1,234", ""),
    ],
)
def test_the_language_is_that_of_the_letters_before_that_of_the_program(stated: str, text: str, language: str) -> None:
    made = msgspec.structs.replace(reading("docx", text), metadata=Metadata(language=stated))
    found = outcome(made).reading
    assert found is not None
    assert found.metadata.language == language


def test_question_marks_in_place_of_words_are_a_loss_and_a_question_is_none() -> None:
    lost = outcome(reading("text", "????? ??? ????? 2026 ?? ??? ???? ????"))
    assert (lost.grade, codes(lost)) == ("D", ["text_lost"])
    assert codes(outcome(reading("text", "정말인가?? 언제부터인가? " * 20))) == []


@pytest.mark.parametrize("format", ["text", "csv", "json", "markdown"])
def test_a_text_without_letters_is_empty_and_holds_no_picture(format: str) -> None:
    assert codes(outcome(reading(format))) == ["empty_file"]


def test_a_sentence_about_secrecy_is_no_marking() -> None:
    found = outcome(reading("docx", "이 회의는 비공개로 진행하고, 대외비 문서는 따로 관리한다.", "비공개 사유\t공개"))
    assert found.reading is not None
    assert found.reading.metadata.labels == ()


def test_a_readers_warning_becomes_a_remark_with_its_count() -> None:
    builder = ReadingBuilder(source="00", reader="test", reader_version="1", format="docx").paragraph(TEXT)
    found = outcome(builder.warn("something_new", "그림", count=3).done())
    assert codes(found) == ["reader_note"]
    assert found.remarks[0].params["count"] == "3"


@pytest.mark.parametrize(
    ("error", "format", "code", "grade"),
    [
        (FileBroken("a", "끝이 없음"), "docx", "file_broken", "F"),
        (FileLocked("a", "암호"), "hwp5", "file_locked", "E"),
        (ReaderMissing("a", "tesseract"), "png", "needs_ocr", "E"),
        (ReaderMissing("a", "lxml"), "docx", "reader_missing", "E"),
        (NeedsConversion("a", "DOC"), "doc", "needs_conversion", "E"),
    ],
)
def test_an_error_is_a_grade_with_the_fix(error: FileBroken, format: str, code: str, grade: str) -> None:
    remarks = remarks_of_error(error, format)
    assert [each.code for each in remarks] == [code]
    assert grade_of(remarks) == grade
    assert all(say(remarks[0], language)[1] for language in LANGUAGES)


def test_an_unread_file_that_is_recognised_says_as_what() -> None:
    assert sniff(b"Rar!\x1a\x07\x00" + bytes(99)).looks_like == "rar archive"


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_remark_has_words_in_both_languages_and_a_sound_place(code: str) -> None:
    entry = CATALOGUE[code]
    assert entry.ko
    assert entry.en
    assert bool(entry.ko_fix) == bool(entry.en_fix)
    assert not entry.repair or entry.ko_fix
    assert entry.after <= entry.letter
    params = dict.fromkeys(_fields(entry.ko, entry.en, entry.ko_fix, entry.en_fix), "7") | {"format": "pdf"}
    for language in LANGUAGES:
        said = (*say(Remark(code, params), language), *say_of_many(Remark(code, params), language))
        assert not any("<" in sentence for sentence in said)


def _fields(*sentences: str) -> set[str]:
    import string

    return {field.split(":")[0] for s in sentences for _, field, _, _ in string.Formatter().parse(s) if field}


def test_the_heading_of_a_fix_for_many_files_names_none_of_them() -> None:
    for code, entry in CATALOGUE.items():
        if not entry.repair:
            continue
        for language in LANGUAGES:
            heading, _ = say_of_many(remark(code, detail="계약.txt", format="doc"), language)
            assert "계약.txt" not in heading, code


def test_every_grade_has_words() -> None:
    for letter in ("A", "B", "C", "D", "E", "F"):
        for language in LANGUAGES:
            assert grade_words(letter, language)


def test_every_remark_given_in_the_code_fills_its_own_words() -> None:
    """Each `remark(...)` and `failed(...)` names a code of the catalogue and all the fields its sentences ask for."""
    folder = Path(remark.__code__.co_filename).parent
    for file in sorted(folder.glob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "remark":
                if not call.args or not isinstance(call.args[0], ast.Constant):
                    continue
                entry = CATALOGUE[str(call.args[0].value)]
                given = {keyword.arg for keyword in call.keywords}
                asked = _fields(entry.ko, entry.en, entry.ko_fix, entry.en_fix) - {"what"}
                assert None in given or asked <= given, f"{file.name}:{call.lineno}"


def test_every_warning_a_reader_gives_has_words() -> None:
    """A reader's `warn("code", ...)` needs a sentence in both languages: `words_of_warnings.py`."""
    folder = Path(remark.__code__.co_filename).parent
    unsaid = set()
    for file in sorted(folder.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = getattr(call.func, "attr", getattr(call.func, "id", "")) if isinstance(call, ast.Call) else ""
            if isinstance(call, ast.Call) and named in ("warn", "Warning") and call.args:
                code = call.args[0]
                if isinstance(code, ast.Constant) and isinstance(code.value, str) and code.value not in CATALOGUE:
                    unsaid.add(f"{file.name}: {code.value}")
    assert unsaid == set()
