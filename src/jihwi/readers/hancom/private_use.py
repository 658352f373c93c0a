"""Private-use code points of Hancom's fonts, to Unicode."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["bullet_text", "has_private_use", "to_unicode"]

_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]+")


def has_private_use(text: str) -> bool:
    """Whether any code point of `text` is of private use."""
    return not text.isascii() and _PRIVATE.search(text) is not None


def to_unicode(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it was mapped."""
    yield text, False


def bullet_text(sign: str) -> str:
    """A bullet as Unicode shows it; a soft hyphen, which most programs hide, is a hyphen.

    >>> bullet_text("\xad"), bullet_text("❍")
    ('-', '❍')
    """
    if sign == "\xad":
        return "-"
    return "".join(piece for piece, _ in to_unicode(sign)) if has_private_use(sign) else sign
