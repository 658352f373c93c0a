"""Commands that look: teams, skills, the machine, and quotations in anybody's Markdown."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from jihwi.cli.screen import say
from jihwi.cli.session import Home, Json, Lang, Session, run_async
from jihwi.errors import FileMissing, JihwiError
from jihwi.settings import documented
from jihwi.teams import check_team, skills_in, team_folder

__all__ = ["cite", "doctor", "skills", "team"]

team = typer.Typer(no_args_is_help=True, help=say("팀을 살핍니다.", "Look at teams."))
cite = typer.Typer(no_args_is_help=True, help=say("인용을 확인합니다.", "Check quotations."))


@team.command(epilog="jihwi team check ./teams/우리팀")
def check(
    folder: Annotated[str, typer.Argument(help=say("팀의 폴더나 이름", "A team's folder, or a built-in name"))],
    json: Json = False,
    lang: Lang = None,
    home: Home = None,
) -> None:
    """Say what is wrong with a team, by file and line."""
    with Session(json=json, lang=lang, home=home) as session:
        screen = session.screen
        place = team_folder(folder)
        problems = check_team(place, {name: one.spec for name, one in _skills(place).items()})
        screen.result([{"file": p.file, "line": p.line, "problem": screen.words(p.ko, p.en)} for p in problems])
        if not screen.json:
            for one in problems:
                screen.out.print(f"{place / one.file}:{one.line}: {screen.words(one.ko, one.en)}", markup=False)
            if not problems:
                screen.out.print(screen.words("잘못이 없습니다.", "Nothing is wrong."), markup=False)
        raise SystemExit(1 if problems else 0)


def _skills(place: Path) -> dict[str, Any]:
    from jihwi.wiring import built_in_skills

    def no_library() -> Any:
        raise AssertionError("listing skills opens no library")

    return {one.spec.name: one for one in [*built_in_skills(no_library), *skills_in(place)]}


def skills(json: Json = False, lang: Lang = None, home: Home = None) -> None:
    """List the skills there are."""
    with Session(json=json, lang=lang, home=home) as session:
        found = _skills(team_folder(session.settings.team))
        session.screen.result(
            [
                {"name": name, "effect": one.spec.effect, "description": one.description, "schema": one.schema}
                for name, one in sorted(found.items())
            ]
        )
        if not session.screen.json:
            for name, one in sorted(found.items()):
                first = one.description.split("\n", 1)[0]
                session.screen.out.print(f"{name:<22} {one.spec.effect:<17} {first}", markup=False)
        raise SystemExit(0)


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
    ("model2vec", "폴더에 둔 임베딩 모델", "an embedding model in a folder", "pip install 'jihwi[embedding]'"),
)


def doctor(json: Json = False, lang: Lang = None, home: Home = None) -> None:
    """See what is installed, what is missing, and the line that installs it."""
    with Session(json=json, lang=lang, home=home) as session:
        screen = session.screen
        rows = [*_python(), *_absent_or_present(screen.language), *_embedding(session)]
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
        raise SystemExit(0)


def _python() -> list[dict[str, Any]]:
    version = platform.python_version()
    return [
        {"name": "jihwi", "there": True, "what": metadata.version("jihwi"), "install": ""},
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
    from jihwi.wiring import embedder_of

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
    return ", ".join(value) if isinstance(value, tuple) else str(value)


# ── quotations ───────────────────────────────────────────────────────────────


@cite.command("check", epilog="jihwi cite check 보고서.md --files ./문서")
def check_citations(
    report: Annotated[Path, typer.Argument(help=say("Markdown 보고서", "A Markdown report"))],
    files: Annotated[Path, typer.Option("--files", help=say("원문이 있는 폴더", "The folder with the sources"))],
    json: Json = False,
    lang: Lang = None,
    home: Home = None,
) -> None:
    """Check every quotation of a Markdown report, ours or anybody's, against the files it quotes."""
    with Session(json=json, lang=lang, home=home) as session:
        if not report.is_file():
            raise FileMissing(str(report))
        from jihwi.cli.citing import check_report  # waits: brings the library

        raise SystemExit(run_async(lambda: check_report(session, report, files)))
