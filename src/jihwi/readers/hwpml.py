"""Reads HWPML, the single-file XML of Hancom's word processor.

Source: "한글 문서 파일 형식 3.0 / HWPML", revision 1.2, part 2: header elements (section 4), body elements (section 5).
Names of elements and attributes are those of HWPML 2; their case differs between versions, so it does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec
from lxml import etree

from jihwi.errors import FileBroken, FileTooLarge
from jihwi.evidence import Metadata, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.hancom import (
    BUILT_IN_KINDS,
    PLAIN,
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
    ParagraphText,
    Picture,
    Place,
    Section,
    Shape,
    bullet_text,
    compose,
    drawing,
    heading_levels,
    hyperlink_address,
    number_text,
    written_description,
)
from jihwi.readers.hancom.model import Head

__all__ = ["HwpmlReader"]

_KINDS = {name.replace("_", "").lower(): code for name, code in BUILT_IN_KINDS.items()}
_HEADS: dict[str, Head] = {"outline": "outline", "number": "number", "bullet": "bullet"}
_MARKS = {"tab": "\t", "linebreak": "\n", "hypen": "-", "hyphen": "-", "nbspace": "\u00a0", "fwspace": " "}
_DRAWINGS = frozenset(
    [
        "rectangle",
        "ellipse",
        "arc",
        "polygon",
        "curve",
        "line",
        "connectline",
        "container",
        "picture",
        "ole",
        "textart",
        "drawingobject",
    ]
)
_FORMS = frozenset(["button", "combobox", "listbox", "edit", "scrollbar"])
_NOTES = {"footnote": "footnote", "endnote": "endnote"}
_BASES: dict[str, Literal["paragraph", "page", "paper"]] = {"paper": "paper", "page": "page", "para": "paragraph"}
_NUMBERED = frozenset(("footnote", "endnote", "figure", "picture", "table", "equation"))


class HwpmlReader:
    """Reads HWPML 2 documents. Raises `FileBroken` for XML without a body, `FileTooLarge` beyond the limits."""

    name = "hwpml"
    version = "5"
    formats: Sequence[str] = ("hwpml",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        """The reading of one HWPML file; what is not well-formed is read as far as it goes, with a warning."""
        if len(data) > limits.output_characters * 16:
            raise FileTooLarge(path=hint.path, detail=f"{len(data):,}바이트")
        builder = ReadingBuilder(source=hint.source, reader=self.name, reader_version=self.version, format="hwpml")
        root = _parsed(data, hint.path, builder)
        found = _first(root, "body")
        if found is None:
            raise FileBroken(path=hint.path, detail="BODY가 없음")
        body = _Body(root, builder, limits.nesting)
        sections = tuple(body.section(child) for child in found if _name(child) == "section")
        return Result(compose(Document(sections, body.numberings, body.bullets, body.ticked, _metadata(root)), builder))


def _parsed(data: bytes, path: str, builder: ReadingBuilder) -> etree._Element:
    for recover in (False, True):
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=True,
            remove_comments=True,
            remove_pis=True,
            recover=recover,
        )
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError:
            continue
        if root is not None:
            if recover:
                builder.warn("xml_repaired")
            return root
    raise FileBroken(path=path, detail="XML을 읽을 수 없음")


# ── elements without regard to case ──


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _attribute(element: etree._Element, name: str) -> str:
    for key, value in element.attrib.items():
        if str(key).lower() == name:
            return str(value)
    return ""


def _whole(text: str, default: int = 0) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else default


def _all(root: etree._Element, name: str) -> Iterator[etree._Element]:
    return (element for element in root.iter() if _name(element) == name)


def _first(root: etree._Element, name: str) -> etree._Element | None:
    return next(_all(root, name), None)


def _metadata(root: etree._Element) -> Metadata:
    found = {}
    for name in ("title", "author", "date"):
        element = _first(root, name)
        found[name] = (element.text or "").strip() if element is not None else ""
    return Metadata(title=found["title"], author=found["author"], producer="Hancom HWPML")


class _About(NamedTuple):
    """What an object says of itself."""

    inline: bool
    """Whether it stands in the line of text."""
    place: Place | None
    description: str
    """What a person wrote of it."""
    caption: tuple[Paragraph, ...]


class _Body:
    """Definitions, and the walk over the body."""

    def __init__(self, root: etree._Element, builder: ReadingBuilder, nesting: int) -> None:
        self._builder = builder
        self._depth_left = nesting
        self.numberings = {f"n{_attribute(e, 'id')}": _numbering(e) for e in _all(root, "numbering")}
        self.bullets = {f"b{_attribute(e, 'id')}": bullet_text(_attribute(e, "char")) for e in _all(root, "bullet")}
        ticked = {f"b{_attribute(e, 'id')}": _attribute(e, "checkedchar") for e in _all(root, "bullet")}
        self.ticked = {name: bullet_text(sign) for name, sign in ticked.items() if sign}
        self._shapes = {_attribute(e, "id"): _shape(e) for e in _all(root, "parashape")}
        self._sizes = {_attribute(e, "id"): _whole(_attribute(e, "height")) for e in _all(root, "charshape")}
        styles = {_attribute(e, "id"): (_attribute(e, "name"), _attribute(e, "engname")) for e in _all(root, "style")}
        self._headings = dict(zip(styles, heading_levels(styles.values()), strict=True))
        self._outline = ""

    def section(self, element: etree._Element) -> Section:
        self._outline = ""
        paragraphs = tuple(self._paragraph(child) for child in element if _name(child) == "p")
        return Section(paragraphs, self._outline)

    def _paragraph(self, element: etree._Element) -> Paragraph:
        gathered, size = ParagraphText(), 0
        for run in element:
            if _name(run) == "text":
                size = size or self._sizes.get(_attribute(run, "charshape"), 0)
                for child in run:
                    self._child(child, gathered)
        shape = self._shapes.get(_attribute(element, "parashape"), PLAIN)
        level = self._headings.get(_attribute(element, "style"), 0)
        if level and shape.head in ("none", "number"):
            shape = msgspec.structs.replace(shape, heading=level)
        return gathered.paragraph(shape, size)

    def _paragraphs(self, element: etree._Element) -> tuple[Paragraph, ...]:
        """The paragraphs in the lists of an element."""
        if self._depth_left <= 0:
            self._builder.warn("nesting_cut")
            return ()
        self._depth_left -= 1
        lists = [child for child in element if _name(child) == "paralist"]
        found = tuple(self._paragraph(p) for one in lists for p in one if _name(p) == "p")
        self._depth_left += 1
        return found

    def _child(self, child: etree._Element, gathered: ParagraphText) -> None:
        name = _name(child)
        if name == "char":
            _characters(child, gathered)
        elif name == "secdef":
            number = _attribute(child, "outlineshape")
            self._outline = f"n{number}" if number not in ("", "0") else ""
            for page in _all(child, "masterpage"):
                gathered.anchor(Frame("header", self._paragraphs(page)))
        elif name == "table":
            gathered.anchor(self._table(child))
        elif name in _DRAWINGS:
            about = self._object(child)
            for held in drawing(
                self._drawn(child), about.caption, about.description, inline=about.inline, place=about.place
            ):
                gathered.anchor(held)
        elif name == "equation":
            self._equation(child, gathered)
        elif name in _NOTES:
            gathered.anchor(Note("footnote" if name == "footnote" else "endnote", self._paragraphs(child)))
        elif name in ("header", "footer"):
            gathered.anchor(Frame("header" if name == "header" else "footer", self._paragraphs(child)))
        elif name == "fieldend":
            gathered.end_field()
        elif name in ("hiddencomment", "fieldbegin"):
            if name == "fieldbegin":
                leads = _attribute(child, "type").lower() == "hyperlink"
                gathered.begin_field(hyperlink_address(_attribute(child, "command")) if leads else "")
            paragraphs = self._paragraphs(child)
            if paragraphs:
                gathered.anchor(Frame("comment", paragraphs))
        else:
            self._inline(name, child, gathered)

    def _inline(self, name: str, child: etree._Element, gathered: ParagraphText) -> None:
        """What stands in the line of text."""
        if name == "autonum":
            gathered.put(_automatic_number(child), "rendered")
        elif name in ("checkbutton", "radiobutton"):
            gathered.put_choice(_caption(child), _attribute(child, "value").lower() in ("1", "true", "checked"))
        elif name in _FORMS:
            gathered.anchor(FormField(_attribute(child, "name"), _caption(child)))
        elif name == "dutmal":
            parts = {_name(part): part.text or "" for part in child}
            main, beside = parts.get("maintext", ""), parts.get("subtext", "")
            gathered.put(f"{main}({beside})" if main and beside else main or beside)
        elif name == "compose":
            gathered.put(_attribute(child, "composetext") or str(child.xpath("string()")).strip())

    def _object(self, element: etree._Element) -> _About:
        inline, description = False, ""
        place: Place | None = None
        caption: tuple[Paragraph, ...] = ()
        for child in element:
            if _name(child) == "shapeobject":
                for part in child:
                    if _name(part) == "position":
                        inline, place = _placed(part)
                    elif _name(part) == "caption":
                        caption = self._paragraphs(part)
                    elif _name(part) == "shapecomment":
                        description = written_description(part.text or "")
        return _About(inline, place, description, caption)

    def _table(self, element: etree._Element) -> Grid:
        about = self._object(element)
        cells = [
            GridCell(
                _whole(_attribute(cell, "rowaddr")),
                _whole(_attribute(cell, "coladdr")),
                _whole(_attribute(cell, "rowspan"), 1),
                _whole(_attribute(cell, "colspan"), 1),
                self._paragraphs(cell),
                _attribute(cell, "header").lower() == "true",
            )
            for row in element
            if _name(row) == "row"
            for cell in row
            if _name(cell) == "cell"
        ]
        return Grid(tuple(cells), about.inline, about.caption, about.place)

    def _drawn(self, element: etree._Element) -> list[Anchored]:
        """Pictures and text boxes of a drawing, those of a group one after the other."""
        found: list[Anchored] = []
        name = _name(element)
        if name == "textart":
            gathered = ParagraphText()
            gathered.put(_attribute(element, "text"))
            return [Frame("text_box", (gathered.paragraph(),))]
        for child in element:
            inner = _name(child)
            if inner == "drawtext":
                found.append(Frame("text_box", self._paragraphs(child)))
            elif inner == "image" and name == "picture":
                found.append(Picture(_attribute(child, "binitem")))
            elif inner in _DRAWINGS and self._depth_left > 0:
                self._depth_left -= 1
                found.extend(self._drawn(child))
                self._depth_left += 1
        return found if found or name != "ole" else [Picture(_attribute(element, "binitem"))]

    def _equation(self, element: etree._Element, gathered: ParagraphText) -> None:
        about = self._object(element)
        script = " ".join("".join(part.text or "" for part in element if _name(part) == "script").split())
        if about.inline and not about.caption:
            gathered.script(script)
        elif script:
            gathered.anchor(Equation(script, about.caption, about.place))


def _placed(position: etree._Element) -> tuple[bool, Place | None]:
    """Whether an object stands in the line of text; if not, where it floats, where that is counted from the top."""
    said = {str(key).lower(): str(value).lower() for key, value in position.attrib.items()}
    if said.get("treataschar") == "true":
        return True, None
    base = _BASES.get(said.get("vertrelto", ""))
    if base is None or said.get("vertalign", "top") != "top":
        return False, None
    return False, Place(base, _offset(said.get("vertoffset", "")), _offset(said.get("horzoffset", "")))


def _offset(written: str) -> int:
    return -_whole(written[1:]) if written.startswith("-") else _whole(written)


def _characters(element: etree._Element, gathered: ParagraphText) -> None:
    """Text and the marks in it. Line breaks of the XML itself are no content."""
    if element.text:
        gathered.put(element.text.replace("\r", "").replace("\n", ""))
    for mark in element:
        name = _name(mark)
        if name in _MARKS:
            gathered.put(_MARKS[name])
        if mark.tail:
            gathered.put(mark.tail.replace("\r", "").replace("\n", ""))


def _caption(element: etree._Element) -> str:
    for one in (element, *element.iterdescendants()):
        text = _attribute(one, "caption") or _attribute(one, "text")
        if text:
            return text
    return ""


def _automatic_number(element: etree._Element) -> str:
    if _attribute(element, "numbertype").lower() not in _NUMBERED:
        return ""
    form = _first(element, "autonumformat")
    kind = _KINDS.get(_attribute(form, "type").lower(), 0) if form is not None else 0
    before, after = (_attribute(form, f"{side}char") for side in ("prefix", "suffix")) if form is not None else ("", "")
    return before + number_text(_whole(_attribute(element, "number"), 1), kind) + after


def _numbering(element: etree._Element) -> Numbering:
    levels: dict[int, NumberLevel] = {}
    for head in _all(element, "parahead"):
        level = _whole(_attribute(head, "level"), 1)
        if 1 <= level <= 10:
            kind = _KINDS.get(_attribute(head, "numformat").lower(), 0)
            levels[level] = NumberLevel((head.text or "").strip(), kind, _whole(_attribute(head, "start"), 1))
    return Numbering(tuple(levels.get(level, NumberLevel()) for level in range(1, max(levels, default=0) + 1)))


def _shape(element: etree._Element) -> Shape:
    head = _HEADS.get(_attribute(element, "headingtype").lower(), "none")
    if head == "none":
        return PLAIN
    number = _attribute(element, "heading")
    definition = "" if head == "outline" or not number else f"{'b' if head == 'bullet' else 'n'}{number}"
    ticked = head == "bullet" and _attribute(element, "checked").lower() in ("1", "true")
    return Shape(head, _whole(_attribute(element, "level")), definition, checked=ticked)
