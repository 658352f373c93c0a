"""Personal data in a text, by Korean patterns: counted and masked, never shown.

A pattern that carries a check (a resident number's date and check digit, a card's Luhn sum) is counted only when the
check holds. Resident numbers issued since October 2020 have no check digit (Enforcement Rule of the Resident
Registration Act, 2020-10-05); those are told by their date, century digit and the words around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

__all__ = ["KINDS", "count_personal_data", "mask_personal_data", "masked_name", "personal_spans"]

KINDS = (
    "resident_number",
    "foreigner_number",
    "phone",
    "card",
    "account",
    "passport",
    "driving_licence",
    "e_mail",
    "address",
)
"""What is looked for, in the order in which a place is claimed: a number is one kind only."""

_ODD = re.compile("[\uff01-\uff5e\u2010-\u2015\u2212\ufe63\u00a0\u2002-\u200a\u202f\u3000\u3161]")
_USUAL = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_USUAL |= dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE63, 0x3161), ord("-"))
_USUAL |= dict.fromkeys((0xA0, *range(0x2002, 0x200B), 0x202F, 0x3000), ord(" "))
"""Digits, letters and signs of full width, every dash and every blank: read as the ones on a keyboard, one for one."""

_RESIDENT = re.compile(r"(?<![\d-])(\d{2})(\d{2})(\d{2})\s?-?\s?([0-9])(\d{6})(?![\d-])")
_CARD = re.compile(r"(?<![\d-])(?:\d{4}[- ]?\d{4}[- ]?\d{4}[- ]?\d{4}|3[47]\d{2}[- ]?\d{6}[- ]?\d{5})(?![\d-])")
_PHONE = re.compile(
    r"(?<![\d-])(?:(?:\+|00)82[-. )]{0,2}\(?0?|\(?0)(?:1[016789]|2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d)\)?"
    r"[-. ]{0,2}\d{3,4}[-. ]{1,2}\d{4}(?![\d-])"
    r"|(?<![\d-])01[016789]\d{7,8}(?![\d-])"
)
_PHONE_IN_ONE = re.compile(r"(?<![\d-])0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d)\d{7,8}(?![\d-])")
_PHONE_WORDS = re.compile(r"전화|연락처|휴대|핸드폰|팩스|☎|☏|\b(?:tel|fax|phone|mobile)\b", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?<![\d-])\d{2,6}-\d{2,6}-\d{2,8}(?:-\d{1,3})?(?![\d-])")
_ACCOUNT_WORDS = re.compile(
    r"계좌|입금|송금|예금주|은행|농협|수협|신협|새마을금고|우체국|카카오뱅크|토스뱅크|케이뱅크|account", re.IGNORECASE
)
_ACCOUNT_IN_ONE = re.compile(r"(?<![\d-])\d{10,14}(?![\d-])")
_ACCOUNT_FOR_SURE = re.compile(r"계좌|입금|송금|예금주|account", re.IGNORECASE)
_BUSINESS = re.compile(r"\d{3}-\d{2}-\d{5}")
"""A business registration number looks like an account; it names a firm, and its tenth digit checks."""
_BUSINESS_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3)
_PASSPORT = re.compile(r"(?<![A-Za-z\d])[MSRODTG][ -]?(?:\d{8}|\d{3}[A-Z]\d{4})(?![A-Za-z\d])")
_PASSPORT_WORDS = re.compile(r"여권|passport", re.IGNORECASE)
_LICENCE_IN_ONE = re.compile(r"(?<![\d-])(?:1[1-9]|2[0-8])\d{10}(?![\d-])")
_LICENCE_WORDS = re.compile(r"면허")
_LICENCE = re.compile(
    r"(?<![\d-])(?:(?:1[1-9]|2[0-8])|서울|부산|경기|강원|충북|충남|전북|전남|경북|경남|제주|대구|인천|광주|대전|울산)"
    r"[- ]?\d{2}[- ]\d{6}[- ]\d{2}(?![\d-])"
)
_MAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])", re.ASCII
)
_ADDRESS = re.compile(
    r"(?:[가-힣]{1,6}(?:특별자치도|특별자치시|특별시|광역시|도|시|군|구)\s+){1,3}(?:[가-힣0-9]{1,8}(?:읍|면|동|가)\s+)?"
    r"[가-힣0-9]{1,12}(?:로|길)\s?\d{1,4}(?:번?길\s?\d{1,4})?(?:-\d{1,4})?(?=[\s,.()]|번지|$)"
    r"|(?:[가-힣]{1,6}(?:특별자치도|특별자치시|특별시|광역시|도|시|군|구)\s+){1,3}(?:[가-힣]{1,8}[읍면]\s+)?"
    r"[가-힣0-9]{1,8}[동리가]\s+(?:산\s?)?\d{1,4}(?:-\d{1,4})?(?:번지)?(?=[\s,.()]|$)"
)

_CENTURY = {"9": 1800, "0": 1800} | dict.fromkeys("1256", 1900) | dict.fromkeys("3478", 2000)
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_CHECK_DIGIT_ENDS = date(2020, 10, 5)
_RESIDENT_WORDS = re.compile(r"주민|등록번호|외국인|생년|RRN", re.IGNORECASE)
_NEAR = 40


def count_personal_data(text: str) -> dict[str, int]:
    """How many of each kind stand in `text`; kinds that do not are left out.

    >>> count_personal_data("연락처 010-1234-5678, hong@example.kr")
    {'phone': 1, 'e_mail': 1}
    """
    found: dict[str, int] = {}
    for kind, _, _ in personal_spans(text):
        found[kind] = found.get(kind, 0) + 1
    return {kind: found[kind] for kind in KINDS if kind in found}


def mask_personal_data(text: str) -> str:
    """The text with letters and digits of personal data covered; its length and all else stay the same.

    >>> mask_personal_data("연락처 010-1234-5678.")
    '연락처 ***-****-****.'
    """
    return _covered(text, KINDS)


def masked_name(path: str) -> str:
    """The name of a file or what was said of one, with the numbers of people in it covered. Addresses stay: a plan is
    named after its place.

    >>> masked_name("인사/홍길동 900101-1234568.hwp")
    '인사/홍길동 ******-*******.hwp'
    """
    return _covered(path, _OF_NAMES)


_OF_NAMES = tuple(kind for kind in KINDS if kind != "address")


def _covered(text: str, kinds: tuple[str, ...]) -> str:
    parts: list[str] = []
    place = 0
    for kind, start, end in personal_spans(text):
        if kind not in kinds:
            continue
        parts.append(text[place:start])
        parts.append("".join("*" if c.isalnum() else c for c in text[start:end]))
        place = end
    return "".join(parts) + text[place:]


def personal_spans(text: str) -> list[tuple[str, int, int]]:
    """Kind, start and end of each piece of personal data, in order and never overlapping.

    >>> personal_spans("연락처 ０１０－１２３４－５６７８")
    [('phone', 4, 17)]
    """
    if _ODD.search(text):
        text = text.translate(_USUAL)
    taken: list[tuple[str, int, int]] = []
    covered: set[int] = set()
    places = {name: _places(text, pattern, before, after) for name, (pattern, before, after) in _WHERE.items()}
    for kind, where, finder in _FINDERS:
        for first, last in places[where]:
            for start, end in finder(text, first, last):
                if covered.isdisjoint(range(start, end)):
                    covered.update(range(start, end))
                    taken.append((kind or _whose(text[start:end]), start, end))
    return sorted(taken, key=lambda span: span[1])


_WHERE: dict[str, tuple[re.Pattern[str], int, int]] = {
    "number": (re.compile(r"\d(?:[ ().\t\n-]{0,3}\d){8,}"), 6, 1),
    "passport": (re.compile(r"[A-Z][ -]?\d{3}"), 1, 9),
    "mail": (re.compile(r"@"), 65, 260),
    "address": (re.compile(r"[가-힣](?:도|시|군|구)\s"), 8, 70),
}
"""The places worth a closer look, cheaply found, with how far around them a pattern may reach."""


def _places(text: str, pattern: re.Pattern[str], before: int, after: int) -> list[tuple[int, int]]:
    """Where `pattern` stands in `text`, widened, with what overlaps made one."""
    found: list[tuple[int, int]] = []
    for match in pattern.finditer(text):
        start, end = max(0, match.start() - before), min(len(text), match.end() + after)
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


# ── the checks ───────────────────────────────────────────────────────────────


def _resident_numbers(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _RESIDENT.finditer(text, first, last):
        year, month, day, century, _ = match.groups()
        digits = "".join(match.groups())
        try:
            born = date(_CENTURY[century] + int(year), int(month), int(day))
        except ValueError:
            continue
        named = _near(text, match, _RESIDENT_WORDS)
        whole = not re.search(r"[^\d -]", match.group())  # halves in two cells are one number only when it is named
        if (whole or named) and (has_check_digit(digits) or ("-" in match.group() and (named or _without_check(born)))):
            yield match.span()


def _without_check(born: date) -> bool:
    return born >= _CHECK_DIGIT_ENDS


def has_check_digit(digits: str) -> bool:
    """Whether the thirteenth digit is the one the first twelve ask for.

    Weights 2 to 9, then 2 to 5; eleven less the remainder by eleven, its last digit. For foreigners (century digit
    5 to 8) two more, its last digit.
    """
    total = sum(int(digit) * weight for digit, weight in zip(digits[:12], _WEIGHTS, strict=True))
    expected = (11 - total % 11) % 10
    if digits[6] in "5678":
        expected = (expected + 2) % 10
    return expected == int(digits[12])


def _cards(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _CARD.finditer(text, first, last):
        digits = [int(c) for c in match.group() if c.isdigit()]
        if digits[0] in (2, 3, 4, 5, 6, 9) and _luhn(digits) and len(set(digits)) > 1:
            yield match.span()


def _luhn(digits: list[int]) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += digit if place % 2 == 0 else (digit * 2 - 9 if digit > 4 else digit * 2)
    return total % 10 == 0


def _phones(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _PHONE.finditer(text, first, last):
        yield match.span()
    for match in _PHONE_IN_ONE.finditer(text, first, last):
        if _near(text, match, _PHONE_WORDS):
            yield match.span()


def _accounts(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _ACCOUNT.finditer(text, first, last):
        digits = sum(c.isdigit() for c in match.group())
        if 10 <= digits <= 14 and not _is_business(match.group()) and _near(text, match, _ACCOUNT_WORDS):
            yield match.span()
    for match in _ACCOUNT_IN_ONE.finditer(text, first, last):
        if _near(text, match, _ACCOUNT_FOR_SURE):
            yield match.span()


def _is_business(number: str) -> bool:
    """Whether it is a business registration number by its form and its check digit."""
    if not _BUSINESS.fullmatch(number):
        return False
    digits = [int(c) for c in number if c != "-"]
    total = sum(digit * weight for digit, weight in zip(digits[:8], _BUSINESS_WEIGHTS, strict=True))
    last = digits[8] * 5
    return (10 - (total + last // 10 + last % 10) % 10) % 10 == digits[9]


def _passports(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _PASSPORT.finditer(text, first, last):
        if _near(text, match, _PASSPORT_WORDS):
            yield match.span()


def _licences(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _LICENCE.finditer(text, first, last):
        yield match.span()
    for match in _LICENCE_IN_ONE.finditer(text, first, last):
        if _near(text, match, _LICENCE_WORDS):
            yield match.span()


def _mails(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _MAIL.finditer(text, first, last):
        yield match.span()


def _addresses(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for match in _ADDRESS.finditer(text, first, last):
        yield match.span()


def _near(text: str, match: re.Match[str], words: re.Pattern[str]) -> bool:
    return words.search(text, max(0, match.start() - _NEAR), match.end() + _NEAR) is not None


def _whose(number: str) -> str:
    digits = [c for c in number if c.isdigit()]
    return "foreigner_number" if digits[6] in "5678" else "resident_number"


_Finder = Callable[[str, int, int], Iterator[tuple[int, int]]]
_FINDERS: tuple[tuple[str, str, _Finder], ...] = (
    ("", "number", _resident_numbers),
    ("card", "number", _cards),
    ("driving_licence", "number", _licences),
    ("phone", "number", _phones),
    ("account", "number", _accounts),
    ("passport", "passport", _passports),
    ("e_mail", "mail", _mails),
    ("address", "address", _addresses),
)
