"""One spelling for what people write in several: width, composition, dates, amounts, articles, numbers, English words.

Pure, and the same for every analyser. Text is first brought to one form, character cluster by character cluster, so
that each form knows the place in the text it came from.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache

__all__ = ["Plain", "english_stem", "is_function_word", "plain", "written_forms"]

_CLUSTER = re.compile(
    "[\u1100-\u115f\ua960-\ua97f][\u1160-\u11a7\ud7b0-\ud7c6][\u11a8-\u11ff\ud7cb-\ud7fb]?"
    "|[^\\s][\u0300-\u036f\u3099\u309a]+"
    "|[^\x20-\x7e가-힣一-鿿ぁ-ヿ“”‘’「」『』·\u00ad\u200b-\u200f\u2060\ufeff]"
    "|[\u00ad\u200b-\u200f\u2060\ufeff]"
)
_UNUSUAL = re.compile("[^\x20-\x7e가-힣一-鿿ぁ-\u3098\u309b-ヿ“”‘’「」『』·]")
"""A character that may begin, end or be one of the clusters; most texts have none, and this is found out quickly."""
_CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


class Plain:
    """A text in the one form, and the way back to its own offsets."""

    def __init__(self, text: str, marks: list[tuple[int, int, int, int]]) -> None:
        self.text = text
        self._marks = marks
        self._starts = [mark[0] for mark in marks]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The span of the source that `[start, end)` of this text was made from; never cuts a character."""
        if not self._marks:
            return start, end
        return self._place(start)[0], self._place(max(start, end - 1))[1]

    def _place(self, offset: int) -> tuple[int, int]:
        at = bisect_right(self._starts, offset) - 1
        if at < 0:
            return offset, offset + 1
        _, end, source_begin, source_end = self._marks[at]
        if offset < end:
            return source_begin, source_end
        moved = source_end + offset - end
        return moved, moved + 1


def plain(text: str) -> Plain:
    """`text` with width, composition, ligatures and control characters brought to one form.

    >>> plain("\u1112\u1161\u11ab글 ２０２４㎡").text
    '한글 2024m2'
    """
    if not _UNUSUAL.search(text) or not _CLUSTER.search(text):
        return Plain(text, [])
    parts: list[str] = []
    marks: list[tuple[int, int, int, int]] = []
    done = length = 0
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        instead = _one_form(match.group())
        length += start - done
        parts += (text[done:start], instead)
        if len(instead) != end - start:
            marks.append((length, length + len(instead), start, end))
        length += len(instead)
        done = end
    parts.append(text[done:])
    return Plain("".join(parts), marks)


@lru_cache(maxsize=4096)
def _one_form(cluster: str) -> str:
    if cluster in "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff":
        return ""
    return _CONTROL.sub(" ", unicodedata.normalize("NFKC", _CONTROL.sub(" ", cluster)))


# ── forms of numbers ─────────────────────────────────────────────────────────

_DIGIT = re.compile(r"\d")
_NUMERIC = re.compile(
    r"[\d오제'’](?:(?<=\d)|(?<=오)[전후]\s?\d|(?<=제)\s?\d|(?<=['’])\d)"  # one sign first: found several times as fast
    r"(?:[\d.,:/)\-~]|\s?(?:년|월|일|시(?!행)|분|조|항|호|목|의(?=\s?\d)|억|천만|백만|십만|만|천|백|십|원|장|절|관|편|차|회|기"
    r"|퍼센트|프로|%|제(?=\s?\d))|[.\-]\s(?=\d)|\s(?=\d))*"
)
_CODE = re.compile(
    r"[A-Za-z가-힣]+[-_/]\d[\d\-_/]*|[A-Za-z]+[-_.]?\d[A-Za-z0-9]*(?:[-_.]\d+)*|[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+"
)
_PART_OF_CODE = re.compile(r"[-_/A-Za-z@](?:(?<=@)|(?<=[A-Za-z])[-_.]?\d|(?<=[-_/])\d)")
"""In every code; most texts have none, and this is found out quickly."""

_DATE = re.compile(
    r"(?<!\d)(?P<y>\d{4}|['’]\d{2})\s?[.\-/년]\s?(?P<m>1[0-2]|0?[1-9])(?!\d)(?:\s?[.\-/월]\s?(?P<d>3[01]|[12]\d|0?[1-9])(?!\d)(?:\s?일)?)?"
)
_MONTH_DAY = re.compile(r"(?<![\d년.\-/])(?<!년\s)(?P<m>1[0-2]|0?[1-9])월\s?(?P<d>3[01]|[12]\d|0?[1-9])일")
_TIME = re.compile(
    r"(?P<half>오전|오후)?\s?(?<!\d)(?P<h>[01]?\d|2[0-4])(?:시(?:\s?(?P<m>[0-5]?\d)분|(?P<half_hour>\s?반))?|:(?P<mm>[0-5]\d))(?!\d)"
)
_ARTICLE = re.compile(
    r"(?P<first>제\s?)?(?<!\d)(?P<jo>\d{1,4})\s?조(?:의\s?(?P<ui>\d{1,3}))?"
    r"(?:\s?제?\s?(?P<hang>\d{1,3})\s?항)?(?:\s?제?\s?(?P<ho>\d{1,3})\s?호)?"
)
_ORDINAL = re.compile(r"제\s?(?P<n>\d[\d\-]*)\s?(?P<unit>[장절관편항호차회기])")
_PHONE = re.compile(r"(?<!\d)(?:0\d{1,2}[)\-.]\s?|0\d{1,2}\s)\d{3,4}[\-.\s]\d{4}(?!\d)|(?<!\d)1[5-9]\d{2}-\d{4}(?!\d)")
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_SIZE = r"(?:조|억|천만|백만|십만|만|천억|백억|십억|천|백|십)"
_AMOUNT = re.compile(
    rf"(?<![\d.])(?P<sum>{_NUMBER}\s?{_SIZE}(?:\s?{_NUMBER}\s?{_SIZE})*(?:\s?{_NUMBER}(?=\s?원))?|{_NUMBER})\s?(?P<won>원)?"
)
_PIECE = re.compile(rf"({_NUMBER})\s?({_SIZE})?")
_DECIMAL = re.compile(
    rf"(?<![\d.,]){_NUMBER}(?P<percent>\s?(?:%|퍼센트|프로))|(?<![\d.,])(?:\d{{1,3}}(?:,\d{{3}})+|\d+)\.\d+(?![\d.]|\s?{_SIZE}|\s?원)"
)
_SIZES = {
    "조": 10**12,
    "억": 10**8,
    "천억": 10**11,
    "백억": 10**10,
    "십억": 10**9,
    "천만": 10**7,
    "백만": 10**6,
    "십만": 10**5,
    "만": 10**4,
    "천": 1000,
    "백": 100,
    "십": 10,
}

Form = tuple[str, int, int]


def written_forms(text: str) -> list[Form]:
    """The forms under which the dates, amounts, articles, times, phone and document numbers of `text` are found.

    >>> [form for form, _, _ in written_forms("제12조 제3항, 2024. 3. 5.에 1억 5천만원")]
    ['제12조', '제12조제3항', '2024년', '3월', '5일', '2024-03', '2024-03-05', '150000000원']
    >>> [form for form, _, _ in written_forms("기획과-1234, RFC-8785, 02) 123-4567")]
    ['021234567', '기획과1234', 'rfc8785']
    """
    if not _DIGIT.search(text):
        return _codes(text) if "@" in text else []
    found: list[Form] = []
    for match in _NUMERIC.finditer(text):
        start = match.start()
        found.extend((form, start + a, start + b) for form, a, b in _numeric_forms(match.group()))
    return found + _codes(text)


def _codes(text: str) -> list[Form]:
    if not _PART_OF_CODE.search(text):
        return []
    return [(re.sub(r"[-_/]", "", m.group()).lower().rstrip("."), m.start(), m.end()) for m in _CODE.finditer(text)]


@lru_cache(maxsize=65536)
def _numeric_forms(text: str) -> tuple[Form, ...]:
    """Forms in one run of digits and units; most runs come back often, so they are remembered."""
    found: list[Form] = []
    taken = bytearray(len(text))
    for pattern, forms in _KINDS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(taken[start:end]):
                continue
            made = list(forms(match))
            if made:
                taken[start:end] = b"\1" * (end - start)
                found.extend((form, start, end) for form in made)
    found.sort(key=lambda form: form[1])
    return tuple(found)


def _phone(match: re.Match[str]) -> Iterator[str]:
    yield re.sub(r"\D", "", match.group())


def _article(match: re.Match[str]) -> Iterator[str]:
    if match["first"] is None and match["hang"] is None and match["ui"] is None:
        return
    name = f"제{int(match['jo'])}조" + (f"의{int(match['ui'])}" if match["ui"] else "")
    yield name
    if match["hang"]:
        name += f"제{int(match['hang'])}항"
        yield name
    if match["ho"]:
        yield f"{name}제{int(match['ho'])}호"


def _ordinal(match: re.Match[str]) -> Iterator[str]:
    number, unit = match["n"].strip("-"), match["unit"]
    yield f"제{number}{unit}"
    yield f"{number}{unit}" if "-" not in number else number


def _date(match: re.Match[str]) -> Iterator[str]:
    year = match["y"] if len(match["y"]) == 4 else _full_year(match["y"][1:])
    if not 1 <= int(year) <= 2999:
        return
    month = int(match["m"])
    yield f"{int(year)}년"
    yield f"{month}월"
    if match["d"]:
        yield f"{int(match['d'])}일"
    yield f"{year}-{month:02}"
    if match["d"]:
        yield f"{year}-{month:02}-{int(match['d']):02}"


def _full_year(two_digits: str) -> str:
    return f"{'19' if int(two_digits) >= 50 else '20'}{two_digits}"


def _month_day(match: re.Match[str]) -> Iterator[str]:
    yield f"{int(match['m'])}월"
    yield f"{int(match['d'])}일"
    yield f"{int(match['m']):02}-{int(match['d']):02}"


def _time(match: re.Match[str]) -> Iterator[str]:
    hour = int(match["h"])
    if match["half"] == "오후" and hour < 12:
        hour += 12
    minute = 30 if match["half_hour"] else int(match["m"] or match["mm"] or 0)
    yield f"{hour:02}:{minute:02}"


def _decimal(match: re.Match[str]) -> Iterator[str]:
    number = re.match(r"[\d,.]+", match.group())
    value = number.group().replace(",", "") if number else ""
    yield f"{value}%" if match["percent"] else value


def _amount(match: re.Match[str]) -> Iterator[str]:
    written = match["sum"]
    if written.isdigit() and not match["won"]:
        return
    value = _value(written)
    if value is not None:
        yield f"{value}원" if match["won"] else str(value)


def _value(written: str) -> int | None:
    """The whole number that `1억 5천만` or `1,500` stands for; None when it is no whole number."""
    total = 0.0
    for number, size in _PIECE.findall(written):
        digits = number.replace(",", "")
        if len(digits) > 18:
            return None
        total += float(digits) * _SIZES.get(size, 1)
    return round(total) if total < 2**53 else None


_KINDS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[str]]], ...] = (
    (_PHONE, _phone),
    (_DATE, _date),
    (_MONTH_DAY, _month_day),
    (_ARTICLE, _article),
    (_ORDINAL, _ordinal),
    (_TIME, _time),
    (_DECIMAL, _decimal),
    (_AMOUNT, _amount),
)

# ── English ──────────────────────────────────────────────────────────────────

_ENGLISH_FUNCTION_WORDS = frozenset(
    """
    a an the of in on at to for from by with and or but if is are was were be been being am do does did have
    has had it its this that these those there he she they we you i his her their our your my as not no so
    than then which who whom whose what when where why how will would can could shall should may might must
    into about
    """.split()  # noqa: SIM905 (a list of one word a line is longer than a screen)
)


def is_function_word(word: str) -> bool:
    """Whether an English word, in lower case, says nothing by itself."""
    return word in _ENGLISH_FUNCTION_WORDS


@lru_cache(maxsize=16384)
def english_stem(word: str) -> str:
    """A lower-case English word without its ending, so that `policies` finds `policy`; light, and never very short.

    >>> [english_stem(w) for w in ("policies", "running", "approved", "class", "reports", "does")]
    ['policy', 'run', 'approv', 'class', 'report', 'does']
    """
    if len(word) < 5 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-2] if word.endswith(("sses", "shes", "ches", "xes")) else word[:-1]
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3 and re.search(r"[aeiouy]", stem):
            doubled = len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz"
            return stem[:-1] if doubled else stem
    return word.removesuffix("e") if len(word) > 5 else word
