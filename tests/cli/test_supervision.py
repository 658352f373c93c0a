"""A person steps in at the terminal: seats change hands, approvals are answered, cases go on under other runners."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jihwi.case import events as e
from jihwi.cli.drafts import Drafts
from jihwi.cli.screen import Screen
from jihwi.minds import Delta
from jihwi.settings import Settings
from jihwi.testing.openai_server import OpenAIServer, Reply, Use
from jihwi.wiring import open_house
from tests.cli.desk import followed, its_team, run, runner, until
from tests.cli.terminal import answered, environment, said

# ── seats ────────────────────────────────────────────────────────────────────


def test_an_assignment_is_taken_in_mid_work_with_its_transcript_and_given_back(desk: Path) -> None:
    run(desk, "delegate")
    answered(desk, "case", "take", "last", "a1.1")
    seat = answered(desk, "case", "show", "last", "--of", "a1.1")
    assert (seat["seat"], seat["mind"]) == (2, {"kind": "person", "name": "lee"})
    kinds = [one["is"] for one in seat["transcript"]]
    assert kinds[:2] == ["task", "turn"]
    assert {"settled", "told"} <= set(kinds)
    # The question of the seat that is gone waits no more; the other helper's does.
    (question,) = answered(desk, "case", "show", code=3)["questions"]
    assert question["assignment"] == "a1.2"
    answered(desk, "case", "turn", "last", "a1.1", "--call", "look", '{"at": "the shelf"}')
    answered(desk, "case", "run", code=3)
    seat = answered(desk, "case", "show", "last", "--of", "a1.1")
    assert seat["transcript"][-1]["value"] == "seen the shelf"
    answered(desk, "case", "note", "last", "a1.1", "ask once more")
    answered(desk, "case", "give", "last", "a1.1")
    answered(desk, "case", "run", code=3)
    seat = answered(desk, "case", "show", "last", "--of", "a1.1")
    assert (seat["seat"], seat["mind"]["kind"]) == (3, "procedure")
    told = [one["reason"]["code"] for one in seat["transcript"] if one["is"] == "told"]
    assert told == ["seat_take", "note", "seat_give"]
    assert len(answered(desk, "case", "show", code=3)["questions"]) == 2


def test_a_person_reports_in_a_childs_seat_another_is_cancelled_and_the_parent_goes_on(desk: Path) -> None:
    run(desk, "delegate")
    answered(desk, "case", "take", "last", "a1.1")
    assert (
        answered(desk, "case", "turn", "last", "a1.2", "--report", "no", code=1)["error"]["code"] == "command_refused"
    )
    answered(desk, "case", "turn", "last", "a1.1", "--report", "done by hand")
    assert answered(desk, "case", "cancel", "last", "--of", "a1", code=1)["error"]
    answered(desk, "case", "cancel", "last", "--of", "a1.2")
    answered(desk, "case", "run")
    assert answered(desk, "case", "show", "last", "--of", "a1")["open"] is False
    assert _answer(desk) == "done:done by hand | failed:"


def test_a_parent_goes_on_without_its_children(desk: Path) -> None:
    run(desk, "delegate")
    answered(desk, "case", "answer", "last", "1", "--of", "a1.1/1")
    answered(desk, "case", "go-on", "last", "a1.2")
    assert answered(desk, "case", "go-on", "last", "a1.2", code=1)["error"]["code"] == "command_refused"
    answered(desk, "case", "run")
    assert _answer(desk) == "done:yes"


def test_a_turn_may_be_given_whole_and_what_cannot_be_read_is_said(desk: Path) -> None:
    run(desk, "delegate")
    answered(desk, "case", "reassign", "last", "a1.2", "clerk")
    answered(desk, "case", "take", "last", "a1.2")
    for wrong in ('{"actions": [{"do": "fly"}]}', '{"model": "mine"}', "{"):
        assert (
            answered(desk, "case", "turn", "last", "a1.2", "--turn", wrong, code=2)["error"]["code"]
            == "setting_invalid"
        )
    assert answered(desk, "case", "turn", "last", "a1.2", code=2)["error"]["code"] == "option_missing"
    whole = '{"actions": [{"do": "call", "skill": "look"}, {"do": "report", "text": "whole"}]}'
    answered(desk, "case", "turn", "last", "a1.2", "--turn", whole)
    answered(desk, "case", "answer", "last", "1", "--of", "a1.1/1")
    answered(desk, "case", "run")
    assert _answer(desk) == "done:whole | done:yes"


def _answer(folder: Path) -> str:
    """What the case worker reported at the end."""
    seat = answered(folder, "case", "show", "last", "--of", "a1")
    (report,) = [one for one in seat["transcript"][-1]["actions"] if one["do"] == "report"]
    return str(report["text"])


def test_what_waits_for_a_person_is_shown_with_the_line_that_answers_it(desk: Path) -> None:
    its_team(desk, approve="send")
    case_id = run(desk, "send nobody")["case"]
    (uncertain,) = answered(desk, "case", "show", code=3)["uncertain"]
    assert (uncertain["skill"], uncertain["arguments"]) == ("send", {"to": "nobody"})
    words = " ".join(said(desk, "case", "show", code=3).split())
    assert "no answer any more" in words
    assert f"jihwi case settle {case_id} a1 0 happened" in words
    answered(desk, "case", "settle", "last", "a1", "0", "happened", "--note", "it is in the book")
    answered(desk, "case", "take", "last", "a1")
    assert answered(desk, "case", "show", code=3)["turns"] == [{"assignment": "a1", "holder": "lee"}]
    assert f"jihwi case turn {case_id} a1" in " ".join(said(desk, "case", "show", code=3).split())
    answered(desk, "case", "turn", "last", "a1", "--report", "done")
    answered(desk, "case", "run")
    shown = answered(desk, "case", "show")
    assert (shown["uncertain"], shown["turns"]) == ([], [])


# ── approvals while a runner works ───────────────────────────────────────────


def test_several_approvals_are_answered_in_any_order_while_a_runner_works(desk: Path) -> None:
    names = ("kim", "lee", "park", "choi")
    run(desk, f"letters {' '.join(names)}")
    approvals = {one["arguments"]["to"]: one for one in answered(desk, "case", "show", code=3)["approvals"]}
    assert set(approvals) == set(names)
    with runner(desk) as process:
        for name in ("park", "kim", "choi"):
            one = approvals[name]
            answered(desk, "case", "approve", "last", one["approval"], "--digest", one["digest"][:12])
            until(process, "skill_finished")
        edited = answered(
            desk, "case", "approve", "last", approvals["lee"]["approval"], "--edit", '{"to": "lee, in person"}'
        )
        until(process, "approval_requested")
        # The edited letter is another action: the approval of the first one's digest does not fit it.
        (asked,) = answered(desk, "case", "show", code=3)["approvals"]
        old = ("--digest", approvals["lee"]["digest"][:12])
        assert answered(desk, "case", "approve", "last", asked["approval"], *old, code=1)["error"]
        answered(desk, "case", "approve", "last", asked["approval"], "--digest", asked["digest"][:12])
        until(process, "case_closed")
    assert edited["approvals"] == []
    assert (desk / "sent.txt").read_text("utf-8").splitlines() == ["park", "kim", "choi", "lee, in person"]
    assert _answer(desk) == "done:choi finished | done:kim finished | done:lee finished | done:park finished"


def test_an_approval_nobody_answers_goes_to_the_deputy_and_lapses_after_that(desk: Path) -> None:
    its_team(desk, expires=1, deputy="park")
    run(desk, "send kim", code=0)
    kinds = [one["kind"] for one in followed(desk)]
    escalated, lapsed = kinds.index("approval_escalated"), kinds.index("approval_lapsed")
    assert kinds.index("approval_requested") < escalated < lapsed
    assert not (desk / "sent.txt").exists()
    assert _answer(desk) == "rejected"


def test_what_went_to_the_deputy_says_so_and_only_the_deputy_answers_it(desk: Path) -> None:
    its_team(desk, expires=3600, deputy="park")
    case_id = run(desk, "send kim")["case"]
    (approval,) = answered(desk, "case", "show", code=3)["approvals"]
    assert (approval["deputy"], approval["answerers"]) == ("", [])
    assert "then it goes to park" in " ".join(said(desk, "case", "show", code=3).split())

    async def escalate() -> None:
        async with open_house(Settings(viewer="kim", team=str(desk / "desk")), desk) as house:
            draft = e.Draft(e.ApprovalEscalated(approval["approval"], "park"))
            await house.orchestrator().submit(case_id, lambda case: [draft])

    asyncio.run(escalate())
    assert "Who may answer it now: park" in " ".join(said(desk, "case", "show", code=3).split())
    refused = answered(desk, "case", "approve", "last", code=1)["error"]
    assert (refused["code"], "park" in refused["words"]) == ("command_forbidden", True)
    answered(desk, "case", "approve", "last", who="park")
    answered(desk, "case", "run")
    assert (desk / "sent.txt").read_text("utf-8").split() == ["kim"]


def test_the_policy_says_what_needs_nobody_and_nobody_approves_what_their_own_seat_proposed(desk: Path) -> None:
    its_team(desk, approve="send")
    run(desk, "send kim", code=0)
    assert (desk / "sent.txt").read_text("utf-8").split() == ["kim"]
    its_team(desk)
    run(desk, "letters lee")
    answered(desk, "case", "take", "last", "a1.1")
    answered(desk, "case", "turn", "last", "a1.1", "--call", "send", '{"to": "myself"}')
    answered(desk, "case", "run", code=3)
    assert answered(desk, "case", "approve", "last", code=1, who="lee")["error"]["code"] == "command_forbidden"
    answered(desk, "case", "approve", "last", who="kim")
    answered(desk, "case", "run", code=3)
    assert (desk / "sent.txt").read_text("utf-8").split() == ["kim", "myself"]


def test_a_model_in_the_case_workers_seat_has_the_written_authority_and_no_more(desk: Path) -> None:
    sends = Reply("", (Use("send", {"to": "all"}), Use("approve", {"approval": "a1/1/2/0"})))
    with OpenAIServer([Reply("", (Use("look", {}),)), sends, Reply("Sent.")]) as server:
        run(desk, "send all", model=server.spec)
        assert not (desk / "sent.txt").exists()
        (approval,) = answered(desk, "case", "show", code=3)["approvals"]
        answered(desk, "case", "approve", "last", approval["approval"])
        answered(desk, "case", "run", "--model", server.spec)
    assert (desk / "sent.txt").read_text("utf-8").split() == ["all"]
    its_team(desk, approve="send")
    with OpenAIServer([Reply("", (Use("look", {}),)), sends, Reply("Sent.")]) as server:
        run(desk, "send all", code=0, model=server.spec)
    assert (desk / "sent.txt").read_text("utf-8").split() == ["all", "all"]


def test_a_fork_goes_on_from_an_event_and_asks_for_every_write_again(desk: Path) -> None:
    its_team(desk, approve="send")
    origin = run(desk, "send kim", code=0)["case"]
    looked = next(one["seq"] for one in followed(desk) if one["kind"] == "skill_finished")
    fork = answered(desk, "case", "fork", origin, "--at", str(looked))["case"]
    assert fork != origin
    answered(desk, "case", "run", fork, code=3)
    (approval,) = answered(desk, "case", "show", fork, code=3)["approvals"]
    answered(desk, "case", "reject", fork, approval["approval"])
    answered(desk, "case", "run", fork)
    assert (desk / "sent.txt").read_text("utf-8").split() == ["kim"]
    assert answered(desk, "case", "show", origin)["outcome"] == "done"
    for case in (origin, fork):
        assert answered(desk, "ledger", "verify", case)
    assert answered(desk, "case", "fork", origin, "--at", "999", code=1)["error"]["code"] == "command_refused"


def test_a_case_that_has_ended_is_asked_further_and_goes_on(desk: Path) -> None:
    its_team(desk, approve="send")
    case = run(desk, "send kim", code=0)["case"]
    done = answered(desk, "case", "ask", case, "send lee", "--turns", "9")
    assert (done["case"], done["status"], done["outcome"]) == (case, "closed", "done")
    assert (desk / "sent.txt").read_text("utf-8").split() == ["kim", "lee"]
    kinds = [one["kind"] for one in followed(desk)]
    assert (kinds.count("case_closed"), kinds.count("case_reopened")) == (2, 1)
    refused = answered(desk, "case", "ask", run(desk, "delegate")["case"], "more", code=1)
    assert refused["error"]["code"] == "command_refused", "it has not ended yet"


def test_a_fork_is_told_something_before_it_goes_on(desk: Path) -> None:
    case = run(desk, "send kim")["case"]
    looked = next(one["seq"] for one in followed(desk) if one["kind"] == "skill_finished")
    assert answered(desk, "case", "fork", case, "--at", str(looked), "--note", "only Kim")["status"] == "open"
    assert [one["kind"] for one in followed(desk)] == ["case_forked", "noticed"]


# ── what the house stops ─────────────────────────────────────────────────────


def test_a_stop_shows_why_and_what_can_be_done_with_the_line_to_do_it(desk: Path) -> None:
    for choice, line, ends in (
        ("note", ("case", "note", "last", "a1", "report now"), "closed"),
        ("resume", ("case", "resume", "last"), "parked"),
        ("take", ("case", "take", "last", "a1"), "open"),
        ("reassign", ("case", "reassign", "last", "a1", "helper"), "open"),
        ("cancel", ("case", "cancel", "last"), "cancelled"),
    ):
        case_id = run(desk, "stuck")["case"]
        shown = answered(desk, "case", "show", code=3)
        assert (shown["status"], shown["reason"]["code"], shown["parked_at"]) == ("parked", "same_call_stopped", "a1")
        assert choice in shown["choices"]
        words = said(desk, "case", "show", code=3)
        assert f"jihwi case {choice} {case_id}" in words
        assert "only called 'look' again and again with the same arguments" in words
        answered(desk, *line)
        if choice != "cancel":
            answered(desk, "case", "run", code=0 if ends == "closed" else 3)
        assert answered(desk, "case", "show", code=3 if ends in ("open", "parked") else 0)["status"] == ends


def test_a_budget_that_ran_out_is_raised_for_the_case_or_one_assignment(desk: Path) -> None:
    team = desk / "desk" / "team.md"
    team.write_text(team.read_text("utf-8").replace("{turns: 60}", "{turns: 1}"), "utf-8")
    case_id = run(desk, "send kim")["case"]
    shown = answered(desk, "case", "show", code=3)
    assert (shown["ran_out"], shown["choices"]) == ("turns", ["raise_budget", "take", "cancel"])
    assert f"jihwi case resume {case_id} --turns N" in said(desk, "case", "show", code=3)
    answered(
        desk, "case", "resume", "last", "--turns", "40", "--tokens", "9000", "--money", "1.5", "--seconds", "600",
        "--handoffs", "5", "--depth", "2",
    )  # fmt: skip
    answered(desk, "case", "approve", "last", code=1)  # the clerk has not come to it yet
    answered(desk, "case", "run", code=3)
    changed = [one["body"] for one in followed(desk) if one["kind"] == "limits_changed"]
    assert changed == [
        {"limits": {"tokens": 9000, "micros": 1_500_000, "ms": 600_000, "turns": 40, "handoffs": 5, "depth": 2}}
    ]
    answered(desk, "case", "resume", "last", "--turns", "50", "--of", "a1")
    last = [one["body"] for one in followed(desk) if one["kind"] == "limits_changed"][-1]
    assert (last["assignment"], last["limits"]["turns"], last["limits"]["depth"]) == ("a1", 50, 2)


# ── who works in the case ────────────────────────────────────────────────────


def test_agents_and_skills_join_and_leave_a_running_case_at_the_terminal(desk: Path) -> None:
    run(desk, "delegate")
    team = answered(desk, "case", "show", code=3)["team_digest"]
    assert answered(desk, "case", "join", "last", "nobody", code=2)["error"]["code"] == "setting_invalid"
    joined = answered(desk, "case", "join", "last", "checker", "--team", "report", "--delegated-by", "helper")
    assert joined["agents"]["checker"] == ["check_quotations"]
    assert joined["team_digest"] != team
    given = answered(desk, "case", "join", "last", "helper", "--skill", "search", "--note", "for the archive")
    assert given["agents"]["helper"] == ["look", "search", "send"]
    assert answered(desk, "case", "leave", "last", "helper", "--skill", "send")["agents"]["helper"] == [
        "look",
        "search",
    ]
    assert answered(desk, "case", "leave", "last", "clerk", code=1)["error"]["code"] == "command_refused"
    left = answered(desk, "case", "leave", "last", "helper")
    assert "helper" not in left["agents"]
    held = [one for one in left["assignments"] if one["assignment"] != "a1"]
    assert [(one["agent"], one["mind"]["name"], one["seat"]) for one in held] == [("clerk", "lee", 2)] * 2
    assert left["questions"] == []
    lines = said(desk, "case", "follow", "last", "--no-wait", code=0)
    for words in ("checker joined", "skills joined: search", "skills left: send", "helper left", "for the archive"):
        assert words in lines
    for assignment in ("a1.1", "a1.2"):
        answered(desk, "case", "turn", "last", assignment, "--report", "by hand")
    answered(desk, "case", "run")
    assert _answer(desk) == "done:by hand | done:by hand"
    assert answered(desk, "ledger", "verify", "last")


def test_a_case_says_what_no_runner_here_has(desk: Path) -> None:
    run(desk, "delegate")
    elsewhere = desk / "elsewhere"
    elsewhere.mkdir()
    for name, text in (
        ("team.md", "---\nname: elsewhere\ncase_worker: smith\n---\nA smith.\n"),
        ("smith.md", "---\nname: smith\n---\nForge.\n"),
        (
            "procedures.py",
            "from jihwi.case import Report, Turn, View\n\n\ndef smith(view: View) -> Turn:\n"
            "    return Turn(actions=(Report(text='forged'),))\n",
        ),
    ):
        (elsewhere / name).write_text(text, "utf-8")
    answered(desk, "case", "join", "last", "smith", "--team", "elsewhere")
    answered(desk, "case", "reassign", "last", "a1.1", "smith", team="elsewhere")
    lacking = answered(desk, "case", "run", code=3)
    assert (lacking["error"]["code"], "elsewhere/smith" in lacking["error"]["words"]) == ("runner_lacks", True)
    shown = said(desk, "case", "show", "last", code=3)
    assert "waits for a runner that has it" in " ".join(shown.split())


# ── following ────────────────────────────────────────────────────────────────


def test_who_joins_late_sees_everything_and_who_goes_on_sees_the_rest(desk: Path) -> None:
    run(desk, "delegate")
    whole = followed(desk)
    assert [one["seq"] for one in whole] == list(range(1, len(whole) + 1))
    assert whole[0]["kind"] == "case_opened"
    assert followed(desk, "--after", "7") == whole[7:]
    answered(desk, "case", "note", "last", "a1.1", "hurry")
    assert [one["kind"] for one in followed(desk, "--after", str(len(whole)))] == ["noticed"]


def test_what_a_model_writes_is_shown_as_a_draft_while_it_writes_and_never_stored(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "The first word of a long thought that is shown while it is still being written, line by line, to the end."
    drafts = Drafts(Screen(json=False, language="en"))
    for place, letter in enumerate(words):
        drafts(Delta("c1", "a1", 1, letter))
        if place == 80:
            assert "The first word of a long thought" in capsys.readouterr().err
    drafts(Delta("c1", "a1", 2, "Another turn.\n"))
    shown = capsys.readouterr().err
    assert "Another turn." in shown
    assert "to the end" not in shown  # a rest is lost: the turn itself shows the whole
    machine = Drafts(Screen(json=True, language="en"))
    machine(Delta("c1", "a1", 1, words + "\n"))
    assert capsys.readouterr().err == ""
    with OpenAIServer([Reply((words, "\nDone."))]) as server:
        run(desk, "delegate", code=0, model=server.spec)
        assert [one["kind"] for one in followed(desk) if "still being" in json.dumps(one)] == ["turn_finished"]


def test_who_follows_from_another_process_sees_the_draft_and_then_the_fact(desk: Path) -> None:
    thought = "가" * 80 + "\n"
    with OpenAIServer([Reply(uses=(Use("ask", {"question": "정말로?"}),)), Reply((thought, "끝."))]) as server:
        run(desk, "delegate", model=server.spec)
        answered(desk, "case", "pause", "last")
        answered(desk, "case", "answer", "last", "예")
        command = [sys.executable, "-m", "jihwi", "case", "follow", "last", "--after", "8"]
        env, pipe = {**os.environ, **environment("kim", "")}, subprocess.PIPE
        with subprocess.Popen(command, cwd=desk, stdout=pipe, stderr=pipe, env=env) as follower:
            while not list((desk / ".jihwi").glob("drafts/*")):
                assert follower.poll() is None
                time.sleep(0.01)  # the follower needs the processor
            answered(desk, "case", "resume", "last")
            answered(desk, "case", "run", "last", "--model", server.spec)
            facts, drafts = follower.communicate(timeout=120)
    assert f"┊ a1 {'가' * 72}" in drafts.decode()
    assert "가" * 80 in facts.decode(), "the whole stands in the event"
    assert "   8 " not in facts.decode()
    assert list((desk / ".jihwi").glob("drafts/*")) == []


def test_what_an_erased_case_and_its_forks_can_still_take_is_said(desk: Path) -> None:
    its_team(desk, approve="send")
    first = run(desk, "send kim", code=0)["case"]
    fork = answered(desk, "case", "fork", first, "--at", "6")["case"]
    assert fork in answered(desk, "store", "erase", first, "--yes", code=1)["error"]["words"]
    answered(desk, "case", "cancel", fork)
    assert answered(desk, "store", "erase", first, "--yes")["forks"] == {first: [fork]}
    for case in (first, fork):
        assert answered(desk, "case", "show", case)["erased"]
        for words in (("ask", case, "more?"), ("run", case), ("note", case, "a1", "x"), ("fork", case, "--at", "1")):
            assert answered(desk, "case", *words, code=1)["error"]["code"] == "command_refused"
        answered(desk, "ledger", "verify", case)


# ── runners ──────────────────────────────────────────────────────────────────


def test_two_runners_share_a_store_and_the_case_of_a_killed_one_goes_on(desk: Path) -> None:
    for name in ("kim", "lee"):  # each case has pipes of its own: whose look it is never depends on who comes first
        for pipe in (f"who.{name}", f"go.{name}"):
            os.mkfifo(desk / pipe)
    kims, lees = (run(desk, f"linger {name}")["case"] for name in ("kim", "lee"))
    with runner(desk) as one, runner(desk) as other:
        answered(desk, "case", "approve", kims)
        looking = int((desk / "who.kim").read_text("utf-8"))
        killed, left = (one, other) if looking == one.pid else (other, one)
        assert looking == killed.pid
        killed.send_signal(signal.SIGKILL)
        killed.wait(timeout=120)
        answered(desk, "case", "approve", lees)
        assert int((desk / "who.lee").read_text("utf-8")) == left.pid
        (desk / "go.lee").write_text("go", "utf-8")
        until(left, "case_closed", case=lees)
        with runner(desk) as fresh:
            # What had only looked looks again, whoever of the two is quicker; what was sent is not sent again.
            looking = int((desk / "who.kim").read_text("utf-8"))
            assert looking in (fresh.pid, left.pid)
            (desk / "go.kim").write_text("go", "utf-8")
            until(fresh if looking == fresh.pid else left, "case_closed", case=kims)
        left.terminate()
        last = left.communicate(timeout=120)[0].splitlines()[-1]
        assert (left.returncode, "stopped" in json.loads(last)) == (0, True)
    assert (desk / "sent.txt").read_text("utf-8").split() == ["kim", "lee"]
    for case in (kims, lees):
        assert answered(desk, "ledger", "verify", case)
