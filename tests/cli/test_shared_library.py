"""A library on a server at the terminal: read by one folder, found by another, kept in a copy, moved by one command."""

from __future__ import annotations

import shutil
from pathlib import Path

from jihwi.testing.openai_server import OpenAIServer
from tests.cli.test_stores import address, jihwi, place, server, told

__all__ = ["address", "place", "server"]


def test_what_one_machine_read_another_finds_and_a_copy_keeps(place: Path, address: str) -> None:
    told(place, "search", "당직비", "--files", "files", JIHWI_STORE=address)
    assert not (place / ".jihwi" / "library.db").exists()
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    found = told(elsewhere, "search", "당직비", JIHWI_STORE=address)
    assert {hit["path"] for hit in found["hits"]} == {"당직.txt", "안내.txt"}
    told(place, "store", "backup", "kept", JIHWI_STORE=address)
    shutil.rmtree(place / ".jihwi")
    assert jihwi(place, "store", "restore", "kept").exit_code == 0
    assert told(place, "search", "당직비")["hits"] == found["hits"]


def test_a_laptops_library_moves_to_a_server_with_its_cases(place: Path, address: str) -> None:
    assert jihwi(place, "run", "당직비는 1회에 얼마인가?", "--files", "files").exit_code == 0
    first = told(place, "store", "copy", ".jihwi", address)
    assert (first["cases"], first["documents"]) == (1, 2)
    assert told(place, "store", "copy", ".jihwi", address)["documents"] is None
    shutil.rmtree(place / ".jihwi")
    hits = told(place, "search", "당직비", JIHWI_STORE=address)["hits"]
    assert len(hits) == 2


def test_vectors_that_one_machine_had_made_serve_the_other(place: Path, address: str) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    with OpenAIServer([]) as model:
        there = {"JIHWI_STORE": address, "JIHWI_EMBEDDING": f"openai:small@{model.base_url}"}
        told(place, "search", "당직비", "--files", "files", **there)
        asked = len(model.embedding_requests)
        found = told(elsewhere, "search", "당직비는 얼마", **there)
        assert [request.json["input"] for request in model.embedding_requests[asked:]] == [["당직비는 얼마"]]
    assert all(hit["why"]["similarity"] is not None for hit in found["hits"])
