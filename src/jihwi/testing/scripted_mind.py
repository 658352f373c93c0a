"""A mind that does what a script says, and complains of a turn nobody expected and a line nobody asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jihwi.case.turn import Turn, View
from jihwi.errors import ModelError
from jihwi.minds import Delta, DeltaSink, SkillShown
from jihwi.testing.openai_server import ScriptBroken

__all__ = ["ScriptedMind", "ScriptedTurn"]

ScriptedTurn = Turn | ModelError
"""A turn, or the failure to have one."""


class ScriptedMind:
    """Plays turns in order; one list for all agents, a list for each agent by name, or a function of the view.

    >>> from jihwi.case.turn import Report
    >>> mind = ScriptedMind([Turn(actions=(Report(text="끝"),))])
    >>> mind.check()
    Traceback (most recent call last):
    ...
    jihwi.testing.openai_server.ScriptBroken: 1 turn was never asked for
    """

    def __init__(
        self,
        script: Sequence[ScriptedTurn] | Mapping[str, Sequence[ScriptedTurn]] | Callable[[View], ScriptedTurn],
    ) -> None:
        self._function: Callable[[View], ScriptedTurn] | None = None
        self._by_agent: dict[str, list[ScriptedTurn]] | None = None
        self._lines: list[ScriptedTurn] = []
        if isinstance(script, Mapping):
            self._by_agent = {agent: list(turns) for agent, turns in script.items()}
        elif isinstance(script, Sequence):
            self._lines = list(script)
        else:
            self._function = script
        self._complaints: list[str] = []
        self.views: list[View] = []
        """Every view so far, in the order of the turns."""

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        """The script's next turn. Raises the ModelError the script names, ScriptBroken when it names nothing."""
        self.views.append(view)
        turn = self._next(view)
        if isinstance(turn, ModelError):
            raise turn
        if turn.text:
            emit(Delta(view.case_id, view.assignment, view.turn, turn.text))
        return turn

    def check(self) -> None:
        """Raise ScriptBroken when a turn was not expected or a line was never asked for."""
        complaints = list(self._complaints)
        left = len(self._lines) + sum(map(len, (self._by_agent or {}).values()))
        if left:
            complaints.append(f"{left} turn{' was' if left == 1 else 's were'} never asked for")
        if complaints:
            raise ScriptBroken("; ".join(complaints))

    def _next(self, view: View) -> ScriptedTurn:
        if self._function is not None:
            return self._function(view)
        lines = self._lines if self._by_agent is None else self._by_agent.get(view.agent.name, [])
        if not lines:
            complaint = f"turn {view.turn} of {view.agent.name} ({view.assignment}) was not expected"
            self._complaints.append(complaint)
            raise ScriptBroken(complaint)
        return lines.pop(0)
