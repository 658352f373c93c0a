"""What every command shares: its options, its settings, and the border where errors become sentences."""

from __future__ import annotations

import gc
import inspect
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, cast

import typer

from jihwi.cli.screen import Screen, guess_language, say
from jihwi.cli.streams import file_trouble, let_go_of_output
from jihwi.errors import JihwiError, OutputCut
from jihwi.words import LANGUAGES, Language, storable_value

if TYPE_CHECKING:
    from jihwi.settings import Settings

__all__ = [
    "Home",
    "Json",
    "Lang",
    "Model",
    "Session",
    "TeamName",
    "before_all",
    "in_session",
    "in_whole_letters",
    "on_signals",
    "run_async",
    "settle",
]

Json = Annotated[
    bool, typer.Option("--json", help=say("기계가 읽을 JSON으로 답합니다.", "Answer as JSON, for machines."))
]
Lang = Annotated[
    str | None,
    typer.Option("--lang", help=say("메시지의 언어: ko, en", "Language of messages: ko, en"), metavar="ko|en"),
]
Home = Annotated[
    str | None,
    typer.Option("--home", help=say("상태를 두는 폴더 (JIHWI_HOME)", "Folder that holds the state (JIHWI_HOME)")),
]
Model = Annotated[str | None, typer.Option(help="openai:NAME@http://127.0.0.1:8000/v1")]
TeamName = Annotated[str | None, typer.Option(help=say("팀의 이름이나 폴더", "A built-in team or a team's folder"))]

before_all: ContextVar[str | None] = ContextVar("before_all", default=None)
"""The language that was asked for before the command's name: `jihwi --lang ko case show`."""

_NEW_THINGS = 10_000

_EVERYWHERE = [
    inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation)
    for name, default, annotation in (("json", False, Json), ("lang", None, Lang), ("home", None, Home))
]


class Session:
    """One run of one command: its settings and its screen."""

    def __init__(self, *, json: bool = False, lang: str | None = None, home: str | None = None, **said: Any) -> None:
        from jihwi.settings import load_settings  # waits: the help needs none

        lang = lang or before_all.get()
        known = lang if lang in LANGUAGES else os.environ.get("JIHWI_LANGUAGE")
        self.screen = Screen(json=json, language=_language(known))
        try:
            self.settings: Settings = load_settings(Path.cwd(), language=lang, home=home, **said)
        except JihwiError as problem:
            self.screen.fail(problem)
        self.screen.language = _language(self.settings.language)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: object) -> None:
        """The border: what was raised below becomes a sentence and an exit code."""
        if isinstance(problem, JihwiError):
            self.screen.fail(problem)
        if isinstance(problem, KeyboardInterrupt):
            self.screen.remark(self.screen.words("그만두었습니다.", "Stopped."))
            raise SystemExit(130)
        if isinstance(problem, BrokenPipeError):
            let_go_of_output()
            raise SystemExit(1)
        told = file_trouble(problem) if isinstance(problem, OSError) else None
        if told is not None:
            if isinstance(told, OutputCut):
                let_go_of_output(remarks=False)
            self.screen.fail(told)
        if isinstance(problem, Exception) and not isinstance(problem, typer.Exit | typer.Abort):
            self._unexpected(problem)

    def _unexpected(self, problem: Exception) -> None:
        words = self.screen.words(
            f"예상하지 못한 오류입니다: {type(problem).__name__}: {problem}",
            f"Something unexpected went wrong: {type(problem).__name__}: {problem}",
        )
        step = self.screen.words(
            "기록된 것은 그대로 있습니다. 아래 내용을 개발자에게 알려 주십시오.",
            "Nothing recorded is lost. Please report the lines below.",
        )
        if self.screen.json:
            self.screen.result({"error": {"code": "unexpected", "words": words, "next": step}})
        sys.stderr.write(f"{words}\n{step}\n")
        traceback.print_exception(problem, file=sys.stderr)
        raise SystemExit(1)


Given = ParamSpec("Given")


def in_whole_letters(command: Callable[Given, None]) -> Callable[Given, None]:
    """A command whose texts are whole letters: bytes of another encoding come as halves, which nothing can hold. Paths
    stay as they are, for a file may have such a name."""

    @wraps(command)
    def as_called(*said: Given.args, **given: Given.kwargs) -> None:
        whole: dict[str, Any] = {name: _whole(one) for name, one in given.items()}
        command(*said, **whole)

    return as_called


def _whole(value: Any) -> Any:
    return storable_value(value) if isinstance(value, str | list) else value


def in_session(command: Callable[Concatenate[Session, Given], int]) -> Callable[..., None]:
    """A command as the terminal calls it: it also takes `--json`, `--lang` and `--home`, is given the session they
    make, and its answer is the exit code."""
    told = inspect.signature(command, eval_str=True)
    _, *own = told.parameters.values()

    @wraps(command)
    @in_whole_letters
    def as_called(*, json: bool, lang: str | None, home: str | None, **given: Any) -> None:
        with Session(json=json, lang=lang, home=home) as session:
            raise SystemExit(cast("Callable[..., int]", command)(session, **given))

    parameters = [*own, *_EVERYWHERE]
    as_called.__signature__ = told.replace(parameters=parameters)  # type: ignore[attr-defined]
    as_called.__annotations__ = {one.name: one.annotation for one in parameters}
    return as_called


def _language(said: str | None) -> Language:
    return "ko" if said == "ko" else "en" if said == "en" else guess_language()


def settle() -> None:
    """Tell Python's collector of circles that this process drives cases for days: what is loaded by now is set aside
    for good, and it comes after every ten thousand new things, not after every seven hundred. With fifty cases at a
    time that is 3 % of the processor; what is in no circle is let go at once as ever."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_THINGS)


def run_async(work: Callable[[], Awaitable[int]]) -> int:
    """Run a command's work; answers its exit code."""
    import asyncio  # waits: the help needs none

    async def main() -> int:
        return await work()

    return asyncio.run(main())


def on_signals(stop: Callable[[], None]) -> None:
    """Ask for a clean end on SIGTERM and SIGINT; a second one ends at once."""
    import asyncio  # waits with the rest

    loop = asyncio.get_running_loop()
    asked: list[int] = []

    def handle(number: int) -> None:
        if asked:
            os._exit(128 + number)
        asked.append(number)
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, handle, number)
