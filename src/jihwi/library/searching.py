"""How what the index found becomes hits a viewer may see: text, place, and why; the same content only once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jihwi.index import Found, Match, Term
from jihwi.library.catalogue import Catalogue, DocumentRow, Partition
from jihwi.library.standing import Standing, by_standing
from jihwi.library.types import Hit, Why

__all__ = ["hits_of"]

_BELOW = 5
"""Hits below the limit that standing may still lift above it."""


def hits_of(
    catalogue: Catalogue,
    found: Found,
    keys: dict[str, str] | None,
    partitions: Sequence[Partition],
    standing: Standing,
    limit: int,
) -> list[Hit]:
    """The first `limit` hits. `keys`: what the index holds of each document, when it may be behind the database."""
    titles: dict[str, str] = {}
    modified_ms: dict[str, int] = {}
    partial: set[str] = set()
    visible = {partition.id for partition in partitions}
    weights = {term.term: term for term in found.terms}
    hits: list[Hit] = []
    seen: set[tuple[str, int]] = set()
    for match in found.matches:
        row = catalogue.document(match.document_id)
        if row is None or row.partition not in visible or _is_behind(row, keys):
            continue
        content = (row.document.reading, match.ordinal)
        if content in seen:
            continue
        hit = _hit(catalogue, match, row, weights, visible)
        if hit is not None:
            seen.add(content)
            hits.append(hit)
            titles[match.document_id] = row.document.title
            modified_ms[match.document_id] = row.document.source.modified_ms
            if row.document.grade == "D":
                partial.add(match.document_id)
        if len(hits) == limit + _BELOW:
            break
    return by_standing(hits, titles, modified_ms, standing, partial)[:limit]


def _is_behind(row: DocumentRow, keys: dict[str, str] | None) -> bool:
    """Whether the index speaks of an older state of this document; its offsets would be wrong."""
    return keys is not None and keys.get(row.document.source.document_id) != row.index_key


def _hit(
    catalogue: Catalogue,
    match: Match,
    row: DocumentRow,
    weights: dict[str, Term],
    visible: set[int],
) -> Hit | None:
    document = row.document
    chunk = catalogue.chunk(document.reading, match.ordinal)
    if chunk is None:
        return None
    return Hit(
        document_id=match.document_id,
        path=document.source.path,
        collection=document.source.collection,
        source=document.source.digest,
        reading=document.reading,
        ordinal=match.ordinal,
        start=chunk.start,
        end=chunk.end,
        text=catalogue.text(document.reading, chunk.start, chunk.end),
        score=match.score,
        why=Why(
            words=match.words,
            sentence_share=match.sentence_share,
            chunk_share=match.chunk_share,
            matched=tuple(weights[term] for term in match.matched),
            best_start=chunk.start + match.sentence_start,
            best_end=chunk.start + match.sentence_end,
            similarity=match.similarity,
        ),
        page=chunk.page,
        section=chunk.section,
        headings=chunk.headings,
        security_class=document.source.security_class,
        also_at=tuple(_same_content(catalogue.with_reading(document.reading), row, visible)),
    )


def _same_content(rows: Iterable[DocumentRow], row: DocumentRow, visible: set[int]) -> Iterable[str]:
    """Paths of other documents with this reading that the viewer may see."""
    return (other.document.source.path for other in rows if other.id != row.id and other.partition in visible)
