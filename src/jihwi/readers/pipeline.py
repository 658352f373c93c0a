"""From bytes to an outcome: look, choose the reader, read, grade; and the documents inside, each on its own.

This runs inside a worker process. Whatever happens here that is not a crash of the process ends as a grade.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from jihwi.errors import ReaderMissing, ReadingError
from jihwi.evidence import Metadata, Reading, Warning
from jihwi.ids import digest_of
from jihwi.readers import Attachment, Hint, Limits, Outcome, Remark, Result
from jihwi.readers.grade import bytes_words, grade_of, graded, remarks_of_error, remarks_of_sniff
from jihwi.readers.office_locks import opened_by_itself, unlocked
from jihwi.readers.registry import reader_for
from jihwi.readers.sniff import Sniffed, sniff
from jihwi.readers.words import remark

__all__ = ["Budget", "failed", "read_bytes", "read_inside", "read_one", "with_inside"]


_T = TypeVar("_T")
_MOST_NAMED = 5
"""Of the documents inside that could not be read so many are named."""


class Budget:
    """What is left for the documents inside one file: how many, how large, how deep."""

    def __init__(self, limits: Limits) -> None:
        self.count = limits.attachment_count
        self.bytes = limits.attachment_bytes
        self.depth = limits.attachment_depth

    def take(self, size: int) -> bool:
        """Whether one more of `size` bytes may be read; if so it is counted."""
        if self.count <= 0 or size > self.bytes:
            return False
        self.count -= 1
        self.bytes -= size
        return True


def read_bytes(data: bytes, hint: Hint, limits: Limits, budget: Budget | None = None) -> Outcome:
    """The outcome of one document with all that lies inside it."""
    budget = budget or Budget(limits)
    outcome, parts = read_one(data, hint, limits)
    return with_inside(outcome, tuple(read_inside(parts, hint, limits, budget)), len(parts))


def read_one(
    data: bytes, hint: Hint, limits: Limits, sniffed: Sniffed | None = None
) -> tuple[Outcome, tuple[Attachment, ...]]:
    """The outcome of one document, and the parts in it that wait to be read. `sniffed` is what the first look told."""
    started = cpu_seconds()
    source = hint.source or digest_of(data)
    size = len(data)
    look = sniffed or sniff(data, hint.path)
    result: Result | None = None
    opened, every = _tried(lambda: _unlocked(data, look, hint), look.format, hint, limits)
    if opened is not None:
        inner, look = opened
        result, remarks = _read(inner, look, msgspec.structs.replace(hint, source=source), limits)
        every = (*remarks_of_sniff(look), *remarks)
    if result is None:
        outcome = Outcome(
            path=hint.path,
            source=source,
            size=size,
            format=look.format,
            grade=grade_of(every),
            remarks=every,
        )
    else:
        outcome = graded(result.reading, look, size, limits, len(result.attachments))
    outcome = msgspec.structs.replace(outcome, path=hint.path, source=source, seconds=cpu_seconds() - started)
    return outcome, result.attachments if result else ()


def _unlocked(data: bytes, sniffed: Sniffed, hint: Hint) -> tuple[bytes, Sniffed]:
    """What is inside a file that is locked as a whole, when a password was given or its own program would open it
    without one; the file itself otherwise. Raises a ReadingError."""
    if sniffed.locked != "password":
        return data, sniffed
    plain = opened_by_itself(data, hint.path)
    if plain is None and hint.password:
        plain = unlocked(data, hint.path, hint.password)
    return (data, sniffed) if plain is None else (plain, sniff(plain, hint.path))


def _read(data: bytes, sniffed: Sniffed, hint: Hint, limits: Limits) -> tuple[Result | None, tuple[Remark, ...]]:
    if sniffed.format in ("empty", "unknown") or sniffed.locked:
        return None, ()

    def read() -> Result:
        result = reader_for(sniffed.format, hint.path).read(data, sniffed.format, hint, limits)
        return Result(checked(storable(result.reading)), result.attachments)

    return _tried(read, sniffed.format, hint, limits)


def _tried(do: Callable[[], _T], format: str, hint: Hint, limits: Limits) -> tuple[_T | None, tuple[Remark, ...]]:
    """What a reader or a lock gives, or why it gave nothing."""
    try:
        return do(), ()
    except ReadingError as error:
        return None, remarks_of_error(error, format)
    except ImportError as error:
        missing = ReaderMissing(hint.path, error.name or str(error))
        return None, remarks_of_error(missing, format)
    except MemoryError:
        return None, (remark("reader_memory", detail=bytes_words(limits.memory_bytes)),)
    except RecursionError:
        return None, (remark("nesting_too_deep", detail=limits.nesting),)
    except Exception as error:  # noqa: BLE001 - the border: whatever a library throws at a hostile file is a grade
        return None, (remark("reader_crashed", detail=type(error).__name__),)


def read_inside(parts: Sequence[Attachment], hint: Hint, limits: Limits, budget: Budget) -> Iterator[Outcome]:
    """The outcomes of the documents inside, in order, until the budget is spent."""
    if budget.depth <= 0:
        return
    budget.depth -= 1
    try:
        for part in parts:
            if budget.take(len(part.data)):
                inner = Hint(path=f"{hint.path}/{printable(part.name)}", password=hint.password)
                yield read_bytes(part.data, inner, limits, budget)
    finally:
        budget.depth += 1


def with_inside(outcome: Outcome, inside: tuple[Outcome, ...], given: int) -> Outcome:
    """The outcome with its parts; parts that failed or were left out are its own remarks too."""
    remarks = list(outcome.remarks)
    failures = [part for part in inside if part.grade in ("E", "F") and not _says_nothing(part)]
    if failures:
        names = [part.path.removeprefix(f"{outcome.path}/") for part in failures[:_MOST_NAMED]]
        detail = ", ".join(names) + (" …" if len(failures) > len(names) else "")
        remarks.append(remark("attachments_failed", count=len(failures), total=given, detail=detail))
    cut = sum(int(r.params.get("count", "1")) for part in inside for r in part.remarks if r.code == "attachments_cut")
    if given > len(inside) or cut:
        count = given - len(inside) + cut
        remarks = [r for r in remarks if r.code != "attachments_cut"]
        remarks.append(remark("attachments_cut", count=count, detail=f"{len(inside)}/{given}"))
    kept = tuple(remarks)
    return msgspec.structs.replace(outcome, attachments=inside, remarks=kept, grade=grade_of(kept))


def _says_nothing(part: Outcome) -> bool:
    """Whether a part is empty or only a picture: nothing is lost that words could say."""
    return any(r.code in ("needs_ocr", "empty_file") for r in part.remarks) or "picture" in str(
        [r.params.get("looks_like", "") for r in part.remarks]
    )


def failed(path: str, size: int, code: str, *, source: str = "", format: str = "unknown", **params: object) -> Outcome:
    """The outcome of a file that was not read at all, for the reason `code`."""
    why = (remark(code, **params),)
    return Outcome(path=path, source=source, size=size, format=format, grade=grade_of(why), remarks=why)


# ── what a reader hands back is looked at before it is believed ──────────────


def storable(reading: Reading) -> Reading:
    """The reading without lone surrogates, which cannot be stored; lengths and spans stay."""
    try:
        msgspec.json.encode(reading)
    except UnicodeEncodeError:
        metadata = msgspec.convert(
            {k: _printable_any(v) for k, v in msgspec.structs.asdict(reading.metadata).items()}, Metadata
        )
        return msgspec.structs.replace(
            reading,
            text=printable(reading.text),
            metadata=metadata,
            links=tuple(msgspec.structs.replace(link, address=printable(link.address)) for link in reading.links),
            warnings=tuple(Warning(printable(w.code), printable(w.detail), w.count) for w in reading.warnings),
            blocks=tuple(
                msgspec.structs.replace(
                    b,
                    number=printable(b.number),
                    section=printable(b.section),
                    target=printable(b.target),
                    address=printable(b.address),
                )
                for b in reading.blocks
            ),
        )
    return reading


def _printable_any(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, tuple):
        return tuple(_printable_any(v) for v in value)
    return value


def printable(text: str) -> str:
    """`text` with each lone surrogate replaced by U+FFFD.

    >>> printable("a\\ud800b")
    'a\\ufffdb'
    """
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text) if not text.isascii() else text


def checked(reading: Reading) -> Reading:
    """The reading, if every span lies inside its text; otherwise `ValueError`: a reader's mistake stays here."""
    length = len(reading.text)
    for block in reading.blocks:
        if not 0 <= block.start <= block.end <= length:
            raise ValueError("a block lies outside the text")
        for cell in block.table.cells if block.table else ():
            if not block.start <= cell.start <= cell.end <= block.end:
                raise ValueError("a cell lies outside its table")
    if any(not 0 <= link.start < link.end <= length for link in reading.links):
        raise ValueError("a link lies outside the text")
    return reading


def cpu_seconds() -> float:
    """CPU time this process and the programs it called have used."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
