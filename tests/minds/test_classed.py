"""A model is asked only about what it may see; where it may not, a procedure goes on, or nobody is asked."""

from __future__ import annotations

import pytest

from jihwi.case.turn import Report, Turn
from jihwi.errors import ModelClassRefused
from jihwi.minds import Delta, Mind
from jihwi.minds.classed import ClassedMind
from jihwi.minds.endpoint import parse_endpoint
from jihwi.minds.model import ModelMind
from jihwi.minds.procedure import ProcedureMind
from jihwi.testing.openai_server import OpenAIServer, Reply
from tests.minds.seats import SEARCH, a_view


def unheard(delta: Delta) -> None:
    pass


async def taken(server: OpenAIServer, classes: tuple[str, ...], instead: Mind | None, sees: tuple[str, ...]) -> Turn:
    endpoint = parse_endpoint(server.spec, classes=sees)  # type: ignore[arg-type]
    model = ModelMind(endpoint)
    try:
        mind = ClassedMind(endpoint, model, lambda view: instead)
        return await mind.think(a_view(classes=classes), (SEARCH,), unheard)
    finally:
        await model.close()


PROCEDURE = ProcedureMind(lambda view: Turn(actions=(Report(text="찾았습니다."),)), name="report/researcher")


async def test_what_it_may_see_it_is_asked_about() -> None:
    with OpenAIServer([Reply("네.")]) as server:
        assert (await taken(server, ("S",), PROCEDURE, ("O", "S"))).text == "네."


async def test_what_it_may_not_see_the_procedure_goes_on_with_and_the_turn_says_so() -> None:
    with OpenAIServer([]) as server:
        turn = await taken(server, ("C", "S"), PROCEDURE, ("O", "S"))
        assert server.requests == []
    assert turn.actions == (Report(text="찾았습니다."),)
    assert turn.parameters["because"] == "model_class_refused"
    assert (turn.parameters["classes"], turn.model) == (("C",), "")
    assert "C 등급의 글이 있어" in turn.text


async def test_where_nobody_can_go_on_nothing_is_sent() -> None:
    with OpenAIServer([]) as server:
        with pytest.raises(ModelClassRefused):
            await taken(server, ("C",), None, ("O",))
        assert server.requests == []
