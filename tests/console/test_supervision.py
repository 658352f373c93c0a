"""What the case worker does on a case's page beside deciding: who works there, whose word an approval waits for, and
what to do when the house has stopped a case. Asked directly, as a browser's forms do."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import Any

from jihwi.case import events as e
from jihwi.case.assignment import Policy, SkillSpec
from jihwi.case.budget import Limits, Spending
from jihwi.case.governor import CHOICES as CHOICE_WORDS
from jihwi.case.state import Case
from jihwi.case.turn import Ask, Call, Delegate, Post, Release, Report, Told, Turn, View
from jihwi.console.people import Person
from jihwi.console.standing import standing_of
from jihwi.evidence import Claim
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.testing.builders import a_skill, an_agent, an_opening
from tests.console.office import PATIENCE, Client, running_console, small_engine


def asker(view: View) -> Turn:
    return Turn(actions=(Ask("?"),) if view.turn == 1 else (Report(text="end"),))


async def test_agents_and_skills_join_and_leave_from_the_cases_page(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker")))
        await running.case(case_id, lambda case: bool(case.assignments["a1"].actions))
        client = await Client(running.console).come_in()
        page = (await client.get(f"/cases/{case_id}", accept="application/json")).json()
        assert [one["name"] for one in page["members"]] == ["asker"]
        assert "report/checker" in [f"{one['team']}/{one['agent']}" for one in page["newcomers"]]
        team = f"/cases/{case_id}/team"
        joined = await client.post(team, {"do": "join", "newcomer": "report/checker"})
        assert joined.status == 303
        assert (await client.post(team, {"do": "join", "newcomer": "report/nobody"})).status == 422
        assert (await client.post(team, {"do": "join", "newcomer": "report/checker"})).status == 409
        case = await running.case(case_id, lambda case: "checker" in case.agents)
        assert case.agents["asker"].delegates == ("checker",)
        shown = (await client.get(f"/cases/{case_id}")).text
        assert f'action="/cases/{case_id}/team"' in shown
        for fields in (
            {"do": "join_skill", "agent": "asker", "skill": "search"},
            {"do": "leave_skill", "agent": "checker", "skill": "check_quotations"},
            {"do": "leave", "agent": "asker", "to": "checker"},
        ):
            assert (await client.post(team, fields)).status == 303
        case = await running.case(case_id, lambda case: "asker" not in case.agents)
        assert case.assignments["a1"].agent == "checker"
        assert "check_quotations" not in case.skills["checker"]
        # What this console's runner does not have is said on the page.
        await running.case(case_id, lambda case: case.assignments["a1"].awaits is not None)
        page = (await client.get(f"/cases/{case_id}", accept="application/json")).json()
        assert "report/checker" in page["tree"][0]["awaits"]
        kinds = [one["kind"] for one in page["timeline"]]
        assert {"team_changed", "agent_joined", "agent_changed", "agent_left", "runner_awaited"} <= set(kinds)


async def test_only_who_may_decide_says_who_works_in_a_case(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker")))
        await running.console.people.put(Person("choi", "Choi", "auditor"))
        auditor = await Client(running.console).come_in("choi")
        page = await auditor.get(f"/cases/{case_id}", accept="application/json")
        assert page.json()["newcomers"] == []
        refused = await auditor.post(f"/cases/{case_id}/team", {"do": "join", "newcomer": "report/checker"})
        assert refused.status == 403


# ── whose word an approval waits for ─────────────────────────────────────────


def sender(view: View) -> Turn:
    return Turn(actions=(Call("send", {"to": "all"}),) if view.turn == 1 else (Report(text="end"),))


async def test_what_went_to_the_deputy_has_a_form_for_the_deputy_only(tmp_path: Path) -> None:
    send = a_skill("send", effect="write", approval="always")
    policy = Policy(approval_expires_ms=3_600_000, deputy="park")
    async with running_console(tmp_path, small_engine({"sender": sender}, send)) as running:
        for name in ("park", "lee"):
            await running.console.people.put(Person(name, name, "case_worker"))
        case_id = await running.console.orchestrator.open(an_opening(an_agent("sender", send), policy=policy))
        case = await running.case(case_id, lambda case: bool(case.approvals))
        (approval,) = case.approvals.values()
        escalated = e.Draft(e.ApprovalEscalated(approval.id, "park"))
        await running.console.orchestrator.submit(case_id, lambda now: [escalated])
        park, lee = [await Client(running.console).come_in(name) for name in ("park", "lee")]
        form = f'action="/cases/{case_id}/approvals"'
        for place in (f"/cases/{case_id}", "/inbox"):
            mine, others = [(await client.get(place)).text for client in (park, lee)]
            assert (form in mine, form in others) == (True, False)
            assert "park 님에게 넘어갔습니다" in mine
            assert "park 님에게 넘어갔습니다" in others
        (waiting,) = (await lee.get("/inbox.json")).json()["waiting"]
        assert (waiting["deputy"], waiting["answerers"]) == ("park", ["park"])
        verdict = {"approval": approval.id, "digest": approval.action_digest, "verdict": "approve"}
        refused = await lee.post(f"/cases/{case_id}/approvals", verdict, accept="application/json")
        assert refused.status in (403, 409)
        assert "park" in refused.json()["error"]["words"]
        assert (await park.post(f"/cases/{case_id}/approvals", verdict)).status == 303
        await running.case(case_id, lambda case: case.outcome == "done")


def doubtful(view: View) -> Turn:
    """In the case worker's seat: lets the sender send, and leaves to a person whether it may."""
    if "approval" in view.inputs:
        return Turn(actions=(Report(text="The address is not in our book.", data={"verdict": "person"}),))
    return Turn(actions=(Delegate("sender", "send it"),) if view.turn == 1 else (Report(text="end"),))


async def test_who_answers_what_the_case_workers_seat_left_to_a_person_reads_its_own_words(tmp_path: Path) -> None:
    send = a_skill("send", effect="write", approval="always")
    agents = an_agent("doubtful", delegates=("sender",)), an_agent("sender", send)
    policy = Policy(case_worker_approves=("send",))
    async with running_console(tmp_path, small_engine({"doubtful": doubtful, "sender": sender}, send)) as running:
        kim = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(*agents, policy=policy))
        await running.case(case_id, lambda case: any(one.judged for one in case.approvals.values()))
        for place in (f"/cases/{case_id}", "/inbox"):
            page = (await kim.get(place)).text
            assert "doubtful이(가) 스스로 정하지 않고 사람에게 남겼습니다." in page
            assert "The address is not in our book." in page
        (waiting,) = (await kim.get("/inbox.json")).json()["waiting"]
        assert (waiting["left_by"], waiting["left_words"]) == ("doubtful", "The address is not in our book.")


# ── whose seat it was when a write ended ──────────────────────────────────────


async def test_the_page_says_how_a_write_ended_that_ran_while_its_seat_was_taken(tmp_path: Path) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        begun.set()
        await go.wait()
        return SkillResult("in the post")

    send = Skill(SkillSpec("send", effect="write"), "Sends.", {"type": "object"}, runs)
    policy = Policy(approve=("send",))
    async with running_console(tmp_path, small_engine({"sender": sender}, send)) as running:
        client = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("sender", send), policy=policy))
        async with asyncio.timeout(PATIENCE):
            await begun.wait()
        assert (await client.post(f"/cases/{case_id}/seats", {"assignment": "a1", "how": "take"})).status == 303
        await running.case(case_id, lambda case: case.assignments["a1"].mind.kind == "person")
        assert "어떻게 끝났는지 아직 모릅니다" in (await client.get(f"/cases/{case_id}")).text
        go.set()
        await running.case(case_id, lambda case: case.overtaken["a1/1/0"].told)
        page = (await client.get(f"/cases/{case_id}")).text
        assert "그 뒤에 끝났습니다(a1/1/0): in the post" in page
        assert "결과를 자리에 알렸습니다" in page


# ── what the house stops ─────────────────────────────────────────────────────


def stuck(view: View) -> Turn:
    told = view.seat > 1 or any(isinstance(one, Told) and one.by for one in view.transcript)
    return Turn(actions=(Report(text="end"),)) if told else Turn()


def dear(view: View) -> Turn:
    turn = Turn(actions=(Call("look", {"n": view.turn}),), usage=Spending(tokens=600_000))
    return turn if view.turn < 4 else Turn(actions=(Report(text="end"),))


CHOICES = {
    "note": ("notes", {"assignment": "a1", "note": "report now"}, "done"),
    "reassign": ("seats", {"assignment": "a1", "how": "reassign", "agent": "other"}, "done"),
    "take": ("seats", {"assignment": "a1", "how": "take"}, "waits"),
    "resume": ("course", {"do": "resume"}, "parked"),
    "cancel": ("course", {"do": "cancel"}, "cancelled"),
}


async def test_a_stopped_case_shows_why_and_every_choice_is_a_form_that_leads_on(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"stuck": stuck, "other": stuck})) as running:
        client = await Client(running.console).come_in()
        for choice, (place, fields, ends) in CHOICES.items():
            case_id = await running.console.orchestrator.open(an_opening(an_agent("stuck"), an_agent("other")))
            stopped = await running.case(case_id, lambda case: case.status == "parked")
            (waiting,) = (await client.get(f"/cases/{case_id}.json")).json()["waiting"]
            assert choice in waiting["choices"]
            page = (await client.get(f"/cases/{case_id}")).text
            assert "거듭 아무 말도 하지 않았습니다" in page
            assert CHOICE_WORDS[choice][0] in page
            assert f'action="/cases/{case_id}/budget"' not in page
            assert (await client.post(f"/cases/{case_id}/{place}", fields)).status == 303
            await running.case(case_id, functools.partial(_stands, stopped.seq, ends))


def _stands(after: int, standing: str, case: Case) -> bool:
    """Whether a case has gone on after an event and come to stand so."""
    return case.seq > after and standing_of(case) == standing


async def test_a_budget_that_ran_out_is_raised_on_the_page(tmp_path: Path) -> None:
    look = a_skill("look")
    async with running_console(tmp_path, small_engine({"dear": dear}, look)) as running:
        client = await Client(running.console).come_in()
        opening = an_opening(an_agent("dear", look), limits=Limits(tokens=1_000_000))
        case_id = await running.console.orchestrator.open(opening)
        await running.case(case_id, lambda case: case.status == "parked")
        page = (await client.get(f"/cases/{case_id}")).text
        assert 'name="tokens"' in page
        assert "토큰을 다 썼습니다" in page
        assert "지금 한도 1,000,000, 쓴 것 1,200,000" in page
        assert (await client.post(f"/cases/{case_id}/budget", {})).status == 422
        assert (await client.post(f"/cases/{case_id}/budget", {"tokens": "9000000"})).status == 303
        await running.case(case_id, lambda case: case.outcome == "done")


# ── going on without a child, and disputing ──────────────────────────────────


def gives_out(view: View) -> Turn:
    return Turn(actions=(Post(Claim("12 students")), Delegate("asker", "?")) if view.turn == 1 else (Ask("?"),))


async def test_a_parent_goes_on_without_its_child_and_a_finding_is_disputed_on_the_page(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"boss": gives_out, "asker": asker})) as running:
        client = await Client(running.console).come_in()
        opening = an_opening(an_agent("boss", delegates=("asker",)), an_agent("asker"))
        case_id = await running.console.orchestrator.open(opening)
        await running.case(case_id, lambda case: "a1.1" in case.assignments and bool(case.assignments["a1.1"].actions))
        assert 'value="go_on"' in (await client.get(f"/cases/{case_id}")).text
        child = {"assignment": "a1.1", "how": "go_on"}
        assert (await client.post(f"/cases/{case_id}/seats", child)).status == 303
        await running.case(case_id, lambda case: case.assignments["a1"].turn == 2)
        assert (await client.post(f"/cases/{case_id}/seats", child)).status == 409
        assert (await client.post(f"/cases/{case_id}/seats", {"assignment": "a1", "how": "take"})).status == 303
        assert 'value="dispute"' in (await client.get(f"/cases/{case_id}")).text
        turn = {"assignment": "a1", "do": "dispute", "finding": "1", "text": "I counted 11"}
        assert (await client.post(f"/cases/{case_id}/turns", turn)).status == 303
        case = await running.case(case_id, lambda case: bool(case.findings[0].disputes))
        assert case.findings[0].disputes == ("boss: I counted 11",)


async def test_a_turn_without_words_is_not_taken_and_ends_nothing(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        kim = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker")))
        await running.case(case_id, lambda case: bool(case.assignments["a1"].actions))
        assert (await kim.post(f"/cases/{case_id}/seats", {"assignment": "a1", "how": "take"})).status == 303
        for do in ("report", "post", "ask", "delegate", "hand_off", "dispute", "say"):
            refused = await kim.post(f"/cases/{case_id}/turns", {"assignment": "a1", "do": do, "text": "  "})
            assert refused.status == 422, do
            assert "글이 비어 있습니다" in refused.text
        assert (await kim.get(f"/cases/{case_id}.json")).json()["standing"] == "waits"


def finder_of_nothing(view: View) -> Turn:
    """Composes a report that found nothing, and would let it go."""
    if view.turn == 1:
        return Turn(actions=(Call("compose", {}),))
    return Turn(actions=(Release("a1/1/0"),))


async def test_a_report_that_found_nothing_is_shown_and_let_go_by_whoever_has_the_seat(tmp_path: Path) -> None:
    nothing = {"request": "?", "language": "ko", "not_found": [{"question": "?"}]}
    compose = a_skill("compose", lambda context, arguments: nothing)
    policy = Policy(release="person")
    async with running_console(tmp_path, small_engine({"finder": finder_of_nothing}, compose)) as running:
        kim = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("finder", compose), policy=policy))
        await running.case(case_id, lambda case: bool(case.approvals))
        assert (await kim.post(f"/cases/{case_id}/seats", {"assignment": "a1", "how": "take"})).status == 303
        page = await kim.get(f"/cases/{case_id}", accept="application/json")
        assert page.json()["draft"] == "a1/1/0"
        assert "지은 보고서 내보내기" in (await kim.get(f"/cases/{case_id}")).text


async def test_a_case_that_ended_without_a_report_says_so_with_what_was_said_last(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        kim = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker")))
        await running.case(case_id, lambda case: bool(case.assignments["a1"].actions))
        assert "보고서 없이 끝났습니다" not in (await kim.get(f"/cases/{case_id}")).text
        await kim.post(f"/cases/{case_id}/answers", {"assignment": "a1", "number": "0", "answer": "2025년"})
        await running.case(case_id, lambda case: case.status == "closed")
        page = (await kim.get(f"/cases/{case_id}")).text
        assert "보고서 없이 끝났습니다." in page
        assert '<p class="last-words">end</p>' in page


def spender(view: View) -> Turn:
    return Turn(actions=(Call("look", {"n": view.turn}),)) if view.turn < 7 else Turn(actions=(Report(text="end"),))


async def test_a_limit_that_is_used_up_already_is_not_taken_for_a_raised_one(tmp_path: Path) -> None:
    look = a_skill("look")
    async with running_console(tmp_path, small_engine({"spender": spender}, look)) as running:
        kim = await Client(running.console).come_in()
        opening = an_opening(an_agent("spender", look), limits=Limits(turns=5))
        case_id = await running.console.orchestrator.open(opening)
        await running.case(case_id, lambda case: case.status == "parked")
        refused = await kim.post(f"/cases/{case_id}/budget", {"turns": "5"})
        assert refused.status == 422
        assert "이미 쓴 것(5)보다 커야" in refused.text
        assert (await kim.post(f"/cases/{case_id}/budget", {"turns": "9"})).status == 303
        await running.case(case_id, lambda case: case.status == "closed")


async def test_a_way_back_to_an_event_leads_to_it_however_long_the_case_is(tmp_path: Path) -> None:
    def talker(view: View) -> Turn:
        look_again = Turn(actions=(Call("look", {"n": view.turn}),))
        return look_again if view.turn < 60 else Turn(actions=(Report(text="end"),))

    look = a_skill("look")
    async with running_console(tmp_path, small_engine({"talker": talker}, look)) as running:
        kim = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("talker", look)))
        closed = await running.case(case_id, lambda case: case.status == "closed")
        assert closed.seq > 200
        for seq in (3, 100, closed.seq):
            event = (await kim.get(f"/cases/{case_id}/events/{seq}")).text
            assert f'href="/cases/{case_id}?at={seq}#e{seq}"' in event
            assert f'id="e{seq}"' in (await kim.get(f"/cases/{case_id}?at={seq}")).text
        newest = (await kim.get(f"/cases/{case_id}?at={closed.seq}")).text
        assert "data-window" not in newest
