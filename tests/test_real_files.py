"""The main job on two hundred real files of every kind: each is read or graded, and the question is answered."""

from __future__ import annotations

import csv
import json
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.programs import corpus

REQUEST = "수탁자는 위탁받은 업무를 재위탁할 수 있는가?"
FILES = 200


def _choose(folder: Path) -> list[Path]:
    """Some of every kind, then of all; the same ones each time, always with the contract that answers."""
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as manifest:
        paths = [row["path"] for row in csv.DictReader(manifest, delimiter="\t")]
    chance = random.Random(5)
    kinds: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        kinds[path.rsplit(".", 1)[-1].lower()].append(path)
    for group in kinds.values():
        chance.shuffle(group)
    first = [path for group in kinds.values() for path in group[:6]]
    rest = [path for group in kinds.values() for path in group[6:]]
    chance.shuffle(rest)
    answering = [path for path in paths if path.endswith("helper_hwp/test/output.docx")]
    chosen = list(dict.fromkeys([*answering, *first, *rest]))
    return [folder / "files" / path for path in chosen][:FILES]


@pytest.mark.needs("corpus:documents")
def test_two_hundred_real_files_are_read_or_graded_and_a_question_is_answered(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for number, path in enumerate(_choose(corpus("documents"))):
        shutil.copyfile(path, files / f"{number:03}_{path.name[-80:]}")
    command = [sys.executable, "-m", "jihwi", "run", REQUEST, "--files", str(files), "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["report"]["answer"]
    assert "위탁" in told["report"]["answer"][-1]["text"]
    read = subprocess.run(
        [sys.executable, "-m", "jihwi", "read", str(files), "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert read.returncode == 0, read.stderr[-2000:]
    lines = json.loads(read.stdout)["files"]
    assert len(lines) == FILES
    named = {one["path"] for one in told["report"]["unreadable"]}
    for line in lines:
        assert line["grade"] in "ABCDEF"
        if line["grade"] in "DEF":
            assert line["path"] in named
            assert line["remarks"]
