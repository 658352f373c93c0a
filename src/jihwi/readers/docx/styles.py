"""What a DOCX paragraph's style says of it: heading level, list, caption; by outline level or by its Korean name."""

from __future__ import annotations

import re

import msgspec
from lxml import etree

from jihwi.readers.docx.numbers import attribute, whole

__all__ = ["Style", "Styles"]

_HEADING = re.compile(r"(?:heading|제목|개요|표제)\s*([1-9])", re.IGNORECASE)
_BODY_LEVEL = 9
_DEEPEST = 20


class Style(msgspec.Struct, frozen=True):
    """A paragraph style with all that it is based on."""

    name: str = ""
    level: int = 0
    """Heading level from 1; 0 for none."""
    number: str = ""
    depth: int = 0
    caption: bool = False
    hidden: bool = False


class Styles:
    """The paragraph styles of a document, by id."""

    def __init__(self, root: etree._Element | None) -> None:
        self._elements: dict[str, etree._Element] = {}
        self._default = ""
        self._known: dict[str, Style] = {"": Style()}
        for element in root.iterfind("{*}style") if root is not None else ():
            key = attribute(element, "styleId")
            self._elements[key] = element
            if attribute(element, "type") == "paragraph" and attribute(element, "default") in {"1", "true"}:
                self._default = key

    def of(self, key: str) -> Style:
        """The style named `key`, or the default one."""
        return self._resolve(key if key in self._elements else self._default, 0)

    def _resolve(self, key: str, depth: int) -> Style:
        if key in self._known or depth > _DEEPEST or key not in self._elements:
            return self._known.get(key, Style())
        element = self._elements[key]
        base = self._resolve(attribute(element.find("{*}basedOn"), "val"), depth + 1)
        properties = element.find("{*}pPr")
        name = attribute(element.find("{*}name"), "val")
        numbered = properties.find("{*}numPr") if properties is not None else None
        found = Style(
            name=name,
            level=self._level(name, properties, base),
            number=attribute(numbered.find("{*}numId"), "val") if numbered is not None else base.number,
            depth=whole(attribute(numbered.find("{*}ilvl"), "val"), 0) if numbered is not None else base.depth,
            caption=name.lower() in {"caption", "캡션"} or base.caption,
            hidden=element.find("{*}rPr/{*}vanish") is not None or base.hidden,
        )
        self._known[key] = found
        return found

    def _level(self, name: str, properties: etree._Element | None, base: Style) -> int:
        outline = properties.find("{*}outlineLvl") if properties is not None else None
        if outline is not None:
            level = whole(attribute(outline, "val"), _BODY_LEVEL)
            return level + 1 if level < _BODY_LEVEL else 0
        if named := _HEADING.fullmatch(name.strip()):
            return int(named.group(1))
        lower = name.strip().lower()
        if lower in {"title", "제목", "문서 제목", "표제"}:
            return 1
        if lower in {"subtitle", "부제", "부제목"}:
            return 2
        return base.level
