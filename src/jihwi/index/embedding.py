"""Vectors from a server that speaks the OpenAI protocol (`POST /embeddings`): batches, retries, no other network.

Spoken with the standard library: no proxy of the environment, no redirect, and the key put in at the last moment.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from jihwi.errors import EmbeddingNonsense, EmbeddingRefused, EmbeddingUnreachable

__all__ = ["EndpointEmbedder", "unit_rows"]

Array = npt.NDArray[np.float32]

_BATCH_TEXTS = 64
_BATCH_CHARACTERS = 48_000
_TRIES = 3
_IMPATIENT_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 20.0
_LARGEST_ANSWER = 64 * 1024 * 1024
_LONGEST_DETAIL = 200


class EndpointEmbedder:
    """Asks the embedding model `model` under `base_url`. Its dimension is what its first answer has."""

    def __init__(
        self,
        model: str,
        base_url: str,
        *,
        secret: Callable[[], str] = str,
        seconds: float = 60.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`secret`: gives the key, or nothing; asked anew for each request. `seconds`: the longest wait for a byte."""
        self.name = f"openai:{model}"
        self._model = model
        self._parts = urlsplit(base_url)
        self._shown = f"{model}@{base_url}"
        self._secret = secret
        self._seconds = seconds
        self._pause = pause
        self._lock = threading.Lock()
        self._dimension = 0

    def embed(self, texts: Sequence[str], *, patient: bool = True) -> Array:
        """A row of length 1 for each text. Raises an EmbeddingError."""
        rows = [self._asked(batch, patient) for batch in _batches(texts)]
        return np.concatenate(rows) if rows else np.empty((0, self._dimension), dtype=np.float32)

    def close(self) -> None:
        """Nothing stays open between requests."""

    def _asked(self, texts: Sequence[str], patient: bool) -> Array:
        """One batch, tried again while the server is away or busy."""
        seconds = self._seconds if patient else min(self._seconds, _IMPATIENT_SECONDS)
        for tried in range(1, _TRIES + 1):
            try:
                return self._read(self._post(texts, seconds), len(texts))
            except (EmbeddingUnreachable, _Busy) as problem:
                if tried == _TRIES or not patient:
                    raise EmbeddingUnreachable(self._shown, problem.detail) from problem
                asked = problem.after_seconds if isinstance(problem, _Busy) else 0.0
                self._pause(min(max(asked, 0.2 * 2**tried), _LONGEST_WAIT_SECONDS))
        raise AssertionError("the last try returns or raises")

    def _post(self, texts: Sequence[str], seconds: float) -> bytes:
        body = json.dumps({"model": self._model, "input": list(texts), "encoding_format": "float"}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        secret = self._secret()
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        connection = self._connection(seconds)
        try:
            connection.request("POST", f"{self._parts.path}/embeddings", body, headers)
            answer = connection.getresponse()
            data = answer.read(_LARGEST_ANSWER + 1)
        except (OSError, http.client.HTTPException) as problem:
            raise EmbeddingUnreachable(self._shown, _short(str(problem) or type(problem).__name__)) from None
        finally:
            connection.close()
        if answer.status == 200 and len(data) <= _LARGEST_ANSWER:
            return data
        said = _short(f"{answer.status} {_message(data)}".replace(secret or "\x00", "***"))
        if answer.status in (408, 409, 429) or answer.status >= 500:
            raise _Busy(said, _seconds_of(answer.getheader("Retry-After") or ""))
        raise EmbeddingRefused(self._shown, said)

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=seconds)

    def _read(self, data: bytes, count: int) -> Array:
        """The vectors of an answer, in the order of the texts. Every one of them must be there and of one dimension."""
        try:
            items = json.loads(data)["data"]
            rows: list[Any] = [None] * count
            for place, item in enumerate(items):
                rows[item.get("index", place)] = _numbers(item["embedding"])
            made = np.array(rows, dtype=np.float32)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as problem:
            raise EmbeddingNonsense(self._shown, _short(f"{type(problem).__name__}: {problem}")) from None
        if made.ndim != 2 or not made.shape[1] or not np.isfinite(made).all():
            raise EmbeddingNonsense(self._shown, f"{made.shape}")
        with self._lock:
            self._dimension = self._dimension or made.shape[1]
            if made.shape[1] != self._dimension:
                raise EmbeddingNonsense(self._shown, f"{made.shape[1]} ≠ {self._dimension}")
        return unit_rows(made)


class _Busy(Exception):
    """The server asks to be asked later."""

    def __init__(self, detail: str, after_seconds: float) -> None:
        super().__init__(detail)
        self.detail = detail
        self.after_seconds = after_seconds


def unit_rows(rows: npt.NDArray[Any]) -> Array:
    """The rows at length 1; one of zeros stays as it is.

    >>> unit_rows(np.array([[3.0, 4.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    made: Array = (rows / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return made


def _batches(texts: Sequence[str]) -> list[list[str]]:
    """The texts in order, in batches a server takes. An empty text is sent as a space: some servers refuse it."""
    made: list[list[str]] = []
    characters = 0
    for text in texts:
        if not made or len(made[-1]) >= _BATCH_TEXTS or characters + len(text) > _BATCH_CHARACTERS:
            made.append([])
            characters = 0
        made[-1].append(text if text.strip() else " ")
        characters += len(text)
    return made


def _numbers(embedding: Any) -> Any:
    """A vector as a list of numbers; some servers send little-endian floats in base64 whatever was asked."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
    return embedding


def _message(data: bytes) -> str:
    try:
        said = json.loads(data)["error"]
        return str(said["message"] if isinstance(said, dict) else said)
    except (ValueError, KeyError, TypeError):
        return data[:_LONGEST_DETAIL].decode("utf-8", "replace")


def _seconds_of(header: str) -> float:
    try:
        return max(0.0, float(header))
    except ValueError:
        return 0.0


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_DETAIL]
