"""What the case worker does on a case's page beside deciding: who works there, whose word an approval waits for, and
what to do when the house has stopped a case. Asked directly, as a browser's forms do."""

from __future__ import annotations

from pathlib import Path

from jihwi.case import events as e
from jihwi.case.assignment import Policy
from jihwi.case.turn import Ask, Call, Report, Turn, View
from jihwi.console.people import Person
from jihwi.testing.builders import a_skill, an_agent, an_opening
from tests.console.office import Client, running_console, small_engine


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
