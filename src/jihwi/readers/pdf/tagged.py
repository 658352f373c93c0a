"""Headings that a tagged PDF names itself: its structure tree says H1 to H6, the page says which letters those are.

Source: ISO 32000-1, sections 14.7 (logical structure) and 14.8.4.3.2 (headings).
"""

from __future__ import annotations

import ctypes
import re

import pypdfium2.raw as pdfium

__all__ = ["tagged_headings"]

_MOST_ELEMENTS = 5_000
_MOST_GLYPHS = 20_000
_LONGEST = 90
_HEADING = re.compile(r"H([1-6])?|Title")


def tagged_headings(page: object, text_page: object) -> dict[str, int]:
    """The headings of a page, their text without blanks, and their levels; none where the page is not tagged."""
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    if not tree:
        return {}
    try:
        marked = _marked(tree)
    finally:
        pdfium.FPDF_StructTree_Close(tree)
    if not marked:
        return {}
    texts: dict[int, list[str]] = {}
    for index in range(min(pdfium.FPDFText_CountChars(text_page), _MOST_GLYPHS)):
        thing = pdfium.FPDFText_GetTextObject(text_page, index)
        element = marked.get(pdfium.FPDFPageObj_GetMarkedContentID(thing), None) if thing else None
        if element is not None:
            texts.setdefault(element[0], []).append(chr(pdfium.FPDFText_GetUnicode(text_page, index)))
    levels = dict(marked.values())
    found = {"".join("".join(parts).split()): levels[element] for element, parts in texts.items()}
    return {text: level for text, level in found.items() if 1 < len(text) <= _LONGEST}


def _marked(tree: object) -> dict[int, tuple[int, int]]:
    """For each marked content of a heading: which heading it is, and its level."""
    found: dict[int, tuple[int, int]] = {}
    waiting = [
        pdfium.FPDF_StructTree_GetChildAtIndex(tree, index)
        for index in range(min(max(0, pdfium.FPDF_StructTree_CountChildren(tree)), _MOST_ELEMENTS))
    ]
    seen = 0
    inside: list[tuple[object, tuple[int, int] | None]] = [(element, None) for element in waiting]
    while inside and seen < _MOST_ELEMENTS:
        element, heading = inside.pop()
        if not element:
            continue
        seen += 1
        name = _HEADING.fullmatch(_kind(element))
        if heading is None and name:
            heading = (seen, int(name[1] or 1))
        for index in range(min(max(0, pdfium.FPDF_StructElement_CountChildren(element)), _MOST_ELEMENTS)):
            child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
            if child:
                inside.append((child, heading))
            elif heading:
                found[pdfium.FPDF_StructElement_GetChildMarkedContentID(element, index)] = heading
    found.pop(-1, None)
    return found


def _kind(element: object) -> str:
    size = pdfium.FPDF_StructElement_GetType(element, None, 0)
    if not 2 < size < 64:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDF_StructElement_GetType(element, buffer, size)
    return buffer.raw.decode("utf-16-le", "ignore").rstrip("\0")
