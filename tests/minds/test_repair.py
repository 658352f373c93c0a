"""JSON as models write it: mended where it has one meaning, refused where it has several."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.minds.repair import Unreadable, read_json, read_json_at

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'query': '예산'}", {"query": "예산"}),
        ('{"query": "예산", "limit": 3,}', {"query": "예산", "limit": 3}),
        ('{"text": "첫 줄\n둘째 줄\t끝"}', {"text": "첫 줄\n둘째 줄\t끝"}),
        ('{"query": "예산"', {"query": "예산"}),
        ('{"a": {"b": ["c"', {"a": {"b": ["c"]}}),
        ('{"a": [1, 2}', {"a": [1, 2]}),
        ('{"a": 1}}', {"a": 1}),
        ("{query: True, other: None}", {"query": True, "other": None}),
        ('{"path": "C:\\docs"}', {"path": "C:\\docs"}),
        ("{“query”: “예산”}", {"query": "예산"}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        (json.dumps(json.dumps({"a": "b"})), {"a": "b"}),
        ('{"a": "\\ud83d\\ude00\n"}', {"a": "😀\n"}),
    ],
)
def test_what_has_one_meaning_is_mended(text: str, value: Any) -> None:
    assert read_json(text) == (value, True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"query": "예', "ends inside a string"),
        ('{"limit": 1', "ends inside a number"),
        ('{"a": "b",', "ends after a comma"),
        ('{"a":', "ends where a value should stand"),
        ('{"a": "그는 "안녕" 했다"}', "not escaped"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": 1}{"a": 2}', "more follows"),
        ('{"a": NaN}', "no JSON number"),
        ('{"a": 1e999}', "too large"),
        (f'{{"a": {"9" * 5000}}}', "too large"),
        (f"{{'a': {'9' * 5000}}}", "too large"),
        ('{"a": "\\ud800"}', "cannot be kept"),
        ("{'a': 'don't'}", "not escaped"),
        ("예산을 찾아 주세요", "no value can begin"),
        ("", "ends where a value should stand"),
        ("[" * 100_000, "nested too deeply"),
        ("{'a': " * 100, "nested too deeply"),
        ('"' + "x" * 1_000_001, "longer than a million"),
    ],
)
def test_what_has_several_meanings_or_none_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_json(text)


def test_nothing_is_closed_when_the_end_is_known_to_be_missing() -> None:
    with pytest.raises(Unreadable, match="its end is missing"):
        read_json('{"query": "예산"', may_close=False)


def test_a_value_inside_a_text_is_found_with_its_end() -> None:
    assert read_json_at('to {"a": 1} and on', 3) == ({"a": 1}, 11, False)
    assert read_json_at("to {'a': 1} and on", 3) == ({"a": 1}, 11, True)


@given(JSON)
def test_what_is_right_stays_as_it_is(value: Any) -> None:
    read, mended = read_json(json.dumps([value], ensure_ascii=False))

    assert read == [value]
    assert not mended


@given(JSON, st.integers(0, 200))
def test_a_cut_text_is_refused_or_means_what_stood_there_so_far(value: Any, at: int) -> None:
    """Closing brackets may leave members out; it never changes one that is shown."""
    whole = {"first": value, "last": "end"}
    text = json.dumps(whole)[: at + 1]
    try:
        read, _ = read_json(text)
    except Unreadable:
        return
    assert read == whole or read == {"first": read["first"]}
    assert _begins(read["first"], value)


def _begins(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _begins(one, whole[key]) for key, one in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(_begins(a, b) for a, b in zip(part, whole, strict=False))
    return bool(part == whole)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    for attempt in (text, "{" + text, '{"a": ' + text + "}"):
        try:
            read_json(attempt)
        except Unreadable:
            continue
