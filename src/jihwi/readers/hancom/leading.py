"""Where the hyperlinks of a Hancom document lead, as their commands say.

Source: "한글 문서 파일 형식 5.0", section 4.3.10 (fields). The command of a hyperlink is its address, then a semicolon
and numbers that say how it is opened; signs that mean something there stand behind a backslash.
"""

from __future__ import annotations

import re

__all__ = ["hyperlink_address"]

_ADDRESS = re.compile(r"((?:[^;\\]|\\.)*)", re.DOTALL)
_INSIDE = ("?", "#")


def hyperlink_address(command: str) -> str:
    r"""The address a hyperlink's command names; nothing for a place inside the document.

    >>> hyperlink_address("http\\://www.a.kr/b?c=1\\;2;1;0;0;"), hyperlink_address("?#732509819;0;1;0;")
    ('http://www.a.kr/b?c=1;2', '')
    """
    found = _ADDRESS.match(command.strip())
    written = re.sub(r"\\(.)", r"\1", found.group(1)) if found else ""
    return "" if written.startswith(_INSIDE) else written
