"""Undoes double decoding: Korean that was once read in the wrong encoding and saved that way."""

from __future__ import annotations

import re
from collections.abc import Callable

from jihwi.readers.encoding.plausible import frequent_hangul, plausibility

__all__ = ["lost_in_mojibake", "undo_mojibake"]

# Windows decoders turn the five bytes that code page 1252 leaves open into C1 controls; so must the way back.
_TO_BYTE = {bytes([b]).decode("cp1252", "ignore") or chr(b): b for b in range(0x80, 0x100)}
_LATIN = "".join(re.escape(c) for c in _TO_BYTE) + "\x80-\x9f"
_LATIN_RUN = re.compile(f"[{_LATIN}]{{2,}}(?: ?[{_LATIN}]{{2,}})*")
_CJK_RUN = re.compile("[\u3000-\u9fff가-힣\ue000-\uf8ff\uf900-\ufaff\uff01-\uff5e\u00a1-\u00f7]{2,}")
# Only the line feed ends a line here: spoilt text is full of C1 controls that `splitlines` would split at.
_LINE = re.compile("[^\n]*\n|[^\n]+")
_REPLACED = re.compile("\ufffd[가-힣]{1,2}\ufffd")
_LOSS = re.compile("占쏙옙|�占|占�")
_SUSPECT_LATIN = re.compile(f"[{_LATIN}]{{2}}")


def undo_mojibake(text: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it was mended; joined they are the mended text.

    >>> undo_mojibake("제목: ì˜ˆì‚°ì•ˆ")
    [('제목: ', False), ('예산안', True)]
    """
    if not _SUSPECT_LATIN.search(text) and plausibility(text) > 0.4:
        return [(text, False)]
    pieces: list[tuple[str, bool]] = []
    for line in _LINE.findall(text):
        pieces.extend(_latin_line(line) if _SUSPECT_LATIN.search(line) else _from_cp949(line))
    return _joined(pieces)


def lost_in_mojibake(text: str) -> int:
    """How many lines were spoilt by a wrong decoding beyond what can be undone.

    >>> lost_in_mojibake("占쏙옙占쏙옙 보고")
    1
    """
    if "占" not in text and "\ufffd" not in text:
        return 0
    return sum(bool(_LOSS.search(line) or _REPLACED.search(line)) for line in text.split("\n"))


def _latin_line(line: str) -> list[tuple[str, bool]]:
    pieces = _mend(line, _LATIN_RUN, _from_latin)
    if not any(mended for _, mended in pieces):
        return pieces
    # Beside a run that was certainly spoilt, a run too short to be sure of alone ("¿ø") is spoilt as well.
    return [
        part
        for text, mended in pieces
        for part in ([(text, True)] if mended else _mend(text, _LATIN_RUN, _surely_spoilt))
    ]


def _surely_spoilt(run: str) -> str | None:
    return _from_latin(run, fewest=1)


def _mend(line: str, runs: re.Pattern[str], undo: Callable[[str], str | None]) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    at = 0
    for run in runs.finditer(line):
        mended = undo(run.group())
        if mended is not None:
            pieces += [(line[at : run.start()], False), (mended, True)]
            at = run.end()
    return [*pieces, (line[at:], False)]


def _from_latin(run: str, fewest: int = 2) -> str | None:
    data = bytes(_TO_BYTE.get(c, ord(c)) if ord(c) > 0x7F else ord(c) for c in run)
    for encoding, needed in (("utf-8", 1), ("cp949", fewest)):
        try:
            mended = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        enough = frequent_hangul(mended) >= needed or (encoding == "utf-8" and _is_punctuation(mended))
        if enough and plausibility(mended) > max(0.3, plausibility(run) + 0.3):
            return mended
    return None


def _is_punctuation(text: str) -> bool:
    """Quotes, dashes and bullets are spoilt in Latin text too (â€œ), and only they decode to this range."""
    return all("\u2010" <= c <= "\u25ff" or c == " " for c in text)


def _from_cp949(line: str) -> list[tuple[str, bool]]:
    if plausibility(line) > 0.4:
        return [(line, False)]
    return _mend(line, _CJK_RUN, _utf8_read_as_cp949)


def _utf8_read_as_cp949(run: str) -> str | None:
    try:
        mended = run.encode("cp949").decode("utf-8")
    except UnicodeError:
        return None
    if frequent_hangul(mended) and plausibility(mended) > max(0.5, plausibility(run) + 0.3):
        return mended
    return None


def _joined(pieces: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    joined: list[tuple[str, bool]] = []
    for text, mended in pieces:
        if joined and joined[-1][1] == mended:
            joined[-1] = (joined[-1][0] + text, mended)
        elif text:
            joined.append((text, mended))
    return joined
