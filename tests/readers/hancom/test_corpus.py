"""A part of the real files, where they are at hand: all are read, and hold what their previews show."""

from __future__ import annotations

import io
import re
import statistics

import olefile
import pytest

from jihwi.evidence import Reading
from tests.programs import corpus
from tests.readers.hancom.documents import read_hwp, read_hwpx

CORPUS = corpus("documents")
EVERY = 4
"""Every fourth file is enough here; the benchmark reads all."""
_NOISE = re.compile(r"[\s<>\x00-\x1f\u00ad\ue000-\uf8ff\U000f0000-\U0010fffd]+")

pytestmark = pytest.mark.needs("corpus:documents")


def files(magic: bytes, mark: bytes) -> list[bytes]:
    """The files that begin with `magic` and hold `mark`."""
    paths = sorted(path for path in (CORPUS / "files").rglob("*.hwp*") if path.is_file())
    found = [data for path in paths[::EVERY] if (data := path.read_bytes()).startswith(magic) and mark in data]
    assert len(found) > 20
    return found


def stored(reading: Reading) -> str:
    """The text without automatic numbers and mapped signs, which previews do not have."""
    text = list(reading.text)
    for run in reading.origins:
        if run.origin in ("rendered", "mapped"):
            text[run.start : run.end] = [""] * (run.end - run.start)
    return _NOISE.sub("", "".join(text))


def sound(reading: Reading) -> None:
    """Blocks and cells are spans of the text, in order, with nothing lost between them."""
    at = 0
    for index, block in enumerate(reading.blocks):
        assert block.start == at
        assert block.parent < index
        at = block.end + 1
        for cell in block.table.cells if block.table is not None else ():
            assert block.start <= cell.start <= cell.end <= block.end
    assert all(0 <= run.start < run.end <= len(reading.text) for run in reading.origins)


def test_hwp_files_hold_what_their_previews_show() -> None:
    recalls = []
    for data in files(b"\xd0\xcf\x11\xe0", b"HWP Document File"):
        reading = read_hwp(data)
        sound(reading)
        with olefile.OleFileIO(io.BytesIO(data)) as opened:
            shown = (
                opened.openstream("PrvText").read().decode("utf-16-le", "ignore") if opened.exists("PrvText") else ""
            )
        wanted = _NOISE.sub("", shown)
        grams = {wanted[i : i + 5] for i in range(len(wanted) - 4)}
        text = stored(reading)
        if grams and text:
            recalls.append(sum(gram in text for gram in grams) / len(grams))
    assert statistics.median(recalls) == 1.0
    assert statistics.fmean(recalls) > 0.98


def test_hwpx_files_are_read_whole() -> None:
    for data in files(b"PK\x03\x04", b"hwp+zip"):
        sound(read_hwpx(data))
