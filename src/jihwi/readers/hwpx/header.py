"""The document's definitions in `header.xml`: numberings, bullets, paragraph shapes.

Source: KS X 6101 (OWPML), section 9 (header schema): `numberings`, `bullets`, `paraProperties`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from lxml import etree

from jihwi.readers.hancom import BUILT_IN_KINDS, PLAIN, Numbering, NumberLevel, Shape, bullet_text, heading_levels
from jihwi.readers.hancom.model import Head
from jihwi.readers.hwpx.package import local_name

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

    def __init__(self, header: etree._Element | None, sizes: Mapping[str, int] = MappingProxyType({})) -> None:
        self.numberings: dict[str, Numbering] = {}
        self.bullets: dict[str, str] = {}
        self.ticked: dict[str, str] = {}
        self._shapes: dict[str, Shape] = {}
        self._sizes = sizes
        self._styles: dict[str, tuple[str, str]] = {}
        self._headings: dict[str, int] = {}
        if header is None:
            return
        for element in header.iter("{*}numbering", "{*}bullet", "{*}paraPr", "{*}style"):
            self._define(local_name(element), element)
        levels = heading_levels(self._styles.values())
        self._headings = {number: level for number, level in zip(self._styles, levels, strict=True) if level}

    def _define(self, name: str, element: etree._Element) -> None:
        number = element.get("id", "")
        if name == "paraPr":
            self._shapes[number] = _shape(element)
        elif name == "style":
            self._styles[number] = (element.get("name", ""), element.get("engName", ""))
        elif name == "numbering":
            self.numberings[f"n{number}"] = _numbering(element)
        else:
            self.bullets[f"b{number}"] = bullet_text(element.get("char", ""))
            if ticked := element.get("checkedChar"):
                self.ticked[f"b{number}"] = bullet_text(ticked)

    def shape(self, number: str | None, style: str | None = None) -> Shape:
        """The paragraph shape of this id, a plain one when there is none; a heading when its style is one's."""
        found = self._shapes.get(number or "", PLAIN)
        level = self._headings.get(style or "", 0) if self._headings else 0
        return msgspec.structs.replace(found, heading=level) if level and found.head in ("none", "number") else found

    def size(self, number: str | None) -> int:
        """The size of a character shape's letters, in hundredths of a point; 0 when there is none."""
        return self._sizes.get(number or "", 0)


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
    ticked = head == "bullet" and shape.get("checked") == "1"
    return Shape(head, whole_number(heading.get("level")), definition, checked=ticked)
