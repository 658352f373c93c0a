"""Vectors from a model in a folder the organisation brings: a static model, looked up on this machine's processor.

The folder holds `model.safetensors`, `tokenizer.json` and `config.json`, as model2vec writes them. Nothing leaves the
process, and nothing is fetched: a folder that lacks a file is an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jihwi.errors import EmbeddingError, EmbeddingNonsense, ExtraMissing
from jihwi.index.embedding import unit_rows

if TYPE_CHECKING:
    from model2vec import StaticModel

__all__ = ["LocalEmbedder"]

_FILES = ("model.safetensors", "tokenizer.json", "config.json")


class LocalEmbedder:
    """The static model in `folder`. Raises ExtraMissing without the package, EmbeddingError without the files."""

    def __init__(self, folder: Path) -> None:
        self._shown = f"local:{folder.name}"
        missing = [name for name in _FILES if not (folder / name).is_file()]
        if missing:
            raise EmbeddingError(self._shown, f"{folder}: {', '.join(missing)}")
        self._model = _opened(folder, self._shown)
        # The model is what it weighs, not what its folder is called: other weights are another model.
        with (folder / "model.safetensors").open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        self.name = f"local:{folder.name}:{digest}"

    def embed(self, texts: Sequence[str], *, patient: bool = True) -> npt.NDArray[np.float32]:
        """A row of length 1 for each text; of zeros for one with no word the model knows."""
        if not texts:
            return np.empty((0, self._model.dim), dtype=np.float32)
        made = np.asarray(self._model.encode(list(texts), use_multiprocessing=False), dtype=np.float32)
        if made.ndim != 2 or not np.isfinite(made).all():
            raise EmbeddingNonsense(self._shown, f"{made.shape}")
        return unit_rows(made)

    def close(self) -> None:
        """Nothing is open."""


def _opened(folder: Path, shown: str) -> StaticModel:
    try:
        from model2vec import StaticModel
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.partition(".")[0] in ("model2vec", "tokenizers", "safetensors"):
            raise ExtraMissing("embedding", "pip install 'jihwi[embedding]'") from None
        raise
    try:
        return StaticModel.from_pretrained(folder.resolve(), force_download=False)
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as problem:
        raise EmbeddingError(shown, f"{folder}: {type(problem).__name__}") from problem
