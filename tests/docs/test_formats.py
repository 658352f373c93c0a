"""The page on formats tells of every format that a file can be found to be, and of no other."""

from __future__ import annotations

import re

from jihwi.readers.sniff import EXTENSIONS
from tests.programs import ROOT

_ROW = re.compile(r"^\| ((?:`\w+` ?)+)\|", re.MULTILINE)


def test_every_format_has_its_row() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    named = [name for row in _ROW.findall(page) for name in re.findall(r"\w+", row)]
    assert sorted(named) == sorted(EXTENSIONS)
