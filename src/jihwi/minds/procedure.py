"""The mind without a model: a plain function of the view."""

from __future__ import annotations

import traceback
from pathlib import PurePath

from jihwi.case.turn import Turn, View
from jihwi.errors import ProcedureFailed
from jihwi.minds import DeltaSink, Procedure, SkillShown

__all__ = ["ProcedureMind"]


class ProcedureMind:
    """Runs a procedure. What it raises becomes a `ProcedureFailed`, which is not tried again: the function is pure,
    so it would fail again.

    >>> from jihwi.case.turn import Report
    >>> mind = ProcedureMind(lambda view: Turn(actions=(Report(text="done"),)), name="demo/finish")
    >>> mind.name
    'demo/finish'
    """

    def __init__(self, function: Procedure, *, name: str = "") -> None:
        self._function = function
        self.name = name or getattr(function, "__qualname__", type(function).__name__)

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        """The function's turn for this view. Raises ProcedureFailed."""
        return self.decide(view)

    def decide(self, view: View) -> Turn:
        """The same, without waiting. Raises ProcedureFailed."""
        try:
            turn = self._function(view)
        except (Exception, SystemExit) as problem:
            # The border: a team's own code may raise anything, and all of it becomes one outcome. It ends no house.
            raise ProcedureFailed(self.name, _last_line(problem)) from problem
        if not isinstance(turn, Turn):
            raise ProcedureFailed(self.name, f"it gave a {type(turn).__name__}, not a Turn")
        return turn


def _last_line(problem: BaseException) -> str:
    """Where it was raised and what: `plan.py:12 in split: KeyError: 'task'`."""
    what = traceback.format_exception_only(problem)[-1].strip()
    frames = traceback.extract_tb(problem.__traceback__)
    if len(frames) < 2:
        return what
    last = frames[-1]
    return f"{PurePath(last.filename).name}:{last.lineno} in {last.name}: {what}"
