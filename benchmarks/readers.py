"""Scores the readers of Hancom's formats on the corpus of real documents: `make bench-readers`.

Prints a table and writes `build/bench/readers.json`. Previews and PDFs are oracles only; no reader here sees them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus import (
    LEAST_ORACLE_CHARACTERS,
    Item,
    corpus_folder,
    hancom_items,
    hwp3_twins,
    pdf_texts,
    preview,
    twins,
)
from benchmarks.peers import FORMATS, run_peer
from benchmarks.scores import bare, common_length, hangul, order, recall
from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits, Reader
from jihwi.readers.hwp import HwpReader
from jihwi.readers.hwpx import HwpxReader

LOW = 0.9


def our_readers() -> dict[str, Reader]:
    """Our readers by format."""
    found: dict[str, Reader] = {"hwp5": HwpReader(), "hwpx": HwpxReader()}
    try:
        from jihwi.readers.hwp3 import Hwp3Reader
        from jihwi.readers.hwpml import HwpmlReader
    except ImportError:
        return found
    return found | {"hwp3": Hwp3Reader(), "hwpml": HwpmlReader()}


class Scores:
    """What one reader made of the corpus."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, float]] = defaultdict(dict)
        self.raised: dict[str, str] = {}
        self.near_empty: list[str] = []
        self.unusable: list[str] = []
        self.seconds: dict[str, float] = defaultdict(float)
        self.files: dict[str, int] = defaultdict(int)

    def add(self, figure: str, path: str, value: float) -> None:
        self.values[figure][path] = value

    def mean(self, figure: str) -> float:
        found = self.values.get(figure)
        return statistics.fmean(found.values()) if found else float("nan")


def read_all(items: list[Item]) -> tuple[dict[str, Reading], Scores]:
    """Every file once; what a reader refuses on purpose is counted as raised all the same."""
    readers, scores, readings = our_readers(), Scores(), {}
    for item in items:
        reader = readers.get(item.format)
        if reader is None:
            continue
        begun = time.process_time()
        try:
            readings[item.path] = reader.read(item.data, item.format, Hint(path=item.path), Limits()).reading
        except Exception as problem:
            scores.raised[item.path] = f"{type(problem).__name__}: {problem}"
        scores.seconds[item.format] += time.process_time() - begun
        scores.files[item.format] += 1
    return readings, scores


def text_without(reading: Reading, *origins: str) -> str:
    """The text without the runs of these origins."""
    parts, at = [], 0
    for run in sorted((r for r in reading.origins if r.origin in origins), key=lambda r: r.start):
        parts.append(reading.text[at : run.start])
        at = max(at, run.end)
    return "".join([*parts, reading.text[at:]])


def comparable(reading: Reading) -> tuple[str, str]:
    """The text to hold against a PDF, and against a preview.

    Signs of private use count on neither side: oracles keep them or print other fonts' codes. Previews have no
    automatic numbers, note marks and equations; PDFs have.
    """
    return text_without(reading, "mapped"), text_without(reading, "mapped", "rendered")


def score_oracles(
    items: list[Item], text_of: Callable[[Item], tuple[str, str, bool] | None], scores: Scores, pdfs: dict[str, str]
) -> None:
    """Recall, length and order against previews and PDFs. `text_of` gives the text for PDFs, the text for previews, and
    whether the reading says that something is wrong."""
    newer = {old.path: preview(other) for old, other in hwp3_twins(items)}
    for item in items:
        texts = text_of(item)
        if texts is None:
            continue
        text, stored, said = texts
        ours = bare(text)
        shown = preview(item)
        if len(bare(shown)) >= 20:
            scores.add(f"{item.format} preview recall", item.path, recall(bare(shown), bare(stored), 5))
            scores.add(f"{item.format} preview order", item.path, order(shown, stored))
            if len(ours) < 10 and not said:
                scores.near_empty.append(item.path)
        printed = pdfs.get(item.path, "")
        if (
            printed
            and hangul(printed) == 0
            and hangul(shown or newer.get(item.path, "")) > LEAST_ORACLE_CHARACTERS // 3
        ):
            scores.unusable.append(item.path)
        elif len(bare(printed)) >= LEAST_ORACLE_CHARACTERS:
            scores.add(f"{item.format} pdf recall", item.path, recall(bare(printed), ours, 4))
            scores.add(f"{item.format} pdf length", item.path, len(ours) / len(bare(printed)))
            scores.add(f"{item.format} pdf order", item.path, order(printed, text))


def score_twins(items: list[Item], readings: dict[str, Reading], scores: Scores) -> None:
    """The same document in two formats: the same blocks, the same cells in the same places."""
    for hwp, hwpx in twins(items):
        left, right = readings.get(hwp.path), readings.get(hwpx.path)
        if left is None or right is None:
            continue
        key = f"{hwp.path} | {hwpx.path}"
        blocks = [[(b.kind, bare(r.text[b.start : b.end])) for b in r.blocks] for r in (left, right)]
        if blocks[0] or blocks[1]:
            total = len(blocks[0]) + len(blocks[1])
            scores.add("twins same blocks", key, 2 * common_length(*blocks) / total)
        cells = [_cells(r) for r in (left, right)]
        if cells[0]:
            scores.add("twins same cells", key, sum(cells[1].get(k) == v for k, v in cells[0].items()) / len(cells[0]))
    for old, other in hwp3_twins(items):
        if old.path in readings and other.path in readings:
            texts = [bare(comparable(readings[item.path])[0]) for item in (old, other)]
            key = f"{old.path} | {other.path}"
            scores.add("hwp3 holds its twin", key, recall(texts[1], texts[0], 5))
            scores.add("hwp3 held by its twin", key, recall(texts[0], texts[1], 5))
            cells = [_cells(readings[item.path]) for item in (other, old)]
            if cells[0]:
                same = sum(cells[1].get(k) == v for k, v in cells[0].items())
                scores.add("hwp3 same cells as its twin", key, same / len(cells[0]))


def _cells(reading: Reading) -> dict[tuple[int, int, int], str]:
    found: dict[tuple[int, int, int], str] = {}
    tables = [block.table for block in reading.blocks if block.table is not None]
    for index, table in enumerate(tables):
        for cell in table.cells:
            text = bare(reading.text[cell.start : cell.end])
            if text:
                found[index, cell.row, cell.column] = text
    return found


def report(scores: Scores, low: int) -> None:
    """The table, then every file under .9."""
    print(f"{'figure':32} {'mean':>7} {'median':>7} {'least':>7} {'files':>6}")
    for figure in sorted(scores.values):
        found = list(scores.values[figure].values())
        middle = statistics.median(found)
        print(f"{figure:32} {statistics.fmean(found):7.4f} {middle:7.4f} {min(found):7.3f} {len(found):6}")
    for kind in sorted(scores.files):
        seconds = scores.seconds[kind]
        print(
            f"{kind:8} {scores.files[kind]:5} files, {scores.files[kind] / seconds if seconds else 0:7.1f} a CPU second"
        )
    print(f"raised {len(scores.raised)}, near-empty {len(scores.near_empty)}")
    for path, problem in scores.raised.items():
        print("  raised", path, problem[:160])
    for path in scores.unusable:
        print("  left out, its PDF has lost all Hangul:", path)
    for path in scores.near_empty:
        print("  near-empty", path)
    for figure in sorted(scores.values):
        if "length" in figure:
            continue
        for path, value in sorted(scores.values[figure].items(), key=lambda pair: pair[1])[:low]:
            if value < LOW:
                print(f"  {value:.3f} {figure}: {path}")


def _among(texts: dict[str, tuple[str, str, bool]]) -> Callable[[Item], tuple[str, str, bool]]:
    """A file that another reader refused counts as read empty."""
    return lambda item: texts.get(item.path, ("", "", True))


def compare(
    items: list[Item], ours: Scores, pdfs: dict[str, str], folder: Path, peers: Path
) -> dict[str, dict[str, float]]:
    """The other readers on the same files and oracles, and the ceiling: the best of all readers for each file."""
    figures = [figure for figure in sorted(ours.values) if figure.endswith("recall")]
    means: dict[str, dict[str, float]] = {}
    best = {figure: dict(ours.values[figure]) for figure in figures}
    for name, formats in FORMATS.items():
        result = run_peer(name, peers, {i.path: folder / "files" / i.path for i in items if i.format in formats})
        if result is None:
            continue
        theirs = Scores()
        texts = {path: (text, text, path in result.errors) for path, text in result.texts.items()}
        score_oracles([i for i in items if i.format in formats], _among(texts), theirs, pdfs)
        means[name] = {figure: theirs.mean(figure) for figure in figures if figure in theirs.values}
        for kind in formats:
            spent = [result.seconds[i.path] for i in items if i.format == kind and i.path in result.seconds]
            means[name][f"{kind} files a CPU second"] = len(spent) / sum(spent) if sum(spent) else 0.0
        means[name]["raised"] = len(result.errors)
        for figure in figures:
            for path, value in theirs.values.get(figure, {}).items():
                best[figure][path] = max(value, best[figure].get(path, 0.0))
    means["ceiling"] = {figure: statistics.fmean(best[figure].values()) for figure in figures}
    for name, found in means.items():
        print(f"{name:12} " + ", ".join(f"{figure} {value:.3f}" for figure, value in found.items()))
    for figure in figures:
        for path, value in sorted(ours.values[figure].items(), key=lambda pair: pair[1]):
            if value < LOW:
                print(f"  under {LOW}: {value:.3f}, ceiling {best[figure][path]:.3f}, {figure}: {path}")
    return means


def main() -> None:
    """Read, score, print, write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--low", type=int, default=40, help="how many low files to name for each figure")
    arguments.add_argument(
        "--peers", type=Path, default=Path("build/peers"), help="where the other readers are installed"
    )
    arguments.add_argument("--out", type=Path, default=Path("build/bench/readers.json"))
    chosen = arguments.parse_args()
    folder = corpus_folder()
    if not folder.is_dir():
        print(f"no corpus at {folder}")
        return
    items = hancom_items(folder)
    readings, scores = read_all(items)
    pdfs = pdf_texts(folder)
    texts = {path: (*comparable(r), bool(r.warnings)) for path, r in readings.items()}
    score_oracles(items, lambda item: texts.get(item.path), scores, pdfs)
    score_twins(items, readings, scores)
    report(scores, chosen.low)
    others = compare(items, scores, pdfs, folder, chosen.peers) if chosen.peers.is_dir() else {}
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(
        json.dumps(
            {
                "means": {figure: scores.mean(figure) for figure in sorted(scores.values)},
                "others": others,
                "files": scores.values,
                "raised": scores.raised,
                "near_empty": scores.near_empty,
                "files_per_cpu_second": {k: scores.files[k] / s for k, s in scores.seconds.items() if s},
            },
            ensure_ascii=False,
            indent=1,
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
