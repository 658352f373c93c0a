"""Morphemes with their tags by mecab-ko: what the answers look at to see which words are names, dates, people."""

from __future__ import annotations

import threading
from functools import lru_cache
from importlib.metadata import version as package_version

import _mecab
import mecab

from jihwi.index import Word

__all__ = ["MecabTagger"]

_LONGEST = 4_000
_REMEMBERED = 100_000


class MecabTagger:
    """Words by mecab-ko and its dictionary.

    >>> [(word.form, word.tag, word.sort) for word in MecabTagger().words("서울에 간 이순신")]
    [('서울', 'NNP', '지명'), ('에', 'JKB', ''), ('간', 'VV+ETM', ''), ('이순신', 'NNP', '인명')]
    """

    name = "mecab-ko"

    def __init__(self) -> None:
        self.version = f"{package_version('python-mecab-ko')}.{package_version('python-mecab-ko-dic')}"
        self._tagger = mecab.MeCab()._tagger
        self._lock = threading.Lock()
        self._features = lru_cache(maxsize=_REMEMBERED)(_tag_and_sort)

    def words(self, text: str) -> list[Word]:
        """The morphemes of `text`, in order, with their places."""
        made: list[Word] = []
        begin = 0
        while begin < len(text):
            end = _piece_end(text, begin)
            at = begin
            for line in self._analysed(text[begin:end]).split("\n"):
                surface, tab, features = line.partition("\t")
                start = text.find(surface, at, end) if tab and surface else -1
                if start >= 0:
                    at = start + len(surface)
                    made.append(Word(surface, *self._features(features), start, at))
            begin = end
        return made

    def _analysed(self, text: str) -> str:
        lattice = _mecab.Lattice()
        lattice.add_request_type(_mecab.MECAB_ALLOCATE_SENTENCE)
        lattice.set_sentence(text.replace("\0", " "))
        with self._lock:
            return str(lattice.to_string()) if self._tagger.parse(lattice) else ""


def _piece_end(text: str, begin: int) -> int:
    if len(text) - begin <= _LONGEST:
        return len(text)
    space = text.rfind(" ", begin + _LONGEST // 2, begin + _LONGEST)
    return begin + _LONGEST if space < 0 else space


def _tag_and_sort(features: str) -> tuple[str, str]:
    parts = features.split(",")
    return parts[0], parts[1] if len(parts) > 1 and parts[1] != "*" else ""
