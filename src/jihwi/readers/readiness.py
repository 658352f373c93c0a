"""How ready a whole folder is: each file's grade, what is twice there, and the ten fixes that gain most.

A file counts as *machine readable* when its whole text can be used as it is: grade A or B. (C has to be mended first,
D is read in part, E waits for another step, F is not read.)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

import msgspec

from jihwi.naming import FreeNames
from jihwi.readers import GradeLetter, Outcome, Remark
from jihwi.readers.personal import KINDS, count_personal_data, masked_name
from jihwi.readers.versions import Group, Member, groups_of, sketch_of
from jihwi.readers.words import CATALOGUE, remark

__all__ = ["FileLine", "Fix", "Readiness", "ReadinessBuilder", "readiness"]

LETTERS: tuple[GradeLetter, ...] = ("A", "B", "C", "D", "E", "F")
_POINTS: dict[GradeLetter, int] = {"A": 5, "B": 4, "C": 3, "D": 2, "E": 1, "F": 0}
_READABLE = frozenset({"A", "B"})
MOST_FIXES = 10


class FileLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file in the report. What is said of it holds no personal data: numbers of people in names are covered."""

    path: str
    """The name it is shown under, which is no other file's."""
    format: str
    grade: GradeLetter
    size: int
    source: str
    remarks: tuple[Remark, ...] = ()
    after_automatic: GradeLetter = "F"
    """The grade to expect once `--fix` has run."""
    after_all: GradeLetter = "F"
    """The grade to expect once a person has done what the remarks say, too."""
    text: str = ""
    """Where its text is: `text`, `scan`, `mixed`, or nothing when there is none."""
    encoding: str = ""
    encoding_confidence: float = 0.0
    """How sure the encoding is, 0 to 1; 0 where none was looked for."""
    language: str = ""
    characters: int = 0
    pages: int = 0
    tables: int = 0
    images: int = 0
    notes: int = 0
    labels: tuple[str, ...] = ()
    security_class: str = ""
    """C, S or O: which models may see it; empty when nobody could say."""
    personal_data: dict[str, int] = {}
    """In its text, in its name and in the documents inside it."""
    seconds: float = 0.0
    inside: int = 0
    """How many documents lie inside it."""


class Fix(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing to do, and what it gains when it is done after those before it."""

    remark: Remark
    """An example, for its words."""
    files: int
    automatic: bool
    readable_gained: int
    """Files that become machine readable by it."""
    points_gained: int
    """Steps of the grade gained by it, all files together."""
    readable_share: float
    """The share that is machine readable once it and those before it are done, 0 to 1."""
    examples: tuple[str, ...] = ()


class Readiness(msgspec.Struct, frozen=True, omit_defaults=True):
    """The report on a folder."""

    files: tuple[FileLine, ...]
    grades: dict[str, int]
    formats: dict[str, int]
    languages: dict[str, int]
    bytes: int
    seconds: float
    readable_now: float
    """Share of files, 0 to 1, that are machine readable now."""
    readable_after_automatic: float
    readable_after_all: float
    fixes: tuple[Fix, ...] = ()
    groups: tuple[Group, ...] = ()
    personal_data: dict[str, int] = {}
    personal_data_files: int = 0
    labels: dict[str, int] = {}
    inside: int = 0
    """Documents inside mails and archives: their personal data and markings count as their file's, else nothing."""
    hidden: int = 0
    schema_version: int = 1


def readiness(outcomes: Iterable[Outcome], hidden: int = 0) -> Readiness:
    """The report on `outcomes`, each looked at once and let go.

    >>> readiness([]).readable_now
    1.0
    """
    builder = ReadinessBuilder()
    for outcome in outcomes:
        builder.add(outcome)
    return builder.done(hidden)


class ReadinessBuilder:
    """Takes outcomes one by one, keeping a line and a sketch of each, never the text."""

    def __init__(self) -> None:
        self._lines: list[FileLine] = []
        self._members: list[Member] = []
        self._names = FreeNames()

    def add(self, outcome: Outcome, security_class: str = "") -> FileLine:
        """Note one file and its class; its line comes back, without what only the whole folder tells."""
        line = msgspec.structs.replace(_line(outcome), path=self._name(outcome.path), security_class=security_class)
        reading = outcome.reading
        self._lines.append(line)
        self._members.append(
            Member(
                path=line.path,
                source=outcome.source,
                size=outcome.size,
                sketch=sketch_of(reading.text) if reading else (),
                modified=reading.metadata.modified if reading else "",
            )
        )
        return line

    def _name(self, path: str) -> str:
        """The name a file is shown under: two that differ in a covered number only are counted through."""
        masked = masked_name(path)
        ending = PurePosixPath(masked).suffix
        return self._names.take(masked.removesuffix(ending), ending)

    def done(self, hidden: int = 0) -> Readiness:
        """The report on all files noted."""
        groups = groups_of(self._members)
        lines = tuple(_with_groups(line, found) for line, found in zip(self._lines, self._found(groups), strict=True))
        personal: Counter[str] = Counter()
        for line in lines:
            personal.update(line.personal_data)
        return Readiness(
            files=lines,
            grades={letter: sum(1 for line in lines if line.grade == letter) for letter in LETTERS},
            formats=dict(Counter(line.format for line in lines).most_common()),
            languages=dict(Counter(line.language for line in lines if line.language).most_common()),
            bytes=sum(line.size for line in lines),
            seconds=sum(line.seconds for line in lines),
            readable_now=_share(line.grade for line in lines),
            readable_after_automatic=_share(line.after_automatic for line in lines),
            readable_after_all=_share(line.after_all for line in lines),
            fixes=_fixes(lines),
            groups=groups,
            personal_data=dict(personal.most_common()),
            personal_data_files=sum(1 for line in lines if line.personal_data),
            labels=dict(Counter(label for line in lines for label in line.labels).most_common()),
            inside=sum(line.inside for line in lines),
            hidden=hidden,
        )

    def _found(self, groups: tuple[Group, ...]) -> list[list[Remark]]:
        of: dict[str, list[Remark]] = defaultdict(list)
        for group in groups:
            for path in group.paths[1:]:
                if group.kind == "duplicate":
                    of[path].append(remark("duplicate", of=group.paths[0]))
                else:
                    of[path].append(remark("version_of", of=group.paths[0], share=group.share))
        return [of.get(line.path, []) for line in self._lines]


def _with_groups(line: FileLine, found: list[Remark]) -> FileLine:
    return msgspec.structs.replace(line, remarks=(*line.remarks, *found)) if found else line


def _line(outcome: Outcome) -> FileLine:
    personal, labels = _personal_data_of(outcome) + _in_name(outcome.path), _labels_of(outcome)
    remarks = _shown_remarks(outcome, labels)
    line = FileLine(
        path=outcome.path,
        format=outcome.format,
        grade=outcome.grade,
        size=outcome.size,
        source=outcome.source,
        remarks=remarks,
        after_automatic=grade_after(remarks, lambda r: r.automatic),
        after_all=grade_after(remarks, lambda r: True),
        labels=labels,
        personal_data={kind: personal[kind] for kind in KINDS if personal[kind]},
        seconds=_seconds_of(outcome),
        inside=_count_inside(outcome),
    )
    reading = outcome.reading
    if reading is None:
        return msgspec.structs.replace(line, text="scan" if any(r.code == "needs_ocr" for r in remarks) else "")
    kinds = Counter(block.kind for block in reading.blocks)
    return msgspec.structs.replace(
        line,
        text=_where_text_is(outcome),
        encoding=reading.metadata.encoding,
        encoding_confidence=reading.metadata.encoding_confidence,
        language=reading.metadata.language,
        characters=sum(map(len, reading.text.split())),
        pages=reading.metadata.pages,
        tables=kinds["table"],
        images=kinds["image"],
        notes=kinds["footnote"] + kinds["endnote"],
    )


def _personal_data_of(outcome: Outcome) -> Counter[str]:
    """How much personal data is in a file's text and in the documents inside it, whose names its own text holds."""
    found = Counter(outcome.personal_data)
    for part in outcome.attachments:
        found += _personal_data_of(part)
    return found


def _in_name(path: str) -> Counter[str]:
    return Counter({kind: count for kind, count in count_personal_data(path).items() if kind != "address"})


def _labels_of(outcome: Outcome) -> tuple[str, ...]:
    own = outcome.reading.metadata.labels if outcome.reading is not None else ()
    return tuple(dict.fromkeys((*own, *(label for part in outcome.attachments for label in _labels_of(part)))))


def _shown_remarks(outcome: Outcome, labels: tuple[str, ...]) -> tuple[Remark, ...]:
    """The remarks with what is inside counted in, and with no number of a person in any of them."""
    kept = [r for r in outcome.remarks if r.code not in ("personal_data", "label_found")]
    kept += [remark("label_found", label=label) for label in labels]
    if held := _personal_data_of(outcome):
        kept.append(remark("personal_data", **held))
    if named := _in_name(outcome.path):
        kept.append(remark("personal_data_in_name", **named))
    return tuple(
        msgspec.structs.replace(r, params={name: masked_name(value) for name, value in r.params.items()}) for r in kept
    )


def _seconds_of(outcome: Outcome) -> float:
    return outcome.seconds + sum(map(_seconds_of, outcome.attachments))


def _count_inside(outcome: Outcome) -> int:
    return len(outcome.attachments) + sum(_count_inside(part) for part in outcome.attachments)


def _where_text_is(outcome: Outcome) -> str:
    reading = outcome.reading
    assert reading is not None
    recognised = sum(run.end - run.start for run in reading.origins if run.origin == "recognised")
    pictures = any(
        r.code in ("page_without_text", "page_garbled", "page_outlined", "page_not_recognised", "needs_ocr")
        for r in outcome.remarks
    )
    if not reading.text.strip():
        return "scan" if pictures else ""
    if recognised * 10 >= len(reading.text) * 9:
        return "scan"
    return "mixed" if recognised or pictures else "text"


# ── what a fix gains ─────────────────────────────────────────────────────────


def grade_after(remarks: tuple[Remark, ...], mended: Callable[[Remark], bool]) -> GradeLetter:
    """The grade once each remark for which `mended` holds is mended as far as it can be."""
    letters = [_letter_after(r) if mended(r) else CATALOGUE[r.code].letter for r in remarks if r.code in CATALOGUE]
    return max(letters, default="A")


def _letter_after(each: Remark) -> GradeLetter:
    entry = CATALOGUE[each.code]
    return entry.after if entry.repair and entry.after < entry.letter else entry.letter


def _share(letters: Iterable[GradeLetter]) -> float:
    every = list(letters)
    return sum(1 for letter in every if letter in _READABLE) / len(every) if every else 1.0


_BY_FORMAT = frozenset({"reader_missing", "needs_conversion", "format_old"})
_Key = tuple[str, str]
"""What is mended at one go: a remark's code, and the format where each format needs its own way."""


def _key(each: Remark) -> _Key:
    return each.code, each.params.get("format", "") if each.code in _BY_FORMAT else ""


def _fixes(lines: tuple[FileLine, ...]) -> tuple[Fix, ...]:
    """The fixes in the order in which they gain most, each on top of those before it."""
    bearing: dict[_Key, list[FileLine]] = defaultdict(list)
    for line in lines:
        for key in {_key(r) for r in line.remarks if r.code in CATALOGUE and CATALOGUE[r.code].repair}:
            bearing[key].append(line)
    done: set[_Key] = set()
    chosen: list[Fix] = []
    while len(chosen) < MOST_FIXES:
        gains = {key: _gain(bearing[key], done, key) for key in sorted(bearing) if key not in done}
        key = max(gains, key=lambda k: (gains[k], len(bearing[k])), default=("", ""))
        if not any(gains.get(key, ())):
            break
        done.add(key)
        share = _share(grade_after(line.remarks, lambda r: _key(r) in done) for line in lines)
        chosen.append(_fix(key, bearing[key], gains[key], share))
    return tuple(chosen)


def _gain(lines: list[FileLine], done: set[_Key], key: _Key) -> tuple[int, int, int]:
    """Files that become readable, steps of the grade, and files freed of one of several faults that hold them down,
    by mending `key` once those in `done` are mended."""
    readable = points = freed = 0
    for line in lines:
        before = grade_after(line.remarks, lambda r: _key(r) in done)
        after = grade_after(line.remarks, lambda r: _key(r) in done or _key(r) == key)
        readable += (after in _READABLE) - (before in _READABLE)
        points += _POINTS[after] - _POINTS[before]
        freed += any(_key(r) == key and _letter_after(r) < before <= CATALOGUE[r.code].letter for r in line.remarks)
    return readable, points, freed


def _fix(key: _Key, lines: list[FileLine], gain: tuple[int, int, int], share: float) -> Fix:
    return Fix(
        remark=next(r for r in lines[0].remarks if _key(r) == key),
        files=len(lines),
        automatic=CATALOGUE[key[0]].repair == "automatic",
        readable_gained=gain[0],
        points_gained=gain[1],
        readable_share=share,
        examples=tuple(line.path for line in lines[:3]),
    )
