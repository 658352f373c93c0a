"""The default Korean analyser: mecab-ko, small and loaded in a twentieth of a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib.metadata import version as package_version

import _mecab
import mecab

from jihwi.index import Token
from jihwi.index.morphemes import MADE_VERSION, Morpheme, Piece, pieces_of, query_terms, terms, tokens

__all__ = ["MecabAnalyser"]

_REMEMBERED = 100_000
"""Morphemes whose terms are remembered; what comes after starts the memory anew, so that it stays bounded."""

_LONGEST_PIECE = 4_000
"""Code points given to the program at once: its time grows faster than the text without a break."""


class MecabAnalyser:
    """Terms by mecab-ko and its dictionary.

    >>> MecabAnalyser().terms("정보공개청구서를 제출하였다.")
    ['정보', '공개', '청구서', '청구', '서', '정보공개청구서', '제출']
    """

    name = "mecab-ko"

    def __init__(self) -> None:
        self.version = ".".join(
            (MADE_VERSION, package_version("python-mecab-ko"), package_version("python-mecab-ko-dic"))
        )
        self._tagger = mecab.MeCab()._tagger
        self._lock = threading.Lock()
        self._pieces: dict[str, Piece] = {}

    def terms(self, text: str) -> list[str]:
        """The terms of `text`."""
        return terms(text, self._cut)

    def tokens(self, text: str) -> list[Token]:
        """The terms of `text` with their places."""
        return [Token(*token) for token in tokens(text, self._cut)]

    def query_terms(self, text: str) -> list[str]:
        """The terms of a question worth looking for."""
        return query_terms(text, self._cut)

    def _cut(self, text: str) -> Iterator[Morpheme]:
        for begin, part in _parts(text):
            yield from self._cut_part(begin, part)

    def _cut_part(self, begin: int, text: str) -> Iterator[Morpheme]:
        known = self._pieces
        at = 0
        for line in self._analysed(text).split("\n"):
            tab = line.find("\t")
            if tab <= 0:
                continue
            start = text.find(line[:tab], at)
            if start < 0:
                continue
            at = start + tab
            piece = known.get(line)
            if piece is None:
                piece = self._remember(line, tab)
            yield Morpheme(begin + start, begin + at, piece)

    def _analysed(self, text: str) -> str:
        """One line a morpheme: surface, tab, features. All at once: asking node by node takes three times as long."""
        lattice = _mecab.Lattice()
        lattice.add_request_type(_mecab.MECAB_ALLOCATE_SENTENCE)
        lattice.set_sentence(text)
        with self._lock:
            if not self._tagger.parse(lattice):
                return ""
            return str(lattice.to_string())

    def _remember(self, line: str, tab: int) -> Piece:
        surface, features = line[:tab], line[tab + 1 :].split(",")
        tag = features[0]
        made_of = features[7] if len(features) > 7 else "*"
        parts = [(surface, tag)]
        if made_of != "*" and features[4] in ("Inflect", "Preanalysis", "Compound"):
            split = [part.split("/") for part in made_of.split("+")]
            parts = [(part[0], part[1]) for part in split if len(part) > 1]
        piece = pieces_of(surface, tag, parts)
        if len(self._pieces) >= _REMEMBERED:
            self._pieces = {}
        self._pieces[line] = piece
        return piece


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The text in pieces the program takes well, cut at white space where there is any."""
    begin = 0
    while len(text) - begin > _LONGEST_PIECE:
        end = begin + _LONGEST_PIECE
        space = text.rfind(" ", begin + _LONGEST_PIECE // 2, end)
        end = end if space < 0 else space
        yield begin, text[begin:end]
        begin = end
    yield begin, text[begin:] if begin else text
