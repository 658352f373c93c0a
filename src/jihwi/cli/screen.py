"""What the terminal shows and says: the language, results for people or machines, errors with their next step."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from jihwi.errors import JihwiError, OutputCut
from jihwi.words import LANGUAGES, Language, plain

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["WAITS", "Screen", "guess_language", "language_of_help", "say"]

WAITS = 3
"""Exit code: it waits for a person."""


def guess_language(environment: Mapping[str, str] | None = None) -> Language:
    """Korean where the machine's locale is Korean, English elsewhere."""
    env = os.environ if environment is None else environment
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if env.get(name):
            return "ko" if env[name].lower().startswith("ko") else "en"
    found = locale.getlocale()[0] or ""
    return "ko" if found.lower().startswith(("ko", "korean")) else "en"


def language_of_help() -> Language:
    """The language help is written in: what `--lang` or the environment says, before anything is parsed."""
    words = sys.argv[1:]
    said = ""
    for place, word in enumerate(words):
        if word == "--lang" and place + 1 < len(words):
            said = words[place + 1]
        elif word.startswith("--lang="):
            said = word.removeprefix("--lang=")
    said = said if said in LANGUAGES else os.environ.get("JIHWI_LANGUAGE", "")
    return "ko" if said == "ko" else "en" if said == "en" else guess_language()


_HELP = language_of_help()
_ENDLESS = 10_000
_LINES = 25
"""Of no matter, but where only one of the two is said a plain terminal (`TERM=dumb`) is taken for 80 by 25."""


def say(ko: str, en: str) -> str:
    """One of two sentences, in the language of this run."""
    return ko if _HELP == "ko" else en


class Screen:
    """Where a command writes: results to standard output, everything else to standard error."""

    def __init__(self, *, json: bool, language: Language) -> None:
        self.json = json
        self.language = language

    def words(self, ko: str, en: str) -> str:
        """One of two sentences, in the language of this run."""
        return ko if self.language == "ko" else en

    @property
    def out(self) -> Console:
        """Standard output. What is printed there is text, whatever it looks like."""
        apart = not sys.stdout.isatty()  # read by a program: a line for each thing, however long
        if apart and "COLUMNS" not in os.environ:
            return _console(markup=False, soft_wrap=True, width=_ENDLESS, height=_LINES)
        return _console(markup=False, soft_wrap=apart)

    @property
    def err(self) -> Console:
        """Standard error: progress and remarks."""
        return _console(stderr=True, soft_wrap=not sys.stderr.isatty())

    def result(self, value: Any) -> None:
        """A result for machines, when they asked for it."""
        if self.json:
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n")
            sys.stdout.flush()

    def remark(self, text: str) -> None:
        """A line for a person, besides the result; never mixed into it."""
        if not self.json:
            from rich.markup import escape  # waits: only for people

            self.err.print(escape(text))

    def fail(self, error: JihwiError) -> NoReturn:
        """Say what went wrong and what to do, and end with the error's exit code."""
        words, step = error.words(self.language), error.next_step(self.language)
        if self.json and not isinstance(error, OutputCut):
            self.result({"error": {"code": error.code, "words": words, "next": step}})
        else:
            from rich.markup import escape  # waits: only for people

            title = self.words("오류", "Error")
            self.err.print(f"[bold red]{title}:[/] {escape(words)}")
            if step:
                self.err.print(f"[dim]→[/] {escape(step)}")
        raise SystemExit(error.exit_code)


def _console(**named: Any) -> Console:
    """A console on which no text of a document or a person can steer the terminal."""
    from rich.console import Console
    from rich.text import Text

    class Plain(Console):
        def render_str(self, text: str, **how: Any) -> Text:
            return super().render_str(plain(text), **how)

    return Plain(highlight=False, emoji=False, **named)
