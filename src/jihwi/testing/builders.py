"""Small teams, skills and houses for tests: a working orchestrator in a line, with every part replaceable."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from jihwi.case.assignment import AgentSpec, ApprovalRule, Effect, MindSpec, Policy, SkillSpec
from jihwi.case.budget import UNLIMITED, Limits
from jihwi.case.turn import Turn, View
from jihwi.clock import Clock, SystemClock
from jihwi.errors import JihwiError
from jihwi.evidence import Viewer
from jihwi.ids import Chance
from jihwi.minds import Mind
from jihwi.minds.procedure import ProcedureMind
from jihwi.orchestrator import Limit, LimitSource, Opening, Orchestrator, Publication, PublicationRefused, Settings
from jihwi.skills import Skill, SkillBox, SkillContext, SkillResult
from jihwi.store import EventStore

__all__ = ["FewAtATime", "Minds", "Press", "SeededChance", "a_skill", "an_agent", "an_opening", "an_orchestrator"]


class SeededChance:
    """Chance that repeats itself."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def token(self, size: int) -> bytes:
        return self._random.randbytes(size)


class Minds:
    """A `MindSource` over plain functions of the view, by the spec's name; the mind named "NAME fallback" is asked
    once the one named NAME has failed twice, or refused."""

    def __init__(
        self, functions: Mapping[str, Callable[[View], Turn]], minds: Mapping[str, Mind] | None = None
    ) -> None:
        self._minds: dict[str, Mind] = {name: ProcedureMind(f, name=name) for name, f in functions.items()}
        self._minds.update(minds or {})

    def has(self, spec: MindSpec) -> bool:
        return spec.name in self._minds

    def mind(self, spec: MindSpec, *, failures: int) -> Mind:
        fallback = self._minds.get(f"{spec.name} fallback") if failures >= 2 else None
        return fallback or self._minds[spec.name]

    def has_another(self, spec: MindSpec, *, failures: int) -> bool:
        return failures < 2 and f"{spec.name} fallback" in self._minds


class FewAtATime:
    """A `LimitSource` over numbers: of the mind and of the skill of a name so many at a time."""

    def __init__(self, *, minds: Mapping[str, int] | None = None, skills: Mapping[str, int] | None = None) -> None:
        self._minds = {name: Limit("model", name, count) for name, count in (minds or {}).items()}
        self._skills = {name: Limit("skill", name, count) for name, count in (skills or {}).items()}

    def of_mind(self, spec: MindSpec, *, failures: int) -> Limit | None:
        return self._minds.get(spec.name)

    def of_skill(self, name: str) -> Limit | None:
        return self._skills.get(name)


class Press:
    """A `Publisher` that lets everything through and remembers it."""

    def __init__(self) -> None:
        self.released: list[Any] = []

    async def publish(
        self, case_id: str, report: Any, *, viewer: Viewer, by: str, seq: int
    ) -> Publication | PublicationRefused:
        self.released.append(report)
        return Publication({"report.md": "0" * 64}, {"quoted": 1})


def a_skill(
    name: str,
    run: Callable[[SkillContext, dict[str, Any]], Any] = lambda context, arguments: arguments,
    *,
    effect: Effect = "read",
    approval: ApprovalRule = "never",
    tainted: bool = False,
    leaves_house: bool = False,
    timeout_ms: int = 60_000,
) -> Skill:
    """A skill that answers with what a plain function returns."""

    async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        return SkillResult(run(context, arguments), tainted)

    spec = SkillSpec(name, effect=effect, approval=approval, leaves_house=leaves_house, timeout_ms=timeout_ms)
    return Skill(spec, f"Does {name}.", {"type": "object"}, runs, "tests")


def an_agent(
    name: str,
    *skills: Skill,
    handoffs: tuple[str, ...] = (),
    delegates: tuple[str, ...] = (),
    limits: Limits = UNLIMITED,
    mind: MindSpec | None = None,
) -> AgentSpec:
    """An agent whose mind is the procedure of its own name."""
    return AgentSpec(
        name,
        mind or MindSpec("procedure", name),
        skills=tuple(one.spec for one in skills),
        handoffs=handoffs,
        delegates=delegates,
        limits=limits,
    )


def an_opening(
    *agents: AgentSpec, request: str = "요청", policy: Policy | None = None, limits: Limits = UNLIMITED
) -> Opening:
    """A case's beginning; the first agent is the case worker."""
    return Opening(
        request=request,
        requester=Viewer("kim"),
        language="ko",
        team="test",
        team_digest="0" * 64,
        agents=agents,
        policy=policy or Policy(),
        limits=limits,
    )


def an_orchestrator(
    store: EventStore,
    functions: Mapping[str, Callable[[View], Turn]],
    *skills: Skill,
    press: Press | None = None,
    chance: Chance | None = None,
    settings: Settings | None = None,
    runner: str = "test",
    minds: Mapping[str, Mind] | None = None,
    clock: Clock | None = None,
    limits: LimitSource | None = None,
    trouble: Callable[[str, JihwiError], None] | None = None,
) -> Orchestrator:
    """An orchestrator over `store` with these minds and skills."""
    return Orchestrator(
        store=store,
        minds=Minds(functions, minds),
        skills=SkillBox(skills),
        publisher=press or Press(),
        chance=chance or SeededChance(),
        clock=clock or SystemClock(),
        runner=runner,
        settings=settings,
        limits=limits,
        trouble=trouble,
    )
