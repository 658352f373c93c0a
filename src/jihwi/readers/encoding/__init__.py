"""Bytes to text: which encoding it is, how sure that is, and what had to be repaired on the way."""

from __future__ import annotations

import codecs
import re
import unicodedata

import msgspec

from jihwi.evidence import OriginRun, Warning
from jihwi.readers.encoding.mojibake import lost_in_mojibake, undo_mojibake
from jihwi.readers.encoding.plausible import frequent_hangul, plausibility

__all__ = ["Decoded", "declared", "decode"]

_SAMPLE = 1 << 17
_LONG = 1 << 20
_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ISO_2022_KR = b"\x1b$)C"
# KS X 1001 writes a syllable it has no code for as a filler and three letters.
_SPELT_OUT = re.compile("\u3164([ㄱ-ㅎ])([ㅏ-ㅣ])([ㄱ-ㅎ\u3164])")
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FINALS = "\u3164ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_UNWANTED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
# Letters of a modern syllable that stand apart, as Macs store them; letters of old syllables have no other form.
_APART = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")
_COMPOSED = Warning("hangul_composed")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_NAMES = {
    "euc-kr": "cp949",
    "euckr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "ks_c_5601": "cp949",
    "uhc": "cp949",
    "x-windows-949": "cp949",
    "windows-949": "cp949",
    "ms949": "cp949",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "cp1252",
}


class Decoded(msgspec.Struct, frozen=True):
    """A text, how it was found in the bytes, and which parts of it are not simply what was stored."""

    text: str
    """With line feeds as line ends and without control characters."""
    encoding: str
    """Python's name of the encoding; `mixed` where lines differ."""
    confidence: float
    """0 to 1."""
    repaired: tuple[OriginRun, ...] = ()
    warnings: tuple[Warning, ...] = ()


class _Guess(msgspec.Struct, frozen=True):
    encoding: str
    confidence: float
    pieces: list[tuple[str, bool]]
    """Text with whether it was repaired."""


def decode(data: bytes, claimed: str = "") -> Decoded:
    """Decode `data`; never fails. `claimed` is what the file or its envelope says, believed only if it holds.

    >>> found = decode("제1조(목적)".encode("cp949"))
    >>> found.text, found.encoding, found.repaired
    ('제1조(목적)', 'cp949', ())
    """
    guess = _guess(data, declared(claimed))
    pieces = guess.pieces
    mended = 0
    if not (guess.encoding == "ascii" or (len(pieces) == 1 and pieces[0][0].isascii())):
        pieces, mended = _without_mojibake(pieces)
    return _finished(guess, pieces, mended)


def declared(name: str) -> str:
    """Python's name for an encoding a file claims; empty when there is no such encoding.

    >>> declared("KS_C_5601-1987"), declared("klingon")
    ('cp949', '')
    """
    name = name.strip().strip("\"'").lower()
    try:
        found = _NAMES.get(name) or codecs.lookup(name).name
        b"".decode(found)
    except (LookupError, ValueError):
        return ""
    return _NAMES.get(found, found)


# ── choosing ─────────────────────────────────────────────────────────────────


def _guess(data: bytes, claimed: str) -> _Guess:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _Guess(encoding, 1.0, _replacing(data[len(bom) :], encoding))
    if (_ISO_2022_KR in data or (b"\x0e" in data and b"\x0f" in data)) and not _BEYOND_ASCII.search(data):
        header = b"" if _ISO_2022_KR in data else _ISO_2022_KR
        return _Guess("iso2022_kr", 0.98, _replacing(header + data, "iso2022_kr"))
    wide = _wide(data)
    if wide is not None:
        return wide
    if not _BEYOND_ASCII.search(data):
        return _Guess("ascii", 1.0, [(data.decode("ascii"), False)])
    return _utf8(data) or _claimed(data, claimed) or _narrow(data)


def _utf8(data: bytes) -> _Guess | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not any("\u0100" <= c <= "\u07ff" for c in text[:_SAMPLE]) or any(c >= "\u0800" for c in text[:_SAMPLE]):
        return _Guess("utf-8", 0.99, [(text, False)])
    # Two-byte sequences alone may be EUC-KR that happens to be valid UTF-8 ("회" is C8 B8).
    other = _strict(data, "cp949")
    if other is not None and plausibility(other) > max(0.6, plausibility(text)):
        return _Guess("cp949", 0.6, [(other, False)])
    return _Guess("utf-8", 0.9, [(text, False)])


def _claimed(data: bytes, claimed: str) -> _Guess | None:
    if not claimed or claimed in {"utf-8", "ascii", "cp1252"} or claimed.startswith("utf-16"):
        return None
    text = _strict(data, claimed)
    if text is None or plausibility(text) < (0.2 if claimed in {"cp949", "johab"} else -0.2):
        return None
    return _Guess(claimed, 0.97, [(text, False)])


def _wide(data: bytes) -> _Guess | None:
    """UTF-16 and UTF-32 without a mark: half or more of the high bytes repeat one of few values."""
    sample = data[: min(len(data), _SAMPLE) & ~3]
    if len(sample) >= 8 and sample.count(0) > len(sample) // 3:
        for encoding in ("utf-32-le", "utf-32-be"):
            text = _strict(sample, encoding)
            if text is not None and text.count("\x00") == 0:
                return _Guess(encoding, 0.95, _replacing(data, encoding))
    sample = data[: min(len(data), _SAMPLE) & ~1]
    if len(sample) < 4 or (b"\x00" not in sample and _strict(data[:_SAMPLE], "utf-8") is not None):
        return None
    best = max((_looks_wide(sample, encoding), encoding) for encoding in ("utf-16-le", "utf-16-be"))
    if best[0] < 0.85:
        return None
    return _Guess(best[1], 0.9 if b"\x00" in sample else 0.7, _replacing(data, best[1]))


def _looks_wide(sample: bytes, encoding: str) -> float:
    text = sample.decode(encoding, "replace")
    plain = sum(" " <= c <= "~" or c in "\t\r\n" for c in text)
    common = frequent_hangul(text)
    if not plain and common < 4:
        return 0.0
    punctuation = sum("\u2010" <= c <= "\u303f" or "\u4e00" <= c <= "\u9fff" for c in text)
    return (plain + common + min(punctuation, (plain + common) // 2)) / max(1, len(text))


def _narrow(data: bytes) -> _Guess:
    mixed = _by_line(data)
    if mixed is not None:
        return mixed
    sample = _telling(data)
    scored = sorted(
        ((plausibility(sample.decode(e, "replace")) - _penalty(e), e) for e in ("cp949", "johab", "cp1252")),
        reverse=True,
    )
    (best, encoding), (second, _) = scored[0], scored[1]
    if best < 0.25:
        other = _elsewhere(sample)
        if other:
            return _Guess(other, 0.5, _replacing(data, other))
    confidence = min(0.98, 0.5 + max(0.0, best - max(0.0, second)) / 2)
    return _Guess(encoding, round(confidence, 2), _replacing(data, encoding))


def _penalty(encoding: str) -> float:
    """What is rarer must look clearly better to be chosen."""
    return {"cp949": 0.0, "johab": 0.1, "cp1252": 0.05}[encoding]


def _telling(data: bytes) -> bytes:
    """The lines that hold anything beyond ASCII, up to a sample's size: only they say something."""
    if len(data) <= _SAMPLE:
        return data
    lines: list[bytes] = []
    size = 0
    for line in data.split(b"\n"):
        if not line.isascii():
            lines.append(line[:4096])
            size += len(lines[-1])
            if size > _SAMPLE:
                break
    return b"\n".join(lines)


def _elsewhere(sample: bytes) -> str:
    """What a general detector thinks of text that is neither Korean nor Western; empty when it does not know."""
    from charset_normalizer import from_bytes  # slow to load, and rarely needed

    best = from_bytes(sample[:8192], threshold=0.3).best()
    return best.encoding if best is not None and best.encoding not in {"utf_8", "ascii"} else ""


# ── lines that differ ────────────────────────────────────────────────────────


def _by_line(data: bytes) -> _Guess | None:
    """UTF-8 with some lines or characters that are not; None when too little of it is UTF-8."""
    lines = data.splitlines(keepends=True)
    telling = [line for line in lines if not line.isascii()]
    valid = sum(_is_utf8(line) for line in telling)
    intact = data.decode("utf-8", "ignore")
    korean = frequent_hangul(intact) >= 2 and plausibility(intact) > 0.4
    whole_but_a_little = len(intact.encode()) >= len(data) * 0.9 and plausibility(intact) > 0.4
    if not valid and not korean and not whole_but_a_little:
        return None
    pieces: list[tuple[str, bool]] = []
    other = 0
    mostly_utf8 = valid * 2 >= len(telling) or whole_but_a_little
    for line in lines:
        if line.isascii():
            pieces.append((line.decode("ascii"), False))
        elif _is_utf8(line):
            pieces.append((line.decode("utf-8"), not mostly_utf8))
        else:
            made, foreign = _odd_line(line, mostly_utf8)
            other += foreign
            pieces.extend(made)
    if not other:
        return _Guess("utf-8", 0.9, pieces)
    return _Guess("mixed", 0.8, pieces)


def _is_utf8(line: bytes) -> bool:
    text = _strict(line, "utf-8")
    return text is not None and any(c >= "\u0800" for c in text)


def _odd_line(line: bytes, mostly_utf8: bool) -> tuple[list[tuple[str, bool]], bool]:
    """A line that is not UTF-8 in a file that is: CP949 as a whole, in parts, or UTF-8 with broken bytes."""
    whole = line.decode("cp949", "replace")
    broken = line.decode("utf-8", "replace")
    parts = [_run(run) for run in re.findall(rb"[\x80-\xff][\x41-\xff]*|[\x00-\x7f]+", line)]
    in_parts = "".join(text for text, _ in parts)
    best = max((plausibility(whole), 2), (plausibility(in_parts), 1), (plausibility(broken), 0))[1]
    if best == 2:
        return [(whole, mostly_utf8 or "\ufffd" in whole)], True
    if best == 1:
        return parts, True
    return _marked(broken), False


def _run(run: bytes) -> tuple[str, bool]:
    text = _strict(run, "utf-8")
    if text is not None:
        return text, False
    return run.decode("cp949", "replace"), True


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:
        return None


def _replacing(data: bytes, encoding: str) -> list[tuple[str, bool]]:
    text = _strict(data, encoding)
    if text is not None:
        return [(text, False)]
    return _marked(data.decode(encoding, "replace"))


def _marked(text: str) -> list[tuple[str, bool]]:
    return [(part, part[0] == "\ufffd") for part in re.findall("\ufffd+|[^\ufffd]+", text)]


# ── finishing ────────────────────────────────────────────────────────────────


def _without_mojibake(pieces: list[tuple[str, bool]]) -> tuple[list[tuple[str, bool]], int]:
    made: list[tuple[str, bool]] = []
    mended = 0
    for text, repaired in pieces:
        # Of a very long text a part is tried first: what is spoilt is spoilt from the beginning.
        spoilt = len(text) <= _LONG or any(undone for _, undone in undo_mojibake(text[:_SAMPLE]))
        for part, undone in undo_mojibake(text) if spoilt else [(text, False)]:
            made.append((part, repaired or undone))
            mended += undone
    return made, mended


def _finished(guess: _Guess, pieces: list[tuple[str, bool]], mended: int) -> Decoded:
    parts: list[str] = []
    runs: list[OriginRun] = []
    length = unwanted = composed = 0
    for text, repaired in pieces:
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "\u3164" in text:
            text = _SPELT_OUT.sub(_syllable, text)
        if _APART.search(text):
            text, count = _APART.subn(_composed, text)
            composed += count
        cleaned, removed = _UNWANTED.subn("", text)
        unwanted += removed
        if repaired and cleaned:
            if runs and runs[-1].end == length:
                runs[-1] = OriginRun(runs[-1].start, length + len(cleaned), "repaired")
            else:
                runs.append(OriginRun(length, length + len(cleaned), "repaired"))
        parts.append(cleaned)
        length += len(cleaned)
    whole = "".join(parts)
    return Decoded(
        text=whole,
        encoding=guess.encoding,
        confidence=guess.confidence,
        repaired=tuple(runs),
        warnings=(*_warnings(guess, whole, mended, unwanted), *([_COMPOSED] if composed else [])),
    )


def _composed(apart: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", apart.group())


def _syllable(spelt: re.Match[str]) -> str:
    initial, vowel, final = spelt.groups()
    if initial not in _INITIALS or final not in _FINALS:
        return spelt.group()
    return chr(0xAC00 + (_INITIALS.index(initial) * 21 + ord(vowel) - ord("ㅏ")) * 28 + _FINALS.index(final))


def _warnings(guess: _Guess, text: str, mended: int, unwanted: int) -> tuple[Warning, ...]:
    found: list[Warning] = []
    if guess.encoding == "mixed":
        found.append(Warning("encoding_mixed", "utf-8, cp949"))
    if broken := text.count("\ufffd"):
        found.append(Warning("encoding_broken", guess.encoding, broken))
    if mended:
        found.append(Warning("mojibake", "", mended))
    if lost := lost_in_mojibake(text):
        found.append(Warning("mojibake_lost", "", lost))
    if unwanted:
        found.append(Warning("control_characters_removed", "", unwanted))
    if guess.confidence < 0.6:
        found.append(Warning("encoding_unsure", guess.encoding))
    return tuple(found)
