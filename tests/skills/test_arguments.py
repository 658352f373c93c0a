"""Arguments held against a skill's schema: the quick look says what the full validator says, whatever the schema."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from jihwi.case.assignment import SkillSpec
from jihwi.errors import SkillArguments
from jihwi.skills import Skill, SkillBox, SkillContext, SkillResult

NAMES = st.sampled_from(["a", "b", "c"])
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, 1.0]), st.sampled_from("xyz"))
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=2) | st.dictionaries(NAMES, v, max_size=2), max_leaves=4)


def schemas() -> st.SearchStrategy[dict[str, Any]]:
    one = st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
            "enum": st.lists(SCALARS, min_size=1, max_size=3),
            "description": st.just("said"),
            "minimum": st.integers(-1, 1),
            "maxLength": st.integers(0, 1),
        },
    )

    def around(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=3)},
            optional={
                "required": st.lists(NAMES, max_size=2, unique=True),
                "additionalProperties": st.booleans(),
                "items": inner,
            },
        )

    return around(st.recursive(one, around, max_leaves=4))


async def _run(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
    return SkillResult(None)


@given(schemas(), st.dictionaries(NAMES, VALUES, max_size=3))
def test_what_fits_is_what_the_validator_lets_pass(schema: dict[str, Any], arguments: dict[str, Any]) -> None:
    box = SkillBox([Skill(SkillSpec("look"), "Looks.", schema, _run)])
    try:
        box.check("look", arguments)
        fits = True
    except SkillArguments:
        fits = False
    assert fits == Draft202012Validator(schema).is_valid(arguments)
