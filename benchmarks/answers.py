"""The figures of answering without a model, in one run: `make bench-answers`.

Every row comes from the shipped default: the default analyser, the embedded index, one threshold. The sets lie beside
the repository (`JIHWI_RETRIEVAL` names another folder). Prints a table and writes `build/bench/answers.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.figures import Target, write_figures
from benchmarks.planted import Change, false_changes, fit_sentences, true_changes
from jihwi.evidence import supported
from jihwi.index import ChunkText, Found, IndexedDocument
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.mecab import MecabAnalyser
from jihwi.index.mecab_tags import MecabTagger
from jihwi.library.answers import Answer, answer_from
from jihwi.library.passages import Passage
from jihwi.library.questions import understand

ROOT = Path(__file__).resolve().parents[1]
PASSAGES = 6
LEFT_OUT = 1_000
"""Questions whose passage or article is taken away."""
Rows = list[dict[str, Any]]


def sets_folder() -> Path:
    """`JIHWI_RETRIEVAL`, or the folder beside the repository."""
    named = os.environ.get("JIHWI_RETRIEVAL")
    return Path(named) if named else ROOT.parent / "shared" / "data" / "retrieval"


def rows_of(path: Path) -> Rows:
    """The lines of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class Shelf:
    """The passages of a set in an index of their own, each a document under its title."""

    analyser, tagger = MecabAnalyser(), MecabTagger()

    def __init__(self, passages: Rows) -> None:
        self.by_id = {row["id"]: row for row in passages}
        self._folder = tempfile.TemporaryDirectory(prefix="jihwi-bench-")
        self._index = EmbeddedIndex(Path(self._folder.name), self.analyser)
        self._index.add(
            IndexedDocument(row["id"], "all", "1", (ChunkText(0, row["text"], row["title"]),)) for row in passages
        )
        self._index.commit(1)

    def found(self, question: str, without: frozenset[str]) -> Found:
        """The best passages, as if those of `without` were not there (but for their part in the statistics)."""
        found = self._index.search(question, ["all"], limit=PASSAGES + len(without))
        left = [m for m in found.matches if m.document_id not in without][:PASSAGES]
        most = max((m.words for m in left), default=1.0) or 1.0
        again = [msgspec.structs.replace(m, score=m.words / most + m.sentence_share) for m in left]
        return msgspec.structs.replace(found, matches=tuple(again))

    def answer(self, question: str, without: frozenset[str] = frozenset()) -> Answer:
        """The answer of the shipped default."""
        found = self.found(question, without)
        passages = [
            Passage(
                m.document_id,
                "",
                "",
                0,
                self.by_id[m.document_id]["text"],
                m.score,
                (self.by_id[m.document_id]["title"],),
            )
            for m in found.matches
        ]
        asked = understand(question).questions[0]
        return answer_from(asked, passages, found.terms, self.analyser, self.tagger)


def bare(text: str) -> str:
    """Letters and digits only, as answers are compared."""
    return re.sub(r"[\s\W_]", "", text.casefold())


def overlap(one: str, other: str) -> float:
    """F1 over characters."""
    left, right = Counter(bare(one)), Counter(bare(other))
    common = sum((left & right).values())
    return 2 * common / (sum(left.values()) + sum(right.values())) if common else 0.0


def answered(shelf: Shelf, queries: Rows) -> dict[str, float]:
    """Answer sentence first, short answers, false refusals."""
    counts: Counter[str] = Counter()
    total_f1 = 0.0
    halves: dict[str, list[float]] = {"one": [], "other": []}
    for query in queries:
        answer = shelf.answer(query["query"])
        own_half = halves[half_of(shelf.by_id[query["relevant"][0]]["title"])]
        shown = answer.evidence or answer.nearest
        if shown:
            first = shown[0].quotation
            counts["sentence"] += any(gold in first.text for gold in query["answers"])
            own = first.document_id == query["relevant"][0] and first.start <= query["answer_start"] < first.end
            counts["own_sentence"] += own
        counts["refused"] += not answer.found
        if answer.short is not None:
            counts["short"] += 1
            counts["exact"] += any(bare(answer.short.text) == bare(gold) for gold in query["answers"])
            f1 = max(overlap(answer.short.text, gold) for gold in query["answers"])
            total_f1 += f1
        own_half.append(f1 if answer.short is not None else 0.0)
    size = len(queries)
    return {
        "answer sentence first (it holds an accepted answer)": 100 * counts["sentence"] / size,
        "answer sentence first (the very sentence the set names)": 100 * counts["own_sentence"] / size,
        "short answer given": 100 * counts["short"] / size,
        "short answer exact (EM)": 100 * counts["exact"] / size,
        "short answer F1": 100 * total_f1 / size,
        "falsely refused": 100 * counts["refused"] / size,
    } | {f"F1 of the {name} half of the articles": 100 * sum(f) / max(1, len(f)) for name, f in halves.items()}


def half_of(title: str) -> str:
    """Which half an article belongs to: weights are fitted on one and tried on the other."""
    return ("one", "other")[int(hashlib.md5(title.encode(), usedforsecurity=False).hexdigest(), 16) % 2]


def refused(shelf: Shelf, queries: Rows) -> dict[str, float]:
    """How often "not found" is said when it is so."""
    articles: dict[str, set[str]] = {}
    for row in shelf.by_id.values():
        articles.setdefault(row["title"], set()).add(row["id"])
    passage = article = 0
    for query in queries:
        passage += not shelf.answer(query["query"], frozenset(query["relevant"])).found
        gone = frozenset(articles[shelf.by_id[query["relevant"][0]]["title"]])
        article += not shelf.answer(query["query"], gone).found
    return {
        "right passage removed, answered not found": 100 * passage / len(queries),
        "right article removed, answered not found": 100 * article / len(queries),
    }


SIZES = (1, 3, 5, 10)
_ASKED, _ASKED_EACH = 240, 6
"""Questions for each size, and from one library."""


def small(passages: Rows, queries: Rows, seed: int = 4) -> dict[str, float]:
    """A library of a few documents, asked its own questions and others': how often it refuses.

    A document is a whole article, or a single passage (a memo of one page).
    """
    chance = random.Random(seed)
    articles: dict[str, Rows] = {}
    for row in passages:
        articles.setdefault(row["title"], []).append(row)
    made: dict[str, float] = {}
    for name, documents in (("articles", list(articles.values())), ("passages", [[row] for row in passages])):
        for size in SIZES:
            made.update(
                {f"{size} {name}: {row}": v for row, v in _asked_small(documents, size, queries, chance).items()}
            )
    return made


def _asked_small(documents: Sequence[Rows], size: int, queries: Rows, chance: random.Random) -> dict[str, float]:
    """Over many such libraries, in percent: own questions refused; those answered "not found" that should be."""
    by_passage: dict[str, Rows] = {}
    for query in queries:
        by_passage.setdefault(query["relevant"][0], []).append(query)
    title_of = {row["id"]: row["title"] for document in documents for row in document}
    refused: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    while counts[_OWN] < _ASKED:
        rows = [row for document in chance.sample(documents, size) for row in document]
        shelf, titles = Shelf(rows), {row["title"] for row in rows}
        own = [query for row in rows for query in by_passage.get(row["id"], ())]
        foreign = [query for query in queries if title_of[query["relevant"][0]] not in titles]
        for query in chance.sample(own, min(_ASKED_EACH, len(own))):
            counts[_OWN] += 1
            refused[_OWN] += not shelf.answer(query["query"]).found
            if len(rows) > size:
                counts[_REMOVED] += 1
                refused[_REMOVED] += not shelf.answer(query["query"], frozenset(query["relevant"])).found
        for query in chance.sample(foreign, min(_ASKED_EACH, len(own))):
            counts[_FOREIGN] += 1
            refused[_FOREIGN] += not shelf.answer(query["query"]).found
    return {row: 100 * refused[row] / counts[row] for row in counts}


_OWN = "own question falsely refused"
_REMOVED = "its passage removed, answered not found"
_FOREIGN = "foreign question answered not found"


def reliability(shelf: Shelf, queries: Rows) -> dict[str, float]:
    """Of answers with a confidence between two tenths, how many are right: sentences, and short answers.

    Every question is asked twice, once with its passage removed, so that the sure and the unsure are both many.
    """
    size: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for query in queries:
        for without in (frozenset[str](), frozenset(query["relevant"])):
            answer = shelf.answer(query["query"], without)
            shown = answer.evidence or answer.nearest
            if shown:
                place = f"sentence, confidence {_tenth(answer.confidence)}"
                size[place] += 1
                right[place] += any(gold in shown[0].quotation.text for gold in query["answers"])
            if answer.short is not None:
                place = f"short answer, confidence {_tenth(answer.short_confidence)}"
                size[place] += 1
                right[place] += max(overlap(answer.short.text, gold) for gold in query["answers"]) > _NEARLY
    return {f"{place}: right of {size[place]}": 100 * right[place] / size[place] for place in sorted(size)}


_NEARLY = 0.6
"""A short answer with a greater overlap says the same with a word more or less."""


def _tenth(confidence: float) -> str:
    tenth = min(9, int(confidence * 10))
    return f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}"


def planted(texts: Sequence[str], seed: int = 1) -> dict[str, float]:
    """False sentences over true quotations refused, and true paraphrases refused."""
    tagger, chance = MecabTagger(), random.Random(seed)
    sample = chance.sample(list(texts), min(700, len(texts)))
    sentences = fit_sentences(sample)
    sentences = chance.sample(sentences, min(1_200, len(sentences)))
    figures = dict(_judged(sentences, false_changes(sample, tagger), chance, "planted false: ", "all planted false"))
    figures.update(_judged(sentences, true_changes(tagger), chance, "true paraphrase: ", "all true paraphrases"))
    return figures


def _judged(
    sentences: Sequence[str], changes: dict[str, Change], chance: random.Random, name: str, all_name: str
) -> Iterable[tuple[str, float]]:
    refused_count: Counter[str] = Counter()
    made_count: Counter[str] = Counter()
    for sentence in sentences:
        for kind, change in changes.items():
            made = change(sentence, chance)
            if made is not None and made != sentence:
                made_count[kind] += 1
                refused_count[kind] += not supported(made, [sentence]).holds
    for kind, size in made_count.items():
        yield f"{name}{kind}, refused ({size})", 100 * refused_count[kind] / size
    yield f"{all_name}, refused ({made_count.total()})", 100 * refused_count.total() / max(1, made_count.total())


def figures(queries: int = 0) -> dict[str, float]:
    """Every figure of this file by name; empty when the sets are not there. `queries`: ask only so many."""
    folder = sets_folder() / "korquad_a"
    if not folder.exists():
        return {}
    asked = rows_of(folder / "queries.jsonl")
    if queries:
        asked = random.Random(2).sample(asked, min(queries, len(asked)))
    shelf = Shelf(rows_of(folder / "passages.jsonl"))
    found = answered(shelf, asked) | refused(shelf, random.Random(3).sample(asked, min(LEFT_OUT, len(asked))))
    for name in ("korquad_a", "msmarco_ko_a"):
        if (sets_folder() / name).exists():
            texts = [row["text"] for row in rows_of(sets_folder() / name / "passages.jsonl")]
            found.update({f"{name}: {row}": value for row, value in planted(texts).items()})
    return found


TARGETS = {
    "answer sentence first (it holds": (">=", 86.0),
    "short answer exact": (">=", 40.0),
    "short answer F1": (">=", 55.0),
    "falsely refused": ("<=", 10.0),
    "right passage removed": (">=", 80.0),
    "right article removed": (">=", 80.0),
    "korquad_a: all planted false": (">=", 95.0),
    "msmarco_ko_a: all planted false": (">=", 95.0),
    "korquad_a: all true paraphrases": ("<=", 5.0),
    "msmarco_ko_a: all true paraphrases": ("<=", 5.0),
}


SMALL_TARGETS = {
    f"{size} {name}: {row}": target
    for size in SIZES
    for name in ("articles", "passages")
    for row, target in (
        (_OWN, ("<=", 10.0)),
        (_FOREIGN, (">=", 80.0)),
        (_REMOVED, (">=", 80.0)),
    )
}


def main() -> int:
    """Print every figure; they are written to `build/bench/answers.json` too (`answers-small.json` with `--small`)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=0, help="ask only so many (a sample); 0: all")
    parser.add_argument("--small", action="store_true", help="libraries of 1 to 10 documents, and nothing else")
    parser.add_argument("--reliability", action="store_true", help="how often answers of each confidence are right")
    asked = parser.parse_args()
    folder = sets_folder() / "korquad_a"
    if not folder.exists():
        print(f"skipped: there is no {sets_folder()}")
        return 0
    passages, queries = rows_of(folder / "passages.jsonl"), rows_of(folder / "queries.jsonl")
    targets: dict[str, Target] = {}
    if asked.small:
        name, targets, found = "answers-small", SMALL_TARGETS, small(passages, queries)
    elif asked.reliability:
        sample = random.Random(5).sample(queries, min(asked.queries or LEFT_OUT, len(queries)))
        name, found = "answers-reliability", reliability(Shelf(passages), sample)
    else:
        name, targets, found = "answers", TARGETS, figures(asked.queries)
    for row, value in found.items():
        print(f"{value:6.1f}  {row}")
    write_figures(ROOT / "build" / "bench", name, found, unit="percent", targets=targets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
