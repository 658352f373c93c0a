"""What a command does not need is not imported: told by names, for how long it takes depends on the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = (
    "import sys\nfrom jihwi.cli import main\ntry:\n    main()\nfinally:\n    sys.stderr.write(' '.join(sys.modules))\n"
)
ENGINES = {
    "yaml",
    "tantivy",
    "lxml",
    "pypdfium2",
    "numpy",
    "openai",
    "pydantic_ai",
    "mcp",
    "psycopg",
    "fastapi",
    "jinja2",
}
"""What reads files, searches, speaks to models and serves pages."""


def loaded_by(tmp_path: Path, *words: str) -> set[str]:
    """The names of the modules that a command has imported when it ends."""
    environment = {**os.environ, "JIHWI_HOME": str(tmp_path / "home"), "JIHWI_VIEWER": "kim"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return set(done.stderr.split())


def test_the_list_of_commands_is_there_without_what_they_need(tmp_path: Path) -> None:
    found = loaded_by(tmp_path, "--help")
    ours = {name.split(".")[1] for name in found if name.startswith("jihwi.")}
    assert ours == {"cli", "errors", "words"}
    assert found.isdisjoint(ENGINES | {"asyncio", "pydantic", "rich", "apsw"})


@pytest.mark.parametrize(
    "words", [("case", "list", "--json"), ("ledger", "verify", "house", "--json"), ("ledger", "house", "--json")]
)
def test_a_short_answer_brings_no_engine(tmp_path: Path, words: tuple[str, ...]) -> None:
    found = loaded_by(tmp_path, *words)
    assert found.isdisjoint(ENGINES | {"rich", "jihwi.skills.mcp_wire"})
    assert "jihwi.store.sqlite" in found
