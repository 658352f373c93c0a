"""The corpus of real documents, and what others made of them: previews, Hancom's own PDFs, twins."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import olefile
import pypdfium2

LEAST_ORACLE_CHARACTERS = 100
"""Oracles with less text say nothing."""


@dataclass(frozen=True)
class Item:
    """One file: its path below the corpus, its bytes, its true format."""

    path: str
    data: bytes
    format: str


def corpus_folder() -> Path:
    """`JIHWI_CORPUS`, or the folder beside the repository."""
    named = os.environ.get("JIHWI_CORPUS")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data" / "documents"


def true_format(data: bytes) -> str:
    """The format of Hancom's family that the bytes are in; empty for another."""
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") and b"HWP Document File" in data:
        return "hwp5"
    if data.startswith(b"HWP Document File V"):
        return "hwp3"
    if data.startswith(b"PK\x03\x04"):
        try:
            names = zipfile.ZipFile(io.BytesIO(data)).namelist()
        except zipfile.BadZipFile:
            return ""
        return "hwpx" if any(re.search(r"section\d+\.xml$", name) for name in names) else ""
    return "hwpml" if b"<HWPML" in data[:4096] else ""


def hancom_items(folder: Path) -> list[Item]:
    """Every file of the four formats, by path."""
    found = []
    for path in sorted((folder / "files").rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            kind = true_format(data)
            if kind:
                found.append(Item(path.relative_to(folder / "files").as_posix(), data, kind))
    return found


def is_distributed(item: Item) -> bool:
    """Whether an HWP 5 file is locked for distribution: bit 2 of its header's properties."""
    if item.format != "hwp5":
        return False
    header = olefile.OleFileIO(io.BytesIO(item.data)).openstream("FileHeader").read(40)
    return bool(int.from_bytes(header[36:40], "little") & 4)


def preview(item: Item) -> str:
    """The opening text as Hancom's program wrote it beside the document; empty when there is none."""
    if item.format == "hwp5":
        ole = olefile.OleFileIO(io.BytesIO(item.data))
        return ole.openstream("PrvText").read().decode("utf-16-le", "ignore") if ole.exists("PrvText") else ""
    if item.format == "hwpx":
        package = zipfile.ZipFile(io.BytesIO(item.data))
        names = [name for name in package.namelist() if name.lower() == "preview/prvtext.txt"]
        raw = package.read(names[0]) if names else b""
        return raw.decode("utf-16-le" if b"\0" in raw else "utf-8", "ignore")
    return ""


def pdf_texts(folder: Path) -> dict[str, str]:
    """For each document with a PDF by Hancom's program: the text of that PDF."""
    texts: dict[str, str] = {}
    for pair in json.loads((folder / "hancom_pdf_pairs.json").read_text(encoding="utf-8")):
        document = pypdfium2.PdfDocument(str(folder / "files" / pair["pdf"]))
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
        for source in pair["sources"]:
            texts[source] = text
    return texts


def twins(items: list[Item]) -> list[tuple[Item, Item]]:
    """Pairs of an HWP 5 and an HWPX file with the same stem in the same repository."""
    by_stem: dict[tuple[str, str], dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        by_stem[item.path.split("/")[0], Path(item.path).stem][item.format].append(item)
    return [
        (hwp, hwpx) for group in by_stem.values() for hwp in group.get("hwp5", []) for hwpx in group.get("hwpx", [])
    ]


def hwp3_twins(items: list[Item]) -> list[tuple[Item, Item]]:
    """An HWP 3 file and what Hancom's newer programs made of it, by their names."""
    pairs = []
    for old in items:
        if old.format == "hwp3":
            name = re.compile(re.escape(Path(old.path).stem) + r"(-hwp5|-hwpx)?(-v\d+)?$")
            folder = old.path.split("/")[0]
            pairs += [
                (old, item)
                for item in items
                if item.format != "hwp3" and item.path.startswith(folder + "/") and name.match(Path(item.path).stem)
            ]
    return pairs
