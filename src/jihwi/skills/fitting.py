"""Whether arguments surely fit a plain JSON Schema: a quick yes, so that the full validator is asked only otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["surely_fits"]

_KNOWN = frozenset(
    ("type", "properties", "required", "additionalProperties", "items", "enum", "title", "description", "default")
)
_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: type(value) is str,
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
    "null": lambda value: value is None,
    "array": lambda value: type(value) is list,
    "object": lambda value: type(value) is dict,
}


def surely_fits(schema: Any, value: Any) -> bool:
    """Whether `value` fits `schema`; a no only means that somebody must look closer.

    >>> surely_fits({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": "x"})
    True
    >>> surely_fits({"type": "string", "pattern": "^x"}, "x")
    False
    """
    if type(schema) is not dict or not schema.keys() <= _KNOWN:
        return False
    kind = schema.get("type")
    if kind is not None and not (type(kind) is str and kind in _TYPES and _TYPES[kind](value)):
        return False
    if "enum" in schema and not (type(value) is str and value in schema["enum"]):
        return False
    if type(value) is dict:
        return _object_fits(schema, value)
    if type(value) is list and "items" in schema:
        return all(surely_fits(schema["items"], one) for one in value)
    return True


def _object_fits(schema: Mapping[str, Any], value: dict[str, Any]) -> bool:
    for name in schema.get("required", ()):
        if name not in value:
            return False
    properties: Mapping[str, Any] = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for name, one in value.items():
        if name in properties:
            if not surely_fits(properties[name], one):
                return False
        elif others is not True:
            return False
    return True
