"""How much of a document's text its PDF gives back: our reading of the PDF against our reading of the source.

The two readers share nothing but the shape of a reading; the PDFs are Hancom's own.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

from benchmarks.corpus import LEAST_ORACLE_CHARACTERS
from benchmarks.readers_causes import cause
from benchmarks.scores import bare, order, recall
from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits
from jihwi.readers.pdf import PdfReader

__all__ = ["measure_pdfs"]

_LOW = 0.9


def measure_pdfs(folder: Path, sources: dict[str, str]) -> dict[str, float]:
    """Recall and order, mean and median; `sources` are the sources' texts by path. Prints low files and why."""
    recalls: dict[str, float] = {}
    orders: dict[str, float] = {}
    pages, seconds = 0, 0.0
    for pair in json.loads((folder / "hancom_pdf_pairs.json").read_text(encoding="utf-8")):
        source = next((sources[path] for path in pair["sources"] if path in sources), "")
        if len(bare(source)) < LEAST_ORACLE_CHARACTERS:
            continue
        begun = time.process_time()
        reading = _read(folder / "files" / pair["pdf"])
        seconds += time.process_time() - begun
        pages += reading.metadata.pages
        recalls[pair["pdf"]] = recall(bare(source), bare(reading.text), 4)
        orders[pair["pdf"]] = order(source, reading.text)
    for path, value in sorted(recalls.items(), key=lambda pair: pair[1]):
        if value < _LOW:
            print(f"  {value:.3f} pdf against its source: {path}: {cause('source', path)}")
    found = {
        "recall, mean": statistics.fmean(recalls.values()),
        "recall, median": statistics.median(recalls.values()),
        "order, mean": statistics.fmean(orders.values()),
        "files": len(recalls),
        "pages a CPU second": pages / seconds if seconds else 0.0,
    }
    print("PDF against its source: " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()))
    return found


def _read(path: Path) -> Reading:
    return PdfReader().read(path.read_bytes(), "pdf", Hint(path=path.name), Limits()).reading
