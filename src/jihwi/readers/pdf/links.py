"""The links of a PDF page: where they lie, the words under them, and the address they lead to.

Source: ISO 32000-1, sections 12.5.6.5 (link annotations) and 12.6.4.7 (actions that lead to a URI).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import msgspec
import pypdfium2.raw as pdfium

__all__ = ["PageLink", "page_links"]

_MOST_LINKS = 2_000
_LONGEST_WORDS = 2_000
_LONGEST_ADDRESS = 2_000
_INSET = 0.25
"""The share of a link's height left out above and below: its box often touches the lines beside it."""


class PageLink(msgspec.Struct, frozen=True):
    """Words that lead somewhere, and the middle of their box in points from the top left corner."""

    words: str
    address: str
    x: float
    y: float


def page_links(
    page: Any, text_page: object, turned: Callable[..., tuple[float, float, float, float]]
) -> list[PageLink]:
    """The links of a page to addresses, from its top; `turned` brings PDF's corners to ours."""
    found: list[PageLink] = []
    position, link = ctypes.c_int(0), pdfium.FPDF_LINK()
    for _ in range(_MOST_LINKS):
        if not pdfium.FPDFLink_Enumerate(page, ctypes.byref(position), ctypes.byref(link)):
            break
        box = pdfium.FS_RECTF()
        if not pdfium.FPDFLink_GetAnnotRect(link, ctypes.byref(box)) or not (address := _address(page.pdf, link)):
            continue
        left, right = sorted((box.left, box.right))
        bottom, top = sorted((box.bottom, box.top))
        words = _words(text_page, left, top, right, bottom)
        if words:
            x1, y1, x2, y2 = turned(left, top, right, bottom)
            found.append(PageLink(words, address, (x1 + x2) / 2, (y1 + y2) / 2))
    return sorted(found, key=lambda one: (round(one.y), one.x))


def _address(document: object, link: object) -> str:
    action = pdfium.FPDFLink_GetAction(link)
    if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
        return ""
    size = pdfium.FPDFAction_GetURIPath(document, action, None, 0)
    if not 1 < size <= _LONGEST_ADDRESS:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDFAction_GetURIPath(document, action, buffer, size)
    return buffer.value.decode("utf-8", "replace")


def _words(text_page: object, left: float, top: float, right: float, bottom: float) -> str:
    inset = (top - bottom) * _INSET
    corners = (left, top - inset, right, bottom + inset)
    size = pdfium.FPDFText_GetBoundedText(text_page, *corners, None, 0)
    if not 0 < size <= _LONGEST_WORDS:
        return ""
    buffer = (ctypes.c_ushort * (size + 1))()
    pdfium.FPDFText_GetBoundedText(text_page, *corners, buffer, size)
    return bytes(buffer)[: size * 2].decode("utf-16-le", "ignore").strip("\x00").strip()
