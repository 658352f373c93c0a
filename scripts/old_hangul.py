"""Derives the table of old Hangul's private-use code points, and compares it with the one that the readers use.

    .venv/bin/uv run --no-project --with fonttools python scripts/old_hangul.py NanumMyeongjo-YetHangul.ttf [--write]

Where the facts come from:

* Syllables: NanumMyeongjo-YetHangul of the Nanum fonts (NAVER, SIL Open Font License 1.1; Debian: `fonts-nanum`).
  The font has each syllable twice: at the private code point where Hanyang put it, and as what it shows for the
  syllable's letters. So its own tables say which letters each code point stands for.
* Letters alone: they stand in the order of the dictionary, as the names that Unicode gives them spell it.
* Seven syllables whose final has two code points and one meaning in Unicode; the font knows the other code point.
"""

from __future__ import annotations

import importlib
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parents[1] / "src" / "jihwi" / "readers" / "hancom" / "old_hangul.txt"
HEAD = """\
# Old Hangul in the private-use area, as Hanyang's fonts and Hancom's word processor place it: U+E0BC to U+F8F7.
# Made by scripts/old_hangul.py, which names where each fact comes from.
# A line: the first code point of a run, the initial and the vowel its syllables share (- for single letters),
# then one final for each code point of the run (- for none). Everything in hexadecimal Unicode code points.
"""
PRIVATE = range(0xE000, 0xF900)
TWICE = {0xE0E7: 0x11F1, 0xE143: 0x11EC, 0xE5E6: 0x11F1, 0xE8DB: 0x11F1, 0xEA7D: 0xD7F6, 0xF17B: 0x11F1, 0xF1AD: 0x11F1}
"""Hanyang tells a final that begins with IEUNG from one with YESIEUNG; Unicode does not. The initial and the vowel are
those of the code point before."""
BOTH_WAYS = frozenset((0x11EC, 0x11EF, 0x11F1, 0xD7F6))
"""The finals that stand among the letters twice for that reason."""
YESIEUNG_MIEUM = 0xD7F5
"""Stands with IEUNG alone, whatever its name."""

INITIALS = (0xF784, [0x115F, *range(0x1100, 0x115F), *range(0xA960, 0xA97D)])
VOWELS = (0xF806, [0x1160, *range(0x1161, 0x11A8), *range(0xD7B0, 0xD7C7)])
FINALS = (0xF86B, [*range(0x11A8, 0x1200), *range(0xD7CB, 0xD7FC)])
CONSONANTS = [
    *("FILLER", "KIYEOK", "NIEUN", "TIKEUT", "RIEUL", "MIEUM", "PIEUP", "SIOS", "CHITUEUMSIOS", "CEONGCHIEUMSIOS"),
    *("PANSIOS", "IEUNG", "YESIEUNG", "CIEUC", "CHITUEUMCIEUC", "CEONGCHIEUMCIEUC", "CHIEUCH", "CHITUEUMCHIEUCH"),
    *("CEONGCHIEUMCHIEUCH", "KHIEUKH", "THIEUTH", "PHIEUPH", "HIEUH", "YEORINHIEUH", "KAPYEOUN"),
]
"""In the order of the dictionary. KAPYEOUN is the ring under a letter, which comes after every letter."""
SIMPLE_VOWELS = ["FILLER", "A", "YA", "EO", "YEO", "O", "YO", "U", "YU", "EU", "I", "ARAEA"]
COMPOSED_VOWELS = {
    "AE": "A I", "YAE": "YA I", "E": "EO I", "YE": "YEO I", "WA": "O A", "WAE": "O A I", "OE": "O I", "WEO": "U EO",
    "WE": "U EO I", "WI": "U I", "YI": "EU I",
}  # fmt: skip


def syllables(font: Any) -> dict[int, tuple[int, ...]]:
    """Each private code point that the font shows for a run of letters, and those letters."""
    code_points: dict[str, list[int]] = {}
    for code, name in sorted(font.getBestCmap().items()):
        code_points.setdefault(name, []).append(code)
    spellings: dict[int, set[tuple[int, ...]]] = {}
    for first, ligature in _ligatures(font):
        parts = [code_points.get(name, [0])[0] for name in (first, *ligature.Component)]
        spelled = tuple(map(ord, unicodedata.normalize("NFD", "".join(map(chr, parts)))))
        for code in code_points.get(ligature.LigGlyph, ()):
            if code in PRIVATE and 0 not in parts:
                spellings.setdefault(code, set()).add(spelled)
    found: dict[int, tuple[int, ...]] = {}
    for code, ways in sorted(spellings.items()):
        # One is spelled in two ways. Code points stand in the order of the dictionary, so the one before tells which.
        before = found.get(code - 1, ())[:2]
        found[code] = min(ways, key=lambda way: (way[:2] != before, way))
    return found


def _ligatures(font: Any) -> Iterator[tuple[str, Any]]:
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            for first, ligatures in getattr(table, "ligatures", {}).items():
                for ligature in ligatures:
                    yield first, ligature


def letters() -> dict[int, tuple[int, ...]]:
    """The letters alone, in the order of the dictionary.

    >>> [f"{code:X} {letter[0]:X}" for code, letter in list(letters().items())[1:4]]
    ['F785 1100', 'F786 1101', 'F787 115A']
    """
    found: dict[int, tuple[int, ...]] = {}
    for first, codes in (INITIALS, VOWELS, FINALS):
        placed = [(_place(code), code) for code in codes]
        if codes is FINALS[1]:
            placed += [(_place(code, "YESIEUNG"), code) for code in BOTH_WAYS]
        for index, (_, code) in enumerate(sorted(placed)):
            found[first + index] = (code,)
    return found


def _place(code: int, nasal: str = "") -> list[int]:
    """Where a letter stands in the dictionary, by its name; `nasal` is what stands for its IEUNG."""
    name = unicodedata.name(chr(code)).split()[-1]
    if "JUNGSEONG" in unicodedata.name(chr(code)):
        parts = [part for vowel in name.split("-") for part in _vowels(vowel)]
        return [SIMPLE_VOWELS.index(part) for part in parts]
    places = [part for consonant in name.split("-") for part in _consonants(consonant)]
    if code in (*BOTH_WAYS, YESIEUNG_MIEUM):
        places[0] = nasal or "IEUNG"
    return [CONSONANTS.index(part) for part in places]


def _vowels(name: str) -> list[str]:
    if name.startswith("SSANG"):
        return [name.removeprefix("SSANG")] * 2
    return COMPOSED_VOWELS.get(name, name).split()


def _consonants(name: str) -> list[str]:
    for kind in ("CHITUEUM", "CEONGCHIEUM"):
        if name.startswith(kind + "SSANG"):
            return [kind + name.removeprefix(kind + "SSANG")] * 2
    if name.startswith("KAPYEOUNSSANG"):
        return [name.removeprefix("KAPYEOUNSSANG"), "KAPYEOUN"] * 2
    if name.startswith("KAPYEOUN"):
        return [name.removeprefix("KAPYEOUN"), "KAPYEOUN"]
    return [name.removeprefix("SSANG")] * 2 if name.startswith("SSANG") else [name]


def written(table: dict[int, tuple[int, ...]]) -> str:
    """The table in runs of code points that share initial and vowel."""
    lines = []
    order = sorted(table)
    for _, run in groupby(enumerate(order), key=lambda pair: (pair[1] - pair[0], _shared(table[pair[1]]))):
        codes = [code for _, code in run]
        shared = _shared(table[codes[0]])
        finals = [table[code][len(shared) :] for code in codes]
        lines.append(" ".join([f"{codes[0]:X}", _hex(shared) or "-", *(_hex(final) or "-" for final in finals)]))
    return HEAD + "\n".join(lines) + "\n"


def _shared(spelled: tuple[int, ...]) -> tuple[int, ...]:
    return spelled[:2] if len(spelled) > 1 else ()


def _hex(codes: Iterable[int]) -> str:
    return "+".join(f"{code:X}" for code in codes)


def main() -> None:
    """Derive, compare, and write where that is asked for."""
    font = importlib.import_module("fontTools.ttLib").TTFont(sys.argv[1])
    table = syllables(font) | letters()
    for code, final in TWICE.items():
        table[code] = (*table[code - 1][:2], final)
    before, now = (_lines(text) for text in (TABLE.read_text("ascii"), written(table)))
    differ = sum(before.get(code) != now.get(code) for code in before.keys() | now.keys())
    print(f"{len(table)} code points; {differ} differ from the table in use")
    for code in sorted(before.keys() | now.keys()):
        if before.get(code) != now.get(code):
            print(f"  {code:X}: {before.get(code)} in use, {now.get(code)} derived")
    if "--write" in sys.argv:
        TABLE.write_text(written(table), "ascii")


def _lines(text: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            first, shared, *finals = line.split()
            found |= {int(first, 16) + index: f"{shared} {final}" for index, final in enumerate(finals)}
    return found


if __name__ == "__main__":
    main()
