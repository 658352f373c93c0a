"""The house's facts: kept in every store, folded alike by every process, and never a secret among them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jihwi.case.assignment import Reason
from jihwi.case.events import KINDS, Author
from jihwi.case.ledger import Sealed, verify
from jihwi.errors import AccountInvalid, LedgerBroken, SettingInvalid, SettingUnknown
from jihwi.house import (
    HOUSE_KINDS,
    HOUSE_SETTINGS,
    HouseState,
    HouseStream,
    PasswordSet,
    Person,
    Refused,
    Repeats,
    change_settings,
    put_endpoint,
    put_person,
    remove_endpoint,
    team_seen,
)
from jihwi.ids import Randomness
from jihwi.store import HOUSE
from jihwi.store.memory import MemoryStore
from jihwi.store.moving import copy_store
from jihwi.store.sqlite import SqliteStore
from tests.console.office import until

KIM = Author("person", "kim", door="cli")


async def test_what_one_process_says_another_folds(tmp_path: Path) -> None:
    path = tmp_path / "cases.db"
    async with await SqliteStore.open(path) as mine, await SqliteStore.open(path) as theirs:
        one, other = HouseStream(mine, Randomness()), HouseStream(theirs, Randomness())
        park = Person("park", "박", "requester", ("인사",))
        await one.decide(lambda state: put_person(state, park), author=KIM)
        assert (await other.refresh()).people["park"] == park
        await other.decide(lambda state: put_person(state, Person("park", "박", "auditor", active=False)), author=KIM)
        assert (await one.refresh()).people["park"] == Person("park", "박", "auditor", (), active=False)
        kinds = [event.kind for event in await one.events()]
        assert kinds == ["person_added", "role_granted", "labels_granted", "person_deactivated"]
        assert verify(HOUSE, await mine.read(HOUSE)).events == 4
        assert await mine.rows() == []


async def test_who_loses_an_append_decides_again_on_what_the_others_wrote() -> None:
    store = MemoryStore()
    streams = [HouseStream(store, Randomness()) for _ in range(4)]
    park = Person("park", "박", "requester")
    await asyncio.gather(*(one.decide(lambda state: put_person(state, park), author=KIM) for one in streams))
    assert [event.kind for event in await streams[0].events()] == ["person_added"]


async def test_a_follower_learns_what_others_write() -> None:
    store = MemoryStore()
    mine, theirs = HouseStream(store, Randomness()), HouseStream(store, Randomness())
    following = asyncio.create_task(mine.follow(3600.0))
    await theirs.decide(lambda state: put_person(state, Person("park", "박", "requester")))
    await until(lambda: "park" in mine.state.people)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_the_house_moves_with_its_cases_and_goes_on_there(tmp_path: Path) -> None:
    source, target = MemoryStore(), MemoryStore()
    stream = HouseStream(source, Randomness())
    await stream.decide(lambda state: put_person(state, Person("park", "박", "requester")), author=KIM)
    copied = await copy_store(source, target)
    assert (copied.cases, copied.events, copied.differing) == (0, 1, ())
    moved = HouseStream(target, Randomness())
    assert "park" in (await moved.refresh()).people
    await moved.record(PasswordSet("park"))
    await stream.record(PasswordSet("park"))
    assert (await copy_store(source, target)).differing == (HOUSE,)


async def test_a_changed_chain_is_not_folded() -> None:
    store = MemoryStore()
    await HouseStream(store, Randomness()).record(PasswordSet("park"), PasswordSet("lee"))
    first, second = await store.read(HOUSE)

    class Changed(MemoryStore):
        async def read(self, case_id: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
            return [second]

    with pytest.raises(LedgerBroken):
        await HouseStream(Changed(), Randomness()).refresh()
    assert first.seq == 1


def test_a_person_changes_by_what_is_new_alone() -> None:
    state = HouseState(people={"park": Person("park", "박", "requester", ("인사",))})
    assert put_person(state, Person("park", "박", "requester", ("인사",))) == []
    changed = put_person(state, Person("park", "박민수", "auditor", (), active=False, mail="park@office.local"))
    kinds = [type(one).__name__ for one in changed]
    assert kinds == ["PersonRenamed", "RoleGranted", "LabelsGranted", "MailSet", "PersonDeactivated"]
    for bad in ("", "../kim", "a b", "x" * 65):
        with pytest.raises(AccountInvalid):
            put_person(state, Person(bad, "", "requester"))
    with pytest.raises(SettingInvalid):
        put_person(state, Person("lee", "이", "requester", mail="lee@office\nBcc: all@office"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mail_server", "mail.office.local:99999"),
        ("mail_server", "http://mail"),
        ("mail_from", "kim"),
        ("mail_security", "ssl3"),
        ("mail_password", "hunter2hunter2"),
        ("webhook", "http://elsewhere.example/"),
        ("webhooks_allowed", "ftp://chat.local"),
        ("webhooks_allowed", "http://kim:pw@chat.local/"),
        ("keep_verdicts", "perhaps"),
    ],
)
def test_a_setting_takes_only_what_it_can_be(name: str, said: str) -> None:
    with pytest.raises(SettingInvalid) as found:
        change_settings(HouseState(), {name: said})
    assert "hunter2" not in str(found.value)


def test_settings_change_together_and_only_where_they_differ() -> None:
    facts = change_settings(
        HouseState(), {"webhooks_allowed": "http://chat.local/hooks", "webhook": "http://chat.local/hooks/7"}
    )
    assert len(facts) == 2
    assert change_settings(HouseState(), {"keep_verdicts": "off", "mail_server": ""}) == []
    with pytest.raises(SettingUnknown):
        change_settings(HouseState(), {"colour": "red"})


def test_an_endpoint_never_holds_its_key() -> None:
    state = HouseState()
    with pytest.raises(SettingInvalid) as found:
        put_endpoint(state, "local", "openai:m@http://127.0.0.1:1/v1", key="sk-1234")
    assert "sk-1234" not in str(found.value)
    assert len(put_endpoint(state, "local", "openai:m@http://127.0.0.1:1/v1", key="env:KEY", classes=("O", "S"))) == 1
    assert remove_endpoint(state, "local") == []


def test_a_broken_team_is_a_fact_once_and_whole_again_once() -> None:
    state = HouseState()
    assert len(team_seen(state, "desk", Reason("team_invalid"))) == 1
    state.broken_teams["desk"] = "team_invalid"
    assert team_seen(state, "desk", Reason("team_invalid")) == []
    assert len(team_seen(state, "desk", None)) == 1
    assert team_seen(HouseState(), "desk", None) == []


def test_the_kinds_of_the_house_and_of_a_case_are_told_apart() -> None:
    assert not HOUSE_KINDS.keys() & KINDS.keys()
    assert {version for _, version in HOUSE_KINDS.values()} == {1}


def test_every_setting_says_what_it_takes_in_both_languages() -> None:
    for one in HOUSE_SETTINGS.values():
        assert one.ko
        assert one.en
        assert one.expected


async def test_a_flood_of_refusals_is_a_handful_of_facts() -> None:
    seen = Repeats()
    written = sum(seen.note(("kim", f"GET /cases/{number % 1000}"), number) for number in range(100_000))
    assert written <= 202
    counted = seen.due(12 * 60 * 1000)
    assert sum(one.count for one in counted) + written == 100_000
    assert len(counted) <= 203
    assert [one.key for one in counted].count(()) == 1


async def test_a_day_of_ever_new_refusals_stays_small() -> None:
    seen, written, told = Repeats(), 0, 0
    for minute in range(24 * 60):
        for number in range(50):
            written += seen.note(("", f"{minute}/{number}"), minute * 60_000)
        told += len(seen.due(minute * 60_000))
    assert written < 1_700
    assert told < 200


async def test_a_refusal_names_its_author_in_the_header() -> None:
    stream = HouseStream(MemoryStore(), Randomness())
    (event,) = await stream.record(Refused("POST /settings/people", "not_allowed"), author=KIM)
    assert (event.author, event.kind) == (KIM, "refused")
