"""What a house says of a skill whose code it did not write: its effect, whether it leaves the house, its limits.

What is not said counts as the worst: a `write` that leaves the house and is asked for every time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from jihwi.case.assignment import ApprovalRule, Effect, SkillSpec
from jihwi.korean import in_korean
from jihwi.skills.python import spec_digest

__all__ = [
    "LONGEST_PAGE",
    "Declared",
    "Fault",
    "Misread",
    "Page",
    "converted",
    "page_of",
    "schema_fault",
    "spec_of",
    "yaml_in",
]

LONGEST_PAGE = 256 * 1024
"""Bytes of a SKILL.md, a declaration or a schema; what is longer is no description."""
_LONGEST_DESCRIPTION = 4096
_SKILL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_DEEPEST = 40


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a skill that somebody brought, and where. It is named, reported and stepped over."""

    file: str
    line: int
    ko: str
    en: str


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One skill as a SKILL.md, a `team.md` or an `mcp.yaml` declares it.

    >>> Declared().spec("send", "Send it.", {"type": "object"}, version="1").effect
    'write'
    >>> Declared(effect="read", leaves_house=False).resolved()
    ('read', False, 'never')
    """

    name: str = ""
    """What agents call it; made of where it comes from when empty."""
    description: str = ""
    """What a mind is told; what the skill says of itself when empty."""
    effect: Effect | None = None
    leaves_house: bool = True
    """Whether it reaches outside the house. A script that does not has no network at all."""
    approval: ApprovalRule | None = None
    """`None`: always, unless an effect is declared; then as law 9 asks."""
    timeout_seconds: float = 60.0
    memory_mb: int = 1024
    """Of a script: the address space it may use."""
    schema: dict[str, Any] | None = None
    """JSON Schema of the arguments, an object; of an MCP tool it is the server's."""

    def resolved(self) -> tuple[Effect, bool, ApprovalRule]:
        """Effect, whether it leaves the house, and approval rule, with the worst for what is not said."""
        approval: ApprovalRule = self.approval or ("never" if self.effect else "always")
        return self.effect or "write", self.leaves_house, approval

    def fault(self) -> str:
        """What is wrong with it; empty when nothing is."""
        if not 0 < self.timeout_seconds <= 3600:
            return "timeout_seconds: above 0, at most 3600"
        if not 64 <= self.memory_mb <= 1 << 20:
            return "memory_mb: 64 or more"
        if self.name and not _SKILL_NAME.match(self.name):
            return f"name: '{self.name}' is not made of A-Z a-z 0-9 _ - (at most 64)"
        return schema_fault(self.schema) if self.schema is not None else ""

    def spec(self, name: str, description: str, schema: dict[str, Any], *, version: str) -> SkillSpec:
        """What a case knows of it. `version` stands for its code, so that an approval is bound to it."""
        effect, leaves_house, approval = self.resolved()
        timeout_ms = round(self.timeout_seconds * 1000)
        digest = spec_digest(name, description, schema)
        return SkillSpec(name, version, effect, leaves_house, approval, timeout_ms, digest)


def spec_of(
    declared: Declared, name: str, described: str, schema: dict[str, Any], *, version: str
) -> tuple[SkillSpec, str]:
    """The spec and the description of a skill, bounded."""
    description = (declared.description or described).strip()[:_LONGEST_DESCRIPTION]
    return declared.spec(name, description, schema, version=version), description


def schema_fault(schema: Any) -> str:
    """What keeps a schema from being one of arguments; empty when nothing does. Nothing it points to is fetched: a
    reference leads to a place in the schema itself.

    >>> schema_fault({"type": "object", "properties": {"a": {"$ref": "https://example.org/a"}}})
    'the schema points outside itself: https://example.org/a'
    """
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return "the schema of its arguments must have type: object"
    if len(msgspec.json.encode(schema)) > LONGEST_PAGE:
        return f"its schema is longer than {LONGEST_PAGE} bytes"
    outside = _outside(schema, 0)
    if outside:
        return outside
    from jsonschema import Draft202012Validator  # waits here: slow to import, needed only where skills are declared
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as problem:
        return f"its schema is none: {problem.message}"
    return ""


def _outside(value: Any, depth: int) -> str:
    if depth > _DEEPEST:
        return "its schema is too deep"
    if isinstance(value, dict):
        for key in _REFERENCES:
            target = value.get(key)
            if isinstance(target, str) and not target.startswith("#"):
                return f"the schema points outside itself: {target}"
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for one in inner if (found := _outside(one, depth + 1))), "")


class Page(NamedTuple):
    """A Markdown file that says what the house must know in its head: `SKILL.md`, `team.md`, an agent's."""

    head: Any
    """What stands between the `---` lines, of the kind that was asked for."""
    body: str
    lines: Mapping[str, int]
    """In which line each key of the head stands."""


class Misread(NamedTuple):
    """Why a page cannot be taken, and in which line."""

    line: int
    ko: str
    en: str


def page_of(text: str, kind: type[Any]) -> Page | Misread:
    """The page a text is, its head as `kind`.

    >>> page_of("---\\nname: a\\n---\\nDo it.", dict)
    Page(head={'name': 'a'}, body='Do it.', lines={'name': 2})
    """
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")
    end = next((number for number, line in enumerate(lines[1:], 1) if line.strip() == "---"), 0)
    if lines[0].strip() != "---" or not end:
        return Misread(1, "머리말(--- 줄 사이)이 없습니다", "it has no front matter between --- lines")
    said = yaml_in("\n".join(lines[1:end]), 2)
    if isinstance(said[1], int):
        return _misread(said[1], said[0])
    head = converted(said[0], kind, said[1], 2)
    if isinstance(head, tuple):
        return _misread(head[1], head[0])
    return Page(head, "\n".join(lines[end + 1 :]).strip(), said[1])


def _misread(line: int, problem: str) -> Misread:
    return Misread(line, f"머리말이 잘못되었습니다: {in_korean(problem)}", f"front matter: {problem}")


def yaml_in(text: str, first_line: int = 1) -> tuple[Any, Mapping[str, int]] | tuple[str, int]:
    """What a YAML text says, with the line of each key at its top; or what is wrong, and in which line. Aliases are
    refused: a few of them can stand for more than a machine holds."""
    import yaml  # waits: most commands read no team and no skill

    try:
        for token in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasEvent):
                line = token.start_mark.line if token.start_mark else 0
                return "aliases are not read", line + first_line
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line if problem.problem_mark else 0
        return str(problem.problem), line + first_line
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        return str(problem).split("\n", 1)[0], first_line
    lines = {
        line.split(":", 1)[0].strip(): number
        for number, line in enumerate(text.split("\n"), first_line)
        if line[:1].strip() and ":" in line
    }
    return ({} if value is None else value), lines


def converted(value: Any, kind: type[Any], lines: Mapping[str, int], first_line: int = 1) -> Any:
    """The value as `kind`; or, as a pair, what is wrong and the line of the key it is wrong in."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        words = str(problem)
        key = next((one for one in lines if f"$.{one}" in words or f"`{one}`" in words), "")
        return words, lines.get(key, first_line)
