"""Documents for the tests: one with everything the model knows, and reading one back."""

from __future__ import annotations

from jihwi.evidence import Metadata, OriginRun, Reading
from jihwi.readers import Hint, Limits
from jihwi.readers.hancom import (
    Anchor,
    Anchored,
    Document,
    Equation,
    FormField,
    Frame,
    Grid,
    GridCell,
    Note,
    Numbering,
    NumberLevel,
    Paragraph,
    Picture,
    Section,
    Shape,
)
from jihwi.readers.hwp import HwpReader
from jihwi.readers.hwpx import HwpxReader
from jihwi.testing.hwp import hwp
from jihwi.testing.hwpx import hwpx

OUTLINE = Numbering((NumberLevel("제^1장", 0), NumberLevel("제^2조", 0), NumberLevel("^3.", 8)))
ITEMS = Numbering((NumberLevel("^1)", 0), NumberLevel("^2)", 8)))


def cell(row: int, column: int, *texts: str, spans: tuple[int, int] = (1, 1), header: bool = False) -> GridCell:
    """A cell whose paragraphs are `texts`; `spans` are rows and columns."""
    return GridCell(row, column, *spans, tuple(Paragraph(text) for text in texts), header)


def holding(text: str, *held: tuple[int, Anchored]) -> Paragraph:
    """A paragraph with objects at offsets of its text."""
    return Paragraph(text, anchors=tuple(Anchor(offset, one) for offset, one in held))


def note(text: str, number: str = "1)") -> Note:
    """A footnote that begins with its automatic number."""
    written = f"{number} {text}"
    return Note("footnote", (Paragraph(written, origins=(OriginRun(0, len(number), "rendered"),)),))


BUDGET = Grid(
    (
        cell(0, 0, "구분", header=True),
        cell(0, 1, "예산", "(천원)", spans=(1, 2), header=True),
        cell(1, 0, "인건비", spans=(2, 1)),
        cell(1, 1, "1,200"),
        cell(1, 2, "1,300"),
        cell(2, 1, "800"),
        cell(2, 2, ""),
    ),
    inline=True,
    caption=(Paragraph("표 1. 예산"),),
)


def everything() -> Document:
    """A document with each thing that the model knows."""
    nested = Grid(
        (GridCell(0, 0, 1, 1, (holding("바깥", (2, Grid((cell(0, 0, "안쪽"),), inline=True))),)), cell(0, 1, "옆"))
    )
    first = Section(
        (
            Paragraph("총칙", Shape("outline", 0)),
            Paragraph("목적", Shape("outline", 1)),
            holding(
                "이 규정은 복무를 정한다.",
                (6, note("이하 규정이라 한다")),
                (13, Frame("header", (Paragraph("머리말"),))),
            ),
            Paragraph("정의", Shape("outline", 1)),
            Paragraph("하나", Shape("number", 0, "items")),
            Paragraph("하나의 하나", Shape("number", 1, "items")),
            Paragraph("둘", Shape("number", 0, "items")),
            Paragraph("점", Shape("bullet", 0, "dots")),
            holding("", (0, BUDGET)),
            holding("", (0, nested)),
            holding("앞 뒤", (2, Frame("text_box", (Paragraph("글상자 하나"), Paragraph("글상자 둘"))))),
            holding("", (0, Picture("BinData/x", "연도별 예산 그래프"))),
            holding("", (0, Equation("a over b"))),
            holding("이름", (2, FormField("이름칸", "홍길동"))),
            holding("설명", (2, Frame("comment", (Paragraph("숨은 설명"),)))),
        ),
        outline="outline",
    )
    second = Section((Paragraph("부칙", Shape("outline", 0)),), outline="outline")
    return Document(
        (first, second),
        numberings={"outline": OUTLINE, "items": ITEMS},
        bullets={"dots": "•"},
        metadata=Metadata(title="복무 규정", author="총무과"),
    )


def read_hwp(data: bytes, *, password: str = "", limits: Limits | None = None) -> Reading:
    """Read through the front door."""
    return HwpReader().read(data, "hwp5", Hint(path="문서.hwp", password=password), limits or Limits()).reading


def read_hwpx(data: bytes, *, password: str = "", limits: Limits | None = None) -> Reading:
    """Read through the front door."""
    return HwpxReader().read(data, "hwpx", Hint(path="문서.hwpx", password=password), limits or Limits()).reading


def both(document: Document) -> tuple[Reading, Reading]:
    """The document written and read in both formats."""
    return read_hwp(hwp(document)), read_hwpx(hwpx(document))


def shown(reading: Reading) -> list[tuple[str, str]]:
    """Kind and text of every block."""
    return [(block.kind, reading.text[block.start : block.end]) for block in reading.blocks]
