"""The settings page: models with the classes they may see, data ownership with who and when, in both languages."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from jihwi.case.assignment import MindSpec
from jihwi.console.people import Person
from jihwi.house import HOUSE_SETTINGS
from jihwi.settings import Settings
from jihwi.testing.openai_server import OpenAIServer, Reply
from jihwi.wiring import open_house
from tests.console.office import Client, running_console, small_engine
from tests.network import kept_port

ROOT = Path(__file__).parents[2]


async def test_a_model_is_added_tried_and_taken_away(tmp_path: Path) -> None:
    with OpenAIServer([Reply("ready")]) as server:
        async with running_console(tmp_path, small_engine({})) as running:
            kim = await Client(running.console).come_in()
            model = {"name": "local", "spec": server.spec, "key": "", "O": "true", "S": "true"}
            assert (await kim.post("/settings/endpoints", {**model, "key": "sk-1234567"})).status == 422
            assert (await kim.post("/settings/endpoints", {**model, "spec": "somewhere"})).status == 422
            assert (await kim.post("/settings/endpoints", {**model, "O": "", "S": ""})).status == 422
            assert (await kim.post("/settings/endpoints", model)).status == 303
            shown = (await kim.get("/settings.json")).json()["endpoints"]
            assert shown == [{"name": "local", "spec": server.spec, "key": "", "classes": ["S", "O"]}]
            tried = await kim.post("/settings/endpoints/local/test", {})
            assert re.search(r"응답했습니다 \(\d+ ms\)", tried.text)
            assert (await kim.post("/settings/endpoints/other/test", {})).status == 404
            assert (await kim.post("/settings/endpoints/local/remove", {})).status == 303
            assert (await kim.get("/settings.json")).json()["endpoints"] == []
            kinds = [event.kind for event in await running.console.stream.events()]
            assert [kind for kind in kinds if kind.startswith("endpoint")] == ["endpoint_added", "endpoint_removed"]


async def test_a_model_that_is_away_is_told_plainly(tmp_path: Path) -> None:
    with kept_port() as port:
        async with running_console(tmp_path, small_engine({})) as running:
            kim = await Client(running.console).come_in()
            spec = f"openai:m@http://127.0.0.1:{port}/v1"
            await kim.post("/settings/endpoints", {"name": "away", "spec": spec, "O": "true"})
            tried = await kim.post("/settings/endpoints/away/test", {}, cookie=f"{kim.cookie}; jihwi_lang=en")
            assert "cannot be reached" in tried.text


async def test_the_name_of_a_model_stands_for_its_address_and_classes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with running_console(home, small_engine({})) as running:
        kim = await Client(running.console).come_in()
        sent = {"name": "local", "spec": "openai:m@http://127.0.0.1:9/v1", "C": "true", "O": "true"}
        assert (await kim.post("/settings/endpoints", sent)).status == 303
    async with open_house(Settings(home=str(home), viewer="kim", model="local")) as house:
        endpoint = house.minds.model("local").endpoint
        assert (endpoint.model, endpoint.base_url) == ("m", "http://127.0.0.1:9/v1")
        assert endpoint.classes == ("C", "O")
        assert house.minds.has(MindSpec("model", ""))


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_who_switched_data_ownership_and_when_is_shown(tmp_path: Path, language: str) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        await running.console.people.put(Person("jung", "정", "administrator"))
        jung = await Client(running.console).come_in("jung")
        jung.cookie += f"; jihwi_lang={language}"
        before = {one["name"]: one for one in (await jung.get("/settings.json")).json()["house"]}
        assert [before[name]["value"] for name in ("keep_verdicts", "keep_prompts", "keep_edits")] == [False] * 3
        assert (await jung.post("/settings/house", {"keep_verdicts": "on", "keep_prompts": "off"})).status == 303
        after = {one["name"]: one for one in (await jung.get("/settings.json")).json()["house"]}
        assert (after["keep_verdicts"]["value"], after["keep_verdicts"]["by"]) == (True, "jung")
        assert after["keep_verdicts"]["at_ms"] > 0
        assert after["keep_prompts"]["by"] == ""
        page = await jung.get("/settings")
        assert ("자료의 주인" if language == "ko" else "Data ownership") in page.text
        assert "jung, 20" in page.text


async def test_a_requester_sees_no_setting_of_the_house_and_sets_their_own_address(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        await running.console.people.put(Person("park", "박", "requester"))
        park = await Client(running.console).come_in("park")
        shown = (await park.get("/settings.json")).json()
        assert (shown["house"], shown["ways"], shown["endpoints"], shown["people"]) == ([], [], [], [])
        assert (await park.post("/settings/me", {"mail": "park@office.local"})).status == 303
        assert (await park.post("/settings/me", {"mail": "not an address"})).status == 422
        person = running.console.people.person("park")
        assert person is not None
        assert person.mail == "park@office.local"


async def test_every_setting_of_the_house_is_in_the_docs_as_it_is() -> None:
    page = await asyncio.to_thread((ROOT / "docs" / "settings.md").read_text, "utf-8")
    for name, about in HOUSE_SETTINGS.items():
        mark = " (owner)" if about.owner_only else ""
        assert f"| `{name}`{mark} | {about.expected} | {about.en} |" in page


def field(page: str, name: str) -> str:
    """What a field of a page holds."""
    found = re.search(rf'<input name="{name}"[^>]*? value="([^"]*)"', page)
    return found[1] if found else ""


async def test_who_changes_an_account_begins_with_what_it_is_and_loses_none_of_it(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        park = Person("park", "박", "auditor", ("인사", "회계"), True, "park@office.local")
        await running.console.people.put(park)
        kim = await Client(running.console).come_in()
        shown = (await kim.get("/settings")).text
        assert 'href="/settings?person=park#people"' in shown
        form = (await kim.get("/settings?person=park")).text
        assert [field(form, name) for name in ("id", "labels")] == ["park", "인사, 회계"]
        assert '<option value="auditor" selected>' in form
        assert "park@office.local" in form
        sent = {"id": "park", "name": "박", "role": "auditor", "labels": "인사, 회계", "mail": "park@office.local"}
        assert (await kim.post("/settings/people", {**sent, "active": "true", "password": "ten letters"})).status == 303
        assert running.console.people.person("park") == park


async def test_adding_what_is_there_already_changes_nothing(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        park = Person("park", "박", "administrator", ("인사",), True, "park@office.local")
        await running.console.people.put(park)
        kim = await Client(running.console).come_in()
        refused = await kim.post("/settings/people", {"id": "park", "new": "true", "password": "ten letters"})
        assert refused.status == 422
        assert "이미 있습니다" in refused.text
        assert running.console.people.person("park") == park
        model = {"name": "local", "spec": "openai:m@http://127.0.0.1:9/v1", "key": "env:KEY", "C": "true"}
        assert (await kim.post("/settings/endpoints", {**model, "new": "true"})).status == 303
        assert (await kim.post("/settings/endpoints", {**model, "key": "", "new": "true"})).status == 422
        form = (await kim.get("/settings?endpoint=local")).text
        assert [field(form, name) for name in ("name", "spec", "key")] == ["local", model["spec"], "env:KEY"]
        assert 'name="C" value="true" checked' in form
        assert 'name="O" value="true">' in form
