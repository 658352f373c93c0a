"""The library's figures, beside others', in one run: `make bench-library`.

Every row of ours comes from the shipped default configuration, through the library's front door. The sets lie beside
the repository (`JIHWI_RETRIEVAL` names another folder); the other retrievers are installed into an environment of
their own, once (`build/peers/retrievers`, or `JIHWI_PEERS`). What cannot be had is skipped and said so.
Prints tables and writes `build/bench/library.json`, each figure beside its target.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from benchmarks.answers import TARGETS as ANSWER_TARGETS
from benchmarks.answers import figures as answer_figures
from benchmarks.environments import peer_python
from benchmarks.figures import Target, write_figures
from jihwi.evidence import Metadata, Reading, ReadingBuilder, Viewer
from jihwi.evidence.chunking import token_count
from jihwi.evidence.sentences import sentences
from jihwi.index import ChunkText, IndexedDocument
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.mecab import MecabAnalyser
from jihwi.library import Library
from jihwi.readers import FileToRead, Outcome

ROOT = Path(__file__).resolve().parents[1]
ANYONE = Viewer("bench")
PEER_NAMES = ("langchain", "llamaindex", "bm25s+kiwi")
Rows = list[dict[str, Any]]


def sets_folder() -> Path:
    """`JIHWI_RETRIEVAL`, or the folder beside the repository."""
    named = os.environ.get("JIHWI_RETRIEVAL")
    return Path(named) if named else ROOT.parent / "shared" / "data" / "retrieval"


def retrievers_python() -> Path | None:
    """The interpreter of the other retrievers' environment; None when it cannot be had."""
    named = os.environ.get("JIHWI_PEERS")
    if named is None:
        return peer_python("library", "retrievers")
    python = Path(named) / "bin" / "python"
    return python if python.exists() else None


def rows_of(path: Path) -> Rows:
    """The lines of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class Readings:
    """A reading service that gives readings made beforehand, by the path they are shown under."""

    def __init__(self, readings: dict[str, Reading]) -> None:
        self._readings = readings

    def version(self) -> str:
        return "bench-1"

    def read_all(self, files: Iterable[FileToRead]) -> Iterator[Outcome]:
        for file in files:
            reading = self._readings[file.shown_as]
            yield Outcome(path=file.shown_as, source=reading.source, size=0, format="text", grade="A", reading=reading)


def a_library(folder: Path, readings: dict[str, Reading]) -> Library:
    """A library of these readings, made by the shipped configuration."""
    analyser = MecabAnalyser()
    library = Library(folder, analyser, EmbeddedIndex(folder / "index", analyser))
    library.put_collection("bench")
    place = folder / "nothing"
    place.touch()
    library.ingest("bench", [FileToRead(str(place), path) for path in readings], Readings(readings))
    return library


def passage_readings(passages: Rows) -> dict[str, Reading]:
    """Each passage a document of its own, its title given."""
    made: dict[str, Reading] = {}
    for row in passages:
        builder = ReadingBuilder(source=row["id"], reader="bench", reader_version="1", format="text")
        builder.metadata = Metadata(title=row["title"])
        made[row["id"]] = builder.paragraph(row["text"]).done()
    return made


# ── finding the passage ──────────────────────────────────────────────────────


def our_answers(passages: Rows, queries: Rows) -> tuple[list[list[str]], list[float]]:
    """The five best passages for each question, and how long each took."""
    with tempfile.TemporaryDirectory() as folder:
        library = a_library(Path(folder), passage_readings(passages))
        answers, took = [], []
        for row in queries:
            begun = time.perf_counter()
            hits = library.search(row["query"], ANYONE, limit=10).hits
            took.append(time.perf_counter() - begun)
            answers.append(list(dict.fromkeys(hit.path for hit in hits))[:5])
        library.close()
    return answers, took


def peer_answers(name: str, folder: Path, python: Path) -> list[list[str]] | None:
    """The same by another retriever; None when it fails."""
    worker = Path(__file__).with_name("library_peers.py")
    ran = subprocess.run(
        [
            str(python),
            "-P",
            "-W",
            "ignore",
            str(worker),
            name,
            str(folder / "passages.jsonl"),
            str(folder / "queries.jsonl"),
        ],
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        print(f"  {name}: {ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else 'failed'}")
        return None
    return [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("[")]


def recalls(queries: Rows, answers: list[list[str]]) -> dict[str, float]:
    """Recall at one and at five, in percent."""
    found = {1: 0, 5: 0}
    for row, answer in zip(queries, answers, strict=True):
        for depth in found:
            found[depth] += bool(set(row["relevant"]) & set(answer[:depth]))
    return {f"recall@{depth}": round(100 * count / len(queries), 2) for depth, count in found.items()}


def finding(name: str, folder: Path, python: Path | None, *, misses: bool) -> dict[str, Any]:
    """Recall on one set, ours and the others'."""
    passages, queries = rows_of(folder / "passages.jsonl"), rows_of(folder / "queries.jsonl")
    answers, took = our_answers(passages, queries)
    table: dict[str, Any] = {"jihwi": recalls(queries, answers)}
    took.sort()
    table["jihwi"]["p50_ms"] = round(took[len(took) // 2] * 1e3, 2)
    table["jihwi"]["p99_ms"] = round(took[int(len(took) * 0.99)] * 1e3, 2)
    for peer in PEER_NAMES if python is not None else ():
        theirs = peer_answers(peer, folder, python) if python is not None else None
        if theirs is not None:
            table[peer] = recalls(queries, theirs)
    print(f"\n{name}: {len(passages)} passages, {len(queries)} questions")
    for who, figures in table.items():
        print(f"  {who:12} " + "  ".join(f"{key} {value}" for key, value in figures.items()))
    table["misses"] = show_misses(passages, queries, answers, each=misses)
    return table


CAUSES = {
    "subject": "the question does not say what it is about",
    "elsewhere": "an accepted answer stands in another passage that was found",
    "other_words": "the passage says it in other words than the question",
    "outweighed": "passages that name the same thing more often stand before it",
}


def show_misses(passages: Rows, queries: Rows, answers: list[list[str]], *, each: bool) -> dict[str, int]:
    """How many questions did not find their passage among the first five, by cause; with `each`, every one of them."""
    by_id = {row["id"]: row for row in passages}
    analyser = MecabAnalyser()
    counts = dict.fromkeys(CAUSES, 0)
    for row, answer in zip(queries, answers, strict=True):
        if set(row["relevant"]) & set(answer):
            continue
        why, lacking = cause_of(row, [by_id[one] for one in answer], by_id[row["relevant"][0]], analyser)
        counts[why] += 1
        if each:
            beside = f" (lacks {', '.join(lacking)})" if lacking else ""
            print(f"  missed {row['id']} {why}: {row['query']!r} wanted {row['relevant']} got {answer}{beside}")
    told = (f"{number} {code} ({CAUSES[code]})" for code, number in counts.items() if number)
    print(f"  missed {sum(counts.values())}: " + "; ".join(told))
    return counts


def cause_of(
    query: dict[str, Any], found: Rows, right: dict[str, Any], analyser: MecabAnalyser
) -> tuple[str, list[str]]:
    """Why a passage was not found, by rule, and which of the question's terms it lacks."""
    asked = analyser.query_terms(query["query"])
    title = set(analyser.terms(right["title"]))
    held = title.union(analyser.terms(right["text"]))
    lacking = [term for term in asked if term not in held]
    if title and len(asked) <= 2 and not title.intersection(asked):
        return "subject", lacking
    if any(gold in row["text"] for row in found for gold in query.get("answers", ())):
        return "elsewhere", lacking
    return ("other_words" if lacking else "outweighed"), lacking


# ── the answer inside a context of so many tokens ────────────────────────────


def containment(folder: Path, budgets: tuple[int, ...] = (1000, 2000)) -> dict[str, float]:
    """Articles glued whole and cut by the default strategy: is the answer within the first tokens of the hits?"""
    passages, queries = rows_of(folder / "passages.jsonl"), rows_of(folder / "queries.jsonl")
    readings: dict[str, Reading] = {}
    place: dict[str, tuple[str, int]] = {}
    for title, group in groupby(passages, key=lambda row: row["title"]):
        path = f"{title} {len(readings)}".replace("/", " ")
        builder = ReadingBuilder(source=path, reader="bench", reader_version="1", format="text")
        builder.metadata = Metadata(title=title)
        for row in group:
            builder.paragraph(row["text"])
            place[row["id"]] = (path, builder.length - len(row["text"]))
        readings[path] = builder.done()
    inside = dict.fromkeys(budgets, 0)
    with tempfile.TemporaryDirectory() as temporary:
        library = a_library(Path(temporary), readings)
        sizes = [token_count(hit.text) for row in queries[:50] for hit in library.search(row["query"], ANYONE).hits]
        for row in queries:
            path, offset = place[row["relevant"][0]]
            start = offset + row["answer_start"]
            at = _tokens_before(library, row["query"], path, start, start + len(row["answers"][0]), max(budgets))
            for budget in budgets:
                inside[budget] += at <= budget
        library.close()
    figures = {f"inside {budget} tokens": round(100 * count / len(queries), 2) for budget, count in inside.items()}
    print(
        f"\nkorquad_a, articles glued whole ({len(readings)} documents, mean hit {sum(sizes) / len(sizes):.0f} tokens)"
    )
    print("  jihwi        " + "  ".join(f"{key} {value}" for key, value in figures.items()))
    return figures


def _tokens_before(library: Library, question: str, path: str, start: int, end: int, most: int) -> float:
    """How many tokens of context are read until the answer's end; infinite when it is not among them."""
    read = 0
    for hit in library.search(question, ANYONE, limit=20).hits:
        if hit.path == path and hit.start <= start and end <= hit.end:
            return read + token_count(hit.text[: end - hit.start])
        read += token_count(hit.text)
        if read > most:
            break
    return float("inf")


# ── many chunks ──────────────────────────────────────────────────────────────


def many_chunks(count: int, sets: Path, *, sentences_each: int = 0) -> Iterator[IndexedDocument]:
    """Chunks like the sets' passages, half of the sentences replaced by others', so that no two are equal."""
    chance = random.Random(7)
    passages = [row for name in ("korquad_a", "msmarco_ko_a") for row in rows_of(sets / name / "passages.jsonl")]
    split = [sentences(row["text"]) for row in passages]
    every = [sentence for group in split for sentence in group]
    for number in range(0, count, 20):
        chunks = []
        for ordinal in range(min(20, count - number)):
            own = split[(number + ordinal) % len(split)]
            wanted = sentences_each or len(own)
            mixed = [s if chance.random() < 0.5 else chance.choice(every) for s in own]
            mixed += [chance.choice(every) for _ in range(wanted - len(mixed))]
            chunks.append(ChunkText(ordinal, " ".join(mixed), f"문서 {number}"))
        yield IndexedDocument(f"d{number:012}", "bench", "1", tuple(chunks))


def scale(count: int, sets: Path, *, sentences_each: int = 0) -> dict[str, float]:
    """Build, size, query time and memory for `count` chunks."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        index = EmbeddedIndex(folder, MecabAnalyser())
        build = 0.0
        making = 0
        documents = many_chunks(count, sets, sentences_each=sentences_each)
        while part := list(islice(documents, 1000)):
            making += sum(len(chunk.text) for document in part for chunk in document.chunks)
            begun = time.process_time()
            index.add(part)
            build += time.process_time() - begun
        begun = time.process_time()
        index.commit(1)
        build += time.process_time() - begun
        index.close()
        size = sum(path.stat().st_size for path in folder.iterdir())
        asked = (
            rows_of(sets / "korquad_a" / "queries.jsonl")[:500] + rows_of(sets / "msmarco_ko_a" / "queries.jsonl")[:500]
        )
        questions = folder / "questions.json"
        questions.write_text(json.dumps([row["query"] for row in asked]), "utf-8")
        served = subprocess.run(
            [sys.executable, "-m", "benchmarks.library", "--serve", str(folder), str(questions)],
            capture_output=True,
            text=True,
            check=True,
        )
    figures = {
        "chunks": count,
        "characters_a_chunk": round(making / count),
        "build_cpu_seconds": round(build, 1),
        "disk_mb": round(size / 1e6, 1),
        **json.loads(served.stdout),
    }
    print(f"\n{count} chunks of {figures['characters_a_chunk']} characters")
    print("  jihwi        " + "  ".join(f"{key} {value}" for key, value in list(figures.items())[2:]))
    return figures


def serve(folder: Path, questions: Path) -> dict[str, float]:
    """In a fresh process: open the index, answer every question twice, tell times of the second round and memory."""
    index = EmbeddedIndex(folder, MecabAnalyser())
    asked = json.loads(questions.read_text("utf-8"))
    took: list[float] = []
    cpu = 0.0
    for _ in range(2):
        took, cpu = [], time.process_time()
        for question in asked:
            begun = time.perf_counter()
            index.search(question, ["bench"], limit=10)
            took.append(time.perf_counter() - begun)
    cpu = time.process_time() - cpu
    took.sort()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "p50_ms": round(took[len(took) // 2] * 1e3, 2),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1e3, 2),
        "mean_cpu_ms": round(cpu / len(asked) * 1e3, 2),
        "memory_mb": int(status["VmRSS"].split()[0]) // 1024,
        "memory_own_mb": int(status["RssAnon"].split()[0]) // 1024,
    }


TARGETS: dict[str, Target] = {
    "korquad_a / jihwi / recall@5": (">=", 99.0),
    "korquad_a / jihwi / recall@1": (">=", 95.5),
    "msmarco_ko_a / jihwi / recall@5": (">=", 93.0),
    "containment / inside 1000 tokens": (">=", 97.5),
    "containment / inside 2000 tokens": (">=", 98.8),
    **{f"answers / {row}": target for row, target in ANSWER_TARGETS.items()},
    "scale / 100000 / build_cpu_seconds": ("<=", 60.0),
    "scale / 100000 / disk_mb": ("<=", 200.0),
    "scale / 100000 / p50_ms": ("<=", 15.0),
    "scale / 100000 / p99_ms": ("<=", 60.0),
    "scale / 100000 / memory_mb": ("<=", 300.0),
}
_GROWING = ("build_cpu_seconds", "disk_mb", "p50_ms", "p99_ms", "mean_cpu_ms", "memory_mb", "memory_own_mb")


def show_growth(scales: dict[str, dict[str, float]]) -> None:
    """How each figure grows from the smallest number of chunks to the largest."""
    first, last = (scales[name] for name in (min(scales, key=int), max(scales, key=int)))
    if first is not last:
        print(f"\ngrowth of each figure, {first['chunks']} to {last['chunks']} chunks")
        grown = ((key, last[key] / first[key]) for key in _GROWING if first[key])
        print("  jihwi        " + "  ".join(f"{key} x{ratio:.1f}" for key, ratio in grown))


def measure(asked: argparse.Namespace, sets: Path) -> dict[str, Any]:
    """What was asked for, by name."""
    measured: dict[str, Any] = {}
    if asked.only in (None, "finding"):
        python = retrievers_python()
        if python is None:
            print("no other retrievers: their environment could not be made")
        for name in ("korquad_a", "msmarco_ko_a"):
            measured[name] = finding(name, sets / name, python, misses=asked.misses)
    if asked.only in (None, "containment"):
        measured["containment"] = containment(sets / "korquad_a")
    if asked.only in (None, "answers"):
        measured["answers"] = answer_figures()
        print("\nanswers without a model, and sentences over quotations (%)")
        for row, value in measured["answers"].items():
            print(f"{value:6.1f}  {row}")
    if asked.only in (None, "scale"):
        measured["scale"] = {str(count): scale(count, sets) for count in asked.chunks}
        show_growth(measured["scale"])
        if asked.long:
            measured["scale_long"] = {str(count): scale(count, sets, sentences_each=14) for count in asked.chunks}
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="*", default=[100_000], help="how many chunks to build and serve")
    parser.add_argument("--long", action="store_true", help="also with chunks of the default strategy's size")
    parser.add_argument("--misses", action="store_true", help="list the questions whose passage was not found, and why")
    parser.add_argument("--only", choices=("finding", "containment", "answers", "scale"))
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        print(json.dumps(serve(Path(asked.serve[0]), Path(asked.serve[1]))))
        return
    sets = sets_folder()
    if not sets.is_dir():
        print(f"no retrieval sets in {sets}; JIHWI_RETRIEVAL names another folder")
        return
    measured = measure(asked, sets)
    name = f"library-{asked.only}" if asked.only else "library"
    written = write_figures(ROOT / "build" / "bench", name, measured, unit="as named", targets=TARGETS)
    show_targets(json.loads(written.read_text("utf-8")))


def show_targets(figures: Rows) -> None:
    """Every figure that has a target, beside it."""
    print("\nfigures and their targets")
    for row in figures:
        if row["target"] is not None:
            print(f"  {'met   ' if row['met'] else 'MISSED'} {row['value']:8.2f}  {row['target']:8}  {row['figure']}")


if __name__ == "__main__":
    main()
