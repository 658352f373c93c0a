"""What can be mended by itself, written into another folder; originals are only ever read.

A text in a legacy, mixed or broken encoding is written again in UTF-8 under its own name; every other document that
could be read is written as Markdown beside where it would lie (`규정.hwp` becomes `규정.hwp.md`), and what lies inside
a mail or an archive in a folder named after it.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import functools
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from jihwi.errors import FolderOverlaps
from jihwi.evidence import Reading
from jihwi.naming import FreeNames
from jihwi.readers import Outcome
from jihwi.readers.personal import masked_name
from jihwi.readers.writers import to_markdown, to_text

__all__ = ["Copies", "Repaired", "refuse_overlap", "repair", "safe_path"]

_ENCODED = frozenset({"text", "markdown", "csv", "tsv", "json", "jsonl", "xml", "html"})
_ENCODING_REMARKS = frozenset(
    {"encoding_legacy", "encoding_mixed", "encoding_broken", "mojibake", "text_repaired", "hangul_composed"}
)
_NOT_AS_STORED = _ENCODING_REMARKS - {"encoding_legacy"}
_LISTS = frozenset({"zip", "tar"})
"""What holds nothing but other documents: their names alone are no copy."""
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


def repair(
    outcomes: Iterable[Outcome],
    folder: Path,
    target: Path,
    names: Mapping[str, str] | None = None,
    copies: Copies | None = None,
) -> Iterator[Repaired]:
    """Write what can be mended of the files in `folder` into `target`, one by one.

    `names` says under which name a file is shown and its copy written, where that is not its own. Raises
    `FolderOverlaps` before anything is written when one folder lies in the other. A file is written whole or
    not at all; one that is there from an earlier run is replaced. Two of the same `copies` never lie in one place.
    """
    refuse_overlap(folder, target)
    copies = copies or Copies()
    for outcome in outcomes:
        write = functools.partial(copies.write, target)
        yield from _each(outcome, folder, write, (names or {}).get(outcome.path, outcome.path))


class Copies:
    """Where the copies of one run lie, whatever their files are called and however many calls the run makes."""

    def __init__(self) -> None:
        self._names = FreeNames()

    def write(self, target: Path, shown: str, ending: str, text: str) -> str:
        """Write a copy of the file shown as `shown`; answers where it lies in the folder `target`."""
        wanted = str(target / safe_path(shown + ending))
        suffix = ending or PurePosixPath(wanted).suffix
        place = Path(self._names.take(wanted.removesuffix(suffix), suffix))
        _write(place, text)
        return str(place.relative_to(target))


_Writes = Callable[[str, str, str], str]
"""Writes a copy, given its file's name, an ending and the text; answers where it lies."""


def _each(outcome: Outcome, folder: Path, write: _Writes, shown: str, inside: bool = False) -> Iterator[Repaired]:
    """One file, and the documents inside it."""
    done = _one(outcome, folder, write, shown, inside)
    if done is not None:
        yield done
    for part in outcome.attachments:
        yield from _each(part, folder, write, masked_name(shown + part.path[len(outcome.path) :]), True)


def refuse_overlap(folder: Path, target: Path) -> None:
    """Raise `FolderOverlaps` unless the two folders lie apart."""
    here, there = Path(os.path.realpath(folder)), Path(os.path.realpath(target))
    if here == there or here in there.parents or there in here.parents:
        raise FolderOverlaps(str(target), str(folder))


def _one(outcome: Outcome, folder: Path, write: _Writes, shown: str, inside: bool) -> Repaired | None:
    reading = outcome.reading
    if reading is None or not reading.text.strip() or outcome.format in _LISTS:
        return None
    if outcome.format in _ENCODED and any(r.code in _ENCODING_REMARKS for r in outcome.remarks):
        text = _decoded(outcome, folder) or _written_anew(reading, outcome.format)
        if text:
            return Repaired(shown, write(shown, "", _declaring_utf8(text, outcome.format)), "utf-8")
    elif outcome.format in _READABLE_AS_IT_IS and outcome.grade in ("A", "B"):
        text = _written_anew(reading, outcome.format) if inside else ""
        return Repaired(shown, write(shown, "", text), "utf-8") if text else None
    return Repaired(shown, write(shown, ".md", to_markdown(reading)), "markdown")


def _decoded(outcome: Outcome, folder: Path) -> str:
    """The file's own text, every line kept, when its one encoding decodes all of it; otherwise empty."""
    reading = outcome.reading
    assert reading is not None
    if any(r.code in _NOT_AS_STORED for r in outcome.remarks):
        return ""
    with contextlib.suppress(OSError, LookupError, UnicodeError):
        codec = codecs.lookup(reading.metadata.encoding)
        return (folder / outcome.path).read_bytes().decode(codec.name).lstrip("\ufeff")
    return ""


def _written_anew(reading: Reading, format: str) -> str:
    """What was read, in the file's own format; empty where a copy would be of another (data, pages)."""
    match format:
        case "text":
            return to_text(reading)
        case "markdown":
            return to_markdown(reading)
        case "csv" | "tsv":
            return _delimited(reading, "," if format == "csv" else "\t")
        case _:
            return ""


def _delimited(reading: Reading, delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    for index, block in enumerate(reading.blocks):
        if block.table is None:
            writer.writerow([reading.block_text(index)])
            continue
        rows: list[list[str]] = [[""] * block.table.columns for _ in range(block.table.rows)]
        for cell in block.table.cells:
            rows[cell.row][cell.column] = reading.text[cell.start : cell.end]
        writer.writerows(rows)
    return out.getvalue()


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
