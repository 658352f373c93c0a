"""What a model wrote, read as a turn: text without reasoning, and actions, also where they were written into the text.

Native tool calls are taken in their order. Only when there are none is the text searched, first for shapes that can
mean nothing else (`<tool_call>…`), then for looser ones (a fence, a line of code), which count only when they name a
tool of this seat. What is no valid action comes back as a `Call` with its `problem`, so that the log shows it and the
model is told.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from jihwi.case.turn import Action, Call, Post, Report, View
from jihwi.minds.intext import WrittenCall, calls_in_text
from jihwi.minds.repair import Unreadable, read_json
from jihwi.minds.seat import Tool, Toolbox, Unfit, as_action
from jihwi.words import storable

__all__ = ["Recovered", "Visible", "WrittenCall", "recover", "without_reasoning"]


class Recovered(msgspec.Struct, frozen=True):
    """A turn's text and actions, and what had to be done to get them."""

    text: str
    actions: tuple[Action, ...]
    notes: tuple[str, ...] = ()
    """Codes, each once: reasoning_removed, calls_from_text, arguments_mended, name_mended, problem, wrong_language."""


def recover(
    text: str,
    calls: tuple[WrittenCall, ...],
    *,
    view: View,
    box: Toolbox,
    cut: bool = False,
) -> Recovered:
    """The turn that `text` and `calls` mean. `cut` when the answer hit its length limit: then nothing open is closed.

    >>> from jihwi.minds.intext import WrittenCall
    >>> without_reasoning("<think>무엇을 찾을까</think>예산을 찾겠습니다.")
    ('예산을 찾겠습니다.', True)
    """
    notes: dict[str, None] = {}
    calls = tuple(_storable_call(call) for call in calls)
    text, reasoned = _without_thoughts(storable(text))
    if reasoned:
        notes["reasoning_removed"] = None
    if not calls:
        text, calls = calls_in_text(text, box)
        if calls:
            notes["calls_from_text"] = None
            if cut and calls[-1].mended:
                # Its end was made up: nobody knows what else would have stood there.
                calls = (*calls[:-1], WrittenCall(calls[-1].name, "…"))
    if not calls and (unread := _unread_call(text, box)):
        text, calls = "", (unread,)
        notes["calls_from_text"] = None
    text = _FRAME_MARKS.sub("", text).strip()
    actions = tuple(_action(call, view, box, cut, notes) for call in calls)
    if cut and text and not actions:
        # Words alone would be the whole report; these were going on when their length ran out.
        actions = (Report("partial", text),)
    if _wrong_language(text, actions, view.language):
        notes["wrong_language"] = None
    return Recovered(text, actions, tuple(notes))


def _storable_call(call: WrittenCall) -> WrittenCall:
    arguments = storable(call.arguments) if isinstance(call.arguments, str) else call.arguments
    return WrittenCall(storable(call.name), arguments, call.mended, call.loose)


def _unread_call(text: str, box: Toolbox) -> WrittenCall | None:
    """A call in a form nobody knows: the model is told, where its marks would have been a report that ends the work."""
    mark = _UNREAD.search(text)
    if mark is None:
        return None
    rest = text[mark.start() :]
    named = [(at, tool.name) for tool in box.tools if (at := rest.find(tool.name)) >= 0]
    return WrittenCall(min(named)[1], rest) if named else None


# ── one call ─────────────────────────────────────────────────────────────────


def _action(call: WrittenCall, view: View, box: Toolbox, cut: bool, notes: dict[str, None]) -> Action:
    tool = box.named(call.name)
    if tool is None:
        tool = _nearly_named(call.name, box)
        if tool is not None:
            notes["name_mended"] = None
    arguments, problem = _arguments(call, tool, cut, notes)
    if tool is None:
        known = ", ".join(one.name for one in box.tools)
        problem = f"there is no tool {call.name!r}; there are: {known}"
        return _with_problem(call.name, arguments, problem, notes)
    name = tool.skill or tool.name
    if problem:
        return _with_problem(name, arguments, problem, notes)
    try:
        return as_action(tool, arguments, view)
    except Unfit as unfit:
        return _with_problem(name, arguments, str(unfit), notes)


def _with_problem(name: str, arguments: dict[str, Any], problem: str, notes: dict[str, None]) -> Call:
    notes["problem"] = None
    return Call(name[:200], arguments, problem)


def _nearly_named(name: str, box: Toolbox) -> Tool | None:
    """The one tool whose name differs only by case, `-`, `_`, a `functions.` before it or a number after it."""
    wanted = _plain(re.sub(r":\d+\Z", "", name).rpartition(".")[2])
    found = [tool for tool in box.tools if wanted and wanted in (_plain(tool.name), _plain(tool.skill))]
    return found[0] if len(found) == 1 else None


def _plain(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").strip()


def _arguments(call: WrittenCall, tool: Tool | None, cut: bool, notes: dict[str, None]) -> tuple[dict[str, Any], str]:
    """The arguments and, when they cannot be read, why."""
    given = call.arguments
    value: Any = given
    mended = call.mended
    if isinstance(given, dict):
        if call.loose and tool is not None:
            value = _by_schema(given, tool)
    elif not given.strip():
        return {}, ""
    else:
        try:
            value, mended = read_json(given, may_close=not cut)
        except Unreadable as problem:
            shown = given.strip()
            where = shown if len(shown) <= 200 else f"{shown[:200]}…"
            why = "the answer was cut off at its length limit; " if cut else ""
            return {}, f"{why}the arguments are no JSON ({problem}): {where}"
    if value is None:
        return {}, ""
    if not isinstance(value, dict):
        return {}, f"the arguments are no JSON object: {str(value)[:200]}"
    if mended:
        notes["arguments_mended"] = None
    return value, ""


def _by_schema(given: dict[str, Any], tool: Tool) -> dict[str, Any]:
    """Arguments that came as bare text, read as JSON where the tool's schema asks for anything but text."""
    properties = tool.schema.get("properties", {})
    made: dict[str, Any] = {}
    for name, value in given.items():
        wanted = properties.get(name, {}).get("type", "string")
        made[name] = value
        if isinstance(value, str) and wanted != "string":
            try:
                made[name] = read_json(value.strip())[0]
            except Unreadable:
                continue
    return made


# ── reasoning ────────────────────────────────────────────────────────────────

_THOUGHT = re.compile(
    r"<(?P<tag>(?i:think|thinking|thought|reasoning|seed:think))>.*?(?:</(?P=tag)>|\Z)"
    r"|<\|channel\|>analysis.*?(?:<\|end\|>|(?=<\|start\|>|<\|channel\|>)|\Z)"
    r"|\[THINK\].*?(?:\[/THINK\]|\Z)|<\|START_THINKING\|>.*?(?:<\|END_THINKING\|>|\Z)"
    r"|<\|think\|>.*?(?:<\|end\|>|\Z)|<\|channel>thought.*?(?:<channel\|>|\Z)|<unused94>.*?(?:<unused95>|\Z)"
    r"|\Aanalysis(?=[A-Z가-힣]).*?assistant(?=final|commentary)",
    re.DOTALL,
)
_LONE_END = re.compile(r"\A.*(?:</(?i:think|thinking|thought|reasoning|seed:think)>|\[/THINK\])", re.DOTALL)
_END_MARKS = re.compile(
    r"<\|(?:im_end|eot_id|eom_id|endoftext|end_of_text|return|END_RESPONSE|END_OF_TURN_TOKEN)\|>|<end_of_turn>|<turn\|>"
    r"|\[\|endofturn\|\]|</s>\s*\Z"
)
_FRAME_MARKS = re.compile(
    r"<\|(?:im_start|start|message|end|assistant|begin|content|begin_of_text|START_RESPONSE)\|>(?:assistant\b)?"
    r"|<\|channel\|>final(?:<\|message\|>)?|<\|start_header_id\|>assistant<\|end_header_id\|>"
    r"|<\|start_of_role\|>assistant<\|end_of_role\|>|\A\s*<s>|\Afinal(?=[가-힣])"
)
_UNREAD = re.compile(
    r"<[|｜/]?[^<>\n]{0,24}(?:tool|function)[_▁: -]?call[^<>\n]{0,24}>"
    r"|<(?:\|?action_start|\|START_ACTION)\|>|\bto=functions\."
)
"""A mark that only a call has."""


def without_reasoning(text: str) -> tuple[str, bool]:
    """The text without what the model thought aloud and without its template's marks, and whether it had thought.

    Reasoning whose beginning stood in the prompt ends with a lone `</think>`; one that never ends hides the rest.

    >>> without_reasoning("생각 중…</think>\\n답입니다.<|im_end|>")
    ('답입니다.', True)
    """
    text, reasoned = _without_thoughts(text)
    return _FRAME_MARKS.sub("", text).strip(), reasoned


def _without_thoughts(text: str) -> tuple[str, bool]:
    """The same, but the marks stay that stand around a call."""
    said = _LONE_END.sub("", _THOUGHT.sub("", text))
    return _END_MARKS.sub("", said), said != text


class Visible:
    """A streaming text without what is not for people: reasoning and calls written into it.

    >>> visible = Visible()
    >>> [visible.more(piece) for piece in ("안녕<th", "ink>음", "…</thi", "nk>하세요")]
    ['안녕', '', '', '하세요']
    """

    def __init__(self) -> None:
        self._held = ""
        self._until = ""

    def more(self, piece: str) -> str:
        """What of the text so far can be shown now and was not yet."""
        self._held += piece
        shown = ""
        while True:
            if self._until:
                before, found, after = self._held.partition(self._until)
                if not found:
                    self._held = before[-len(self._until) :]
                    return shown
                self._held, self._until = after, ""
                continue
            found_at = ((self._held.find(mark), mark) for mark in _HIDDEN)
            opening = min((one for one in found_at if one[0] >= 0), default=None)
            if opening is None:
                kept = _begun(self._held)
                cut = len(self._held) - kept
                shown += self._held[:cut]
                self._held = self._held[cut:]
                return shown
            shown += self._held[: opening[0]]
            self._held = self._held[opening[0] + len(opening[1]) :]
            self._until = _HIDDEN[opening[1]]  # empty where the mark alone is hidden

    def rest(self) -> str:
        """What was held back when the text is over."""
        shown, self._held = "" if self._until else self._held, ""
        return shown


_HIDDEN = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|think|>": "<|end|>",
    "<|channel|>analysis": "<|end|>",
    "<tool_call>": "</tool_call>",
    "<|channel|>commentary to=": "<|call|>",
    **dict.fromkeys(
        (
            "[TOOL_CALLS]",
            "<|python_tag|>",
            "<|tool_call|>",
            "<|tool_calls_section_begin|>",
            "<｜tool▁calls▁begin｜>",
            "<｜DSML｜",
            "<|START_ACTION|>",
            "<|action_start|>",
            "<TOOLCALL>",
            "<tool_calls>",
            "<function_calls>",
            "<minimax:tool_call>",
            "<seed:tool_call>",
            "<function=",
        ),
        "\0",  # nothing for people comes after these
    ),
    **dict.fromkeys(
        (
            "<|start|>assistant",
            "<|channel|>final",
            "<|message|>",
            "<|end|>",
            "<|return|>",
            "<|im_end|>",
            "<|eot_id|>",
            "<|START_RESPONSE|>",
            "<|END_RESPONSE|>",
            "[|endofturn|]",
            "</s>",
        ),
        "",
    ),
}


def _begun(text: str) -> int:
    """How many of the last characters may be the beginning of a mark."""
    longest = max(map(len, _HIDDEN)) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if any(mark.startswith(text[-size:]) for mark in _HIDDEN):
            return size
    return 0


# ── the language ─────────────────────────────────────────────────────────────

_QUOTED = re.compile(r"[\"“「『'‘].*?[\"”」』'’]|```.*?```|https?://\S+", re.DOTALL)
_HANGUL = re.compile(r"[가-힣]")
_LATIN = re.compile(r"[A-Za-z]")
_CHINESE = re.compile(r"[\u4e00-\u9fff\u3040-\u30ff]")
_ENOUGH = 20
"""Letters below which no language is told."""


def _wrong_language(text: str, actions: tuple[Action, ...], language: str) -> bool:
    """Whether what people would read is mostly not in the case's language; what is quoted does not count."""
    read = [text]
    for action in actions:
        if isinstance(action, Report):
            read.append(action.text)
        elif isinstance(action, Post):
            read.append(action.claim.text)
    own = _QUOTED.sub(" ", "\n".join(read))
    hangul, latin, chinese = (len(kind.findall(own)) for kind in (_HANGUL, _LATIN, _CHINESE))
    # A Korean syllable says what two or three letters say.
    total = hangul * 2 + latin + chinese * 2
    if total < _ENOUGH:
        return False
    wanted = hangul * 2 if language == "ko" else latin
    return wanted < total * 0.4
