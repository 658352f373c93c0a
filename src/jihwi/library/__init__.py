"""Documents read, graded, chunked, indexed, and searched by somebody: permission is inside the search.

The database is the truth; an index is a cache that records the last library number it holds.
"""

from __future__ import annotations

from jihwi.library.library import Library
from jihwi.library.nearness import Vectors
from jihwi.library.standing import Standing
from jihwi.library.types import (
    CollectionInfo,
    Document,
    Hit,
    IngestProgress,
    IngestReport,
    KeptSource,
    SearchResult,
    Why,
)

__all__ = [
    "CollectionInfo",
    "Document",
    "Hit",
    "IngestProgress",
    "IngestReport",
    "KeptSource",
    "Library",
    "SearchResult",
    "Standing",
    "Vectors",
    "Why",
]
