"""How a skill fails; the mind that called it reads the sentence."""

from __future__ import annotations

from typing import ClassVar

from jihwi.errors.base import JihwiError

__all__ = [
    "FormulaInvalid",
    "ScriptAnswer",
    "ScriptFailed",
    "ScriptKilled",
    "ScriptUnconfined",
    "ServerClassRefused",
    "ServerLost",
    "ServerSilent",
    "ServerUnreachable",
    "SkillAnsweredFailed",
    "SkillArguments",
    "SkillChanged",
    "SkillFailed",
    "ToolAnswer",
    "ToolChanged",
    "ToolFailed",
]


class SkillFailed(JihwiError):
    """A skill says that it failed, and why; the mind that called it reads the sentence. `unknown`: whether it did its
    work cannot be told from it, so that a `write` is laid before a person (law 3)."""

    unknown: ClassVar[bool] = False
    skill: str
    detail: str
    ko = "'{skill}' 기술이 실패했습니다: {detail}"
    en = "The skill '{skill}' failed: {detail}"


class SkillArguments(SkillFailed):
    ko = "'{skill}' 기술에 준 값이 맞지 않습니다: {detail}"
    en = "The arguments for '{skill}' are not right: {detail}"
    ko_next = "기술의 설명에 있는 형식대로 주십시오."
    en_next = "Give them in the shape its description shows."


class SkillAnsweredFailed(SkillFailed):
    """What it says of the failure is text from outside: whoever reads it bears the mark of it (law 9)."""


class SkillChanged(SkillFailed):
    ko = "'{skill}' 기술이 사건에 알려진 것과 다릅니다: {detail}"
    en = "The skill '{skill}' is not the one the case was told of: {detail}"
    ko_next = "바뀐 것을 살펴보고 실행기를 다시 시작하거나 기술을 다시 참여시키십시오."
    en_next = "Look at what changed, then start the runner anew or let the skill join again."


class ScriptFailed(SkillAnsweredFailed):
    ko = "'{skill}' 스크립트가 실패로 끝났습니다: {detail}"
    en = "The script '{skill}' ended badly: {detail}"


class ScriptKilled(ScriptFailed):
    """It was ended from outside, and has said nothing of how far it came."""

    unknown = True
    ko = "'{skill}' 스크립트가 도중에 끝났습니다: {detail}"
    en = "The script '{skill}' was ended half-way: {detail}"


class ScriptAnswer(SkillFailed):
    unknown = True
    ko = "'{skill}' 스크립트가 JSON 값 하나로 답하지 않았습니다: {detail}"
    en = "The script '{skill}' did not answer with one JSON value: {detail}"


class ScriptUnconfined(SkillFailed):
    ko = "'{skill}' 스크립트의 네트워크를 이 컴퓨터에서는 막을 수 없습니다: {detail}"
    en = "The network cannot be closed to the script '{skill}' on this machine: {detail}"
    ko_next = "x86-64나 ARM64의 Linux에서 실행하거나 `leaves_house: true`로 선언하십시오."
    en_next = "Run it on Linux on x86-64 or ARM64, or declare `leaves_house: true`."


class ToolChanged(SkillFailed):
    ko = "'{skill}' 기술의 서버가 기록된 것과 다른 도구를 내놓습니다: {detail}"
    en = "The server of the skill '{skill}' offers another tool than was recorded: {detail}"
    ko_next = "바뀐 것을 살펴보고 `jihwi team tools 팀`으로 다시 기록하십시오."
    en_next = "Look at what changed, then record it again with `jihwi team tools TEAM`."


class ToolFailed(SkillAnsweredFailed):
    ko = "'{skill}' 기술의 서버가 실패라고 답했습니다: {detail}"
    en = "The server of the skill '{skill}' answered that it failed: {detail}"


class ToolAnswer(SkillAnsweredFailed):
    unknown = True
    ko = "'{skill}' 기술의 서버가 쓸 수 없는 답을 보냈습니다: {detail}"
    en = "The server of the skill '{skill}' sent an answer that cannot be used: {detail}"


class ServerUnreachable(SkillAnsweredFailed):
    ko = "'{skill}' 기술의 서버에 연결할 수 없습니다: {detail}"
    en = "The server of the skill '{skill}' cannot be reached: {detail}"
    ko_next = "설정 `mcp_servers`에 적은 서버가 켜져 있는지 확인하십시오."
    en_next = "See that the server in the setting `mcp_servers` is there and running."


class ServerSilent(ServerUnreachable):
    """It is there, and says nothing when it is met: most often a program that is no MCP server."""

    ko = "'{skill}' 기술의 서버가 인사에 답하지 않습니다: {detail}"
    en = "The server of the skill '{skill}' does not answer when it is met: {detail}"
    ko_next = "설정 `mcp_servers`의 프로그램이나 주소가 MCP 서버가 맞는지, 멈춰 있지 않은지 확인하십시오."
    en_next = "See that the program or address in the setting `mcp_servers` is an MCP server and is not stuck."


class ServerClassRefused(SkillFailed):
    ko = "'{skill}' 기술의 서버가 볼 수 없는 등급의 글이 사건에 있습니다: {detail}"
    en = "The case holds texts of a class that the server of the skill '{skill}' may not see: {detail}"
    ko_next = "설정 `mcp_servers`의 `classes=`가 서버가 볼 수 있는 등급을 정합니다."
    en_next = "`classes=` in the setting `mcp_servers` says what a server may see."


class ServerLost(SkillFailed):
    unknown = True
    ko = "'{skill}' 기술의 서버와 연결이 끊겼습니다: {detail}"
    en = "The connection to the server of the skill '{skill}' ended: {detail}"
    ko_next = "일을 마쳤는지 알 수 없습니다. 확인한 뒤 다시 부르십시오."
    en_next = "Whether it did its work is unknown: find out before calling it again."


class FormulaInvalid(JihwiError):
    """A formula over cited numbers cannot be run."""

    formula: str
    detail: str
    ko = "식 '{formula}'을(를) 계산할 수 없습니다: {detail}"
    en = "The formula '{formula}' cannot be computed: {detail}"
    ko_next = "인용된 수 q1, q2 … 와 + - * / sum min max mean abs 만 쓰십시오."
    en_next = "Use the cited numbers q1, q2 … and + - * / sum min max mean abs only."
