"""Many cases: every one of them is found from the list, by whoever may see it, and its ledger leads back to it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from jihwi.console.people import Person
from jihwi.evidence import Viewer
from jihwi.testing.builders import an_agent, an_opening
from tests.console.office import Client, Running, running_console, small_engine
from tests.console.test_journeys import asker


async def many(running: Running, requests: list[str]) -> list[str]:
    """Cases opened all at once, so that a slow disk is waited for once and not for each of them."""
    engine = running.console.orchestrator
    return await asyncio.gather(*(engine.open(an_opening(an_agent("asker"), request=one)) for one in requests))


async def test_every_case_is_found_from_the_list_however_many_there_are(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker}), runner=False) as running:
        opened = await many(running, [f"{number}번째 요청" for number in range(1, 206)])
        kim = await Client(running.console).come_in()
        first = (await kim.get("/ledger.json")).json()
        assert (first["total"], first["pages"], len(first["cases"])) == (205, 3, 100)
        listed = [
            one["id"] for page in (1, 2, 3) for one in (await kim.get(f"/ledger.json?page={page}")).json()["cases"]
        ]
        assert sorted(listed) == sorted(opened)
        (found,) = (await kim.get("/ledger.json?q=205번째")).json()["cases"]
        assert found["request"] == "205번째 요청"
        page = (await kim.get("/ledger?q=205번째")).text
        assert f'href="/cases/{found["id"]}"' in page
        assert f'href="/cases/{found["id"]}"' in (await kim.get(f"/cases/{found['id']}/ledger")).text
        assert "그런 사건이 없습니다" in (await kim.get("/ledger?q=없는 것")).text


async def test_who_opened_one_case_long_ago_still_finds_it_behind_those_of_everybody_else(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker}), runner=False) as running:
        await running.console.people.put(Person("park", "박", "requester"))
        opening = msgspec.structs.replace(an_opening(an_agent("asker")), requester=Viewer("park"))
        mine = await running.console.orchestrator.open(opening)
        await many(running, [f"{number}" for number in range(1001)])
        park = await Client(running.console).come_in("park")
        for place in ("/desk.json", "/ledger.json"):
            assert [one["id"] for one in (await park.get(place)).json()["cases"]] == [mine]
