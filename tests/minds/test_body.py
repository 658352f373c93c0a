"""A request body comes apart and together again, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.errors import LedgerBroken
from jihwi.ids import digest_of
from jihwi.minds.body import prompt_parts, rebuild_prompt, record_of, split_body

TEXT = st.text(max_size=20)
BODY = st.fixed_dictionaries(
    {"model": TEXT, "messages": st.lists(st.dictionaries(TEXT, TEXT, max_size=3), max_size=5)},
    optional={"tools": st.lists(TEXT, max_size=3), "stream": st.booleans(), "n": st.floats(allow_nan=False)},
)


@given(BODY, st.sampled_from([None, 1]), st.booleans())
def test_the_parts_of_a_body_are_the_body(body: dict[str, Any], indent: int | None, ascii_only: bool) -> None:
    sent = json.dumps(body, indent=indent, ensure_ascii=ascii_only).encode("utf-8")

    assert b"".join(split_body(sent)) == sent


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode()))
def test_what_is_no_chat_request_is_kept_whole(sent: bytes) -> None:
    assert b"".join(split_body(sent)) == sent


def test_each_message_is_a_part_and_the_tools_are_one() -> None:
    sent = json.dumps({"model": "m", "messages": ["가", "나"], "tools": [1, 2], "seed": 7}, ensure_ascii=False).encode()

    assert [part.decode() for part in split_body(sent)] == [
        '{"model": "m", "messages": [',
        '"가"',
        ', "나"',
        '], "tools": ',
        "[1, 2]",
        ', "seed": 7}',
    ]


def test_a_record_keeps_what_its_parent_holds_and_stores_only_what_is_new() -> None:
    first, stored, parts = record_of(b'{"messages":["a","b"],"n":1}', 0, ())
    second, fresh, _ = record_of(b'{"messages":["a","b","c"],"n":1}', 7, parts)

    assert (first.parent, first.keep, len(first.parts)) == (0, 0, 4)
    assert (second.parent, second.keep, len(second.parts)) == (7, 3, 2)
    assert list(fresh.values()) == [b',"c"']
    assert prompt_parts([first, second])[:3] == list(first.parts[:3])
    assert rebuild_prompt([first, second], {**stored, **fresh}) == b'{"messages":["a","b","c"],"n":1}'


def test_a_record_with_nothing_in_common_stands_for_itself() -> None:
    _, _, parts = record_of(b'{"messages":["a"]}', 0, ())
    record, fresh, _ = record_of(b"[]", 7, parts)

    assert (record.parent, record.keep) == (0, 0)
    assert list(fresh.values()) == [b"[]"]


def test_a_missing_or_altered_part_is_found() -> None:
    record, stored, _ = record_of(b'{"messages":["a"]}', 0, ())
    missing = dict(list(stored.items())[1:])
    altered = {**stored, record.parts[1]: b'"b"'}

    for kept in (missing, altered):
        with pytest.raises(LedgerBroken, match="event 9"):
            rebuild_prompt([record], kept, case="c1", seq=9)


def test_the_digest_is_that_of_the_whole_body() -> None:
    record, _, _ = record_of(b'{"messages":["a"]}', 0, ())

    assert record.digest == digest_of(b'{"messages":["a"]}')
