"""Automatic numbers of WordprocessingML lists (ECMA-376 part 1, 17.9): what is shown but not in the text."""

from __future__ import annotations

import re

import msgspec
from lxml import etree

from jihwi.readers.counting import counted
from jihwi.readers.outline import bullet

__all__ = ["Label", "Numbering", "attribute", "whole"]

_PLACE = re.compile(r"%([1-9])")


class Label(msgspec.Struct, frozen=True):
    """What stands before a numbered paragraph."""

    text: str
    depth: int
    """From 1."""
    bullet: bool


class _Level(msgspec.Struct, frozen=True):
    style: str
    template: str
    start: int
    restart: int
    """The level whose numbers begin this one anew; 0 for never, -1 for any higher one."""
    legal: bool


def attribute(element: etree._Element | None, name: str) -> str:
    """An attribute by its local name; empty when the element or the attribute is missing."""
    if element is None:
        return ""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def whole(text: str, otherwise: int) -> int:
    """A whole number out of an attribute."""
    try:
        return int(text)
    except ValueError:
        return otherwise


class Numbering:
    """The numbering part of a document, counting as paragraphs pass."""

    def __init__(self, root: etree._Element | None) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, tuple[str, dict[int, _Level], dict[int, int]]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[str] = set()
        if root is not None:
            self._load(root)

    def _load(self, root: etree._Element) -> None:
        by_style: dict[str, str] = {}
        links: dict[str, str] = {}
        for element in root.iterfind("{*}abstractNum"):
            key = attribute(element, "abstractNumId")
            self._abstract[key] = {
                whole(attribute(level, "ilvl"), 0): _level(level) for level in element.iterfind("{*}lvl")
            }
            if style := attribute(element.find("{*}styleLink"), "val"):
                by_style[style] = key
            if style := attribute(element.find("{*}numStyleLink"), "val"):
                links[key] = style
        for element in root.iterfind("{*}num"):
            key = attribute(element.find("{*}abstractNumId"), "val")
            key = by_style.get(links.get(key, ""), key)
            own: dict[int, _Level] = {}
            starts: dict[int, int] = {}
            for override in element.iterfind("{*}lvlOverride"):
                depth = whole(attribute(override, "ilvl"), 0)
                if (level := override.find("{*}lvl")) is not None:
                    own[depth] = _level(level)
                if (start := override.find("{*}startOverride")) is not None:
                    starts[depth] = whole(attribute(start, "val"), 1)
            self._lists[attribute(element, "numId")] = (key, own, starts)

    def next(self, number: str, depth: int) -> Label | None:
        """The label of the next paragraph at `depth` (from 0) of the list `number`; None when it has none."""
        if number not in self._lists:
            return None
        key, own, starts = self._lists[number]
        levels = {**self._abstract.get(key, {}), **own}
        level = levels.get(depth)
        if level is None:
            return None
        if level.style == "bullet":
            return Label(_bullet(level.template), depth + 1, True)
        counts = self._count(key, number, depth, levels, starts)
        text = _PLACE.sub(lambda m: self._place(int(m.group(1)) - 1, levels, counts, level.legal), level.template)
        return Label(text.strip(), depth + 1, False) if text.strip() else None

    def _count(
        self, key: str, number: str, depth: int, levels: dict[int, _Level], starts: dict[int, int]
    ) -> dict[int, int]:
        counts = self._counts.setdefault(key, {})
        if number not in self._begun:
            self._begun.add(number)
            for at, start in starts.items():
                counts[at] = start - 1
        counts[depth] = counts[depth] + 1 if depth in counts else levels[depth].start
        for lower in [at for at in counts if at > depth]:
            restart = levels[lower].restart if lower in levels else -1
            if restart < 0 or depth < restart:
                del counts[lower]
        return counts

    def _place(self, depth: int, levels: dict[int, _Level], counts: dict[int, int], legal: bool) -> str:
        level = levels.get(depth)
        if level is None:
            return ""
        value = counts.setdefault(depth, level.start)
        return counted(value, "decimal" if legal else level.style)


def _level(element: etree._Element) -> _Level:
    style = attribute(element.find("{*}numFmt"), "val") or "decimal"
    restart = element.find("{*}lvlRestart")
    return _Level(
        style=style,
        template=attribute(element.find("{*}lvlText"), "val"),
        start=whole(attribute(element.find("{*}start"), "val"), 0 if element.find("{*}start") is None else 1),
        restart=whole(attribute(restart, "val"), -1) if restart is not None else -1,
        legal=element.find("{*}isLgl") is not None and attribute(element.find("{*}isLgl"), "val") not in {"0", "false"},
    )


def _bullet(template: str) -> str:
    """The bullet as Unicode."""
    return bullet(template[:1]) or "•"
