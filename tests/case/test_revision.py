"""A report in a person's hands: edits find their sentences, nothing is lost, an old approval counts no more."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jihwi.case import events as e
from jihwi.case import person, revision
from jihwi.case.assignment import Policy
from jihwi.case.revision import Edit, report_digest, report_of, sentence_key
from jihwi.case.state import Case
from jihwi.case.turn import Call, Release, Report, Turn, View
from jihwi.errors import CommandRefused, PassageChanged
from jihwi.evidence import Report as Written
from jihwi.evidence import Section, Sentence
from jihwi.orchestrator import Orchestrator, load_log
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import Press, a_skill, an_agent, an_opening, an_orchestrator

CALL = "a1/1/0"


def said(*texts: str) -> tuple[Sentence, ...]:
    return tuple(Sentence(one, "marked") for one in texts)


REPORT = Written("?", "ko", answer=said("one", "two"), sections=(Section("More", said("three")), Section("Last")))
COMPOSE = a_skill("compose", lambda context, arguments: msgspec.to_builtins(REPORT))


def writer(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=(Call("compose"),))
    return Turn(actions=(Release(CALL), Report(text="done")))


async def a_case(press: Press | None = None, release: Any = "automatic") -> tuple[Orchestrator, str]:
    house = an_orchestrator(MemoryStore(), {"writer": writer}, COMPOSE, press=press)
    case_id = await house.open(an_opening(an_agent("writer", COMPOSE), policy=Policy(release=release)))
    await house.drive(case_id)
    return house, case_id


def texts(case: Case) -> list[list[str]]:
    report = report_of(case, CALL)
    assert report is not None
    return [[one.text for one in part] for part in (report.answer, *(s.sentences for s in report.sections))]


def key(text: str) -> str:
    return sentence_key(Sentence(text, "marked"))


async def edited(house: Orchestrator, case_id: str, by: str = "kim", **how: Any) -> Case:
    edit = Edit(**how)
    return await house.submit(case_id, lambda now: revision.edit_report(now, CALL, edit, by=by))


async def test_sentences_are_replaced_added_removed_and_moved_and_the_log_has_what_stood_there() -> None:
    house, case_id = await a_case()
    case = await edited(house, case_id, how="replace", part=0, at=0, keys=(key("one"),), now=said("1", "1b"))
    assert texts(case) == [["1", "1b", "two"], ["three"], []]
    case = await edited(house, case_id, how="add", part=1, at=1, keys=(key("three"),), now=said("four"))
    case = await edited(house, case_id, how="add", part=2, at=0, now=said("five"))
    assert texts(case) == [["1", "1b", "two"], ["three", "four"], ["five"]]
    case = await edited(house, case_id, how="move", part=1, at=0, keys=(key("three"),), steps=-1)
    assert texts(case) == [["1", "1b", "two", "three"], ["four"], ["five"]]
    case = await edited(house, case_id, how="remove", part=0, at=1, keys=(key("1b"),))
    assert texts(case) == [["1", "two", "three"], ["four"], ["five"]]
    edits = [one for one in await load_log(house.store, case_id) if isinstance(one.body, e.ReportEdited)]
    first = edits[0].body
    assert isinstance(first, e.ReportEdited)
    assert (edits[0].author.role, edits[0].author.id) == ("person", "kim")
    assert ([one.text for one in first.was], [one.text for one in first.now]) == (["one"], ["1", "1b"])
    chain = [one.body for one in edits if isinstance(one.body, e.ReportEdited)]
    assert [one.before for one in chain[1:]] == [one.after for one in chain[:-1]]
    assert chain[-1].after == report_digest(case.results[CALL])


async def test_an_edit_finds_its_sentence_after_others_moved_it_and_tells_when_it_is_gone() -> None:
    house, case_id = await a_case()
    await edited(house, case_id, "lee", how="add", part=0, at=0, now=said("zero"))
    case = await edited(house, case_id, how="replace", part=0, at=1, keys=(key("two"),), now=said("2"))
    assert texts(case)[0] == ["zero", "one", "2"], "seen at 1, it stood at 2 when the edit came"
    with pytest.raises(PassageChanged):
        await edited(house, case_id, "lee", how="replace", part=0, at=1, keys=(key("two"),), now=said("zwei"))
    with pytest.raises(CommandRefused):
        await edited(house, case_id, how="replace", part=0, at=0, keys=(key("zero"),), now=said("zero"))
    assert texts(await house.case(case_id))[0] == ["zero", "one", "2"]


async def test_a_released_report_edited_again_is_a_release_of_its_own() -> None:
    press = Press()
    house, case_id = await a_case(press)
    before = await house.case(case_id)
    case = await edited(house, case_id, how="remove", part=1, at=0, keys=(key("three"),))
    assert revision.is_edited(case)
    assert case.status == "closed"
    digest = report_digest(case.results[CALL])
    with pytest.raises(PassageChanged):
        await house.submit(case_id, lambda now: revision.release_edited(now, CALL, before.released[-1], by="kim"))
    await house.submit(case_id, lambda now: revision.release_edited(now, CALL, digest, by="kim"))
    await house.drive(case_id)
    case = await house.case(case_id)
    assert (case.status, case.outcome, case.answer) == ("closed", "done", "done")
    assert case.released == [before.released[0], digest]
    assert not revision.is_edited(case)
    assert [len(one["sections"][0].get("sentences", [])) for one in press.released] == [1, 0]
    by = [one.body.by for one in await load_log(house.store, case_id) if isinstance(one.body, e.ReportReleased)]
    assert by == ["policy", "person"]
    with pytest.raises(CommandRefused):
        await house.submit(case_id, lambda now: revision.release_edited(now, CALL, digest, by="kim"))


async def test_editing_a_draft_asks_for_its_release_anew_and_the_old_approval_counts_no_more() -> None:
    press = Press()
    house, case_id = await a_case(press, "person")
    [asked] = person.open_approvals(await house.case(case_id))
    await edited(house, case_id, how="replace", part=0, at=0, keys=(key("one"),), now=said("eins"))
    with pytest.raises(CommandRefused):
        await house.submit(case_id, lambda now: person.approve(now, asked.id, by="kim", digest=asked.action_digest))
    await house.drive(case_id)
    [again] = person.open_approvals(await house.case(case_id))
    assert (again.id, again.action_digest) != (asked.id, asked.action_digest)
    await house.submit(case_id, lambda now: person.approve(now, again.id, by="kim"))
    await house.drive(case_id)
    assert (await house.case(case_id)).status == "closed"
    assert [one["answer"][0]["text"] for one in press.released] == ["eins"]


async def test_a_cancelled_case_and_a_call_without_a_report_are_not_edited() -> None:
    house, case_id = await a_case(release="person")
    with pytest.raises(CommandRefused):
        await house.submit(
            case_id,
            lambda now: revision.edit_report(now, "a1/9/9", Edit(how="remove", part=0, at=0, keys=("x",)), by="kim"),
        )
    await house.submit(case_id, lambda now: person.cancel(now, by="kim"))
    with pytest.raises(CommandRefused):
        await edited(house, case_id, how="remove", part=0, at=0, keys=(key("one"),))
