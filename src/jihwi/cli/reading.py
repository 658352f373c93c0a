"""`jihwi read`: documents as Markdown and JSON, graded, with what a person can do about each."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from jihwi.cli.session import Session
from jihwi.errors import FolderEmpty
from jihwi.readers import FileToRead, Outcome
from jihwi.reports import write_whole
from jihwi.wiring import ReadingRoom, state_folder

__all__ = ["read_paths"]


class _Kept(MutableMapping[str, bytes]):
    """Outcomes of earlier runs, a file each, in the state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def _place(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._place(key).is_file()

    def __getitem__(self, key: str) -> bytes:
        try:
            return self._place(key).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: bytes) -> None:
        write_whole(self._place(key), value)

    def __delitem__(self, key: str) -> None:
        self._place(key).unlink()

    def __iter__(self) -> Iterator[str]:
        return (path.name for path in self._folder.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self._folder.iterdir())


def read_paths(session: Session, paths: list[Path], out: Path | None, fix: Path | None) -> int:
    """Read files and folders, write what was made of them, show the readiness report. Answers the exit code."""
    home = state_folder(session.settings)
    with ReadingRoom(session.settings) as room:
        files, skipped, hidden = _survey(room, paths)
        if not files and not skipped:
            raise FolderEmpty(str(paths[0]))
        builder = room.builder()
        kept = _Kept(home / "outcomes")
        used: set[str] = set()
        outcomes = _told(session, room.read_changed(room.service, files, kept), len(files))
        if fix is not None:
            outcomes = _fixing(session, room, outcomes, paths[0], fix)
        for outcome in outcomes:
            builder.add(outcome)
            if out is not None:
                _write(room, outcome, out, used)
        for outcome in skipped:
            builder.add(outcome)
        report = builder.done(hidden)
        place = ", ".join(path.name for path in paths)
        if out is not None:
            language = session.screen.language
            out.mkdir(parents=True, exist_ok=True)
            write_whole(out / "readiness.html", room.html(report, language, place).encode())
            write_whole(out / "readiness.json", room.json(report))
            write_whole(out / "readiness.csv", room.csv(report, language).encode("utf-8-sig"))
        if session.screen.json:
            sys.stdout.write(room.json(report).decode() + "\n")
        else:
            _show(session, room, report, out)
    return 0


def _survey(room: ReadingRoom, paths: list[Path]) -> tuple[list[FileToRead], list[Outcome], int]:
    files: list[FileToRead] = []
    skipped: list[Outcome] = []
    hidden = 0
    for path in paths:
        found = room.survey(path)
        prefix = f"{path.name}/" if len(paths) > 1 and path.is_dir() else ""
        files += [FileToRead(f.location, prefix + f.shown_as, f.password) for f in found.files]
        skipped += found.skipped
        hidden += found.hidden
    return files, skipped, hidden


def _told(session: Session, outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """The outcomes, with a progress bar for a person at a terminal."""
    if session.screen.json or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(session.screen.words("읽기", "Reading")), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[name]}"), console=session.screen.err) as bar:
        task = bar.add_task("", total=total, name="")
        for outcome in outcomes:
            bar.update(task, advance=1, name=outcome.path[-40:])
            yield outcome


def _fixing(
    session: Session, room: ReadingRoom, outcomes: Iterator[Outcome], folder: Path, target: Path
) -> Iterator[Outcome]:
    """The outcomes, each mended into `target` as it passes."""
    count = 0
    source = folder if folder.is_dir() else folder.parent
    for outcome in outcomes:
        count += sum(1 for _ in room.repair([outcome], source, target))
        yield outcome
    session.screen.remark(
        session.screen.words(f"고쳐 쓴 파일 {count}개: {target}", f"{count} repaired files written to {target}")
    )


def _write(room: ReadingRoom, outcome: Outcome, out: Path, used: set[str]) -> None:
    if outcome.reading is not None:
        place = out / room.safe_path(outcome.path)
        base = str(place)
        number = 1
        while base in used:
            number += 1
            base = f"{place}-{number}"
        used.add(base)
        Path(base).parent.mkdir(parents=True, exist_ok=True)
        write_whole(Path(base + ".md"), room.markdown(outcome.reading).encode("utf-8", "surrogatepass"))
        write_whole(Path(base + ".json"), room.reading_json(outcome.reading))
    for part in outcome.attachments:
        _write(room, part, out, used)


def _show(session: Session, room: ReadingRoom, report: Any, out: Path | None) -> None:
    from rich.table import Table

    screen, language = session.screen, session.screen.language
    table = Table(box=None, pad_edge=False)
    for ko, en in (("등급", "Grade"), ("파일", "File"), ("형식", "Format"), ("까닭과 할 일", "Why, and what to do")):
        table.add_column(screen.words(ko, en), overflow="fold")
    shown = [line for line in report.files if line.grade != "A"] or list(report.files)
    for line in sorted(shown, key=lambda one: (-"ABCDEF".index(one.grade), one.path))[:60]:
        words = " ".join(" ".join(room.say(remark, language)).strip() for remark in line.remarks[:2])
        table.add_row(line.grade, line.path, line.format, words)
    console = screen.out
    console.print(table)
    counts = "  ".join(f"{letter} {count}" for letter, count in report.grades.items() if count)
    console.print(f"\n{screen.words('등급', 'Grades')}: {counts}", markup=False)
    console.print(
        screen.words(
            f"기계가 읽을 수 있는 파일: 지금 {report.readable_now:.0%}, 자동으로 고친 뒤 "
            f"{report.readable_after_automatic:.0%}, 모두 고친 뒤 {report.readable_after_all:.0%}",
            f"Machine readable: {report.readable_now:.0%} now, {report.readable_after_automatic:.0%} after "
            f"automatic fixes, {report.readable_after_all:.0%} after all",
        ),
        markup=False,
    )
    for fix in report.fixes[:10]:
        what, how = room.say(fix.remark, language)
        console.print(f"  · {fix.files}: {how or what}", markup=False)
    if out is not None:
        screen.remark(str(out / "readiness.html"))
