"""Questions made from an organisation's own files, each with the place that answers it: headings, definitions, tables.

Nobody has to write a test: a heading asks for what stands under it, "X이란 … 말한다" asks what X is, a table's row and
column ask for their cell. What could be answered in two places bears the document's name, and is left out when that
does not tell them apart either. The same files give the same questions.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Literal

import msgspec

from jihwi.errors import QuestionsInvalid
from jihwi.evidence import Reading, sentence_spans
from jihwi.evidence.reading import Block, Cell
from jihwi.library.catalogue import path_key
from jihwi.library.types import Document
from jihwi.words import particle

__all__ = ["Gold", "LabQuestion", "OwnQuestion", "QuestionKind", "Taken", "made_from", "own_questions", "placed"]

QuestionKind = Literal["heading", "definition", "table", "own"]

_MOST_A_DOCUMENT = 200
"""Questions of one kind that one document may propose."""
_MOST_CELLS = 2_000
"""Cells of one table that are looked at, spread over its rows."""
_MOST_CSV_BYTES = 8 << 20
_MOST_PLACES = 50
"""Places of one of the person's own answers that count."""


class Gold(msgspec.Struct, frozen=True):
    """A place that answers: a span of a reading."""

    reading: str
    start: int
    end: int


class LabQuestion(msgspec.Struct, frozen=True):
    """A question, and the places of which one is enough to answer it."""

    text: str
    kind: QuestionKind
    answer: str
    golds: tuple[Gold, ...]
    path: str
    """The file the answer stands in; the first, when it stands in several."""


class OwnQuestion(msgspec.Struct, frozen=True):
    """A question a person wrote, with its answer in the document's words."""

    question: str
    answer: str
    file: str = ""
    """The end of the file's path; anywhere, when empty."""


class Taken(msgspec.Struct, frozen=True):
    """A document with its reading: what the questions are made from."""

    document: Document
    reading: Reading


class _Proposal(msgspec.Struct, frozen=True):
    core: str
    named: str
    """The same, with the document's name."""
    kind: QuestionKind
    gold: Gold
    path: str
    answer: str


# ── questions from the files ─────────────────────────────────────────────────


def made_from(taken: Sequence[Taken], most: int) -> list[LabQuestion]:
    """At most `most` questions of each kind, spread over the documents."""
    proposals = [proposal for one in taken for proposal in _proposals(one)]
    cores = Counter(_folded(one.core) for one in proposals)
    names = Counter(_folded(one.named) for one in proposals)
    kept: dict[QuestionKind, dict[str, list[LabQuestion]]] = {"heading": {}, "definition": {}, "table": {}}
    for one in proposals:
        text = one.core if cores[_folded(one.core)] == 1 else one.named
        if text == one.named and names[_folded(one.named)] > 1:
            continue
        question = LabQuestion(text, one.kind, one.answer, (one.gold,), one.path)
        kept[one.kind].setdefault(one.gold.reading, []).append(question)
    return [question for by_document in kept.values() for question in _spread(by_document, most)]


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _spread(by_document: dict[str, list[LabQuestion]], most: int) -> Iterator[LabQuestion]:
    """One of each document, then a second of each; no document drowns the others, and nothing is left to chance."""
    queues = [sorted(by_document[key], key=_lot) for key in sorted(by_document)]
    turns = (
        queue[place] for place in range(max(map(len, queues), default=0)) for queue in queues if place < len(queue)
    )
    yield from (question for question, _ in zip(turns, range(most), strict=False))


def _lot(question: LabQuestion) -> str:
    gold = question.golds[0]
    return hashlib.sha256(f"{gold.reading}{gold.start}{question.text}".encode("utf-8", "surrogatepass")).hexdigest()


def _proposals(taken: Taken) -> Iterator[_Proposal]:
    found: dict[QuestionKind, list[_Proposal]] = defaultdict(list)
    stem = PurePosixPath(taken.document.source.path).stem.replace("_", " ")
    for kind, core, start, end in _asked(taken.reading):
        if len(found[kind]) < _MOST_A_DOCUMENT and (answer := " ".join(taken.reading.text[start:end].split())):
            gold = Gold(taken.document.reading, start, end)
            path = taken.document.source.path
            found[kind].append(_Proposal(_asking(core), _asking(f"{stem} {core}"), kind, gold, path, answer))
    for proposals in found.values():
        yield from proposals


def _asking(core: str) -> str:
    """A question of a noun phrase, in its language."""
    if any("가" <= letter <= "힣" for letter in core):
        return f"{core}{particle(core, '은')} 무엇인가?"
    return f"What is {core}?"


_Asked = tuple[QuestionKind, str, int, int]
"""Kind, what is asked for, and the span that answers."""


def _asked(reading: Reading) -> Iterator[_Asked]:
    heading = ""
    for block in reading.blocks:
        if block.kind == "heading":
            heading = _title(reading.text[block.start : block.end])
        elif block.kind in ("paragraph", "list_item"):
            sentences = sentence_spans(reading.text, block.start, block.end)
            yield from _headed(reading.text, block, heading, sentences)
            yield from _defined(reading.text, sentences)
            heading = ""
        elif block.table is not None:
            heading = ""
            yield from _in_table(reading.text, block)


_NUMBER = re.compile(r"\s*(?:(?:[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]+|\d{1,3}(?:[.\-]\d{1,3}){0,3}|[가-하])[.)]|[①-⑳]|[-*#○●□■◦ㅇ])\s*")
_ARTICLE = re.compile(r"\s*제\s?\d+\s?조(?:의\s?\d+)?\s?[(（]([^)）\n]{2,40})[)）]\s*")
_SHORTEST = 10
"""Code points of a sentence that says anything."""


def _title(text: str) -> str:
    """What a heading says, without its number; empty when that is too little or too much to ask for."""
    article = _ARTICLE.match(text)
    words = " ".join((article[1] if article else _NUMBER.sub("", text, count=1)).split()).strip(" .:")
    return words if 2 <= len(words) <= 60 and sum(letter.isalpha() for letter in words) >= 2 else ""


def _headed(text: str, block: Block, heading: str, sentences: Sequence[tuple[int, int]]) -> Iterator[_Asked]:
    """The first sentence under a heading, or after an article's name, answers what the heading names."""
    article = _ARTICLE.match(text, block.start, block.end)
    if article is not None:
        heading = _title(article[0])
    begin = article.end() if article is not None else block.start
    first = next(((max(a, begin), b) for a, b in sentences if b - max(a, begin) >= _SHORTEST), None)
    if heading and first is not None:
        yield "heading", heading, *first


_AFTER_TERM = r"(?:[(（][^)）\n]{1,60}[)）]\s?)?(?:이?란|이?라 ?고?\s?함은)[\s,]"
_QUOTED_TERM = re.compile(r"[\"“‘'「『]([^\"“”‘’'「」『』\n]{1,40})[\"”’'」』]\s?" + _AFTER_TERM)
_PLAIN_TERM = re.compile(r"([가-힣A-Za-z0-9·\- ]{2,24}?)" + _AFTER_TERM)
_SAYS = re.compile(r"(?:말한다|뜻한다|의미한다|일컫는다|말함|의미함|말합니다|의미합니다|뜻합니다)[.。]?\Z")
_MEANS = re.compile(
    r"[\"“]?((?:[Tt]he |[Aa]n? )?[A-Za-z][\w\-]*(?: [\w\-]+){0,4}?)[\"”]? "
    r"(?:means|refers to|is defined as|shall mean) \w"
)
_POINTING = frozenset("this that it which what he she they there these those and or by".split())  # noqa: SIM905
_LONGEST = 1_000


def _defined(text: str, sentences: Sequence[tuple[int, int]]) -> Iterator[_Asked]:
    """Sentences that say what a word means."""
    for start, end in sentences:
        if end - start > _LONGEST:
            continue
        number = _NUMBER.match(text, start, end)
        begin = number.end() if number else start
        if _SAYS.search(text[max(start, end - 12) : end]):
            found = _QUOTED_TERM.search(text, start, end) or _PLAIN_TERM.match(text, begin, end)
        else:
            found = _MEANS.match(text, begin, end)
            if found is not None and not _POINTING.isdisjoint(found[1].casefold().split()):
                found = None
        if found is not None and len(found[1].strip()) > 1:
            yield "definition", found[1].strip(), start, end


def _in_table(text: str, block: Block) -> Iterator[_Asked]:
    """Row heading and column heading ask for their cell; the answer is the row from its heading to the cell."""
    table = block.table
    if table is None or table.columns < 2:
        return
    grid = {(cell.row, cell.column): cell for cell in table.cells}
    headers = table.header_rows or _guessed_header(text, table.cells)
    if not headers:
        return
    columns = {column: _column_words(text, grid, column, headers) for column in range(1, min(table.columns, 60))}
    often = Counter(columns.values())
    rows = Counter(_words(text, cell) for (row, column), cell in grid.items() if column == 0 and row >= headers)
    step = max(1, table.rows * len(columns) // _MOST_CELLS)
    for row in range(headers, table.rows, step):
        lead = grid.get((row, 0))
        name = _words(text, lead)
        if lead is None or rows[name] != 1 or not _names(name):
            continue
        for column, title in columns.items():
            cell = grid.get((row, column))
            if cell is not None and _words(text, cell) and often[title] == 1 and _names(title):
                yield "table", _of(name, title), min(lead.start, cell.start), cell.end


def _of(row: str, column: str) -> str:
    korean = any("가" <= letter <= "힣" for letter in row + column)
    return f"{row}의 {column}" if korean else f"the {column} of {row}"


def _names(words: str) -> bool:
    return 2 <= len(words) <= 40 and sum(letter.isalpha() for letter in words) >= 2


def _words(text: str, cell: Cell | None) -> str:
    return " ".join(text[cell.start : min(cell.end, cell.start + 500)].split()) if cell is not None else ""


def _column_words(text: str, grid: dict[tuple[int, int], Cell], column: int, headers: int) -> str:
    return " ".join(dict.fromkeys(_words(text, grid.get((row, column))) for row in range(headers))).strip()


def _guessed_header(text: str, cells: Iterable[Cell]) -> int:
    """1 when every cell of the first row names something and none holds a figure."""
    first = [_words(text, cell) for cell in cells if cell.row == 0]
    plain = all(_names(words) and not any(letter.isdigit() for letter in words) for words in first)
    return 1 if len(first) > 1 and plain and len(set(first)) == len(first) else 0


# ── a person's own questions ─────────────────────────────────────────────────

_COLUMNS = {
    "question": "question",
    "질문": "question",
    "answer": "answer",
    "답": "answer",
    "정답": "answer",
    "file": "file",
    "파일": "file",
}


def own_questions(data: bytes, shown_as: str) -> list[OwnQuestion]:
    """The questions of a CSV file with the columns question, answer and, if wanted, file. Raises QuestionsInvalid.

    >>> own_questions("질문,답\\n당직비는?,60000원\\n".encode("cp949"), "q.csv")
    [OwnQuestion(question='당직비는?', answer='60000원', file='')]
    """
    if len(data) > _MOST_CSV_BYTES:
        raise QuestionsInvalid(shown_as, f"{len(data):,} > {_MOST_CSV_BYTES:,} bytes")
    try:
        rows = list(csv.reader(io.StringIO(_decoded(data), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as problem:
        raise QuestionsInvalid(shown_as, str(problem)) from problem
    names = [_COLUMNS.get(cell.strip().casefold(), "") for cell in rows[0]] if rows else []
    if not {"question", "answer"} <= set(names):
        raise QuestionsInvalid(shown_as, ",".join(rows[0]) if rows else "-")
    found = [OwnQuestion(**_row(names, row)) for row in rows[1:] if any(cell.strip() for cell in row)]
    found = [one for one in found if one.question and one.answer]
    if not found:
        raise QuestionsInvalid(shown_as, "0")
    return found


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp949")


def _row(names: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    cells = dict(zip(names, row, strict=False))
    return {name: cells.get(name, "").strip() for name in ("question", "answer", "file")}


def placed(own: Sequence[OwnQuestion], taken: Sequence[Taken]) -> tuple[list[LabQuestion], list[OwnQuestion]]:
    """A person's questions with every place their answers stand, and those whose answer stands nowhere."""
    found: list[LabQuestion] = []
    lost: list[OwnQuestion] = []
    for one in own:
        pattern = re.compile(r"\s+".join(map(re.escape, one.answer.split())))
        places: list[tuple[str, Gold]] = []
        for each in taken:
            path = each.document.source.path
            if len(places) < _MOST_PLACES and path_key(path).endswith(path_key(one.file)):
                places += [
                    (path, Gold(each.document.reading, *match.span())) for match in pattern.finditer(each.reading.text)
                ]
        golds = tuple(gold for _, gold in places[:_MOST_PLACES])
        if golds:
            found.append(LabQuestion(one.question, "own", one.answer, golds, places[0][0]))
        else:
            lost.append(one)
    return found, lost
