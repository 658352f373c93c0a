"""How many turns of a model and calls of a skill may be under way at a time, as the settings say."""

from __future__ import annotations

from jihwi.case.assignment import MindSpec
from jihwi.errors import JihwiError
from jihwi.orchestrator import Limit
from jihwi.settings import Settings
from jihwi.wiring.minds import HouseMinds

__all__ = ["HouseLimits", "limits_of"]


class HouseLimits:
    """The limits of a house that has some."""

    def __init__(self, settings: Settings, minds: HouseMinds) -> None:
        self._turns = settings.model_turns
        self._minds = minds
        self._skills = {name: Limit("skill", name, count) for name, count in settings.skill_calls}

    def of_mind(self, spec: MindSpec, *, failures: int) -> Limit | None:
        """A model's, by its name and address; a procedure has none."""
        if spec.kind != "model" or not self._turns:
            return None
        try:
            return Limit("model", self._minds.endpoint_of(spec, failures=failures), self._turns)
        except JihwiError:
            return None  # it names no model, which the turn itself will say

    def of_skill(self, name: str) -> Limit | None:
        """A skill's, by its name."""
        return self._skills.get(name)


def limits_of(settings: Settings, minds: HouseMinds) -> HouseLimits | None:
    """What the settings limit; `None` when they limit nothing, so that nothing is asked either."""
    return HouseLimits(settings, minds) if settings.model_turns or settings.skill_calls else None
