"""Writes a page as DOCX, the budget as XLSX, and plain text as Korean offices keep it."""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from typing import Any

from making.archive import settled
from making.markup import Heading, Page, Paragraph, TableRows

__all__ = ["budget_xlsx", "docx", "korean_text"]


def docx(page: Page) -> bytes:
    """`page` as a Word document, with Word's own heading styles."""
    import docx as word  # python-docx is slow to import

    document = word.Document()
    document.add_heading(page.title, level=0)
    for part in page.parts:
        match part:
            case Heading(text=text):
                document.add_heading(text, level=1)
            case Paragraph(text=text):
                document.add_paragraph(text)
            case TableRows(rows=rows):
                _word_table(document, rows)
    moment = datetime.datetime.fromisoformat(f"{page.date}T09:00:00")
    about = document.core_properties
    about.title, about.author, about.last_modified_by = page.title, page.author, page.author
    about.created = about.modified = moment
    about.language = "ko-KR"
    buffer = io.BytesIO()
    document.save(buffer)
    return settled(buffer.getvalue())


def _word_table(document: Any, rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            table.cell(r, c).text = text


def budget_xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    """The budget as a workbook: one sheet of lines with a subtotal a department, one sheet of sums.

    The sums are written as values, computed here: the files must be readable by programs that compute nothing.
    """
    import openpyxl  # slow to import

    book = openpyxl.Workbook()
    lines, sums = book.active, book.create_sheet("부서별 합계")
    assert lines is not None
    lines.title = "세출예산"
    _titled(lines, "2025년도 가온구 세출예산서 (단위: 원)", [*rows[0][:7], "증감(원)", "비고"])
    _titled(sums, "2025년도 가온구 부서별 세출예산 (단위: 원)", ["부서", *rows[0][5:7], "증감(원)"])
    total = [0, 0]
    for department in dict.fromkeys(row[0] for row in rows[1:]):
        own = [row for row in rows[1:] if row[0] == department]
        for row in own:
            before, now = int(row[5]), int(row[6])
            lines.append([*row[:5], before, now, now - before, row[7]])
        before, now = sum(int(row[5]) for row in own), sum(int(row[6]) for row in own)
        lines.append([f"{department} 소계", "", "", "", "", before, now, now - before, ""])
        sums.append([department, before, now, now - before])
        total = [total[0] + before, total[1] + now]
    lines.append(["합계", "", "", "", "", *total, total[1] - total[0], ""])
    sums.append(["합계", *total, total[1] - total[0]])
    for sheet in (lines, sums):
        for cells in sheet.iter_rows(min_row=3):
            for cell in cells:
                if isinstance(cell.value, int):
                    cell.number_format = "#,##0"
    moment = datetime.datetime(2025, 2, 11, 9, 0, 0)
    book.properties.created, book.properties.modified = moment, moment
    book.properties.creator, book.properties.title = "한빛시 가온구 기획예산과", "2025년도 가온구 세출예산서"
    buffer = io.BytesIO()
    book.save(buffer)
    return settled(_dated(buffer.getvalue()))


def _titled(sheet: Any, title: str, head: Sequence[str]) -> None:
    sheet.append([title])
    sheet.append(list(head))
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(head))
    for column in "ABCDEFGHI"[: len(head)]:
        sheet.column_dimensions[column].width = 22
    sheet.freeze_panes = "A3"


def _dated(data: bytes) -> bytes:
    """openpyxl stamps the moment of saving over `modified`; put the book's own date back."""
    import re
    import zipfile

    from making.archive import zipped

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    core = members["docProps/core.xml"]
    members["docProps/core.xml"] = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2025-02-11T09:00:00Z", core)
    return zipped(members)


def korean_text(text: str) -> bytes:
    """Text as the programs of Korean offices have long saved it: CP949, lines ended by CR LF."""
    return text.replace("\n", "\r\n").encode("cp949")
