"""The body: `section*.xml` to paragraphs and the objects anchored in them.

Source: KS X 6101 (OWPML), section 10 (body schema): paragraphs, runs, `t` and its marks, controls, shape objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from lxml import etree

from jihwi.evidence import ReadingBuilder
from jihwi.readers.hancom import (
    BUILT_IN_KINDS,
    Anchored,
    Equation,
    FormField,
    Frame,
    Grid,
    GridCell,
    Note,
    Paragraph,
    ParagraphText,
    Picture,
    Place,
    Section,
    drawing,
    has_private_use,
    hyperlink_address,
    number_text,
    written_description,
)
from jihwi.readers.hwpx.header import HeaderDefinitions, whole_number
from jihwi.readers.hwpx.package import local_name

__all__ = ["SectionReader"]

_MARKS = {"tab": "\t", "lineBreak": "\n", "hyphen": "-", "nbSpace": "\u00a0", "fwSpace": " "}
_DRAWINGS = frozenset(
    (
        "rect",
        "ellipse",
        "arc",
        "polygon",
        "curve",
        "line",
        "connectLine",
        "container",
        "pic",
        "ole",
        "chart",
        "textart",
        "video",
        "unknownObject",
    )
)
_FORMS = frozenset(("btn", "comboBox", "listBox", "edit", "scrollBar"))
_BASES: dict[str, Literal["paragraph", "page", "paper"]] = {"PAPER": "paper", "PAGE": "page", "PARA": "paragraph"}
_NUMBERED = frozenset(("FOOTNOTE", "ENDNOTE", "PICTURE", "TABLE", "EQUATION"))


class SectionReader:
    """Reads one section's XML."""

    def __init__(
        self,
        definitions: HeaderDefinitions,
        target: Callable[[str], str],
        master_page: Callable[[str], etree._Element | None],
        chart: Callable[[str], list[Anchored]],
        builder: ReadingBuilder,
        nesting: int,
    ) -> None:
        self._chart = chart
        self._definitions = definitions
        self._target = target
        self._master_page = master_page
        self._builder = builder
        self._depth_left = nesting
        self._deleting = 0
        self.outline = ""

    def section(self, root: etree._Element) -> Section:
        """All paragraphs of the section, and the memos kept beside them."""
        paragraphs: list[Paragraph] = []
        for child in root:
            name = local_name(child)
            if name == "p":
                paragraphs.append(self._paragraph(child))
            elif name == "memogroup":
                gathered = ParagraphText()
                for memo in child:
                    gathered.anchor(Frame("comment", self._paragraphs(memo)))
                paragraphs.append(gathered.paragraph())
        return Section(tuple(paragraphs), self.outline)

    # ── paragraphs ──

    def _paragraph(self, element: etree._Element) -> Paragraph:
        shape = self._definitions.shape(element.get("paraPrIDRef"), element.get("styleIDRef"))
        gathered: ParagraphText | None = None
        plain, size = "", 0
        for run in element:
            if not run.tag.endswith("}run"):
                continue
            if not size and len(run):
                size = self._definitions.size(run.get("charPrIDRef"))
            for child in run:
                # Most paragraphs are one run of plain text: those need no gathering.
                if (
                    gathered is None
                    and not plain
                    and not self._deleting
                    and child.tag.endswith("}t")
                    and not len(child)
                ):
                    plain = child.text or ""
                    continue
                if gathered is None:
                    gathered = ParagraphText()
                    gathered.put(_clean(plain))
                self._child(child, gathered)
        if gathered is None:
            plain = _clean(plain)
            if not has_private_use(plain):
                return Paragraph(plain, shape, size=size)
            gathered = ParagraphText()
            gathered.put(plain)
        return gathered.paragraph(shape, size)

    def _paragraphs(self, element: etree._Element) -> tuple[Paragraph, ...]:
        """The paragraphs of the lists inside an element: of a cell, a note, a text box."""
        if self._depth_left <= 0:
            self._builder.warn("nesting_cut")
            return ()
        self._depth_left -= 1
        found: list[Paragraph] = []
        for child in element:
            tag = child.tag
            if tag.endswith(("}subList", "}paraList")):
                found.extend(self._paragraph(p) for p in child if p.tag.endswith("}p"))
            elif tag.endswith("}p"):
                found.append(self._paragraph(child))
        self._depth_left += 1
        return tuple(found)

    def _child(self, child: etree._Element, gathered: ParagraphText) -> None:
        name = local_name(child)
        if name == "t":
            self._text(child, gathered)
        elif self._deleting:
            self._hidden(child, gathered)
        elif name == "ctrl":
            for control in child:
                self._control(control, gathered)
        elif name == "tbl":
            gathered.anchor(self._table(child))
        elif name in _DRAWINGS:
            for held in self._drawing(child):
                gathered.anchor(held)
        elif name == "equation":
            self._equation(child, gathered)
        elif name == "secPr":
            self._section_properties(child, gathered)
        elif name == "compose":
            gathered.put(child.get("composeText", ""))
        elif name == "dutmal":
            gathered.put(_ruby(child))
        elif name in ("checkBtn", "radioBtn"):
            gathered.put_choice(child.get("caption", ""), child.get("value") == "CHECKED")
        elif name in _FORMS:
            gathered.anchor(_form(child))
        elif name == "switch" and self._depth_left > 0:
            self._depth_left -= 1
            branch = next(iter(child), None)
            for inner in branch if branch is not None else ():
                self._child(inner, gathered)
            self._depth_left += 1

    def _text(self, element: etree._Element, gathered: ParagraphText) -> None:
        """A `t` and its marks. What stands between the marks of a tracked deletion is not shown."""
        if element.text and not self._deleting:
            gathered.put(_clean(element.text))
        for mark in element:
            name = local_name(mark)
            if name in ("deleteBegin", "deleteEnd"):
                self._track(name)
            elif name in _MARKS and not self._deleting:
                gathered.put(_MARKS[name])
            if mark.tail and not self._deleting:
                gathered.put(_clean(mark.tail))

    def _hidden(self, child: etree._Element, gathered: ParagraphText) -> None:
        """What stands between the marks of a tracked deletion: nothing of it is shown, but the end may be in it."""
        for control in child if local_name(child) == "ctrl" else ():
            name = local_name(control)
            if name in ("deleteBegin", "deleteEnd"):
                self._track(name)
            elif name == "fieldEnd":
                gathered.end_field()

    def _track(self, name: str) -> None:
        """The beginning or the end of what a tracked change has deleted."""
        if name == "deleteBegin":
            self._deleting += 1
            self._builder.warn("tracked_deletion_hidden")
        else:
            self._deleting = max(0, self._deleting - 1)

    # ── controls ──

    def _control(self, control: etree._Element, gathered: ParagraphText) -> None:
        name = local_name(control)
        if name in ("footNote", "endNote"):
            note = Note("footnote" if name == "footNote" else "endnote", self._paragraphs(control))
            gathered.anchor(note)
        elif name in ("header", "footer"):
            gathered.anchor(Frame("header" if name == "header" else "footer", self._paragraphs(control)))
        elif name in ("hiddenComment", "fieldBegin"):
            if name == "fieldBegin":
                gathered.begin_field(_address(control))
            paragraphs = self._paragraphs(control)
            if paragraphs:
                gathered.anchor(Frame("comment", paragraphs))
        elif name == "fieldEnd":
            gathered.end_field()
        elif name in ("deleteBegin", "deleteEnd"):
            self._track(name)
        elif name == "autoNum":
            gathered.put(_automatic_number(control), "rendered")
        else:
            self._child(control, gathered)

    def _section_properties(self, element: etree._Element, gathered: ParagraphText) -> None:
        number = element.get("outlineShapeIDRef", "")
        self.outline = f"n{number}" if number not in ("", "0") else ""
        for child in element:
            if local_name(child) == "masterPage":
                page = self._master_page(child.get("idRef", ""))
                if page is not None:
                    gathered.anchor(Frame("header", self._paragraphs(page)))

    def _table(self, element: etree._Element) -> Grid:
        cells: list[GridCell] = []
        caption: tuple[Paragraph, ...] = ()
        inline = False
        place: Place | None = None
        for child in element:
            name = local_name(child)
            if name == "tr":
                cells.extend(self._cell(cell) for cell in child if local_name(cell) == "tc")
            elif name == "caption":
                caption = self._paragraphs(child)
            elif name == "pos":
                inline, place = _placed(child)
        return Grid(tuple(cells), inline, caption, place)

    def _cell(self, element: etree._Element) -> GridCell:
        row = column = 0
        row_span = column_span = 1
        for child in element:
            # Looking for each by its name takes three times as long, and tables are most of many files.
            if child.tag.endswith("}cellAddr"):
                row, column = whole_number(child.get("rowAddr")), whole_number(child.get("colAddr"))
            elif child.tag.endswith("}cellSpan"):
                row_span, column_span = whole_number(child.get("rowSpan"), 1), whole_number(child.get("colSpan"), 1)
        return GridCell(row, column, row_span, column_span, self._paragraphs(element), element.get("header") == "1")

    def _drawing(self, element: etree._Element) -> list[Anchored]:
        caption: tuple[Paragraph, ...] = ()
        description, inline = "", False
        place: Place | None = None
        for child in element:
            name = local_name(child)
            if name == "caption":
                caption = self._paragraphs(child)
            elif name == "shapeComment":
                description = written_description(child.text or "")
            elif name == "pos":
                inline, place = _placed(child)
        return drawing(self._shapes(element, ""), caption, description, inline=inline, place=place)

    def _shapes(self, element: etree._Element, address: str) -> list[Anchored]:
        """What a drawing holds: pictures and text boxes, those of a group one after the other. `address` is where the
        group leads that it belongs to."""
        name = local_name(element)
        address = hyperlink_address(element.get("href", "")) or address
        if name == "chart":
            return self._chart(element.get("chartIDRef", ""))
        if name == "ole":
            return [Picture(self._target(element.get("binaryItemIDRef", "")))]
        if name == "textart":
            gathered = ParagraphText()
            gathered.put(_clean(element.get("text", "").replace("␍␊", "\n")))
            return [Frame("text_box", (gathered.paragraph(),))]
        found: list[Anchored] = []
        for child in element:
            inner = local_name(child)
            if inner == "drawText":
                found.append(Frame("text_box", self._paragraphs(child)))
            elif inner == "img" and name == "pic":
                found.append(Picture(self._target(child.get("binaryItemIDRef", "")), address=address))
            elif inner in _DRAWINGS and self._depth_left > 0:
                self._depth_left -= 1
                found.extend(self._shapes(child, address))
                self._depth_left += 1
        return found

    def _equation(self, element: etree._Element, gathered: ParagraphText) -> None:
        script, inline = "", False
        place: Place | None = None
        caption: tuple[Paragraph, ...] = ()
        for child in element:
            name = local_name(child)
            if name == "script":
                script = " ".join((child.text or "").split())
            elif name == "pos":
                inline, place = _placed(child)
            elif name == "caption":
                caption = self._paragraphs(child)
        if inline and not caption:
            gathered.script(script)
        elif script:
            gathered.anchor(Equation(script, caption, place))


def _placed(position: etree._Element) -> tuple[bool, Place | None]:
    """Whether an object stands in the line of text; if not, where it floats, where that is counted from the top."""
    if position.get("treatAsChar") == "1":
        return True, None
    base = _BASES.get(position.get("vertRelTo", ""))
    if base is None or position.get("vertAlign") != "TOP":
        return False, None
    return False, Place(base, _signed(position.get("vertOffset")), _signed(position.get("horzOffset")))


def _signed(written: str | None) -> int:
    """A number of 32 bits; what lies above or left of its corner is written as one near 2 to the 32nd."""
    number = whole_number(written)
    return number if number < 1 << 31 else number - (1 << 32)


def _address(field: etree._Element) -> str:
    """Where a field leads if it is a hyperlink (KS X 6101, section 10.7, its parameters)."""
    if field.get("type") != "HYPERLINK":
        return ""
    told = {child.get("name", ""): child.text or "" for child in field.iter("{*}stringParam")}
    return hyperlink_address(told.get("Command", "")) or told.get("Path", "")


def _clean(text: str) -> str:
    """Line breaks inside the XML text are no content; a line break of the document is an element."""
    return text.replace("\r", "").replace("\n", "") if "\n" in text or "\r" in text else text


def _automatic_number(control: etree._Element) -> str:
    """A note's, figure's, table's or equation's number; a page's number depends on the printed page."""
    if control.get("numType") not in _NUMBERED:
        return ""
    kind, before, after = 0, "", ""
    for child in control:
        if local_name(child) == "autoNumFormat":
            kind = BUILT_IN_KINDS.get(child.get("type", ""), 0)
            before, after = child.get("prefixChar", ""), child.get("suffixChar", "")
    return before + number_text(whole_number(control.get("num"), 1), kind) + after


def _ruby(element: etree._Element) -> str:
    """A text and the small text set beside it, which follows in brackets."""
    parts = {local_name(child): child.text or "" for child in element}
    main, beside = parts.get("mainText", ""), parts.get("subText", "")
    return f"{main}({beside})" if main and beside else main or beside


def _form(element: etree._Element) -> FormField:
    """A button's caption, what is typed into a field, what is chosen of a list."""
    text = element.get("caption") or element.get("selectedValue") or ""
    for child in element:
        name = local_name(child)
        if not text and name == "text":
            text = child.text or ""
        elif not text and name == "listItem":
            text = child.get("displayText") or child.get("value") or ""
    return FormField(element.get("name", ""), text)
