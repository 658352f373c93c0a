"""Putting one paragraph together: text in pieces, private characters mapped, objects anchored where they stand."""

from __future__ import annotations

from jihwi.evidence import Origin, OriginRun
from jihwi.readers.hancom.equation import equation_line
from jihwi.readers.hancom.model import PLAIN, Anchor, Anchored, Leading, Paragraph, Shape
from jihwi.readers.hancom.private_use import has_private_use, to_unicode

__all__ = ["ParagraphText"]


class ParagraphText:
    """Gathers one paragraph.

    >>> gathered = ParagraphText()
    >>> gathered.put("표 ")
    >>> gathered.put("1", "rendered")
    >>> gathered.paragraph().text, gathered.paragraph().origins
    ('표 1', (OriginRun(start=2, end=3, origin='rendered'),))
    """

    __slots__ = ("_anchors", "_fields", "_length", "_links", "_origins", "_parts", "_scripts")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._origins: list[OriginRun] = []
        self._anchors: list[Anchor] = []
        self._scripts = 0
        self._fields: list[tuple[int, str]] = []
        self._links: list[Leading] = []

    def put(self, text: str, origin: Origin = "stored") -> None:
        """Add text as the file holds it, or as `origin` says."""
        if has_private_use(text):
            for piece, mapped in to_unicode(text):
                self._append(piece, "mapped" if mapped else origin)
        else:
            self._append(text, origin)

    def script(self, script: str) -> None:
        """Add an equation that stands in the line, its script written as a line."""
        line = equation_line(script)
        self._append(line, "rendered")
        self._scripts += len(line)

    def put_choice(self, caption: str, chosen: bool) -> None:
        """Add a check box or radio button that stands in the line: its state as a sign, then its caption.

        In a caption `&` marks the key that chooses it, and `&&` is the sign itself.
        """
        self._append("☑ " if chosen else "☐ ", "rendered")
        self._append(caption.replace("&&", "&"), "stored")

    def begin_field(self, address: str = "") -> None:
        """A field begins; its words lead to `address`, if there is one."""
        self._fields.append((self._length, address))

    def end_field(self) -> None:
        """The field that began last ends."""
        if self._fields:
            start, address = self._fields.pop()
            if address and start < self._length:
                self._links.append(Leading(start, self._length, address))

    def anchor(self, held: Anchored) -> None:
        """Anchor an object here."""
        self._anchors.append(Anchor(self._length, held))

    def paragraph(self, shape: Shape = PLAIN, size: int = 0) -> Paragraph:
        """What was gathered."""
        text = "".join(self._parts)
        return Paragraph(
            text,
            shape,
            tuple(self._anchors),
            tuple(self._origins),
            self._scripts > 0 and self._scripts >= len(text.strip()),
            size,
            tuple(self._links),
        )

    def _append(self, text: str, origin: Origin) -> None:
        if not text:
            return
        if origin != "stored":
            self._origins.append(OriginRun(self._length, self._length + len(text), origin))
        self._parts.append(text)
        self._length += len(text)
