"""Reads RTF (specification 1.9.1) by its own small parser: tables, notes, headers and Korean code pages matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from jihwi.errors import FileBroken
from jihwi.evidence import BlockKind, Metadata, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.encoding import declared, decode
from jihwi.readers.outline import bullet

__all__ = ["RtfReader", "plain_text"]

_TOKEN = re.compile(
    rb"\\'([0-9A-Fa-f]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_CONTROL = re.compile(rb"\{[^{}]*\}|\\\*?[a-zA-Z]+-?\d* ?")
_HEADING = re.compile(r"(?:heading|제목|개요)\s*([1-9])", re.IGNORECASE)
_CHARSETS = {129: "cp949", 130: "johab", 128: "cp932", 134: "gb18030", 136: "big5", 204: "cp1251", 238: "cp1250"}
_CHARSETS |= {161: "cp1253", 162: "cp1254", 177: "cp1255", 178: "cp1256", 186: "cp1257", 222: "cp874"}
_SIGNS = {"tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’"}
_SIGNS |= {"ldblquote": "“", "rdblquote": "”", "emspace": "\u2003", "enspace": "\u2002", "softline": "\n"}
_SYMBOLS = {b"~": "\u00a0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}"}
_SKIPPED = frozenset(
    [
        *(
            "info",
            "fonttbl",
            "colortbl",
            "stylesheet",
            "listtable",
            "listoverridetable",
            "revtbl",
            "rsidtbl",
            "generator",
            "pict",
        ),
        *("fldinst", "themedata", "colorschememapping", "latentstyles", "datastore", "xmlnstbl", "filetbl", "objdata"),
        *("datafield", "pgptbl", "listpicture", "mmathPr", "bkmkstart", "bkmkend", "atnid", "atnref", "atrfstart"),
        *(
            "sp",
            "atrfend",
            "panose",
            "falt",
            "formfield",
            "wgrffmtfilter",
            "nonshppict",
            "background",
            "pntext",
            "userprops",
        ),
    ]
)
_ASIDE: dict[str, BlockKind] = {"footnote": "footnote", "annotation": "comment", "shptxt": "text_box"}
_ASIDE |= {"header": "header", "headerl": "header", "headerr": "header", "headerf": "header"}
_ASIDE |= {"footer": "footer", "footerl": "footer", "footerr": "footer", "footerf": "footer"}
_INFO = {"title": "title", "author": "author", "creatim": "created", "revtim": "modified"}
_DEEPEST = 500
_SAME_EDGE = 60
"""Twips: edges nearer than that (a millimetre) are one."""
_HYPERLINK = re.compile(r'\s*HYPERLINK\s+(?:\\[a-z]\s+)*"([^"]+)"', re.IGNORECASE)
_LONGEST_INSTRUCTION = 4_000
_NEAR = 6
"""How many pieces of text before a link tell where it stands."""


class _State(msgspec.Struct):
    """What a group inherits from the one around it."""

    skip: bool = False
    font: int = -1
    unicode_bytes: int = 1
    hidden: bool = False
    deleted: bool = False
    list_text: bool = False
    aside: str = ""
    info: str = ""
    field: str = ""
    leads: str = ""
    """Where the hyperlink leads whose words are being gathered."""
    begun: int = 0
    """How many pieces of text there were before them."""


class _Cell(msgspec.Struct):
    right: int = -1
    """Where its right edge lies; -1 when the file does not say."""
    merged: bool = False
    merged_down: bool = False
    begins_down: bool = False


class RtfReader:
    """RTF."""

    name = "rtf"
    version = "3"
    formats: Sequence[str] = ("rtf",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        if b"{\\rtf" not in data[:1024]:
            raise FileBroken(hint.path, "rtf: no beginning")
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or self.name
        )
        _Parser(data, builder, limits).run()
        return Result(builder.done())


def plain_text(data: bytes) -> str:
    """The words of an RTF document, a line a paragraph."""
    builder = ReadingBuilder(source="", reader="rtf", reader_version="1")
    _Parser(data, builder, Limits()).run()
    return builder.done().text


class _Parser:
    def __init__(self, data: bytes, builder: ReadingBuilder, limits: Limits) -> None:
        self._data = data
        self._builder = builder
        self._limits = limits
        self._state = _State()
        self._stack: list[_State] = []
        self._fonts: dict[int, str] = {}
        self._headings: dict[int, int] = {}
        self._page = "cp1252"
        self._bytes = bytearray()
        self._bytes_font = -1
        self._to_skip = 0
        self._text: list[str] = []
        self._number: list[str] = []
        self._heading = 0
        self._level = 1
        self._in_table = False
        self._rows: list[list[tuple[str, _Cell]]] = []
        self._row: list[str] = []
        self._cells: list[_Cell] = []
        self._next_cell = _Cell()
        self._aside: list[tuple[str, list[str]]] = []
        self._waiting: list[tuple[BlockKind, str]] = []
        self._info: dict[str, list[str]] = {}
        self._times: dict[str, list[int]] = {}
        self._surrogate = 0
        self._instruction = ""
        self._words: dict[str, Callable[[int | None], None]] = self._handlers()

    def run(self) -> None:
        self._tables_of_fonts_and_styles()
        for token in _TOKEN.finditer(self._data):
            self._token(token)
            if self._builder.length > self._limits.output_characters:
                self._builder.warn("output_cut")
                break
        self._end_paragraph()
        self._end_table()
        self._builder.metadata = Metadata(
            title="".join(self._info.get("title", [])).strip(),
            author="".join(self._info.get("author", [])).strip(),
            created=_moment(self._times.get("created", [])),
            modified=_moment(self._times.get("modified", [])),
        )

    # ── before the text ──

    def _tables_of_fonts_and_styles(self) -> None:
        page = re.search(rb"\\ansicpg(\d+)", self._data[:4096])
        if page:
            self._page = declared(f"cp{int(page.group(1))}") or "cp1252"
        table = self._data.find(b"{\\fonttbl")
        if table >= 0:
            for font in re.finditer(
                rb"\\f(\d{1,6})(?:\\[a-z]+\d*\s?)*?\\fcharset(\d{1,3})", self._data[table : table + 200_000]
            ):
                self._fonts[int(font.group(1))] = _CHARSETS.get(int(font.group(2)), "")
        sheet = self._data.find(b"{\\stylesheet")
        if sheet >= 0:
            styles = self._data[sheet : sheet + 400_000]
            for style in re.finditer(rb"\{\\s(\d{1,5})((?:[^{};]|\{[^{}]*\})*);\}", styles):
                name = decode(_CONTROL.sub(b"", style.group(2))).text.strip()
                if named := _HEADING.fullmatch(name):
                    self._headings[int(style.group(1))] = int(named.group(1))

    # ── tokens ──

    def _token(self, token: re.Match[bytes]) -> None:
        hexadecimal, word, parameter, symbol, brace, run = token.groups()
        if hexadecimal is not None:
            self._byte(int(hexadecimal, 16))
            return
        if run is not None:
            if self._to_skip:
                run, self._to_skip = run[self._to_skip :], max(0, self._to_skip - len(run))
            self._bytes += run
            return
        self._decode()
        if brace == b"{":
            if len(self._stack) < _DEEPEST:
                self._stack.append(msgspec.structs.replace(self._state))
        elif brace == b"}":
            self._close()
        elif symbol is not None:
            self._symbol(symbol)
        elif word is not None:
            self._word(word.decode("ascii"), int(parameter) if parameter else None)

    def _byte(self, value: int) -> None:
        if self._to_skip:
            self._to_skip -= 1
        else:
            self._bytes.append(value)

    def _decode(self) -> None:
        if not self._bytes:
            return
        raw, self._bytes = bytes(self._bytes), bytearray()
        encoding = self._fonts.get(self._state.font) or self._page
        if raw.isascii():
            self._put(raw.decode("ascii"))
            return
        try:
            self._put(raw.decode(encoding))
        except UnicodeDecodeError:
            decoded = decode(raw, encoding)
            self._builder.warn("encoding_broken", encoding)
            self._put(decoded.text)

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._state.skip = True
        elif symbol in b"\r\n":
            self._end_paragraph()
        elif symbol in _SYMBOLS:
            if self._to_skip:
                self._to_skip -= 1
            else:
                self._put(_SYMBOLS[symbol])

    def _word(self, word: str, value: int | None) -> None:
        if word == "u" and value is not None:
            self._unicode(value)
            return
        self._to_skip = 0
        if word in _SKIPPED:
            self._state.skip = True
            if word == "fldinst":
                self._state.field, self._instruction = word, ""
        elif word in _ASIDE:
            self._state.skip = False
            self._state.aside = word
            self._aside.append((word, []))
        elif word == "listtext":
            self._state.list_text = True
            self._state.skip = False
        elif word in _INFO:
            self._state.info = _INFO[word]
        elif word in {"yr", "mo", "dy", "hr", "min"} and self._state.info:
            self._times.setdefault(self._state.info, []).append(value or 0)
        elif word in _SIGNS:
            self._put(_SIGNS[word])
        elif handler := self._words.get(word):
            handler(value)

    def _handlers(self) -> dict[str, Callable[[int | None], None]]:
        state = self
        return {
            "par": lambda _: state._end_paragraph(),
            "sect": lambda _: state._end_paragraph(),
            "page": lambda _: state._end_paragraph(),
            "pard": lambda _: state._new_paragraph(),
            "intbl": lambda _: setattr(state, "_in_table", True),
            "trowd": lambda _: state._new_row(),
            "cell": lambda _: state._end_cell(),
            "nestcell": lambda _: state._put("\t"),
            "nestrow": lambda _: state._put("\n"),
            "row": lambda _: state._end_row(),
            "cellx": lambda value: state._end_cell_definition(value),
            "ilvl": lambda value: setattr(state, "_level", min(9, (value or 0) + 1)),
            "clmrg": lambda _: setattr(state._next_cell, "merged", True),
            "clvmrg": lambda _: setattr(state._next_cell, "merged_down", True),
            "clvmgf": lambda _: setattr(state._next_cell, "begins_down", True),
            "f": lambda value: setattr(state._state, "font", value if value is not None else -1),
            "uc": lambda value: setattr(state._state, "unicode_bytes", value if value is not None else 1),
            "v": lambda value: setattr(state._state, "hidden", value != 0),
            "deleted": lambda value: setattr(state._state, "deleted", value != 0),
            "plain": lambda _: setattr(state._state, "hidden", False),
            "s": lambda value: setattr(state, "_heading", state._headings.get(value or 0, state._heading)),
            "outlinelevel": lambda value: state._set_outline(value),
            "fldrslt": lambda _: state._begin_result(),
            "result": lambda _: setattr(state._state, "skip", False),
            "shpinst": lambda _: setattr(state._state, "skip", False),
            "bin": lambda _: None,
        }

    def _set_outline(self, value: int | None) -> None:
        self._heading = (value or 0) + 1 if value is not None and value < 9 else 0

    def _unicode(self, value: int) -> None:
        code = value + 65_536 if value < 0 else value
        self._to_skip = self._state.unicode_bytes
        if 0xD800 <= code < 0xDC00:
            self._surrogate = code
            return
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((self._surrogate - 0xD800) << 10) + code - 0xDC00 if self._surrogate else 0xFFFD
            self._surrogate = 0
        self._put(chr(code) if 0 < code < 0x110000 else "")

    # ── text ──

    def _put(self, text: str) -> None:
        state = self._state
        if state.info:
            self._info.setdefault(state.info, []).append(text)
        elif state.skip:
            if state.field:
                self._instruction = (self._instruction + text)[:_LONGEST_INSTRUCTION]
            return
        elif state.deleted or state.hidden:
            if text.strip():
                self._builder.warn("deleted_text_hidden" if state.deleted else "hidden_text")
        elif state.list_text:
            self._number.append(text)
        elif self._aside:
            self._aside[-1][1].append(text)
        else:
            self._text.append(text)

    def _begin_result(self) -> None:
        """What a field shows; that of a hyperlink leads where its instruction says."""
        self._state.skip = False
        leads = _HYPERLINK.match(self._instruction)
        self._instruction = ""
        if leads and not self._state.leads:
            self._state.leads, self._state.begun = leads.group(1), len(self._said())

    def _said(self) -> list[str]:
        """The pieces of text being gathered."""
        return self._aside[-1][1] if self._aside else self._text

    def _close(self) -> None:
        if not self._stack:
            return
        ended, self._state = self._state, self._stack.pop()
        if ended.leads and not self._state.leads:
            said = self._said()
            self._builder.link("".join(said[ended.begun :]), ended.leads, "".join(said[: ended.begun][-_NEAR:]))
        if ended.aside and ended.aside != self._state.aside and self._aside:
            kind, parts = self._aside.pop()
            text = "".join(parts).strip()
            if text:
                self._waiting.append((_ASIDE[kind], text))

    def _new_paragraph(self) -> None:
        if self._state.list_text or self._state.skip:
            return  # a number's own looks, in the middle of the paragraph it belongs to
        self._in_table = False
        self._heading = 0
        self._level = 1

    def _end_paragraph(self) -> None:
        if self._aside:
            self._aside[-1][1].append("\n")
            return
        if self._in_table:
            self._text.append("\n")
            return
        text = "".join(self._text).strip()
        number = bullet("".join(self._number).strip())
        self._text, self._number = [], []
        self._end_table()
        if text:
            self._block(text, number)
        self._release(self._builder.last_block if text else -1)

    def _block(self, text: str, number: str) -> None:
        whole = f"{number} {text}" if number else text
        numbered = number if any(c.isalnum() for c in number) else ""
        if self._heading:
            self._builder.block("heading", whole, level=self._heading, number=numbered)
        elif number:
            self._builder.block("list_item", whole, level=self._level, number=numbered)
        else:
            self._builder.block("paragraph", whole)

    def _release(self, parent: int) -> None:
        for kind, text in self._waiting:
            self._builder.block(kind, text, parent=-1 if kind in {"header", "footer"} else parent)
        self._waiting = []

    # ── tables ──

    def _new_row(self) -> None:
        self._cells = []
        self._next_cell = _Cell()

    def _end_cell_definition(self, right: int | None) -> None:
        self._next_cell.right = -1 if right is None else right
        self._cells.append(self._next_cell)
        self._next_cell = _Cell()

    def _end_cell(self) -> None:
        number = bullet("".join(self._number).strip())
        text = "\n".join(line.strip() for line in "".join(self._text).split("\n") if line.strip())
        self._row.append(f"{number} {text}".strip())
        self._text, self._number = [], []

    def _end_row(self) -> None:
        cells = self._cells + [_Cell()] * (len(self._row) - len(self._cells))
        if self._row:
            self._rows.append(list(zip(self._row, cells, strict=False)))
        self._row = []

    def _end_table(self) -> None:
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        made: list[tuple[int, int, int, int, str]] = []
        above: dict[int, int] = {}
        edges = _edges(rows)
        for row, line in enumerate(rows):
            last, column = -1, 0
            for text, cell in line:
                after = max(column + 1, edges.get(cell.right, 0))
                if cell.merged and last >= 0 and not text:
                    made[last] = (*made[last][:3], after - made[last][1], made[last][4])
                elif cell.merged_down and column in above and not text:
                    at = above[column]
                    made[at] = (made[at][0], made[at][1], row - made[at][0] + 1, *made[at][3:])
                else:
                    last = len(made)
                    made.append((row, column, 1, after - column, text))
                    above.pop(column, None)
                    if cell.begins_down:
                        above[column] = last
                column = after
        if any(cell[4] for cell in made):
            self._builder.cells(made)
            self._release(self._builder.last_block)


def _edges(rows: list[list[tuple[str, _Cell]]]) -> dict[int, int]:
    """How many columns end at or before each right edge of a table; edges next to each other are one.

    Nothing for a table in which a row does not say where its cells end, or in which they end nowhere in particular.
    """
    places = sorted({cell.right for line in rows for _, cell in line})
    if not places or places[0] < 0:
        return {}
    found: dict[int, int] = {}
    columns, last = 0, -_SAME_EDGE
    for place in places:
        if place - last >= _SAME_EDGE:
            columns, last = columns + 1, place
        found[place] = columns
    widest = max(len(line) for line in rows)
    return found if columns <= 2 * widest else {}


def _moment(parts: list[int]) -> str:
    if len(parts) < 3:
        return ""
    date = f"{parts[0]:04d}-{parts[1]:02d}-{parts[2]:02d}"
    return f"{date}T{parts[3]:02d}:{parts[4]:02d}" if len(parts) >= 5 else date
