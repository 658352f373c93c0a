"""Writes small PDF files with Korean text, rules and passwords' marks, so that the reader's tests need no font."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

__all__ = ["Page", "Rule", "Words", "pdf"]


class Words(msgspec.Struct, frozen=True):
    """A line of text: where its baseline begins, from the page's bottom left, in points."""

    x: float
    y: float
    text: str
    size: float = 10.0
    tag: str = ""
    """What the structure of a tagged PDF calls it: H1, P."""
    leads: str = ""
    """The address that a click on the words leads to."""


class Rule(msgspec.Struct, frozen=True):
    """A drawn line."""

    x1: float
    y1: float
    x2: float
    y2: float


Page = Sequence[Words | Rule]


def pdf(pages: Sequence[Page], *, mapped: bool = True, title: str = "") -> bytes:
    """A PDF of A4 pages. Without `mapped` its font does not tell which characters its glyphs are."""
    characters = sorted({c for page in pages for thing in page if isinstance(thing, Words) for c in thing.text})
    kids = b" ".join(b"%d 0 R" % (7 + 2 * number) for number in range(len(pages)))
    tree = 7 + 2 * len(pages)
    tags = [[thing.tag for thing in page if isinstance(thing, Words) and thing.tag] for page in pages]
    numbers = {character: number for number, character in enumerate(characters, start=1)}
    widths = b" ".join(b"%d[%d]" % (number, 500 if c.isascii() else 1000) for c, number in numbers.items())
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R>>" % tree
        if any(tags)
        else b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)),
        b"<</Type/Font/Subtype/Type0/BaseFont/Test/Encoding/Identity-H/DescendantFonts[4 0 R]"
        + (b"/ToUnicode 5 0 R>>" if mapped else b">>"),
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Test"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        b"/DW 1000/W[" + widths + b"]/FontDescriptor<</Type/FontDescriptor/FontName/Test/Flags 4/Ascent 800"
        b"/Descent -200/FontBBox[0 -200 1000 800]/CapHeight 700/ItalicAngle 0/StemV 80>>>>",
        _stream(_character_map(numbers)),
        b"<</Title(%s)/CreationDate(D:20260102030405+09'00')>>" % title.encode("ascii"),
    ]
    for number, page in enumerate(pages):
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R"
            b"/StructParents %d/Annots[%s]>>" % (8 + 2 * number, number, b"".join(_link(thing) for thing in page))
        )
        marked = iter(range(len(page)))
        objects.append(_stream(b"\n".join(_marked(thing, numbers, marked) for thing in page)))
    return _file(objects + _structure(tags, tree) if any(tags) else objects)


def _link(thing: Words | Rule) -> bytes:
    if isinstance(thing, Rule) or not thing.leads:
        return b""
    width = sum(0.5 if c.isascii() else 1.0 for c in thing.text) * thing.size
    box = b"%g %g %g %g" % (thing.x, thing.y - 2, thing.x + width, thing.y + thing.size)
    address = thing.leads.encode("ascii").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"<</Type/Annot/Subtype/Link/Rect[%s]/A<</S/URI/URI(%s)>>>>" % (box, address)


def _marked(thing: Words | Rule, numbers: dict[str, int], marked: Iterator[int]) -> bytes:
    if isinstance(thing, Rule) or not thing.tag:
        return _drawn(thing, numbers)
    return b"/%s <</MCID %d>> BDC\n%s\nEMC" % (thing.tag.encode("ascii"), next(marked), _drawn(thing, numbers))


def _structure(tags: list[list[str]], tree: int) -> list[bytes]:
    """The root of the structure, then one element for each tagged thing, page by page."""
    elements: list[bytes] = []
    parents: list[bytes] = []
    for number, page in enumerate(tags):
        first = tree + 1 + len(elements)
        parents.append(b"%d [%s]" % (number, b" ".join(b"%d 0 R" % (first + i) for i in range(len(page)))))
        for i, tag in enumerate(page):
            elements.append(
                b"<</Type/StructElem/S/%s/P %d 0 R/Pg %d 0 R/K %d>>" % (tag.encode("ascii"), tree, 7 + 2 * number, i)
            )
    kids = b" ".join(b"%d 0 R" % (tree + 1 + i) for i in range(len(elements)))
    root = b"<</Type/StructTreeRoot/K[%s]/ParentTree<</Nums[%s]>>>>" % (kids, b" ".join(parents))
    return [root, *elements]


def _drawn(thing: Words | Rule, numbers: dict[str, int]) -> bytes:
    if isinstance(thing, Rule):
        return b"0.5 w %g %g m %g %g l S" % (thing.x1, thing.y1, thing.x2, thing.y2)
    shown = b"".join(b"%04X" % numbers[c] for c in thing.text)
    return b"BT /F %g Tf %g %g Td <%s> Tj ET" % (thing.size, thing.x, thing.y, shown)


def _character_map(numbers: dict[str, int]) -> bytes:
    lines = [b"<%04X> <%04X>" % (number, ord(c)) for c, number in numbers.items()]
    blocks = [lines[i : i + 100] for i in range(0, len(lines), 100)]
    body = b"\n".join(b"%d beginbfchar\n%s\nendbfchar" % (len(block), b"\n".join(block)) for block in blocks)
    return (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def\n"
        b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n" + body + b"\nendcmap end end"
    )


def _stream(content: bytes) -> bytes:
    return b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)


def _file(objects: list[bytes]) -> bytes:
    made = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer<</Size %d/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, table)
    return bytes(made)
