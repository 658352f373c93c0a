"""A procedure is a mind: its turn is taken as it is, and what it raises is one clear failure."""

from __future__ import annotations

import sys

import pytest

from jihwi.case.turn import Report, Turn, View
from jihwi.errors import ModelError, ProcedureFailed
from jihwi.minds import Delta
from jihwi.minds.procedure import ProcedureMind
from tests.minds.seats import a_view


def ignore(delta: Delta) -> None:
    raise AssertionError("a procedure streams nothing")


async def test_its_turn_is_the_functions_turn() -> None:
    mind = ProcedureMind(lambda view: Turn(actions=(Report(text=view.task),)))

    turn = await mind.think(a_view(), (), ignore)

    assert turn.actions == (Report(text="예산액을 찾으십시오."),)
    assert turn.usage.turns == 0


def divide(view: View) -> Turn:
    return Turn(text=str(view.turn / (view.turn - 1)))


async def test_what_it_raises_is_told_with_its_place_and_not_tried_again() -> None:
    with pytest.raises(ProcedureFailed) as failed:
        await ProcedureMind(divide, name="report/divide").think(a_view(), (), ignore)

    error: ModelError = failed.value
    assert error.endpoint == "report/divide"
    assert "test_procedure.py" in error.detail
    assert error.detail.endswith("in divide: ZeroDivisionError: division by zero")
    assert not error.retryable
    assert "report/divide" in error.words("ko")


def leave(view: View) -> Turn:
    sys.exit(f"turn {view.turn} is too many")


async def test_one_that_ends_the_program_ends_only_its_turn() -> None:
    with pytest.raises(ProcedureFailed, match="SystemExit: turn 1 is too many"):
        await ProcedureMind(leave).think(a_view(), (), ignore)


async def test_what_is_no_turn_is_refused() -> None:
    with pytest.raises(ProcedureFailed, match="it gave a str, not a Turn"):
        await ProcedureMind(lambda view: "끝").think(a_view(), (), ignore)  # type: ignore[arg-type, return-value]
