"""Shows a spreadsheet's number as a person sees it, by the cell's number format (ECMA-376 part 1, 18.8.30-31)."""

from __future__ import annotations

import datetime
import itertools
import math
import re
from functools import lru_cache

import msgspec

__all__ = ["BUILT_IN", "is_date_format", "show"]

BUILT_IN: dict[int, str] = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"₩"#,##0',
    6: '"₩"#,##0',
    7: '"₩"#,##0.00',
    8: '"₩"#,##0.00',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    27: 'yyyy"年" mm"月" dd"日"',
    28: "mm-dd",
    29: "mm-dd",
    30: "mm-dd-yy",
    31: 'yyyy"년" mm"월" dd"일"',
    32: 'h"시" mm"분"',
    33: 'h"시" mm"분" ss"초"',
    34: "yyyy-mm-dd",
    35: "yyyy-mm-dd",
    36: "yyyy-mm-dd",
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    41: "#,##0;-#,##0;-",
    42: '"₩"#,##0;-"₩"#,##0;"₩"-',
    43: "#,##0.00;-#,##0.00;-",
    44: '"₩"#,##0.00;-"₩"#,##0.00;"₩"-',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    50: "yyyy-mm-dd",
    57: 'yyyy"年" mm"月" dd"日"',
    58: "mm-dd",
}
"""The formats that a workbook names by number only, as Korean Excel shows them."""

_TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|AM/PM|A/P|오전/오후|[Gg]eneral|yyyy|yy|y|mmmmm|mmmm|mmm|mm|m|dddd|ddd|dd|d'
    r"|hh|h|ss|s|aaaa|aaa|AAAA|AAA|[Ee][+-]|\.|,|[0#?]|%|/|@|.",
    re.DOTALL,
)
_CURRENCY = re.compile(r"\[\$([^\]-]*)(?:-[0-9A-Fa-f]+)?\]")
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_MONTHS = "January February March April May June July August September October November December"
_DAYS_KO = "월화수목금토일"
_DAYS_EN = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_LAST_DAY = 2_958_465
_HALF_A_SECOND = 0.5 / 86_400
_MOST_SCALED = 9
"""A format with more signs of percent, or of thousands left out, is no format."""
_LONGEST = 255


class _Section(msgspec.Struct, frozen=True):
    tokens: tuple[str, ...]
    is_date: bool
    condition: tuple[str, float] | None


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    parts: list[list[str]] = [[]]
    for token in _TOKEN.findall(code[:_LONGEST]):
        if token == ";":
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(_section(tokens) for tokens in parts[:4])


def _section(tokens: list[str]) -> _Section:
    condition = next((_CONDITION.match(t) for t in tokens if _CONDITION.match(t)), None)
    plain = [t for t in tokens if not (t[0] in '"\\_*' or (t[0] == "[" and not _ELAPSED.fullmatch(t)))]
    is_date = any(
        _ELAPSED.fullmatch(t) or t.lower().strip("ymdhsa") == "" or t in {"AM/PM", "A/P", "오전/오후"} for t in plain
    )
    return _Section(
        tokens=tuple(tokens),
        is_date=is_date and not any(t in {"0", "#", "?"} and not _fraction_of_second(plain) for t in plain),
        condition=(condition.group(1), float(condition.group(2))) if condition else None,
    )


def _fraction_of_second(plain: list[str]) -> bool:
    return any(t in {"s", "ss"} for t in plain) and not any(t in {"#", "?"} for t in plain)


def is_date_format(code: str) -> bool:
    """Whether numbers of this format are shown as dates or times.

    >>> is_date_format("yyyy-mm-dd"), is_date_format("#,##0"), is_date_format('0"m"')
    (True, False, False)
    """
    return _sections(code)[0].is_date


def show(value: float, code: str, epoch_1904: bool = False) -> str:
    """The number as shown. A format that cannot be followed shows the number plainly.

    >>> show(1234567, '"₩"#,##0'), show(0.125, "0.0%"), show(45658, 'yyyy"년" m"월" d"일"'), show(-5, "#,##0;(#,##0)")
    ('₩1,234,567', '12.5%', '2025년 1월 1일', '(5)')
    """
    if not math.isfinite(value):
        return str(value)
    section, value = _choose(_sections(code), value)
    if section is None:
        return general(value)
    if section.is_date:
        return _date(value, section.tokens, epoch_1904)
    return _number(value, section.tokens).strip()


def general(value: float) -> str:
    """A number without a format: up to eleven digits, no exponent within reason.

    >>> general(3.0), general(0.1 + 0.2), general(12345678901234)
    ('3', '0.3', '12345678901234')
    """
    if not math.isfinite(value):
        return str(value)
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    shown = f"{value:.10g}"
    return f"{value:.15g}" if "e" in shown and 1e-9 < abs(value) < 1e15 else shown


def _choose(sections: tuple[_Section, ...], value: float) -> tuple[_Section | None, float]:
    conditions = [s.condition for s in sections]
    if any(conditions):
        for section in sections:
            if section.condition is None or _holds(value, *section.condition):
                return section, value
        return None, value
    if len(sections) > 1 and value < 0:
        return sections[1], -value
    if len(sections) > 2 and value == 0:
        return sections[2], value
    return sections[0], value


def _holds(value: float, sign: str, bound: float) -> bool:
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[sign]


def _literal(token: str) -> str | None:
    """What a token that is no place for a digit shows; None for one that is."""
    if token[0] == '"':
        return token[1:-1]
    if token[0] == "\\":
        return token[1:]
    if token[0] == "_":
        return " "
    if token[0] == "*":
        return ""
    if token[0] == "[":
        currency = _CURRENCY.fullmatch(token)
        return currency.group(1) if currency else ""
    return None


# ── numbers ──────────────────────────────────────────────────────────────────


def _number(value: float, tokens: tuple[str, ...]) -> str:
    places = [t for t in tokens if _literal(t) is None]
    if "/" in places:
        return general(value)
    if not any(t in "0#?" for t in places):
        return _words_only(value, tokens)
    percent = places.count("%")
    exponent = any(t[0] in "Ee" and len(t) == 2 for t in places)
    whole, fraction, thousands, scale = _shape(places)
    if max(percent, scale) > _MOST_SCALED:
        return general(value)
    scaled = value * 100**percent / 1000**scale
    if not math.isfinite(scaled):
        return general(value)
    if not exponent and _is_spread(tokens):
        return _spread(tokens, str(round(abs(scaled))))
    digits = _scientific(scaled, whole, fraction) if exponent else _digits(scaled, whole, fraction, thousands)
    return _filled(tokens, digits, scaled < 0)


def _words_only(value: float, tokens: tuple[str, ...]) -> str:
    parts = []
    for token in tokens:
        words = _literal(token)
        if words is not None:
            parts.append(words)
        elif token.lower() == "general" or token == "@":
            parts.append(general(value))
        else:
            parts.append(token)
    return "".join(parts) if parts else ""


def _shape(places: list[str]) -> tuple[int, tuple[int, int], bool, int]:
    """Digits at least before the point; at least and at most after it; thousands; how often divided by 1000."""
    body = [t for t in itertools.takewhile(lambda t: t[0] not in "Ee", places) if t in {"0", "#", "?", ".", ","}]
    point = body.index(".") if "." in body else len(body)
    before, after = body[:point], body[point + 1 :]
    scale = 0
    for run in (after, before) if after else (before,):
        while run and run[-1] == ",":
            run.pop()
            scale += 1
        if run:
            break
    most = sum(t in "0#?" for t in after)
    least = max((i + 1 for i, t in enumerate(t for t in after if t in "0#?") if t == "0"), default=0)
    return before.count("0"), (least, most), "," in before, scale


def _is_spread(tokens: tuple[str, ...]) -> bool:
    """Whether something stands between the digits, as in a telephone number."""
    at = [i for i, t in enumerate(tokens) if t in {"0", "#", "?"}]
    between = tokens[at[0] : at[-1]] if at else ()
    return "." not in tokens and "," not in between and any(t not in {"0", "#", "?"} for t in between)


def _spread(tokens: tuple[str, ...], digits: str) -> str:
    parts: list[str] = []
    first = next(i for i, t in enumerate(tokens) if t in {"0", "#", "?"})
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        if token in {"0", "#", "?"}:
            taken = len(digits) if index == first else 1
            parts.append(digits[max(0, len(digits) - taken) :] or ("0" if token == "0" else ""))
            digits = digits[: max(0, len(digits) - taken)]
        else:
            words = _literal(token)
            parts.append(token if words is None else words)
    return "".join(reversed(parts))


def _digits(value: float, whole: int, fraction: tuple[int, int], thousands: bool) -> str:
    least, most = fraction
    # Excel rounds half away from zero on the decimal digits, Python half to even on the binary ones.
    rounded = f"{abs(value) + abs(value) * 1e-15:.{most}f}" if abs(value) < 1e15 else f"{abs(value):.{most}f}"
    integer, _, decimals = rounded.partition(".")
    integer = integer.lstrip("0").rjust(whole, "0")
    while len(decimals) > least and decimals.endswith("0"):
        decimals = decimals[:-1]
    if thousands and integer:
        head = len(integer) % 3 or 3
        integer = ",".join([integer[:head], *(integer[i : i + 3] for i in range(head, len(integer), 3))])
    return f"{integer}.{decimals}" if decimals else integer or ("" if whole == 0 and most else "0" if whole else "")


def _scientific(value: float, whole: int, fraction: tuple[int, int]) -> str:
    shown = f"{abs(value):.{fraction[1]}E}"
    mantissa, _, exponent = shown.partition("E")
    return f"{mantissa}E{int(exponent):+03d}"


def _filled(tokens: tuple[str, ...], digits: str, negative: bool) -> str:
    parts = ["-"] if negative and digits.strip("0.,") else []
    done = False
    for token in tokens:
        words = _literal(token)
        if words is not None:
            parts.append(words)
        elif token in {"0", "#", "?", ".", ","} or (token[0] in "Ee" and len(token) == 2):
            if not done:
                parts.append(digits)
            done = True
        else:
            parts.append(token)
    return "".join(parts)


# ── dates ────────────────────────────────────────────────────────────────────


def _date(value: float, tokens: tuple[str, ...], epoch_1904: bool) -> str:
    days = value + (1462 if epoch_1904 else 0)
    if not 0 <= days < _LAST_DAY + 1 - _HALF_A_SECOND:
        return general(value)
    moment = _moment(days)
    korean = any(t.lower().startswith("[$-") and t.lower().endswith("412]") for t in tokens)
    tokens = tuple("오전/오후" if korean and t == "AM/PM" else t for t in tokens)
    half_day = any(t in {"AM/PM", "A/P", "오전/오후"} for t in tokens)
    parts: list[str] = []
    last = ""
    for index, token in enumerate(tokens):
        elapsed = _ELAPSED.fullmatch(token)
        words = _literal(token)
        if elapsed:
            parts.append(_elapsed(value, elapsed.group(1).lower()))
            last = elapsed.group(1)[0].lower()
        elif words is not None:
            parts.append(words)
        else:
            minutes = token in {"m", "mm"} and (last == "h" or _next_letter(tokens, index) == "s")
            parts.append(_part(moment, token, half_day, minutes))
            last = token[0].lower() if token[0] in "ymdhsYMDHS" else last
    return re.sub(r"\.0+$", "", "".join(parts).strip()) if "0" in tokens else "".join(parts).strip()


def _moment(days: float) -> datetime.datetime:
    # Excel believes that 1900 was a leap year: day 60 never was, and days before it count from another start.
    start = datetime.datetime(1899, 12, 31 if days < 60 else 30)
    seconds = round((days % 1) * 86_400)
    return start + datetime.timedelta(days=int(days), seconds=seconds)


def _next_letter(tokens: tuple[str, ...], index: int) -> str:
    for token in tokens[index + 1 :]:
        elapsed = _ELAPSED.fullmatch(token)
        if elapsed:
            return elapsed.group(1)[0].lower()
        if _literal(token) is None and token[0].lower() in "ymdhs":
            return token[0].lower()
    return ""


def _elapsed(value: float, unit: str) -> str:
    size = {"h": 24, "m": 1440, "s": 86_400}[unit[0]]
    return f"{int(value * size + 1e-6):0{len(unit)}d}"


def _part(moment: datetime.datetime, token: str, half_day: bool, minutes: bool) -> str:
    hour = (moment.hour % 12 or 12) if half_day else moment.hour
    number = {"d": moment.day, "h": hour, "s": moment.second, "m": moment.minute if minutes else moment.month}
    lower = token.lower()
    if lower in {"yyyy", "yyy"}:
        return f"{moment.year:04d}"
    if lower in {"yy", "y"}:
        return f"{moment.year % 100:02d}"
    if len(lower) <= 2 and lower[0] in number and lower.strip("dhsm") == "":
        return f"{number[lower[0]]:0{len(lower)}d}"
    if lower in {"mmm", "mmmm", "mmmmm"}:
        name = _MONTHS.split()[moment.month - 1]
        return {"mmm": name[:3], "mmmm": name, "mmmmm": name[0]}[lower]
    if lower in {"ddd", "dddd"}:
        name = _DAYS_EN.split()[moment.weekday()]
        return name[:3] if lower == "ddd" else name
    if lower in {"aaa", "aaaa"}:
        return _DAYS_KO[moment.weekday()] + ("요일" if lower == "aaaa" else "")
    if token in {"AM/PM", "A/P"}:
        return "AM" if moment.hour < 12 else "PM"
    if token == "오전/오후":
        return "오전" if moment.hour < 12 else "오후"
    return "" if token == "@" else token
