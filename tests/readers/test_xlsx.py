"""Workbooks: what each sheet shows, as it shows it."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from jihwi.errors import FileBroken, FileLocked, FileTooLarge
from jihwi.readers.number_format import general, is_date_format, show
from jihwi.testing.compound_file import compound_file
from tests.readers.asking import kinds, opened, read, table_of, texts, warned


def workbook(fill: Callable[[Worksheet], None]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "예산"
    fill(sheet)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def budget(sheet: Worksheet) -> None:
    sheet["A1"] = "2026년 예산안"
    sheet.merge_cells("A1:C1")
    sheet.append([])
    sheet.append(["구분", "금액", None, "집행일"])
    sheet.append([None, "국비", "시비", None])
    sheet.merge_cells("A3:A4")
    sheet.merge_cells("B3:C3")
    sheet.merge_cells("D3:D4")
    sheet.append(["인건비", 1234567, 0.125, datetime.date(2026, 3, 1)])
    sheet["B5"].number_format = '"₩"#,##0'
    sheet["C5"].number_format = "0.0%"
    sheet["D5"].number_format = 'yyyy"년" m"월" d"일"'
    sheet["B5"].comment = Comment("추경 반영", "김")


def test_a_sheet_is_a_section_with_titles_tables_and_comments() -> None:
    reading = read("xlsx", workbook(budget))
    assert kinds(reading) == ["heading", "paragraph", "table", "comment"]
    assert {block.section for block in reading.blocks} == {"예산"}
    assert table_of(reading) == [
        (0, 0, 2, 1, "구분"),
        (0, 1, 1, 2, "금액"),
        (0, 3, 2, 1, "집행일"),
        (1, 1, 1, 1, "국비"),
        (1, 2, 1, 1, "시비"),
        (2, 0, 1, 1, "인건비"),
        (2, 1, 1, 1, "₩1,234,567"),
        (2, 2, 1, 1, "12.5%"),
        (2, 3, 1, 1, "2026년 3월 1일"),
    ]
    assert "추경 반영" in texts(reading, "comment")[0]


def test_an_empty_row_parts_two_tables() -> None:
    def fill(sheet: Worksheet) -> None:
        for row in (["가", "나"], [1, 2], [], ["다", "라"], [3, 4]):
            sheet.append(row)

    reading = read("xlsx", workbook(fill))
    assert kinds(reading) == ["heading", "table", "table"]


def test_what_is_hidden_or_never_computed_is_told() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"], sheet["A2"], sheet["B1"] = "보임", "줄", "=1+1"
        sheet.row_dimensions[2].hidden = True
        assert sheet.parent is not None
        secret = sheet.parent.create_sheet("비밀")
        secret["A1"] = "숨은 시트"
        secret.sheet_state = "hidden"

    reading = read("xlsx", workbook(fill))
    assert sorted(warned(reading)) == ["formula_without_value", "hidden_rows_or_columns", "hidden_sheet"]
    assert "숨은 시트" in reading.text


def test_a_chart_without_stored_numbers_is_told() -> None:
    def fill(sheet: Worksheet) -> None:
        for row in (["월", "건수"], ["1월", 10], ["2월", 20]):
            sheet.append(row)
        chart = BarChart()
        chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
        sheet.add_chart(chart, "E2")

    assert warned(read("xlsx", workbook(fill))) == ["chart_not_read"]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (-5, "#,##0;[Red](#,##0)", "(5)"),
        (0, '_-* #,##0_-;\\-* #,##0_-;_-* "-"_-;_-@_-', "-"),
        (45658.75, "yyyy-mm-dd hh:mm", "2025-01-01 18:00"),
        (45658.75, "[$-412]AM/PM h:mm", "오후 6:00"),
        (45658, "aaaa", "수요일"),
        (1.5, "[h]:mm", "36:00"),
        (1234567, "#,##0,", "1,235"),
        (1012345678, "000-0000-0000", "010-1234-5678"),
        (12345, "0.00E+00", "1.23E+04"),
        (2.5, "0", "3"),
        (7, '0"회차"', "7회차"),
        (60, "yyyy.m.d", "1900.2.28"),
        (-1e300, "yyyy-mm-dd", "-1e+300"),
    ],
)
def test_numbers_look_as_people_see_them(value: float, code: str, shown: str) -> None:
    assert show(value, code) == shown


def test_an_encrypted_workbook_is_locked() -> None:
    with pytest.raises(FileLocked):
        opened("xlsx", compound_file({"EncryptedPackage": bytes(5000)}))


def test_a_bomb_and_rubbish_are_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(budget))) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, bytes(30 << 20) if name == "xl/worksheets/sheet1.xml" else old.read(name))
    with pytest.raises(FileTooLarge):
        opened("xlsx", made.getvalue())
    with pytest.raises(FileBroken):
        opened("xlsx", b"PK\x03\x04rubbish")


_TOKENS = [*"0#?.,%/:;@-*_\\ ", *"ymdhs", "E+", "e-", '"', "[", "]", "[h]", "[>5]", "[=1e999]"]
_CODES = st.lists(st.sampled_from(_TOKENS))
_NUMBERS = st.floats() | st.floats(0, 3_000_000) | st.sampled_from([2_958_465.9999999, 2_958_466.0, 0.9999999, 60.0])


@given(_NUMBERS, _CODES.map("".join), st.booleans())
@example(float("nan"), "General", False)
@example(1e300, "%" * 200, False)
@example(2_958_465.9999999, "yyyy-mm-dd h:mm", False)
def test_every_number_is_shown_whatever_its_format_says(value: float, code: str, epoch_1904: bool) -> None:
    assert isinstance(show(value, code or "General", epoch_1904), str)
    assert isinstance(is_date_format(code or "General"), bool)
    if not abs(value) > 1e300:  # the last of them rounds up to no number
        assert float(general(value)) == pytest.approx(value, rel=1e-9, nan_ok=True)
