"""Commands that look: teams, skills, the machine, and quotations in anybody's Markdown."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib import metadata
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from jihwi.cli.screen import say
from jihwi.cli.session import Session, in_session, run_async
from jihwi.errors import FileMissing, FolderMissing, JihwiError
from jihwi.settings import documented
from jihwi.skills import Skill
from jihwi.skills.declared import Fault
from jihwi.teams import Brought, Problem, check_team, team_folder

__all__ = ["cite", "doctor", "skills", "team"]

team = typer.Typer(no_args_is_help=True)
cite = typer.Typer(no_args_is_help=True)


@team.command(
    help=say("팀에 무엇이 잘못되었는지 파일과 줄로 알려 줍니다.", "Say what is wrong with a team, by file and line."),
    epilog="jihwi team check ./teams/우리팀",
)
@in_session
def check(
    session: Session,
    folder: Annotated[str, typer.Argument(help=say("팀의 폴더나 이름", "A team's folder, or a built-in name"))],
) -> int:
    screen = session.screen
    place = team_folder(folder)
    known, brought = _skills(session, place)
    found = check_team(place, {name: one.spec for name, one in known.items()})
    problems: list[Problem | Fault] = [*found, *brought.faults]
    screen.result([{"file": p.file, "line": p.line, "problem": screen.words(p.ko, p.en)} for p in problems])
    if not screen.json:
        for one in problems:
            screen.out.print(f"{place / one.file}:{one.line}: {screen.words(one.ko, one.en)}", markup=False)
        if not problems:
            screen.out.print(screen.words("잘못이 없습니다.", "Nothing is wrong."), markup=False)
    return 1 if problems else 0


@team.command(
    "tools",
    help=say(
        "팀이 쓰는 MCP 서버에 도구를 물어 팀 폴더에 기록합니다.",
        "Ask the MCP servers a team uses for their tools, and record them in its folder.",
    ),
    epilog="jihwi team tools ./teams/우리팀",
)
@in_session
def tools(
    session: Session,
    folder: Annotated[str, typer.Argument(help=say("팀의 폴더", "A team's folder"))],
) -> int:
    place = team_folder(folder)
    if not place.is_dir():
        raise FolderMissing(str(place))
    return run_async(lambda: _record(session, place))


async def _record(session: Session, place: Path) -> int:
    from jihwi.wiring import record_tools  # waits: `doctor` opens no house

    found = await record_tools(session.settings, place)
    screen = session.screen
    screen.result({name: [one.name for one in tools] for name, tools in found.items()})
    if not screen.json:
        for name, tools in found.items():
            for one in tools:
                first = one.description.split("\n", 1)[0]
                screen.out.print(f"{name:<16} {one.name:<24} {first}", markup=False)
        if not found:
            words = screen.words("mcp.yaml에 적힌 서버가 없습니다.", "No server stands in mcp.yaml.")
            screen.out.print(words, markup=False)
    return 0


def _skills(session: Session, place: Path) -> tuple[dict[str, Skill], Brought]:
    from jihwi.wiring import all_skills  # waits with it

    return all_skills(session.settings, place)


@in_session
def skills(session: Session) -> int:
    """List the skills there are."""
    screen = session.screen
    found, brought = _skills(session, team_folder(session.settings.team))
    screen.result([_as_told(one) for _, one in sorted(found.items())])
    if not screen.json:
        for name, one in sorted(found.items()):
            first = one.description.split("\n", 1)[0]
            screen.out.print(f"{name:<22} {one.spec.effect:<17} {first}", markup=False)
    for fault in brought.faults:
        sys.stderr.write(f"✗ {fault.file}:{fault.line}: {screen.words(fault.ko, fault.en)}\n")
    return 0


def _as_told(one: Skill) -> dict[str, Any]:
    spec = one.spec
    return {
        "name": spec.name,
        "effect": spec.effect,
        "leaves_house": spec.leaves_house,
        "approval": spec.approval,
        "version": spec.version,
        "source": one.source,
        "description": one.description,
        "schema": one.schema,
    }


# ── the machine ──────────────────────────────────────────────────────────────

_PROGRAMS = (
    (
        "tesseract",
        "문자 인식 (스캔한 문서)",
        "OCR for scanned documents",
        "apt-get install tesseract-ocr tesseract-ocr-kor",
    ),
    ("soffice", "옛 DOC, XLS, PPT 읽기", "reading old DOC, XLS, PPT", "apt-get install libreoffice"),
)
_PACKAGES = (
    ("pydantic-ai-slim", "모델과 이야기하기", "talking to models", "pip install 'jihwi[models]'"),
    ("mcp", "MCP 서버의 도구", "tools of MCP servers", "pip install 'jihwi[mcp]'"),
    ("model2vec", "폴더에 둔 임베딩 모델", "an embedding model in a folder", "pip install 'jihwi[embedding]'"),
)


@in_session
def doctor(session: Session) -> int:
    """See what is installed, what is missing, and the line that installs it."""
    screen = session.screen
    rows = [
        *_python(screen.words("엔진은 컴파일됨", "engine compiled")),
        *_absent_or_present(screen.language),
        *_embedding(session),
    ]
    values = [
        {"setting": name, "value": _value(session, name), "meaning": screen.words(ko, en)}
        for name, _, _, ko, en in documented()
    ]
    screen.result({"parts": rows, "settings": values})
    if not screen.json:
        for row in rows:
            mark = "✓" if row["there"] else "✗"
            line = f"{mark} {row['name']:<18} {row['what']}"
            screen.out.print(line if row["there"] else f"{line}\n    → {row['install']}", markup=False)
        screen.out.print("")
        for one in values:
            screen.out.print(f"  {one['setting']:<18} = {one['value']!s:<12} {one['meaning']}", markup=False)
    return 0


def _python(if_compiled: str) -> list[dict[str, Any]]:
    version = platform.python_version()
    ours = metadata.version("jihwi")
    engine = find_spec("jihwi.case.decide")
    if engine is not None and str(engine.origin).endswith(tuple(EXTENSION_SUFFIXES)):
        ours = f"{ours} ({if_compiled})"
    return [
        {"name": "jihwi", "there": True, "what": ours, "install": ""},
        {"name": "python", "there": sys.version_info >= (3, 11), "what": version, "install": "Python 3.11+"},
    ]


def _absent_or_present(language: str) -> list[dict[str, Any]]:
    rows = []
    for name, ko, en, install in _PROGRAMS:
        there = shutil.which(name) is not None
        rows.append({"name": name, "there": there, "what": ko if language == "ko" else en, "install": install})
    for name, ko, en, install in _PACKAGES:
        rows.append(
            {"name": name, "there": _installed(name), "what": ko if language == "ko" else en, "install": install}
        )
    return rows


def _embedding(session: Session) -> list[dict[str, Any]]:
    """Whether the embedding model answers, tried with one word; nothing when none is set."""
    from jihwi.wiring import embedder_of  # waits: most houses have no model for vectors

    language = session.screen.language
    try:
        embedder = embedder_of(session.settings)
        if embedder is None:
            return []
        dimension = embedder.embed(["jihwi"], patient=False).shape[1]
    except JihwiError as problem:
        what, install = problem.words(language), problem.next_step(language)
        return [{"name": "embedding", "there": False, "what": what, "install": install}]
    words = session.screen.words(f"{dimension}차원 벡터", f"vectors of {dimension} dimensions")
    return [{"name": "embedding", "there": True, "what": f"{embedder.name}: {words}", "install": ""}]


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _value(session: Session, name: str) -> str:
    value = getattr(session.settings, name)
    if not isinstance(value, tuple):
        return str(value)
    return ", ".join(one if isinstance(one, str) else "=".join(map(str, one)) for one in value)


# ── quotations ───────────────────────────────────────────────────────────────


@cite.command(
    "check",
    help=say(
        "누가 썼든 Markdown 보고서의 모든 인용을 원문 파일과 견줍니다.",
        "Check every quotation of a Markdown report, ours or anybody's, against the files it quotes.",
    ),
    epilog="jihwi cite check 보고서.md --files ./문서",
)
@in_session
def check_citations(
    session: Session,
    report: Annotated[Path, typer.Argument(help=say("Markdown 보고서", "A Markdown report"))],
    files: Annotated[Path, typer.Option("--files", help=say("원문이 있는 폴더", "The folder with the sources"))],
) -> int:
    if not report.is_file():
        raise FileMissing(str(report))
    from jihwi.cli.citing import check_report  # waits: brings the library

    return run_async(lambda: check_report(session, report, files))
