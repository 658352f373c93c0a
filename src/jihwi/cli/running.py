"""`jihwi run`: from a folder of files and a request to a released report, and `jihwi case run`, which goes on."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

import msgspec

from jihwi.case.events import Author, Event
from jihwi.case.person import open_approvals, open_questions
from jihwi.case.reasons import say as say_reason
from jihwi.case.rechecking import say_rechecked
from jihwi.case.state import Case
from jihwi.cli.drafts import Drafts
from jihwi.cli.following import quiet_line, withheld_words
from jihwi.cli.long_work import Look, until_stopped
from jihwi.cli.onward import has_work, onward
from jihwi.cli.screen import WAITS, Screen
from jihwi.cli.session import Session, on_signals
from jihwi.errors import CaseDriven, SettingInvalid, error_of
from jihwi.evidence import SecurityClass
from jihwi.library import IngestProgress, IngestReport
from jihwi.minds import DeltaSink
from jihwi.orchestrator import Opening, Orchestrator, load_case, load_log
from jihwi.reports import disclosed_prompts, export_lines, write_whole
from jihwi.wiring import House, collection_of, open_house, recheck_cases

__all__ = [
    "ELSEWHERE",
    "classes_said",
    "drafts_of",
    "drive_case",
    "finish",
    "ingest_folder",
    "labels_of",
    "lay_out",
    "released_in",
    "run_request",
    "tell_of_changes",
    "watcher",
]


async def run_request(
    session: Session, request: str, folder: Path, out: Path | None, labels: list[str], classes: Sequence[str] = ()
) -> int:
    """The main job. Answers the exit code."""
    if not request.strip():
        request = session.screen.words("이 문서들의 내용을 요약해 주세요.", "Summarise these documents.")
    async with open_house(session.settings) as house:
        house.minds.check()
        await _ready(out)
        report = await ingest_folder(house, folder, labels, session.screen, classes_said(classes))
        language = "ko" if any("가" <= letter <= "힣" for letter in request) else "en"
        team = house.team(house.settings.team)
        orchestrator = house.orchestrator(watch=watcher(session.screen, house), emit=Drafts(session.screen))
        opening = Opening(
            request=request,
            requester=house.viewer,
            language=language,
            team=team.name,
            team_digest=team.digest,
            agents=team.agents,
            policy=team.policy,
            limits=team.limits,
            collections=(report.collection,),
            library_version=report.library_version,
            labels=labels_of(house, report.collection),
            door="cli",
        )
        on_signals(orchestrator.stop)
        return await finish(session, house, await orchestrator.run(opening), out)


async def _ready(out: Path | None) -> None:
    """Make the folder for the report, so that one that cannot be is told before any work."""
    if out is not None:
        await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)


def classes_said(said: Sequence[str]) -> dict[str, SecurityClass]:
    """What `--class` says: a class of the whole folder (under the empty path), or `PATH=CLASS`. Raises SettingInvalid.

    >>> classes_said(["S", "인사/비밀=C"])
    {'': 'S', '인사/비밀': 'C'}
    """
    found: dict[str, SecurityClass] = {}
    for one in said:
        path, _, letter = one.rpartition("=")
        if letter not in get_args(SecurityClass):
            raise SettingInvalid("--class", one, "command line", "C, S or O, or PATH=C, PATH=S, PATH=O")
        found[path] = cast(SecurityClass, letter)
    return found


async def ingest_folder(
    house: House,
    folder: Path,
    labels: list[str],
    screen: Screen,
    classes: Mapping[str, SecurityClass] | None = None,
) -> IngestReport:
    """Bring the library to what lies in a folder, showing progress; `classes` as `classes_said` tells them.

    Raises FolderMissing, FolderEmpty.
    """
    files = await asyncio.to_thread(house.files_in, folder)
    name = collection_of(folder)
    held = {*house.viewer.labels, *labels}
    house.viewer = type(house.viewer)(house.viewer.id, tuple(sorted(held)))

    by = Author("person", house.viewer.id, door="cli")

    def work(look: Look) -> IngestReport:
        if labels:
            house.library.put_collection(name, str(folder), labels=labels, by=by)
        else:  # a folder that was labelled before stays so
            house.library.begin_collection(name, str(folder))
        if classes:
            inside = {path: one for path, one in classes.items() if path}
            house.library.classify(name, classes.get(""), inside, by=by)
        with _ReadingProgress(screen, len(files)) as tell:

            def told(progress: IngestProgress) -> None:
                look()
                tell(progress)

            return house.library.ingest(name, files, house.reading_service, told, by=by)

    report = await until_stopped(work)
    screen.remark(
        screen.words(
            f"문서 {report.added + report.changed + report.unchanged + report.moved}건"
            f" (새로 읽음 {report.read}, 그대로 {report.unchanged})",
            f"{report.added + report.changed + report.unchanged + report.moved} documents"
            f" ({report.read} read, {report.unchanged} unchanged)",
        )
    )
    _tell_of_vectors(report, screen)
    await tell_of_changes(house, screen)
    return report


async def tell_of_changes(house: House, screen: Screen) -> None:
    """Compare what cases cite with the files as they are now, and say which sentences lost what they stood on."""
    for one in await recheck_cases(house, house.orchestrator()):
        screen.remark(
            screen.words(
                f"사건 {one.case_id}의 근거 문서가 바뀌었습니다: 근거를 잃은 곳 {len(one.lost)},"
                f" 자리를 옮긴 곳 {len(one.moved)}. `jihwi case show {one.case_id}`로 보십시오.",
                f"Sources of case {one.case_id} have changed: evidence lost in {len(one.lost)} places,"
                f" moved in {len(one.moved)}. See `jihwi case show {one.case_id}`.",
            )
        )
        if house.viewer.may_see(one.labels):
            for lost in one.lost:
                screen.remark(f"  {say_rechecked(lost, screen.language)}")


def _tell_of_vectors(report: IngestReport, screen: Screen) -> None:
    """Which chunks have no vector, and why."""
    if report.vectors_rebuilt:
        screen.remark(
            screen.words(
                "임베딩 모델이 바뀌어 벡터를 새로 만들었습니다.",
                "The vectors were made anew: the embedding model or its file is another.",
            )
        )
    if report.vectors_waiting:
        problem = error_of(report.vectors_problem, report.vectors_problem_fields)
        why = f" {problem.words(screen.language)}" if problem is not None else ""
        screen.remark(
            screen.words(
                f"조각 {report.vectors_waiting}개는 아직 벡터가 없어 낱말로만 찾습니다.{why}",
                f"{report.vectors_waiting} passages have no vector yet and are found by words alone.{why}",
            )
        )
    if report.vectors_withheld:
        screen.remark(
            screen.words(
                f"조각 {report.vectors_withheld}개는 등급 때문에 임베딩 서버에 보내지 않았습니다.",
                f"{report.vectors_withheld} passages were not shown to the embedding server because of their class.",
            )
        )


class _ReadingProgress:
    """A progress bar for people at a terminal; nothing for machines."""

    def __init__(self, screen: Screen, total: int) -> None:
        self._screen = screen
        self._total = total
        self._bar: Any = None

    def __enter__(self) -> Any:
        if self._screen.json or not sys.stderr.isatty():
            return lambda progress: None
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # waits: only for people

        title = self._screen.words("문서 읽기", "Reading")
        self._bar = Progress(
            TextColumn(title),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[name]}", markup=False),
            console=self._screen.err,
        )
        self._bar.__enter__()
        task = self._bar.add_task("", total=self._total, name="")

        def tell(progress: IngestProgress) -> None:
            self._bar.update(task, completed=progress.files, total=progress.total, name=progress.path[-40:])

        return tell

    def __exit__(self, *problem: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(*problem)


def labels_of(house: House, collection: str) -> tuple[str, ...]:
    """What a reader must hold to be told a collection's name."""
    return next((one.labels for one in house.library.collections(house.viewer) if one.name == collection), ())


def watcher(screen: Screen, house: House) -> Any:
    """Shows each event as it becomes a fact, as far as who works here may see it."""

    def watch(event: Event) -> None:
        line = quiet_line(event, screen.language, house.viewer)
        if line:
            screen.remark(f"  {line[:160]}")

    return watch


def drafts_of(screen: Screen, house: House, case: Case) -> DeltaSink:
    """Shows drafts to who may see whatever the case can come to hold: it reads as its requester, with those labels."""
    if house.viewer.may_see(case.viewer_labels):
        return Drafts(screen)
    return lambda delta: None


async def drive_case(session: Session, house: House, orchestrator: Orchestrator, case_id: str, out: Path | None) -> int:
    """Drive a case on until it ends or waits, and show where it stands. Answers the exit code."""
    house.minds.check()
    await _ready(out)
    on_signals(orchestrator.stop)
    case = await orchestrator.drive(case_id)
    if case is None:
        raise CaseDriven(case_id)
    return await finish(session, house, case, out)


async def finish(session: Session, house: House, case: Case, out: Path | None) -> int:
    """Say how a case stands; lay a released report, its prompts and its ledger where they belong."""
    screen = session.screen
    if case.status == "closed" and case.files and not house.viewer.may_see(case.labels):
        screen.result({**_summary(case), "withheld": True})
        screen.remark(withheld_words(screen.language))
        return 0 if case.outcome != "failed" else 1
    if case.status == "closed" and case.files:
        if await released_in(house, case) is None:
            screen.result({**_summary(case), "elsewhere": True})
            screen.remark(screen.words(*ELSEWHERE))
            return 0 if case.outcome != "failed" else 1
        folder = await lay_out(house, case, out)
        _show_report(screen, case, folder)
        return 0 if case.outcome != "failed" else 1
    waiting = [*(one.id for one in open_approvals(case)), *(a.id for a, _, _ in open_questions(case))]
    screen.result({**_summary(case), "waits_for": waiting})
    if case.status == "closed":
        said = case.answer if house.viewer.may_see(case.labels) else withheld_words(screen.language)
        screen.remark(screen.words(f"보고서 없이 끝났습니다. {said}", f"It ended without a report. {said}"))
        return 0 if case.outcome == "done" else 1
    reason = say_reason(case.reason, screen.language) if case.reason else ""
    if case.status == "cancelled":
        screen.remark(screen.words(f"취소된 사건입니다. {reason}", f"The case was cancelled. {reason}"))
        return 1
    if has_work(case):
        words = "실행기가 멈추어 여기까지 했습니다. 이어 가기", "The runner was stopped; this is how far it came. Go on"
        screen.remark(f"{screen.words(*words)}: {onward(case)}")
        return WAITS
    screen.remark(
        screen.words(
            " ".join(filter(None, ("사람을 기다립니다.", reason, f"`jihwi case show {case.id}`로 보십시오."))),
            " ".join(filter(None, ("It waits for a person.", reason, f"See `jihwi case show {case.id}`."))),
        )
    )
    return WAITS


ELSEWHERE = (
    "보고서는 그것을 내보낸 실행기의 상태 폴더에 있고, 이 컴퓨터에는 없습니다.",
    "The report lies in the state folder of the runner that released it, not on this machine.",
)


async def released_in(house: House, case: Case) -> Path | None:
    """Where the files of a case's last release lie: in its own folder, or in that of the case it was forked from.
    `None` where they are not on this machine."""
    one: Case | None = case
    while one is not None:
        folder = house.release_folder(one.id, len(case.released))
        if (folder / "report.json").is_file():
            return folder
        one = await load_case(house.store, one.parent) if one.parent else None
    return None


async def lay_out(house: House, case: Case, out: Path | None) -> Path:
    """Write the prompts and the ledger beside the released report, and copy all of it to `out`. A fork that released
    nothing itself gets a copy of what its past released."""
    folder, released = house.release_folder(case.id, len(case.released)), await released_in(house, case)
    folder.mkdir(parents=True, exist_ok=True)
    if released is not None and released != folder:
        for name in case.files:
            if (released / name).is_file():
                write_whole(folder / name, (released / name).read_bytes())
    log = await load_log(house.store, case.id)
    prompts = await disclosed_prompts(log, house.store.blob)
    stored = await house.store.read(case.id)
    ledger = b"".join(export_lines(stored, house.signed_now(case.id, stored)))
    write_whole(folder / "prompts.json", msgspec.json.format(msgspec.json.encode(prompts), indent=1))
    write_whole(folder / "ledger.jsonl", ledger)
    if out is None:
        return folder
    await asyncio.to_thread(_copy, folder, out)
    return out


def _copy(folder: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            shutil.copyfile(path, out / path.name)


def _summary(case: Case) -> dict[str, Any]:
    return {
        "case": case.id,
        "status": case.status,
        "outcome": case.outcome,
        "request": case.request,
        "events": case.seq,
        "head": case.head.hex(),
    }


def _show_report(screen: Screen, case: Case, folder: Path) -> None:
    if screen.json:
        report = msgspec.json.decode((folder / "report.json").read_bytes())
        files = {name: str(folder / name) for name in (*sorted(case.files), "prompts.json", "ledger.jsonl")}
        screen.result({**_summary(case), "files": files, "report": report})
        return
    text = (folder / "report.md").read_text(encoding="utf-8")
    if sys.stdout.isatty():
        from rich.markdown import Markdown  # waits: only for people

        screen.out.print(Markdown(text))
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    screen.remark("")
    for name in ("report.html", "report.docx", "report.md", "prompts.json", "ledger.jsonl"):
        screen.remark(str(folder / name))
