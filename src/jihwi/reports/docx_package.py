"""What a Word file is made of beside its text: the parts, their styles and fonts, and the archive that holds them.

The same parts make the same bytes: the archive knows no clock. Nothing in it points outside, and nothing in it runs.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import cast

from lxml import etree

__all__ = ["Element", "W", "el", "pack", "section", "sound", "words"]

Element = etree._Element

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_DC = "http://purl.org/dc/elements/1.1/"
_TERMS = "http://purl.org/dc/terms/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"

GOTHIC, MYEONGJO, FIXED = "맑은 고딕", "바탕", "Consolas"
INK, SOFT, LINE, MARK, WARN = "1D2B2A", "566664", "C9D2CE", "0F6B5C", "9A3B1B"

_UNSOUND = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def sound(text: str) -> str:
    """`text` with every character that XML cannot hold, or that turns writing round, shown as U+FFFD.

    >>> sound("가\\x01나")
    '가�나'
    """
    return _UNSOUND.sub("�", text)


def el(tag: str, *children: Element, **attributes: str | int) -> Element:
    """An element of the main vocabulary with its attributes, in the order they are given.

    >>> etree.tostring(el("jc", val="left")).decode().partition(" xmlns")[0]
    '<w:jc'
    """
    made = etree.Element(f"{{{W}}}{tag}", nsmap={"w": W, "r": _R})
    for name, value in attributes.items():
        made.set(f"{{{W}}}{name}", sound(str(value)))
    made.extend(children)
    return made


def words(text: str, *properties: Element) -> Element:
    """A run of text; its line breaks and tabs stay line breaks and tabs."""
    run = el("r", el("rPr", *properties)) if properties else el("r")
    for piece in re.split("(\n|\t)", sound(text.replace("\r\n", "\n").replace("\r", "\n"))):
        if piece == "\n":
            run.append(el("br"))
        elif piece == "\t":
            run.append(el("tab"))
        elif piece:
            held = el("t")
            held.text = piece
            held.set(_SPACE, "preserve")
            run.append(held)
    return run


# ── styles ───────────────────────────────────────────────────────────────────


def _font(face: str) -> Element:
    return el("rFonts", ascii=face, hAnsi=face, eastAsia=face, cs=face)


def _edge(side: str, colour: str, width: int, space: int) -> Element:
    return el(side, val="single", sz=width, space=space, color=colour)


def _style(
    kind: str,
    key: str,
    name: str,
    based: str = "",
    *,
    after: str = "",
    primary: bool = True,
    paragraph: tuple[Element, ...] = (),
    run: tuple[Element, ...] = (),
) -> Element:
    made = el("style", type=kind, styleId=key)
    made.append(el("name", val=name))
    if based:
        made.append(el("basedOn", val=based))
    if after:
        made.append(el("next", val=after))
    if primary:
        made.append(el("qFormat"))
    if paragraph:
        made.append(el("pPr", *paragraph))
    if run:
        made.append(el("rPr", *run))
    return made


def _size(half_points: int) -> tuple[Element, Element]:
    return el("sz", val=half_points), el("szCs", val=half_points)


def _heading(level: int, size: int, before: int) -> Element:
    return _style(
        "paragraph",
        f"Heading{level}",
        f"heading {level}",
        "Normal",
        after="Normal",
        paragraph=(
            el("keepNext"),
            el("keepLines"),
            *((el("pBdr", _edge("bottom", LINE, 4, 4)),) if level == 1 else ()),
            el("spacing", before=before, after=120),
            el("outlineLvl", val=level - 1),
        ),
        run=(_font(MYEONGJO), el("b"), el("bCs"), *_size(size)),
    )


def _styles(language: str) -> Element:
    """The look of a report: the voices and colours of the released page, in Word's words."""
    tongue = el("lang", val="ko-KR" if language == "ko" else "en-GB", eastAsia="ko-KR", bidi="ar-SA")
    defaults = el(
        "docDefaults",
        el("rPrDefault", el("rPr", _font(GOTHIC), el("color", val=INK), *_size(21), tongue)),
        el("pPrDefault", el("pPr", el("spacing", after=100, line=320, lineRule="auto"))),
    )
    normal = _style("paragraph", "Normal", "Normal")
    normal.set(f"{{{W}}}default", "1")
    table = _style("table", "TableNormal", "Normal Table", primary=False)
    table.set(f"{{{W}}}default", "1")
    sides = (("top", 60), ("left", 100), ("bottom", 60), ("right", 100))
    table.append(
        el("tblPr", el("tblInd", w=0, type="dxa"), el("tblCellMar", *(el(s, w=n, type="dxa") for s, n in sides)))
    )
    soft = el("color", val=SOFT)
    answer = (
        el("keepLines"),
        el("pBdr", _edge("left", MARK, 24, 12)),
        el("spacing", before=60, after=120),
        el("ind", left=240),
    )
    raised = (el("vertAlign", val="superscript"),)
    return el(
        "styles",
        defaults,
        normal,
        _style(
            "paragraph",
            "Title",
            "Title",
            "Normal",
            after="Normal",
            paragraph=(el("keepNext"), el("spacing", before=0, after=60)),
            run=(_font(MYEONGJO), el("b"), el("bCs"), *_size(38)),
        ),
        _style(
            "paragraph", "Subtitle", "Subtitle", "Normal", paragraph=(el("spacing", after=320),), run=(soft, *_size(17))
        ),
        _heading(1, 25, 400),
        _heading(2, 22, 240),
        _style("paragraph", "Answer", "Answer", "Normal", paragraph=answer),
        _style(
            "paragraph", "AnswerFirst", "Answer first", "Answer", run=(_font(MYEONGJO), el("b"), el("bCs"), *_size(26))
        ),
        _style("paragraph", "Note", "Note", "Normal", run=(el("color", val=SOFT), *_size(18))),
        _style(
            "paragraph",
            "Context",
            "Context",
            "Normal",
            paragraph=(el("ind", left=300),),
            run=(_font(MYEONGJO), *_size(19)),
        ),
        _style(
            "paragraph",
            "Digest",
            "Digest",
            "Normal",
            paragraph=(el("ind", left=300),),
            run=(_font(FIXED), el("color", val=SOFT), *_size(14)),
        ),
        _style(
            "paragraph",
            "Cell",
            "Cell",
            "Normal",
            paragraph=(el("spacing", after=20, line=280, lineRule="auto"),),
            run=_size(19),
        ),
        _style("paragraph", "Header", "header", "Normal", primary=False, run=(el("color", val=SOFT), *_size(16))),
        _style("paragraph", "Footer", "footer", "Normal", primary=False, run=(el("color", val=SOFT), *_size(16))),
        _style(
            "paragraph",
            "FootnoteText",
            "footnote text",
            "Normal",
            primary=False,
            paragraph=(el("spacing", after=40, line=260, lineRule="auto"),),
            run=_size(17),
        ),
        _style("character", "Words", "Words of a document", run=(_font(MYEONGJO),)),
        _style("character", "Kind", "Kind of a sentence", run=(el("color", val=SOFT), *_size(15))),
        _style("character", "Unsupported", "Unsupported", run=(el("b"), el("bCs"), el("color", val=WARN), *_size(15))),
        _style("character", "Formula", "Formula", run=(_font(FIXED), *_size(19))),
        _style("character", "FootnoteReference", "footnote reference", primary=False, run=raised),
    )


# ── the parts around the text ────────────────────────────────────────────────


def _settings(language: str) -> Element:
    tongue = "ko-KR" if language == "ko" else "en-GB"
    mode = el("compatSetting", name="compatibilityMode", uri="http://schemas.microsoft.com/office/word", val=15)
    return el(
        "settings",
        el("zoom", percent=100),
        el("defaultTabStop", val=800),
        el("characterSpacingControl", val="doNotCompress"),
        el("footnotePr", el("footnote", id=-1), el("footnote", id=0)),
        el("compat", mode),
        el("themeFontLang", val=tongue, eastAsia="ko-KR"),
    )


def _fonts() -> Element:
    """The fonts by both their names: which of the two a machine knows depends on its language."""
    known = ((GOTHIC, "Malgun Gothic", "swiss"), (MYEONGJO, "Batang", "roman"), (FIXED, "D2Coding", "modern"))
    return el(
        "fonts",
        *(el("font", el("altName", val=other), el("family", val=family), name=name) for name, other, family in known),
    )


def _plainly(namespace: str, **others: str) -> dict[str, str]:
    """A map of namespaces whose first needs no prefix; lxml takes None for that, its stubs do not know."""
    return cast("dict[str, str]", {None: namespace, **others})


def _root(namespace: str, tag: str) -> Element:
    return etree.Element(f"{{{namespace}}}{tag}", nsmap=_plainly(namespace))


def _core(about: Mapping[str, str]) -> Element:
    """Title, language, time and the rest of `about`, for the file's properties."""
    space = f"{_PACKAGE}/metadata/core-properties"
    root = etree.Element(f"{{{space}}}coreProperties", nsmap={"cp": space, "dc": _DC, "dcterms": _TERMS, "xsi": _XSI})
    for name in ("title", "subject", "creator", "description", "language", "identifier"):
        etree.SubElement(root, f"{{{_DC}}}{name}").text = sound(about[name])
    for name in ("created", "modified"):
        moment = etree.SubElement(root, f"{{{_TERMS}}}{name}")
        moment.set(f"{{{_XSI}}}type", "dcterms:W3CDTF")
        moment.text = about["at"]
    return root


def _custom(facts: Mapping[str, str]) -> Element:
    """What a machine looks up without reading the text."""
    space, kinds = f"{_OFFICE}/custom-properties", f"{_OFFICE}/docPropsVTypes"
    root = etree.Element(f"{{{space}}}Properties", nsmap=_plainly(space, vt=kinds))
    for number, (name, value) in enumerate(facts.items(), start=2):
        one = etree.SubElement(root, f"{{{space}}}property")
        one.set("fmtid", "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}")
        one.set("pid", str(number))
        one.set("name", name)
        etree.SubElement(one, f"{{{kinds}}}lpwstr").text = sound(value)
    return root


def _relations(*targets: tuple[str, str]) -> Element:
    space = f"{_PACKAGE}/relationships"
    root = _root(space, "Relationships")
    for number, (kind, target) in enumerate(targets, start=1):
        one = etree.SubElement(root, f"{{{space}}}Relationship")
        one.set("Id", f"rId{number}")
        one.set("Type", kind if kind.startswith("http") else f"{_OFFICE}/relationships/{kind}")
        one.set("Target", target)
    return root


_TEXT_PARTS = ("styles", "settings", "fontTable", "footnotes", "header", "footer")
"""In the order of their relations: the header is rId5, the footer rId6."""


def _content_types() -> Element:
    space = f"{_PACKAGE}/content-types"
    root = _root(space, "Types")
    for extension, kind in (
        ("rels", "application/vnd.openxmlformats-package.relationships+xml"),
        ("xml", "application/xml"),
    ):
        one = etree.SubElement(root, f"{{{space}}}Default")
        one.set("Extension", extension)
        one.set("ContentType", kind)
    parts = {"/word/document.xml": f"{_TYPES}.document.main+xml"}
    parts |= {f"/word/{part}.xml": f"{_TYPES}.{part}+xml" for part in _TEXT_PARTS}
    parts["/docProps/core.xml"] = "application/vnd.openxmlformats-package.core-properties+xml"
    parts["/docProps/custom.xml"] = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
    for name, kind in parts.items():
        one = etree.SubElement(root, f"{{{space}}}Override")
        one.set("PartName", name)
        one.set("ContentType", kind)
    return root


def section() -> Element:
    """The page: A4 with its header and footer."""
    marked = []
    for kind, key in (("headerReference", "rId5"), ("footerReference", "rId6")):
        reference = el(kind, type="default")
        reference.set(f"{{{_R}}}id", key)
        marked.append(reference)
    size = el("pgSz", w=11906, h=16838)
    margins = el("pgMar", top=1418, right=1304, bottom=1304, left=1304, header=680, footer=624, gutter=0)
    return el("sectPr", *marked, size, margins)


def pack(
    document: Element,
    footnotes: Element,
    header: Element,
    footer: Element,
    *,
    language: str,
    about: Mapping[str, str],
    facts: Mapping[str, str],
) -> bytes:
    """The file. `about` fills its properties, `facts` its custom ones."""
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations(
            ("officeDocument", "word/document.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
            ("custom-properties", "docProps/custom.xml"),
        ),
        "docProps/core.xml": _core(about),
        "docProps/custom.xml": _custom(facts),
        "word/document.xml": document,
        "word/_rels/document.xml.rels": _relations(*((part, f"{part}.xml") for part in _TEXT_PARTS)),
        "word/styles.xml": _styles(language),
        "word/settings.xml": _settings(language),
        "word/fontTable.xml": _fonts(),
        "word/footnotes.xml": footnotes,
        "word/header.xml": header,
        "word/footer.xml": footer,
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, root in parts.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            etree.cleanup_namespaces(root)
            archive.writestr(entry, etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))
    return held.getvalue()
