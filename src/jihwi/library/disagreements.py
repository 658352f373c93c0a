"""Documents that say different things of one matter: two dates, two amounts, two numbers, yes and no.

Two statements of different documents are on one matter when most of what they are about is the same (their words
besides the figures, with the headings they stand under), and nothing parts them: another year, another line of a
table. They disagree when each has a figure of one kind that the other has not, or one denies what the other says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from jihwi.evidence import Claim, Contradiction, is_negated
from jihwi.evidence.quantities import Quantity, quantities
from jihwi.index import Analyser

__all__ = ["Statement", "disagreements"]

SAME_MATTER = 0.5
"""Share of the lighter statement's weight that both must have in common."""

VERY_ALIKE = 0.9
"""The same for bare numbers, which do not say what they count."""

_KINDS: dict[str, str] = {
    "date": "date",
    "amount": "amount",
    "percent": "number",
    "duration": "number",
    "count": "number",
    "time": "date",
    "number": "number",
}
_MOST_FIGURES = 4
"""Of one kind in a statement; with more of them it is a list, and lists differ without disagreeing."""


class Statement(msgspec.Struct, frozen=True):
    """A sentence or a table's cell that a document says, and what it stands under."""

    claim: Claim
    document_id: str
    about: str
    """Headings and title, which say what it is about."""
    posted: bool = False
    """Whether it is a finding of the case; what is told must concern one."""


def disagreements(
    statements: Sequence[Statement], question: str, analyser: Analyser, weights: Mapping[str, float] | None = None
) -> list[Contradiction]:
    """The contradictions among `statements`, those that weigh most in `question` first, each matter once.

    `weights` say what a term is worth (inverse document frequency); 1 where nothing is said.
    """
    known = weights or {}
    asked = set(analyser.query_terms(question))
    parts = [_Part(one, analyser, known, asked) for one in statements]
    found: list[tuple[float, Contradiction]] = []
    seen: set[tuple[str, ...]] = set()
    for i, one in enumerate(parts):
        for other in parts[i + 1 :]:
            if one.statement.document_id == other.statement.document_id:
                continue
            made = _between(one, other)
            if made is not None and (key := tuple(sorted(made.values))) not in seen:
                seen.add(key)
                found.append((min(one.of_question, other.of_question) + _alike(one, other), made))
    return [contradiction for _, contradiction in sorted(found, key=lambda pair: -pair[0])]


class _Part:
    """A statement with what can be compared in it."""

    def __init__(self, statement: Statement, analyser: Analyser, weights: Mapping[str, float], asked: set[str]) -> None:
        self.statement = statement
        self.analyser = analyser
        words = statement.claim.text
        self.figures = [_with_unit(one, words) for one in quantities(words)]
        quoted = " ".join(q.text for q in statement.claim.quotations if q.text not in words)
        bare = f"{_without(words, self.figures)} {_without(quoted, quantities(quoted))}"
        self.terms = {term: weights.get(term, 1.0) for term in analyser.terms(bare) if not _is_number(term)}
        around = analyser.terms(_without(statement.about, quantities(statement.about)))
        self.around = {term: weights.get(term, 1.0) for term in around if not _is_number(term)}
        self.years = {y for text in (words, statement.about) for y in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", text)}
        total = sum(weights.get(term, 1.0) for term in asked) or 1.0
        own = sum(weights.get(t, 1.0) for t in asked if t in self.terms) / total
        beside = sum(weights.get(t, 1.0) for t in asked if t in self.around and t not in self.terms) / total
        subject = _SUBJECT.match(_NUMBERING.sub("", words))
        self.subject = {t for t in analyser.terms(subject.group(1) if subject else "") if t in self.terms}
        """What it is said of: the words before the first particle that marks a subject, or before a colon."""
        self.says_it = own
        """Share of the question in the statement's own words."""
        self.of_question = own + 0.5 * beside


_NUMBERING = re.compile(
    r"\A(?:제\s?\d+조(?:의\d+)?(?:\([^)]*\))?|[①-⑳]|\(?\d{1,3}[.)]|[가-하]\.|[-○ㅇ·*•※]|[\"“'‘]|\s)+"
)
_SUBJECT = re.compile(r"([^.!?\n]{1,60}?(?:[가-힣](?=[은는이가]\s)|(?=:)))")


def _of_other_things(one: _Part, other: _Part) -> bool:
    """Whether each is said of something that the other does not speak of: 여비 예산은, 교육비 예산은."""
    here = one.subject - other.terms.keys() - other.around.keys()
    there = other.subject - one.terms.keys() - one.around.keys()
    return bool(here and there)


_MONEY_COLUMN = re.compile(r"\(원\)|금액|예산액|집행액|단가|KRW")


def _with_unit(figure: Quantity, words: str) -> Quantity:
    """A bare number with what it counts: money under a heading that says so, or the noun that follows it."""
    if figure.kind != "number" or figure.unit:
        return figure
    digits = figure.value.replace("-", "").replace(".", "")
    if len(digits) >= 4 and _MONEY_COLUMN.search(words[: figure.start]):
        return msgspec.structs.replace(figure, kind="amount", unit="KRW")
    noun = re.match(r"\s([a-z]{3,})", words[figure.end :])
    if noun is not None:
        return msgspec.structs.replace(figure, unit=noun[1], text=figure.text + noun[0])
    return figure


def _without(text: str, figures: Iterable[Quantity]) -> str:
    for one in sorted(figures, key=lambda q: -q.start):
        text = text[: one.start] + " " + text[one.end :]
    return text


def _is_number(term: str) -> bool:
    return any(letter.isdigit() for letter in term)


def _alike(one: _Part, other: _Part) -> float:
    """How much of the lighter one's matter is the other's too; what only headings share counts half."""
    own, their = {**one.around, **one.terms}, {**other.around, **other.terms}
    common = 0.0
    for term in own.keys() & their.keys():
        whole = term in one.terms and term in other.terms
        common += own[term] * (1.0 if whole else 0.7)
    lighter = min(sum(one.terms.values()), sum(other.terms.values()))
    return common / lighter if lighter else 0.0


def _between(one: _Part, other: _Part) -> Contradiction | None:
    if not (one.statement.posted or other.statement.posted) or min(one.says_it, other.says_it) < 0.25:
        return None
    asked = min(one.of_question, other.of_question) >= 0.45
    if _alike(one, other) < (SAME_MATTER if asked else VERY_ALIKE) or _of_other_things(one, other):
        return None
    for kind, shown in _KINDS.items():
        values = _different(one, other, kind)
        if values is not None:
            return _made(one, other, shown, values)
    plain = not one.figures and not other.figures
    if (
        plain
        and _alike(one, other) > 0.8
        and is_negated(one.statement.claim.text) != is_negated(other.statement.claim.text)
    ):
        return _made(one, other, "polarity", (one.statement.claim.text, other.statement.claim.text))
    return None


def _different(one: _Part, other: _Part, kind: str) -> tuple[str, str] | None:
    """A figure of `kind` that each has and the other has not; `None` when they agree or cannot be compared."""
    mine = [q for q in one.figures if q.kind == kind]
    theirs = [q for q in other.figures if q.kind == kind]
    if kind == "number" and _alike(one, other) < VERY_ALIKE:
        return None
    if not mine or not theirs or max(len(mine), len(theirs)) > _MOST_FIGURES:
        return None
    if kind != "date" and one.years and other.years and not one.years & other.years:
        return None
    units = {q.unit for q in mine} & {q.unit for q in theirs}
    mine = [q for q in mine if q.unit in units]
    theirs = [q for q in theirs if q.unit in units]
    if kind == "date":
        mine, theirs = _full(mine, one.years), _full(theirs, other.years)
    here, there = {_value(q) for q in mine}, {_value(q) for q in theirs}
    only_here = [q for q in mine if _value(q) not in there]
    only_there = [q for q in theirs if _value(q) not in here]
    if not only_here or not only_there:
        return None
    return only_here[-1].text, only_there[-1].text


def _full(dates: list[Quantity], years: set[str]) -> list[Quantity]:
    """Dates to the day, those without a year in the year that is spoken of; others say too little to compare."""
    found = []
    for date in dates:
        value = date.value
        if value.startswith("--") and len(years) == 1:
            value = f"{next(iter(years))}-{value[2:]}"
        if len(value) == 10 or value.startswith("--"):
            found.append(msgspec.structs.replace(date, value=value))
    return found


def _value(quantity: Quantity) -> tuple[str, str]:
    value = quantity.value
    return (value[5:] if quantity.kind == "date" and len(value) == 10 else value.lstrip("-"), quantity.unit)


def _made(one: _Part, other: _Part, kind: str, values: tuple[str, str]) -> Contradiction:
    return Contradiction(_matter(one, other), kind, (one.statement.claim, other.statement.claim), values)


def _matter(one: _Part, other: _Part) -> str:
    """What both are about: the words of the shorter statement that the other has too."""
    shorter, longer = sorted((one, other), key=lambda part: len(part.statement.claim.text))
    words = _without(shorter.statement.claim.text, shorter.figures).split()
    known = {**longer.terms, **longer.around}
    common = [word for word in words if any(term in known for term in shorter.analyser.terms(word))]
    topic = " ".join(dict.fromkeys(common[:8])).strip(" :,.")
    return re.sub(r"(?<=[가-힣]{2})(?:은|는|이|가|을|를)$", "", topic) or shorter.statement.claim.topic
