"""The port of the skills: what an agent can do, described, checked at its edge, and run.

A skill is a Python function, a SKILL.md folder or a tool of an MCP server. Whatever it is, the orchestrator sees a
`Skill`: its `SkillSpec` (effect, approval rule, time-out), what a mind is shown, and how it is run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec

from jihwi.case.assignment import SkillSpec
from jihwi.case.budget import NOTHING, Spending
from jihwi.case.recorded import Recorded
from jihwi.case.turn import Finding
from jihwi.errors import SkillArguments, SkillInvalid
from jihwi.evidence import SecurityClass, Viewer
from jihwi.skills.fitting import Fits as _Fits
from jihwi.skills.fitting import fitting as _fitting

__all__ = ["Skill", "SkillBox", "SkillContext", "SkillResult"]


class SkillContext(msgspec.Struct, frozen=True, gc=False):
    """For whom and where a skill runs. It searches and reads as `viewer`, inside `collections`, and nowhere else."""

    case_id: str
    assignment: str
    turn: int
    number: int
    idempotency_key: str
    """The same for every attempt of the same call: an idempotent write recognises its own repetition by it."""
    viewer: Viewer
    collections: tuple[str, ...]
    language: str
    request: str
    findings: tuple[Finding, ...] = ()
    """What has been posted to the case when the call starts."""
    recorded: tuple[Recorded, ...] = ()
    """What persons have decided and agents have disputed so far."""
    inputs: Mapping[str, Any] = {}
    """What the assignment was given to work on."""
    classes: tuple[SecurityClass, ...] = ()
    """The classes above open of the texts that are in the case: they must not leave in a question either."""


class SkillResult(msgspec.Struct, frozen=True):
    """What a skill brings: a JSON value, the labels of the documents whose text is in it, and what it cost."""

    value: Any
    tainted: bool = False
    """Holds text from a document, a file or the outside (law 9)."""
    labels: tuple[str, ...] = ()
    usage: Spending = NOTHING


Run = Callable[[SkillContext, dict[str, Any]], Awaitable[SkillResult]]


class Skill(msgspec.Struct, frozen=True):
    """One skill: what the case knows of it, what a mind is shown of it, and how it runs.

    `run` gets arguments that fit `schema`. It raises `SkillFailed` to say that it failed and why.
    """

    spec: SkillSpec
    description: str
    schema: dict[str, Any]
    """JSON Schema of the arguments: an object."""
    run: Run
    source: str = ""
    """Where it comes from, for people: a module, a folder, a server."""


class SkillBox:
    """The skills a runner has, by name.

    >>> SkillBox([]).names()
    []
    """

    def __init__(self, skills: Iterable[Skill]) -> None:
        self._skills: dict[str, Skill] = {}
        for skill in skills:
            if skill.spec.name in self._skills:
                raise SkillInvalid(skill.spec.name, "two skills bear this name")
            self._skills[skill.spec.name] = skill
        self._fits: dict[str, _Fits] = {}
        self._validators: dict[str, Any] = {}

    def names(self) -> list[str]:
        """The names, sorted."""
        return sorted(self._skills)

    def get(self, name: str) -> Skill | None:
        """The skill of that name."""
        return self._skills.get(name)

    def all(self) -> Mapping[str, Skill]:
        """Every skill by name."""
        return self._skills

    def check(self, name: str, arguments: dict[str, Any]) -> None:
        """Raise `SkillArguments`, saying what is wrong, unless `arguments` fit the skill's schema."""
        fits = self._fits.get(name)
        if fits is None:
            fits = self._fits[name] = _fitting(self._skills[name].schema)
        if fits(arguments):
            return
        validator = self._validators.get(name)
        if validator is None:
            from jsonschema import Draft202012Validator  # waits here: slow to import, needed only to run

            validator = self._validators[name] = Draft202012Validator(self._skills[name].schema)
        for problem in validator.iter_errors(arguments):
            where = "/".join(str(part) for part in problem.absolute_path) or "arguments"
            raise SkillArguments(name, f"{where}: {problem.message}")
