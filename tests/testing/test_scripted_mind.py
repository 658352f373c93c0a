"""A scripted mind plays its turns and complains when script and turns do not agree."""

from __future__ import annotations

import pytest

from jihwi.case.turn import Report, Turn
from jihwi.errors import ModelBusy
from jihwi.minds import Delta
from jihwi.testing.openai_server import ScriptBroken
from jihwi.testing.scripted_mind import ScriptedMind
from tests.minds.seats import WRITER, a_view


async def test_it_plays_its_turns_in_order_and_shows_their_text() -> None:
    heard: list[Delta] = []
    mind = ScriptedMind([Turn("하나"), Turn("둘")])

    said = [(await mind.think(a_view(), (), heard.append)).text for _ in range(2)]

    assert said == ["하나", "둘"] == [delta.text for delta in heard]
    assert len(mind.views) == 2
    mind.check()


async def test_it_plays_each_agents_own_turns_or_a_function() -> None:
    by_agent = ScriptedMind({"researcher": [Turn("조사")], "writer": [Turn("작성")]})
    by_view = ScriptedMind(lambda view: Turn(actions=(Report(text=view.task),)))

    assert (await by_agent.think(a_view(agent=WRITER), (), print)).text == "작성"
    assert (await by_view.think(a_view(task="일"), (), print)).actions == (Report(text="일"),)
    with pytest.raises(ScriptBroken, match="1 turn was never asked for"):
        by_agent.check()


async def test_it_fails_where_the_script_says_so() -> None:
    with pytest.raises(ModelBusy):
        await ScriptedMind([ModelBusy("m", "loading")]).think(a_view(), (), print)


async def test_a_turn_nobody_expected_is_complained_of_at_once_and_at_the_end() -> None:
    mind = ScriptedMind([])
    with pytest.raises(ScriptBroken, match=r"turn 1 of researcher \(a1\.1\) was not expected"):
        await mind.think(a_view(), (), print)
    with pytest.raises(ScriptBroken, match="was not expected"):
        mind.check()
