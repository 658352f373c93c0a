"""How long Jihwi takes to start: `import jihwi` and `jihwi --help`, each in fresh processes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 11
STARTS = {
    "python, nothing imported": ["-c", "pass"],
    "import jihwi": ["-c", "import jihwi"],
    "jihwi --help": ["-c", "from jihwi.cli import main; main()", "--help"],
}


def seconds(arguments: list[str]) -> float:
    """How long one fresh process takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Print medians of interleaved rounds; the first round, with cold files, is shown apart."""
    cold = {name: seconds(arguments) for name, arguments in STARTS.items()}
    warm: dict[str, list[float]] = {name: [] for name in STARTS}
    for _ in range(ROUNDS):
        for name, arguments in STARTS.items():
            warm[name].append(seconds(arguments))
    for name in STARTS:
        print(f"{name:<28} median {statistics.median(warm[name]):.3f} s, first {cold[name]:.3f} s")


if __name__ == "__main__":
    main()
