"""Where the words of a quotation stand in another text: the nearest passage, and what differs from it.

A changed source, or a better reading of the same one, moves every offset. The words themselves find their place
again: pieces of the quotation that occur in the text vote for where it begins, and the best place is compared.
"""

from __future__ import annotations

import re
from collections import Counter
from difflib import Match, SequenceMatcher
from typing import Literal

import msgspec

from jihwi.evidence.citation import Quotation
from jihwi.evidence.folding import Folded, fold
from jihwi.evidence.reading import Reading

__all__ = ["Anchor", "Difference", "Rechecked", "differences", "nearest_passage", "reanchor"]

_LONGEST = 3_000
"""Of a longer quotation only the beginning is compared."""
_ENOUGH = 0.6
"""Less in common than this, and it is another passage."""
_VOTES_PER_PIECE = 200
_WORD = re.compile(r"\d+(?:[.,]\d+)*\w*|\w+|\s+|[^\w\s]")


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place where a quotation departs from the document; either side may be empty."""

    quoted: str = ""
    stands: str = ""


class Anchor(msgspec.Struct, frozen=True):
    """The passage nearest to some words: where it stands and how alike they are, 0 to 1."""

    start: int
    end: int
    alike: float


class Rechecked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one quotation of a case when its source was read otherwise, moved or gone."""

    was: Quotation
    now: Quotation | None = None
    """Where its words stand now; None when they are lost."""
    sentence: int = 0
    """The sentence of the report that stands on it, from 1; 0 for none."""
    finding: int = 0
    """Or the finding."""
    text: str = ""
    """What the sentence or finding says."""
    why: Literal["", "altered", "missing", "unreadable", "gone"] = ""
    """Why it is lost: the words were changed, or are not there; the file gave no text, or is not there."""
    stands: str = ""
    """altered: what stands there now."""
    at: str = ""
    """The reading it was compared with; empty where there was none."""


def differences(quoted: str, stands: str) -> tuple[Difference, ...]:
    """Word for word, where `quoted` departs from `stands`; white space alone is no difference.

    >>> differences("예산은 300만원이다", "예산은 500만원이다")
    (Difference(quoted='300만원이다', stands='500만원이다'),)
    """
    left, right = _WORD.findall(quoted), _WORD.findall(stands)
    found: list[Difference] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        one, other = "".join(left[a:b]).strip(), "".join(right[c:d]).strip()
        if tag != "equal" and (one or other):
            found.append(Difference(one, other))
    return tuple(found)


def nearest_passage(words: str, text: str, folded: Folded | None = None) -> Anchor | None:
    """The passage of `text` most like `words`, or None when nothing is like it enough.

    `folded` is `fold(text)`, where the caller has it already.
    """
    wanted = fold(words).text.strip()[:_LONGEST]
    within = fold(text) if folded is None else folded
    if len(wanted) < 2:
        return None
    best: Anchor | None = None
    for begin in _likely_places(wanted, within.text):
        found = _aligned(wanted, within.text, begin)
        if found is not None and (best is None or found.alike > best.alike):
            best = found
    return None if best is None else _in_source(best, within, text)


def _likely_places(wanted: str, text: str) -> list[int]:
    """Where the passage could begin, the likeliest first: places that many and rare pieces of `wanted` point to."""
    size = 8 if len(wanted) >= 40 else 4 if len(wanted) >= 10 else 2
    votes: Counter[int] = Counter()
    for offset in range(0, max(1, len(wanted) - size + 1), max(1, size // 2)):
        piece = wanted[offset : offset + size]
        weight = 1_000_000 // (1 + text.count(piece))
        at = text.find(piece)
        seen = 0
        while at >= 0 and seen < _VOTES_PER_PIECE:
            votes[(at - offset) // 16] += weight
            seen += 1
            at = text.find(piece, at + 1)
    both = {place: votes[place] + votes[place + 1] for place in list(votes)}
    return [place * 16 for place, _ in sorted(both.items(), key=lambda v: (-v[1], v[0]))[:3]]


def _aligned(wanted: str, text: str, begin: int) -> Anchor | None:
    """The best stretch of `text` around `begin`, word edge to word edge."""
    slack = 24 + len(wanted) // 4
    left = max(0, begin - 8)
    window = text[left : begin + len(wanted) + slack + 16]
    blocks = [
        b
        for b in SequenceMatcher(None, wanted, window, autojunk=False).get_matching_blocks()
        if b.size > 1 or len(wanted) < 6
    ]
    blocks = _without_stray_ends(blocks, len(wanted))
    if not blocks:
        return None
    start = blocks[0].b - min(blocks[0].a, blocks[0].b)
    last = blocks[-1]
    end = min(len(window), last.b + last.size + (len(wanted) - last.a - last.size))
    alike = 2 * sum(b.size for b in blocks) / (len(wanted) + max(1, end - start))
    if alike < _ENOUGH:
        return None
    start, end = _word_edges(window, start, end)
    return Anchor(left + start, left + end, min(1.0, alike))


def _without_stray_ends(blocks: list[Match], length: int) -> list[Match]:
    """The matching blocks without small ones that a wide gap parts from the rest."""
    while len(blocks) > 1 and blocks[-1].b - (blocks[-2].b + blocks[-2].size) > 12 + length // 4:
        blocks = blocks[:-1]
    while len(blocks) > 1 and blocks[1].b - (blocks[0].b + blocks[0].size) > 12 + length // 4:
        blocks = blocks[1:]
    return blocks


def _word_edges(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened to whole words, without white space at its ends."""
    start, end = max(0, start), min(len(text), max(end, start + 1))
    while start > 0 and not text[start - 1].isspace() and not text[start].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace() and not text[end - 1].isspace():
        end += 1
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), end - (len(inner) - len(inner.rstrip()))


def _in_source(anchor: Anchor, folded: Folded, text: str) -> Anchor | None:
    """The anchor in the offsets of the text itself."""
    span = folded.source_span(anchor.start, anchor.end)
    if span is None:
        span = folded.covering_span(anchor.start, anchor.end)
    return Anchor(*span, anchor.alike) if span[0] < span[1] <= len(text) else None


def reanchor(quotation: Quotation, reading: Reading, reading_digest: str) -> Quotation | None:
    """The quotation as it should now stand in `reading`: same words, new offsets; None when its words are lost.

    Words that changed keep the quotation's own text, so that `check` then tells *altered* and shows the change;
    words that are unchanged but for writing get the text that stands there now. The result proves nothing by itself.
    """
    from_text = fold(reading.text)
    anchor = nearest_passage(quotation.text, reading.text, from_text)
    if anchor is None:
        return None
    stands = reading.text[anchor.start : anchor.end]
    exact = _exact_inside(quotation.text, stands)
    start, end = (anchor.start + exact[0], anchor.start + exact[1]) if exact else (anchor.start, anchor.end)
    return Quotation(
        document_id=quotation.document_id,
        source=reading.source,
        reading=reading_digest,
        text=reading.text[start:end] if exact else quotation.text,
        start=start,
        end=end,
    )


def _exact_inside(words: str, stands: str) -> tuple[int, int] | None:
    """Where `words` stand in `stands` under the listed normalisations."""
    for join_lines in (False, True):
        folded = fold(stands, join_lines=join_lines)
        wanted = fold(words, join_lines=join_lines).text.strip()
        at = folded.text.find(wanted) if wanted else -1
        if at >= 0 and (span := folded.source_span(at, at + len(wanted))) is not None:
            return span
    return None
