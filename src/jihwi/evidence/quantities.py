"""What in a sentence can be true or false to the letter: numbers, amounts, dates, times, durations, articles.

Each is found with its span and brought to one form, so that 1억 2천만원 equals 120,000,000원 and 2026. 3. 2. equals
2026년 3월 2일.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Literal

import msgspec

from jihwi.evidence.numerals import ENGLISH_NUMERAL, NATIVE_NUMERAL, NUMERAL, numeral_value, plain
from jihwi.evidence.units import COUNTERS, CURRENCIES, DURATIONS, MONTHS

__all__ = ["Quantity", "QuantityKind", "agrees", "quantities"]

QuantityKind = Literal[
    "amount", "percent", "date", "time", "duration", "count", "number", "article", "phone", "document_number"
]


class Quantity(msgspec.Struct, frozen=True):
    """Something countable in a text. Two are the same when kind, value and unit are."""

    kind: QuantityKind
    start: int
    end: int
    text: str
    value: str
    """Digits; a date as `2026-03-02`, `2026-03`, `2026`, `--03-02`, `--03`; a time as `14:30`."""
    unit: str = ""
    """amount: `KRW`, `USD` …; duration: `day`, `month` …; count: the counter; otherwise empty."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What is compared: two ways of writing one thing have one key."""
        return (self.kind, self.value, self.unit)


def quantities(text: str) -> list[Quantity]:
    """What is countable in `text`, in order, none overlapping another.

    >>> [(q.kind, q.value, q.unit) for q in quantities("2026. 3. 2.까지 1억 2천만원(10%)을 15일 안에")]
    [('date', '2026-03-02', ''), ('amount', '120000000', 'KRW'), ('percent', '10', '%'), ('duration', '15', 'day')]
    """
    taken = bytearray(len(text))
    found: list[Quantity] = []
    for pattern, make in _rules():
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            quantity = make(match)
            if quantity is not None:
                taken[quantity.start : quantity.end] = b"\1" * (quantity.end - quantity.start)
                found.append(quantity)
    return sorted(found, key=lambda q: q.start)


def agrees(said: Quantity, stands: Quantity) -> bool:
    """Whether `stands` bears `said` out: the same, or less exactly the same (`3월` by `2026. 3. 2.`).

    >>> one, other = quantities("3월 2일"), quantities("2026. 3. 2.")
    >>> agrees(one[0], other[0]), agrees(other[0], one[0])
    (True, False)
    """
    if said.key == stands.key:
        return True
    if said.kind == "date" and stands.kind == "date":
        return _date_within(said.value, stands.value)
    if said.kind == "number" and stands.kind in ("count", "number", "amount", "duration", "percent"):
        return said.value == stands.value
    if said.kind == "article" and stands.kind == "article":
        return stands.value.startswith(said.value)
    if said.kind == "time" and stands.kind == "time":
        return _same_clock(said, stands)
    if said.unit == "day" and stands.kind == "date":
        return stands.value.endswith(f"-{int(said.value):02d}") if said.value.isdigit() else False
    return False


def _date_within(said: str, stands: str) -> bool:
    if stands.startswith(said) and stands[len(said) : len(said) + 1] in ("", "-"):
        return True
    return said.startswith("--") and not stands.startswith("--") and stands[4:].startswith(said[1:])


def _same_clock(said: Quantity, stands: Quantity) -> bool:
    """A clock time without morning or afternoon may be either."""
    hour, _, minute = said.value.partition(":")
    other, _, other_minute = stands.value.partition(":")
    vague = said.unit == "vague" or stands.unit == "vague"
    return minute == other_minute and (hour == other or (vague and int(hour) % 12 == int(other) % 12))


# ── how each is written ──────────────────────────────────────────────────────

_Make = Callable[["re.Match[str]"], Quantity | None]
_NATIVE_COUNTERS = (
    "명|사람|분|개|곳|군데|건|번|차례|권|장|살|마리|그루|편|곡|가지|배|달|해|시간|대|척|점|가구|세대|종|차"
)
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_D = r"(?<![\d.,])"


def _made(match: re.Match[str], kind: QuantityKind, value: str, unit: str = "") -> Quantity:
    end = match.start() + len(match.group().rstrip())
    return Quantity(kind, match.start(), end, match.group().rstrip(), value, unit)


def _date(match: re.Match[str]) -> Quantity | None:
    """A date from the groups `y`, `m`, `d`; none when the calendar has no such day."""
    groups = match.groupdict()
    year, month, day = (groups.get(name) or "" for name in "ymd")
    year = year.lstrip("'’`‘")
    if len(year) == 2:
        year = ("20" if int(year) < 70 else "19") + year
    month = str(MONTHS.get(month.casefold().rstrip("."), month))
    if (month and not 1 <= int(month) <= 12) or (day and not 1 <= int(day) <= 31):
        return None
    if month:
        value = f"{year}-{int(month):02d}" if year else f"--{int(month):02d}"
        return _made(match, "date", value + (f"-{int(day):02d}" if day else ""))
    return _made(match, "date", year)


def _time(match: re.Match[str]) -> Quantity | None:
    groups = match.groupdict()
    hour = int(groups["h"])
    minute = 30 if groups.get("half") else int(groups.get("min") or 0)
    half_day = (groups.get("half_day") or groups.get("am") or "").casefold().replace(".", "")
    if hour > 24 or minute > 59:
        return None
    if half_day in ("오후", "저녁", "밤", "낮", "pm") and hour < 12:
        hour += 12
    elif half_day in ("오전", "새벽", "am") and hour == 12:
        hour = 0
    vague = not half_day and 0 < hour <= 12
    return _made(match, "time", f"{hour:02d}:{minute:02d}", "vague" if vague else "")


def _amount(match: re.Match[str]) -> Quantity | None:
    groups = match.groupdict()
    value = numeral_value(groups["n"] + (groups.get("scale") or ""))
    currency = groups.get("before") or groups.get("after") or ""
    unit = CURRENCIES.get(currency.casefold().removesuffix("s"), "")
    return None if value is None else _made(match, "amount", plain(value), unit)


def _percent(match: re.Match[str]) -> Quantity | None:
    value = numeral_value(match.group("n"))
    return None if value is None else _made(match, "percent", plain(value), "%p" if match.group("p") else "%")


def _counted(kind: QuantityKind, units: dict[str, str]) -> _Make:
    def make(match: re.Match[str]) -> Quantity | None:
        value = numeral_value(match.group("n") + (match.groupdict().get("scale") or ""))
        unit = match.group("u").casefold()
        known = units.get(unit) or units.get(unit.removesuffix("s"), unit)
        return None if value is None else _made(match, kind, plain(value), known)

    return make


def _native_count(match: re.Match[str]) -> Quantity | None:
    value = numeral_value(match.group("n"))
    unit = match.group("u")
    if value is None:
        return None
    if unit in ("달", "해", "시간"):
        return _made(match, "duration", plain(value), DURATIONS[unit])
    return _made(match, "count", plain(value), COUNTERS.get(unit, unit))


def _number(match: re.Match[str]) -> Quantity | None:
    value = numeral_value(match.group("n") + (match.groupdict().get("scale") or ""))
    return None if value is None else _made(match, "number", plain(value))


def _article(match: re.Match[str]) -> Quantity | None:
    korean = re.findall(r"(\d+)\s?(?:(조|항|호|장|절|편|관)(?:의\s?(\d+))?)", match.group())
    if korean:
        return _made(match, "article", "".join(f"{n}{f'의{sub}' if sub else ''}{part}" for n, part, sub in korean))
    numbers = re.findall(r"\d+", match.group())
    parts = "".join(f"{n}{part}" for n, part in zip(numbers, "조항호", strict=False))
    return _made(match, "article", parts)


def _phone(match: re.Match[str]) -> Quantity:
    return _made(match, "phone", re.sub(r"\D", "", match.group()))


def _document_number(match: re.Match[str]) -> Quantity:
    return _made(match, "document_number", re.sub(r"[\s제호]", "", match.group()))


_SCALE = r"(?P<scale>\s(?:thousand|million|billion|trillion))?"
_WORD = r"(?<![A-Za-z0-9])"
_YEAR = r"(?P<y>\d{4}|['’`‘]\d{2})"


@cache
def _rules() -> tuple[tuple[re.Pattern[str], _Make], ...]:
    """What is looked for, the more particular first: what one rule took, the next leaves alone. Made when first
    needed, for that takes longer than a short command."""
    every = (_names_in_digits, _dates, _times, _amounts, _lengths_and_counts)
    return tuple((re.compile(pattern, re.IGNORECASE), make) for rules in every for pattern, make in rules())


def _names_in_digits() -> Iterator[tuple[str, _Make]]:
    yield r"(?<![\d-])(?:\(?0\d{1,2}\)?[-.)\s]\s?\d{3,4}[-.\s]\d{4}|1[5-9]\d{2}-\d{4})(?![\d-])", _phone
    yield r"[가-힣]{2,12}(?:과|팀|실|국|관)-\d{1,6}(?!\d)|제\s?\d{2,4}\s?-\s?\d{1,6}\s?호", _document_number
    article = r"제\s?\d+\s?조(?:의\s?\d+)?(?:\s?제\s?\d+\s?항)?(?:\s?제\s?\d+\s?호)?"
    yield rf"{article}|제\s?\d+\s?[항장절편관](?:의\s?\d+)?(?![가-힣]*[사람])", _article
    yield r"(?:\b(?:Article|Art\.|Section|Sec\.)|§)\s?\d+(?:\s?\(\d+\)){0,2}", _article


def _dates() -> Iterator[tuple[str, _Make]]:
    ordinal = r"(?:st|nd|rd|th)?"
    yield rf"{_D}{_YEAR}\s?년\s?(?P<m>\d{{1,2}})\s?월(?:\s?(?P<d>\d{{1,2}})\s?일)?", _date
    separated = r"\s?(?P<s>[.\-/])\s?(?P<m>\d{1,2})\s?(?P=s)\s?(?P<d>\d{1,2})(?:\.(?!\d)|(?![\d.]))"
    yield rf"{_D}{_YEAR}{separated}", _date
    yield rf"{_D}{_YEAR}\s?\.\s?(?P<m>\d{{1,2}})\s?\.(?!\s?\d)", _date
    yield r"(?<![\d.])(?P<y>\d{2})\.\s?(?P<m>\d{1,2})\.\s?(?P<d>\d{1,2})\.?(?![\d.%])", _date
    yield rf"{_D}(?P<m>\d{{1,2}})\s?월\s?(?P<d>\d{{1,2}})\s?일", _date
    after = r"(?=\s?[(~∼–-]|\s?\d{1,2}:|까지|부터|\s?자|에|$)"
    yield rf"{_D}(?P<m>\d{{1,2}})\.\s?(?P<d>\d{{1,2}})\.{after}", _date
    yield rf"{_WORD}(?P<m>{_MONTH})\.?\s(?P<d>\d{{1,2}}){ordinal},?\s(?P<y>\d{{4}})", _date
    yield rf"{_D}(?P<d>\d{{1,2}}){ordinal}\s(?:of\s)?(?P<m>{_MONTH})\.?(?:,?\s(?P<y>\d{{4}}))?(?![a-z])", _date
    yield rf"{_WORD}(?P<m>{_MONTH})\.?\s(?:(?P<y>\d{{4}})|(?P<d>\d{{1,2}}){ordinal})(?!\d)", _date
    yield rf"{_D}(?P<n>\d{{2,4}})\s?(?P<u>년대)", _counted("count", COUNTERS)
    yield rf"{_D}(?P<n>\d)\s?/\s?4\s?(?P<u>분기)", _counted("count", COUNTERS)
    yield rf"{_D}(?P<m>\d{{1,2}})\s?월(?![가-힣]*간\b|요)", _date
    yield rf"{_D}{_YEAR}\s?(?:년도|학년도|년)(?!\s?간)", _date


def _times() -> Iterator[tuple[str, _Make]]:
    half_day = r"(?P<half_day>오전|오후|새벽|아침|저녁|밤|낮)\s?"
    minutes = r"(?:\s?(?P<min>\d{1,2})\s?분|\s?(?P<half>반))?"
    yield rf"(?:{half_day})?{_D}(?P<h>\d{{1,2}})\s?시(?=[\s,.~)에부까의경쯤정이\d반]|$){minutes}", _time
    yield rf"(?:{half_day})?(?<![\d:])(?P<h>\d{{1,2}}):(?P<min>\d{{2}})(?![\d:])(?:\s?(?P<am>[ap]\.?m\b\.?))?", _time
    yield rf"{_D}(?P<h>\d{{1,2}})\s?(?P<am>[ap]\.?m)\b\.?", _time


def _amounts() -> Iterator[tuple[str, _Make]]:
    yield rf"(?P<before>US\$|KRW|USD|EUR|JPY|[₩￦$€¥£])\s?(?P<n>{NUMERAL}){_SCALE}", _amount
    money = r"(?P<after>원|달러|유로|엔|위안|파운드|프랑|루블|마르크|리라|불(?![가-힣]))"
    yield rf"{_D}(?P<n>{NUMERAL})\s?(?:여\s?)?{money}(?![가-힣]*[자장]\b)", _amount
    written = r"(?<![가-힣\d])(?P<n>(?=[가-힣]*[십백천만억조])[일이삼사오육칠팔구십백천만억조]{2,20})"
    yield rf"{written}\s?{money}(?![가-힣])", _amount
    yield rf"{written}\s?(?P<after>원)(?=[은는이가을를의에과와도만씩까정])", _amount
    yield rf"{_D}(?P<n>{NUMERAL}){_SCALE}\s?(?P<after>won|dollars?|euros?|yen|yuan|pounds?|KRW|USD|EUR|JPY)\b", _amount
    sign = r"(?:%|％|퍼센트|프로(?![가-힣])|percent)"
    yield rf"{_D}(?P<n>{NUMERAL})\s?{sign}(?P<p>\s?p\b|\s?포인트|age points?)?", _percent


def _lengths_and_counts() -> Iterator[tuple[str, _Make]]:
    counted = rf"(?P<n>{NUMERAL}|{ENGLISH_NUMERAL})"
    hangul, latin = _alternatives(DURATIONS)
    yield (
        rf"{_D}(?P<n>{NUMERAL})\s?(?:여\s?)?(?P<u>{hangul})(?!기(?!다)|[가-힣]{0, 4}(?:회\b|교차))",
        _counted("duration", DURATIONS),
    )
    yield rf"{_WORD}{counted}[\s-](?P<u>(?:{latin})s?)\b", _counted("duration", DURATIONS)
    yield rf"(?<![가-힣])(?P<n>{NATIVE_NUMERAL})\s(?P<u>{_NATIVE_COUNTERS})(?![가-힣]{{3,}})", _native_count
    yield rf"(?<![가-힣])(?P<n>{NATIVE_NUMERAL})(?P<u>명|사람|달|시간)(?![가-힣]{{2,}})", _native_count
    hangul, latin = _alternatives(COUNTERS)
    yield rf"(?<![\d.,])(?:제\s?)?(?P<n>{NUMERAL})\s?(?:여\s?)?(?P<u>{hangul})", _counted("count", COUNTERS)
    yield rf"{_WORD}{counted}\s?(?P<u>{latin})(?![A-Za-z])", _counted("count", COUNTERS)
    yield rf"(?<![\d.,])(?P<n>{NUMERAL}){_SCALE}", _number
    yield rf"{_WORD}(?P<n>{ENGLISH_NUMERAL})(?![A-Za-z])", _number


def _alternatives(units: dict[str, str]) -> tuple[str, str]:
    """The ways of writing units as two patterns, Hangul and Latin, the longest first."""
    ordered = sorted(units, key=len, reverse=True)
    return "|".join(u for u in ordered if not u.isascii()), "|".join(u for u in ordered if u.isascii())
