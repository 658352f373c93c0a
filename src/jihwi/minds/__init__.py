"""The port of the minds: who decides an agent's next turn.

A *procedure* is a plain function of the view, a *model* is a server that speaks the OpenAI protocol, a *person*
takes turns through a door and never through this port. Taking over is only changing the mind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import msgspec

from jihwi.case.turn import Turn, View
from jihwi.minds.body import prompt_parts, rebuild_prompt, record_of

__all__ = [
    "DecidesAtOnce",
    "Delta",
    "DeltaSink",
    "Mind",
    "Procedure",
    "SkillShown",
    "prompt_parts",
    "rebuild_prompt",
    "record_of",
]

Procedure = Callable[[View], Turn]
"""A mind without a model: a pure function of what it is shown."""


class Delta(msgspec.Struct, frozen=True):
    """A piece of a streaming turn: shown as a draft, never stored, replaced by "turn finished"."""

    case_id: str
    assignment: str
    turn: int
    text: str


DeltaSink = Callable[[Delta], None]


class SkillShown(msgspec.Struct, frozen=True):
    """A skill as a mind is shown it: what its `SkillSpec.digest` commits to."""

    name: str
    description: str
    schema: dict[str, Any]


class Mind(Protocol):
    """Decides one turn from a view and keeps nothing between turns.

    Raises a `ModelError` when no decision could be had; whether it is worth another try is the error's `retryable`.
    Everything a model writes that is no valid action (an unknown skill, malformed arguments) still comes back as an
    action, with its `problem`, so that the log shows it and the model is told. Cancelling the task stops it.
    """

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        """The next turn of `view.agent`, who may use `skills`."""
        ...


@runtime_checkable
class DecidesAtOnce(Protocol):
    """A mind that waits for nothing, so that the engine need not wait for it either."""

    def decide(self, view: View) -> Turn:
        """The next turn. Raises a JihwiError and nothing else."""
        ...
