"""What is known and how it is shown to be true: readings, chunks, quotations and their check. Pure."""

from __future__ import annotations

from jihwi.evidence.check import Absent, Altered, CheckedCitation, Verbatim, Verdict, check, quoted_sentences
from jihwi.evidence.chunk import Chunk
from jihwi.evidence.citation import Quotation
from jihwi.evidence.claim import Claim, Sentence, SentenceKind
from jihwi.evidence.compute import Computation, compute
from jihwi.evidence.deriving import derive, derive_text, lacking, whole_sentence
from jihwi.evidence.document import CLASS_MARK, SecurityClass, Source, Viewer, classes_in
from jihwi.evidence.folding import NORMALISATIONS, Normalisation
from jihwi.evidence.quoted import QuotedPassage, check_markdown
from jihwi.evidence.reading import (
    READING_SCHEMA_VERSION,
    Block,
    BlockKind,
    Box,
    Cell,
    Link,
    Metadata,
    Origin,
    OriginRun,
    Reading,
    ReadingBuilder,
    Table,
    Warning,
    reading_digest,
)
from jihwi.evidence.reanchor import Difference, Rechecked, reanchor
from jihwi.evidence.report import Contradiction, NotFound, Report, Section, Unreadable
from jihwi.evidence.sentences import sentence_spans
from jihwi.evidence.support import Support, is_negated, supported

__all__ = [
    "CLASS_MARK",
    "NORMALISATIONS",
    "READING_SCHEMA_VERSION",
    "Absent",
    "Altered",
    "Block",
    "BlockKind",
    "Box",
    "Cell",
    "CheckedCitation",
    "Chunk",
    "Claim",
    "Computation",
    "Contradiction",
    "Difference",
    "Link",
    "Metadata",
    "Normalisation",
    "NotFound",
    "Origin",
    "OriginRun",
    "Quotation",
    "QuotedPassage",
    "Reading",
    "ReadingBuilder",
    "Rechecked",
    "Report",
    "Section",
    "SecurityClass",
    "Sentence",
    "SentenceKind",
    "Source",
    "Support",
    "Table",
    "Unreadable",
    "Verbatim",
    "Verdict",
    "Viewer",
    "Warning",
    "check",
    "check_markdown",
    "classes_in",
    "compute",
    "derive",
    "derive_text",
    "is_negated",
    "lacking",
    "quoted_sentences",
    "reading_digest",
    "reanchor",
    "sentence_spans",
    "supported",
    "whole_sentence",
]
