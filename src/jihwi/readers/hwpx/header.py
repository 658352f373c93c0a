"""The document's definitions in `header.xml`: numberings, bullets, paragraph shapes.

Source: KS X 6101 (OWPML), section 9 (header schema): `numberings`, `bullets`, `paraProperties`.
"""

from __future__ import annotations

import msgspec
from lxml import etree

from jihwi.readers.hancom import BUILT_IN_KINDS, PLAIN, Numbering, NumberLevel, Shape, bullet_text, heading_level
from jihwi.readers.hancom.model import Head

__all__ = ["HeaderDefinitions", "whole_number"]

_HEADS: dict[str, Head] = {"OUTLINE": "outline", "NUMBER": "number", "BULLET": "bullet"}


def whole_number(text: str | None, default: int = 0) -> int:
    """An attribute as a whole number; `default` when it is none."""
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        return default


class HeaderDefinitions:
    """What paragraphs refer to by id."""

    def __init__(self, header: etree._Element | None) -> None:
        self.numberings: dict[str, Numbering] = {}
        self.bullets: dict[str, str] = {}
        self._shapes: dict[str, Shape] = {}
        self._headings: dict[str, int] = {}
        if header is None:
            return
        for numbering in header.iter("{*}numbering"):
            self.numberings[f"n{numbering.get('id', '')}"] = _numbering(numbering)
        for bullet in header.iter("{*}bullet"):
            self.bullets[f"b{bullet.get('id', '')}"] = bullet_text(bullet.get("char", ""))
        for shape in header.iter("{*}paraPr"):
            self._shapes[shape.get("id", "")] = _shape(shape)
        for style in header.iter("{*}style"):
            level = heading_level(style.get("name", "")) or heading_level(style.get("engName", ""))
            if level:
                self._headings[style.get("id", "")] = level

    def shape(self, number: str | None, style: str | None = None) -> Shape:
        """The paragraph shape of this id, a plain one when there is none; a heading when its style is one's."""
        found = self._shapes.get(number or "", PLAIN)
        level = self._headings.get(style or "", 0) if self._headings else 0
        return msgspec.structs.replace(found, heading=level) if level and found.head == "none" else found


def _numbering(numbering: etree._Element) -> Numbering:
    levels: dict[int, NumberLevel] = {}
    for head in numbering.iter("{*}paraHead"):
        level = whole_number(head.get("level"), 1)
        if 1 <= level <= 10:
            kind = BUILT_IN_KINDS.get(head.get("numFormat", ""), 0)
            levels[level] = NumberLevel(head.text or "", kind, whole_number(head.get("start"), 1))
    return Numbering(tuple(levels.get(level, NumberLevel()) for level in range(1, max(levels, default=0) + 1)))


def _shape(shape: etree._Element) -> Shape:
    heading = shape.find("{*}heading")
    head = _HEADS.get(heading.get("type", ""), "none") if heading is not None else "none"
    if heading is None or head == "none":
        return PLAIN
    number = heading.get("idRef", "")
    definition = "" if head == "outline" or number in ("", "0") else f"{'b' if head == 'bullet' else 'n'}{number}"
    return Shape(head, whole_number(heading.get("level")), definition)
