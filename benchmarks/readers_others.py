"""The other readers on the same files and oracles, and the ceilings: the best of all readers for each file."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.corpus import Item
from benchmarks.peers import FORMATS, LONGEST_SECONDS, peers_folder, run_peer
from benchmarks.readers_causes import cause
from benchmarks.readers_scores import HELD, Compared, Oracles, Scores, score_oracles

__all__ = ["Ceilings", "compare"]


class Ceilings(NamedTuple):
    """For each figure and file the best of all readers, and of the others alone. An order is in it only where its
    reader held enough of the text to have one."""

    all: dict[str, dict[str, float]]
    others: dict[str, dict[str, float]]

    def best(self, figure: str) -> float:
        return statistics.fmean(self.all[figure].values())


def compare(
    items: list[Item], ours: Scores, found: Oracles, folder: Path, figures: Sequence[str]
) -> tuple[dict[str, Any], Ceilings]:
    """Each other reader's figures, beside ours on the files that it has them of, and the ceilings."""
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
        score_oracles(wanted, _among(texts), theirs, found)
        means[name] = _beside(theirs, ours, figures)
        for kind in formats:
            spent = [result.seconds[i.path] for i in wanted if i.format == kind and i.path in result.seconds]
            means[name][f"{kind} files a CPU second"] = len(spent) / sum(spent) if sum(spent) else 0.0
        means[name]["raised"] = len(result.errors)
        for figure in figures:
            for path, value in theirs.values.get(figure, {}).items():
                for best in (ceilings.all, ceilings.others):
                    best[figure][path] = max(value, best[figure].get(path, 0.0))
        _report(name, means[name], [path for path, why in result.errors.items() if f"{LONGEST_SECONDS:g}" in why])
    _report_ceilings(ours, ceilings)
    return means, ceilings


def _among(texts: dict[str, Compared]) -> Callable[[Item], Compared]:
    """A file that another reader refused counts as read empty."""
    return lambda item: texts.get(item.path, Compared("", "", "", True))


def _beside(theirs: Scores, ours: Scores, figures: Sequence[str]) -> dict[str, Any]:
    """A reader's means, and for orders how many files they are of and what ours is on those that both held."""
    means: dict[str, Any] = {}
    for figure in figures:
        values = theirs.values.get(figure)
        if not values:
            continue
        means[figure] = statistics.fmean(values.values())
        both = [path for path in values if path in ours.values[figure]]
        if "recall" not in figure and both:
            means[f"{figure}: files"] = len(values)
            means[f"{figure}: ours there"] = statistics.fmean(ours.values[figure][path] for path in both)
    return means


def _report(name: str, means: dict[str, Any], slow: list[str]) -> None:
    print(f"{name}: no order where it held less than {HELD} of the text; {LONGEST_SECONDS:g} seconds a file at most")
    for figure, value in means.items():
        if ": " in figure:
            continue
        files, there = means.get(f"{figure}: files"), means.get(f"{figure}: ours there")
        print(f"  {value:10.4f}  {figure}" + (f", of {files} files, ours there {there:.4f}" if files else ""))
    for path in slow:
        print(f"  died at, or took more than {LONGEST_SECONDS:g} seconds over: {path}")


def _report_ceilings(ours: Scores, ceilings: Ceilings) -> None:
    print(f"{'figure':32} {'ours':>7} {'ceiling':>8} {'of the others':>14}  files; under {HELD}: ours, ceiling")
    for figure, best in ceilings.all.items():
        others = ceilings.others[figure].values()
        low = sum(value < HELD for value in ours.values[figure].values()), sum(value < HELD for value in best.values())
        alone = f"{statistics.fmean(others):14.4f}" if others else f"{'-':>14}"
        line = f"{figure:32} {ours.mean(figure):7.4f} {ceilings.best(figure):8.4f} {alone}"
        print(f"{line}  {len(best)}; {low[0]}, {low[1]}")
    for figure, best in ceilings.all.items():
        for path, value in sorted(ours.values[figure].items(), key=lambda pair: pair[1]):
            if value < HELD:
                print(f"  under {HELD}: {value:.3f}, ceiling {best[path]:.3f}, {figure}: {path}: {cause(figure, path)}")
