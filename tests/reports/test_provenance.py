"""A sentence goes back to what made it: the finder's and the writer's turns, a person's edit, a prompt in a fork."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from jihwi.case import revision
from jihwi.case.revision import Edit, sentence_key
from jihwi.case.turn import Call, Delegate, Post, PromptRecord, Release, Report, Turn, View
from jihwi.evidence import Claim, Quotation, Section, Sentence
from jihwi.evidence import Report as Written
from jihwi.orchestrator import Orchestrator, load_log
from jihwi.reports import Whence, disclosed_prompts, footnote, trace, trace_released
from jihwi.reports.provenance import MadeSentence
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator

QUOTED = Quotation("d1", "aa", "bb", "일비는 20,000원이다.", 4, 18)
REPORT = Written(
    "일비는?",
    "ko",
    answer=(Sentence("일비는 20,000원이다.", "quoted", (QUOTED,)),),
    sections=(Section("더", (Sentence("많아 보인다.", "marked"),)),),
)
SEARCH = a_skill("find", lambda context, arguments: {"hits": [{"text": "앞말 일비는 20,000원이다. 뒷말"}]})
OTHER = a_skill("other", lambda context, arguments: {"hits": []})
CHECK = a_skill("check", lambda context, arguments: {"holds": [1], "failed": []})
COMPOSE = a_skill("compose", lambda context, arguments: msgspec.to_builtins(REPORT))


def prompted(view: View, *new: str) -> Turn:
    """A model's turn in all that a record of it needs: its body is the parts of every turn so far."""
    parts = {hashlib.sha256(one.encode()).hexdigest(): one.encode() for one in new}
    record = PromptRecord("", view.prompt_parent, keep=view.turn - 1 if view.prompt_parent else 0, parts=tuple(parts))
    whole = "".join(f"{view.assignment}:{turn};" for turn in range(1, view.turn + 1))
    record = msgspec.structs.replace(record, digest=hashlib.sha256(whole.encode()).hexdigest())
    return Turn(model="m-1", parameters={"temperature": 0}, prompt=record, parts=parts)


def acted(view: View, *actions: Any) -> Turn:
    return msgspec.structs.replace(prompted(view, f"{view.assignment}:{view.turn};"), actions=actions)


def worker(view: View) -> Turn:
    if view.turn == 1:
        return acted(view, Delegate("finder", "일비를 찾는다"))
    if view.turn == 2:
        return acted(view, Call("compose"))
    if view.turn == 3:
        return acted(view, Release("a1/2/0"))
    return acted(view, Report())


def finder(view: View) -> Turn:
    if view.turn == 1:
        return acted(view, Call("other"), Call("find"))
    if view.turn == 2:
        return acted(view, Post(Claim("일비는 20,000원이다.", (QUOTED,))), Call("check"))
    return acted(view, Report())


async def a_released_case() -> tuple[Orchestrator, str]:
    agents = (an_agent("worker", COMPOSE, delegates=("finder",)), an_agent("finder", SEARCH, OTHER, CHECK))
    functions = {"worker": worker, "finder": finder}
    house = an_orchestrator(MemoryStore(), functions, COMPOSE, SEARCH, OTHER, CHECK)
    case_id = await house.open(an_opening(*agents))
    await house.drive(case_id)
    return house, case_id


def told(sentence: MadeSentence) -> list[tuple[str, str, str]]:
    return [(one.role, one.agent or one.name, one.skill) for one in sentence.steps]


async def test_a_sentence_goes_back_to_who_asked_searched_found_checked_and_wrote() -> None:
    house, case_id = await a_released_case()
    first, second = trace_released(await load_log(house.store, case_id))
    assert told(first) == [
        ("asked", "worker", ""),
        ("searched", "finder", "find"),
        ("found", "finder", ""),
        ("checked", "finder", "check"),
        ("wrote", "worker", "compose"),
    ]
    assert told(second) == [("wrote", "worker", "compose")], "it stands on nothing that was found"
    wrote = first.steps[-1]
    assert (wrote.mind, wrote.name, wrote.parameters, wrote.version) == ("model", "m-1", {"temperature": 0}, "1")
    assert wrote.prompt == hashlib.sha256(b"a1:1;a1:2;").hexdigest()


async def test_an_edited_sentence_goes_back_to_the_person_and_the_released_one_stays_as_it_was() -> None:
    house, case_id = await a_released_case()
    key = sentence_key(Sentence("많아 보인다.", "marked"))
    new = (Sentence("많다고 할 수 있다.", "marked"),)
    edit = Edit(how="replace", part=1, at=0, keys=(key,), now=new)
    await house.submit(case_id, lambda now: revision.edit_report(now, "a1/2/0", edit, by="lee"))
    log = await load_log(house.store, case_id)
    assert [one.text for one in trace_released(log)] == ["일비는 20,000원이다.", "많아 보인다."]
    kept, changed = trace(log, "a1/2/0")
    assert told(kept)[-1] == ("wrote", "worker", "compose")
    assert (changed.text, told(changed)) == ("많다고 할 수 있다.", [("edited", "lee", "")])


async def test_the_prompts_of_a_fork_are_rebuilt_across_both_logs() -> None:
    house, case_id = await a_released_case()
    log = await load_log(house.store, case_id)
    second = next(one.seq for one in log if one.kind == "turn_finished" and one.body.turn == 2)  # type: ignore[union-attr]
    fork_id = await house.fork(case_id, second, by="kim")
    await house.drive(fork_id)
    both = await load_log(house.store, fork_id)
    disclosed = await disclosed_prompts(both, house.store.blob)
    requests = {(one["assignment"], one["turn"]): one["request"] for one in disclosed["turns"]}
    for (assignment, turn), request in requests.items():
        assert request == "".join(f"{assignment}:{number};" for number in range(1, turn + 1))
    assert {one["case"] for one in disclosed["turns"]} == {case_id, fork_id}
    steps = {one.role: one.case for one in trace_released(both)[0].steps}
    assert (steps["asked"], steps["wrote"]) == (case_id, fork_id)


async def test_a_footnote_names_every_step_in_both_forms() -> None:
    house, case_id = await a_released_case()
    first = trace_released(await load_log(house.store, case_id))[0]
    cited = footnote(Whence(case_id, "test_team", "ab" * 32, "cd" * 32, "ko"), first)
    assert cited.plain.startswith(
        f"“일비는 20,000원이다.” — 지휘(Jihwi) 사건 {case_id}의 보고서 문장 1(문서의 말 그대로)."
    )
    assert (
        f"문장을 지음: worker (모델 m-1, temperature=0, 기술 compose 1, 프롬프트 SHA-256 {first.steps[-1].prompt[:16]}"
        in (cited.plain)
    )
    assert cited.markdown.startswith(f"[^jihwi-{case_id}-1]: ")
    assert "test\\_team" in cited.markdown


async def test_whoever_may_not_see_the_turns_is_told_of_no_sentence() -> None:
    house, case_id = await a_released_case()
    log = await load_log(house.store, case_id)
    assert trace_released([one for one in log if one.kind in ("agent_joined", "case_opened")]) == ()
