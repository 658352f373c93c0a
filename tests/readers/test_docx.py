"""DOCX: the words, and what ordinary extraction loses."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest

from jihwi.errors import FileBroken
from tests.readers.asking import kinds, read, table_of, texts, warned

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def document(body: str, **parts: str) -> bytes:
    """A package with this body and these parts (`numbering`, `footnotes`, `styles` …)."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r" Type="{TYPES}/officeDocument" Target="word/document.xml"/></Relationships>',
        )
        archive.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        links = "".join(
            f'<Relationship Id="{name}" Type="{TYPES}/{name.rstrip("0123456789")}" Target="{name}.xml"/>'
            for name in parts
        )
        archive.writestr(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>',
        )
        for name, xml in parts.items():
            archive.writestr(f"word/{name}.xml", xml)
    return made.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_headings_paragraphs_and_tables_of_a_real_library() -> None:
    made = docx.Document()
    made.add_heading("총칙", 1)
    made.add_paragraph("본문이다.")
    table = made.add_table(2, 3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "합친 칸"
    table.cell(0, 2).merge(table.cell(1, 2)).text = "세로"
    table.cell(1, 0).text = "가"
    stored = io.BytesIO()
    made.save(stored)
    reading = read("docx", stored.getvalue())
    assert kinds(reading) == ["heading", "paragraph", "table"]
    assert table_of(reading) == [(0, 0, 1, 2, "합친 칸"), (0, 2, 2, 1, "세로"), (1, 0, 1, 1, "가"), (1, 1, 1, 1, "")]


def test_automatic_numbers_are_rendered_in_korean() -> None:
    numbering = f"""<w:numbering {W}><w:abstractNum w:abstractNumId="0">
      <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="제%1조"/></w:lvl>
      <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="ganada"/><w:lvlText w:val="%2."/></w:lvl>
      <w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/></w:lvl></w:abstractNum>
      <w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num></w:numbering>"""

    def item(text: str, depth: int) -> str:
        return paragraph(text, f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="7"/></w:numPr>')

    body = item("목적", 0) + item("하나", 1) + item("둘", 1) + item("점", 2) + item("정의", 0) + item("다시", 1)
    reading = read("docx", document(body, numbering=numbering))
    assert texts(reading) == ["제1조 목적", "가. 하나", "나. 둘", "• 점", "제2조 정의", "가. 다시"]
    assert [block.number for block in reading.blocks] == ["제1조", "가.", "나.", "", "제2조", "가."]
    assert {run.origin for run in reading.origins} == {"rendered"}
    assert [reading.text[run.start : run.end] for run in reading.origins][:2] == ["제1조", "가."]


def test_notes_comments_boxes_and_margins_hang_where_they_belong() -> None:
    notes = f'<w:footnotes {W}><w:footnote w:id="2">{paragraph("각주 글")}</w:footnote></w:footnotes>'
    comments = f'<w:comments {W}><w:comment w:id="5">{paragraph("검토 의견")}</w:comment></w:comments>'
    header = f"<w:hdr {W}>{paragraph('대외비')}</w:hdr>"
    body = (
        '<w:p><w:r><w:t>본문</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
        '<w:r><w:commentReference w:id="5"/></w:r>'
        f"<w:r><w:pict><w:txbxContent>{paragraph('글상자')}</w:txbxContent></w:pict></w:r></w:p>"
        f'<w:sectPr><w:headerReference r:id="header1" xmlns:r="{TYPES}"/></w:sectPr>'
    )
    reading = read("docx", document(body, footnotes=notes, comments=comments, header1=header))
    assert [(b.kind, b.parent, reading.block_text(i)) for i, b in enumerate(reading.blocks)] == [
        ("paragraph", -1, "본문"),
        ("footnote", 0, "각주 글"),
        ("comment", 0, "검토 의견"),
        ("text_box", 0, "글상자"),
        ("header", -1, "대외비"),
    ]


def test_deleted_and_hidden_words_are_not_shown_but_told() -> None:
    body = (
        "<w:p><w:r><w:t>남은 </w:t></w:r><w:del><w:r><w:delText>지운</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>더한 글</w:t></w:r></w:ins>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>숨은</w:t></w:r></w:p>"
    )
    reading = read("docx", document(body))
    assert reading.text == "남은 더한 글"
    assert sorted(warned(reading)) == ["deleted_text_hidden", "hidden_text"]


def test_korean_style_names_make_headings_and_captions() -> None:
    styles = f"""<w:styles {W}>
      <w:style w:type="paragraph" w:styleId="a1"><w:name w:val="제목 2"/></w:style>
      <w:style w:type="paragraph" w:styleId="a2"><w:name w:val="나만의"/><w:basedOn w:val="a1"/></w:style>
      <w:style w:type="paragraph" w:styleId="a3"><w:name w:val="캡션"/></w:style></w:styles>"""
    body = "".join(paragraph(name, f'<w:pStyle w:val="{name}"/>') for name in ("a1", "a2", "a3"))
    reading = read("docx", document(body, styles=styles))
    assert [(b.kind, b.level) for b in reading.blocks] == [("heading", 2), ("heading", 2), ("caption", 0)]


def test_symbols_equations_and_pictures_become_words() -> None:
    body = (
        '<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t> 동의</w:t></w:r></w:p>'
        '<w:p><m:oMathPara xmlns:m="m"><m:oMath><m:r><m:t>a+b</m:t></m:r></m:oMath></m:oMathPara></w:p>'
        '<w:p><w:r><w:drawing><wp:docPr xmlns:wp="wp" id="1" descr="조직도"/></w:drawing></w:r></w:p>'
    )
    reading = read("docx", document(body))
    assert [(b.kind, reading.block_text(i)) for i, b in enumerate(reading.blocks)] == [
        ("paragraph", "☑ 동의"),
        ("equation", "a+b"),
        ("image", "조직도"),
    ]
    assert reading.origins[0].origin == "mapped"


def test_nested_tables_follow_the_table_that_holds_them() -> None:
    inner = f"<w:tbl><w:tr><w:tc>{paragraph('안')}</w:tc><w:tc>{paragraph('쪽')}</w:tc></w:tr></w:tbl>"
    body = f"<w:tbl><w:tr><w:tc>{paragraph('밖')}{inner}</w:tc><w:tc>{paragraph('옆')}</w:tc></w:tr></w:tbl>"
    reading = read("docx", document(body))
    assert [block.parent for block in reading.blocks] == [-1, 0]
    assert [cell[4] for cell in table_of(reading)] == ["밖", "옆"]
    assert [cell[4] for cell in table_of(reading, 1)] == ["안", "쪽"]


def test_pages_are_known_where_word_noted_them() -> None:
    broken = "<w:p><w:r><w:lastRenderedPageBreak/><w:t>둘째 쪽</w:t></w:r></w:p>"
    reading = read("docx", document(paragraph("첫째 쪽") + broken))
    assert [block.page for block in reading.blocks] == [1, 2]
    assert reading.metadata.pages == 2


def test_no_entity_is_expanded_inside_a_package() -> None:
    data = document(paragraph("글"))
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "word/document.xml":
                content = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + content.replace(
                    "글".encode(), b"&e;"
                )
            new.writestr(name, content)
    assert "root:" not in read("docx", made.getvalue()).text


def test_rubbish_is_broken() -> None:
    with pytest.raises(FileBroken):
        read("docx", b"PK\x03\x04")
