"""The numbers behind a chart of an Office file, as the table they were drawn from."""

from __future__ import annotations

from lxml import etree

from jihwi.evidence import ReadingBuilder
from jihwi.readers.package import local, text_of

__all__ = ["write_chart"]

_MOST_POINTS = 5_000


def write_chart(builder: ReadingBuilder, root: etree._Element | None, parent: int) -> None:
    """The chart's title as a caption and its series as a table; a warning where the file keeps no numbers."""
    chart = root.find(".//{*}plotArea") if root is not None else None
    if root is None or chart is None:
        builder.warn("chart_not_read")
        return
    names: list[str] = []
    columns: list[list[str]] = []
    categories: list[str] = []
    for series in chart.iter("{*}ser"):
        names.append(_name(series.find("{*}tx")))
        categories = categories or _points(series.find("{*}cat")) or _points(series.find("{*}xVal"))
        columns.append(_points(series.find("{*}val")) or _points(series.find("{*}yVal")))
    height = max([len(categories), *map(len, columns)], default=0)
    if not height:
        builder.warn("chart_not_read")
        return
    rows = [["", *names]]
    rows += [[_at(categories, i), *(_at(column, i) for column in columns)] for i in range(height)]
    builder.table(rows, header_rows=1, parent=parent)
    table = builder.last_block
    title = root.find(".//{*}chart/{*}title")
    words = "".join(t.text or "" for t in title.iter("{*}t")) if title is not None else ""
    if words.strip():
        builder.block("caption", words.strip(), parent=table)


def _name(element: etree._Element | None) -> str:
    """A series' name as it is shown, not the place in a sheet that it was taken from."""
    said = (text_of(value) for value in element.iter("{*}v", "{*}t")) if element is not None else ()
    return " ".join(filter(None, said))


def _points(element: etree._Element | None) -> list[str]:
    found: dict[int, str] = {}
    for point in element.iter("{*}pt") if element is not None else ():
        index = point.get("idx", "")
        if local(point) == "pt" and index.isdigit() and int(index) < _MOST_POINTS:
            found[int(index)] = text_of(point.find("{*}v"))
    return [found.get(index, "") for index in range(max(found, default=-1) + 1)]


def _at(column: list[str], index: int) -> str:
    return column[index] if index < len(column) else ""
