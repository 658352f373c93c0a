"""HWPML files: the same blocks as the other Hancom formats, from one XML file."""

from __future__ import annotations

import pytest

from jihwi.errors import FileBroken, FileTooLarge
from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits
from jihwi.readers.hwpml import HwpmlReader

HEAD = """<HEAD SecCnt="1"><DOCSUMMARY><TITLE>복무 규정</TITLE><AUTHOR>총무과</AUTHOR></DOCSUMMARY><MAPPINGTABLE>
<NUMBERINGLIST Count="1"><NUMBERING Id="1"><PARAHEAD Level="1" NumFormat="Digit" Start="1">제^1조</PARAHEAD>
<PARAHEAD Level="2" NumFormat="HangulSyllable">^2.</PARAHEAD></NUMBERING></NUMBERINGLIST>
<BULLETLIST Count="1"><BULLET Id="1" Char="•"/></BULLETLIST><PARASHAPELIST Count="4"><PARASHAPE Id="0"/>
<PARASHAPE Id="1" HeadingType="Outline" Level="0"/><PARASHAPE Id="2" HeadingType="Number" Heading="1" Level="1"/>
<PARASHAPE Id="3" HeadingType="Bullet" Heading="1" Level="0"/></PARASHAPELIST></MAPPINGTABLE></HEAD>"""


def paragraph(body: str, shape: int = 0) -> str:
    return f'<P ParaShape="{shape}" Style="0"><TEXT CharShape="0">{body}</TEXT></P>'


def text(words: str, shape: int = 0) -> str:
    return paragraph(f"<CHAR>{words}</CHAR>", shape)


def document(*paragraphs: str) -> bytes:
    opening = paragraph('<SECDEF OutlineShape="1"/>')
    body = f'<BODY><SECTION Id="0">{opening}{"".join(paragraphs)}</SECTION></BODY>'
    return f'<?xml version="1.0" encoding="UTF-8"?><HWPML Version="2.8">{HEAD}{body}<TAIL/></HWPML>'.encode()


def read(data: bytes, limits: Limits | None = None) -> Reading:
    return HwpmlReader().read(data, "hwpml", Hint(path="문서.hml"), limits or Limits()).reading


def shown(reading: Reading) -> list[tuple[str, str]]:
    return [(block.kind, reading.text[block.start : block.end]) for block in reading.blocks]


def test_headings_items_and_bullets_have_their_numbers() -> None:
    reading = read(document(text("목적", 1), text("하나", 2), text("점", 3), text("본문")))
    assert shown(reading) == [
        ("heading", "제1조 목적"),
        ("list_item", "가. 하나"),
        ("list_item", "• 점"),
        ("paragraph", "본문"),
    ]
    assert (reading.metadata.title, reading.metadata.author) == ("복무 규정", "총무과")


def test_a_table_keeps_its_cells_spans_and_caption() -> None:
    cell = '<CELL RowAddr="{r}" ColAddr="{c}" RowSpan="1" ColSpan="{s}" Header="{h}"><PARALIST>{p}</PARALIST></CELL>'
    rows = (
        f"<ROW>{cell.format(r=0, c=0, s=2, h='true', p=text('머리'))}</ROW>"
        f"<ROW>{cell.format(r=1, c=0, s=1, h='false', p=text('가'))}"
        f"{cell.format(r=1, c=1, s=1, h='false', p=text('나'))}</ROW>"
    )
    caption = f"<CAPTION><PARALIST>{text('표 1')}</PARALIST></CAPTION>"
    held = f'<SHAPEOBJECT><POSITION TreatAsChar="true"/>{caption}</SHAPEOBJECT>'
    reading = read(document(paragraph(f"<TABLE>{held}{rows}</TABLE>")))
    table = reading.blocks[0].table
    assert table is not None
    assert [(c.row, c.column, c.column_span, c.header) for c in table.cells] == [
        (0, 0, 2, True),
        (1, 0, 1, False),
        (1, 1, 1, False),
    ]
    assert shown(reading)[1] == ("caption", "표 1")


@pytest.mark.parametrize(("offset", "kinds"), [(0, ["table", "paragraph"]), (1657, ["paragraph", "table"])])
def test_a_table_that_hangs_beneath_its_line_comes_after_it(offset: int, kinds: list[str]) -> None:
    place = f'<POSITION TreatAsChar="false" VertRelTo="Para" VertAlign="Top" VertOffset="{offset}"/>'
    cells = "".join(f'<CELL RowAddr="0" ColAddr="{c}"><PARALIST>{text("칸")}</PARALIST></CELL>' for c in (0, 1))
    held = f"<TABLE><SHAPEOBJECT>{place}</SHAPEOBJECT><ROW>{cells}</ROW></TABLE>"
    reading = read(document(paragraph(f"{held}<CHAR>다음과 같다.</CHAR>")))
    assert [block.kind for block in reading.blocks] == kinds


def test_notes_boxes_and_marks() -> None:
    number = '<AUTONUM Number="1" NumberType="Footnote"><AUTONUMFORMAT Type="Digit" SuffixChar=")"/></AUTONUM>'
    note = f"<FOOTNOTE><PARALIST>{paragraph(number + '<CHAR> 각주</CHAR>')}</PARALIST></FOOTNOTE>"
    inner = f"<DRAWTEXT><PARALIST>{text('상자')}</PARALIST></DRAWTEXT>"
    box = f"<RECTANGLE><DRAWINGOBJECT>{inner}</DRAWINGOBJECT></RECTANGLE>"
    reading = read(document(paragraph(f"<CHAR>앞<TAB/>뒤<LINEBREAK/>끝</CHAR>{note}{box}")))
    assert shown(reading) == [("paragraph", "앞\t뒤\n끝1)"), ("footnote", "1) 각주"), ("text_box", "상자")]
    assert [block.parent for block in reading.blocks] == [-1, 0, 0]


def test_entities_are_not_expanded() -> None:
    data = document(text("앞&b;뒤")).replace(b"<HWPML", b'<!DOCTYPE HWPML [<!ENTITY b "bbbb">]><HWPML', 1)
    assert "bbbb" not in read(data).text


def test_broken_xml_is_read_as_far_as_it_goes() -> None:
    reading = read(document(text("앞"))[:-30])
    assert reading.text == "앞"
    assert [w.code for w in reading.warnings] == ["xml_repaired"]


def test_a_file_beyond_the_limits_is_refused() -> None:
    with pytest.raises(FileTooLarge):
        read(document(text("가" * 1000)), Limits(output_characters=100))


@pytest.mark.parametrize("data", [b"", b"<HWPML/>", b"no xml"])
def test_what_has_no_body_is_said_to_be_broken(data: bytes) -> None:
    with pytest.raises(FileBroken):
        read(data)
