"""How long Jihwi takes to start, by the clock and by the processor: `import jihwi`, `--help` and a short answer."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 11
MAIN = "from jihwi.cli import main; main()"
STARTS = {
    "python, nothing imported": ["-c", "pass"],
    "import jihwi": ["-c", "import jihwi"],
    "jihwi --help": ["-c", MAIN, "--help"],
    "jihwi case list --json": ["-c", MAIN, "case", "list", "--json"],
}


def seconds(arguments: list[str], folder: str) -> tuple[float, float]:
    """How long one fresh process takes in an empty folder, and how much of it on the processor."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print medians of interleaved rounds; the first round, with cold files, is shown apart."""
    with tempfile.TemporaryDirectory() as folder:
        cold = {name: seconds(arguments, folder) for name, arguments in STARTS.items()}
        warm: dict[str, list[tuple[float, float]]] = {name: [] for name in STARTS}
        for _ in range(ROUNDS):
            for name, arguments in STARTS.items():
                warm[name].append(seconds(arguments, folder))
    for name in STARTS:
        clock, processor = (statistics.median(one) for one in zip(*warm[name], strict=True))
        print(f"{name:<28} median {clock:.3f} s, of processor {processor:.3f} s, first {cold[name][0]:.3f} s")


if __name__ == "__main__":
    main()
