"""Mutated and truncated files through the real sandbox: always a grade, never a crash or a hang outside the worker.

    python -m jihwi.testing.fuzz --runs 100000
    python -m jihwi.testing.fuzz --runs 5000 --corpus FOLDER --keep FOLDER --seed 7

What a reader throws unexpectedly is no broken law (the file is graded F) but is counted by kind and, with `--keep`,
kept for who looks after that reader. Exit code 1 when a law is broken.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from jihwi.readers import FileToRead, Limits, Outcome
from jihwi.readers.sandbox import LONG_WORK, START_SECONDS, SandboxReadingService
from jihwi.readers.words import CATALOGUE
from jihwi.testing.seeds import PASSWORD, locked_seeds, seeds, zip_of

__all__ = ["FuzzReport", "fuzz", "main", "mutated"]

LARGEST_SEED = 300_000
SLACK_SECONDS = START_SECONDS
"""How much longer than its limit a file may take to come back: its worker is ended and another one started. What
recognises pictures has its limit twice, the second time without them."""


class FuzzReport(msgspec.Struct):
    """What came of a run."""

    runs: int = 0
    seconds: float = 0.0
    slowest_seconds: float = 0.0
    peak_worker_bytes: int = 0
    """Of all that the process has started so far, so of a run in a process of its own."""
    grades: dict[str, int] = {}
    crashes: dict[str, int] = {}
    """Workers lost to a signal, and unexpected exceptions, each by kind: contained, and worth a look."""
    crashed: list[str] = []
    """The files of those; `keep` writes them to a folder."""
    broken: list[str] = []
    """Laws that did not hold."""


def fuzz(
    runs: int,
    *,
    seed: int = 1,
    limits: Limits | None = None,
    processes: int | None = None,
    corpus: Path | None = None,
    keep: Path | None = None,
) -> FuzzReport:
    """Read `runs` mutated files; the same `seed` gives the same files."""
    limits = limits or Limits(seconds=10.0)
    report = FuzzReport()
    grades: Counter[str] = Counter()
    crashes: Counter[str] = Counter()
    started, children_before = time.monotonic(), _largest_child_bytes()
    with (
        tempfile.TemporaryDirectory(prefix="jihwi-fuzz-") as folder,
        SandboxReadingService(limits, processes) as service,
    ):
        made = _files(runs, random.Random(seed), Path(folder), corpus)
        before = time.monotonic()
        for number, outcome in enumerate(service.read_all(made)):
            waited, before = time.monotonic() - before, time.monotonic()
            report.slowest_seconds = max(report.slowest_seconds, waited)
            report.broken += _broken_laws(outcome, number, waited, limits)
            grades[outcome.grade] += 1
            found = _crashes(outcome)
            crashes.update(found)
            report.crashed += [outcome.path] if found else []
            place = Path(folder) / outcome.path
            if found and keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{found[0].replace('/', '_')}-{outcome.path}").write_bytes(place.read_bytes())
            place.unlink()
            report.runs += 1
    if report.runs != runs:
        report.broken.append(f"{report.runs} outcomes for {runs} files")
    report.seconds = round(time.monotonic() - started, 2)
    report.peak_worker_bytes = _largest_child_bytes()
    if report.peak_worker_bytes > max(limits.memory_bytes, children_before):
        report.broken.append(f"a worker took {report.peak_worker_bytes} bytes")
    report.grades, report.crashes = dict(sorted(grades.items())), dict(crashes.most_common())
    return report


def _largest_child_bytes() -> int:
    """The most memory any process had that this one has started and that has ended, whatever it did."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def _broken_laws(outcome: Outcome, number: int, waited: float, limits: Limits) -> list[str]:
    broken = []
    if not outcome.path.startswith(f"{number:06d}-"):
        broken.append(f"{number}: out of order ({outcome.path})")
    if outcome.grade not in "ABCDEF" or (outcome.grade != "A" and not outcome.remarks):
        broken.append(f"{outcome.path}: a grade without a reason")
    if any(each.code not in CATALOGUE for each in outcome.remarks):
        broken.append(f"{outcome.path}: a remark without words")
    if outcome.reading is None and outcome.grade < "E":
        broken.append(f"{outcome.path}: grade {outcome.grade} without a reading")
    limit = limits.seconds * (2 if outcome.format in LONG_WORK else 1)
    if waited > limit + SLACK_SECONDS:
        broken.append(f"{outcome.path}: came back after {waited:.1f} s")
    return broken


def _crashes(outcome: Outcome) -> list[str]:
    watched = ("reader_crashed", "reader_timeout", "reader_memory", "nesting_too_deep")
    own = [f"{outcome.format}: {r.code} {r.params.get('detail', '')}" for r in outcome.remarks if r.code in watched]
    return own + [each for part in outcome.attachments for each in _crashes(part)]


def _files(runs: int, chance: random.Random, folder: Path, corpus: Path | None) -> Iterator[FileToRead]:
    """Write each mutated file just before it is read."""
    pool = [*seeds().items(), *locked_seeds().items()]
    if corpus is not None:
        found = sorted(p for p in corpus.rglob("*") if p.is_file() and p.stat().st_size <= LARGEST_SEED)
        pool += [(p.name, p.read_bytes()) for p in found]
    for number in range(runs):
        name, data = pool[number % len(pool)] if number < len(pool) else chance.choice(pool)
        other = chance.choice(pool)[1]
        ending = name.rpartition(".")[2] if chance.random() < 0.9 else chance.choice(pool)[0].rpartition(".")[2]
        shown = f"{number:06d}-x.{ending[:8]}"
        place = folder / shown
        place.write_bytes(mutated(data, other, chance))
        yield FileToRead(str(place), shown, PASSWORD if chance.random() < 0.7 else "")


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """`data` with a few faults; a compressed package often gets them inside a member, where readers look."""
    if data.startswith(b"PK\x03\x04") and chance.random() < 0.7:
        return _inside_package(data, other, chance)
    if data.startswith(b"\xd0\xcf\x11\xe0") and chance.random() < 0.5:
        return _inside_streams(data, other, chance)
    return _faulty(data, other, chance)


def _faulty(data: bytes, other: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        if data:
            data = chance.choice(_FAULTS)(data, other, chance)
    return data


def _truncate(data: bytes, other: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _flip(data: bytes, other: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


_TELLING = (
    b"\x00",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x80",
    b"<",
    b"&#x110000;",
    b"]]>",
    b"\xed\xa0\x80",
)


def _put(data: bytes, other: bytes, chance: random.Random) -> bytes:
    place, value = chance.randrange(len(data)), chance.choice(_TELLING)
    return data[:place] + value + data[place + len(value) :]


def _cut_out(data: bytes, other: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + data[place + chance.randint(1, 64) :]


def _repeat(data: bytes, other: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    run = data[place : place + chance.randint(1, 256)]
    return data[:place] + run * chance.choice((2, 8, 200)) + data[place:]


def _splice(data: bytes, other: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(other)) if other else 0
    place = chance.randrange(len(data))
    return data[:place] + other[start : start + 4096] + data[place:]


def _blank(data: bytes, other: bytes, chance: random.Random) -> bytes:
    place, size = chance.randrange(len(data)), chance.choice((4, 64, 512))
    return data[:place] + bytes(size) + data[place + size :]


_FAULTS = (_truncate, _flip, _flip, _put, _put, _cut_out, _repeat, _splice, _blank)


def _inside_package(data: bytes, other: bytes, chance: random.Random) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError, NotImplementedError, OSError, KeyError):
        return _faulty(data, other, chance)
    if not members:
        return _faulty(data, other, chance)
    name = chance.choice(list(members))
    if chance.random() < 0.1:
        del members[name]
    else:
        members[name] = _faulty(members[name], other, chance)
    return zip_of(members)


def _inside_streams(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """A compound file with a fault inside one raw-deflate stream, packed again into the room it had."""
    places = [p for p in range(512, len(data) - 64, 64) if _inflated(data[p : p + 4096])]
    if not places:
        return _faulty(data, other, chance)
    place = chance.choice(places)
    inner = _inflated(data[place : place + 65536])
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(_faulty(inner, other, chance)) + packer.flush()
    return data[:place] + packed + data[place + len(packed) :]


def _inflated(data: bytes) -> bytes:
    try:
        inner = zlib.decompressobj(-15).decompress(data, 1 << 20)
    except zlib.error:
        return b""
    return inner if len(inner) > 64 else b""


def main() -> None:
    """The long form, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=None)
    parser.add_argument("--corpus", type=Path, default=None, help="real files to mutate beside the made ones")
    parser.add_argument("--keep", type=Path, default=None, help="a folder for the files that made a reader fail")
    asked = parser.parse_args()
    report = fuzz(asked.runs, seed=asked.seed, processes=asked.processes, corpus=asked.corpus, keep=asked.keep)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    sys.exit(1 if report.broken else 0)


if __name__ == "__main__":
    main()
