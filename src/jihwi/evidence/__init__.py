"""What is known and how it is shown to be true: readings, chunks, quotations and their check. Pure."""

from __future__ import annotations

from jihwi.evidence.chunk import Chunk
from jihwi.evidence.citation import Quotation
from jihwi.evidence.claim import Claim, Sentence, SentenceKind
from jihwi.evidence.document import SecurityClass, Source, Viewer
from jihwi.evidence.reading import (
    READING_SCHEMA_VERSION,
    Block,
    BlockKind,
    Box,
    Cell,
    Metadata,
    Origin,
    OriginRun,
    Reading,
    ReadingBuilder,
    Table,
    Warning,
    reading_digest,
)
from jihwi.evidence.report import Contradiction, NotFound, Report, Section, Unreadable

__all__ = [
    "READING_SCHEMA_VERSION",
    "Block",
    "BlockKind",
    "Box",
    "Cell",
    "Chunk",
    "Claim",
    "Contradiction",
    "Metadata",
    "NotFound",
    "Origin",
    "OriginRun",
    "Quotation",
    "Reading",
    "ReadingBuilder",
    "Report",
    "Section",
    "SecurityClass",
    "Sentence",
    "SentenceKind",
    "Source",
    "Table",
    "Unreadable",
    "Viewer",
    "Warning",
    "reading_digest",
]
