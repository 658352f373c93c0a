"""A Python function as a skill: its signature is the schema, its docstring the description.

>>> @skill(effect="read")
... async def count_letters(context: SkillContext, text: str, *, blanks: bool = False) -> int:
...     '''Count the letters of a text.'''
...     return len(text) if blanks else len(text.replace(" ", ""))
>>> count_letters.spec.name, sorted(count_letters.schema["properties"])
('count_letters', ['blanks', 'text'])
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import hashlib
import inspect
import threading
import typing
from collections.abc import Callable
from typing import Any

import msgspec

from jihwi.case.assignment import ApprovalRule, Effect, SkillSpec
from jihwi.errors import SkillArguments, SkillInvalid
from jihwi.skills import Skill, SkillContext, SkillResult

__all__ = ["skill", "spec_digest"]


def skill(
    *,
    effect: Effect,
    name: str = "",
    version: str = "1",
    leaves_house: bool = False,
    approval: ApprovalRule = "never",
    timeout_seconds: float = 60.0,
    tainted: bool = False,
) -> Callable[[Callable[..., Any]], Skill]:
    """Make a function a skill. Its first parameter is the `SkillContext`; the others, annotated with JSON-like
    types or msgspec structs, are the arguments. It may be async; a plain function runs in a thread of its own, which
    nobody can end: when its time is over it is left to itself. It returns a JSON value (then `tainted` says whether
    that holds text from outside) or a `SkillResult`.

    Raises `SkillInvalid` when the function cannot be one.
    """

    def make(function: Callable[..., Any]) -> Skill:
        called = name or getattr(function, "__name__", "")
        description = inspect.getdoc(function) or ""
        if not description:
            raise SkillInvalid(called, "it has no docstring, so no mind would know what it does")
        arguments = _arguments(called, function)
        schema = _schema(arguments)
        spec = SkillSpec(
            called,
            version,
            effect,
            leaves_house,
            approval,
            round(timeout_seconds * 1000),
            spec_digest(called, description, schema),
        )
        return Skill(spec, description, schema, _runner(called, function, arguments, tainted), function.__module__)

    return make


def spec_digest(name: str, description: str, schema: dict[str, Any]) -> str:
    """What a skill's `SkillSpec.digest` commits to: the name, description and schema a mind is shown."""
    return hashlib.sha256(msgspec.json.encode([name, description, schema], order="deterministic")).hexdigest()


def _arguments(name: str, function: Callable[..., Any]) -> type[msgspec.Struct]:
    """A struct whose fields are the function's arguments."""
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters:
        raise SkillInvalid(name, "its first parameter must be the SkillContext")
    hints = typing.get_type_hints(function)
    required: list[tuple[str, Any]] = []
    optional: list[tuple[str, Any, Any]] = []
    for parameter in parameters[1:]:
        if parameter.name not in hints or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise SkillInvalid(name, f"its parameter '{parameter.name}' needs a type")
        if parameter.default is parameter.empty:
            required.append((parameter.name, hints[parameter.name]))
        else:
            optional.append((parameter.name, hints[parameter.name], parameter.default))
    fields: list[Any] = [*required, *optional]
    return msgspec.defstruct(f"{name}_arguments", fields, kw_only=True, forbid_unknown_fields=True)


def _schema(arguments: type[msgspec.Struct]) -> dict[str, Any]:
    (outer,), components = msgspec.json.schema_components([arguments], ref_template="#/$defs/{name}")
    own = components.pop(arguments.__name__)
    schema: dict[str, Any] = {key: value for key, value in own.items() if key != "title"}
    if components:
        schema["$defs"] = components
    return schema if "$ref" in outer else outer


def _runner(
    name: str, function: Callable[..., Any], arguments: type[msgspec.Struct], tainted: bool
) -> Callable[[SkillContext, dict[str, Any]], Any]:
    names = arguments.__struct_fields__

    async def run(context: SkillContext, given: dict[str, Any]) -> SkillResult:
        try:
            checked = msgspec.convert(given, arguments)
        except msgspec.ValidationError as problem:
            raise SkillArguments(name, str(problem)) from problem
        values = {one: getattr(checked, one) for one in names}
        try:
            if inspect.iscoroutinefunction(function):
                value = await function(context, **values)
            else:
                value = await _in_thread(name, lambda: function(context, **values))
        except SystemExit as problem:  # a skill may end itself, never the house
            raise _said(problem) from problem
        if isinstance(value, SkillResult):
            return value
        return SkillResult(msgspec.to_builtins(value), tainted)

    return run


async def _in_thread(name: str, work: Callable[[], Any]) -> Any:
    """What a plain function answers. Its thread is its own and nobody's to wait for: of the pool that `to_thread`
    shares there are few, so that some functions that hang would keep every other one, and the house, from being done;
    and a runner that was asked to stop would wait for them."""
    answer: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def run() -> None:
        with contextlib.suppress(concurrent.futures.InvalidStateError):  # nobody waits any more
            try:
                value = work()
            except (StopIteration, concurrent.futures.CancelledError) as problem:
                answer.set_exception(_said(problem))  # as they are, nobody would hear the one and stop for the other
            except BaseException as problem:  # noqa: BLE001 - handed on to whoever waits
                answer.set_exception(problem)
            else:
                answer.set_result(value)

    threading.Thread(target=contextvars.copy_context().run, args=(run,), name=f"skill {name}", daemon=True).start()
    return await asyncio.wrap_future(answer)


def _said(problem: BaseException) -> RuntimeError:
    """An exception that means something to whoever waits for a skill, as one that only says what it was."""
    return RuntimeError(f"{type(problem).__name__}: {problem}")
