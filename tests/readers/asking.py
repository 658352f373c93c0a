"""How the readers' tests ask: bytes in, a reading out, through the same door as the sandbox."""

from __future__ import annotations

from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.registry import reader_for

__all__ = ["kinds", "opened", "read", "table_of", "texts", "warned"]


def opened(format: str, data: bytes, *, password: str = "", limits: Limits | None = None) -> Result:
    """What the reader of `format` makes of `data`, whose spans are checked."""
    hint = Hint(path=f"file.{format}", source="00" * 32, password=password)
    result = reader_for(format, hint.path).read(data, format, hint, limits or Limits())
    _check_spans(result.reading)
    return result


def read(format: str, data: bytes, *, password: str = "", limits: Limits | None = None) -> Reading:
    """The reading alone."""
    return opened(format, data, password=password, limits=limits).reading


def texts(reading: Reading, kind: str = "") -> list[str]:
    """The text of each block, or of each of one kind."""
    return [reading.block_text(i) for i, block in enumerate(reading.blocks) if kind in ("", block.kind)]


def kinds(reading: Reading) -> list[str]:
    """The kind of each block."""
    return [block.kind for block in reading.blocks]


def table_of(reading: Reading, number: int = 0) -> list[tuple[int, int, int, int, str]]:
    """The cells of one table as (row, column, row span, column span, text)."""
    table = [block.table for block in reading.blocks if block.table is not None][number]
    return [(c.row, c.column, c.row_span, c.column_span, reading.text[c.start : c.end]) for c in table.cells]


def warned(reading: Reading) -> list[str]:
    """The codes of the warnings."""
    return [warning.code for warning in reading.warnings]


def _check_spans(reading: Reading) -> None:
    end = -1
    for block in reading.blocks:
        assert block.start == end + 1
        assert block.start <= block.end <= len(reading.text)
        end = block.end
        for cell in block.table.cells if block.table is not None else ():
            assert block.start <= cell.start <= cell.end <= block.end
    for run in reading.origins:
        assert 0 <= run.start < run.end <= len(reading.text)
