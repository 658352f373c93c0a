"""How much of a question's letters stand in a sentence: pairs of neighbouring characters, the rare ones counting more.

Pairs see what words miss: a compound written apart, a verb in another form, a name spelt with a particle. A pair is
rare when few of the sentences at hand have it, so what the whole article is about counts for little.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from jihwi.library.passages import Passage, Unit

__all__ = ["PairShare", "pair_shares"]

_IDLE = re.compile(r"[\s?.!,'\"“”‘’()]")


class PairShare(msgspec.Struct, frozen=True):
    """Shares of the question's pairs, 0 to 1."""

    here: float
    before: float
    """In the sentence before or the headings, and not here."""
    in_passage: float


def pair_shares(
    question: str, passages: Sequence[Passage], units: Sequence[Sequence[Unit]]
) -> dict[tuple[int, int], PairShare]:
    """For every unit (passage, place) its shares."""
    wanted = _pairs(question)
    held = {
        (number, place): _held(wanted, passages[number].text[unit.start : unit.end])
        for number, of_passage in enumerate(units)
        for place, unit in enumerate(of_passage)
    }
    often = Counter(pair for pairs in held.values() for pair in pairs)
    worth = {pair: math.log((len(held) + 1) / (often[pair] + 0.5)) for pair in wanted}
    total = sum(worth.values()) or 1.0
    shares: dict[tuple[int, int], PairShare] = {}
    for number, passage in enumerate(passages):
        heads = _held(wanted, " ".join(passage.headings))
        whole = _held(wanted, passage.text) | heads
        in_passage = sum(worth[pair] for pair in whole) / total
        for place in range(len(units[number])):
            here = held[number, place]
            before = (held.get((number, place - 1), set()) | heads) - here
            shares[number, place] = PairShare(
                sum(worth[pair] for pair in here) / total, sum(worth[pair] for pair in before) / total, in_passage
            )
    return shares


def _pairs(text: str) -> set[str]:
    bare = _IDLE.sub("", text).casefold()
    return {bare[at : at + 2] for at in range(len(bare) - 1)}


def _held(wanted: set[str], text: str) -> set[str]:
    bare = _IDLE.sub("", text).casefold()
    return {pair for pair in wanted if pair in bare}
