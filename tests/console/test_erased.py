"""A case whose texts were erased: they are gone from every page at once, and what is left of it is told plainly."""

from __future__ import annotations

from pathlib import Path

from jihwi.case.assignment import Reason
from jihwi.case.events import Author
from jihwi.case.turn import Report, Turn, View
from jihwi.ids import Randomness
from jihwi.store.erasing import erase_bodies
from jihwi.testing.builders import an_agent, an_opening
from tests.console.office import Client, running_console, small_engine

SECRET = "홍길동의 징계 사유"


def teller(view: View) -> Turn:
    return Turn(actions=(Report(text=SECRET),))


async def test_what_is_erased_is_gone_from_a_console_that_has_shown_it(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"teller": teller})) as running:
        kim = await Client(running.console).come_in()
        opening = an_opening(an_agent("teller"), request=SECRET)
        case_id = str(await running.console.orchestrator.open(opening))
        ended = await running.case(case_id, lambda case: case.status == "closed")
        told = ("", "/ledger", "/prompts", "/events/1", f"/events/{ended.seq - 1}")
        places = [f"/cases/{case_id}{one}" for one in told]
        places += [f"/cases/{case_id}?part=now", "/desk", "/ledger", "/team"]
        assert len([place for place in places if SECRET in (await kim.get(place)).text]) >= 5
        await erase_bodies(
            running.console.house.store,
            case_id,
            seqs=None,
            reason=Reason("erased", {"words": ""}),
            author=Author("person", "kim"),
            chance=Randomness(),
        )
        for place in (*places, *[f"{place}.json" for place in places if "?" not in place]):
            answer = await kim.get(place)
            assert answer.status == 200, place
            assert SECRET not in answer.text, place
        page = (await kim.get(f"/cases/{case_id}")).text
        assert "<h1>지워진 사건</h1>" in page
        assert "이 사건의 내용은 지워졌습니다" in page
        assert "1970" not in page
        assert f'action="/cases/{case_id}/' not in page
        assert (await kim.get(f"/cases/{case_id}/fork?at=2")).status == 404
        for place in ("/desk", "/ledger"):
            listed = (await kim.get(place)).text
            assert "지워진 사건" in listed
            assert f'href="/cases/{case_id}#further"' not in listed
