"""Commands whose module is imported when one of them is called: the list of commands needs only names and sentences."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_group

from jihwi.cli.help import WrongUse, dressed, tell_wrong_use
from jihwi.cli.screen import say
from jihwi.cli.streams import file_trouble, let_go_of_output, open_streams

__all__ = ["Commands", "LateGroup", "later"]

Commands = typer.Typer | Callable[..., None]
"""What a module brings: a group of commands, or one."""


class _Late(NamedTuple):
    bring: Callable[[], Commands]
    help: str
    epilog: str


_LATE: dict[str, _Late] = {}
"""What has been said of the program's commands; there is one program."""


def later(
    app: typer.Typer, name: str, *, help: str, epilog: str = ""
) -> Callable[[Callable[[], Commands]], Callable[[], Commands]]:
    """The command `name` of `app` is what the decorated function brings, which imports it only then."""

    def register(bring: Callable[[], Commands]) -> Callable[[], Commands]:
        _LATE[name] = _Late(bring, help, epilog)
        app.command(name, help=help)(_in_the_list)
        return bring

    return register


def _in_the_list() -> None:
    """Holds the place of a command in the list; what is called is the command itself."""


class LateGroup(TyperGroup):
    """A group that brings a command when it is called, and says what is wrong in the reader's language."""

    def main(  # all that the library passes on
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run a command to its exit code."""
        open_streams()
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.Abort:
            sys.stderr.write(say("그만두었습니다.", "Aborted.") + "\n")
            code = 1
        except WrongUse as problem:
            tell_wrong_use(problem)
            code = problem.exit_code
        except BrokenPipeError:
            let_go_of_output()
            code = 1
        except OSError as problem:  # the help itself: a command's own border has told of what it met
            told = file_trouble(problem)
            if told is None:
                raise
            let_go_of_output(remarks=False)
            sys.stderr.write(f"{told.words('ko' if say('ko', 'en') == 'ko' else 'en')}\n")
            code = told.exit_code
        sys.exit(code or 0)

    def make_context(self, *args: Any, **named: Any) -> Any:
        """The context of the whole program."""
        dressed(self)
        return super().make_context(*args, **named)

    def every_command(self) -> dict[str, Any]:
        """All commands of the group by name, each brought: for who goes through every door."""
        for name in _LATE:
            self.add_command(dressed(_brought(name)), name)
        return dict(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, itself instead of its place in the list."""
        if args and args[0] in _LATE:
            self.add_command(dressed(_brought(args[0])), args[0])
        return super().resolve_command(ctx, args)


def _brought(name: str) -> Any:
    late = _LATE[name]
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    found = late.bring()
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name, help=late.help)
    else:
        alone.command(name, help=late.help, epilog=late.epilog)(found)
    return get_group(alone).commands[name]
