"""The address behind a link's words is kept, whatever the format: once, at its words, and followed by nobody."""

from __future__ import annotations

import io
import zipfile

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from openpyxl.worksheet.worksheet import Worksheet

from jihwi.evidence import Link, Reading, ReadingBuilder
from jihwi.readers import Hint, Limits
from jihwi.readers.hancom import Document, Grid, GridCell, Leading, Note, Paragraph, Section
from jihwi.readers.hancom.model import Anchor
from jihwi.readers.pipeline import read_bytes
from jihwi.readers.writers import to_json, to_markdown, to_text
from jihwi.testing.hwp import hwp
from jihwi.testing.hwpx import hwpx
from jihwi.testing.seeds import zip_of
from tests.readers.asking import read, texts
from tests.readers.pdf_pages import Words, pdf
from tests.readers.test_docx import W, document
from tests.readers.test_office_kin import open_document

SITE = "https://www.archives.example/guide?a=1&b=2;c"
OTHER = "mailto:records@archives.example"


def led(reading: Reading) -> list[tuple[str, str]]:
    """The words of each link and where they lead."""
    return [(reading.text[link.start : link.end], link.address) for link in reading.links]


def builder() -> ReadingBuilder:
    return ReadingBuilder(source="00", reader="test", reader_version="1")


# ── format by format ──


def test_html() -> None:
    page = (
        f"<p>누리집은 <a href='{SITE}'><b>누리</b>집</a>에 있다."
        " <a href='#top'>위로</a> <a href='javascript:x()'>눌러</a></p>"
        f"<ol><li><a href='{OTHER}'>문의</a></li></ol>"
        "<table><tr><th>자료</th><th>받기</th></tr>"
        "<tr><td>가</td><td><a href='/a.hwp'>받기</a></td></tr>"
        "<tr><td>나</td><td><a href='/b.hwp'>받기</a></td></tr></table>"
        "<a href='https://card.example'><h3>알림 제목</h3><p>알림 글이다.</p></a>"
    )
    reading = read("html", page.encode())
    assert led(reading) == [
        ("누리집", SITE),
        ("문의", OTHER),
        ("받기", "/a.hwp"),
        ("받기", "/b.hwp"),
        ("알림 제목", "https://card.example"),
        ("알림 글이다.", "https://card.example"),
    ]
    assert reading.links[0].start == reading.text.index("누리집에")
    assert reading.text.count("누리집") == 2
    cells = [cell for block in reading.blocks if block.table for cell in block.table.cells]
    assert [(cell.row, cell.column) for cell in cells if cell.start == reading.links[2].start] == [(1, 1)]


def test_markdown() -> None:
    reading = read("markdown", f"# [안내]({SITE})\n\n글과 <{SITE}> 그리고 [절](#b)\n".encode())
    assert led(reading) == [("안내", SITE), (SITE, SITE)]


def test_docx_of_a_real_library_with_notes_fields_and_tables() -> None:
    made = docx.Document()
    for holder in (made, made.add_table(1, 2).cell(0, 1)):
        paragraph = holder.add_paragraph("자세한 것은 ")
        key = made.part.relate_to(SITE, "http://schemas.openxmlformats.org/x/hyperlink", is_external=True)
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), key)
        for words in ("업무 ", "안내"):
            run = paragraph.add_run(words)._r
            link.append(run)
        paragraph._p.append(link)
        paragraph.add_run("를 보라.")
    stored = io.BytesIO()
    made.save(stored)
    reading = read("docx", stored.getvalue())
    assert led(reading) == [("업무 안내", SITE), ("업무 안내", SITE)]
    assert reading.text.count("업무 안내") == 2


def test_docx_links_told_by_fields() -> None:
    def run(inner: str) -> str:
        return f"<w:r>{inner}</w:r>"

    told = f'<w:instrText> HYPERLINK \\o "{OTHER}" </w:instrText>'.replace(" \\o", "")
    body = (
        "<w:p>"
        + run("<w:t>문의는 </w:t>")
        + run('<w:fldChar w:fldCharType="begin"/>')
        + run(told)
        + run('<w:fldChar w:fldCharType="separate"/>')
        + run("<w:t>기록</w:t>")
        + run("<w:t>관리과</w:t>")
        + run('<w:fldChar w:fldCharType="end"/>')
        + run("<w:t>로.</w:t>")
        + "</w:p>"
        + f"<w:p><w:fldSimple w:instr='HYPERLINK \"http://a.kr\"'>{run('<w:t>가</w:t>')}</w:fldSimple></w:p>"
    )
    reading = read("docx", document(body))
    assert led(reading) == [("기록관리과", OTHER), ("가", "http://a.kr")]
    assert reading.text == "문의는 기록관리과로.\n가"


def test_a_relation_of_a_note_is_looked_up_in_its_own_part() -> None:
    relation = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    notes = (
        f'<w:footnotes {W} {relation}><w:footnote w:id="2"><w:p><w:hyperlink r:id="r1"><w:r><w:t>출처</w:t></w:r>'
        "</w:hyperlink></w:p></w:footnote></w:footnotes>"
    )
    body = '<w:p><w:r><w:t>본문</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
    reading = read("docx", document(body, footnotes=notes))
    assert texts(reading, "footnote") == ["출처"]
    assert led(reading) == []


def test_pptx() -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "안내"
    paragraph = slide.placeholders[1].text_frame.paragraphs[0]
    paragraph.add_run().text = "여기는 "
    run = paragraph.add_run()
    run.text = "여기"
    run.hyperlink.address = SITE
    table = slide.shapes.add_table(1, 2, 0, 0, 100, 100).table
    cell = table.cell(0, 1).text_frame.paragraphs[0].add_run()
    cell.text = "표 안"
    cell.hyperlink.address = OTHER
    stored = io.BytesIO()
    made.save(stored)
    reading = read("pptx", stored.getvalue())
    assert sorted(led(reading)) == [("여기", SITE), ("표 안", OTHER)]
    assert reading.text[reading.links[-1].start - 1] in " \t"


def test_xlsx_cells() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["번호", "주소"])
    sheet.append(["1", "1"])
    sheet["B2"].hyperlink = SITE
    made = io.BytesIO()
    book.save(made)
    reading = read("xlsx", made.getvalue())
    (link,) = reading.links
    (table,) = [block.table for block in reading.blocks if block.table is not None]
    assert [(c.row, c.column) for c in table.cells if (c.start, c.end) == (link.start, link.end)] == [(1, 1)]
    assert link.address == SITE


def test_xlsx_the_function_with_its_address_or_the_cell_that_holds_it() -> None:
    asked = {
        "B1": (f'HYPERLINK("{SITE.replace("&", "&amp;")}","누리집")', "누리집"),
        "B2": ('HYPERLINK($A$2,"기록원")', "기록원"),
        "B3": ('hyperlink("https://"&amp;A3,"지어낸 주소")', "지어낸 주소"),
        "B4": ('HYPERLINK("#표지!A1","표지로")', "표지로"),
        "B5": ("HYPERLINK(A5)", "빈 곳"),
    }
    held = {"A2": OTHER, "A3": "a.kr"}
    rows = "".join(
        f'<row r="{n}">'
        + (f'<c r="A{n}" t="inlineStr"><is><t>{held[f"A{n}"]}</t></is></c>' if f"A{n}" in held else "")
        + f'<c r="B{n}" t="str"><f>{asked[f"B{n}"][0]}</f><v>{asked[f"B{n}"][1]}</v></c></row>'
        for n in range(1, 6)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    made, whole = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(whole, "w") as new:
        for name in old.namelist():
            sheet = f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'.encode()
            new.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else old.read(name))
    assert led(read("xlsx", whole.getvalue())) == [("누리집", SITE), ("기록원", OTHER)]


def test_epub_keeps_what_leads_out_of_the_book() -> None:
    page = (
        f"<html><body><p><a href='{SITE.replace('&', '&amp;')}'>누리집</a>과 <a href='ch2.xhtml#2'>둘째 장</a>,"
        f" <a href='{OTHER}'>문의</a>, <a href='#top'>위로</a>를 보라.</p></body></html>"
    )
    container = '<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>'
    spine = '<spine><itemref idref="a"/></spine>'
    book = f'<package><manifest><item id="a" href="a.xhtml" media-type="text/html"/></manifest>{spine}</package>'
    data = zip_of({"META-INF/container.xml": container.encode(), "p.opf": book.encode(), "a.xhtml": page.encode()})
    assert led(read("epub", data)) == [("누리집", SITE), ("문의", OTHER)]


def test_open_document_texts_and_sheets() -> None:
    leads = f'xmlns:x="http://www.w3.org/1999/xlink" x:href="{OTHER}"'
    text = f"<text:p>문의: <text:a {leads}>기록<text:span>관리과</text:span></text:a></text:p>"
    assert led(read("odt", open_document("text", text))) == [("기록관리과", OTHER)]
    sheet = (
        '<table:table table:name="가"><table:table-row><table:table-cell><text:p>과</text:p></table:table-cell>'
        f"<table:table-cell><text:p><text:a {leads}>과</text:a></text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )
    reading = read("ods", open_document("spreadsheet", sheet))
    assert led(reading) == [("과", OTHER)]
    assert reading.links[0].start == reading.text.rindex("과")


def test_rtf() -> None:
    field = rb'{\\field{\\*\\fldinst {HYPERLINK "https://a.kr/x" }}{\\fldrslt {\\ul here}}}'.replace(b"\\\\", b"\\")
    reading = read("rtf", b"{\\rtf1\\ansi\\pard See it " + field + b" now.\\par}")
    assert led(reading) == [("here", "https://a.kr/x")]
    assert reading.text == "See it here now."


LINKED = Document(
    (
        Section(
            (
                Paragraph("누리집은 누리집에 있다.", links=(Leading(5, 8, SITE),)),
                Paragraph(
                    "본문이다.",
                    anchors=(
                        Anchor(2, Note("footnote", (Paragraph("출처 누리집", links=(Leading(3, 6, OTHER),)),))),
                        Anchor(
                            5,
                            Grid(
                                (
                                    GridCell(0, 0, 1, 1, (Paragraph("가"),)),
                                    GridCell(0, 1, 1, 1, (Paragraph("가", links=(Leading(0, 1, "http://b.kr"),)),)),
                                )
                            ),
                        ),
                    ),
                ),
            )
        ),
    )
)


@pytest.mark.parametrize(("format", "data"), [("hwp5", hwp(LINKED)), ("hwpx", hwpx(LINKED))])
def test_hancom(format: str, data: bytes) -> None:
    reading = read(format, data)
    assert sorted(led(reading)) == sorted([("누리집", SITE), ("누리집", OTHER), ("가", "http://b.kr")])
    assert reading.links[0].start == reading.text.index("누리집에")
    assert reading.text.count("누리집") == 3
    (cell,) = [link for link in reading.links if link.address == "http://b.kr"]
    assert cell.start == reading.text.rindex("가")


def test_pdf() -> None:
    page = [
        Words(72, 700, "guide", leads="https://a.kr/guide"),
        Words(72, 660, "the guide is here"),
        Words(72, 620, "the guide", leads="https://a.kr/(2)"),
    ]
    reading = read("pdf", pdf([page]))
    assert led(reading) == [("guide", "https://a.kr/guide"), ("the guide", "https://a.kr/(2)")]
    assert [reading.block_at(link.start) for link in reading.links] == [0, 2]


# ── what is made of it ──


def test_a_reading_with_links_says_them_in_json_and_as_safe_links_in_markdown() -> None:
    made = builder().link("누리집", SITE).paragraph("우리 누리집이다.").link("받기", "보고서.hwp").paragraph("받기")
    made.link("열기", "file:///etc/passwd").paragraph("열기").link(SITE, SITE).paragraph(f"주소 {SITE}")
    reading = made.link("[나]|", "http://a.kr/a|b(c) d").table([["가"], ["[나]|"]], header_rows=1).done()
    written = to_markdown(reading)
    html = str(MarkdownIt("commonmark").enable("table").render(written))
    assert html.count("<a href=") == 3
    assert f"[누리집]({SITE})이다." in written
    assert written.count(SITE) == 2
    assert "<http" not in to_text(reading)
    assert "보고서.hwp" not in written
    assert "passwd" not in written
    assert '<td><a href="http://a.kr/a%7Cb%28c%29%20d">[나]|</a></td>' in html
    assert "file:///etc/passwd" in to_json(reading).decode()


def test_links_in_a_table_with_spans_are_html_that_cannot_be_broken_out_of() -> None:
    made = builder().link("가", 'https://a.kr/"><script>').cells([(0, 0, 1, 2, "가\n나")]).done()
    assert "<script>" not in to_markdown(made)
    assert to_markdown(made).count("<a href=") == 1


@given(
    st.text(alphabet="가나 \n\t|[]<x", max_size=30),
    st.lists(st.tuples(st.text(alphabet="가나 \nx<", max_size=6), st.text(alphabet="가나 x", max_size=4)), max_size=6),
)
def test_whatever_is_said_of_links_they_lie_inside_the_text_in_order(text: str, said: list[tuple[str, str]]) -> None:
    made = builder()
    for words, before in said:
        made.link(words, "https://a.kr/(x", before)
    reading = made.block("paragraph", text).table([[text, text], ["x", text]]).done()
    end = 0
    for link in reading.links:
        assert end <= link.start < link.end <= len(reading.text)
        assert reading.text[link.start : link.end].strip()
        end = link.end
    to_markdown(reading)


def test_a_document_of_nothing_but_links_is_read_in_no_time() -> None:
    page = "".join(f"<a href='https://a.kr/{n}'>{'가' * (n % 7)}</a> " for n in range(30_000))
    outcome = read_bytes(f"<p>{page}</p>".encode(), Hint(path="a.html"), Limits())
    assert outcome.reading is not None
    assert 15_000 < len(outcome.reading.links) <= 20_000
    assert outcome.seconds < 20


def test_a_cut_reading_keeps_only_links_it_holds() -> None:
    page = "".join(f"<p><a href='https://a.kr/{n}'>가나다라 {n}</a></p>" for n in range(100))
    outcome = read_bytes(page.encode(), Hint(path="a.html"), Limits(output_characters=50))
    assert outcome.reading is not None
    assert all(link.end <= len(outcome.reading.text) for link in outcome.reading.links)
    assert isinstance(outcome.reading.links[0], Link)
