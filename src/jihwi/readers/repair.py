"""What can be mended by itself, written into another folder; originals are only ever read.

A text in a legacy, mixed or broken encoding is written again in UTF-8 under its own name; every other document that
could be read is written as Markdown beside where it would lie (`규정.hwp` becomes `규정.hwp.md`).
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import msgspec

from jihwi.errors import FolderOverlaps
from jihwi.readers import Outcome
from jihwi.readers.writers import to_markdown

__all__ = ["Repaired", "refuse_overlap", "repair", "safe_path"]

_ENCODED = frozenset({"text", "markdown", "csv", "tsv", "json", "jsonl", "xml", "html"})
_ENCODING_REMARKS = frozenset({"encoding_legacy", "encoding_mixed", "encoding_broken", "mojibake", "text_repaired"})
_READABLE_AS_IT_IS = frozenset({"text", "markdown", "csv", "tsv", "json", "jsonl"})
_DECLARED = re.compile(
    r"""(<\?xml[^>]*?encoding\s*=\s*["']|<meta[^>]*?charset\s*=\s*["']?)[A-Za-z0-9_.:-]+""", re.IGNORECASE
)


class Repaired(msgspec.Struct, frozen=True):
    """One file that was written: what it was made from, where it lies, and how it was mended."""

    path: str
    written: str
    how: str
    """`utf-8` or `markdown`."""


def repair(outcomes: Iterable[Outcome], folder: Path, target: Path) -> Iterator[Repaired]:
    """Write what can be mended of the files in `folder` into `target`, one by one.

    Raises `FolderOverlaps` before anything is written when one folder lies in the other. A file is written whole or
    not at all; one that is there from an earlier run is replaced.
    """
    refuse_overlap(folder, target)
    for outcome in outcomes:
        done = _one(outcome, folder, target)
        if done is not None:
            yield done


def refuse_overlap(folder: Path, target: Path) -> None:
    """Raise `FolderOverlaps` unless the two folders lie apart."""
    here, there = Path(os.path.realpath(folder)), Path(os.path.realpath(target))
    if here == there or here in there.parents or there in here.parents:
        raise FolderOverlaps(str(target), str(folder))


def _one(outcome: Outcome, folder: Path, target: Path) -> Repaired | None:
    reading = outcome.reading
    if reading is None or not reading.text.strip():
        return None
    if outcome.format in _ENCODED and any(r.code in _ENCODING_REMARKS for r in outcome.remarks):
        text = _decoded(outcome, folder) or to_markdown(reading)
        place = safe_path(outcome.path)
        _write(target / place, _declaring_utf8(text, outcome.format))
        return Repaired(outcome.path, str(place), "utf-8")
    if outcome.format in _READABLE_AS_IT_IS and outcome.grade in ("A", "B"):
        return None
    place = safe_path(outcome.path + ".md")
    _write(target / place, to_markdown(reading))
    return Repaired(outcome.path, str(place), "markdown")


def _decoded(outcome: Outcome, folder: Path) -> str:
    """The file's own text, every line kept, when its one encoding decodes all of it; otherwise empty."""
    reading = outcome.reading
    assert reading is not None
    if any(r.code in ("encoding_mixed", "encoding_broken", "mojibake", "text_repaired") for r in outcome.remarks):
        return ""
    with contextlib.suppress(OSError, LookupError, UnicodeError):
        codec = codecs.lookup(reading.metadata.encoding)
        return (folder / outcome.path).read_bytes().decode(codec.name).lstrip("\ufeff")
    return ""


def _declaring_utf8(text: str, format: str) -> str:
    return _DECLARED.sub(r"\1utf-8", text, count=2) if format in ("xml", "html") else text


def safe_path(path: str) -> PurePosixPath:
    """A relative path that cannot leave the folder it is put in, whatever `path` says.

    >>> str(safe_path("../../etc/./passwd")), str(safe_path("/가/나.hwp.md"))
    ('etc/passwd', '가/나.hwp.md')
    """
    parts = [re.sub(r'[\x00-\x1f\x7f<>:"|?*\\]', "_", part).strip() for part in path.split("/")]
    kept = [_short(part) for part in parts if part.strip(". ")]
    return PurePosixPath(*(kept or ["_"]))


def _short(part: str) -> str:
    """A name that fits the 255 bytes a file system allows, its ending kept."""
    data = part.encode("utf-8", "replace")
    if len(data) <= 240:
        return data.decode()
    return data[:200].decode("utf-8", "ignore") + "…" + data[-30:].decode("utf-8", "ignore")


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".jihwi-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(temporary, place)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
