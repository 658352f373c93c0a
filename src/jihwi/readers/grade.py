"""How ready a file is for machines: a letter from A to F, and a remark for every reason it is not A."""

from __future__ import annotations

import re

import msgspec

from jihwi.errors import ReadingError
from jihwi.evidence import Reading, Table
from jihwi.readers import GradeLetter, Limits, Outcome, Remark
from jihwi.readers.markings import labels_in, language_of
from jihwi.readers.personal import count_personal_data
from jihwi.readers.registry import CONVERTIBLE
from jihwi.readers.sniff import EXTENSIONS, PACKED, Sniffed
from jihwi.readers.words import CATALOGUE, remark

__all__ = ["bytes_words", "enriched", "grade_of", "graded", "remarks_of_error", "remarks_of_sniff"]

NEAR_EMPTY_CHARACTERS = 20
"""Fewer letters than this in anything but plain text is next to nothing."""
BYTES_A_CHARACTER = 20_000
"""A document of more bytes than this for each letter holds its content in pictures."""
LONG_TABLE_ROWS = 1_000
HUGE_TABLE_CELLS = 100_000
MOST_PLACES = 8

_SAYS_LITTLE = frozenset({"text", "markdown", "csv", "tsv", "json", "jsonl", "xml", "html", "eml", "msg"})
_PLAIN = frozenset({"text", "markdown", "csv", "tsv", "json", "jsonl"})
"""What can hold no picture: without text it is empty."""
_CONTAINERS = frozenset({"zip", "tar", "eml", "msg"})
_PICTURES = frozenset({"png", "jpeg", "tiff"})
_LEGACY_OK = frozenset({"", "utf-8", "utf8", "ascii", "us-ascii", "utf-8-sig"})
_PICTURE_PAGES = frozenset({"page_without_text", "page_outlined", "page_not_recognised"})
_GARBLED = re.compile("[\ufffd\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff]")

_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]|$)")
_BY_LETTERS = frozenset({"", "ko", "ja", "zh", "ru"})
"""Languages that their letters tell; a text in Latin letters is none of them, whatever the program was set to."""
_LOST = re.compile(r"(?<![\w?!])\?{2,}")
"""What a program writes for letters that its encoding does not hold: question marks in rows, as long as the words."""
_MANY_LOST = 20


def grade_of(remarks: tuple[Remark, ...]) -> GradeLetter:
    """The worst letter among the remarks; A without any.

    >>> grade_of(()), grade_of((remark("encoding_legacy", encoding="cp949"), remark("no_text", size="3 KB")))
    ('A', 'D')
    """
    letters: list[GradeLetter] = [CATALOGUE[r.code].letter for r in remarks if r.code in CATALOGUE]
    return max(letters, default="A")


def _severity(remark: Remark) -> str:
    """Worse remarks come first, so that the first says why the grade is what it is."""
    return CATALOGUE[remark.code].letter if remark.code in CATALOGUE else "A"


def remarks_of_sniff(sniffed: Sniffed) -> tuple[Remark, ...]:
    """What the first look tells, before any reader has read."""
    remarks: list[Remark] = []
    if sniffed.format == "empty":
        remarks.append(remark("empty_file"))
    elif sniffed.locked in ("password", "PGP"):
        remarks.append(remark("file_locked", detail=sniffed.looks_like or sniffed.format))
    elif sniffed.locked:
        remarks.append(remark("drm_locked", detail=sniffed.locked))
    elif sniffed.looks_like in PACKED:
        remarks.append(remark("archive_unknown", looks_like=sniffed.looks_like))
    elif sniffed.format == "unknown":
        remarks.append(remark("format_unknown", looks_like=sniffed.looks_like or "?"))
    if sniffed.claimed:
        better = EXTENSIONS[sniffed.format][0]
        remarks.append(remark("wrong_extension", extension=sniffed.claimed, format=sniffed.format, better=better))
    return tuple(remarks)


def remarks_of_error(error: ReadingError, format: str) -> tuple[Remark, ...]:
    """What an error means for the file it befell."""
    if error.code == "reader_missing" and format in _PICTURES:
        return (remark("needs_ocr"),)
    better = CONVERTIBLE.get(format, "PDF").lower()
    code = error.code if error.code in CATALOGUE else "file_broken"
    detail = format if error.detail == "암호가 필요함" else error.detail  # that a password is needed is the remark
    return (remark(code, detail=detail, format=format, better=better, looks_like=error.detail or format),)


def graded(reading: Reading, sniffed: Sniffed, size: int, limits: Limits, inside: int) -> Outcome:
    """The outcome of a file that was read: its reading completed, its grade with every reason.

    `inside` is how many documents the file holds; one that holds some may itself say little. Path, digest and time
    are the caller's to fill in.
    """
    reading, cut = _within(reading, limits)
    reading = enriched(reading)
    personal = count_personal_data(reading.text)
    remarks = [*remarks_of_sniff(sniffed), *cut]
    remarks += _of_format(reading)
    remarks += _of_amount(reading, sniffed.format, size, inside)
    remarks += _of_letters(reading)
    remarks += _of_tables(reading)
    remarks += _of_warnings(reading)
    remarks += [remark("label_found", label=label) for label in reading.metadata.labels]
    if personal:
        remarks.append(remark("personal_data", **personal))
    if any(one.code == "picture_empty" for one in remarks):
        remarks = [one for one in remarks if one.code != "picture_without_text"]  # the same, page by page
    kept = tuple(sorted(_once(remarks), key=_severity, reverse=True))
    return Outcome(
        path="",
        source=reading.source,
        size=size,
        format=sniffed.format,
        grade=grade_of(kept),
        remarks=kept,
        reading=reading,
        personal_data=personal,
    )


def enriched(reading: Reading) -> Reading:
    """The reading with what its text says of itself: markings, and its language.

    What a file states is often only what its program was set to, so it counts where the letters do not say more.
    """
    metadata = reading.metadata
    labels = tuple(dict.fromkeys((*metadata.labels, *labels_in(reading.text))))
    stated = _LANGUAGE.match(metadata.language.strip().lower())
    language = _language(language_of(reading.text), stated.group(1) if stated else "")
    if labels == metadata.labels and language == metadata.language:
        return reading
    return msgspec.structs.replace(
        reading, metadata=msgspec.structs.replace(metadata, labels=labels, language=language)
    )


def _language(told: str, stated: str) -> str:
    """What the letters tell, unless it is only that they are Latin, and the file names a language written with them."""
    if not told or (told == "en" and stated not in _BY_LETTERS):
        return stated
    return told


# ── the reasons ──────────────────────────────────────────────────────────────


def _within(reading: Reading, limits: Limits) -> tuple[Reading, list[Remark]]:
    """The reading cut at a block's end when its text is longer than allowed."""
    allowed = limits.output_characters
    if len(reading.text) <= allowed:
        return reading, []
    blocks = []
    for block in reading.blocks:
        if block.end > allowed:
            break
        blocks.append(block)
    end = max((block.end for block in blocks), default=0)
    shorter = msgspec.structs.replace(
        reading,
        text=reading.text[:end],
        blocks=tuple(blocks),
        origins=tuple(run for run in reading.origins if run.end <= end),
        links=tuple(link for link in reading.links if link.end <= end),
    )
    return shorter, [remark("output_cut", detail=f"{allowed:,}")]


def _of_format(reading: Reading) -> list[Remark]:
    format = reading.format
    if format == "hwp5":
        return [remark("format_closed", format=format)]
    if format in CONVERTIBLE:
        return [remark("format_old", format=format, better=CONVERTIBLE[format])]
    if format == "pdf":
        return [remark("structure_guessed")]
    encoding = reading.metadata.encoding.lower()
    # That encodings are mixed is a remark of its own.
    if encoding not in _LEGACY_OK and encoding != "mixed" and format not in ("eml", "msg", "rtf"):
        return [remark("encoding_legacy", encoding=encoding)]
    return []


def _of_amount(reading: Reading, format: str, size: int, inside: int) -> list[Remark]:
    if any(warning.code in _PICTURE_PAGES for warning in reading.warnings):
        return []  # that its pages are pictures is the reason, and is said
    letters = sum(map(len, reading.text.split()))
    nothing_inside = format in ("zip", "tar") and not inside and not reading.warnings
    if letters == 0 and (format in _PLAIN or nothing_inside):
        return [remark("empty_file")]
    if letters == 0 and format in _PICTURES:
        return [remark("picture_empty")]
    if letters == 0 and format in ("zip", "tar"):
        return []  # why nothing came out of it is said by a warning
    if letters == 0:
        return [] if inside else [remark("no_text", size=bytes_words(size))]
    if format in _SAYS_LITTLE or (format in _CONTAINERS and inside):
        return []
    # A picture's bytes are its points, whatever is written on it: a scanner's page has 26 MB unpacked, a packed one .3.
    heavy = format not in _PICTURES and letters * BYTES_A_CHARACTER < size
    if letters < NEAR_EMPTY_CHARACTERS or heavy:
        return [remark("near_empty", characters=letters, size=bytes_words(size))]
    return []


def _of_letters(reading: Reading) -> list[Remark]:
    remarks = []
    length = max(1, len(reading.text))
    garbled = len(_GARBLED.findall(reading.text))
    if garbled * 20 > length:
        remarks.append(remark("text_garbled", share=garbled * 100 // length))
    elif garbled * 1000 > length or garbled > 100:
        remarks.append(remark("text_some_garbled", count=garbled))
    elif garbled:
        remarks.append(remark("text_few_garbled", count=garbled))
    lost = sum(map(len, _LOST.findall(reading.text)))
    if lost >= _MANY_LOST and lost * 10 > length:
        remarks.append(remark("text_lost", share=lost * 100 // length))
    recognised = sum(run.end - run.start for run in reading.origins if run.origin == "recognised")
    if recognised:
        remarks.append(remark("text_recognised", share=max(1, recognised * 100 // length)))
    repaired = sum(1 for run in reading.origins if run.origin == "repaired")
    if repaired:
        remarks.append(remark("text_repaired", count=repaired))
    return remarks


def _of_tables(reading: Reading) -> list[Remark]:
    tables = [block.table for block in reading.blocks if block.table is not None]
    if not tables:
        return []
    remarks = []
    longest: Table = max(tables, key=lambda table: table.rows)
    fullest = max(len(table.cells) for table in tables)
    if fullest >= HUGE_TABLE_CELLS:
        remarks.append(remark("table_huge", cells=f"{fullest:,}"))
    elif longest.rows >= LONG_TABLE_ROWS:
        remarks.append(remark("table_long", rows=f"{longest.rows:,}"))
    return remarks


def _of_warnings(reading: Reading) -> list[Remark]:
    """One remark for each kind of warning: how often, and where."""
    counts: dict[str, int] = {}
    details: dict[str, list[str]] = {}
    for warning in reading.warnings:
        counts[warning.code] = counts.get(warning.code, 0) + warning.count
        details.setdefault(warning.code, []).append(warning.detail)
    return [
        remark(
            code if code in CATALOGUE else "reader_note",
            warning=code,
            detail=places_words(details[code]),
            count=count,
            encoding=reading.metadata.encoding,
            format=reading.format,
            pages=reading.metadata.pages,
        )
        for code, count in counts.items()
        if code != "no_text"  # how little there is, is looked at for every format alike
    ]


def places_words(places: list[str]) -> str:
    """Places in a row, runs of page numbers made short; no more than a few.

    >>> places_words(["1", "2", "3", "7"]), places_words(["그림"])
    ('1–3, 7', '그림')
    """
    runs: list[tuple[str, str]] = []
    for place in dict.fromkeys(p for p in places if p):
        last = runs[-1][1] if runs else ""
        if place.isdecimal() and last.isdecimal() and int(place) == int(last) + 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    said = [first if first == last else f"{first}–{last}" for first, last in runs]
    return ", ".join(said[:MOST_PLACES]) + (" …" if len(said) > MOST_PLACES else "")


def _once(remarks: list[Remark]) -> list[Remark]:
    seen: set[tuple[str, str, str]] = set()
    kept = []
    for each in remarks:
        key = (each.code, each.params.get("warning", ""), each.params.get("detail", "") or each.params.get("label", ""))
        if key not in seen:
            seen.add(key)
            kept.append(each)
    return kept


def bytes_words(size: int) -> str:
    """A size for people.

    >>> bytes_words(812), bytes_words(2_500_000)
    ('812 B', '2.4 MB')
    """
    if size < 1024:
        return f"{size} B"
    if size < 1 << 20:
        return f"{size / 1024:.0f} KB"
    return f"{size / (1 << 20):.1f} MB"
