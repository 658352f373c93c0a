"""Mutated and truncated files of every format: always a grade, in order, in time, within memory."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from jihwi.readers import FileToRead, Limits
from jihwi.readers.sandbox import SandboxReadingService
from jihwi.readers.sniff import sniff
from jihwi.testing.fuzz import fuzz, mutated
from jihwi.testing.seeds import seeds
from tests.programs import corpus


def test_a_thousand_faulty_files_each_come_back_with_a_grade() -> None:
    report = fuzz(1000, limits=Limits(seconds=20.0), processes=2)
    assert report.broken == []
    assert report.runs == sum(report.grades.values()) == 1000


@pytest.mark.slow
def test_a_hundred_thousand_faulty_files_each_come_back_with_a_grade() -> None:
    real = corpus("documents") / "files"
    report = fuzz(100_000, corpus=real if real.is_dir() else None)
    print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    assert report.broken == []


def test_the_same_seed_makes_the_same_faults() -> None:
    sound = seeds()["문서.docx"]
    one, two = (mutated(sound, b"other", random.Random(7)) for _ in range(2))
    assert one == two != sound


def test_every_seed_is_sound_and_recognised(tmp_path: Path) -> None:
    files = []
    for name, data in seeds().items():
        (tmp_path / name).write_bytes(data)
        assert sniff(data, name).claimed == ""
        files.append(FileToRead(str(tmp_path / name), name))
    with SandboxReadingService(processes=2) as service:
        for outcome in service.read_all(files):
            assert outcome.remarks[0].code not in ("reader_crashed", "reader_timeout") if outcome.remarks else True
