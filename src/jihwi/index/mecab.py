"""The default Korean analyser: mecab-ko, small and loaded in a twentieth of a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib.metadata import version as package_version

import _mecab
import mecab

from jihwi.index import Token
from jihwi.index.morphemes import MADE_VERSION, Laid, Piece, pieces_of, query_terms, terms, terms_of_laid, tokens
from jihwi.index.spelling import plain

__all__ = ["MecabAnalyser"]

_REMEMBERED = 100_000
"""Morphemes whose terms are remembered; what comes after starts the memory anew, so that it stays bounded."""

_LONGEST_PIECE = 4_000
"""Code points given to the program at once: its time grows faster than the text without a break."""


class _Remembered(dict[str, Laid]):
    """What each line of the program's answer gives: asked for by the line, made when it is new."""

    def __missing__(self, line: str) -> Laid:
        if len(self) >= _REMEMBERED:
            self.clear()
        piece = _piece_of(line)
        self[line] = laid = (piece.terms, piece.joins, line.index("\t"))
        return laid


class MecabAnalyser:
    """Terms by mecab-ko and its dictionary.

    >>> MecabAnalyser().terms("정보공개청구서를 제출하였다.")
    ['정보', '공개', '청구서', '청구', '서', '제출', '정보공개청구서']
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
        self._remembered = _Remembered()

    def terms(self, text: str) -> list[str]:
        """The terms of `text`."""
        if len(text) <= _LONGEST_PIECE:
            asked = plain(text).text
            made = terms_of_laid(asked, map(self._remembered.__getitem__, self._analysed(asked)))
            if made is not None:
                return made
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
        """Morphemes that give or join something, with their places.

        The program tells no places we could use: surfaces are found again, in order. What stands between two pieces
        keeps them apart, so nothing need be told of it.
        """
        remembered, find = self._remembered, text.find
        made: list[tuple[int, int, Piece]] = []
        at = 0
        for line in self._analysed(text):
            words, joins, length = remembered[line]
            start = find(line[:length], at)
            if start >= 0:
                at = start + length
                if words or joins:
                    made.append((begin + start, begin + at, Piece(words, joins)))
        return made

    def _analysed(self, text: str) -> list[str]:
        """One line a morpheme: surface, tab, features. All at once: asking node by node takes three times as long."""
        with self._lock:
            self._lattice.clear()
            self._lattice.set_sentence(text)
            if not self._tagger.parse(self._lattice):
                return []
            lines: list[str] = self._lattice.to_string().split("\n")[:-2]  # the last two say that it ends
            return lines


def _piece_of(line: str) -> Piece:
    """What a line of the program's answer gives: surface, tab, features with commas between."""
    surface, _, rest = line.partition("\t")
    features = rest.split(",")
    tag = features[0]
    made_of = features[7] if len(features) > 7 else "*"
    parts = [(surface, tag)]
    if made_of != "*" and features[4] in ("Inflect", "Preanalysis", "Compound"):
        split = [part.split("/") for part in made_of.split("+")]
        parts = [(part[0], part[1]) for part in split if len(part) > 1]
    return pieces_of(surface, tag, parts)


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
