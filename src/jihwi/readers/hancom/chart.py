"""A chart as the table of its numbers: categories down, series across.

Source: ISO/IEC 29500 (Office Open XML), part 1, section 21.2 (charts): the cached values of each series. Hancom
keeps a chart as such XML, in HWPX as a part of its own, in HWP 5 inside an OLE object
("한글 문서 파일 형식 5.0", revision 1.3, section 4.3.9.6).
"""

from __future__ import annotations

from lxml import etree

from jihwi.readers.hancom.model import Anchored, Grid, GridCell, Paragraph, Picture

__all__ = ["chart_objects"]

_MOST_POINTS = 10_000


def chart_objects(target: str, xml: bytes) -> list[Anchored]:
    """The chart as a picture with its title, and its numbers as a table; the picture alone where there are none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        return [Picture(target)]
    title = next(iter(root.iter("{*}title")), None)
    written = "".join(t.text or "" for t in title.iter("{*}t")) if title is not None else ""
    picture = Picture(target, written.strip())
    series = list(root.iter("{*}ser"))
    if not series:
        return [picture]
    categories = _points(series[0], "cat") or _points(series[0], "xVal")
    columns = [("".join(_points(one, "tx").values()), _points(one, "val") or _points(one, "yVal")) for one in series]
    rows = sorted(set(categories).union(*(values for _, values in columns)))
    cells = [_cell(0, column + 1, name, header=True) for column, (name, _) in enumerate(columns)]
    for row, index in enumerate(rows):
        cells.append(_cell(row + 1, 0, categories.get(index, "")))
        cells += [_cell(row + 1, c + 1, values.get(index, "")) for c, (_, values) in enumerate(columns)]
    return [picture, Grid((_cell(0, 0, "", header=True), *cells))] if rows else [picture]


def _points(series: etree._Element, name: str) -> dict[int, str]:
    """The cached points of one part of a series, by index; literal text counts as the first."""
    part = series.find(f"{{*}}{name}")
    if part is None:
        return {}
    found: dict[int, str] = {}
    for point in part.iter("{*}pt"):
        value = point.find("{*}v")
        index = point.get("idx", "")
        if value is not None and index.isdecimal() and len(index) < 10 and len(found) < _MOST_POINTS:
            found[int(index)] = (value.text or "").strip()
    literal = part.find("{*}v")
    return found or ({0: literal.text or ""} if literal is not None else {})


def _cell(row: int, column: int, text: str, *, header: bool = False) -> GridCell:
    return GridCell(row, column, 1, 1, (Paragraph(text),), header)
