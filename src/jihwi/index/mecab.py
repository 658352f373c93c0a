"""The default Korean analyser: mecab-ko, small and loaded in a twentieth of a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib.metadata import version as package_version

import _mecab
import mecab

from jihwi.index import Token
from jihwi.index.morphemes import MADE_VERSION, Piece, pieces_of, query_terms, terms, tokens

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
        self._lattice = _mecab.Lattice()
        self._lattice.add_request_type(_mecab.MECAB_ALLOCATE_SENTENCE)
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

    def _cut(self, text: str) -> list[tuple[int, int, Piece]]:
        if len(text) <= _LONGEST_PIECE:
            return self._cut_part(0, text)
        return [morpheme for begin, part in _parts(text) for morpheme in self._cut_part(begin, part)]

    def _cut_part(self, begin: int, text: str) -> list[tuple[int, int, Piece]]:
        """Morphemes with their places. The program tells no places we could use: they are found again, in order."""
        known, find = self._pieces, text.find
        made: list[tuple[int, int, Piece]] = []
        at = 0
        for line in self._analysed(text):
            tab = line.find("\t")
            if tab <= 0:
                continue
            start = find(line[:tab], at)
            if start < 0:
                continue
            at = start + tab
            made.append((begin + start, begin + at, known.get(line) or self._remember(line, tab)))
        return made

    def _analysed(self, text: str) -> list[str]:
        """One line a morpheme: surface, tab, features. All at once: asking node by node takes three times as long."""
        with self._lock:
            self._lattice.clear()
            self._lattice.set_sentence(text)
            if not self._tagger.parse(self._lattice):
                return []
            lines: list[str] = self._lattice.to_string().split("\n")
            return lines

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
