"""A reading written out for people and programs: Markdown, JSON, plain text.

Markdown keeps headings, lists, notes and tables; a table whose cells reach over rows or columns, or hold several
lines or a table of its own, is written as HTML, which Markdown allows. Words that lead to an address are a link when it
is one of http, https or mailto; others are kept in JSON only, where nobody can follow them by mistake. JSON is the
reading itself, as `docs/reading.schema.json` says.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator

import msgspec

from jihwi.evidence import Block, Cell, Link, Reading, Table
from jihwi.evidence.links import is_safe

__all__ = ["reading_schema", "to_json", "to_markdown", "to_text"]

_SPECIAL = re.compile(r"([\\`*_\[\]<>]|&(?=#?\w+;))")
_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s)|[-+](?=\s)|>|\d+(?=[.)]\s)|={3,}|-{3,}|~{3,})")
_Nested = dict[tuple[int, int, int], list[int]]
_AFTER_FLOW = frozenset({"footnote", "endnote", "comment"})


def to_text(reading: Reading) -> str:
    """The text with an empty line between blocks; cells of a row stand in one line, parted by tabs.

    >>> from jihwi.evidence import ReadingBuilder
    >>> to_text(ReadingBuilder(source="00", reader="t", reader_version="1").paragraph("가").paragraph("나").done())
    '가\\n\\n나\\n'
    """
    parts = [
        reading.block_text(index) for index, block in enumerate(reading.blocks) if not _inside_a_cell(reading, block)
    ]
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def to_json(reading: Reading) -> bytes:
    """The reading as JSON, in the shape of `docs/reading.schema.json`."""
    return msgspec.json.format(msgspec.json.encode(reading), indent=1)


def reading_schema() -> dict[str, object]:
    """The JSON Schema of a reading at this schema version."""
    schema = msgspec.json.schema(Reading)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Jihwi reading, version 1", **schema}


def to_markdown(reading: Reading) -> str:
    """The reading as Markdown.

    >>> from jihwi.evidence import ReadingBuilder
    >>> builder = ReadingBuilder(source="00", reader="t", reader_version="1")
    >>> _ = builder.heading("예산", level=1).table([["항목", "금액"], ["인건비", "100"]], header_rows=1)
    >>> print(to_markdown(builder.done()), end="")
    # 예산
    <BLANKLINE>
    | 항목 | 금액 |
    | --- | --- |
    | 인건비 | 100 |
    """
    nested = _nested_tables(reading)
    inside = {index for found in nested.values() for index in found}
    notes = _note_numbers(reading)
    marks = _marks(reading, notes)
    flow: list[tuple[str, str]] = []
    after: list[str] = []
    section = ""
    for index, block in enumerate(reading.blocks):
        if block.section != section:
            section = block.section
            if section:
                flow.append(("section", f"<!-- {_comment(section)} -->"))
        if _inside_a_cell(reading, block) or index in inside:
            continue
        if block.table is not None and block.table.cells:
            written = _table(reading, index, nested)
        else:
            written = _WRITERS.get(block.kind, _paragraph)(reading, index)
        if block.kind in _AFTER_FLOW:
            after.append(f"[^{notes[index]}]: " + written.replace("\n", "\n    "))
        elif written.strip():
            flow.append((block.kind, written + marks.get(index, "")))
    return _joined(flow) + ("\n" + "\n".join(after) + "\n" if after else "")


def _joined(flow: list[tuple[str, str]]) -> str:
    """Blocks parted by an empty line, items of one list by none."""
    parts: list[str] = []
    previous = ""
    for kind, written in flow:
        if parts:
            parts.append("\n" if kind == previous == "list_item" else "\n\n")
        parts.append(written)
        previous = kind
    return "".join(parts) + "\n" if parts else ""


def _note_numbers(reading: Reading) -> dict[int, int]:
    """Block index of each note, and the number it is given."""
    notes = [index for index, block in enumerate(reading.blocks) if block.kind in _AFTER_FLOW]
    return {index: number for number, index in enumerate(notes, start=1)}


def _marks(reading: Reading, notes: dict[int, int]) -> dict[int, str]:
    """Block index, and the marks of the notes that belong to it."""
    marks: dict[int, str] = {}
    for note, number in notes.items():
        parent = reading.blocks[note].parent
        marks[parent] = marks.get(parent, "") + f"[^{number}]"
    return marks


def _inside_a_cell(reading: Reading, block: Block) -> bool:
    """Whether the block's text is part of a table that is written as a whole."""
    if block.parent < 0 or block.parent >= len(reading.blocks):
        return False
    parent = reading.blocks[block.parent]
    return parent.table is not None and parent.start <= block.start and block.end <= parent.end


def _nested_tables(reading: Reading) -> _Nested:
    """The tables that stand in a cell of another, by that table and cell. One with a caption keeps to the flow."""
    explained = {block.parent for block in reading.blocks if block.kind == "caption"}
    found: _Nested = {}
    cells: dict[int, set[tuple[int, int]]] = {}
    for index, block in enumerate(reading.blocks):
        if block.table is None or block.cell is None or index in explained or not 0 <= block.parent < index:
            continue
        outer = reading.blocks[block.parent].table
        if block.parent not in cells:
            cells[block.parent] = {(cell.row, cell.column) for cell in outer.cells} if outer else set()
        if block.cell in cells[block.parent]:
            found.setdefault((block.parent, *block.cell), []).append(index)
    return found


# ── one writer a kind of block ───────────────────────────────────────────────


def _heading(reading: Reading, index: int) -> str:
    block = reading.blocks[index]
    text = " ".join(_shown(reading, block.start, block.end).split())
    return f"{'#' * min(max(block.level, 1), 6)} {text}" if text else ""


def _paragraph(reading: Reading, index: int) -> str:
    lines = [_LINE_START.sub(r"\1\\\2", line) for line in _lines(reading, index)]
    return "  \n".join(line.strip() for line in lines)


def _lines(reading: Reading, index: int) -> Iterator[str]:
    """The lines of a block, each with its links."""
    start = reading.blocks[index].start
    for line in reading.block_text(index).split("\n"):
        yield _shown(reading, start, start + len(line))
        start += len(line) + 1


def _list_item(reading: Reading, index: int) -> str:
    block = reading.blocks[index]
    indent = "  " * max(block.level - 1, 0)
    text = "\n".join(_lines(reading, index)).strip().replace("\n", "\n" + indent + "  ")
    return f"{indent}- {text}" if text else ""


def _code(reading: Reading, index: int) -> str:
    text = reading.block_text(index)
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}\n{text}\n{fence}"


def _image(reading: Reading, index: int) -> str:
    block = reading.blocks[index]
    shown = f"![{_escaped(' '.join(reading.block_text(index).split()))}]({_link(block.target)})"
    return f"[{shown}]({_link(block.address)})" if is_safe(block.address) else shown


def _equation(reading: Reading, index: int) -> str:
    return _code(reading, index)


def _emphasised(reading: Reading, index: int) -> str:
    block = reading.blocks[index]
    text = " ".join(_shown(reading, block.start, block.end).split())
    return f"*{text}*" if text else ""


def _quoted(reading: Reading, index: int) -> str:
    return "\n".join(f"> {line}" for line in _lines(reading, index))


def _plain(reading: Reading, index: int) -> str:
    return "\n".join(_lines(reading, index)).strip()


def _table(reading: Reading, index: int, nested: _Nested) -> str:
    table = reading.blocks[index].table
    if table is None or not table.cells:
        return _paragraph(reading, index)
    simple = all(
        cell.row_span == cell.column_span == 1
        and "\n" not in reading.text[cell.start : cell.end]
        and (index, cell.row, cell.column) not in nested
        for cell in table.cells
    )
    return _pipe_table(reading, table) if simple and table.columns else _html_table(reading, index, nested)


def _pipe_table(reading: Reading, table: Table) -> str:
    rows = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row][cell.column] = _cell_text(reading, cell)
    lines = [f"| {' | '.join(row)} |" for row in rows]
    head = lines[:1] if table.header_rows else [f"| {' | '.join([''] * table.columns)} |"]
    body = lines[1:] if table.header_rows else lines
    return "\n".join([*head, f"|{' --- |' * table.columns}", *body])


def _cell_text(reading: Reading, cell: Cell) -> str:
    return " ".join(_shown(reading, cell.start, cell.end).split()).replace("|", "\\|")


def _html_table(reading: Reading, index: int, nested: _Nested) -> str:
    table = reading.blocks[index].table
    lines = ["<table>"]
    row = -1
    for cell in table.cells if table is not None else ():
        if cell.row != row:
            if row >= 0:
                lines.append("</tr>")
            lines.append("<tr>")
            row = cell.row
        name = "th" if cell.header else "td"
        spans = "".join(
            f' {what}="{span}"'
            for what, span in (("rowspan", cell.row_span), ("colspan", cell.column_span))
            if span > 1
        )
        text = re.sub(r"\n+", "<br>", _shown_in_html(reading, cell.start, cell.end).strip())
        for inner in nested.get((index, cell.row, cell.column), ()):
            text += _html_table(reading, inner, nested).replace("\n", "")
        lines.append(f"<{name}{spans}>{text}</{name}>")
    return "\n".join([*lines, "</tr>", "</table>"])


_WRITERS: dict[str, Callable[[Reading, int], str]] = {
    "heading": _heading,
    "paragraph": _paragraph,
    "list_item": _list_item,
    "code": _code,
    "equation": _equation,
    "image": _image,
    "caption": _emphasised,
    "header": _emphasised,
    "footer": _emphasised,
    "text_box": _quoted,
    "footnote": _plain,
    "endnote": _plain,
    "comment": _plain,
    "form_field": _paragraph,
}


def _pieces(reading: Reading, start: int, end: int) -> Iterator[tuple[str, str]]:
    """The text from `start` to `end` in pieces, each with the address it may lead to; an empty one for most."""
    at = start
    # A link that begins before `start` may reach into it; links do not overlap, so it is the one before.
    first = max(0, bisect_left(reading.links, start, key=_beginning) - 1)
    for index in range(first, len(reading.links)):
        link = reading.links[index]
        if link.start >= end:
            break
        begun, ended = max(link.start, at), min(link.end, end)
        if begun < ended and is_safe(link.address):
            yield reading.text[at:begun], ""
            yield reading.text[begun:ended], link.address
            at = ended
    yield reading.text[at:end], ""


def _beginning(link: Link) -> int:
    return link.start


def _shown(reading: Reading, start: int, end: int) -> str:
    """A run of the text in Markdown, with its links."""
    written = []
    for text, address in _pieces(reading, start, end):
        words = " ".join(text.split()) if address else ""
        if not words:
            written.append(_escaped(text))
        elif words == address and _link(address) == address:
            written.append(f"<{address}>")
        else:
            written.append(f"[{_escaped(words)}]({_link(address)})")
    return "".join(written)


def _shown_in_html(reading: Reading, start: int, end: int) -> str:
    written = []
    for text, address in _pieces(reading, start, end):
        words = html.escape(text, quote=False)
        written.append(f'<a href="{html.escape(address)}">{words}</a>' if address and text.strip() else words)
    return "".join(written)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _link(target: str) -> str:
    return re.sub(r"[\s()<>|\\\"]", lambda m: f"%{ord(m.group()):02X}", target)


def _comment(text: str) -> str:
    return re.sub(r"-{2,}|[<>]", "-", " ".join(text.split()))
