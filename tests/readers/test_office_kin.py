"""PPTX, OpenDocument, RTF and the old binary formats."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pptx
import pytest
from pptx.util import Cm

from jihwi.errors import FileLocked, NeedsConversion
from jihwi.testing.compound_file import compound_file
from jihwi.testing.seeds import zip_of
from tests.readers.asking import kinds, read, table_of, texts, warned

# ── PPTX ──


def slides() -> bytes:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "추진 계획"
    slide.placeholders[1].text = "첫째"
    lower = slide.shapes.add_textbox(Cm(2), Cm(17), Cm(5), Cm(1))
    lower.text_frame.text = "아래 글"
    upper = slide.shapes.add_textbox(Cm(2), Cm(0.2), Cm(5), Cm(1))
    upper.text_frame.text = "위 글"
    table = slide.shapes.add_table(2, 2, Cm(2), Cm(18.5), Cm(8), Cm(2)).table
    table.cell(0, 0).merge(table.cell(0, 1))
    for (row, column), text in {(0, 0): "합침", (1, 0): "가", (1, 1): "나"}.items():
        table.cell(row, column).text = text
    slide.notes_slide.notes_text_frame.text = "발표자 메모"
    hidden = made.slides.add_slide(made.slide_layouts[5])
    hidden.shapes.title.text = "숨긴 장"
    hidden._element.set("show", "0")
    stored = io.BytesIO()
    made.save(stored)
    return stored.getvalue()


def test_slides_are_pages_read_by_position() -> None:
    reading = read("pptx", slides())
    assert [(b.kind, b.page, reading.block_text(i)) for i, b in enumerate(reading.blocks) if not b.table] == [
        ("heading", 1, "추진 계획"),
        ("paragraph", 1, "위 글"),
        ("list_item", 1, "첫째"),
        ("paragraph", 1, "아래 글"),
        ("comment", 1, "발표자 메모"),
        ("heading", 2, "숨긴 장"),
    ]
    assert table_of(reading)[0] == (0, 0, 1, 2, "합침")
    assert warned(reading) == ["hidden_slide"]
    assert reading.metadata.pages == 2


# ── OpenDocument ──

NAMES = " ".join(
    f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
    for p, n in {"office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style"}.items()
)


def open_document(kind: str, body: str, styles: str = "", manifest: str = "") -> bytes:
    content = (
        f"<office:document-content {NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    members = {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content.encode()}
    if manifest:
        members["META-INF/manifest.xml"] = manifest.encode()
    return zip_of(members)


def test_open_text_keeps_headings_lists_notes_and_tables() -> None:
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-suffix="." '
        'style:num-format="가, 나, 다, ..."/></text:list-style>'
    )
    body = (
        '<text:h text:outline-level="2">총칙</text:h>'
        '<text:p>앞<text:s text:c="2"/>뒤<text:note text:note-class="footnote"><text:note-body><text:p>각주</text:p>'
        "</text:note-body></text:note></text:p>"
        '<text:list text:style-name="L"><text:list-item><text:p>하나</text:p></text:list-item>'
        "<text:list-item><text:p>둘</text:p></text:list-item></text:list>"
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>지움</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        '<table:table><table:table-header-rows><table:table-row><table:table-cell table:number-columns-spanned="2">'
        "<text:p>머리</text:p></table:table-cell><table:covered-table-cell/></table:table-row></table:table-header-rows>"
        "<table:table-row><table:table-cell><text:p>1</text:p></table:table-cell><table:table-cell><text:p>2</text:p>"
        "</table:table-cell></table:table-row></table:table>"
    )
    reading = read("odt", open_document("text", body, styles))
    assert [(b.kind, b.level, reading.block_text(i)) for i, b in enumerate(reading.blocks) if not b.table] == [
        ("heading", 2, "총칙"),
        ("paragraph", 0, "앞  뒤"),
        ("footnote", 0, "각주"),
        ("list_item", 1, "가. 하나"),
        ("list_item", 1, "나. 둘"),
    ]
    assert table_of(reading) == [(0, 0, 1, 2, "머리"), (1, 0, 1, 1, "1"), (1, 1, 1, 1, "2")]
    assert warned(reading) == ["deleted_text_hidden"]


def test_hidden_words_of_open_text_are_counted_and_not_read() -> None:
    styles = (
        '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
    )
    reading = read(
        "odt", open_document("text", '<text:p>앞<text:span text:style-name="H">속</text:span>뒤</text:p>', styles)
    )
    assert (texts(reading), warned(reading)) == (["앞뒤"], ["hidden_text"])


def test_open_sheets_show_what_their_cells_show() -> None:
    row = '<table:table-row table:number-rows-repeated="{}">{}</table:table-row>'
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    body = (
        '<table:table table:name="예산">'
        + row.format(1, cell.format("구분") + cell.format("금액"))
        + row.format(2, cell.format("가") + cell.format("1,000"))
        + row.format(1_000_000, '<table:table-cell table:number-columns-repeated="16000"/>')
        + "</table:table>"
    )
    reading = read("ods", open_document("spreadsheet", body))
    assert kinds(reading) == ["heading", "table"]
    assert [cell[4] for cell in table_of(reading)] == ["구분", "금액", "가", "1,000", "가", "1,000"]


def test_locked_open_documents_say_so() -> None:
    manifest = '<m:manifest xmlns:m="m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    with pytest.raises(FileLocked):
        read("odt", open_document("text", "", manifest=manifest))


# ── RTF ──


def rtf(body: str) -> bytes:
    return (
        "{\\rtf1\\ansi\\ansicpg949{\\fonttbl{\\f0\\fcharset129 Batang;}}"
        "{\\stylesheet{\\s1 \\b heading 1;}}{\\info{\\title 제목}{\\author 김}}" + body + "}"
    ).encode("cp949")


def test_rtf_keeps_korean_headings_tables_and_notes() -> None:
    body = (
        "\\pard\\s1 총칙\\par\\pard \\f0\\'b0\\'a1\\u45208?다{\\footnote 각주}\\par"
        "{\\*\\generator 버림}{\\v 숨은}"
        "\\trowd\\cellx1000\\cellx2000\\intbl 가\\cell 나\\cell\\row"
        "\\trowd\\cellx1000\\cellx2000\\intbl 1\\cell 2\\cell\\row\\pard 끝\\par"
    )
    reading = read("rtf", rtf(body))
    assert [(b.kind, reading.block_text(i)) for i, b in enumerate(reading.blocks) if not b.table] == [
        ("heading", "총칙"),
        ("paragraph", "가나다"),
        ("footnote", "각주"),
        ("paragraph", "끝"),
    ]
    assert [cell[4] for cell in table_of(reading)] == ["가", "나", "1", "2"]
    assert warned(reading) == ["hidden_text"]
    assert (reading.metadata.title, reading.metadata.author) == ("제목", "김")


def test_rtf_as_libreoffice_writes_it_shows_no_shapes_inside_and_keeps_levels_and_columns() -> None:
    body = (
        "\\pard\\plain \\s1\\outlinelevel0{\\listtext\\pard\\plain \\tab}\\ls1 제1장 총칙\\par"
        "\\pard\\ilvl0{\\listtext\\pard\\plain \\u61623?\\tab}\\ls2 하나\\par"
        "\\pard\\ilvl1{\\listtext\\pard\\plain \\u61607?\\tab}\\ls2 하나의 속\\par"
        "\\pard {\\shp{\\*\\shpinst\\shpwr1{\\sp{\\sn shapeType}{\\sv 202}}{\\sp{\\sn posh}{\\sv 2}}"
        "{\\shptxt 글상자의 글\\par}}}상자를 단 문단\\par"
        "\\trowd\\cellx2000\\cellx3000\\intbl 합친 머리\\cell 셋\\cell\\row"
        "\\trowd\\clvmgf\\cellx1000\\cellx2020\\cellx3000\\intbl 세로\\cell 가\\cell 1\\cell\\row"
        "\\trowd\\clvmrg\\cellx1000\\cellx1990\\cellx3000\\intbl\\cell 나\\cell 2\\cell\\row\\pard"
    )
    reading = read("rtf", rtf(body))
    assert [(b.kind, b.level, reading.block_text(i)) for i, b in enumerate(reading.blocks) if not b.table] == [
        ("heading", 1, "제1장 총칙"),
        ("list_item", 1, "• 하나"),
        ("list_item", 2, "▪ 하나의 속"),
        ("paragraph", 0, "상자를 단 문단"),
        ("text_box", 0, "글상자의 글"),
    ]
    assert table_of(reading) == [
        (0, 0, 1, 2, "합친 머리"),
        (0, 2, 1, 1, "셋"),
        (1, 0, 2, 1, "세로"),
        (1, 1, 1, 1, "가"),
        (1, 2, 1, 1, "1"),
        (2, 1, 1, 1, "나"),
        (2, 2, 1, 1, "2"),
    ]


# ── the old binary formats ──


def word_document(flags: int = 0) -> bytes:
    return compound_file({"WordDocument": b"\xec\xa5" + bytes(8) + flags.to_bytes(2, "little") + bytes(5000)})


def test_old_formats_name_their_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NeedsConversion) as raised:
        read("doc", word_document())
    assert raised.value.detail == 'soffice --headless --convert-to docx "file.doc"'


def test_old_formats_that_are_encrypted_say_so() -> None:
    with pytest.raises(FileLocked):
        read("doc", word_document(flags=0x0100))


def test_old_formats_are_read_through_the_installed_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made.pptx").write_bytes(slides())
    program = tmp_path / "soffice"
    program.write_text(
        '#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" = --outdir ] && out=$2; shift; done\n'
        f'cp "{tmp_path}/made.pptx" "$out/document.pptx"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    reading = read("ppt", compound_file({"PowerPoint Document": bytes(5000)}))
    assert (reading.format, reading.reader) == ("ppt", "legacy")
    assert "추진 계획" in texts(reading)
    assert "converted" in warned(reading)
