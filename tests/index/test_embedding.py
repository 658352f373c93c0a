"""Asking a server for vectors, and a model in a folder: batches, order, retries, and what is no answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jihwi.errors import EmbeddingError, EmbeddingNonsense, EmbeddingRefused, EmbeddingUnreachable
from jihwi.index.embedding import EndpointEmbedder
from jihwi.index.local_model import LocalEmbedder
from jihwi.testing.openai_server import Fault, OpenAIServer, hashed_vector
from tests.network import kept_port


def embedder(server: OpenAIServer, key: str = "") -> tuple[EndpointEmbedder, list[float]]:
    waited: list[float] = []
    return EndpointEmbedder("m", server.base_url, secret=lambda: key, pause=waited.append), waited


def test_texts_go_in_batches_and_come_back_in_their_order_at_length_one() -> None:
    texts = [f"연차휴가 {n}일" for n in range(150)]
    with OpenAIServer([]) as server:
        found = embedder(server)[0].embed(texts)
        assert len(server.embedding_requests) == 3
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(150), abs=1e-6)
    for text, row in zip(texts, found, strict=True):
        wanted = np.array(hashed_vector(text))
        assert row == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-6)


def test_the_key_goes_in_the_header_and_into_no_error() -> None:
    with OpenAIServer([]) as server:
        asked, _ = embedder(server, "s3cret-key")
        server.embedding_faults = [Fault(401, "the key s3cret-key is not known")]
        with pytest.raises(EmbeddingRefused) as found:
            asked.embed(["a"])
        assert server.embedding_requests[0].headers["authorization"] == "Bearer s3cret-key"
    assert "s3cret" not in str(found.value)


def test_a_busy_server_is_asked_again_after_the_time_it_names() -> None:
    with OpenAIServer([]) as server:
        asked, waited = embedder(server)
        server.embedding_faults = [Fault(429, retry_after="3"), Fault(503)]
        assert asked.embed(["가나다"]).shape == (1, 64)
    assert waited == [3.0, 0.8]


def test_somebody_who_waits_is_not_kept_waiting() -> None:
    with OpenAIServer([]) as server:
        asked, waited = embedder(server)
        server.embedding_faults = [Fault(503)]
        with pytest.raises(EmbeddingUnreachable):
            asked.embed(["가나다"], patient=False)
    assert waited == []


def test_nobody_there_is_an_error_with_its_next_step() -> None:
    waited: list[float] = []
    with kept_port() as port:
        asked = EndpointEmbedder("m", f"http://127.0.0.1:{port}/v1", pause=waited.append)
        with pytest.raises(EmbeddingUnreachable) as found:
            asked.embed(["가"])
    assert len(waited) == 2
    assert found.value.next_step("ko")


def test_a_dimension_that_changes_between_answers_is_nonsense() -> None:
    with OpenAIServer([]) as server:
        asked, _ = embedder(server)
        asked.embed(["가나"])
        server.dimension = 32
        with pytest.raises(EmbeddingNonsense):
            asked.embed(["가나"])


def a_model(folder: Path) -> Path:
    """A static model of eight words in three dimensions."""
    model2vec, tokenizers = pytest.importorskip("model2vec"), pytest.importorskip("tokenizers")
    words = ["[UNK]", "연차", "휴가", "leave", "budget", "예산", "money", "돈"]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({w: n for n, w in enumerate(words)}, "[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    vectors = np.array(
        [[0, 0, 1], [1, 0, 0], [1, 0.1, 0], [1, 0, 0.1], [0, 1, 0], [0.1, 1, 0], [0, 1, 0.1], [0, 1, 0]],
        dtype=np.float32,
    )
    model2vec.StaticModel(vectors, tokenizer).save_pretrained(folder)
    return folder


@pytest.mark.needs("model2vec")
def test_a_model_in_a_folder_needs_no_server(tmp_path: Path) -> None:
    model = LocalEmbedder(a_model(tmp_path / "model"))
    leave, holiday, money = model.embed(["연차", "leave 휴가", "돈 예산"])
    assert leave @ holiday > 0.9 > 0.3 > leave @ money
    assert model.name.startswith("local:model:")


def test_a_folder_without_a_model_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError) as found:
        LocalEmbedder(tmp_path)
    assert "model.safetensors" in str(found.value)
