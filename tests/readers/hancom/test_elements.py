"""Each element of Hancom's formats, built from the records or the XML that hold it, comes out as the same blocks."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits
from jihwi.readers.hancom import Document, Equation, Frame, Note, Paragraph, Picture, Section
from jihwi.readers.hwp import records as tags
from jihwi.readers.hwpml import HwpmlReader
from jihwi.testing.compound_file import compound_file
from jihwi.testing.hwp import hwp, record, simple_document
from jihwi.testing.hwpx import package
from tests.readers.hancom.documents import both, holding, read_hwp, read_hwpx, shown

# ── HWP 5: records ──


def counted(text: str) -> bytes:
    """A text after its length in code units."""
    return struct.pack("<H", len(text)) + text.encode("utf-16-le")


def extended(code: int, kind: bytes) -> bytes:
    """The eight code units that a control takes in the text."""
    return struct.pack("<H4s8xH", code, kind[::-1], code)


def paragraph(text: bytes, controls: bytes = b"", level: int = 0) -> bytes:
    """A paragraph whose text is given as code units, with the records of its controls."""
    head = struct.pack("<IIHBBHHHIH", (len(text) // 2 + 1) | 1 << 31, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    return record(tags.PARA_HEADER, level, head) + record(tags.PARA_TEXT, level + 1, text + b"\r\0") + controls


def plain(text: str, level: int = 0) -> bytes:
    """A paragraph of text alone."""
    return paragraph(text.encode("utf-16-le"), level=level)


def listed(text: str, level: int) -> bytes:
    """A list of one paragraph."""
    return record(tags.LIST_HEADER, level, struct.pack("<iI8x", 1, 0)) + plain(text, level)


def held(code: int, kind: bytes, body: bytes = b"", inner: bytes = b"", after: str = "") -> bytes:
    """A paragraph with one control, and text after it."""
    control = record(tags.CTRL_HEADER, 1, kind[::-1] + body) + inner
    return paragraph(extended(code, kind) + after.encode("utf-16-le"), control)


def shape(kind: bytes, level: int) -> bytes:
    """A shape component."""
    return record(tags.SHAPE_COMPONENT, level, kind[::-1] * 2 + bytes(192))


FLOATING = struct.pack("<IiiIIi4HII", 0x082A2200, 0, 0, 8504, 1700, 0, 0, 0, 0, 0, 1, 0) + counted("")


def form(kind: bytes, properties: str) -> bytes:
    """A form object."""
    body = kind[::-1] * 2 + struct.pack("<I", len(properties) + 2) + counted(properties)
    return held(11, b"form", FLOATING, record(tags.FORM_OBJECT, 2, body))


def said(name: str, text: str) -> str:
    """A property of a form object."""
    return f"{name}:wstring:{len(text)}:{text} "


# ── the elements ──


class Element(NamedTuple):
    """One element in three formats, and what it must come out as."""

    name: str
    records: bytes
    hwpx: str
    hwpml: str
    blocks: Sequence[tuple[str, str]]


def sub_list(text: str) -> str:
    """A list of one paragraph in HWPX."""
    return f"<hp:subList><hp:p><hp:run><hp:t>{text}</hp:t></hp:run></hp:p></hp:subList>"


def para_list(text: str) -> str:
    """A list of one paragraph in HWPML."""
    return f"<PARALIST><P><TEXT><CHAR>{text}</CHAR></TEXT></P></PARALIST>"


def boxed(text: str) -> str:
    """A text box in HWPML."""
    drawn = f"<DRAWINGOBJECT><DRAWTEXT>{para_list(text)}</DRAWTEXT></DRAWINGOBJECT>"
    return f"<RECTANGLE><SHAPEOBJECT/>{drawn}</RECTANGLE>"


ELEMENTS = [
    Element(
        "endnote",
        held(17, b"en  ", bytes(16), listed("미주 글", 2), "본문"),
        f"<hp:ctrl><hp:endNote>{sub_list('미주 글')}</hp:endNote></hp:ctrl><hp:t>본문</hp:t>",
        f"<ENDNOTE>{para_list('미주 글')}</ENDNOTE><CHAR>본문</CHAR>",
        [("endnote", "미주 글"), ("paragraph", "본문")],
    ),
    Element(
        "header and footer",
        held(16, b"head", bytes(8), listed("머리말", 2)) + held(16, b"foot", bytes(8), listed("꼬리말", 2)),
        f"<hp:ctrl><hp:header>{sub_list('머리말')}</hp:header></hp:ctrl>"
        f"<hp:ctrl><hp:footer>{sub_list('꼬리말')}</hp:footer></hp:ctrl>",
        f"<HEADER>{para_list('머리말')}</HEADER><FOOTER>{para_list('꼬리말')}</FOOTER>",
        [("header", "머리말"), ("footer", "꼬리말")],
    ),
    Element(
        "hidden comment",
        held(15, b"tcmt", b"", listed("숨은 설명", 2), "본문"),
        f"<hp:ctrl><hp:hiddenComment>{sub_list('숨은 설명')}</hp:hiddenComment></hp:ctrl><hp:t>본문</hp:t>",
        f"<HIDDENCOMMENT>{para_list('숨은 설명')}</HIDDENCOMMENT><CHAR>본문</CHAR>",
        [("comment", "숨은 설명"), ("paragraph", "본문")],
    ),
    Element(
        "memo",
        paragraph("본문".encode("utf-16-le"), record(tags.MEMO_LIST, 1, bytes(22)) + listed("메모 글", 1)),
        f'<hp:t>본문</hp:t><hp:ctrl><hp:fieldBegin type="MEMO">{sub_list("메모 글")}</hp:fieldBegin></hp:ctrl>',
        f'<CHAR>본문</CHAR><FIELDBEGIN Type="Memo">{para_list("메모 글")}</FIELDBEGIN>',
        [("paragraph", "본문"), ("comment", "메모 글")],
    ),
    Element(
        "text art",
        held(
            11,
            b"gso ",
            FLOATING,
            shape(b"$tat", 2) + record(tags.SHAPE_COMPONENT_TEXTART, 3, bytes(32) + counted("글맵시")),
        ),
        '<hp:textart text="글맵시"/>',
        '<TEXTART Text="글맵시"/>',
        [("text_box", "글맵시")],
    ),
    Element(
        "group of boxes",
        held(
            11,
            b"gso ",
            FLOATING,
            shape(b"$con", 2) + shape(b"$rec", 3) + listed("왼쪽", 4) + shape(b"$rec", 3) + listed("오른쪽", 4),
        ),
        f"<hp:container><hp:rect><hp:drawText>{sub_list('왼쪽')}</hp:drawText></hp:rect>"
        f"<hp:rect><hp:drawText>{sub_list('오른쪽')}</hp:drawText></hp:rect></hp:container>",
        f"<CONTAINER>{boxed('왼쪽')}{boxed('오른쪽')}</CONTAINER>",
        [("text_box", "왼쪽"), ("text_box", "오른쪽")],
    ),
    Element(
        "equation in the line and beside it",
        held(
            11,
            b"eqed",
            struct.pack("<I", 0x082A2211) + FLOATING[4:],
            record(tags.EQEDIT, 2, bytes(4) + counted("a over b")),
            "이다",
        )
        + held(11, b"eqed", FLOATING, record(tags.EQEDIT, 2, bytes(4) + counted("x LEQ y"))),
        '<hp:equation><hp:pos treatAsChar="1"/><hp:script>a over b</hp:script></hp:equation><hp:t>이다</hp:t>'
        "</hp:run></hp:p><hp:p><hp:run><hp:equation><hp:script>x LEQ y</hp:script></hp:equation>",
        '<EQUATION><SHAPEOBJECT><POSITION TreatAsChar="true"/></SHAPEOBJECT><SCRIPT>a over b</SCRIPT></EQUATION>'
        "<CHAR>이다</CHAR></TEXT></P><P><TEXT><EQUATION><SCRIPT>x LEQ y</SCRIPT></EQUATION>",
        [("paragraph", "a/b이다"), ("equation", "x ≤ y")],
    ),
    Element(
        "small text beside a word, and letters over each other",
        held(23, b"tdut", counted("漢字") + counted("한자"), after=" ") + held(23, b"tcps", counted("①A")),
        "<hp:dutmal><hp:mainText>漢字</hp:mainText><hp:subText>한자</hp:subText></hp:dutmal><hp:t> </hp:t>"
        '</hp:run></hp:p><hp:p><hp:run><hp:compose composeText="①A"/>',
        "<DUTMAL><MAINTEXT>漢字</MAINTEXT><SUBTEXT>한자</SUBTEXT></DUTMAL><CHAR> </CHAR>"
        '</TEXT></P><P><TEXT><COMPOSE ComposeText="①A"/>',
        [("paragraph", "漢字(한자)"), ("paragraph", "①A")],
    ),
    Element(
        "number of a table, and of a page",
        held(18, b"atno", struct.pack("<IHHHH", 4 | 3 << 4, 3, 0, 0, ord(".")), after=" 예산")
        + held(18, b"atno", struct.pack("<IHHHH", 0, 7, 0, 0, 0), after="쪽"),
        '<hp:ctrl><hp:autoNum num="3" numType="TABLE"><hp:autoNumFormat type="ROMAN_SMALL" suffixChar="."/>'
        "</hp:autoNum></hp:ctrl><hp:t> 예산</hp:t></hp:run></hp:p><hp:p><hp:run>"
        '<hp:ctrl><hp:autoNum num="7" numType="PAGE"/></hp:ctrl><hp:t>쪽</hp:t>',
        '<AUTONUM Number="3" NumberType="Table"><AUTONUMFORMAT Type="RomanSmall" SuffixChar="."/></AUTONUM>'
        '<CHAR> 예산</CHAR></TEXT></P><P><TEXT><AUTONUM Number="7" NumberType="Page"/><CHAR>쪽</CHAR>',
        [("paragraph", "iii. 예산"), ("paragraph", "쪽")],
    ),
    Element(
        "button, list and field",
        form(b"+pbt", said("Name", "단추") + said("Caption", "보내기"))
        + form(b"+cob", said("Name", "계절") + said("Text", "여름"))
        + form(b"+edt", said("Name", "이름") + said("Text", "홍길동")),
        '<hp:btn name="단추" caption="보내기"/></hp:run></hp:p><hp:p><hp:run>'
        '<hp:comboBox name="계절" selectedValue="여름"><hp:listItem displayText="봄"/></hp:comboBox></hp:run></hp:p>'
        '<hp:p><hp:run><hp:edit name="이름"><hp:text>홍길동</hp:text></hp:edit>',
        '<BUTTON Name="단추" Caption="보내기"/></TEXT></P><P><TEXT><COMBOBOX Name="계절" Text="여름"/></TEXT></P>'
        '<P><TEXT><EDIT Name="이름" Text="홍길동"/>',
        [("form_field", "보내기"), ("form_field", "여름"), ("form_field", "홍길동")],
    ),
    Element(
        "bookmarks and index marks, which show nothing",
        held(22, b"bokm", after="앞") + held(22, b"idxm", counted("찾을 말") + counted(""), after="뒤"),
        '<hp:ctrl><hp:bookmark name="자리"/></hp:ctrl><hp:t>앞</hp:t></hp:run></hp:p><hp:p><hp:run><hp:ctrl>'
        "<hp:indexmark><hp:firstKey>찾을 말</hp:firstKey></hp:indexmark></hp:ctrl><hp:t>뒤</hp:t>",
        '<BOOKMARK Name="자리"/><CHAR>앞</CHAR></TEXT></P><P><TEXT><INDEXMARK><KEYFIRST>찾을 말</KEYFIRST></INDEXMARK>'
        "<CHAR>뒤</CHAR>",
        [("paragraph", "앞"), ("paragraph", "뒤")],
    ),
]


def from_records(body: bytes) -> Reading:
    """The reading of a section of these records."""
    return read_hwp(hwp(simple_document("x"), compressed=False, streams={"BodyText/Section0": body}))


HP = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section"'


def from_hwpx(body: str, **parts: str) -> Reading:
    """The reading of a package whose section holds this run, and of other parts."""
    section = f"<hs:sec {HP}><hp:p><hp:run>{body}</hp:run></hp:p></hs:sec>"
    return read_hwpx(package({"Contents/section0.xml": section} | parts))


def from_hwpml(body: str) -> Reading:
    """The reading of an HWPML document whose paragraph holds this."""
    text = f'<HWPML Version="2.8"><HEAD/><BODY><SECTION><P><TEXT>{body}</TEXT></P></SECTION></BODY></HWPML>'
    return HwpmlReader().read(text.encode(), "hwpml", Hint(path="문서.hml"), Limits()).reading


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: element.name)
def test_an_element_is_the_same_in_every_format(element: Element) -> None:
    assert shown(from_records(element.records)) == element.blocks
    assert shown(from_hwpx(element.hwpx)) == element.blocks
    assert shown(from_hwpml(element.hwpml)) == element.blocks


def test_master_pages_are_headers() -> None:
    definition = struct.pack("<IHHHIHHHHHH", 0, 1134, 0, 0, 8000, 0, 0, 0, 0, 0, 0)
    records = from_records(held(2, b"secd", definition, listed("바탕쪽 글", 2), "본문"))
    content = (
        '<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:manifest>'
        '<opf:item id="masterpage0" href="Contents/masterpage0.xml"/>'
        '<opf:item id="section0" href="Contents/section0.xml"/></opf:manifest>'
        '<opf:spine><opf:itemref idref="section0"/></opf:spine></opf:package>'
    )
    page = f"<masterPage {HP}>{sub_list('바탕쪽 글')}</masterPage>"
    properties = '<hp:secPr><hp:masterPage idRef="masterpage0"/></hp:secPr><hp:t>본문</hp:t>'
    other = from_hwpx(properties, **{"Contents/content.hpf": content, "Contents/masterpage0.xml": page})
    hwpml = from_hwpml(f"<SECDEF><MASTERPAGE>{para_list('바탕쪽 글')}</MASTERPAGE></SECDEF><CHAR>본문</CHAR>")
    assert shown(records) == shown(other) == shown(hwpml) == [("header", "바탕쪽 글"), ("paragraph", "본문")]


def points(*values: str) -> str:
    """The cached values of a part of a series."""
    return "".join(f'<c:pt idx="{index}"><c:v>{value}</c:v></c:pt>' for index, value in enumerate(values))


CHART = (
    '<c:chartSpace xmlns:c="urn:c" xmlns:a="urn:a"><c:chart>'
    "<c:title><c:tx><a:p><a:t>연도별 예산</a:t></a:p></c:tx></c:title>"
    f"<c:plotArea><c:ser><c:tx>{points('금액')}</c:tx><c:cat>{points('2024', '2025')}</c:cat>"
    f"<c:val>{points('100', '120')}</c:val></c:ser></c:plotArea></c:chart></c:chartSpace>"
)


def test_a_chart_is_its_title_and_the_table_of_its_numbers() -> None:
    never_packed = struct.pack("<HH", 2 | 0x20, 1)
    streams = {
        "DocInfo": record(tags.BIN_DATA, 1, never_packed),
        "BinData/BIN0001.OLE": bytes(4) + compound_file({"OOXMLChartContents": CHART.encode()}),
        "BodyText/Section0": held(
            11,
            b"gso ",
            FLOATING,
            shape(b"$ole", 2) + record(tags.SHAPE_COMPONENT_OLE, 3, bytes(12) + b"\1\0" + bytes(12)),
        ),
    }
    records = read_hwp(hwp(simple_document("x"), compressed=False, streams=streams))
    other = from_hwpx('<hp:chart chartIDRef="Chart/chart1.xml"/>', **{"Chart/chart1.xml": CHART})
    assert shown(records) == shown(other) == [("image", "연도별 예산"), ("table", "\t금액\n2024\t100\n2025\t120")]


def test_captions_belong_to_what_they_explain() -> None:
    caption = (Paragraph("그림 1. 조직"),)
    document = Document(
        (
            Section(
                (
                    holding("", (0, Picture("x", "조직도", caption))),
                    holding("", (0, Frame("text_box", (Paragraph("글상자"),), (Paragraph("상자 설명"),)))),
                    holding("본문", (2, Note("endnote", (Paragraph("끝"),)))),
                    holding("", (0, Equation("a over b"))),
                )
            ),
        )
    )
    for reading in both(document):
        assert shown(reading) == [
            ("image", "조직도"),
            ("caption", "그림 1. 조직"),
            ("text_box", "글상자"),
            ("caption", "상자 설명"),
            ("paragraph", "본문"),
            ("endnote", "끝"),
            ("equation", "a/b"),
        ]
        assert [block.parent for block in reading.blocks] == [-1, 0, -1, 2, -1, 4, -1]
