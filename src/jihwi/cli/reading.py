"""`jihwi read`: documents as Markdown and JSON, graded, with what a person can do about each."""

from __future__ import annotations

import getpass
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from jihwi.cli.session import Session
from jihwi.errors import FolderEmpty, SecretMissing
from jihwi.readers import FileToRead, Outcome
from jihwi.references import is_reference, secret_behind
from jihwi.reports import write_whole
from jihwi.wiring import ReadingRoom, state_folder

__all__ = ["password_said", "read_paths"]

NOTHING_READ = 1
"""Exit code when not one file gave any text."""
_MOST_LINES = 60
_ASKING = frozenset({"file_locked", "attachment_locked"})
"""Remarks that a password may do away with."""


class _Kept(MutableMapping[str, bytes]):
    """Outcomes of earlier runs, a file each, in the state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.taken = 0
        """How many outcomes of earlier runs were used."""
        folder.mkdir(parents=True, exist_ok=True)

    def _place(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._place(key).is_file()

    def __getitem__(self, key: str) -> bytes:
        try:
            found = self._place(key).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None
        self.taken += 1
        return found

    def __setitem__(self, key: str, value: bytes) -> None:
        write_whole(self._place(key), value)

    def __delitem__(self, key: str) -> None:
        self._place(key).unlink()

    def __iter__(self) -> Iterator[str]:
        return (path.name for path in self._folder.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self._folder.iterdir())


class _Source(NamedTuple):
    """One of the paths that were named: its folder, and what stands before its files' names."""

    folder: Path
    prefix: str
    is_folder: bool


def _each_once(paths: list[Path]) -> list[Path]:
    first: dict[str, Path] = {}
    for path in paths:
        first.setdefault(os.path.realpath(path), path)
    return list(first.values())


class _Round:
    """What one run reads: the files by the names they are shown under, no name twice, and where each lies."""

    def __init__(self, room: ReadingRoom, paths: list[Path]) -> None:
        self.files: dict[str, FileToRead] = {}
        self.skipped: list[Outcome] = []
        self.hidden = 0
        self.sources: dict[str, _Source] = {}
        self._prefixes: set[str] = set()
        for path in _each_once(paths):
            self._take(room, path, several=len(paths) > 1)

    def _take(self, room: ReadingRoom, path: Path, *, several: bool) -> None:
        found = room.survey(path)
        is_folder = path.is_dir()
        prefix = self._prefix(path, [file.shown_as for file in found.files], several=several and is_folder)
        source = _Source(path if is_folder else path.parent, prefix, is_folder)
        for file in found.files:
            shown = prefix + file.shown_as
            self.files[shown] = FileToRead(file.location, shown)
            self.sources[shown] = source
        self.skipped += [msgspec.structs.replace(one, path=prefix + one.path) for one in found.skipped]
        self.hidden += found.hidden

    def _prefix(self, path: Path, shown: list[str], *, several: bool) -> str:
        """What keeps the files of two folders of one name apart."""
        name = path.resolve().name or "root"
        prefix, number = (f"{name}/" if several else ""), 1
        while (prefix and prefix in self._prefixes) or any(prefix + one in self.files for one in shown):
            number += 1
            prefix = f"{name}-{number}/"
        self._prefixes.add(prefix)
        return prefix

    def refuse_overlap(self, room: ReadingRoom, out: Path | None, fix: Path | None) -> None:
        """Raise FolderOverlaps, before anything is read, when a target lies among the originals.

        Beside a single file that was named, results may lie; mended copies may not, for they bear its name.
        """
        for source in dict.fromkeys(self.sources.values()):
            if out is not None and source.is_folder:
                room.refuse_overlap(source.folder, out)
            if fix is not None:
                room.refuse_overlap(source.folder, fix)


def password_said(said: str | None, session: Session) -> str:
    """The password behind what was said: `env:NAME`, `file:PATH`, `-` to be asked for it unseen (or, without a
    terminal, the first line of standard input), or itself.

    Raises SecretMissing, which names the reference and never what lies behind it.
    """
    if not said:
        return ""
    if said == "-":
        if sys.stdin is not None and sys.stdin.isatty():
            return getpass.getpass(session.screen.words("암호: ", "Password: "))
        line = (sys.stdin.readline() if sys.stdin is not None else "").rstrip("\r\n")
        if not line:
            raise SecretMissing("--password", said, "empty", "the password")
        return line
    return secret_behind(said, "--password", "the password") if is_reference(said) else said


def read_paths(session: Session, paths: list[Path], out: Path | None, fix: Path | None, password: str = "") -> int:
    """Read files and folders, write what was made of them, show the readiness report. Answers the exit code.

    `password` is tried on the files that ask for one; what it opens is never kept in the state folder.
    """
    home = state_folder(session.settings)
    with ReadingRoom(session.settings, home) as room:
        this = _Round(room, paths)
        if not this.files and not this.skipped:
            raise FolderEmpty(str(paths[0]))
        this.refuse_overlap(room, out, fix)
        kept = _Kept(home / "outcomes")
        shelf = _Shelf(room, out) if out is not None else None
        builder, opened, repaired, read = room.builder(), _Opened(password), [], 0
        outcomes = opened.each(room, room.read_changed(room.service, this.files.values(), kept), this.files)
        for outcome in _told(session, room, outcomes, len(this.files)):
            source = this.sources[outcome.path]
            line = builder.add(outcome, room.class_of(source.folder, outcome.path.removeprefix(source.prefix)))
            read += _was_read(outcome)
            if shelf is not None:
                shelf.put(outcome, line.path)
            if fix is not None:
                repaired += _mended(room, outcome, source, fix, line.path)
        for outcome in this.skipped:
            builder.add(outcome)
        report = builder.done(this.hidden)
        if shelf is not None:
            shelf.put_report(report, room.masked_name(", ".join(path.resolve().name for path in paths)), session)
        _say(session, room, report, _Facts(kept.taken, opened, shelf, repaired, fix, read))
    return 0 if read else NOTHING_READ


class _Facts(NamedTuple):
    """What a run did, besides the report."""

    unchanged: int
    opened: _Opened
    shelf: _Shelf | None
    repaired: list[dict[str, str]]
    fix: Path | None
    read: int


class _Opened:
    """Reads locked files once more with the password that was given, and counts them."""

    def __init__(self, password: str) -> None:
        self._password = password
        self.tried = 0
        self.opened = 0

    def each(
        self, room: ReadingRoom, outcomes: Iterator[Outcome], files: Mapping[str, FileToRead]
    ) -> Iterator[Outcome]:
        """The outcomes; one that asks for a password is replaced by what the password made of it."""
        for outcome in outcomes:
            if not self._password or not _asks(outcome):
                yield outcome
                continue
            file = files[outcome.path]
            self.tried += 1
            # Past the outcomes that are kept: a text under lock and key is not left open in the state folder.
            for again in room.service.read_all([FileToRead(file.location, file.shown_as, self._password)]):
                self.opened += not _asks(again)
                yield again


def _asks(outcome: Outcome) -> bool:
    return any(one.code in _ASKING for one in outcome.remarks) or any(map(_asks, outcome.attachments))


def _was_read(outcome: Outcome) -> bool:
    text = outcome.reading is not None and bool(outcome.reading.text.strip())
    return text or any(map(_was_read, outcome.attachments))


def _told(session: Session, room: ReadingRoom, outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """The outcomes, with a progress bar for a person at a terminal."""
    if session.screen.json or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # waits: only for people

    columns = (TextColumn(session.screen.words("읽기", "Reading")), BarColumn(), MofNCompleteColumn())
    name = TextColumn("{task.fields[name]}", markup=False)
    with Progress(*columns, name, console=session.screen.err) as bar:
        task = bar.add_task("", total=total, name="")
        for outcome in outcomes:
            bar.update(task, advance=1, name=_plain(room.masked_name(outcome.path))[-40:])
            yield outcome


def _mended(room: ReadingRoom, outcome: Outcome, source: _Source, target: Path, shown: str) -> list[dict[str, str]]:
    """What was written of one file into the folder for mended copies; `shown` is its name in the report."""
    own = room.moved(outcome, outcome.path.removeprefix(source.prefix))
    prefix = room.masked_name(source.prefix)
    place = target / room.safe_path(prefix) if prefix else target
    names = {own.path: shown.removeprefix(prefix)}
    return [
        {"path": prefix + one.path, "written": str(room.safe_path(prefix + one.written)), "how": one.how}
        for one in room.repair([own], source.folder, place, names)
    ]


class _Shelf:
    """The folder for the results: each document as Markdown and JSON under its own name, and the report."""

    def __init__(self, room: ReadingRoom, folder: Path) -> None:
        self._room = room
        self.folder = folder
        self._files = {folder / "readiness.json"}
        self._folders: set[Path] = set()
        self.written: list[dict[str, str]] = []
        """Each document that was written: its path, and where its Markdown and its JSON lie."""
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, outcome: Outcome, shown: str) -> None:
        """Write one document and those inside it, under the name it is shown with in the report."""
        if outcome.reading is not None:
            base = self._base(shown)
            base.parent.mkdir(parents=True, exist_ok=True)
            as_markdown, as_json = _beside(base)
            write_whole(as_markdown, self._room.markdown(outcome.reading).encode("utf-8", "surrogatepass"))
            write_whole(as_json, self._room.reading_json(outcome.reading))
            places = [str(place.relative_to(self.folder)) for place in (as_markdown, as_json)]
            self.written.append({"path": shown, "markdown": places[0], "json": places[1]})
        for part in outcome.attachments:
            self.put(part, self._room.masked_name(shown + part.path[len(outcome.path) :]))

    def _base(self, path: str) -> Path:
        """Where a document goes: its own path, changed only where another one already lies there."""
        base = self.folder / self._room.safe_path(path)
        if any(parent in self._files for parent in base.parents):
            base = self.folder / self._room.safe_path(path.replace("/", "_"))
        first, number = base, 1
        while any(place in self._files or place in self._folders for place in _beside(base)):
            number += 1
            base = first.with_name(f"{first.name}-{number}")
        self._files.update(_beside(base))
        self._folders.update(base.parents)
        return base

    def put_report(self, report: Any, place: str, session: Session) -> None:
        """Write the report beside the documents."""
        language = session.screen.language
        write_whole(self.folder / "readiness.html", self._room.html(report, language, place).encode())
        write_whole(self.folder / "readiness.json", self._room.json(report))
        write_whole(self.folder / "readiness.csv", self._room.csv(report, language).encode())


def _beside(base: Path) -> tuple[Path, Path]:
    return base.with_name(base.name + ".md"), base.with_name(base.name + ".json")


def _say(session: Session, room: ReadingRoom, report: Any, facts: _Facts) -> None:
    """The result: for machines the whole report with what was written, for people its gist and the next step."""
    if session.screen.json:
        said = msgspec.json.decode(room.json(report))
        said |= {"read": facts.read, "unchanged": facts.unchanged, "opened_with_password": facts.opened.opened}
        if facts.shelf is not None:
            said |= {"out": str(facts.shelf.folder), "written": facts.shelf.written}
        if facts.fix is not None:
            said |= {"fix": str(facts.fix), "repaired": facts.repaired}
        session.screen.result(said)
        return
    _show(session, room, report)
    for ko, en in _remarks(facts):
        session.screen.remark(session.screen.words(ko, en))


def _remarks(facts: _Facts) -> Iterator[tuple[str, str]]:
    """What a person should know besides the report, the place of the results last."""
    if facts.unchanged:
        yield (
            f"이미 읽은 내용 그대로인 파일 {facts.unchanged}개는 다시 읽지 않았습니다.",
            f"{facts.unchanged} files whose very content had been read before were not read again.",
        )
    if facts.opened.tried:
        opened, tried = facts.opened.opened, facts.opened.tried
        yield f"암호로 연 파일: {tried}개 가운데 {opened}개", f"The password opened {opened} of {tried} locked files."
    if facts.fix is not None:
        count = len(facts.repaired)
        yield f"고쳐 쓴 파일 {count}개: {facts.fix}", f"{count} repaired files written to {facts.fix}"
    if not facts.read:
        yield (
            "읽을 수 있는 글이 한 파일에도 없었습니다. 위에 적힌 할 일을 먼저 하십시오.",
            "Not one file gave any text. Do first what the lines above say.",
        )
    if facts.shelf is not None:
        place = str(facts.shelf.folder / "readiness.html")
        yield place, place


def _plain(text: str) -> str:
    r"""A line for a terminal: what could steer it (escape codes, line breaks, marks that turn writing) is shown as �.

    >>> _plain("a\x1b[31m\n나")
    'a�[31m�나'
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _show(session: Session, room: ReadingRoom, report: Any) -> None:
    from rich.table import Table  # waits: only for people
    from rich.text import Text

    screen, language = session.screen, session.screen.language
    table = Table(box=None, pad_edge=False)
    classed = any(line.security_class in ("C", "S") for line in report.files)
    heads = [("등급", "Grade"), ("파일", "File"), ("형식", "Format"), ("까닭과 할 일", "Why, and what to do")]
    for ko, en in [*heads[:1], *([("보안", "Class")] if classed else []), *heads[1:]]:
        table.add_column(screen.words(ko, en), overflow="fold")
    shown = [line for line in report.files if line.grade != "A"] or list(report.files)
    for line in sorted(shown, key=lambda one: (-"ABCDEF".index(one.grade), one.path))[:_MOST_LINES]:
        words = " ".join(" ".join(room.say(remark, language)).strip() for remark in line.remarks[:2])
        # Names and details come from the files: shown as they are, never taken for markup.
        security_class = [line.security_class] if classed else []
        table.add_row(
            line.grade,
            *security_class,
            *(Text(_plain(one)) for one in (line.path, room.format_words(line.format, language), words)),
        )
    console = screen.out
    console.print(table)
    counts = "  ".join(f"{letter} {count}" for letter, count in report.grades.items() if count)
    # Cut and not rounded, as on the page: 100 means every file.
    shares = (report.readable_now, report.readable_after_automatic, report.readable_after_all)
    now, automatic, everything = (int(share * 100) for share in shares)
    console.print(f"\n{screen.words('등급', 'Grades')}: {counts}", markup=False)
    console.print(
        screen.words(
            f"기계가 읽을 수 있는 파일: 지금 {now}%, 자동으로 고친 뒤 {automatic}%, 모두 고친 뒤 {everything}%",
            f"Machine readable: {now}% now, {automatic}% after automatic fixes, {everything}% after all",
        ),
        markup=False,
    )
    for fix in report.fixes[:10]:
        what, how = room.say_of_many(fix.remark, language)
        console.print(f"  · {_plain(what).rstrip('.')} ({fix.files}): {_plain(how)}", markup=False)
