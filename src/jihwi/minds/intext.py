"""Tool calls that a model wrote into its text, in the shapes the open models use."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from jihwi.minds.repair import Unreadable, read_json, read_json_at
from jihwi.minds.seat import Toolbox

__all__ = ["WrittenCall", "calls_in_text"]


class WrittenCall(msgspec.Struct, frozen=True):
    """A call as it was written: a name and arguments, still text or already read."""

    name: str
    arguments: str | dict[str, Any] = ""
    mended: bool = False
    """Whether the JSON around it had to be mended."""
    loose: bool = False
    """Whether every argument came as bare text, to be read by the tool's schema."""


_LONGEST = 200_000
"""Characters above which a text is not searched for calls."""

_Found = tuple[int, int, list[WrittenCall]]
"""From, to, and the calls that stood there."""


def calls_in_text(text: str, box: Toolbox) -> tuple[str, tuple[WrittenCall, ...]]:
    """The text without its calls, and the calls in their order.

    >>> calls_in_text('찾습니다. <tool_call>{"name": "search", "arguments": {}}</tool_call>', Toolbox(()))
    ('찾습니다.', (WrittenCall(name='search', arguments={}, mended=False, loose=False),))
    """
    if len(text) > _LONGEST:
        return text, ()
    for shapes, certain in ((_CERTAIN, True), (_LIKELY, False)):
        found: list[_Found] = []
        for shape in shapes:
            taken = [(start, end) for start, end, _ in found]
            for start, end, calls in shape(text):
                if any(start < other_end and other_start < end for other_start, other_end in taken):
                    continue
                if calls and (certain or all(_known(call.name, box) for call in calls)):
                    found.append((start, end, calls))
        if found:
            found.sort(key=lambda one: one[0])
            return _without(text, found), tuple(call for _, _, calls in found for call in calls)
    return text, ()


def _known(name: str, box: Toolbox) -> bool:
    return box.named(name.removeprefix("functions.")) is not None


def _without(text: str, found: list[_Found]) -> str:
    kept, at = [], 0
    for start, end, _ in found:
        kept.append(text[at:start])
        at = max(at, end)
    return _SECTION_MARKS.sub("", "".join((*kept, text[at:]))).strip()


# ── a call as JSON ───────────────────────────────────────────────────────────

_NAMES = ("name", "tool", "tool_name", "function", "action", "skill")
_ARGUMENTS = ("arguments", "parameters", "args", "input", "action_input", "params", "kwargs")


def _as_calls(value: Any, *, strict: bool, mended: bool = False) -> list[WrittenCall]:
    """The calls a JSON value says. `strict`: the arguments must be named as such."""
    if isinstance(value, list):
        calls = [_as_calls(one, strict=strict, mended=mended) for one in value]
        return [call for one in calls for call in one] if all(calls) else []
    if not isinstance(value, dict):
        return []
    wrapped = value.get("tool_calls")
    if isinstance(wrapped, list):
        return _as_calls(wrapped, strict=strict, mended=mended)
    key = next((key for key in _NAMES if key in value), "")
    name = value.get(key)
    if isinstance(name, dict):
        return _as_calls(name, strict=strict, mended=mended)
    if not isinstance(name, str) or not name.strip():
        return []
    given = next((key for key in _ARGUMENTS if key in value), None)
    rest = {k: v for k, v in value.items() if k not in (key, "id", "type")}
    if given is not None:
        arguments = value[given]
    elif strict and rest:
        return []
    else:
        arguments = rest
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, str | dict):
        arguments = str(arguments)
    return [WrittenCall(name.strip(), arguments, mended)]


# ── shapes that can mean nothing else ────────────────────────────────────────

_WRAPPED = re.compile(
    r"<(?P<tag>tool_call|function_call|tool_calls)>(?P<inside>.*?)(?:</(?P=tag)>|(?=<(?:tool_call|function_call)>)|\Z)",
    re.DOTALL,
)
_FUNCTION = re.compile(r"<function=(?P<name>[^>\s]+)>(?P<inside>.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=(?P<key>[^>\s]+)>\n?(?P<value>.*?)\n?</parameter>", re.DOTALL)
_ARG_PAIR = re.compile(r"<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>", re.DOTALL)
_MISTRAL = re.compile(r"\[TOOL_CALLS\]\s*")
_MISTRAL_NAMED = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?:\[CALL_ID\][\w-]*)?\s*\[ARGS\]\s*")
_MARKED_JSON = re.compile(
    r"(?:<\|python_tag\|>|->\s*tool/function_call\s*\n|<\|tool_call\|>|<\|function_call\|>|<\|START_ACTION\|>"
    r"|<\|action_start\|>\s*<\|plugin\|>|<TOOLCALL>|\bfunctools(?=\[)"
    r")\s*"
)
_PYTHON_TAG = re.compile(r"<\|python_tag\|>(?P<code>[A-Za-z_][\w.]*\(.{0,5000}?\))\s*(?=<\||\Z)", re.DOTALL)
_INVOKE = re.compile(
    r"<(?:\w+:|｜DSML｜)?invoke\s+name=[\"'](?P<name>[^\"'>]+)[\"']\s*>(?P<inside>.*?)(?:</(?:\w+:|｜DSML｜)?invoke>|\Z)",
    re.DOTALL,
)
_NAMED_PARAMETER = re.compile(
    r"<(?:｜DSML｜)?parameter\s+name=[\"'](?P<key>[^\"'>]+)[\"'][^>]*>(?P<value>.*?)</(?:｜DSML｜)?parameter>",
    re.DOTALL,
)
_COLONED = re.compile(
    r"<\|tool_call:begin\|>.{0,100}?<\|tool_call:name\|>\s*(?P<name>[\w.-]+)\s*<\|tool_call:args\|>(?P<inside>.*?)"
    r"(?:<\|tool_call:end\|>|\Z)",
    re.DOTALL,
)
_HARMONY_BARE = re.compile(
    r"(?:assistant)?(?:commentary)?\s*to=functions\.(?P<name>[\w-]+)\s*(?:commentary)?\s*(?:json)?\s*(?=\{)"
)
_DEEPSEEK = re.compile(
    r"<｜tool▁call▁begin｜>(?P<first>.{0,200}?)<｜tool▁sep｜>(?P<second>.*?)(?:<｜tool▁call▁end｜>|\Z)", re.DOTALL
)
_KIMI = re.compile(
    r"<\|tool_call_begin\|>\s*(?P<name>[\w.-]+)(?::\d+)?\s*<\|tool_call_argument_begin\|>(?P<inside>.*?)"
    r"(?:<\|tool_call_end\|>|\Z)",
    re.DOTALL,
)
_HARMONY = re.compile(
    r"(?:<\|start\|>assistant)?(?:<\|channel\|>\w+)?\s*to=(?:functions\.)?(?P<name>[\w.-]+)[^{]{0,200}?<\|message\|>"
    r"(?P<inside>.*?)(?:<\|call\|>|<\|end\|>|\Z)",
    re.DOTALL,
)
_SECTION_MARKS = re.compile(
    r"<｜tool▁calls▁(?:begin|end)｜>|<\|tool_calls_section_(?:begin|end)\|>|<\|/tool_call\|>|<\|END_ACTION\|>"
    r"|<\|action_end\|>|</TOOLCALL>|</?(?:\w+:tool_call|｜DSML｜function_calls|function_calls|tool_calls)>"
)


def _wrapped(text: str) -> Iterator[_Found]:
    for match in _WRAPPED.finditer(text):
        yield match.start(), match.end(), _inside(match["inside"].strip())


def _inside(inside: str) -> list[WrittenCall]:
    """What stands between `<tool_call>` and its end."""
    xml = list(_functions(inside))
    if xml:
        return [call for _, _, calls in xml for call in calls]
    pairs = _ARG_PAIR.findall(inside)
    if pairs:
        name = inside.partition("<arg_key>")[0].replace("<tool_sep>", "").strip()
        return [WrittenCall(name, dict(pairs), loose=True)] if name else []
    try:
        value, mended = read_json(inside)
    except Unreadable:
        named = re.search(r"[\"']name[\"']\s*:\s*[\"'](?P<name>[\w.-]+)[\"']", inside)
        plain = re.fullmatch(r"[\w.-]+", inside)
        if plain:
            return [WrittenCall(inside)]
        # Its arguments cannot be read: the call comes back with what was written, and the problem is found there.
        return [WrittenCall(named["name"], inside)] if named else []
    return _as_calls(value, strict=False, mended=mended)


def _functions(text: str) -> Iterator[_Found]:
    for match in _FUNCTION.finditer(text):
        pairs = _PARAMETER.findall(match["inside"])
        if pairs:
            yield match.start(), match.end(), [WrittenCall(match["name"], dict(pairs), loose=True)]
        else:
            yield match.start(), match.end(), [WrittenCall(match["name"], match["inside"].strip())]


def _mistral(text: str) -> Iterator[_Found]:
    for match in _MISTRAL.finditer(text):
        at, calls = match.end(), []
        named = _MISTRAL_NAMED.match(text, at)
        while named is not None:
            try:
                value, at, mended = read_json_at(text, named.end())
            except Unreadable:
                calls.append(WrittenCall(named["name"], text[named.end() :]))
                at = len(text)
                break
            calls.append(WrittenCall(named["name"], value if isinstance(value, dict) else str(value), mended))
            named = _MISTRAL_NAMED.match(text, at)
        if calls:
            yield match.start(), at, calls
        else:
            yield from _json_after(text, match.start(), at)


def _marked_json(text: str) -> Iterator[_Found]:
    for match in _MARKED_JSON.finditer(text):
        yield from _json_after(text, match.start(), match.end())


def _json_after(text: str, start: int, at: int) -> Iterator[_Found]:
    """JSON values from `at` on, divided by nothing or by `;`."""
    calls: list[WrittenCall] = []
    while True:
        try:
            value, end, mended = read_json_at(text, at)
        except Unreadable:
            break
        more = _as_calls(value, strict=False, mended=mended)
        if not more:
            break
        calls += more
        at = end
        while at < len(text) and text[at] in "; \n":
            at += 1
    if calls:
        yield start, at, calls


def _python_tag(text: str) -> Iterator[_Found]:
    for match in _PYTHON_TAG.finditer(text):
        yield match.start(), match.end(), _python_calls(match["code"])


def _invoked(text: str) -> Iterator[_Found]:
    for match in _INVOKE.finditer(text):
        given = dict(_NAMED_PARAMETER.findall(match["inside"]))
        yield match.start(), match.end(), [WrittenCall(match["name"], given, loose=True)]


def _harmony_bare(text: str) -> Iterator[_Found]:
    """A call whose template's own marks the server has taken away."""
    for match in _HARMONY_BARE.finditer(text):
        try:
            value, end, mended = read_json_at(text, match.end())
        except Unreadable:
            yield match.start(), len(text), [WrittenCall(match["name"], text[match.end() :])]
            return
        yield match.start(), end, [WrittenCall(match["name"], value, mended)] if isinstance(value, dict) else []


def _deepseek(text: str) -> Iterator[_Found]:
    for match in _DEEPSEEK.finditer(text):
        name, arguments = match["first"].strip(), match["second"].strip()
        if name == "function":
            name, _, arguments = arguments.partition("\n")
        yield match.start(), match.end(), [WrittenCall(name.strip(), arguments.strip())]


def _named_and_json(pattern: re.Pattern[str]) -> Callable[[str], Iterator[_Found]]:
    def shape(text: str) -> Iterator[_Found]:
        for match in pattern.finditer(text):
            yield match.start(), match.end(), [WrittenCall(match["name"], match["inside"].strip())]

    return shape


_FUNCTIONS_DOT = re.compile(r"\bfunctions\.(?P<name>[\w-]+)(?::\d+)?\s*(?P<open>\(?)\s*(?=\{|\))")


def _functions_dot(text: str) -> Iterator[_Found]:
    for match in _FUNCTIONS_DOT.finditer(text):
        yield from _parenthesised(text, match)


def _parenthesised(text: str, match: re.Match[str]) -> Iterator[_Found]:
    """`name({…})`, `name {…}` or `name()`: the JSON object after a name."""
    at, arguments, mended = match.end(), {}, False
    if text[at : at + 1] == "{":
        try:
            value, at, mended = read_json_at(text, at)
        except Unreadable:
            yield match.start(), len(text), [WrittenCall(match["name"], text[match.end() :])]
            return
        if not isinstance(value, dict):
            return
        arguments = value
    closing = re.compile(r"\s*\)").match(text, at)
    if match["open"] and closing is None:
        return
    yield (
        match.start(),
        closing.end() if closing and match["open"] else at,
        [WrittenCall(match["name"], arguments, mended)],
    )


# ── shapes that count only with a tool's name ────────────────────────────────

_FENCED = re.compile(r"```(?P<kind>\w*)[ \t]*\n(?P<inside>.*?)(?:```|\Z)", re.DOTALL)
_REACT = re.compile(r"^[ \t*]*Action[ *]*:[ *]*(?P<name>[\w.-]+)[ *]*\n[ \t*]*Action Input[ *]*:[ *]*", re.MULTILINE)
_LINE_CALL = re.compile(r"^[ \t]*(?P<name>[A-Za-z_][\w-]*)[ \t]*(?P<open>\()\s*(?=\{|\))", re.MULTILINE)


def _fenced(text: str) -> Iterator[_Found]:
    for match in _FENCED.finditer(text):
        inside = match["inside"].strip()
        try:
            value, mended = read_json(inside)
        except Unreadable:
            calls = _python_calls(inside)
        else:
            calls = _as_calls(value, strict=True, mended=mended)
        yield match.start(), match.end(), calls


def _react(text: str) -> Iterator[_Found]:
    """`Action: name` and, on the next line, `Action Input: {…}`."""
    for match in _REACT.finditer(text):
        try:
            value, end, mended = read_json_at(text, match.end())
        except Unreadable:
            end = len(text[: match.end()] + text[match.end() :].partition("\n")[0])
            yield match.start(), end, [WrittenCall(match["name"], text[match.end() : end])]
            continue
        yield match.start(), end, [WrittenCall(match["name"], value, mended)] if isinstance(value, dict) else []


def _line_calls(text: str) -> Iterator[_Found]:
    for match in _LINE_CALL.finditer(text):
        yield from _parenthesised(text, match)


def _whole_json(text: str) -> Iterator[_Found]:
    """The whole reply is one JSON value that says calls."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            value, mended = read_json(text)
        except Unreadable:
            return
        yield 0, len(text), _as_calls(value, strict=True, mended=mended)


def _whole_python(text: str) -> Iterator[_Found]:
    """The whole reply is `[name(a=1), other(b="…")]`, or one such call."""
    calls = _python_calls(text.strip())
    if calls:
        yield 0, len(text), calls


_LONGEST_CODE = 50_000


def _python_calls(code: str) -> list[WrittenCall]:
    """Calls with literal keyword arguments, as Python writes them. Parsed, never run."""
    if len(code) > _LONGEST_CODE or "(" not in code:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            parsed = ast.parse(code, mode="exec")
        expressions = [node.value for node in parsed.body if isinstance(node, ast.Expr)]
        if len(expressions) != len(parsed.body):
            return []
        flat = [one for node in expressions for one in (node.elts if isinstance(node, ast.List) else [node])]
        return [_python_call(node) for node in flat]
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return []


def _python_call(node: ast.expr) -> WrittenCall:
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and len(node.args) == 1
    ):
        node = node.args[0]
    if not isinstance(node, ast.Call) or node.args:
        raise ValueError("no call with named arguments")
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr == "call" and isinstance(function.value, ast.Name):
        name = function.value.id
    elif isinstance(function, ast.Attribute):
        name = function.attr
    elif isinstance(function, ast.Name):
        name = function.id
    else:
        raise ValueError("no plain name")
    arguments: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise ValueError("no named argument")
        arguments[keyword.arg] = ast.literal_eval(keyword.value)
    if msgspec.json.decode(msgspec.json.encode(arguments)) != arguments:
        raise ValueError("no JSON")
    return WrittenCall(name, arguments)


_Shape = Callable[[str], Iterator[_Found]]
_CERTAIN: tuple[_Shape, ...] = (
    _wrapped,
    _functions,
    _invoked,
    _mistral,
    _python_tag,
    _marked_json,
    _deepseek,
    _named_and_json(_KIMI),
    _named_and_json(_COLONED),
    _named_and_json(_HARMONY),
    _harmony_bare,
    _functions_dot,
)
_LIKELY: tuple[_Shape, ...] = (_fenced, _whole_json, _whole_python, _react, _line_calls)
