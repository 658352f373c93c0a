"""How much of a document's text its PDF gives back: our reading of the PDF against our reading of the source.

The two readers share nothing but the shape of a reading; the PDFs are Hancom's own.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.corpus import LEAST_ORACLE_CHARACTERS
from benchmarks.readers_causes import cause
from benchmarks.scores import bare, order, recall
from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits
from jihwi.readers.pdf import PdfReader

__all__ = ["Pdfs", "measure_pdfs", "read_pdfs"]

_LOW = 0.9


class Pdfs(NamedTuple):
    """Our readings of Hancom's PDFs."""

    readings: dict[str, Reading]
    """By the PDF's path."""
    by_source: dict[str, Reading]
    """By the path of each document that the PDF was made of."""
    sources: dict[str, list[str]]
    """The documents that each PDF was made of."""
    seconds: dict[str, float]
    """The CPU time each took."""


def read_pdfs(folder: Path, only: str = "") -> Pdfs:
    """Every PDF that Hancom's program made of a document of the corpus, where the document's path holds `only`."""
    found = Pdfs({}, {}, {}, {})
    for pair in json.loads((folder / "hancom_pdf_pairs.json").read_text(encoding="utf-8")):
        if not any(only in source for source in pair["sources"]):
            continue
        begun = time.process_time()
        reading = _read(folder / "files" / pair["pdf"])
        found.seconds[pair["pdf"]] = time.process_time() - begun
        found.readings[pair["pdf"]] = reading
        found.sources[pair["pdf"]] = pair["sources"]
        found.by_source.update(dict.fromkeys(pair["sources"], reading))
    return found


def measure_pdfs(pdfs: Pdfs, texts: dict[str, str]) -> dict[str, Any]:
    """Recall and order, mean and median, against the texts of the documents by path. Prints low files and why."""
    recalls: dict[str, float] = {}
    orders: dict[str, float] = {}
    for path, reading in pdfs.readings.items():
        source = next((texts[one] for one in pdfs.sources[path] if one in texts), "")
        if len(bare(source)) >= LEAST_ORACLE_CHARACTERS:
            recalls[path] = recall(bare(source), bare(reading.text), 4)
            orders[path] = order(source, reading.text)
    for path, value in sorted(recalls.items(), key=lambda pair: pair[1]):
        if value < _LOW:
            print(f"  {value:.3f} pdf against its source: {path}: {cause('source', path)}")
    if not recalls:
        return {}
    seconds = sum(pdfs.seconds[path] for path in recalls)
    found: dict[str, Any] = {
        "recall, mean": statistics.fmean(recalls.values()),
        "recall, median": statistics.median(recalls.values()),
        "order, mean": statistics.fmean(orders.values()),
        "files": len(recalls),
        "pages a CPU second": sum(pdfs.readings[path].metadata.pages for path in recalls) / seconds,
    }
    print("PDF against its source: " + ", ".join(f"{name} {value}" for name, value in found.items()))
    return found


def _read(path: Path) -> Reading:
    return PdfReader().read(path.read_bytes(), "pdf", Hint(path=path.name), Limits()).reading
