"""The whole corpus as a person reads a folder: two reading processes, no text recognition; time, memory, losses."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from pathlib import Path

from jihwi.readers.folder import survey
from jihwi.readers.sandbox import SandboxReadingService

__all__ = ["measure_whole"]

_LOST = ("reader_crashed", "reader_timeout", "reader_memory")
_EVERY_SECONDS = 0.1
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def measure_whole(folder: Path) -> dict[str, float]:
    """Every file of the corpus, whatever its format."""
    path, os.environ["PATH"] = os.environ["PATH"], os.devnull  # where no program for text recognition is found
    watch = _Watch()
    begun, spent = time.monotonic(), _cpu_seconds()
    grades: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    try:
        with SandboxReadingService(processes=2) as service, watch:
            for outcome in service.read_all(survey(folder / "files").files):
                grades[outcome.grade] += 1
                for remark in outcome.remarks:
                    if remark.code in _LOST:
                        lost[remark.code] += 1
                        print(f"  {remark.code}: {outcome.path}")
    finally:
        os.environ["PATH"] = path
    found = {
        "files": float(grades.total()),
        "seconds": time.monotonic() - begun,
        "CPU seconds": _cpu_seconds() - spent,
        "peak memory, MB": watch.most / 1e6,
        "crashed, hung or out of memory": float(lost.total()),
    }
    print("whole corpus, two processes: " + ", ".join(f"{name} {value:.1f}" for name, value in found.items()))
    print("  grades: " + ", ".join(f"{grade} {count}" for grade, count in sorted(grades.items())))
    return found


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class _Watch:
    """Adds up the memory of this process' children while it is open; `most` is the largest sum seen, in bytes."""

    def __init__(self) -> None:
        self.most = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(_EVERY_SECONDS):
            self.most = max(self.most, sum(map(_resident, _children(os.getpid()))))


def _children(process: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            own = [int(one) for one in task.read_text().split()]
        except OSError:
            continue
        for child in own:
            found += [child, *_children(child)]
    return found


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0
