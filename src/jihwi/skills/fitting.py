"""Whether arguments surely fit a plain JSON Schema: a quick yes, so that the full validator is asked only otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any

__all__ = ["Fits", "fitting"]

Fits = Callable[[Any], bool]
"""Whether a value surely fits; a no only means that somebody must look closer."""

_KNOWN = frozenset(
    ("type", "properties", "required", "additionalProperties", "items", "enum", "title", "description", "default")
)
_TYPES: dict[str, frozenset[type]] = {
    "string": frozenset((str,)),
    "integer": frozenset((int,)),
    "number": frozenset((int, float)),
    "boolean": frozenset((bool,)),
    "null": frozenset((NoneType,)),
    "array": frozenset((list,)),
    "object": frozenset((dict,)),
}
_DEEPEST = 50
"""A schema that goes deeper is the full validator's."""
_ANY = frozenset().union(*_TYPES.values())


def fitting(schema: Any, *, depth: int = _DEEPEST) -> Fits:
    """How to look quickly whether a value fits `schema`: made once, asked often.

    >>> fitting({"type": "object", "properties": {"a": {"type": "string"}}})({"a": "x"})
    True
    >>> fitting({"type": "string", "pattern": "^x"})("x")
    False
    """
    if type(schema) is not dict or not schema.keys() <= _KNOWN or not depth:
        return _never
    kind = schema.get("type")
    if kind is not None and not (type(kind) is str and kind in _TYPES):
        return _never
    types = _ANY if kind is None else _TYPES[kind]
    enum = schema.get("enum")
    if enum is not None:
        texts = frozenset(one for one in enum if type(one) is str)
        return lambda value: type(value) is str and str in types and value in texts
    inner = _fits_within(schema, depth - 1) if types & {dict, list} else None
    if inner is None:
        return lambda value: type(value) in types
    return lambda value: type(value) in types and inner(value)


def _never(value: Any) -> bool:
    return False


def _fits_within(schema: dict[str, Any], depth: int) -> Fits | None:
    """How to look at what lies in an object or a list; `None` where anything may."""
    required: tuple[str, ...] = tuple(schema.get("required", ()))
    properties: Mapping[str, Fits] = {
        name: fitting(one, depth=depth) for name, one in schema.get("properties", {}).items()
    }
    open_ = schema.get("additionalProperties", True) is True
    items = fitting(schema["items"], depth=depth) if "items" in schema else None
    if items is None and not required and not properties and open_:
        return None

    def fits(value: Any) -> bool:
        if type(value) is dict:
            for name in required:
                if name not in value:
                    return False
            for name, one in value.items():
                look = properties.get(name)
                if look is None:
                    if not open_:
                        return False
                elif not look(one):
                    return False
        elif items is not None and type(value) is list:
            for one in value:
                if not items(one):
                    return False
        return True

    return fits
