"""What the four formats of Hancom's word processor share: one model of a document, its numbering, its own characters.

HWP 5, HWPX, HWP 3 and HWPML each parse their own bytes into `Document`; `compose` makes the reading of it. So twins,
one document kept in two of the formats, come out as the same blocks by construction.
"""

from __future__ import annotations

from jihwi.readers.hancom.compose import compose
from jihwi.readers.hancom.description import written_description
from jihwi.readers.hancom.headings import heading_levels
from jihwi.readers.hancom.leading import hyperlink_address
from jihwi.readers.hancom.model import (
    PLAIN,
    Anchor,
    Anchored,
    Document,
    Equation,
    FormField,
    Frame,
    Grid,
    GridCell,
    Leading,
    Note,
    Paragraph,
    Picture,
    Place,
    Section,
    Shape,
    drawing,
)
from jihwi.readers.hancom.numbers import BUILT_IN_KINDS, Numbering, NumberLevel, number_text
from jihwi.readers.hancom.paragraphs import ParagraphText
from jihwi.readers.hancom.private_use import bullet_text, has_private_use, to_unicode

__all__ = [
    "BUILT_IN_KINDS",
    "PLAIN",
    "Anchor",
    "Anchored",
    "Document",
    "Equation",
    "FormField",
    "Frame",
    "Grid",
    "GridCell",
    "Leading",
    "Note",
    "NumberLevel",
    "Numbering",
    "Paragraph",
    "ParagraphText",
    "Picture",
    "Place",
    "Section",
    "Shape",
    "bullet_text",
    "compose",
    "drawing",
    "has_private_use",
    "heading_levels",
    "hyperlink_address",
    "number_text",
    "to_unicode",
    "written_description",
]
