"""Pages that say nothing or nonsense: found, warned of, and recognised from their picture where that is possible."""

from __future__ import annotations

import ctypes

import msgspec
import pypdfium2

from jihwi.evidence import ReadingBuilder
from jihwi.readers import Limits
from jihwi.readers.encoding.plausible import plausibility
from jihwi.readers.ocr import DOUBTFUL, RESOLUTION, Allowance, Recognised, available, confidence_of, recognise
from jihwi.readers.pdf.pages import PageContent

__all__ = ["Scanner"]

_FEW = 8
_MOST_PIXELS = 40_000_000
_MUCH_MORE = 1.5
_UNMAPPED_SHARE = 0.2


class Scanner:
    """Recognises pages, as many as the time limit bears; which are left to a person is a warning."""

    def __init__(self, document: pypdfium2.PdfDocument, builder: ReadingBuilder, limits: Limits) -> None:
        self._document = document
        self._builder = builder
        self._allowance = Allowance(limits)
        self._left_out: set[int] = set()
        self._seconds = limits.seconds

    def replace(self, pages: list[PageContent]) -> dict[int, list[Recognised]]:
        """What was recognised, by page number; such a page's own text is not used."""
        found: dict[int, list[Recognised]] = {}
        for page in pages:
            problem = _problem(page)
            if not problem:
                continue
            recognised = self._recognise(page)
            if recognised and problem == "page_outlined" and _letters(recognised) < _MUCH_MORE * page.glyphs:
                recognised = []
            if recognised:
                found[page.number] = recognised
                self._builder.warn("page_recognised", str(page.number))
                if confidence_of(recognised) < DOUBTFUL:
                    self._builder.warn("recognition_doubtful", str(page.number))
            elif page.number in self._left_out:
                self._builder.warn("page_not_recognised", str(page.number))
            elif recognised is None or problem != "page_without_text":
                self._builder.warn(problem, str(page.number))
            else:
                self._builder.warn("picture_without_text", str(page.number))
        return found

    def _recognise(self, page: PageContent) -> list[Recognised] | None:
        """The paragraphs of a page; empty when its picture holds no text, None when nobody could look."""
        if not available():
            return None
        if not self._allowance.take():
            self._left_out.add(page.number)
            return None
        picture = self._rendered(page)
        recognised = recognise(picture, self._seconds / 2) if picture else None
        if recognised is None:
            return None
        scale = 72 / RESOLUTION
        return [
            msgspec.structs.replace(r, box=type(r.box)(*(round(v * scale, 1) for v in msgspec.structs.astuple(r.box))))
            for r in recognised
        ]

    def _rendered(self, page: PageContent) -> bytes:
        """The page as a grey PGM picture."""
        scale = RESOLUTION / 72
        if page.width * page.height * scale * scale > _MOST_PIXELS:
            return b""
        try:
            shown = self._document[page.number - 1]
            bitmap = shown.render(scale=scale, grayscale=True)
        except (pypdfium2.PdfiumError, ValueError):
            return b""
        raw = ctypes.string_at(bitmap.buffer, bitmap.stride * bitmap.height)
        rows = [raw[y * bitmap.stride : y * bitmap.stride + bitmap.width] for y in range(bitmap.height)]
        header = f"P5 {bitmap.width} {bitmap.height} 255\n".encode()
        bitmap.close()
        shown.close()
        return header + b"".join(rows)


def _letters(recognised: list[Recognised]) -> int:
    return sum(not c.isspace() for one in recognised for c in one.text)


def _problem(page: PageContent) -> str:
    """Why a page cannot be believed; empty when it can."""
    if page.glyphs == 0:
        return "page_without_text" if page.drawn else ""
    if page.outlined:
        return "page_outlined"
    text = "".join(line.text for line in page.lines) + "".join(
        line.text for grid in page.grids for lines in grid.lines.values() for line in lines
    )
    if page.glyphs <= _FEW:
        return ""
    if page.unmapped > _UNMAPPED_SHARE * page.glyphs:
        return "page_garbled"
    beyond = sum(c > "\x7f" for c in text)
    if beyond > 20 and beyond > 0.2 * len(text) and plausibility(text) < -0.7:
        return "page_garbled"
    return ""
