"""What tests of the command line begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.desk import its_team


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with files and a team of one's own."""
    its_team(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("a\n", "utf-8")
    return tmp_path
