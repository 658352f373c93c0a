"""A released report as a Word file: read back by our own reader and by another's, and held against its schema."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile

import docx
import pytest
from lxml import etree

from jihwi.case.budget import NOTHING
from jihwi.evidence import (
    Claim,
    Contradiction,
    NotFound,
    Quotation,
    Reading,
    ReadingBuilder,
    Report,
    Section,
    Sentence,
    Unreadable,
    Viewer,
)
from jihwi.reports import CheckedReport, Disclosure, Shown, pass_gate
from jihwi.reports.disclosure import AgentAtWork
from jihwi.reports.docx import render_docx
from jihwi.reports.html import render_html
from jihwi.reports.markdown import render_markdown
from tests.readers.asking import opened

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SENTENCES = (
    "일비는 여행일수에 따라 1일 25,000원을 지급한다.",
    "다만,  두 칸을 띄운\t탭과 <각괄호> & “따옴표”, 그리고 ‘작은따옴표’가 있다.",
    "표 안의\n두 줄짜리 칸",
    "옛한글 ᄒᆞᆫ글과 漢字, 전각　공백, 그림글자 🏛️, 폭 없는\u200b공백",
    "The agreement runs to 30 June 2025.",
)
READING = "cd" * 32


class _Shelf:
    """One document whose blocks are the sentences."""

    def __init__(self) -> None:
        builder = ReadingBuilder(source="ab" * 32, reader="test", reader_version="1")
        builder.page = 3
        for one in SENTENCES:
            builder.block("paragraph", one)
        self.held = builder.done()

    def reading(self, digest: str, viewer: Viewer) -> Reading | None:
        return self.held

    def shown(self, document_id: str, viewer: Viewer) -> Shown | None:
        return Shown("규정/여비 규정.hwpx", "여비 규정", ("인사",))


def _quotation(shelf: _Shelf, text: str) -> Quotation:
    start = shelf.held.text.index(text)
    return Quotation("d1", "ab" * 32, READING, text, start, start + len(text))


def _report(language: str = "ko") -> CheckedReport:
    shelf = _Shelf()
    quoted = [Sentence(one, "quoted", (_quotation(shelf, one),)) for one in SENTENCES]
    first, last = quoted[0], quoted[-1]
    report = Report(
        request="일비는 얼마인가? <1일> & 언제까지",
        language=language,
        answer=(Sentence("25,000원", "supported", first.quotations), *quoted[:3]),
        sections=(Section("더 있는 근거", (*quoted[3:], Sentence("제 생각에는 많습니다.", "marked"))),),
        contradictions=(
            Contradiction(
                "일비", "amount", (Claim("a", first.quotations), Claim("b", last.quotations)), ("25,000원", "30")
            ),
        ),
        not_found=(NotFound("숙박비는 얼마인가?", (Claim("a", quoted[1].quotations),)),),
        unreadable=(Unreadable("구판.hwpx", "F", "damaged"),),
    )
    passed = pass_gate(report, shelf, Viewer("kim", ("인사",)), recorded=())
    assert isinstance(passed, CheckedReport), passed
    return passed


def _made() -> Disclosure:
    agents = (AgentAtWork("writer", "작성 담당", ("procedure", "model m-1"), 2, 1, "cd" * 32),)
    return Disclosure(
        "c1test", "report", "ef" * 32, "kim", 0, 1_700_000_000_000, agents, (), ("kim",), NOTHING, 9, "12" * 32, ()
    )


def _written(report: CheckedReport) -> bytes:
    return render_docx(report, _made(), by="person", say=lambda code, params: "파일이 상했습니다")


def _parts(data: bytes) -> dict[str, etree._Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: etree.fromstring(archive.read(name)) for name in archive.namelist()}


# ── what comes back ──────────────────────────────────────────────────────────


def test_every_quotation_comes_back_character_for_character_in_the_text_and_in_its_footnote() -> None:
    reading = opened("docx", _written(_report())).reading
    notes = [reading.block_text(n) for n, block in enumerate(reading.blocks) if block.kind == "footnote"]
    body = [reading.block_text(n) for n, block in enumerate(reading.blocks) if block.kind != "footnote"]
    for number, one in enumerate(SENTENCES):
        assert f"“{one}”" in notes[number]
        assert any(f"“{one}”" in block for block in body)
    assert len(notes) == len(SENTENCES), "a citation has one footnote, however often it is mentioned"
    assert all("규정/여비 규정.hwpx, 3쪽" in note and "ab" * 8 in note for note in notes)
    assert reading.warnings == ()


def test_another_program_finds_its_headings_tables_language_and_properties() -> None:
    document = docx.Document(io.BytesIO(_written(_report())))
    looks = [one.style.name for one in document.paragraphs if one.style is not None]
    assert looks[:2] == ["Title", "Subtitle"]
    headings = [one.text for one in document.paragraphs if one.style is not None and one.style.name == "Heading 1"]
    assert headings[:3] == ["답", "더 있는 근거", "문서끼리 서로 다른 곳"]
    assert [len(table.rows) for table in document.tables] == [3, 2, 12, 2]
    assert document.core_properties.title == "일비는 얼마인가? <1일> & 언제까지"
    assert (document.core_properties.language, document.core_properties.identifier) == ("ko-KR", "c1test")
    assert "인사" in document.sections[0].header.paragraphs[0].text


def test_the_kind_of_every_sentence_is_seen() -> None:
    document = docx.Document(io.BytesIO(_written(_report())))
    text = "\n".join(one.text for one in document.paragraphs)
    assert text.count("[문서의 말 그대로]") == len(SENTENCES)
    assert "25,000원" in text
    assert "[근거로 확인됨]" in text
    assert "제 생각에는 많습니다.  [근거 없음 — 쓴 이의 말]" in text


@pytest.mark.parametrize(("language", "code"), [("ko", "ko-KR"), ("en", "en-GB")])
def test_a_report_says_its_language_and_names_korean_fonts(language: str, code: str) -> None:
    parts = _parts(_written(_report(language)))
    [tongue] = parts["word/styles.xml"].iterfind(f"{W}docDefaults//{W}lang")
    assert (tongue.get(f"{W}val"), tongue.get(f"{W}eastAsia")) == (code, "ko-KR")
    fonts = {one.get(f"{W}name") for one in parts["word/fontTable.xml"]}
    used = {font.get(f"{W}eastAsia") for font in parts["word/styles.xml"].iter(f"{W}rFonts")}
    assert {"맑은 고딕", "바탕"} <= used <= fonts


def test_the_same_report_makes_the_same_bytes() -> None:
    assert hashlib.sha256(_written(_report())).digest() == hashlib.sha256(_written(_report())).digest()


def test_nothing_in_it_points_outside_and_nothing_runs() -> None:
    data = _written(_report())
    for name, root in _parts(data).items():
        if name.endswith(".rels"):
            assert all(one.get("TargetMode") is None for one in root)
        assert "vbaProject" not in name
    instructions = [one.text for one in _parts(data)["word/document.xml"].iter(f"{W}instrText")]
    assert all(re.fullmatch(r" NOTEREF _Cite\d+ \\h ", text or "") for text in instructions)


# ── what Word demands ────────────────────────────────────────────────────────

ORDER = {
    "pPr": "pStyle keepNext keepLines pBdr shd tabs spacing ind jc outlineLvl",
    "rPr": "rStyle rFonts b bCs i iCs color sz szCs shd vertAlign lang",
    "tblPr": "tblStyle tblW tblInd tblBorders tblLayout tblCellMar tblLook",
    "tblBorders": "top left bottom right insideH insideV",
    "trPr": "cantSplit tblHeader",
    "tc": "tcPr p",
    "tbl": "tblPr tblGrid tr",
    "sectPr": "headerReference footerReference pgSz pgMar",
    "style": "name basedOn next uiPriority qFormat pPr rPr tblPr",
    "settings": "zoom defaultTabStop characterSpacingControl footnotePr compat themeFontLang",
    "font": "altName family",
    "docDefaults": "rPrDefault pPrDefault",
}
"""The elements used, in the order of ECMA-376, part 1, annex A."""


def test_every_element_stands_where_the_schema_wants_it() -> None:
    seen: set[str] = set()
    for name, root in _parts(_written(_report())).items():
        for element in root.iter(f"{W}*"):
            kind = element.tag.removeprefix(W)
            if kind not in ORDER:
                continue
            order = ORDER[kind].split()
            places = [order.index(child.tag.removeprefix(W)) for child in element]
            assert places == sorted(places), (name, kind)
            seen.add(kind)
    assert seen == set(ORDER)


def test_every_part_is_declared_and_every_reference_has_its_target() -> None:
    parts = _parts(_written(_report()))
    declared = {one.get("PartName") for one in parts["[Content_Types].xml"] if one.get("PartName")}
    assert declared == {f"/{name}" for name in parts if not name.endswith(".rels") and name != "[Content_Types].xml"}
    targets = {f"word/{one.get('Target')}" for one in parts["word/_rels/document.xml.rels"]}
    assert targets <= parts.keys()
    document = parts["word/document.xml"]
    used = [one.get(f"{W}id") for one in document.iter(f"{W}footnoteReference")]
    notes = [one.get(f"{W}id") for one in parts["word/footnotes.xml"] if one.get(f"{W}type") is None]
    assert used == notes == [str(n) for n in range(1, len(SENTENCES) + 1)]
    names = {one.get(f"{W}name") for one in document.iter(f"{W}bookmarkStart")}
    pointed = {one.get(f"{W}anchor") for one in document.iter(f"{W}hyperlink")}
    pointed |= {(one.text or "").split()[1] for one in document.iter(f"{W}instrText")}
    assert pointed == names
    known = {one.get(f"{W}styleId") for one in parts["word/styles.xml"].iter(f"{W}style")}
    for root in (document, parts["word/footnotes.xml"], parts["word/header.xml"], parts["word/footer.xml"]):
        looks = {one.get(f"{W}val") for tag in ("pStyle", "rStyle") for one in root.iter(f"{W}{tag}")}
        assert looks <= known


def test_what_xml_cannot_hold_is_shown_as_a_sign_and_breaks_nothing() -> None:
    from jihwi.reports.docx_package import words

    run = words("가\x01나\ud800다\r\n라")
    assert [one.tag.removeprefix(W) for one in run] == ["t", "br", "t"]
    assert "".join(one.text or "" for one in run) == "가\ufffd나\ufffd다라"


def test_what_steers_a_terminal_or_turns_writing_round_is_shown_as_a_sign_in_every_form() -> None:
    report = Report("일비는?", "ko", answer=(Sentence("60,000\u202e원\x1b[31m\x00이다.", "marked"),))
    passed = pass_gate(report, _Shelf(), Viewer("kim", ("인사",)), recorded=())
    assert isinstance(passed, CheckedReport), passed

    pages = [
        render(passed, _made(), by="person", say=lambda code, params: "") for render in (render_markdown, render_html)
    ]
    body = b"".join(etree.tostring(part) for part in _parts(_written(passed)).values()).decode()

    for page in (*pages, body):
        assert not {"\u202e", "\x1b", "\x00"} & set(page)
    assert all("60,000\ufffd원\ufffd" in page for page in pages)
