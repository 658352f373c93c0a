"""Headings with their levels, notes where they belong, numbers as shown: held against what was seen by eye."""

from __future__ import annotations

import hashlib
import statistics
from collections import defaultdict

import pytest

from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits
from jihwi.readers.registry import reader_for
from jihwi.readers.sniff import sniff
from tests.programs import corpus
from tests.readers.expectations import KINDS, Expected, Score, expected_documents, score

LEAST = {
    "document": {"headings": 0.99, "notes": 1.0, "numbers": 1.0, "tables": 0.96},
    "pdf": {"headings": 0.95, "notes": 1.0, "numbers": 1.0, "tables": 1.0},
}
"""What is reached. A PDF holds no headings and no notes: both are told from looks."""


def read(expected: Expected) -> Reading:
    """The reading of a document of the corpus, which is the very one that was looked at."""
    data = (corpus("documents") / "files" / expected.path).read_bytes()
    assert hashlib.sha256(data).hexdigest() == expected.sha256
    format = sniff(data, expected.path).format
    hint = Hint(path=expected.path, source=expected.sha256)
    return reader_for(format, expected.path).read(data, format, hint, Limits()).reading


@pytest.mark.needs("corpus:documents")
def test_what_was_seen_by_eye_is_in_the_readings() -> None:
    totals: dict[str, dict[str, Score]] = {"document": defaultdict(Score), "pdf": defaultdict(Score)}
    shares: dict[str, list[float]] = {"document": [], "pdf": []}
    for expected in expected_documents():
        group = "pdf" if expected.path.endswith(".pdf") else "document"
        scored = score(expected, read(expected))
        whole = sum((found for kind, found in scored.items() if kind != "tables"), Score())
        shares[group] += [whole.share] if whole.of else []
        for kind, found in scored.items():
            totals[group][kind] += found
            if found.right < found.of:
                print(f"{kind:9} {found.right:3} of {found.of:3}  {expected.path}")
    for group, kinds in totals.items():
        every = sum((found for kind, found in kinds.items() if kind != "tables"), Score())
        shown = ", ".join(f"{kind} {kinds[kind].share:.3f} ({kinds[kind].right}/{kinds[kind].of})" for kind in KINDS)
        shown += f", precision of headings {kinds['headings'].precision:.3f}"
        print(f"{group}: {shown}; headings, notes and numbers together {every.share:.3f} of {every.of}")
        print(f"{group}: mean over {len(shares[group])} files {statistics.fmean(shares[group]):.3f}")
    for group, least in LEAST.items():
        for kind, share in least.items():
            assert totals[group][kind].share >= share, (group, kind)


def test_every_fact_has_a_place_where_it_was_seen() -> None:
    documents = expected_documents()
    assert len(documents) >= 30
    assert len({one.path for one in documents}) == len(documents)
    assert all(len(one.reason) > 20 and len(one.sha256) == 64 for one in documents)
