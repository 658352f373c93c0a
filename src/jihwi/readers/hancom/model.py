"""A document as Hancom's word processor thinks of it: paragraphs, and the objects anchored in their text.

A paragraph's text holds no control characters; what a control stands for is either text in its place (an automatic
number, an inline equation) or an object anchored at an offset. Offsets count code points of `Paragraph.text`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jihwi.evidence import Metadata, OriginRun
from jihwi.readers.hancom.numbers import Numbering

__all__ = [
    "PLAIN",
    "Anchor",
    "Anchored",
    "Document",
    "Equation",
    "FormField",
    "Frame",
    "Grid",
    "GridCell",
    "Head",
    "Leading",
    "Note",
    "Paragraph",
    "Picture",
    "Place",
    "Section",
    "Shape",
    "drawing",
]

Head = Literal["none", "outline", "number", "bullet"]
"""What stands before a paragraph: nothing, an outline number, a list number, a bullet."""


class Shape(msgspec.Struct, frozen=True):
    """What a paragraph's shape and style say of its place in the document."""

    head: Head = "none"
    level: int = 0
    """From 0 (highest) to 9."""
    definition: str = ""
    """Which numbering or bullet `head` uses; an outline uses its section's."""
    heading: int = 0
    """The heading level its style names, from 1; 0 for none."""
    checked: bool = False
    """Whether its bullet, if it is one that can be ticked, is."""


PLAIN = Shape()
"""A paragraph of body text."""


class Paragraph(msgspec.Struct, frozen=True):
    """One paragraph: its visible text, and what is anchored in it in reading order."""

    text: str
    shape: Shape = PLAIN
    anchors: tuple[Anchor, ...] = ()
    origins: tuple[OriginRun, ...] = ()
    equation: bool = False
    """Whether the text is nothing but an equation's script."""
    size: int = 0
    """The size of its first letter in hundredths of a point; 0 where it is not known."""
    links: tuple[Leading, ...] = ()


class Leading(msgspec.Struct, frozen=True):
    """A run of a paragraph's text, and the address it leads to."""

    start: int
    end: int
    address: str


class Anchor(msgspec.Struct, frozen=True):
    """An object and the offset in its paragraph's text where it is anchored."""

    offset: int
    held: Anchored


class Place(msgspec.Struct, frozen=True):
    """Where an object floats: how far under and beside the top left corner of what it is counted from, in hundredths of
    a point."""

    base: Literal["paragraph", "page", "paper"]
    top: int
    left: int


class GridCell(msgspec.Struct, frozen=True):
    """One cell of a table; rows and columns count from 0."""

    row: int
    column: int
    row_span: int
    column_span: int
    paragraphs: tuple[Paragraph, ...]
    header: bool = False


class Grid(msgspec.Struct, frozen=True):
    """A table. `inline` when it stands in the line of text like a character."""

    cells: tuple[GridCell, ...]
    inline: bool = False
    caption: tuple[Paragraph, ...] = ()
    place: Place | None = None
    """Where it floats; `None` for what stands in the line, and where that is not known."""


class Note(msgspec.Struct, frozen=True):
    """A footnote or an endnote."""

    kind: Literal["footnote", "endnote"]
    paragraphs: tuple[Paragraph, ...]


class Frame(msgspec.Struct, frozen=True):
    """A piece of text of its own: a text box, a header, a footer, a hidden comment."""

    kind: Literal["text_box", "header", "footer", "comment"]
    paragraphs: tuple[Paragraph, ...]
    caption: tuple[Paragraph, ...] = ()
    inline: bool = False
    place: Place | None = None
    """As a table's."""


class Picture(msgspec.Struct, frozen=True):
    """A picture: the name of its data in the file, and the description a person wrote for it."""

    target: str
    description: str = ""
    caption: tuple[Paragraph, ...] = ()
    place: Place | None = None
    """As a table's."""
    address: str = ""
    """Where it leads."""


class Equation(msgspec.Struct, frozen=True):
    """An equation that does not stand in the line of text, as its script."""

    script: str
    caption: tuple[Paragraph, ...] = ()
    place: Place | None = None
    """As a table's."""


class FormField(msgspec.Struct, frozen=True):
    """A button, check box, list or input field: its name and what it shows."""

    name: str
    text: str


Anchored = Grid | Note | Frame | Picture | Equation | FormField
"""What may be anchored in a paragraph."""


class Section(msgspec.Struct, frozen=True):
    """A run of paragraphs under one page definition."""

    paragraphs: tuple[Paragraph, ...]
    outline: str = ""
    """Which numbering its outline paragraphs use; empty for none."""


class Document(msgspec.Struct, frozen=True):
    """The whole of it."""

    sections: tuple[Section, ...]
    numberings: dict[str, Numbering] = {}
    bullets: dict[str, str] = {}
    ticked: dict[str, str] = {}
    """The signs that stand for bullets which are ticked."""
    metadata: Metadata = Metadata()


def drawing(
    found: list[Anchored], caption: tuple[Paragraph, ...], description: str, *, inline: bool, place: Place | None = None
) -> list[Anchored]:
    """The objects of one drawing. Its text boxes stand in the line of text when it does, and its place is theirs; its
    description goes to its only picture, its caption to its last object; a drawing with a caption or a description
    and nothing else in it is a picture without data.

    The boxes of a group keep the file's order. By where they stand was tried: Hancom's own previews and PDFs keep the
    file's, and a group that was stretched tells places from before that.
    """
    if not found and (caption or description):
        found = [Picture("")]
    if inline:
        found = [msgspec.structs.replace(one, inline=True) if isinstance(one, Frame) else one for one in found]
    if place:
        placed = (Picture, Frame, Grid)
        found = [msgspec.structs.replace(one, place=place) if isinstance(one, placed) else one for one in found]
    if description and len(found) == 1 and isinstance(found[0], Picture):
        found = [msgspec.structs.replace(found[0], description=description)]
    if caption and isinstance(found[-1], Picture | Frame | Grid):
        found = [*found[:-1], msgspec.structs.replace(found[-1], caption=caption)]
    return found
