"""What the command line says by itself in the reader's language: the furniture of its help, and how it is misused.

The library below says both in English. Help is written by a formatter of its own, which also knows that a Korean letter
takes two places on a terminal; a wrong use is put into Korean by its sentence.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from jihwi.cli.screen import say

__all__ = ["WrongUse", "dressed", "tell_wrong_use"]

WrongUse: Any = typer.BadParameter.__mro__[2]
"""What the library raises for every wrong use: it has no public name of its own."""

_Formatter: Any = typer.Context.formatter_class
_Context: Any = typer.Context

_FURNITURE = {
    "Arguments": "인자",
    "Options": "선택",
    "Commands": "명령",
    "Show this message and exit.": "이 도움말을 보입니다.",
}
_TYPES = {
    "str": "글",
    "path": "경로",
    "int": "정수",
    "int range": "정수",
    "float": "수",
    "float range": "수",
    "list[str]": "글",
    "list[Path]": "경로",
}
_TYPE = re.compile("<(" + "|".join(map(re.escape, _TYPES)) + ")>")
_EXTRA = {"[required]": "[꼭 필요]", "[default: ": "[기본값: ", "; required]": "; 꼭 필요]"}


def _places(text: str) -> int:
    """How many places a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _lines(text: str, width: int) -> Iterator[str]:
    """The lines of a paragraph, none wider than `width`, cut at blanks where there are any."""
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if line and _places(joined) > width:
            yield line
            joined = word
        while _places(joined) > width:
            cut = next(n for n in range(len(joined), 0, -1) if _places(joined[:n]) <= max(width, 2))
            yield joined[:cut]
            joined = joined[cut:]
        line = joined
    if line:
        yield line


class _Page(_Formatter):  # type: ignore[misc]
    """Help in Korean."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        args = args.replace("[OPTIONS]", "[선택]").replace("COMMAND [ARGS]...", "명령 [인자]…")
        head = f"쓰는 법: {prog} "
        first, *rest = list(_lines(args, max(self.width - _places(head), 20))) or [""]
        self.write(f"{head}{first}\n" + "".join(f"{' ' * _places(head)}{line}\n" for line in rest))

    def write_heading(self, heading: str) -> None:
        super().write_heading(_FURNITURE.get(heading, heading))

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        for paragraph in text.split("\n\n"):
            self.write("".join(f"{indent}{line}\n" for line in _lines(paragraph, self.width - len(indent))))

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        said = [(_TYPE.sub(lambda found: f"<{_TYPES[found[1]]}>", name), _told(words)) for name, words in rows]
        first_width = min(max(_places(name) for name, _ in said), col_max) + col_spacing
        indent = " " * self.current_indent
        room = max(self.width - first_width - 2, 10)
        for name, words in said:
            gap = first_width - _places(name)
            under = f"\n{indent}{' ' * first_width}"
            beside = " " * gap if gap >= col_spacing else under
            lines = list(_lines(words, room))
            self.write(f"{indent}{name}{beside if lines else ''}{under.join(lines)}\n")


def _told(words: str) -> str:
    """What stands beside an option."""
    words = _FURNITURE.get(words, words)
    for en, ko in _EXTRA.items():
        words = words.replace(en, ko)
    return words


class _KoreanContext(_Context):  # type: ignore[misc]
    formatter_class = _Page


def dressed(command: Any) -> Any:
    """A command, and all that are below it, whose help is in the reader's language."""
    if say("ko", "en") == "ko":
        command.context_class = _KoreanContext
        for one in getattr(command, "commands", {}).values():
            dressed(one)
    return command


def tell_wrong_use(problem: Any) -> None:
    """Say to standard error how a command was used wrongly, and where its help is."""
    if say("ko", "en") != "ko" or type(problem).__name__ == "NoArgsIsHelpError":
        problem.show()
        return
    from jihwi.korean import in_korean  # waits: the help needs none

    context = getattr(problem, "ctx", None)
    if context is not None:
        sys.stderr.write(f"{context.get_usage()}\n도움말: {context.command_path} --help\n\n")
    sys.stderr.write(f"오류: {in_korean(problem.format_message())}\n")
