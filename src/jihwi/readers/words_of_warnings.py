"""What readers warn of, as remarks: each with the best grade it leaves, what it means, and what a person can do."""

from __future__ import annotations

from typing import Literal

import msgspec

from jihwi.readers import GradeLetter

__all__ = ["WARNINGS", "Entry", "Repair"]

Repair = Literal["", "automatic", "person"]
"""Who can mend it: nobody need, `jihwi read --fix`, or a person."""


class Entry(msgspec.Struct, frozen=True):
    """One remark of the catalogue."""

    letter: GradeLetter
    """The best grade a file that bears it can have."""
    repair: Repair
    ko: str
    en: str
    ko_fix: str = ""
    en_fix: str = ""
    after: GradeLetter = "A"
    """The best grade to hope for once it is mended; its own letter where nothing can be gained."""


def _note(ko: str, en: str, ko_fix: str = "", en_fix: str = "") -> Entry:
    """Something to know; nothing is lost."""
    return Entry("A", "", ko, en, ko_fix, en_fix)


def _small_loss(ko: str, en: str, ko_fix: str = "", en_fix: str = "") -> Entry:
    return Entry("B", "person" if ko_fix else "", ko, en, ko_fix, en_fix)


def _mended(ko: str, en: str, ko_fix: str, en_fix: str) -> Entry:
    return Entry("C", "person", ko, en, ko_fix, en_fix)


def _missing(ko: str, en: str, ko_fix: str, en_fix: str, after: GradeLetter = "A") -> Entry:
    return Entry("D", "person", ko, en, ko_fix, en_fix, after)


_RESAVE = ("원래 프로그램에서 열어 다시 저장하십시오.", "Open it in its own program and save it again.")
_LOOK = ("문서를 열어 그 부분을 확인하십시오.", "Open the document and look at these parts.")
_SPLIT = ("파일을 나누십시오.", "Split the file.")
_OCR = (
    "문자 인식 프로그램을 설치하십시오: apt-get install tesseract-ocr tesseract-ocr-kor",
    "Install text recognition: apt-get install tesseract-ocr tesseract-ocr-kor",
)
_UNPACK = ("풀어서 폴더로 두십시오.", "Unpack it into a folder.")

WARNINGS: dict[str, Entry] = {
    # ── nothing is lost ──
    "control_characters_removed": _note(
        "보이지 않는 제어 문자 {count}개를 뺐습니다.", "{count} invisible control characters were taken out."
    ),
    "deleted_text_hidden": _note(
        "변경 추적에서 지운 글 {count}곳은 뺐습니다.",
        "{count} pieces of text deleted under change tracking were left out.",
    ),
    "tracked_deletion_hidden": _note(
        "변경 추적에서 지운 글 {count}곳은 뺐습니다.",
        "{count} pieces of text deleted under change tracking were left out.",
    ),
    "hidden_text": _note("숨긴 글이 {count}곳 있습니다.", "It holds hidden text in {count} places."),
    "hidden_sheet": _note("숨긴 시트가 있습니다: {detail}", "It holds a hidden sheet: {detail}"),
    "hidden_slide": _note("숨긴 슬라이드가 있습니다: {detail}", "It holds a hidden slide: {detail}"),
    "hidden_rows_or_columns": _note("숨긴 행이나 열이 있습니다: {detail}", "It holds hidden rows or columns: {detail}"),
    "distribution_locked": _note(
        "배포용(복사·인쇄 제한) 문서이지만 글은 모두 읽었습니다.",
        "It is locked for distribution (no copying, no printing), but its text was read.",
    ),
    "page_recognised": _note("그림뿐인 쪽의 글을 인식했습니다: {detail}쪽", "Text was recognised on pages {detail}."),
    "picture_without_text": _note("글이 없는 그림입니다: {detail}쪽", "Pictures without text: pages {detail}."),
    "converted": _note("{detail} 형식으로 바꾸어 읽었습니다.", "It was converted to {detail} to be read."),
    "entities_ignored": _note(
        "XML 개체(entity) 정의는 펼치지도 따르지도 않았습니다.",
        "Its XML entities were neither expanded nor followed.",
    ),
    "link_ignored": _note(
        "압축 파일 안의 링크 {count}개는 따르지 않았습니다.", "{count} links in the archive were not followed."
    ),
    "path_outside": _note(
        "압축 파일 밖을 가리키는 이름이 {count}개 있습니다: {detail}",
        "{count} names in the archive point outside it: {detail}",
        "보낸 곳을 확인하십시오. 아무것도 밖에 쓰지 않았습니다.",
        "See where it comes from; nothing was written outside.",
    ),
    "hangul_composed": Entry(
        "B",
        "automatic",
        "자모가 풀린 한글(NFD, 흔히 맥에서 생김)을 모아 읽었습니다.",
        "Its Hangul was taken apart into letters (NFD, as Macs do) and was put together.",
        "--fix가 모은 사본을 UTF-8로 씁니다.",
        "--fix writes a copy that is put together, as UTF-8.",
    ),
    # ── small losses ──
    "chart_not_read": _small_loss("차트 {count}개는 읽지 않았습니다.", "{count} charts were not read."),
    "part_not_read": _small_loss("읽지 않은 부분이 있습니다: {detail}", "Some parts were not read: {detail}"),
    "nesting_flattened": _small_loss(
        "겹친 표 {count}개를 펼쳐 읽었습니다.", "{count} nested tables were read as plain text."
    ),
    "rows_uneven": _small_loss(
        "칸 수가 다른 행이 {count}개 있습니다.",
        "{count} rows have another number of cells than the rest.",
        "구분 기호와 따옴표를 확인하십시오.",
        "Check its delimiters and quotation marks.",
    ),
    "formula_without_value": _small_loss(
        "계산 결과가 저장되지 않은 수식이 {count}개 있습니다.",
        "{count} formulas were saved without their results.",
        "스프레드시트 프로그램에서 열어 다시 저장하십시오.",
        "Open it in a spreadsheet program and save it again.",
    ),
    "attachment_not_read": _small_loss(
        "들어 있는 파일 {count}개는 읽지 않았습니다: {detail}", "{count} files inside were not read: {detail}", *_LOOK
    ),
    "attachment_broken": _missing(
        "들어 있는 파일 {count}개가 손상되었습니다: {detail}", "{count} files inside are damaged: {detail}", *_LOOK
    ),
    "attachment_locked": _missing(
        "들어 있는 파일 {count}개가 암호로 잠겨 있습니다: {detail}",
        "{count} files inside are locked with a password: {detail}",
        "암호를 풀어 다시 넣으십시오.",
        "Remove the password and put them in again.",
    ),
    "characters_unknown": _small_loss(
        "유니코드로 옮기지 못한 글자가 {count}개 있습니다.", "{count} characters have no known Unicode form.", *_LOOK
    ),
    # ── read after mending ──
    "xml_repaired": _mended(
        "손상된 XML을 고쳐 읽었습니다: {detail}", "Damaged XML was mended to be read: {detail}", *_RESAVE
    ),
    "json_broken": _mended(
        "JSON이 끝까지 올바르지 않아 글로 읽었습니다: {detail}",
        "It is not sound JSON and was read as text: {detail}",
        "만든 프로그램에서 다시 내보내십시오.",
        "Export it again from the program that made it.",
    ),
    "line_broken": _mended(
        "올바르지 않은 줄이 {count}개 있습니다.",
        "{count} of its lines are not sound.",
        "만든 프로그램에서 다시 내보내십시오.",
        "Export it again from the program that made it.",
    ),
    "rows_broken": _mended(
        "따옴표가 닫히지 않아 행이 섞인 곳이 있습니다.",
        "Rows run into each other where a quotation mark is not closed.",
        "구분 기호와 따옴표를 확인하십시오.",
        "Check its delimiters and quotation marks.",
    ),
    "mojibake_lost": _mended(
        "잘못 변환되어 되돌릴 수 없는 글이 {count}곳 있습니다.",
        "{count} pieces of text were decoded wrongly beyond repair.",
        "원본을 다시 받으십시오.",
        "Fetch the original again.",
    ),
    "recognition_doubtful": _mended(
        "인식한 글이 의심스럽습니다: {detail}쪽",
        "The recognised text is doubtful: pages {detail}.",
        "더 또렷하게(300dpi) 다시 스캔하십시오.",
        "Scan it again more clearly (300 dpi).",
    ),
    "page_outlined": _mended(
        "글자가 그림으로 그려진 쪽이 있습니다: {detail}쪽",
        "Letters are drawn as shapes on pages {detail}.",
        *_OCR,
    ),
    # ── something is missing ──
    "page_without_text": _missing(
        "글자 없이 그림뿐인 쪽이 {count}쪽 있습니다: {detail}쪽",
        "{count} pages hold pictures but no text: {detail}.",
        *_OCR,
        "B",
    ),
    "page_not_recognised": _missing(
        "쪽이 너무 많아 {count}쪽은 글자를 인식하지 않았습니다: {detail}쪽",
        "There are more scanned pages than are recognised in one go; left out ({count}): {detail}.",
        "그 쪽들을 따로 나누어 저장하고 다시 읽으십시오.",
        "Save those pages as files of their own and read again.",
        "B",
    ),
    "page_garbled": _missing(
        "글자를 알 수 없는 쪽이 {count}쪽 있습니다: {detail}쪽",
        "The letters of {count} pages are unknown: {detail}.",
        *_OCR,
        "B",
    ),
    "page_broken": _missing(
        "{count}쪽이 손상되어 읽지 못했습니다: {detail}쪽", "{count} pages are damaged: {detail}.", *_RESAVE
    ),
    "part_broken": _missing(
        "일부가 손상되어 나머지만 읽었습니다: {detail}", "A part of it is damaged: {detail}", *_RESAVE
    ),
    "part_missing": _missing("일부가 파일에 없습니다: {detail}", "A part is missing from the file: {detail}", *_RESAVE),
    "stream_cut": _missing("일부가 중간에 끊겼습니다: {detail}", "A part of it is cut short: {detail}", *_RESAVE),
    "nesting_cut": _missing(
        "너무 깊이 겹친 부분 {count}곳은 읽지 않았습니다.",
        "{count} parts are nested too deeply and were not read.",
        *_RESAVE,
    ),
    "table_cut": _missing(
        "표가 너무 길어 앞부분만 읽었습니다: {detail}",
        "A table is too long; its first part was read: {detail}",
        *_SPLIT,
    ),
    "attachment_bomb": _missing(
        "풀면 지나치게 커지는 파일 {count}개는 풀지 않았습니다: {detail}",
        "{count} files inside grow beyond measure and were not unpacked: {detail}",
        "보낸 곳을 확인하십시오.",
        "See where it comes from.",
        "D",
    ),
}
"""By the code a reader gives with `ReadingBuilder.warn`. A warning that is not here is shown as a plain note."""
