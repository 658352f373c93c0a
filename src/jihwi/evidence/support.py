"""Whether a sentence says only what its quotations say: each number, date, amount, name and negation, by rule.

What a sentence may add to its quotations is grammar and words that could not be false. A figure that is not theirs, a
name or noun that is not theirs, a negation that is not theirs or that it leaves out: each alone is enough to refuse
it. An English sentence over Korean quotations is held against them word by word, more strictly (`foreign`). The rules
know no dictionary, so they refuse some true sentences that use other nouns; a refused sentence is released as the
writer's own, visibly, or written again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import msgspec

from jihwi.evidence.folding import fold
from jihwi.evidence.foreign import is_foreign, missing_words
from jihwi.evidence.quantities import agrees, quantities
from jihwi.evidence.stems import Vocabulary, is_general, is_predicate, same_root, stems_of, written_words

__all__ = ["LEAST_SHARE", "Negation", "Support", "is_negated", "negations", "supported"]

LEAST_SHARE = 0.6
"""Share of a sentence's content words that must stand in its quotations."""


class Support(msgspec.Struct, frozen=True):
    """Whether the quotations bear a sentence out, and if not, what they do not say."""

    holds: bool
    missing: tuple[str, ...] = ()


class Negation(msgspec.Struct, frozen=True):
    """Something a text denies: where the denial stands, and the word that is denied."""

    start: int
    end: int
    denied: str


def supported(sentence: str, quotations: Sequence[str]) -> Support:
    """Whether every number, date, amount, name and negation of `sentence` is found in `quotations`, and most words.

    Give whole sentences as quotations (`quoted_sentences`), so that a negation cannot hide behind the cut.

    >>> supported("계약기간은 7월 30일까지다.", ["계약기간은 2025년 6월 30일까지로 한다."]).missing
    ('7월 30일',)
    >>> supported("계약기간은 6월 30일까지다.", ["계약기간은 2025년 6월 30일까지로 한다."]).holds
    True
    """
    missing = [*_missing_quantities(sentence, quotations), *_missing_letters(sentence, quotations)]
    if is_foreign(sentence, quotations):
        missing += missing_words(_without_figures(sentence), quotations)
    else:
        missing += _missing_words(sentence, quotations)
        missing += _missing_polarity(sentence, quotations)
    if not missing and not _says_something(sentence) and not any(sentence.strip() in one for one in quotations):
        missing = [sentence]  # there is nothing in it that quotations could bear out
    return Support(not missing, tuple(dict.fromkeys(missing)))


def is_negated(text: str) -> bool:
    """Whether a text says that something is not so.

    >>> is_negated("지급하지 않는다"), is_negated("지급한다")
    (True, False)
    """
    return sum(1 for _ in _denials(text)) % 2 == 1


# ── figures ──────────────────────────────────────────────────────────────────


def _missing_quantities(sentence: str, quotations: Sequence[str]) -> Iterator[str]:
    stands = [one for text in quotations for one in quantities(text)]
    for one in quantities(sentence):
        if not any(agrees(one, other) for other in stands):
            yield one.text


# ── letters ──

_OTHER_LETTERS = re.compile(r"[^\W\d_a-zA-Z가-힣ㆍ]+")


def _missing_letters(sentence: str, quotations: Sequence[str]) -> Iterator[str]:
    """What is written in letters no rule here can read (Chinese, Japanese, half a syllable) and stands in no quotation.

    Unread letters could say anything, a denial too; only where the very same ones stand there are they borne out.
    """
    if sentence.isascii():
        return
    together = "\n".join(fold(text).text for text in quotations)
    for found in _OTHER_LETTERS.finditer(_without_figures(fold(sentence).text)):
        if any(unicodedata.category(c) in _LETTERS for c in found.group()) and found.group() not in together:
            yield found.group()


_LETTERS = ("Lo", "Ll", "Lu", "Lt")


# ── words ────────────────────────────────────────────────────────────────────


def _missing_words(sentence: str, quotations: Sequence[str]) -> list[str]:
    """Nouns and names that the quotations lack; every lacking word when they lack too many."""
    vocabulary = Vocabulary(list(quotations))
    words = [word for word in written_words(_without_figures(sentence)) if not is_general(word)]
    lacking = [word for word in words if not vocabulary.holds(word)]
    strict = [word for word in lacking if _could_be_false(word, sentence)]
    if strict:
        return strict
    return lacking if words and 1 - len(lacking) / len(words) < LEAST_SHARE else []


def _says_something(sentence: str) -> bool:
    """Whether a figure or a word of content stands in it, so that holding it against quotations means anything."""
    bare = _without_figures(sentence)
    return bare != sentence or any(not is_general(word) for word in written_words(bare))


def _could_be_false(word: str, sentence: str) -> bool:
    """A noun or a name, as far as its form tells; verbs and small English words only count together."""
    if word[0].isascii():
        written = re.search(rf"(?i)\b{re.escape(word)}\b", sentence)
        korean = any("가" <= c <= "힣" for c in sentence)
        return korean or (written is not None and written.group()[0].isupper() and written.start() > 0)
    return not is_predicate(word)


def _without_figures(text: str) -> str:
    """The text without its figures and the endings that hang on them."""
    for one in sorted(quantities(text), key=lambda q: -q.start):
        text = f"{text[: one.start]} {_HANGING.sub('', text[one.end :])}"
    return text


_HANGING = re.compile(r"\A[가-힣]{1,4}(?![가-힣])")


# ── negations ────────────────────────────────────────────────────────────────

# A word of more than 40 syllables is none: a run of them without a blank is read in time that grows with its length.
_DENIALS = (
    re.compile(r"(?P<denied>[가-힣]{1,40}?)지(?:는|도|를|가)?\s?(?P<no>않|못|아니|말)"),
    re.compile(
        r"(?P<denied>[가-힣]{1,40}?)(?:이|가|은|는|도|을|를|할|될)?\s?(?:수(?:는|도|가)?\s?)?(?P<no>없)(?=[다는을었음이고으지])"
    ),
    re.compile(r"(?P<denied>[가-힣]{1,40}?)(?:이|가|은|는)?\s?(?P<no>아니|아닌|아닙|아님)(?!하)"),
    re.compile(r"(?<![가-힣])(?P<no>안|못)\s?(?P<denied>[가-힣]+)"),
    re.compile(r"(?P<denied>[가-힣]{1,40}?)(?:을|를|은|는|이|가)?\s?(?P<no>금지|불가(?!피)|불허)"),
    re.compile(
        r"(?<![가-힣])(?P<no>불|미|비|무)(?P<denied>가능|승인|지급|제출|완료|이행|해당|참석|공개|적합|합격|충분|필요|포함|등록|허가|상|료)"
    ),
    re.compile(
        r"\b(?P<no>not|no|never|without|cannot|neither|nor|unable to|prohibited from)\s+"
        r"(?:be\s|been\s|to\s|a\s|the\s)?(?P<denied>[a-z]+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:do|does|did|is|are|was|were|has|have|had|ca|could|would|should|wo|must)(?P<no>n['’]t)\s+(?P<denied>[a-z]+)",
        re.IGNORECASE,
    ),
)
_OPPOSITES = tuple(
    tuple(pair.split("/"))
    for pair in """
    증가/감소 상승/하락 찬성/반대 승인/거부 승인/반려 승인/부결 가결/부결 허용/금지 허가/불허
    초과/미만 이상/이하 이전/이후 최대/최소 최고/최저 유료/무료 포함/제외 합격/불합격 공개/비공개
    가능/불가능 가능/불가 성공/실패 승리/패배 시작/종료 개시/종료 증액/감액 인상/인하 확대/축소
    강화/완화 유지/폐지 채택/철회 동의/거절 수락/거절 입학/졸업 입사/퇴사 취임/퇴임 많/적 늘/줄
    높/낮 오르/내리 이기/지
    """.split()  # noqa: SIM905
)


def negations(text: str) -> list[Negation]:
    """What `text` denies.

    >>> [(n.denied, text[n.start:n.end]) for text in ["예산을 승인하지 않는다"] for n in negations(text)]
    [('승인하', '않')]
    """
    return sorted(_denials(text), key=lambda one: one.start)


def _denials(text: str) -> Iterator[Negation]:
    taken: set[int] = set()
    for pattern in _DENIALS:
        for match in pattern.finditer(text):
            if match.start("no") not in taken:
                taken.update(range(*match.span("no")))
                yield Negation(*match.span("no"), match.group("denied").casefold())


def _missing_polarity(sentence: str, quotations: Sequence[str]) -> list[str]:
    """What the sentence denies and the quotations do not, or the other way round."""
    said = negations(sentence)
    stands = [one for text in quotations for one in negations(text)]
    wrong = [
        sentence[n.start : n.end] for n in said if not any(_same_denial(n.denied, other.denied) for other in stands)
    ]
    spoken, quoted = written_words(sentence), [word for text in quotations for word in written_words(text)]
    for one in stands:
        if any(_same_denial(one.denied, other.denied) for other in said):
            continue
        in_sentence = any(_is_word(word, one.denied) for word in spoken)
        affirmed = sum(_is_word(word, one.denied) for word in quoted) > sum(
            _same_denial(one.denied, n.denied) for n in stands
        )
        if in_sentence and not affirmed:
            wrong.append(one.denied)
    return wrong + _opposites(spoken, quoted)


def _same_denial(one: str, other: str) -> bool:
    """Whether two denied words are one: 승인하, 승인; what is not there (없) and is not (있지 않) are one too."""
    if one == other or "있" in (one, other) or set(_roots(one)) & set(_roots(other)):
        return True
    return is_predicate(one) and is_predicate(other) and same_root(one, other)


def _roots(word: str) -> list[str]:
    return [stem.rstrip("하되") or stem for stem in stems_of(word)] if word else []


def _is_word(word: str, denied: str) -> bool:
    roots = [root for root in _roots(denied) if len(root) > 1]
    return any(word.startswith(root) for root in roots)


def _opposites(spoken: Sequence[str], quoted: Sequence[str]) -> list[str]:
    """Words whose opposite the quotations say, while they do not say the word."""
    found: list[str] = []
    for pair in _OPPOSITES:
        for word, opposite in (pair, pair[::-1]):
            here = [w for w in spoken if w.startswith(word) and len(w) <= len(word) + 4]
            if here and not any(w.startswith(word) for w in quoted) and any(w.startswith(opposite) for w in quoted):
                found += here
    return found
