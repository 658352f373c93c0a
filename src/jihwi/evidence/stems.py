"""Words without their endings, by rule: enough to say that two written words are one word, or that they are not.

Korean glues particles and endings to a word. A written word is taken apart in every way the lists of endings allow;
two are the same when they share a beginning that leaves only endings on both sides. No dictionary is asked, so the
same texts give the same answer everywhere.
"""

from __future__ import annotations

import re
from functools import lru_cache

from jihwi.evidence.folding import fold

__all__ = ["Vocabulary", "is_general", "is_predicate", "noun_of", "same_root", "stems_of", "written_words"]

_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?|(?P<glued>(?<=[^\s가-힣])[가-힣]+)|[가-힣]+|[一-鿿]+")

_PARTICLES = """
    으로부터 로부터 에게서는 에게서 에서부터 까지의 으로서의 로서의 으로써 로써 으로서 로서 이라고
    이라는 이라며 이라도 이라면 에서는 에서도 에서의 에게는 에게도 까지는 까지도 부터는 부터도 만으로
    만이 만을 만의 처럼 보다 마저 조차 밖에 마다 에는 에도 에의 에만 에서 에게 께서 한테 까지
    부터 으로는 으로도 으로의 으로 로는 로도 로의 이나 이며 이고 라고 라는 라며 이란 이든 이자
    과의 와의 과는 와는 과도 와도 들은 들이 들을 들의 들에 들도 들과 들에게 들로 들로부터 들 은
    는 이 가 을 를 의 에 와 과 도 만 로 나 며 라 씩 쯤 경 께 야 여 님 씨 측 등
"""
_COPULA = """
    이다 이었다 였다 입니다 이었습니다 였습니다 임 이었음 였음 인 이었던 였던 이며 이고 이지만
    이어서 이라 이므로 인데 이었으며 였으며 이었고 였고 일 이었으나 였으나 이나 이라면 인지 이란
    이라 이라서 이면서 이자 이기 이기도 이었기 이라고도 이었을 였을 이었는데 였는데 이어야 다 요
    이에요 예요 이지 이기에 이기는
"""
_VERBAL = """
    다 는다 ㄴ다 었다 았다 였다 습니다 었습니다 았습니다 고 며 면서 면 지만 어 아 여 어서 아서
    여서 게 도록 려고 러 자 지 기 음 ㅁ 는 은 을 ㄹ ㄴ 던 었던 았던 였던 었으며 았으며 었고
    았고 었으나 았으나 는데 은데 었는데 았는데 었음 았음 어야 아야 거나 든지 을지 는지 기로 기도
    기에 기는 기를 기가 음을 음이 음은 었을 았을 을수록 자마자 다가 다고 다는 다며 라고 라는 려는
    으려 으려고 으면 으며 으나 으니 으므로 세요 십시오 겠다 겠습니다 리라 네 군 냐 니 나 었지만
    았지만 면서도 고도 고서 고자 고는 지는 지도 지를
"""
_HA = """
    하다 한다 하였다 했다 합니다 하였습니다 했습니다 함 하였음 했음 하고 하며 하면서 하면 하지만
    하여 해 하여서 해서 하게 하도록 하려고 하자 하지 하기 하는 한 할 하던 했던 하였던 하였으며
    했으며 하였고 했고 하였으나 했으나 하는데 했는데 하였는데 하여야 해야 하거나 하기로 하기도 하기에
    하기는 하기를 함을 함이 함은 했을 하였을 하다가 한다고 한다는 하려는 하려 하므로 하니 하나
    하자마자 했지만 하였지만 하여도 해도 하라 하라고 하라는 할지 하는지 한지 했다고 했다는 하였다고
    하였다는 하였기 했기 함으로써 함에 함에도 하겠다 하겠습니다 하십시오 하세요 한다면 하면서도 하고자
    하고는 했으나 하였으므로 했으므로 하였다가 했다가 하였거나 했거나 하였는지 했는지 하였지만
"""


def _passive(forms: str) -> str:
    """The forms of 되다 from those of 하다."""
    pairs = {"했": "됐", "한": "된", "할": "될", "합": "됩", "함": "됨", "해": "돼", "하": "되"}
    return "".join(pairs.get(letter, letter) for letter in forms)


def _causative(forms: str) -> str:
    pairs = {"했": "시켰", "한": "시킨", "할": "시킬", "합": "시킵", "함": "시킴", "해": "시켜", "하": "시키"}
    return "".join(pairs.get(letter, letter) for letter in forms)


_NOUN_ENDINGS = frozenset(f"{_PARTICLES} {_COPULA}".split())
_VERB_ENDINGS = frozenset(
    f"{_HA} {_passive(_HA)} {_causative(_HA)} {_VERBAL} 적 적인 적으로 적이 화 화된 화한 화하 상 별 간 중 내 외".split()
)
_ENDINGS = _NOUN_ENDINGS | _VERB_ENDINGS
_LONGEST_ENDING = max(len(ending) for ending in _ENDINGS)
_PREDICATE = re.compile(
    r"(?:[었았였했됐겠한된인온간난산진린킨친던든운른]다|니다|있다|없다|않다|이다|하다|되다|싶다|같다|[었았였했됐있없]음|함|됨"
    r"|(?:하|되|지|시키|었|았|였|했|됐|있|없|않)(?:고|며|면|지만|거나|는데|으나|으며|자|게|지|나|는|던|을|어|아)"
    r"|하여|되어|하여서|해서|되어서|돼서|[^\s]{2,}(?:한|된|할|될|했던|됐던|으면|다면|려고|려는|도록|면서)"
    r"|세요|시오|어요|아요|해요|돼요)\Z"
)

_DENYING = ("않", "못하", "못한", "못했", "못합", "못함", "아니", "아닌", "아닙", "아님", "없")
"""Words that deny are looked at by themselves."""

_GENERAL = frozenset(
    """
    것 수 등 때 때문 경우 관련 대한 대해 대하여 통해 통하여 위해 위하여 위한 따라 따르면 의해
    의하면 이후 이전 당시 현재 이번 해당 각각 모두 또한 그리고 그러나 하지만 다만 즉 총 약 전체
    사실 내용 문서 자료 본문 원문 이름 명칭 날짜 시기 기간 금액 인원 이 그 저 이것 그것 이는
    그는 이를 그를 여기 거기 가운데 중 및 또는 혹은 따라서 그래서 이때 그때 매우 아주 가장 바로
    이미 아직 다시 함께 서로 스스로 자신 정도 이상 이하 최근 오늘 지난 다음 위 아래 앞 뒤 안 밖
    사이 동안 처음 마지막 바 점 측 쪽 분 자 년 월 일 시 분 초 명 개 건 회 번 차 원 제 각
    본 동 같은 다른 여러 모든 어떤 새 새로운 여부 관하여 관한 있다 있는 있었다 있으며 있고 있어
    있습니다 있었습니다 있음 있었음 하고 한다 하였다 했다 합니다 하였습니다 했습니다 된다 되었다 됐다
    됩니다 되었습니다 하며 하여 해 한 할 함 됨 되어 된 될 되는 하는 이다 입니다 임 로서 으로서
    대로 만큼
    """.split()  # noqa: SIM905
)
"""Words that say nothing which could be false by itself."""
_GENERAL_ENGLISH = frozenset(
    """
    the a an and or of in on at to for by with from as is are was were be been being has have had do does did will would
    shall should can could may might must that this these those it its they them their he him his she her we us our you
    your i who whom which what when where how than then there here also only just about over under between during after
    before until since into out up down all any each both more most some such other same so if but because while per not
    no according document says states stated said report text file
    """.split()  # noqa: SIM905
)


def written_words(text: str) -> list[str]:
    """The words of `text` as written, in one form: composed, ordinary width, Latin letters small.

    An ending that hangs on a number, a Latin word or a bracket is no word.
    """
    found = _WORD.finditer(fold(text).text)
    return [m.group().casefold() for m in found if not (m.group("glued") and _is_ending(m.group()))]


def _is_ending(word: str) -> bool:
    if word in _ENDINGS:
        return True
    return any(word[:cut] in _ENDINGS and word[cut:] in _NOUN_ENDINGS for cut in range(1, len(word)))


@lru_cache(maxsize=20_000)
def stems_of(word: str) -> tuple[str, ...]:
    """Every beginning of a written word that leaves only an ending, the longest first; itself always.

    >>> stems_of("위원회에서는")
    ('위원회에서는', '위원회에서', '위원회')
    """
    found = [word]
    if not "가" <= word[0] <= "힣":
        return (word, *(_english_stems(word)))
    for length in range(len(word) - 1, 0, -1):
        ending = word[length:]
        if len(ending) > _LONGEST_ENDING + 2:
            break
        if _is_ending(ending):
            found.append(word[:length])
    return tuple(found)


def _english_stems(word: str) -> list[str]:
    for ending in ("ations", "ation", "ingly", "ings", "ies", "ied", "ing", "ed", "es", "ly", "'s", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return [word[: -len(ending)]]
    return []


def noun_of(word: str) -> str:
    """A written word without its particles, the most that can go; the word itself when nothing can.

    >>> noun_of("김민지는"), noun_of("위원회에서는")
    ('김민지', '위원회')
    """
    shortest = word
    for length in range(len(word) - 1, 1, -1):
        if word[length:] in _NOUN_ENDINGS:
            shortest = word[:length]
    return shortest


def is_general(word: str) -> bool:
    """Whether a written word says nothing that could be false by itself."""
    if word[0].isascii():
        return word in _GENERAL_ENGLISH
    if word.startswith(_DENYING):
        return True
    return len(word) == 1 or any(stem in _GENERAL for stem in stems_of(word))


def is_predicate(word: str) -> bool:
    """Whether a written word looks like a verb or an adjective in one of its forms."""
    if not "가" <= word[0] <= "힣":
        return False
    if len(word) > 1 and word[-1] in "다음으고며지" and _letters(word[-2])[2] == _SS:
        return True
    return bool(_PREDICATE.search(word))


_SS = 20
"""The last letter ㅆ, by number: a past tense."""


class Vocabulary:
    """The words of some texts, asked whether another written word is one of them."""

    def __init__(self, texts: list[str]) -> None:
        self.words = {word for text in texts for word in written_words(text)}
        self._stems = {stem for word in self.words for stem in stems_of(word) if len(stem) > 1 or not stem.isascii()}
        self._squeezed = " ".join("".join(written_words(text)) for text in texts)

    def holds(self, word: str) -> bool:
        """Whether `word` stands there, with whatever endings."""
        if word in self.words:
            return True
        if word[0].isascii():
            return any(stem in self._stems for stem in stems_of(word))
        if any(stem in self._stems for stem in stems_of(word) if len(stem) > 1 or len(word) < 4):
            return True
        return self._within(noun_of(word)) or self._same_verb(word)

    def _within(self, noun: str) -> bool:
        """Whether a noun is a part of a longer one there, or written with other spaces."""
        if len(noun) > 2 and noun in self._squeezed:
            return True
        return len(noun) == 2 and any(other.startswith(noun) or noun_of(other).endswith(noun) for other in self.words)

    def _same_verb(self, word: str) -> bool:
        """Whether it is another form of a verb there: the same first syllable or the same first letters."""
        if not is_predicate(word):
            return False
        return any(same_root(word, other) for other in self.words if is_predicate(other))


def same_root(one: str, other: str) -> bool:
    """Whether two predicates begin alike to the vowel: 열린다, 열렸다; 지냈다, 지낸."""
    if one[0] != other[0]:
        return _letters(one[0])[:2] == _letters(other[0])[:2] and min(len(one), len(other)) <= 2
    if len(one) < 2 or len(other) < 2:
        return True
    return len(one) <= 3 or len(other) <= 3 or _letters(one[1])[:1] == _letters(other[1])[:1]


def _letters(syllable: str) -> tuple[int, int, int]:
    """First, middle and last letter of a syllable, by number."""
    code = ord(syllable) - 0xAC00
    return (code // 588, code % 588 // 28, code % 28) if 0 <= code < 11172 else (-1, ord(syllable), 0)
