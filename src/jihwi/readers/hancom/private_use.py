"""Private-use code points of Hancom's fonts, to Unicode: old Hangul, and the symbols whose meaning is certain.

Old Hangul stands where Hanyang's fonts put it (`old_hangul.txt`, derived by `scripts/old_hangul.py`); each code point
becomes the sequence of letters that Unicode has for it. Symbols: the dingbat font of Windows at U+F020 to U+F0FF, by
the names Unicode gave those signs in its version 7, and the supplementary points of Hancom's own symbol font that
printed documents have shown. What is not known for certain is left as it is: a wrong sign is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

__all__ = ["bullet_text", "has_private_use", "to_unicode"]

_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]+")

_DINGBATS = dict(
    zip(
        (
            40,
            42,
            43,
            63,
            64,
            70,
            74,
            76,
            81,
            82,
            108,
            109,
            110,
            111,
            112,
            113,
            114,
            115,
            116,
            117,
            118,
            119,
            120,
            121,
            128,
            139,
            158,
            159,
            160,
            161,
            164,
            167,
            168,
            170,
            171,
            216,
            220,
            223,
            224,
            225,
            226,
            232,
            239,
            240,
            241,
            242,
            243,
            251,
            252,
            253,
            254,
        ),
        "☎✉✉✍✍☞☺☹✈☼●❍■□□❑❒⬧⧫◆❖⬥☒⍓⓪⓿·•▪○◉▪◻✦★➢➲←→↑↓➔⇦⇨⇧⇩⬄✗✓☒☑",
        strict=True,
    )
)
_DINGBATS |= {0x81 + i: chr(0x2460 + i) for i in range(10)} | {0x8C + i: chr(0x2776 + i) for i in range(10)}

_BOX = "┌┬┐├┼┤└┴┘─│"
_HEAVY_BOX = "┏┳┓┣╋┫┗┻┛━┃"
_SYMBOLS: dict[int, str] = {
    0xF012B: "(인)",
    0xF02FB: "▸",
    0xF02FC: "►",
    0xF031C: "■",
    0xF03A0: "↵",
    0xF03C5: "□",
    0xF0854: "『",
    0xF0855: "』",
}
_SYMBOLS |= {0xF03EF + i: sign for i, sign in enumerate("한글과컴퓨터")}
_SYMBOLS |= {0xF0806 + i: sign for i, sign in enumerate(_BOX)}
_SYMBOLS |= {0xF0811 + i: sign for i, sign in enumerate(_HEAVY_BOX)}
# Numbers in circles and in boxes. Two-digit ones are two halves: the tens, then the ones.
_CIRCLED, _CIRCLED_ONES = 0xF0288, 0xF0292
_SYMBOLS |= {_CIRCLED + i: "⓪①②③④⑤⑥⑦⑧⑨"[i] for i in range(10)}
_SYMBOLS |= {_CIRCLED_ONES + i: str(i) for i in range(10)}
_SYMBOLS |= {0xF02B1 + i: str(i + 1) for i in range(9)}
_SYMBOLS |= {0xF02BA + i: str(i + 1) for i in range(9)}
_SYMBOLS |= {0xF02C3 + i: str(i) for i in range(10)}
_CIRCLED_PAIR = re.compile("[\U000f0289-\U000f0291][\U000f0292-\U000f029b]")


@cache
def _old_hangul() -> dict[int, str]:
    """The table, read when the first private code point is met."""
    table: dict[int, str] = {}
    written = resources.files(__package__).joinpath("old_hangul.txt").read_text(encoding="ascii")
    for line in written.splitlines():
        if not line or line.startswith("#"):
            continue
        first, shared, *finals = line.split()
        lead = "" if shared == "-" else "".join(chr(int(code, 16)) for code in shared.split("+"))
        for index, final in enumerate(finals):
            table[int(first, 16) + index] = lead + ("" if final == "-" else chr(int(final, 16)))
    return table


def _mapped(sign: str) -> str:
    """What a private code point stands for; empty when that is not known."""
    code = ord(sign)
    if 0xF020 <= code <= 0xF0FF:
        return _DINGBATS.get(code - 0xF000, "")
    if code >= 0xF0000:
        return _SYMBOLS.get(code, "")
    return _old_hangul().get(code, "")


def has_private_use(text: str) -> bool:
    """Whether any code point of `text` is of private use."""
    return not text.isascii() and _PRIVATE.search(text) is not None


def to_unicode(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it was mapped.

    >>> list(to_unicode("\\uf53a글 \\uf0fe"))
    [('ᄒᆞᆫ', True), ('글 ', False), ('☑', True)]
    """
    at = 0
    for run in _PRIVATE.finditer(text):
        if at < run.start():
            yield text[at : run.start()], False
        yield from _run(run[0])
        at = run.end()
    if at < len(text):
        yield text[at:], False


def _run(private: str) -> Iterator[tuple[str, bool]]:
    """A run of private code points: circled pairs first, then one by one."""
    at = 0
    while at < len(private):
        pair = _CIRCLED_PAIR.match(private, at)
        if pair:
            value = (ord(pair[0][0]) - _CIRCLED) * 10 + ord(pair[0][1]) - _CIRCLED_ONES
            yield (chr(0x2460 + value - 1) if value <= 20 else str(value)), True
            at = pair.end()
            continue
        mapped = _mapped(private[at])
        yield (mapped, True) if mapped else (private[at], False)
        at += 1


def bullet_text(sign: str) -> str:
    """A bullet as Unicode shows it; a soft hyphen, which most programs hide, is a hyphen.

    >>> bullet_text("\\xad"), bullet_text("❍"), bullet_text("\\uf0a7")
    ('-', '❍', '▪')
    """
    if sign == "\xad":
        return "-"
    return "".join(piece for piece, _ in to_unicode(sign)) if has_private_use(sign) else sign
