"""Scores the readers of Hancom's formats on the corpus of real documents: `make bench-readers`.

Prints tables and writes `build/bench/readers.json`, figures with their targets, and `readers-files.json`, every file's.
Previews and PDFs are oracles only; no reader here sees them. Where an oracle's own ceiling, the best of all readers for
each file, lies below a target, the ceiling less .002 is the target.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.corpus import (
    LEAST_ORACLE_CHARACTERS,
    Item,
    corpus_folder,
    hancom_items,
    hwp3_twins,
    is_distributed,
    pdf_texts,
    preview,
    twins,
)
from benchmarks.figures import Target, write_figures
from benchmarks.peers import FORMATS, peers_folder, run_peer
from benchmarks.readers_causes import cause
from benchmarks.readers_pdf import measure_pdfs
from benchmarks.readers_whole import measure_whole
from benchmarks.scores import bare, common_length, hangul, order, recall
from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits, Reader
from jihwi.readers.hwp import HwpReader
from jihwi.readers.hwpx import HwpxReader

ROOT = Path(__file__).resolve().parents[1]
LOW = 0.9
ASIDE = frozenset(("footnote", "endnote", "header", "footer", "comment", "text_box"))
"""What a page shows elsewhere than where it belongs: at its foot, at its head, floating."""
WANTED: dict[str, float] = {
    "hwp5 preview recall": 0.995,
    "hwp5 pdf recall": 0.985,
    "hwpx preview recall": 0.995,
    "hwpx pdf recall": 0.990,
    "hwp5 pdf order": 0.98,
    "hwpx pdf order": 0.98,
    "hwp5 pdf order, notes aside": 0.98,
    "hwpx pdf order, notes aside": 0.98,
}
"""Targets that give way to the ceiling, less `BELOW_CEILING`."""
BELOW_CEILING = 0.002
TARGETS: dict[str, Target] = {
    "twins same blocks": (">=", 0.98),
    "twins same cells": (">=", 0.995),
    "hwp3 holds its twin": (">=", 0.99),
    "length of the text over the PDF's, off by": ("<=", 0.02),
    "hwp5 files a CPU second": (">=", 100),
    "hwpx files a CPU second": (">=", 100),
    "raised or near-empty": ("<=", 0),
    "distribution-locked files read / share": (">=", 1),
    "pdf against its source / recall, mean": (">=", 0.90),
    "pdf against its source / recall, median": (">=", 0.993),
    "pdf against its source / order by the page": (">=", 0.98),
    "whole corpus / seconds": ("<=", 60),
    "whole corpus / peak memory, MB": ("<=", 1000),
    "whole corpus / crashed": ("<=", 0),
}


class Compared(NamedTuple):
    """A text as it is held against oracles."""

    printed: str
    """Against a PDF."""
    stored: str
    """Against a preview: without automatic numbers."""
    flow: str
    """Against a PDF's order: without what a page shows elsewhere than where it belongs."""
    said: bool
    """Whether the reading says that something is wrong."""


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


def comparable(reading: Reading) -> Compared:
    """The text to hold against a PDF, against a preview, and against a PDF's order.

    Signs of private use count on neither side: oracles keep them or print other fonts' codes. Previews have no
    automatic numbers, note marks and equations; PDFs have.
    """
    flow = "\n".join(reading.block_text(i) for i, block in enumerate(reading.blocks) if block.kind not in ASIDE)
    printed, stored = text_without(reading, "mapped"), text_without(reading, "mapped", "rendered")
    return Compared(printed, stored, flow, bool(reading.warnings))


def score_oracles(
    items: list[Item], text_of: Callable[[Item], Compared | None], scores: Scores, pdfs: dict[str, str]
) -> None:
    """Recall, length and order against previews and PDFs. `text_of` gives the text for PDFs, the text for previews, and
    whether the reading says that something is wrong."""
    newer = {old.path: preview(other) for old, other in hwp3_twins(items)}
    for item in items:
        texts = text_of(item)
        if texts is None:
            continue
        text, stored, flow, said = texts
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
            scores.add(f"{item.format} pdf order, notes aside", item.path, order(printed, flow))


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
            texts = [bare(comparable(readings[item.path]).printed) for item in (old, other)]
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
                print(f"  {value:.3f} {figure}: {path}: {cause(figure, path)}")


def _among(texts: dict[str, Compared]) -> Callable[[Item], Compared]:
    """A file that another reader refused counts as read empty."""
    return lambda item: texts.get(item.path, Compared("", "", "", True))


class Ceilings(NamedTuple):
    """For each figure and file the best of all readers, and of the others alone."""

    all: dict[str, dict[str, float]]
    others: dict[str, dict[str, float]]

    def best(self, figure: str) -> float:
        return statistics.fmean(self.all[figure].values())


def compare(items: list[Item], ours: Scores, pdfs: dict[str, str], folder: Path) -> tuple[dict[str, Any], Ceilings]:
    """The other readers on the same files and oracles, and the ceilings."""
    figures = [figure for figure in WANTED if figure in ours.values]
    ceilings = Ceilings({f: dict(ours.values[f]) for f in figures}, {f: {} for f in figures})
    means: dict[str, Any] = {}
    peers = peers_folder()
    for name, formats in FORMATS.items() if peers else ():
        wanted = [item for item in items if item.format in formats]
        result = run_peer(name, peers, {i.path: folder / "files" / i.path for i in wanted}) if peers else None
        if result is None:
            continue
        theirs = Scores()
        texts = {path: Compared(text, text, text, path in result.errors) for path, text in result.texts.items()}
        score_oracles(wanted, _among(texts), theirs, pdfs)
        means[name] = {figure: theirs.mean(figure) for figure in figures if figure in theirs.values}
        for kind in formats:
            spent = [result.seconds[i.path] for i in wanted if i.format == kind and i.path in result.seconds]
            means[name][f"{kind} files a CPU second"] = len(spent) / sum(spent) if sum(spent) else 0.0
        means[name]["raised"] = len(result.errors)
        for figure in figures:
            for path, value in theirs.values.get(figure, {}).items():
                # Who found little has little to put out of order.
                if "order" in figure and theirs.values[f"{figure[:4]} pdf recall"][path] < LOW:
                    continue
                for best in (ceilings.all, ceilings.others):
                    best[figure][path] = max(value, best[figure].get(path, 0.0))
    for name, found in means.items():
        print(f"{name:12} " + ", ".join(f"{figure} {value:.3f}" for figure, value in found.items()))
    _report_ceilings(ours, ceilings)
    return means, ceilings


def _report_ceilings(ours: Scores, ceilings: Ceilings) -> None:
    print(f"{'figure':32} {'ours':>7} {'ceiling':>8} {'of the others':>14}  files under {LOW}: ours, ceiling")
    for figure, best in ceilings.all.items():
        others = ceilings.others[figure].values()
        low = sum(value < LOW for value in ours.values[figure].values()), sum(value < LOW for value in best.values())
        alone = f"{statistics.fmean(others):14.4f}" if others else f"{'-':>14}"
        print(f"{figure:32} {ours.mean(figure):7.4f} {ceilings.best(figure):8.4f} {alone}  {low[0]}, {low[1]}")
    for figure, best in ceilings.all.items():
        for path, value in sorted(ours.values[figure].items(), key=lambda pair: pair[1]):
            if value < LOW:
                print(f"  under {LOW}: {value:.3f}, ceiling {best[path]:.3f}, {figure}: {path}: {cause(figure, path)}")


def locked_read(items: list[Item], readings: dict[str, Reading], scores: Scores) -> dict[str, float]:
    """Of the distribution-locked files, how many gave the text that their preview shows, or any where it shows none."""
    locked = [item for item in items if is_distributed(item)]
    previews = scores.values["hwp5 preview recall"]
    read = [i for i in locked if i.path in readings and readings[i.path].text.strip() and previews.get(i.path, 1) > LOW]
    for item in locked:
        if item not in read:
            print(f"  distribution-locked, not read: {item.path}")
    print(f"distribution-locked files read: {len(read)} of {len(locked)}")
    return {"files": len(locked), "share": len(read) / len(locked) if locked else 1.0}


def written(scores: Scores, ceilings: Ceilings, more: dict[str, Any], others: dict[str, Any]) -> None:
    """The figures with their targets, and every file's."""
    means = {figure: scores.mean(figure) for figure in sorted(scores.values) if "length" not in figure}
    lengths = {kind: scores.mean(f"{kind} pdf length") for kind in ("hwp5", "hwpx", "hwp3")}
    speed = {kind: scores.files[kind] / spent for kind, spent in scores.seconds.items() if spent}
    found = {
        **means,
        "length of the text over the PDF's": lengths,
        "length of the text over the PDF's, off by": {k: abs(v - 1) for k, v in lengths.items() if k != "hwp3"},
        **{f"{kind} files a CPU second": value for kind, value in speed.items()},
        "raised or near-empty": len(scores.raised) + len(scores.near_empty),
        "ceiling": {figure: ceilings.best(figure) for figure in ceilings.all},
        **more,
        "others": others,
    }
    given_way = {f: min(wanted, ceilings.best(f) - BELOW_CEILING) for f, wanted in WANTED.items() if f in ceilings.all}
    # The longest name first: a target belongs to the first that begins a figure's name.
    targets = {figure: (">=", given_way[figure]) for figure in sorted(given_way, key=len, reverse=True)}
    out = write_figures(ROOT / "build" / "bench", "readers", found, unit="as named", targets=targets | TARGETS)
    files = {"files": scores.values, "raised": scores.raised, "near_empty": scores.near_empty}
    out.with_name("readers-files.json").write_text(json.dumps(files, ensure_ascii=False, indent=1), "utf-8")
    for row in json.loads(out.read_text("utf-8")):
        if row["target"]:
            print(f"{'met   ' if row['met'] else 'MISSED'} {row['figure']}: {row['value']:.4f} ({row['target']})")


def main() -> None:
    """Read, score, print, write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--low", type=int, default=40, help="how many low files to name for each figure")
    low = arguments.parse_args().low
    folder = corpus_folder()
    if not folder.is_dir():
        print(f"no corpus at {folder}")
        return
    items = hancom_items(folder)
    readings, scores = read_all(items)
    pdfs = pdf_texts(folder)
    texts = {path: comparable(reading) for path, reading in readings.items()}
    score_oracles(items, lambda item: texts.get(item.path), scores, pdfs)
    score_twins(items, readings, scores)
    report(scores, low)
    more = {
        "distribution-locked files read": locked_read(items, readings, scores),
        "pdf against its source": measure_pdfs(
            folder, {item.path: (item.format, *texts[item.path][:3]) for item in items if item.path in texts}
        ),
        "whole corpus": measure_whole(folder),
    }
    others, ceilings = compare(items, scores, pdfs, folder)
    written(scores, ceilings, more, others)


if __name__ == "__main__":
    main()
