"""Figures written where others can read them: `build/bench/NAME.json`, a list of figure, value, unit, target, met."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["write_figures"]

Target = tuple[str, float]
"""`>=` or `<=`, and the figure to reach."""


def write_figures(
    folder: Path, name: str, found: Any, *, unit: str | Callable[[str], str], targets: Mapping[str, Target]
) -> Path:
    """Write every number in `found`, under its path; a target belongs to the first name it begins. `unit` is
    that of all figures, or says it of each."""
    rows = []
    for figure, value in _numbers("", found):
        target = next((targets[key] for key in targets if figure.startswith(key)), None)
        met = None if target is None else (value >= target[1] if target[0] == ">=" else value <= target[1])
        shown = None if target is None else f"{target[0]} {target[1]:g}"
        said = unit if isinstance(unit, str) else unit(figure)
        rows.append({"figure": figure, "value": value, "unit": said, "target": shown, "met": met})
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"{name}.json"
    out.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return out


def _numbers(path: str, found: Any) -> list[tuple[str, float]]:
    if isinstance(found, bool):
        return []
    if isinstance(found, int | float):
        return [(path, found)]
    parts = found.items() if isinstance(found, Mapping) else enumerate(found) if isinstance(found, list | tuple) else ()
    return [row for key, value in parts for row in _numbers(f"{path} / {key}" if path else str(key), value)]
