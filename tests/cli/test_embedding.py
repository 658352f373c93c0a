"""Vectors at the terminal: a setting, what doctor says of it, and a search that tells when they could not be used."""

from __future__ import annotations

import json
from pathlib import Path

from jihwi.testing.openai_server import OpenAIServer
from tests.cli.terminal import run_apart as jihwi


def test_doctor_tries_the_model_and_a_search_goes_by_words_when_it_is_away(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "rule.txt").write_text("당직비는 1회 60,000원을 지급한다.\n", encoding="utf-8")
    with OpenAIServer([]) as server:
        there = {"JIHWI_EMBEDDING": f"openai:small@{server.base_url}"}
        assert "vectors of 64 dimensions" in jihwi(tmp_path, "doctor", before=None, **there).stdout
        found = jihwi(tmp_path, "search", "당직비", "--files", "files", before=None, **there)
        assert found.returncode == 0
        assert "vector 0." in found.stdout
    gone = jihwi(tmp_path, "doctor", "--json", before=None, **there)
    row = next(one for one in json.loads(gone.stdout)["parts"] if one["name"] == "embedding")
    assert (row["there"], "cannot be reached" in row["what"]) == (False, True)
    found = jihwi(tmp_path, "search", "당직비", before=None, **there)
    assert "60,000" in found.stdout
    assert "Searched by words alone" in found.stderr


def test_a_model_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = jihwi(tmp_path, "search", "당직비", JIHWI_EMBEDDING="local:nowhere")
    assert done.returncode == 1
    assert "model.safetensors" in done.stderr
    assert "Traceback" not in done.stderr
