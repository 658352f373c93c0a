"""How much of a document's text its PDF gives back: our reading of the PDF against our reading of the source.

The two readers share nothing but the shape of a reading; the PDFs are Hancom's own.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.corpus import LEAST_ORACLE_CHARACTERS
from benchmarks.readers_causes import cause
from benchmarks.scores import bare, order, recall
from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits
from jihwi.readers.pdf import PdfReader

__all__ = ["measure_pdfs"]

_LOW = 0.9
_KNOWN = 0.5
"""Of a PDF with less of its source's text there is no order to speak of: its fonts do not tell their letters."""


def measure_pdfs(folder: Path, sources: dict[str, tuple[str, str, str, str]]) -> dict[str, Any]:
    """Recall and order, mean and median. `sources` are by path: the format, the text as printed, as stored, its flow.

    A PDF's own text comes in the order it was written in; "by the page" is the order in which its lines stand there.
    Prints low files and why.
    """
    by_page: dict[str, dict[str, float]] = defaultdict(dict)
    recalls: dict[str, float] = {}
    orders: dict[str, float] = {}
    pages, seconds = 0, 0.0
    for pair in json.loads((folder / "hancom_pdf_pairs.json").read_text(encoding="utf-8")):
        source = next((sources[path][1] for path in pair["sources"] if path in sources), "")
        if len(bare(source)) < LEAST_ORACLE_CHARACTERS:
            continue
        begun = time.process_time()
        reading = _read(folder / "files" / pair["pdf"])
        seconds += time.process_time() - begun
        pages += reading.metadata.pages
        recalls[pair["pdf"]] = recall(bare(source), bare(reading.text), 4)
        orders[pair["pdf"]] = order(source, reading.text)
        if recalls[pair["pdf"]] > _KNOWN:
            for path in pair["sources"]:
                if path in sources:
                    by_page[sources[path][0]][path] = order(reading.text, sources[path][3])
    for path, value in sorted(recalls.items(), key=lambda pair: pair[1]):
        if value < _LOW:
            print(f"  {value:.3f} pdf against its source: {path}: {cause('source', path)}")
    for kind, values in by_page.items():
        print(f"{kind} in the order of the page: mean {statistics.fmean(values.values()):.4f} of {len(values)} files")
        for path, value in sorted(values.items(), key=lambda pair: pair[1]):
            if value < _LOW:
                print(f"  {value:.3f} in the order of the page: {path}: {cause('page', path)}")
    found: dict[str, Any] = {
        "recall, mean": statistics.fmean(recalls.values()),
        "recall, median": statistics.median(recalls.values()),
        "order, mean": statistics.fmean(orders.values()),
        "order by the page": {kind: statistics.fmean(values.values()) for kind, values in by_page.items()},
        "files": len(recalls),
        "pages a CPU second": pages / seconds if seconds else 0.0,
    }
    print("PDF against its source: " + ", ".join(f"{name} {value}" for name, value in found.items()))
    return found


def _read(path: Path) -> Reading:
    return PdfReader().read(path.read_bytes(), "pdf", Hint(path=path.name), Limits()).reading
