"""Every error is in the tree and the list, holds its data, and says in two languages what happened and what to do."""

from __future__ import annotations

import pickle
import re
import string

import pytest

import jihwi.errors
from jihwi.errors import (
    FolderIsBackup,
    FolderMissing,
    JihwiError,
    ModelBusy,
    SecretMissing,
    StoreCorrupt,
    StoreError,
    StoreFailed,
    StoreReadOnly,
    TeamInvalid,
)


def every_error() -> list[type[JihwiError]]:
    """All kinds of the house's errors."""
    kinds = [JihwiError]
    for kind in kinds:
        kinds.extend(one for one in kind.__subclasses__() if one.__module__.startswith("jihwi."))
    return list(dict.fromkeys(kinds))


@pytest.mark.parametrize("kind", every_error())
def test_an_error_is_listed_and_its_sentences_name_only_what_it_holds(kind: type[JihwiError]) -> None:
    assert kind.__name__ in jihwi.errors.__all__
    assert re.search(rf"\b{kind.__name__}\b", jihwi.errors.__doc__ or ""), "it is missing in the tree"
    assert kind is JihwiError or "__init__" not in vars(kind), "an error needs no decorator: its fields are annotations"
    error = kind(*(7 for _ in kind.names()))
    for sentence in (kind.ko, kind.en, kind.ko_next, kind.en_next):
        used = {name.split(":")[0] for _, name, _, _ in string.Formatter().parse(sentence) if name}
        assert used <= set(error.fields()), sentence
    assert bool(kind.ko_next) == bool(kind.en_next)
    assert error.words("ko")
    assert error.words("en")


def test_an_error_holds_its_data_by_name_or_by_place_and_travels_between_processes() -> None:
    error = ModelBusy("m@here", detail="queue full")
    spent = {"input_tokens": 0, "output_tokens": 0, "micros": 0}
    assert error.fields() == {"endpoint": "m@here", "detail": "queue full", **spent, "retry_after_seconds": 0.0}
    assert pickle.loads(pickle.dumps(error)).fields() == error.fields()
    assert repr(FolderMissing("/srv")) == "FolderMissing(path='/srv')"


def test_a_name_with_blanks_is_quoted_where_it_is_to_be_typed() -> None:
    problem = TeamInvalid("팀 하나", "team.md:1: broken")
    assert "`jihwi team check '팀 하나'`" in problem.next_step("ko")
    assert "`jihwi team check desk`" in TeamInvalid("desk", "").next_step("en")
    assert """restore 'it'"'"'s' --home""" in FolderIsBackup("it's").next_step("en")


def test_what_an_error_does_not_take_is_refused() -> None:
    for said, named in (
        ((), {}),
        (("/srv", "more"), {}),
        (("/srv",), {"path": "/srv"}),
        (("/srv",), {"colour": "red"}),
    ):
        with pytest.raises(TypeError, match="FolderMissing takes path"):
            FolderMissing(*said, **named)


SAID_OF_A_STORE = [
    (StoreFailed, ("no route",), "비밀번호", "password"),
    (StoreReadOnly, (), "`jihwi` 스키마", "schema `jihwi`"),
    (StoreCorrupt, ("a page",), "`jihwi store copy`", "`jihwi store copy`"),
]


@pytest.mark.parametrize(
    ("kind", "said", "korean", "english"), SAID_OF_A_STORE, ids=lambda one: getattr(one, "code", "")
)
def test_with_a_server_the_next_step_is_not_that_of_a_file(
    kind: type[StoreError], said: tuple[str, ...], korean: str, english: str
) -> None:
    server, file = kind("postgresql://db/cases", *said), kind("/srv/cases.db", *said)
    assert korean in server.next_step("ko")
    assert english in server.next_step("en")
    assert "JIHWI_HOME" not in server.next_step("en")
    assert server.next_step("ko") != file.next_step("ko")
    assert server.next_step("en") != file.next_step("en")


def test_what_stands_in_place_of_a_secret_is_said_in_korean() -> None:
    assert "정해지지 않음" in SecretMissing("store", "env:CASES", "not set", "an address").words("ko")
    assert "not set" in SecretMissing("store", "env:CASES", "not set", "an address").words("en")


def test_what_a_library_said_and_what_to_do_now_are_two_sentences() -> None:
    busy = ModelBusy("m", "overloaded")
    assert busy.in_full("en") == f"{busy.words('en')}. {busy.next_step('en')}"
    missing = FolderMissing("/nowhere")
    assert missing.in_full("ko") == f"{missing.words('ko')} {missing.next_step('ko')}"
    assert JihwiError().in_full("en") == str(JihwiError())
