"""Reads a team's folder, and says what is wrong with it by file and line.

A team is a folder: `team.md` (name, case worker, policy, budget) and one Markdown file an agent. The front matter
between `---` lines says what the house must know; the text below it is the agent's instructions. `procedures.py`
holds one function an agent that can work without a model; `skills.py`, `skills/` and `mcp.yaml`, the skills the team
brings along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, cast

import msgspec

from jihwi.case.assignment import AgentSpec, MindSpec, Policy, SkillSpec
from jihwi.case.budget import UNLIMITED, Limits
from jihwi.errors import FolderMissing, TeamInvalid
from jihwi.korean import in_korean
from jihwi.minds import Procedure
from jihwi.skills.declared import Declared, Misread, page_of
from jihwi.teams.bringing import brought_digests
from jihwi.teams.code import CodeBroken, load_code

__all__ = ["BUILT_IN", "EDITING", "Problem", "Team", "built_in_folder", "check_team", "load_team", "team_folder"]

BUILT_IN = ("consult", "report")
"""The teams that travel with the package."""

EDITING = "editing"
"""Where the editor is described, who joins a case of any team when a person asks for work on a passage."""


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a team, and where."""

    file: str
    line: int
    ko: str
    en: str


class Team(msgspec.Struct, frozen=True):
    """A team as loaded: pinned by its digest when a case opens."""

    name: str
    title: str
    folder: str
    digest: str
    """SHA-256 over every file's name and content."""
    agents: tuple[AgentSpec, ...]
    """The case worker first."""
    policy: Policy
    limits: Limits
    procedures: Mapping[str, Procedure]
    """By the name a `MindSpec` bears: `team/agent`."""

    flexible: frozenset[str]
    """The agents whose mind may be a model as well as their procedure."""

    def with_model(self, endpoint: str) -> Team:
        """The same team, where every agent that may use a model does."""
        mind = MindSpec("model", endpoint)
        agents = tuple(msgspec.structs.replace(a, mind=mind) if a.name in self.flexible else a for a in self.agents)
        return msgspec.structs.replace(self, agents=agents)


class _TeamFront(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    case_worker: str
    title: str = ""
    release: Literal["automatic", "person"] = "automatic"
    approve: list[str] = []
    approval_expires_seconds: int = 0
    deputy: str = ""
    above_deputy: list[str] = []
    case_worker_approves: list[str] = []
    retries: int = 3
    budget: dict[str, int] = {}
    scripts: dict[str, Declared] = {}
    """What the house says of scripts in SKILL.md folders, by `NAME/PATH`."""


class _AgentFront(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    title: str = ""
    mind: Literal["any", "procedure", "model", "person"] = "any"
    procedure: str = ""
    skills: list[str] = []
    handoffs: list[str] = []
    delegates: list[str] = []
    budget: dict[str, int] = {}


_BUDGET = ("tokens", "micros", "ms", "turns", "handoffs", "depth")


def built_in_folder(name: str) -> Path:
    """Where a built-in team lies."""
    return Path(__file__).parent / name


def team_folder(name: str) -> Path:
    """Where a team lies: a built-in one by its name, any other by its folder."""
    return built_in_folder(name) if name in BUILT_IN else Path(name)


def load_team(folder: Path, skills: Mapping[str, SkillSpec]) -> Team:
    """The team in `folder`, whose agents may use `skills`. Raises FolderMissing, TeamInvalid."""
    reading = _Reading(folder, skills)
    team = reading.team()
    if team is None or reading.problems:
        first = reading.problems[0]
        more = f" (+{len(reading.problems) - 1})" if len(reading.problems) > 1 else ""
        said, said_ko = (f"{first.file}:{first.line}: {words}{more}" for words in (first.en, first.ko))
        raise TeamInvalid(str(folder), said, said_ko)
    return team


def check_team(folder: Path, skills: Mapping[str, SkillSpec]) -> list[Problem]:
    """Everything that is wrong with the team in `folder`; empty when it can work. Raises FolderMissing."""
    reading = _Reading(folder, skills)
    reading.team()
    return reading.problems


class _Reading:
    """One pass over a team's folder that gathers every problem instead of stopping at the first."""

    def __init__(self, folder: Path, skills: Mapping[str, SkillSpec]) -> None:
        if not folder.is_dir():
            raise FolderMissing(str(folder))
        self.folder = folder
        self.skills = skills
        self.problems: list[Problem] = []
        self._lines: dict[tuple[str, str], int] = {}
        self._flexible: set[str] = set()

    def problem(self, file: str, key: str, ko: str, en: str) -> None:
        self.problems.append(Problem(file, self._lines.get((file, key), 1), ko, en))

    def team(self) -> Team | None:
        team_file = self.folder / "team.md"
        if not team_file.is_file():
            self.problem("team.md", "", "team.md 파일이 없습니다", "there is no team.md")
            return None
        head, _ = self._front(team_file, _TeamFront)
        module = self._code("procedures")
        self._code("skills")
        agents: list[AgentSpec] = []
        procedures: dict[str, Procedure] = {}
        for path in sorted(self.folder.glob("*.md")):
            if path.name in ("team.md", "README.md"):
                continue
            agent = self._agent(path, head.name if head else "", module, procedures)
            if agent is not None:
                agents.append(agent)
        if head is None:
            return None
        self._names(head, agents)
        agents.sort(key=lambda a: (a.name != head.case_worker, a.name))
        policy = Policy(
            head.release,
            tuple(head.approve),
            head.approval_expires_seconds * 1000,
            head.deputy,
            head.retries,
            tuple(head.above_deputy),
            tuple(head.case_worker_approves),
        )
        limits = self._limits("team.md", head.budget)
        name, title = head.name, head.title or head.name
        flexible = frozenset(self._flexible)
        folder = str(self.folder)
        return Team(name, title, folder, self._digest(), tuple(agents), policy, limits, procedures, flexible)

    def _front(self, path: Path, kind: Any) -> tuple[Any, str]:
        file = path.name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            self.problem(file, "", f"읽을 수 없습니다: {in_korean(str(problem))}", f"it cannot be read: {problem}")
            return None, ""
        page = page_of(text, kind)
        if isinstance(page, Misread):
            self.problems.append(Problem(file, *page))
            return None, ""
        self._lines.update({(file, key): line for key, line in page.lines.items()})
        return page.head, page.body

    def _agent(
        self, path: Path, team: str, module: ModuleType | None, procedures: dict[str, Procedure]
    ) -> AgentSpec | None:
        head, instructions = self._front(path, _AgentFront)
        if head is None:
            return None
        if not instructions:
            self.problem(path.name, "", "지시문이 없습니다", "there are no instructions below the front matter")
        specs: list[SkillSpec] = []
        for name in head.skills:
            if name in self.skills:
                specs.append(self.skills[name])
            else:
                known = ", ".join(sorted(self.skills))
                self.problem(path.name, "skills", f"'{name}' 기술이 없습니다: {known}", f"no skill '{name}': {known}")
        mind = self._mind(path.name, head, team, module, procedures)
        return AgentSpec(
            head.name,
            mind,
            head.title or head.name,
            instructions,
            tuple(specs),
            tuple(head.handoffs),
            tuple(head.delegates),
            self._limits(path.name, head.budget),
        )

    def _mind(
        self,
        file: str,
        head: _AgentFront,
        team: str,
        module: ModuleType | None,
        procedures: dict[str, Procedure],
    ) -> MindSpec:
        if head.mind in ("model", "person"):
            return MindSpec(head.mind, "")
        function = getattr(module, head.procedure or head.name, None)
        if not callable(function):
            where = head.procedure or head.name
            self.problem(
                file,
                "procedure",
                f"procedures.py에 '{where}' 함수가 없습니다",
                f"procedures.py has no function '{where}'",
            )
            return MindSpec("procedure", head.name)
        name = f"{team}/{head.name}"
        procedures[name] = cast(Procedure, function)
        if head.mind == "any":
            self._flexible.add(head.name)
        return MindSpec("procedure", name)

    def _code(self, name: str) -> ModuleType | None:
        module = load_code(self.folder, name)
        if isinstance(module, CodeBroken):
            ko = f"실행할 수 없습니다: {module.words}"
            self.problems.append(Problem(f"{name}.py", module.line, ko, f"it cannot be run: {module.words}"))
            return None
        return module

    def _limits(self, file: str, budget: dict[str, int]) -> Limits:
        unknown = [key for key in budget if key not in _BUDGET]
        for key in unknown:
            known = ", ".join(_BUDGET)
            self.problem(file, "budget", f"예산에 '{key}'은(는) 없습니다: {known}", f"no budget '{key}': {known}")
        return Limits(**{k: v for k, v in budget.items() if k not in unknown}) if budget else UNLIMITED

    def _names(self, head: _TeamFront, agents: list[AgentSpec]) -> None:
        names = [agent.name for agent in agents]
        if head.case_worker not in names:
            self.problem(
                "team.md",
                "case_worker",
                f"'{head.case_worker}' 담당이 없습니다: {', '.join(names)}",
                f"there is no agent '{head.case_worker}': {', '.join(names)}",
            )
        for agent in agents:
            file = f"{agent.name}.md"
            if names.count(agent.name) > 1:
                self.problem(file, "name", f"'{agent.name}'이(가) 둘입니다", f"two agents are called '{agent.name}'")
            for key, others in (("handoffs", agent.handoffs), ("delegates", agent.delegates)):
                for other in others:
                    if other not in names:
                        self.problem(file, key, f"'{other}'이(가) 없습니다", f"there is no agent '{other}'")
        for key, some in (("approve", head.approve), ("case_worker_approves", head.case_worker_approves)):
            for name in some:
                if name not in self.skills:
                    self.problem("team.md", key, f"'{name}' 기술이 없습니다", f"there is no skill '{name}'")

    def _digest(self) -> str:
        total = hashlib.sha256()
        for path in sorted(self.folder.glob("*")):
            if path.is_file() and path.suffix in (".md", ".py"):
                total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        for name, digest in brought_digests(self.folder):
            total.update(f"{name}\0{digest}".encode())
        return total.hexdigest()
