"""How a reading is cut into chunks: several strategies, each pure, each keeping the exact offsets of its text.

A strategy is a function from a reading to chunks in reading order. A chunk's text is the reading's text at its
offsets; together the chunks of every strategy hold each block's text (with overlap, some of it twice; parents and
children, all of it twice). `Strategy` names one with its sizes, in a form that can be stored.

Sizes count tokens as `token_count` estimates them, the same on every machine and with no model's vocabulary: a
Hangul syllable or other ideograph counts 0.6, a Latin letter or digit 0.25, any other sign 0.5, white space nothing.
It is an estimate: a model's own count may differ by a third.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from jihwi.evidence.chunk import Chunk
from jihwi.evidence.reading import Block, Reading
from jihwi.evidence.sentences import sentence_spans

__all__ = ["DEFAULT_STRATEGY", "Strategy", "StrategyName", "chunks_of", "token_count"]

StrategyName = Literal["paragraph", "fixed", "overlap", "heading", "table", "article", "parent_child"]


class Strategy(msgspec.Struct, frozen=True, omit_defaults=True):
    """A way to cut, with its sizes in tokens; `name` and sizes together are the chunking's version."""

    name: StrategyName = "paragraph"
    least: int = 256
    """Neighbouring paragraphs are taken together until a chunk has this much."""
    most: int = 512
    """What is longer is cut at sentences; a longer sentence at spaces; a longer word anywhere."""
    overlap: int = 64
    """`overlap`: how much of a chunk stands in the next one too."""

    @property
    def version(self) -> str:
        """Says exactly how a reading was cut; a chunk cut another way has another version."""
        return f"{self.name}-{self.least}-{self.most}-{self.overlap}-{CHUNKING_VERSION}"


CHUNKING_VERSION = 1
"""Rises with every change that cuts a reading otherwise."""

DEFAULT_STRATEGY = Strategy()

_WIDE = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_NARROW = re.compile(r"[^\W_\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_SPACE = re.compile(r"\s")


def token_count(text: str) -> int:
    """About how many tokens a model would count.

    >>> token_count("정보공개 청구서 2부"), token_count("two copies")
    (6, 3)
    """
    wide = len(_WIDE.findall(text))
    narrow = len(_NARROW.findall(text))
    other = len(text) - wide - narrow - len(_SPACE.findall(text))
    return -(-(12 * wide + 5 * narrow + 10 * other) // 20) if text else 0


def chunks_of(reading: Reading, strategy: Strategy = DEFAULT_STRATEGY) -> list[Chunk]:
    """The chunks of `reading`, cut as `strategy` says; none when there is no text.

    >>> from jihwi.evidence import ReadingBuilder
    >>> builder = ReadingBuilder(source="00", reader="text", reader_version="1")
    >>> reading = builder.heading("출장비", level=1).paragraph("출장비는 정산한다.").done()
    >>> [(reading.text[c.start:c.end], c.headings) for c in chunks_of(reading)]
    [('출장비\\n출장비는 정산한다.', ('출장비',))]
    """
    made: list[Chunk] = []
    places = _Places(reading)
    for start, end, extra in _STRATEGIES[strategy.name](reading, strategy):
        trimmed = _trimmed(reading.text, start, end)
        if trimmed is not None:
            made.append(places.chunk(len(made), *trimmed, extra))
    return made


Span = tuple[int, int, tuple[str, ...]]
"""Start, end, and what is added to the heading path (a table's header row, an article's name)."""


class _Unit(msgspec.Struct, frozen=True):
    """A run that is kept whole where it can be: a block, a row, a sentence."""

    start: int
    end: int
    tokens: int
    block: int
    """The block it begins in; -1 for text in no block."""
    heading: bool = False
    extra: tuple[str, ...] = ()


class _Places:
    """Where offsets lie in the reading: blocks, pages, and the headings above them."""

    def __init__(self, reading: Reading) -> None:
        self._blocks = reading.blocks
        self._starts = [block.start for block in reading.blocks]
        self._paths = _heading_paths(reading)

    def chunk(self, ordinal: int, start: int, end: int, extra: tuple[str, ...]) -> Chunk:
        first = max(0, bisect_right(self._starts, start) - 1)
        last = max(first, bisect_left(self._starts, end) - 1)
        block = self._blocks[first] if self._blocks else None
        return Chunk(
            ordinal=ordinal,
            start=start,
            end=end,
            first_block=first,
            last_block=last,
            headings=(self._paths[first] if self._paths else ()) + extra,
            page=block.page if block else 0,
            section=block.section if block else "",
        )


_LONGEST_HEADING = 120


def _heading_paths(reading: Reading) -> list[tuple[str, ...]]:
    """For each block the headings it stands under, itself included, outermost first."""
    paths: list[tuple[str, ...]] = []
    stack: list[tuple[int, str]] = []
    path: tuple[str, ...] = ()
    for index, block in enumerate(reading.blocks):
        if block.kind == "heading":
            while stack and stack[-1][0] >= block.level:
                stack.pop()
            stack.append((block.level, " ".join(reading.block_text(index).split())[:_LONGEST_HEADING]))
            path = tuple(text for _, text in stack)
        paths.append(path)
    return paths


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    inner = text[start:end]
    left = len(inner) - len(inner.lstrip())
    right = len(inner.rstrip())
    return (start + left, start + right) if right > left else None


# ── units ────────────────────────────────────────────────────────────────────


def _block_units(reading: Reading) -> Iterator[_Unit]:
    """Every block as a unit, one inside another as a part of it; text outside of blocks too."""
    text = reading.text
    end = 0
    waiting: tuple[int, int, int] | None = None
    for index, block in enumerate(reading.blocks):
        if waiting is not None and block.start < waiting[1]:
            waiting = (waiting[0], max(waiting[1], block.end), waiting[2])
            continue
        if waiting is not None:
            yield _unit(reading, *waiting)
            end = waiting[1]
        if text[end : block.start].strip():
            yield _unit(reading, end, block.start, -1)
        waiting = (block.start, block.end, index)
    if waiting is not None:
        yield _unit(reading, *waiting)
        end = waiting[1]
    if text[end:].strip():
        yield _unit(reading, end, len(text), -1)


def _unit(reading: Reading, start: int, end: int, block: int) -> _Unit:
    heading = block >= 0 and reading.blocks[block].kind == "heading"
    return _Unit(start, end, token_count(reading.text[start:end]), block, heading)


def _fitting(reading: Reading, unit: _Unit, most: int) -> list[_Unit]:
    """The unit, or its rows, sentences or words, when it is longer than `most`."""
    if unit.tokens <= most:
        return [unit]
    block = reading.blocks[unit.block] if unit.block >= 0 else None
    if block is not None and block.table is not None and block.end == unit.end:
        return [small for row in _row_units(reading, unit, block) for small in _cut_at_spaces(reading.text, row, most)]
    return [
        small
        for start, end in sentence_spans(reading.text, unit.start, unit.end)
        for small in _cut_at_spaces(reading.text, _part(reading.text, unit, start, end), most)
    ]


def _part(text: str, unit: _Unit, start: int, end: int, extra: tuple[str, ...] | None = None) -> _Unit:
    return _Unit(start, end, token_count(text[start:end]), unit.block, False, unit.extra if extra is None else extra)


def _row_units(reading: Reading, unit: _Unit, block: Block) -> Iterator[_Unit]:
    """The rows of a table; those under its header bear the header's words."""
    table = block.table
    rows: dict[int, tuple[int, int]] = {}
    for cell in table.cells if table is not None else ():
        begin, end = rows.get(cell.row, (cell.start, cell.end))
        rows[cell.row] = (min(begin, cell.start), max(end, cell.end))
    header_rows = table.header_rows if table is not None else 0
    header = " ".join(
        " ".join(reading.text[c.start : c.end].split()) for c in (table.cells if table else ()) if c.row < header_rows
    )[:_LONGEST_HEADING]
    at = unit.start
    for row in sorted(rows, key=lambda r: rows[r]):
        end = rows[row][1]
        if end > at:
            yield _part(reading.text, unit, at, end, (header,) if header and row >= header_rows else ())
            at = end
    if reading.text[at : unit.end].strip():
        yield _part(reading.text, unit, at, unit.end, (header,) if header else ())


def _cut_at_spaces(text: str, unit: _Unit, most: int) -> Iterator[_Unit]:
    """The unit in pieces of at most `most`, at white space where there is any."""
    if unit.tokens <= most:
        yield unit
        return
    reach = max(1, most * 3 // 2)
    start = unit.start
    while start < unit.end:
        end = min(unit.end, start + reach)
        if end < unit.end:
            space = max(text.rfind(gap, start + reach // 2, end) for gap in (" ", "\n", "\t"))
            end = space if space > start else end
        yield _part(text, unit, start, end)
        start = end


# ── strategies ───────────────────────────────────────────────────────────────


def _packed(units: Iterable[_Unit], least: int, most: int) -> Iterator[Span]:
    """Neighbouring units taken together: up to `least`, never above `most`, a new chunk at a heading when it can."""
    held: list[_Unit] = []
    tokens = 0
    for unit in units:
        new_part = held and unit.heading and not held[-1].heading and tokens * 4 >= least
        complete = tokens >= least and held and unit.block != held[-1].block
        other_table = held and unit.extra != held[-1].extra and unit.extra
        if held and (tokens + unit.tokens > most or new_part or complete or other_table):
            yield held[0].start, held[-1].end, held[-1].extra
            held, tokens = [], 0
        held.append(unit)
        tokens += unit.tokens
    if held:
        yield held[0].start, held[-1].end, held[-1].extra


def _paragraph(reading: Reading, strategy: Strategy) -> Iterator[Span]:
    units = (small for unit in _block_units(reading) for small in _fitting(reading, unit, strategy.most))
    return _packed(units, strategy.least, strategy.most)


def _fixed(reading: Reading, strategy: Strategy) -> Iterator[Span]:
    whole = _Unit(0, len(reading.text), token_count(reading.text), -1)
    for unit in _cut_at_spaces(reading.text, whole, strategy.most):
        yield unit.start, unit.end, ()


def _overlap(reading: Reading, strategy: Strategy) -> Iterator[Span]:
    """Pieces at sentence ends, each beginning with the last sentences of the one before."""
    sentences = [
        small for unit in _block_units(reading) for small in _fitting(reading, unit, max(1, strategy.overlap or 1))
    ]
    at = 0
    while at < len(sentences):
        end, tokens = at, 0
        while end < len(sentences) and (end == at or tokens + sentences[end].tokens <= strategy.most):
            tokens += sentences[end].tokens
            end += 1
        yield sentences[at].start, sentences[end - 1].end, ()
        if end == len(sentences):
            return
        back, shared = end, 0
        while back - 1 > at and shared + sentences[back - 1].tokens <= strategy.overlap:
            back -= 1
            shared += sentences[back].tokens
        at = back


def _heading(reading: Reading, strategy: Strategy) -> Iterator[Span]:
    """A chunk for each heading with what stands under it; a long one is cut as paragraphs are."""
    held: list[_Unit] = []
    for unit in _block_units(reading):
        if unit.heading and held and not held[-1].heading:
            yield from _packed(held, strategy.most, strategy.most)
            held = []
        held += _fitting(reading, unit, strategy.most)
    yield from _packed(held, strategy.most, strategy.most)


def _table(reading: Reading, strategy: Strategy) -> Iterator[Span]:
    """Rows with their header, a chunk of a table's own; what is no table as paragraphs."""
    held: list[_Unit] = []
    for unit in _block_units(reading):
        block = reading.blocks[unit.block] if unit.block >= 0 else None
        if block is None or block.table is None or block.end != unit.end:
            held += _fitting(reading, unit, strategy.most)
            continue
        yield from _packed(held, strategy.least, strategy.most)
        held = []
        rows = [s for row in _row_units(reading, unit, block) for s in _cut_at_spaces(reading.text, row, strategy.most)]
        yield from _packed(rows, strategy.most, strategy.most)
    yield from _packed(held, strategy.least, strategy.most)


_ARTICLE = re.compile(r"[ \t]*(제\s?\d+\s?조(?:의\s?\d+)?(?:\s?[(（][^)）\n]{1,60}[)）])?)")
_CHAPTER = re.compile(r"[ \t]*제\s?\d+\s?[편장절관](?:의\s?\d+)?\s|[ \t]*부\s*칙|[ \t]*\[?별[표지]")
_CLAUSE = re.compile(r"[ \t]*(?:[①-⑳]|\(?\d{1,2}[.)]\s|[가-하][.)]\s)")


def _article(reading: Reading, strategy: Strategy) -> Iterator[Span]:
    """An article a chunk, under its name; a long one is cut before its paragraphs and items (항, 호, 목)."""
    held: list[_Unit] = []
    for unit in _lines(reading):
        if held and unit.extra != held[-1].extra:
            yield from _packed(held, strategy.most, strategy.most)
            held = []
        held += _fitting(reading, unit, strategy.most)
    yield from _packed(held, strategy.most, strategy.most)


def _lines(reading: Reading) -> Iterator[_Unit]:
    """Lines, each bearing the name of the article it belongs to; lines of one item stay together."""
    name: tuple[str, ...] = ()
    for unit in _block_units(reading):
        start = unit.start
        while start < unit.end:
            end = _line_end(reading.text, start, unit.end)
            article = _ARTICLE.match(reading.text, start, end)
            if article is not None:
                name = (" ".join(article.group(1).split()),)
            elif _CHAPTER.match(reading.text, start, end):
                name = ()
            part = _part(reading.text, unit, start, end, name)
            yield part if not unit.heading or article else msgspec.structs.replace(part, heading=True)
            start = end


def _line_end(text: str, start: int, limit: int) -> int:
    """Where the line that begins at `start` gives way to a new article, chapter or item."""
    end = text.find("\n", start, limit)
    while end >= 0:
        if any(pattern.match(text, end + 1) for pattern in (_ARTICLE, _CHAPTER, _CLAUSE)):
            return end + 1
        end = text.find("\n", end + 1, limit)
    return limit


def _parent_child(reading: Reading, strategy: Strategy) -> Iterator[Span]:
    """Each parent, cut as paragraphs are, followed by its children of a quarter of its size at most."""
    for start, end, extra in _paragraph(reading, strategy):
        yield start, end, extra
        parent = _Unit(start, end, strategy.most + 1, -1)
        small = max(1, strategy.most // 4)
        children = list(_packed(_fitting(reading, parent, small), small, small))
        if len(children) > 1:
            yield from ((a, b, extra) for a, b, _ in children)


_STRATEGIES: dict[StrategyName, Callable[[Reading, Strategy], Iterator[Span]]] = {
    "paragraph": _paragraph,
    "fixed": _fixed,
    "overlap": _overlap,
    "heading": _heading,
    "table": _table,
    "article": _article,
    "parent_child": _parent_child,
}
