"""The running text of a DOCX paragraph: what is shown, where it came from, and what hangs on it."""

from __future__ import annotations

import re

import msgspec
from lxml import etree

from jihwi.evidence import OriginRun
from jihwi.readers.docx.numbers import attribute
from jihwi.readers.equations import equation_text
from jihwi.readers.package import local

__all__ = ["Hanging", "Line", "gather"]

_WINGDINGS = {0xFC: "✓", 0xFE: "☑", 0xA8: "☐", 0x6F: "☐", 0x6E: "■", 0x71: "❑", 0xD8: "➢", 0xE0: "→", 0xE8: "➔"}
_WINGDINGS |= {0x6C: "●", 0x75: "◆", 0x76: "❖", 0xA7: "▪", 0xF0: "⇨", 0x46: "☞", 0x28: "☎", 0x2A: "✉", 0x4A: "☺"}
_SYMBOL = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ"
_SYMBOL_LETTERS = dict(zip(range(0x61, 0x7B), _SYMBOL, strict=True))
_SYMBOL_LETTERS |= {0xB7: "•", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xA3: "≤", 0xB4: "×", 0xAE: "→", 0xAC: "←", 0xB9: "≠"}
_HIDDEN = frozenset({"del", "moveFrom"})
_SKIPPED = frozenset({"pPr", "rPr", "instrText", "delText", "delInstrText", "sdtPr", "sdtEndPr", "rt", "tblPr", "tcPr"})
_PLAIN = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_DEEPEST = 100
_HYPERLINK = re.compile(r'\s*HYPERLINK\s+(?:\\[a-z]\s+)*"([^"]+)"', re.IGNORECASE)
_LONGEST_INSTRUCTION = 4_000
_NEAR = 6
"""How many pieces of text before a link tell where it stands."""


class Hanging(msgspec.Struct, frozen=True):
    """Something a paragraph holds beside its words: a text box, a picture, a note, a comment."""

    kind: str
    key: str
    element: etree._Element | None = None


class Leading(msgspec.Struct, frozen=True):
    """Words that lead somewhere: a relation of the part they stand in, or an address of their own."""

    words: str
    before: str
    key: str = ""
    address: str = ""


class Field(msgspec.Struct):
    """A field from its beginning to its end: what it is told, and where in the pieces of text its words begin."""

    instruction: str = ""
    begun: int = -1


class Line:
    """One paragraph's words, collected piece by piece."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.origins: list[OriginRun] = []
        self.hanging: list[Hanging] = []
        self.deleted = 0
        self.concealed = 0
        self.breaks_before = 0
        self.breaks_inside = 0
        self.equation_only = False
        self.leads: list[Leading] = []
        self.fields: list[Field] = []
        """The fields that are open, the innermost last."""

    def put(self, text: str, mapped: bool = False) -> None:
        """Add words; `mapped` when a symbol font's code was turned into Unicode."""
        if text:
            if mapped:
                self.origins.append(OriginRun(self.length, self.length + len(text), "mapped"))
            self.parts.append(text)
            self.length += len(text)

    def lead(self, begun: int, key: str = "", address: str = "") -> None:
        """Say that the words from the piece `begun` on lead somewhere."""
        before = "".join(self.parts[max(0, begun - _NEAR) : begun])
        self.leads.append(Leading("".join(self.parts[begun:]), before, key, address))

    @property
    def text(self) -> str:
        """The words so far."""
        return "".join(self.parts)


def gather(element: etree._Element, line: Line, depth: int = 0) -> None:
    """Collect what `element` shows into `line`."""
    if depth > _DEEPEST:
        return
    for child in element:
        tag = local(child)
        if tag in _SKIPPED or not tag:
            continue
        if tag == "r":
            _run(child, line, depth)
        elif tag in _HIDDEN:
            line.deleted += sum(len(t.text or "") for t in child.iter("{*}delText", "{*}t")) > 0
        elif tag in {"oMath", "oMathPara"}:
            _equation(child, tag, line)
        elif tag in {"commentReference", "commentRangeStart", "p", "tbl"}:
            continue
        else:
            begun = len(line.parts)
            gather(child, line, depth + 1)
            _led(child, tag, line, begun)


def _led(element: etree._Element, tag: str, line: Line, begun: int) -> None:
    """Note where the words just gathered lead, if `element` is a link around them."""
    if tag == "hyperlink" and (key := attribute(element, "id")):
        line.lead(begun, key=key)
    elif tag == "fldSimple" and (told := _HYPERLINK.match(attribute(element, "instr"))):
        line.lead(begun, address=told.group(1))


def _run(run: etree._Element, line: Line, depth: int) -> None:
    properties = run.find("{*}rPr")
    if properties is not None and _on(properties.find("{*}vanish")) and not _on(properties.find("{*}specVanish")):
        line.concealed += any(t.text for t in run.iterfind("{*}t"))
        return
    for child in run:
        _piece(child, local(child), line, depth)


def _piece(child: etree._Element, tag: str, line: Line, depth: int) -> None:
    if tag == "t":
        line.put(child.text or "")
    elif tag in _PLAIN:
        kind = attribute(child, "type")
        if not (tag == "br" and kind == "page"):
            line.put(_PLAIN[tag])
    elif tag == "lastRenderedPageBreak":
        line.breaks_inside += line.length > 0
        line.breaks_before += line.length == 0
    elif tag == "sym":
        _symbol(child, line)
    elif tag in {"footnoteReference", "endnoteReference", "commentReference"}:
        line.hanging.append(Hanging(tag.removesuffix("Reference"), attribute(child, "id")))
    elif tag in {"drawing", "pict", "object"}:
        _drawn(child, line)
    elif tag == "AlternateContent":
        chosen = child.find("{*}Choice")
        chosen = chosen if chosen is not None and len(chosen) else child.find("{*}Fallback")
        for inner in chosen if chosen is not None else ():
            _piece(inner, local(inner), line, depth)
    elif tag == "fldChar":
        _checkbox(child, line)
        _field(child, line)
    elif tag == "instrText" and line.fields:
        line.fields[-1].instruction += (child.text or "")[:_LONGEST_INSTRUCTION]
    elif tag == "ruby":
        base = child.find("{*}rubyBase")
        if base is not None:
            gather(base, line, depth + 1)


def _field(element: etree._Element, line: Line) -> None:
    """A field in three runs or more: its instruction, its words, its end."""
    kind = attribute(element, "fldCharType")
    if kind == "begin" and len(line.fields) < _DEEPEST:
        line.fields.append(Field())
    elif kind == "separate" and line.fields:
        line.fields[-1].begun = len(line.parts)
    elif kind == "end" and line.fields:
        field = line.fields.pop()
        told = _HYPERLINK.match(field.instruction)
        if told and field.begun >= 0:
            line.lead(field.begun, address=told.group(1))


def _symbol(element: etree._Element, line: Line) -> None:
    code = _hexadecimal(attribute(element, "char"))
    font = attribute(element, "font").lower()
    low = code - 0xF000 if 0xF000 <= code <= 0xF0FF else code
    table = _SYMBOL_LETTERS if font == "symbol" else _WINGDINGS
    if low in table:
        line.put(table[low], mapped=True)
    elif 0x20 <= code < 0xE000 or 0xF900 <= code < 0x110000:
        line.put(chr(code))
    elif font == "symbol" and 0x20 <= low < 0x7F:
        line.put(chr(low), mapped=True)
    elif code:
        line.put("□", mapped=True)


def _hexadecimal(text: str) -> int:
    """A hexadecimal attribute as a number; 0 when it is none."""
    try:
        return int(text, 16)
    except ValueError:
        return 0


def _checkbox(element: etree._Element, line: Line) -> None:
    box = element.find("{*}ffData/{*}checkBox")
    if box is None:
        return
    checked = box.find("{*}checked")
    state = checked if checked is not None else box.find("{*}default")
    line.put("☑" if _on(state) else "☐", mapped=True)


def _drawn(element: etree._Element, line: Line) -> None:
    boxes = [box for box in element.iter("{*}txbxContent") if not _inside_fallback(box, element)]
    for box in boxes:
        line.hanging.append(Hanging("text_box", "", box))
    for part in element.iter("{*}docPr", "{*}shape"):
        words = attribute(part, "descr") or attribute(part, "alt")
        if words.strip():
            line.hanging.append(Hanging("image", words.strip(), element))
            break
    for data in element.iter("{*}relIds"):
        line.hanging.append(Hanging("diagram", attribute(data, "dm")))
    if any(True for _ in element.iter("{*}chart")):
        line.hanging.append(Hanging("chart", attribute(next(element.iter("{*}chart")), "id")))


def _inside_fallback(box: etree._Element, top: etree._Element) -> bool:
    """Whether the box repeats another one for old programs, or lies inside another box, which will show it."""
    parent = box.getparent()
    while parent is not None and parent is not top:
        if local(parent) in {"Fallback", "txbxContent"}:
            return True
        parent = parent.getparent()
    return False


def _equation(element: etree._Element, tag: str, line: Line) -> None:
    words = equation_text(element)
    if words:
        line.equation_only = tag == "oMathPara" and not line.text.strip()
        line.put(words)


def _on(element: etree._Element | None) -> bool:
    return element is not None and attribute(element, "val") not in {"0", "false", "off"}
