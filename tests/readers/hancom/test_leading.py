"""Where the hyperlinks of Hancom's documents lead: of words wherever they stand, and of pictures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits
from jihwi.readers.hancom import Document, Grid, GridCell, Leading, Note, Paragraph, Picture, Section
from jihwi.readers.hwpml import HwpmlReader
from jihwi.readers.writers import to_markdown
from jihwi.testing.hwp import hwp
from jihwi.testing.hwpx import hwpx
from tests.readers.hancom.documents import holding, read_hwp, read_hwpx

SITE = "https://www.archives.example/guide?a=1&b=2;c"
WAYS: dict[str, Callable[[Document], Reading]] = {
    "hwp5": lambda made: read_hwp(hwp(made)),
    "hwp5 uncompressed": lambda made: read_hwp(hwp(made, compressed=False, version=(5, 0, 0, 0))),
    "hwp5 distributed": lambda made: read_hwp(hwp(made, distributed=True)),
    "hwp5 with a password": lambda made: read_hwp(hwp(made, password="열려라"), password="열려라"),
    "hwpx": lambda made: read_hwpx(hwpx(made)),
    "hwpx with a password": lambda made: read_hwpx(hwpx(made, password="열려라"), password="열려라"),
}


def led(reading: Reading) -> list[tuple[str, str]]:
    """The words of each link and where they lead."""
    return [(reading.text[link.start : link.end], link.address) for link in reading.links]


def linked(words: str, address: str, before: str = "", after: str = "") -> Paragraph:
    """A paragraph of which `words` lead to an address."""
    start = len(before)
    return Paragraph(before + words + after, links=(Leading(start, start + len(words), address),))


def one(*paragraphs: Paragraph) -> Document:
    """A document of one section."""
    return Document((Section(paragraphs),))


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Callable[[Document], Reading]:
    return WAYS[request.param]


def test_links_are_kept_wherever_their_words_stand(way: Callable[[Document], Reading]) -> None:
    cells = (
        GridCell(0, 0, 1, 1, (Paragraph("받기"),)),
        GridCell(0, 1, 1, 1, (linked("받기", "https://a.kr/1.hwp"),)),
        GridCell(1, 0, 1, 1, (linked("받기", "https://a.kr/2.hwp"), Paragraph("둘째 줄"))),
    )
    reading = way(
        one(
            linked("누리집", SITE, "누리집은 ", "에 있다."),
            holding("본문", (2, Note("footnote", (linked("출처", "mailto:a@b.kr"),)))),
            holding("", (0, Grid(cells, inline=True))),
        )
    )
    assert sorted(led(reading)) == sorted(
        [("누리집", SITE), ("출처", "mailto:a@b.kr"), ("받기", "https://a.kr/1.hwp"), ("받기", "https://a.kr/2.hwp")]
    )
    assert reading.links[0].start == reading.text.rindex("누리집")
    table = next(block.table for block in reading.blocks if block.table is not None)
    places = {(cell.row, cell.column): cell.start for cell in table.cells}
    starts = {link.address: link.start for link in reading.links}
    assert (starts["https://a.kr/1.hwp"], starts["https://a.kr/2.hwp"]) == (places[0, 1], places[1, 0])


@pytest.mark.parametrize(
    "address",
    ["http://a.kr/가?b=c#d", "https://a.kr/a;b:c\\d", "file:///C:/자료/보고서.hwp", "보고서.hwp", "ftp://a.kr:21/x"],
)
def test_addresses_with_signs_of_the_command_come_back_whole(address: str, way: Callable[[Document], Reading]) -> None:
    assert led(way(one(linked("여기", address)))) == [("여기", address)]


@pytest.mark.parametrize("address", ["?#732509819", "#책갈피", "javascript:alert(1)", ""])
def test_places_inside_the_document_and_scripts_are_no_links(address: str, way: Callable[[Document], Reading]) -> None:
    reading = way(one(linked("여기", address)))
    assert (led(reading), reading.text) == ([], "여기")


def test_a_picture_keeps_where_it_leads(way: Callable[[Document], Reading]) -> None:
    reading = way(one(holding("", (0, Picture("x", "공공누리", address=SITE)), (0, Picture("x", "그림")))))
    assert [(reading.block_text(i), block.address) for i, block in enumerate(reading.blocks)] == [
        ("공공누리", SITE),
        ("그림", ""),
    ]
    assert f"[![공공누리]({reading.blocks[0].target})]({SITE})" in to_markdown(reading)


def test_a_picture_that_leads_to_a_script_leads_nowhere(way: Callable[[Document], Reading]) -> None:
    reading = way(one(holding("", (0, Picture("x", "그림", address="javascript:alert(1)")))))
    assert reading.blocks[0].address == ""
    assert "alert" not in to_markdown(reading)


# ── HWPML ──


def hwpml(*paragraphs: str) -> Reading:
    """The reading of a document of these paragraphs."""
    body = "".join(f'<P ParaShape="0" Style="0"><TEXT CharShape="0">{inner}</TEXT></P>' for inner in paragraphs)
    data = f'<?xml version="1.0"?><HWPML Version="2.8"><HEAD/><BODY><SECTION Id="0">{body}</SECTION></BODY></HWPML>'
    return HwpmlReader().read(data.encode(), "hwpml", Hint(path="문서.hml"), Limits()).reading


def field(words: str, command: str, kind: str = "Hyperlink") -> str:
    """Words in a field."""
    begin = f'<FIELDBEGIN Type="{kind}" InstId="1" Name="" Command="{command}"/>'
    return f'{begin}<CHAR>{words}</CHAR><FIELDEND Type="{kind}"/>'


def test_hwpml_keeps_links_in_text_cells_and_notes() -> None:
    site = "https\\://www.archives.example/guide?a=1&amp;b=2\\;c;1;0;0;"
    source = field("출처", "mailto\\:a@b.kr;1;0;0;")
    note = f"<FOOTNOTE><PARALIST><P><TEXT>{source}</TEXT></P></PARALIST></FOOTNOTE>"
    cells = [
        f'<CELL RowAddr="0" ColAddr="{column}"><PARALIST><P><TEXT>{inner}</TEXT></P></PARALIST></CELL>'
        for column, inner in enumerate(("<CHAR>받기</CHAR>", field("받기", "https\\://a.kr/1.hwp;1;0;0;")))
    ]
    table = f"<TABLE><SHAPEOBJECT/><ROW>{''.join(cells)}</ROW></TABLE>"
    reading = hwpml(f"<CHAR>누리집은 </CHAR>{field('누리집', site)}<CHAR>에 있다.</CHAR>{note}", table)
    assert sorted(led(reading)) == sorted([("누리집", SITE), ("출처", "mailto:a@b.kr"), ("받기", "https://a.kr/1.hwp")])
    assert reading.links[0].start == reading.text.index("누리집에")
    assert reading.links[-1].start == reading.text.rindex("받기")


@pytest.mark.parametrize(
    ("kind", "command"), [("Hyperlink", "?#책갈피;0;0;0;"), ("Hyperlink", ""), ("Clickhere", "http\\://a.kr;1;0;0;")]
)
def test_hwpml_makes_no_links_of_places_inside_and_of_other_fields(kind: str, command: str) -> None:
    reading = hwpml(field("여기", command, kind))
    assert (led(reading), reading.text) == ([], "여기")


def test_hwpml_whose_command_writes_signs_as_they_are() -> None:
    assert led(hwpml(field("여기", "http://www.a.kr/b?c=1;1;0;0"))) == [("여기", "http://www.a.kr/b?c=1")]


def test_hwpml_with_a_field_that_never_ends_loses_nothing() -> None:
    assert hwpml('<FIELDBEGIN Type="Hyperlink" Command="http\\://a.kr;1;0;0;"/><CHAR>여기</CHAR>').text == "여기"
    assert hwpml("<FIELDEND/><CHAR>여기</CHAR>").text == "여기"
