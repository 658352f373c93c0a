"""The other Korean analyser: Kiwi, larger and slower to load, stronger on text without spaces and on new words."""

from __future__ import annotations

import threading

from jihwi.errors import ExtraMissing
from jihwi.index import Token
from jihwi.index.morphemes import MADE_VERSION, Piece, pieces_of, query_terms, terms, tokens

__all__ = ["KiwiAnalyser"]

_INSTALL = "pip install 'jihwi[kiwi]'"


class KiwiAnalyser:
    """Terms by Kiwi. Raises `ExtraMissing` when it is not installed."""

    name = "kiwi"

    def __init__(self) -> None:
        try:
            import kiwipiepy  # an extra: 100 MB that most installations do without
        except ImportError as error:
            raise ExtraMissing("Kiwi", _INSTALL) from error
        self.version = f"{MADE_VERSION}.{kiwipiepy.__version__}"
        self._kiwi = kiwipiepy.Kiwi(num_workers=1)
        self._lock = threading.Lock()

    def terms(self, text: str) -> list[str]:
        """The terms of `text`."""
        return terms(text, self._cut)

    def tokens(self, text: str) -> list[Token]:
        """The terms of `text` with their places."""
        return [Token(*token) for token in tokens(text, self._cut)]

    def query_terms(self, text: str) -> list[str]:
        """The terms of a question worth looking for."""
        return query_terms(text, self._cut)

    def _cut(self, text: str) -> list[tuple[int, int, Piece]]:
        with self._lock:
            found = self._kiwi.tokenize(text)
        return [(token.start, token.start + token.len, _piece(token.form, token.tag)) for token in found if token.len]


def _piece(form: str, tag: str) -> Piece:
    """Kiwi marks irregular stems (`VV-I`) and knows web words (`W_EMAIL`), which stand for themselves."""
    plain_tag = tag.partition("-")[0]
    if plain_tag.startswith("W_"):
        plain_tag = "SL"
    return pieces_of(form, plain_tag, ((form, plain_tag),))
