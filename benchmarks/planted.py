"""False sentences planted over true quotations, and true paraphrases of them: both made from a passage's own sentences.

A false sentence differs from its quotation in one thing: a number, a date, a name or a negation. A paraphrase says the
same: other particles and endings, another order, fewer modifiers, numbers and dates written otherwise. Nothing here
knows how the check works.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from jihwi.evidence.quantities import Quantity, quantities
from jihwi.evidence.sentences import sentences
from jihwi.index import Tagger, Word

Change = Callable[[str, random.Random], str | None]


def fit_sentences(texts: Sequence[str]) -> list[str]:
    """Whole statements of the passages, of a usual length."""
    return [s for text in texts for s in sentences(text) if 20 <= len(s) <= 160 and s.endswith("다.")]


# ── what is false ────────────────────────────────────────────────────────────


def changed_number(sentence: str, chance: random.Random) -> str | None:
    """One number, amount, count or share is another."""
    found = [q for q in quantities(sentence) if q.kind in ("amount", "count", "number", "percent", "duration")]
    return _with_other_digits(sentence, [q for q in found if any(c.isdigit() for c in q.text)], chance)


def changed_date(sentence: str, chance: random.Random) -> str | None:
    """One date or time is another."""
    return _with_other_digits(sentence, [q for q in quantities(sentence) if q.kind in ("date", "time")], chance)


def _with_other_digits(sentence: str, found: list[Quantity], chance: random.Random) -> str | None:
    if not found:
        return None
    quantity = chance.choice(found)
    numbers = list(re.finditer(r"\d+", quantity.text))
    number = chance.choice(numbers)
    digits = number.group()
    at = chance.randrange(len(digits))
    other = chance.choice([d for d in "123456789" if d != digits[at]])
    changed = digits[:at] + other + digits[at + 1 :]
    start = quantity.start + number.start()
    made = sentence[:start] + changed + sentence[start + len(digits) :]
    same = {q.key for q in quantities(made)} <= {q.key for q in quantities(sentence)}
    return None if same else made


def changed_name(names: Sequence[str], tagger: Tagger) -> Change:
    """One name of a person, a place or a body is another, taken from elsewhere."""

    def change(sentence: str, chance: random.Random) -> str | None:
        own = list(_names_in(sentence, tagger.words(sentence)))
        if not own:
            return None
        start, end = chance.choice(own)
        others = [name for name in names if name not in sentence]
        return sentence[:start] + chance.choice(others) + sentence[end:]

    return change


def all_names(texts: Sequence[str], tagger: Tagger) -> list[str]:
    """The names in the passages, each once."""
    found = {text[a:b] for text in texts for a, b in _names_in(text, tagger.words(text)) if b - a >= 3}
    return sorted(found)


def _names_in(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Whole written words (but for their particle) that are names."""
    run: list[Word] = []
    for word in [*words, Word("", "", "", len(text) + 9, len(text) + 9)]:
        if run and (word.start != run[-1].end or word.tag not in ("NNP", "NNG", "XSN", "SL", "SH")):
            at_start = run[0].start == 0 or not text[run[0].start - 1].isalnum()
            if at_start and any(w.tag == "NNP" for w in run) and run[-1].end - run[0].start >= 2:
                yield run[0].start, run[-1].end
            run = []
        if word.tag in ("NNP", "NNG", "XSN", "SL", "SH") and (not run or word.start == run[-1].end):
            run.append(word)


_DENIALS = (
    (r"하였다\.$", "하지 않았다."),
    (r"했다\.$", "하지 않았다."),
    (r"되었다\.$", "되지 않았다."),
    (r"됐다\.$", "되지 않았다."),
    (r"한다\.$", "하지 않는다."),
    (r"된다\.$", "되지 않는다."),
    (r"있다\.$", "있지 않다."),
    (r"있었다\.$", "없었다."),
    (r"이다\.$", "이 아니다."),
    (r"이었다\.$", "이 아니었다."),
    (r"받았다\.$", "받지 못했다."),
    (r"였다\.$", "가 아니었다."),
)
_AFFIRMATIONS = (
    (r"하지 않았다\.$", "하였다."),
    (r"하지 못했다\.$", "하였다."),
    (r"지 않는다\.$", "ㄴ다."),
    (r"없다\.$", "있다."),
    (r"없었다\.$", "있었다."),
    (r"(?:이|가) 아니다\.$", "이다."),
    (r"되지 않았다\.$", "되었다."),
    (r"하지 않는다\.$", "한다."),
    (r"되지 않는다\.$", "된다."),
)


def changed_negation(sentence: str, chance: random.Random) -> str | None:
    """What was said is denied, or what was denied is said."""
    for pattern, instead in (*_AFFIRMATIONS, *_DENIALS):
        if re.search(pattern, sentence) and "ㄴ다" not in instead:
            return re.sub(pattern, instead, sentence)
    return None


# ── what is true ─────────────────────────────────────────────────────────────

_ENDINGS = (
    (r"하였다\.$", ("했다.", "하였습니다.", "하였음.", "했습니다.")),
    (r"했다\.$", ("하였다.", "했습니다.", "하였음.")),
    (r"되었다\.$", ("됐다.", "되었습니다.", "되었음.")),
    (r"됐다\.$", ("되었다.", "됐습니다.")),
    (r"한다\.$", ("합니다.", "함.", "하고 있다.")),
    (r"된다\.$", ("됩니다.", "됨.")),
    (r"있다\.$", ("있습니다.", "있음.")),
    (r"없다\.$", ("없습니다.", "없음.")),
    (r"이다\.$", ("입니다.", "임.")),
    (r"이었다\.$", ("이었습니다.", "이었음.")),
    (r"였다\.$", ("였습니다.", "였음.")),
    (r"었다\.$", ("었습니다.", "었음.")),
    (r"았다\.$", ("았습니다.", "았음.")),
    (r"않았다\.$", ("않았습니다.",)),
    (r"ㄴ다\.$", ("ㅂ니다.",)),
)


def other_ending(sentence: str, chance: random.Random) -> str | None:
    """The same in another register."""
    for pattern, ways in _ENDINGS:
        if re.search(pattern, sentence):
            return re.sub(pattern, chance.choice(ways), sentence)
    return None


def other_particles(tagger: Tagger) -> Change:
    """은/는 for 이/가, 을/를 or 의 left out, 에는 for 에, 에서는 for 에서."""

    def change(sentence: str, chance: random.Random) -> str | None:
        words = tagger.words(sentence)
        after_noun = [b for a, b in pairwise(words) if a.tag.startswith(("NN", "SL", "XSN")) and a.end == b.start]
        ways = [
            w
            for w in after_noun
            if w.form in _PARTICLES and w.tag.startswith("J") and sentence[w.end : w.end + 1] == " "
        ]
        if not ways:
            return None
        word = chance.choice(ways)
        return sentence[: word.start] + _PARTICLES[word.form] + sentence[word.end :]

    return change


_PARTICLES = {
    "은": "이",
    "는": "가",
    "이": "은",
    "가": "는",
    "을": "",
    "를": "",
    "의": "",
    "에": "에는",
    "에서": "에서는",
}


def other_order(sentence: str, chance: random.Random) -> str | None:
    """A clause that ends with a comma goes behind the one that follows it, or a date goes to the front."""
    clauses = sentence.rstrip(".").split(", ")
    if len(clauses) == 3:
        return f"{clauses[1]}, {clauses[0]}, {clauses[2]}."
    dates = [q for q in quantities(sentence) if q.kind == "date" and q.start > 0]
    if dates:
        date = dates[0]
        tail = re.match(r"(?:에는|에|부터|까지)?\s", sentence[date.end :])
        if tail:
            phrase = sentence[date.start : date.end + tail.end()]
            return phrase + sentence[: date.start] + sentence[date.end + tail.end() :]
    return None


def fewer_modifiers(tagger: Tagger) -> Change:
    """Without brackets, or without an adverb."""

    def change(sentence: str, chance: random.Random) -> str | None:
        bare = re.sub(r"(?<=[가-힣])\s?\([^()]*\)(?=[가-힣\s])", "", sentence)
        if bare != sentence:
            return bare
        adverbs = [w for w in tagger.words(sentence) if w.tag == "MAG" and _stands_alone(sentence, w)]
        if not adverbs:
            return None
        word = chance.choice(adverbs)
        return (sentence[: word.start] + sentence[word.end :].lstrip()).strip()

    return change


def _stands_alone(sentence: str, word: Word) -> bool:
    around = sentence[max(0, word.start - 1) : word.start] + sentence[word.end : word.end + 1]
    return len(word.form) > 1 and around.strip() == ""


def other_figures(sentence: str, chance: random.Random) -> str | None:
    """A date, an amount or a number written otherwise."""
    for quantity in quantities(sentence):
        instead = _written_otherwise(quantity)
        if instead and instead != quantity.text:
            return sentence[: quantity.start] + instead + sentence[quantity.end :]
    return None


def _written_otherwise(quantity: Quantity) -> str | None:
    if quantity.kind == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", quantity.value):
        year, month, day = quantity.value.split("-")
        return f"{year}. {int(month)}. {int(day)}."
    if quantity.kind == "amount" and quantity.unit == "KRW" and "." not in quantity.value:
        return f"{int(quantity.value):,}원"
    if quantity.kind == "count" and quantity.unit == "명" and "." not in quantity.value:
        return f"{int(quantity.value):,}명"
    if quantity.kind == "percent" and quantity.unit == "%":
        return f"{quantity.value}퍼센트"
    return None


def false_changes(texts: Sequence[str], tagger: Tagger) -> dict[str, Change]:
    """Every way to plant something false, by name."""
    return {
        "number": changed_number,
        "date": changed_date,
        "name": changed_name(all_names(texts, tagger), tagger),
        "negation": changed_negation,
    }


def true_changes(tagger: Tagger) -> dict[str, Change]:
    """Every way to say the same otherwise, by name."""
    return {
        "ending": other_ending,
        "particles": other_particles(tagger),
        "order": other_order,
        "modifiers": fewer_modifiers(tagger),
        "figures": other_figures,
    }
