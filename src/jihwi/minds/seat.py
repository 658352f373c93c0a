"""What a seat may do, as the tools a model is given: each action of a turn as a tool call, and back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, assert_never

import msgspec

from jihwi.case.assignment import ReportStatus
from jihwi.case.turn import (
    Action,
    Ask,
    Call,
    Delegate,
    Dispute,
    HandOff,
    Post,
    Release,
    Report,
    View,
)
from jihwi.evidence import Claim, Quotation
from jihwi.minds import SkillShown
from jihwi.minds.repair import Unreadable, read_json

__all__ = ["Tool", "Toolbox", "Unfit", "as_action", "as_call", "toolbox"]

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_SEAT_TOOLS = ("hand_off", "delegate", "post_finding", "dispute", "ask", "report", "release")


_Wanted = TypeVar("_Wanted")


class Unfit(ValueError):
    """Why these arguments make no action."""


class Tool(msgspec.Struct, frozen=True):
    """One tool as the model is shown it."""

    name: str
    description: str
    schema: dict[str, Any]
    skill: str = ""
    """The skill it stands for; empty for what every seat may do."""


class Toolbox(msgspec.Struct, frozen=True):
    """The tools of one seat, by name."""

    tools: tuple[Tool, ...]

    def named(self, name: str) -> Tool | None:
        """The tool of that name, or of the skill of that name."""
        for tool in self.tools:
            if name == tool.name or (tool.skill and name == tool.skill):
                return tool
        return None


def toolbox(view: View, skills: tuple[SkillShown, ...]) -> Toolbox:
    """The tools of this seat: its skills, then what it may do in the case."""
    taken = set(_SEAT_TOOLS)
    tools = []
    for skill in skills:
        name = _tool_name(skill.name, taken)
        taken.add(name)
        tools.append(Tool(name, skill.description, skill.schema, skill.name))
    return Toolbox((*tools, *_seat_tools(view)))


def _tool_name(skill: str, taken: set[str]) -> str:
    """A name every server takes: 64 letters, digits, `_` and `-`."""
    plain = _NOT_IN_A_NAME.sub("_", skill)[:64]
    if plain.strip("_") and plain not in taken:
        return plain
    mark = hashlib.sha256(skill.encode()).hexdigest()[:8]
    return f"{plain.strip('_')[:48] or 'skill'}_{mark}"


# ── the tools every seat has ─────────────────────────────────────────────────


def _seat_tools(view: View) -> tuple[Tool, ...]:
    agent, korean = view.agent, view.language == "ko"
    tools = []
    if agent.handoffs:
        tools.append(_tool("hand_off", korean, {"agent": _one_of(agent.handoffs), "note": _TEXT}, ["agent", "note"]))
    if agent.delegates and view.budget_left.depth != 0:
        delegation = {
            "agent": _one_of(agent.delegates),
            "task": _TEXT,
            "inputs": _OBJECT,
            "join": _YES_OR_NO,
            "wait_seconds": _NUMBER,
        }
        tools.append(_tool("delegate", korean, delegation, ["agent", "task"]))
    tools += [_tool(name, korean, properties, required) for name, properties, required in _ALWAYS]
    if view.root:
        tools.append(_tool("release", korean, {"call": _TEXT}, ["call"]))
    return tuple(tools)


def _tool(name: str, korean: bool, properties: dict[str, Any], required: list[str]) -> Tool:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return Tool(name, _WORDS[name][0 if korean else 1], schema)


def _one_of(names: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": list(names)}


_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer"}
_YES_OR_NO: dict[str, Any] = {"type": "boolean"}
_OBJECT: dict[str, Any] = {"type": "object"}
_QUOTATION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "document_id": _TEXT,
        "text": _TEXT,
        "source": _TEXT,
        "reading": _TEXT,
        "start": _NUMBER,
        "end": _NUMBER,
    },
    "required": ["document_id", "text"],
}
_ALWAYS: tuple[tuple[str, dict[str, Any], list[str]], ...] = (
    (
        "post_finding",
        {
            "text": _TEXT,
            "quotations": {"type": "array", "items": _QUOTATION},
            "topic": _TEXT,
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
        ["text", "quotations"],
    ),
    ("dispute", {"finding": _NUMBER, "reason": _TEXT}, ["finding", "reason"]),
    ("ask", {"question": _TEXT, "options": {"type": "array", "items": _TEXT}}, ["question"]),
    (
        "report",
        {
            "status": _one_of(("done", "partial", "failed")),
            "text": _TEXT,
            "findings": {"type": "array", "items": _NUMBER},
            "data": _OBJECT,
        },
        ["status", "text"],
    ),
)
_WORDS: dict[str, tuple[str, str]] = {
    "hand_off": (
        "이 일을 지금까지의 내용과 함께 다른 사람에게 넘긴다. 그 차례의 마지막에 부른다.",
        "Hand this work with everything so far to another agent. Call it last in a turn.",
    ),
    "delegate": (
        "일의 한 부분을 맡긴다. 여럿에게 나란히 맡길 수 있고, join이 true이면 보고를 기다린다. "
        "wait_seconds를 적으면 그동안만 기다린다.",
        "Give a part of the work to another agent. Several work side by side; with join true you wait for the report, "
        "at most wait_seconds if given.",
    ),
    "post_finding": (
        "알아낸 것을 인용과 함께 사건 전체에 알린다. text는 한 문장, 인용의 text는 문서의 글자 그대로.",
        "Tell the whole case what you found. text is one sentence; a quotation's text is the document's exact words.",
    ),
    "dispute": (
        "알려진 발견이 맞지 않는다고 그 까닭과 함께 말한다.",
        "Say that a finding does not hold, and why.",
    ),
    "ask": (
        "요청한 사람에게 묻는다. 답이 올 때까지 이 일은 기다린다.",
        "Ask the requester. This work waits for the answer.",
    ),
    "report": (
        "맡은 일을 끝내고 보고한다. findings에는 근거가 되는 발견의 번호를 적는다.",
        "End your work with a report. findings are the numbers of the findings it stands on.",
    ),
    "release": (
        "끝난 호출이 만든 보고서를 내보낸다. call은 그 호출의 자리(예: a1/2/0).",
        "Let the report that a finished call made leave the case. call is that call's place, such as a1/2/0.",
    ),
}


# ── from an action to a tool call ────────────────────────────────────────────


def as_call(action: Action, box: Toolbox) -> tuple[str, dict[str, Any]]:
    """The tool call that says this action.

    >>> as_call(Ask("언제까지입니까?"), Toolbox(()))
    ('ask', {'question': '언제까지입니까?'})
    """
    match action:
        case Call(skill=skill, arguments=arguments):
            tool = box.named(skill)
            return (tool.name if tool else _tool_name(skill, set())), arguments
        case HandOff(agent=agent, note=note):
            return "hand_off", {"agent": agent, "note": note}
        case Delegate(agent=agent, task=task, inputs=inputs, join=join, wait_seconds=wait):
            return "delegate", {"agent": agent, "task": task, **_given(inputs=inputs, wait_seconds=wait), "join": join}
        case Post(claim=claim):
            return "post_finding", {"text": claim.text, **msgspec.to_builtins(claim)}
        case Dispute(finding=finding, reason=reason):
            return "dispute", {"finding": finding, "reason": reason}
        case Ask(question=question, options=options):
            return "ask", {"question": question, **_given(options=list(options))}
        case Report(status=status, text=text, data=data, findings=findings):
            return "report", {"status": status, "text": text, **_given(findings=list(findings), data=data)}
        case Release(call=call):
            return "release", {"call": call}
        case _:
            assert_never(action)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


# ── from a tool call to an action ────────────────────────────────────────────


class _HandOff(msgspec.Struct):
    agent: str
    note: str = ""


class _Delegate(msgspec.Struct):
    agent: str
    task: str
    inputs: dict[str, Any] = {}
    join: bool = True
    wait_seconds: int = 0


class _Quotation(msgspec.Struct):
    document_id: str
    text: str
    source: str = ""
    reading: str = ""
    start: int = -1
    end: int = -1


class _Post(msgspec.Struct):
    text: str
    quotations: list[_Quotation] = []
    topic: str = ""
    confidence: float = 0.0


class _Dispute(msgspec.Struct):
    finding: int
    reason: str


class _Ask(msgspec.Struct):
    question: str
    options: list[str] = []


class _Report(msgspec.Struct):
    status: ReportStatus = "done"
    text: str = ""
    data: dict[str, Any] = {}
    findings: list[int] = []


class _Release(msgspec.Struct):
    call: str


def as_action(tool: Tool, arguments: Mapping[str, Any], view: View) -> Action:
    """The action a call of this tool means. Raises Unfit when its arguments are not right.

    A skill's arguments are checked where the skill is; here only what belongs to the case.
    """
    if tool.skill:
        return Call(tool.skill, dict(arguments))
    if tool.name == "post_finding":
        return _post(_convert(arguments, _Post), view)
    return _PLAIN[tool.name](arguments)


def _post(made: _Post, view: View) -> Post:
    if not made.text.strip():
        raise Unfit("`text` is empty")
    seen = _documents_seen(view) if any(not q.source or not q.reading for q in made.quotations) else {}
    quotations = []
    for quoted in made.quotations:
        source, reading = quoted.source, quoted.reading
        if not source or not reading:
            if quoted.document_id not in seen:
                raise Unfit(f"no result so far shows a document {quoted.document_id!r}")
            source, reading = seen[quoted.document_id]
        quotations.append(Quotation(quoted.document_id, source, reading, quoted.text, quoted.start, quoted.end))
    return Post(Claim(made.text, tuple(quotations), made.topic, min(1.0, max(0.0, made.confidence))))


def _documents_seen(view: View) -> dict[str, tuple[str, str]]:
    """Every document a result or a finding has shown, with its source and its newest reading shown."""
    seen: dict[str, tuple[str, str]] = {}
    for shown in (*reversed(view.transcript), *reversed(view.findings)):
        heap: list[Any] = [msgspec.to_builtins(shown)]
        while heap:
            value = heap.pop()
            if isinstance(value, dict):
                named = (value.get("document_id"), value.get("source"), value.get("reading"))
                if all(isinstance(one, str) and one for one in named):
                    seen.setdefault(str(named[0]), (str(named[1]), str(named[2])))
                heap.extend(value.values())
            elif isinstance(value, list | tuple):
                heap.extend(value)
    return seen


def _filled(text: str, name: str) -> str:
    if not text.strip():
        raise Unfit(f"`{name}` is empty")
    return text


def _hand_off(arguments: Mapping[str, Any]) -> Action:
    made = _convert(arguments, _HandOff)
    return HandOff(made.agent, made.note)


def _delegate(arguments: Mapping[str, Any]) -> Action:
    made = _convert(arguments, _Delegate)
    return Delegate(made.agent, _filled(made.task, "task"), made.inputs, join=made.join, wait_seconds=made.wait_seconds)


def _dispute(arguments: Mapping[str, Any]) -> Action:
    made = _convert(arguments, _Dispute)
    return Dispute(made.finding, _filled(made.reason, "reason"))


def _ask(arguments: Mapping[str, Any]) -> Action:
    made = _convert(arguments, _Ask)
    return Ask(_filled(made.question, "question"), tuple(made.options))


def _report(arguments: Mapping[str, Any]) -> Action:
    made = _convert(arguments, _Report)
    return Report(made.status, made.text, made.data, tuple(made.findings))


def _release(arguments: Mapping[str, Any]) -> Action:
    return Release(_filled(_convert(arguments, _Release).call, "call"))


_PLAIN: dict[str, Callable[[Mapping[str, Any]], Action]] = {
    "hand_off": _hand_off,
    "delegate": _delegate,
    "dispute": _dispute,
    "ask": _ask,
    "report": _report,
    "release": _release,
}


def _convert(arguments: Mapping[str, Any], wanted: type[_Wanted]) -> _Wanted:
    """The arguments in their shape; nulls count as left out, and a list or object may come as JSON in a string."""
    fields = {name: value for name, value in arguments.items() if value is not None}
    try:
        return msgspec.convert(fields, wanted, strict=False)
    except msgspec.ValidationError as problem:
        unwrapped = {name: _unwrapped(value) for name, value in fields.items()}
        if unwrapped == fields:
            raise Unfit(str(problem)) from None
    try:
        return msgspec.convert(unwrapped, wanted, strict=False)
    except msgspec.ValidationError as problem:
        raise Unfit(str(problem)) from None


def _unwrapped(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return read_json(value)[0]
        except Unreadable:
            return value
    return value
