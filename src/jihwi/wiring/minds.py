"""Who thinks for the agents of a house: the teams' procedures, and models at their endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from jihwi.case.assignment import AgentSpec, MindSpec
from jihwi.errors import FolderMissing, ModelSpecInvalid
from jihwi.evidence import SecurityClass
from jihwi.house import HouseStream
from jihwi.minds import Mind
from jihwi.orchestrator import REFUSED
from jihwi.settings import Settings
from jihwi.teams import Team

if TYPE_CHECKING:
    from jihwi.minds.model import ModelMind

__all__ = ["HouseMinds"]

FALLBACK_FAILURES = 2
"""A model is asked so often before the fallback is."""


class HouseMinds:
    """Minds by their spec: a team's procedures, and models at their endpoints."""

    def __init__(
        self,
        settings: Settings,
        stream: HouseStream,
        classes_now: Callable[[str], Awaitable[tuple[SecurityClass, ...]]] | None = None,
    ) -> None:
        """`classes_now`: what the texts of a case are classed as now (`ClassesNow`)."""
        self._settings = settings
        self._classes_now = classes_now
        self._stream = stream
        self._procedures: dict[str, Mind] = {}
        self._models: dict[tuple[object, ...], ModelMind] = {}
        self._without_model: dict[bytes, Mind] = {}

    def add(self, team: Team) -> None:
        from jihwi.minds.procedure import ProcedureMind

        for name, function in team.procedures.items():
            self._procedures[name] = ProcedureMind(function, name=name)
        for agent in team.agents:
            if agent.name in team.flexible and agent.mind.name in self._procedures:
                self._without_model[_role_of(agent)] = self._procedures[agent.mind.name]

    def has(self, spec: MindSpec) -> bool:
        if spec.kind == "model":
            return bool(self._settings.model or spec.name)
        return spec.name in self._procedures

    def mind(self, spec: MindSpec, *, failures: int) -> Mind:
        if spec.kind == "procedure":
            found = self._procedures.get(spec.name)
            if found is None:
                raise FolderMissing(f"team of {spec.name}")
            return found
        from jihwi.minds.classed import ClassedMind  # waits, as the model does

        model = self.model(self._model_for(spec, failures))
        return ClassedMind(
            model.endpoint, model, lambda view: self._without_model.get(_role_of(view.agent)), self._classes_now
        )

    def has_another(self, spec: MindSpec, *, failures: int) -> bool:
        return spec.kind == "model" and self._model_for(spec, failures) != self._model_for(spec, REFUSED)

    def endpoint_of(self, spec: MindSpec, *, failures: int) -> str:
        """Which endpoint `mind` would ask, as people may see it. Raises ModelSpecInvalid."""
        from jihwi.minds.endpoint import parse_endpoint  # waits, as the model does

        asked = self._model_for(spec, failures)
        named = self._stream.state.endpoints.get(asked)
        return parse_endpoint(asked if named is None else named.spec).shown

    def _model_for(self, spec: MindSpec, failures: int) -> str:
        """The model to ask: the fallback once the first one has failed twice, or refused."""
        if failures >= FALLBACK_FAILURES and self._settings.model_fallback:
            return self._settings.model_fallback
        return self._settings.model or spec.name

    def model(self, spec: str) -> ModelMind:
        """The model of an endpoint that the house knows by name, or at an address."""
        from jihwi.minds.endpoint import parse_endpoint  # waits: most runs need no model
        from jihwi.minds.model import ModelMind

        if not spec:
            raise ModelSpecInvalid("")
        named = self._stream.state.endpoints.get(spec)
        place: tuple[str, str, tuple[Any, ...]] = (spec, self._settings.model_key, self._settings.model_classes)
        if named is not None:
            place = (named.spec, named.key, named.classes)
        if place not in self._models:
            endpoint = msgspec.structs.replace(
                parse_endpoint(place[0], key=place[1], classes=place[2]),
                max_tokens=self._settings.model_tokens,
                silence_seconds=self._settings.model_seconds,
                turn_seconds=self._settings.model_seconds * 5,
            )
            self._models[place] = ModelMind(endpoint)
        return self._models[place]

    def check(self) -> None:
        """Raise ModelSpecInvalid where the settings name a model that is neither an endpoint of the house nor an
        address: better at once than at each turn of a case."""
        for spec in (self._settings.model, self._settings.model_fallback):
            if spec and spec not in self._stream.state.endpoints:
                self.check_spec(spec)

    def check_spec(self, spec: str) -> None:
        """Raise ModelSpecInvalid unless `spec` can be a model's address."""
        from jihwi.minds.endpoint import parse_endpoint

        parse_endpoint(spec)

    async def close(self) -> None:
        for model in self._models.values():
            await model.close()


def _role_of(agent: AgentSpec) -> bytes:
    """An agent whatever its mind is: by it the procedure is found that can stand in for a model."""
    return msgspec.json.encode(msgspec.structs.replace(agent, mind=MindSpec("model")))
