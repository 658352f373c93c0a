"""Reasons put into words: every code an event may carry, in Korean and English; an error's code says its own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from jihwi.case.assignment import Reason
from jihwi.case.fold_moves import place
from jihwi.case.state import Case, Overtaken
from jihwi.errors import error_of
from jihwi.evidence import Viewer
from jihwi.words import Language, fill

__all__ = ["NOTES", "REASONS", "say", "say_notes", "say_overtaken", "say_warnings", "sees_end_of"]

REASONS: dict[str, tuple[str, str]] = {
    "approval_rule": ("'{skill}' 기술은 실행할 때마다 승인이 필요합니다.", "'{skill}' needs an approval each time."),
    "approval_tainted": (
        "문서에서 온 내용을 본 뒤라, '{skill}' 기술을 실행하려면 사람의 승인이 필요합니다.",
        "Text from documents has been read, so '{skill}' needs a person's approval.",
    ),
    "approval_forked": (
        "갈라져 나온 사건에서는 바꾸는 작업마다 승인이 필요합니다.",
        "In a forked case every change needs an approval.",
    ),
    "release_needs_person": (
        "보고서를 내보내려면 담당자의 승인이 필요합니다.",
        "The case worker must approve the release of the report.",
    ),
    "verdict_left_to_a_person": (
        "담당 자리가 '{skill}' 승인을 스스로 정하지 않아, 사람이 정합니다.",
        "The case worker's seat left the approval of '{skill}' to a person.",
    ),
    "only_a_verdict": (
        "여기서는 판단만 합니다. `report`로 답하십시오.",
        "Only a verdict is wanted here: answer with `report`.",
    ),
    "approval_expired": ("기한 안에 승인하지 않아 취소되었습니다.", "Nobody approved it in time."),
    "rejected": ("{by} 님이 거절했습니다. {note}", "{by} rejected it. {note}"),
    "seat_changed": ("담당이 바뀌어 실행하지 않았습니다.", "It was not done: the seat changed hands."),
    "seat_changed_meanwhile": (
        "'{skill}' 기술이 실행되는 사이에 담당이 바뀌었습니다. 실행되었을 수 있으니, 다시 하기 전에 확인하십시오.",
        "The seat changed hands while '{skill}' ran. It may have happened: find out before doing it again.",
    ),
    "end_unknown": (
        "'{skill}' 기술이 실행되었는지 알 수 없습니다. 다시 하기 전에 확인하십시오. {last}",
        "Nobody knows how '{skill}' ended. Find out before doing it again. {last}",
    ),
    "overtaken": (
        "담당이 바뀔 때 '{skill}' 기술이 실행 중이었습니다({place}). 어떻게 끝났는지 아직 모릅니다.",
        "'{skill}' was under way when the seat changed hands ({place}). How it ended is not known yet.",
    ),
    "overtaken_finished": (
        "담당이 바뀔 때 실행 중이던 '{skill}' 기술이 그 뒤에 끝났습니다({place}): {result}",
        "'{skill}', which was under way when the seat changed hands, has finished since ({place}): {result}",
    ),
    "overtaken_failed": (
        "담당이 바뀔 때 실행 중이던 '{skill}' 기술이 그 뒤에 끝났습니다({place}). {result}",
        "'{skill}', which was under way when the seat changed hands, has ended since ({place}). {result}",
    ),
    "seat_take": ("이 일을 사람이 넘겨받았습니다.", "A person took this work over."),
    "seat_give": ("이 일을 '{agent}'에게 돌려주었습니다.", "This work was given back to '{agent}'."),
    "seat_reassign": ("이 일이 '{agent}'에게 넘어갔습니다.", "This work was reassigned to '{agent}'."),
    "skill_unknown": ("'{skill}' 기술은 없거나 쓸 수 없습니다.", "There is no skill '{skill}' that may be used here."),
    "arguments_malformed": ("값의 형식이 맞지 않습니다: {problem}", "The arguments are malformed: {problem}"),
    "skill_failed": ("'{skill}' 기술이 실패했습니다: {detail}", "'{skill}' failed: {detail}"),
    "skill_timeout": (
        "'{skill}' 기술이 {seconds}초 안에 끝나지 않았습니다. 원래 오래 걸리는 일이면 `timeout_seconds`를 늘리십시오.",
        "'{skill}' did not finish within {seconds} seconds. If its work takes longer, raise `timeout_seconds`.",
    ),
    "skill_missing": ("'{skill}' 기술이 이 실행기에 없습니다.", "This runner does not have the skill '{skill}'."),
    "write_did_not_happen": (
        "사람이 확인했습니다: 실행되지 않았습니다. {note}",
        "A person found that it did not happen. {note}",
    ),
    "after_handoff": ("넘긴 뒤의 행동은 하지 않습니다.", "What comes after a handoff or a report is not done."),
    "same_call_again": (
        "'{skill}'을(를) 같은 값으로 거듭 불러 멈추었습니다. 다른 방법을 찾으십시오.",
        "'{skill}' was called again with the same arguments; try another way.",
    ),
    "same_write_twice": (
        "'{skill}'을(를) 한 차례에 같은 값으로 두 번 하려 하여, 거듭 실행하지 않았습니다.",
        "'{skill}' was wanted twice with the same arguments in one turn; it is not done a second time.",
    ),
    "same_call_stopped": (
        "'{who}'이(가) '{skill}'을(를) 같은 값으로 거듭 부르기만 하여 멈추었습니다.",
        "'{who}' only called '{skill}' again and again with the same arguments, and was stopped.",
    ),
    "asked_in_vain": (
        "'{who}'이(가) 여기서 할 수 없는 일을 {times}번 거듭 하려 하여 멈추었습니다. 마지막에 거절된 까닭: {last}",
        "'{who}' tried {times} times to do what cannot be done here, and was stopped. Why the last was refused: {last}",
    ),
    "finding_unknown": ("{finding}번 발견이 없습니다.", "There is no finding {finding}."),
    "may_not_delegate": ("'{agent}'에게 맡길 수 없습니다.", "Work may not be delegated to '{agent}'."),
    "may_not_hand_off": ("'{agent}'에게 넘길 수 없습니다.", "Work may not be handed off to '{agent}'."),
    "too_deep": ("맡기기가 너무 깊습니다 ({depth}단계).", "Delegation would go too deep ({depth} levels)."),
    "ping_pong": (
        "'{from}'와(과) '{to}'이(가) 일을 주고받기만 하여 멈추었습니다.",
        "'{from}' and '{to}' keep handing the work to each other.",
    ),
    "only_the_case_worker_releases": (
        "담당 자리만 보고서를 내보낼 수 있습니다.",
        "Only the case worker's seat may release a report.",
    ),
    "no_such_result": ("'{call}' 결과가 없습니다.", "There is no result '{call}'."),
    "empty_turn": (
        "말도 행동도 없었습니다. 다음 행동을 정하십시오.",
        "That turn was empty. Say or do something: call a skill, or report.",
    ),
    "empty_turns": ("'{agent}'이(가) 거듭 아무 말도 하지 않았습니다.", "'{agent}' kept giving empty turns."),
    "turn_keeps_failing": ("'{agent}'의 차례가 거듭 실패했습니다.", "The turns of '{agent}' keep failing."),
    "model_failed": ("모델이 답하지 못했습니다: {detail}", "The model did not answer: {detail}"),
    "mind_failed": ("'{agent}'의 판단이 실패했습니다: {detail}", "The mind of '{agent}' failed: {detail}"),
    "turn_not_storable": (
        "'{agent}'의 차례를 기록할 수 없습니다: {detail}",
        "The turn of '{agent}' cannot be recorded: {detail}",
    ),
    "skill_left": (
        "'{skill}' 기술이 '{agent}'에게서 빠져 실행하지 않았습니다.",
        "It was not done: the skill '{skill}' has left '{agent}'.",
    ),
    "agent_joined": (
        "'{agent}'({title})이(가) 이 사건에 들어왔습니다. 일을 맡기거나 넘길 수 있습니다.",
        "'{agent}' ({title}) has joined this case. Work may be given to it.",
    ),
    "agent_gone": (
        "'{agent}'이(가) 이 사건에서 나갔습니다. 더는 일을 맡기거나 넘길 수 없습니다.",
        "'{agent}' has left this case. No work may be given to it any more.",
    ),
    "skills_changed": (
        "쓸 수 있는 기술이 바뀌었습니다. 들어온 것: {joined}. 빠진 것: {left}.",
        "The skills that may be used here have changed. Joined: {joined}. Left: {left}.",
    ),
    "runner_lacks_procedure": (
        "실행기에 '{name}' 절차가 없습니다. 이 절차가 있는 실행기를 기다립니다.",
        "The runner has no procedure '{name}'. It waits for a runner that has it.",
    ),
    "runner_lacks_model": (
        "실행기에 쓸 모델('{name}')이 정해져 있지 않습니다. 모델이 있는 실행기를 기다립니다.",
        "The runner has no model for '{name}'. It waits for a runner that has one.",
    ),
    "runner_lacks_skill": (
        "실행기에 '{name}' 기술이 없습니다. 이 기술이 있는 실행기를 기다립니다.",
        "The runner has no skill '{name}'. It waits for a runner that has it.",
    ),
    "no_free_model": (
        "'{name}' 모델은 한 번에 {limit}개 차례만 받습니다. 빈 자리가 나기를 기다립니다.",
        "The model '{name}' is asked by at most {limit} at a time. It waits for a free place.",
    ),
    "no_free_skill": (
        "'{name}' 기술은 한 번에 {limit}개만 실행합니다. 빈 자리가 나기를 기다립니다.",
        "At most {limit} calls of '{name}' run at a time. It waits for a free place.",
    ),
    "agent_left": ("'{agent}'이(가) 이 사건에 없습니다.", "'{agent}' is not in this case."),
    "budget_turns": (
        "'{agent}'에게 허락된 차례를 다 썼습니다.",
        "'{agent}' has used all the turns it was given.",
    ),
    "budget_tokens": (
        "'{agent}'에게 허락된 토큰을 다 썼습니다.",
        "'{agent}' has used all the tokens it was given.",
    ),
    "budget_micros": ("'{agent}'에게 허락된 비용을 다 썼습니다.", "'{agent}' has used all the money it was given."),
    "budget_ms": ("'{agent}'에게 허락된 시간을 다 썼습니다.", "'{agent}' has used all the time it was given."),
    "budget_handoffs": (
        "'{agent}'에게 허락된 넘기기를 다 썼습니다.",
        "'{agent}' has used all the handoffs it was given.",
    ),
    "context_summary": ("앞선 {entries}개 항목의 요약: {summary}", "Summary of {entries} earlier entries: {summary}"),
    "release_unsupported": (
        "근거를 확인하지 못한 문장이 있어 내보내지 않았습니다.",
        "It was not released: some sentences could not be verified.",
    ),
    "release_labels": (
        "이 보고서를 볼 권한이 없어 내보내지 않았습니다.",
        "It was not released: the requester may not see what it cites.",
    ),
    "release_malformed": ("보고서의 형식이 맞지 않습니다: {detail}", "The report is malformed: {detail}"),
    "release_failed": ("보고서를 쓰지 못했습니다: {detail}", "The report could not be written: {detail}"),
    "paused_by_person": ("{by} 님이 멈추었습니다. {note}", "{by} paused it. {note}"),
    "cancelled_by_person": ("{by} 님이 취소했습니다. {note}", "{by} cancelled it. {note}"),
    "note": ("{note}", "{note}"),
    "retention": ("보존 기간이 지나 지웠습니다.", "Erased after its retention period."),
    "erased_on_request": ("요청에 따라 지웠습니다. {note}", "Erased on request. {note}"),
}


def sees_end_of(viewer: Viewer, case: Case, one: Overtaken) -> bool:
    """Whether somebody may see what came of a write that was overtaken: who holds the labels of what it brought and
    those of the seat that did it."""
    return viewer.may_see(one.labels) and viewer.may_see(case.assignments[one.assignment].labels)


def say_overtaken(one: Overtaken, language: Language, *, seen: bool) -> str:
    """What is to be said of a write that was under way when its seat changed hands. `seen`: whether the reader may see
    what came of it.

    >>> say_overtaken(Overtaken("a1", 1, 0, "send", end="finished", value="sent"), "en", seen=True)
    "'send', which was under way when the seat changed hands, has finished since (a1/1/0): sent"
    """
    said = one.value if isinstance(one.value, str) else msgspec.json.encode(one.value).decode()
    result = "…" if not seen else say(one.reason, language) if one.reason is not None else said[:_LONGEST]
    code = f"overtaken_{one.end}" if one.end else "overtaken"
    where = place(one.assignment, one.turn, one.number)
    return say(Reason(code, {"skill": one.skill, "place": where, "result": result}), language)


_LONGEST = 300

NOTES: dict[str, tuple[str, str]] = {
    "wrong_language": (
        "답이 사건의 말이 아닌 다른 말로 쓰여 있습니다.",
        "The answer is not in the language of the case.",
    ),
    "cut_at_max_tokens": (
        "길이 한도에 걸려 답이 끝까지 오지 않았습니다.",
        "The answer ran into its length limit and is not whole.",
    ),
    "stopped_by_filter": ("모델 서버의 거름망이 답을 중간에 끊었습니다.", "The server's filter cut the answer off."),
    "problem": (
        "도구를 잘못 부른 곳이 있어 실행하지 않고 모델에 알렸습니다.",
        "A call that means no tool of its seat was not run; the model was told.",
    ),
    "reasoning_removed": ("답에서 생각하는 글을 덜어 냈습니다.", "Its reasoning was taken out of the answer."),
    "calls_from_text": (
        "글 속에 적힌 도구 호출을 찾아 실행했습니다.",
        "Calls that stood in its text were read and run.",
    ),
    "arguments_mended": ("도구에 준 값의 꼴을 바로잡았습니다.", "The form of what it gave a tool was mended."),
    "name_mended": ("도구의 이름을 바로잡았습니다.", "The name of a tool was mended."),
    "usage_estimated": (
        "서버가 쓴 토큰 수를 알리지 않아 글의 길이로 헤아렸습니다.",
        "The server told no tokens; they are counted from the length.",
    ),
}
"""What was noticed, or had to be done, to read a model's answer, by its code among the parameters of its turn."""

_WARNINGS = ("wrong_language", "cut_at_max_tokens", "stopped_by_filter")
"""Of these whoever reads the answer is told wherever it is shown."""


def say_notes(parameters: Mapping[str, Any], language: Language = "en") -> tuple[str, ...]:
    """All that is noted of a model's answer, as sentences; an unknown code is shown as it is.

    >>> say_notes({"notes": ["name_mended", "from_the_future"]})
    ('The name of a tool was mended.', 'from_the_future')
    """
    which = 0 if language == "ko" else 1
    notes = parameters.get("notes", ())
    return tuple(NOTES[note][which] if note in NOTES else str(note) for note in notes)


def say_warnings(parameters: Mapping[str, Any], language: Language = "en") -> tuple[str, ...]:
    """What a reader of the answer must know of it, as sentences.

    >>> say_warnings({"notes": ["name_mended", "wrong_language"]})
    ('The answer is not in the language of the case.',)
    """
    return say_notes({"notes": [note for note in parameters.get("notes", ()) if note in _WARNINGS]}, language)


_THIS_WORK: dict[str, tuple[str, str]] = {
    "budget_turns": ("이 일에 허락된 차례를 다 썼습니다.", "All the turns that this work was given are used."),
    "budget_tokens": ("이 일에 허락된 토큰을 다 썼습니다.", "All the tokens that this work was given are used."),
    "budget_micros": ("이 일에 허락된 비용을 다 썼습니다.", "All the money that this work was given is used."),
    "budget_ms": ("이 일에 허락된 시간을 다 썼습니다.", "All the time that this work was given is used."),
    "budget_handoffs": ("이 일에 허락된 넘기기를 다 썼습니다.", "All the handoffs that this work was given are used."),
}
"""What is said where the budget was that of the whole work: whoever holds the seat now may have used none of it."""


def _words_for(reason: Reason) -> tuple[str, str] | None:
    if reason.code in _THIS_WORK and "." not in reason.params.get("assignment", "."):
        return _THIS_WORK[reason.code]
    return REASONS.get(reason.code)


def say(reason: Reason, language: Language = "en") -> str:
    """The reason in a person's language; an unknown code is shown as it is.

    >>> say(Reason("agent_left", {"agent": "checker"}), "en")
    "'checker' is not in this case."
    >>> say(Reason("end_unknown", {"skill": "send"}), "en")
    "Nobody knows how 'send' ended. Find out before doing it again."
    """
    known = _words_for(reason)
    if known is not None:
        params = dict(reason.params)
        why = params.pop("why", "")  # of a reason that ends with another one
        last = say(Reason(why, params), language) if why else ""
        if language == "ko" and ("detail" in params or "problem" in params):
            from jihwi.korean import in_korean  # waits: few reasons hold words of a library

            params |= {name: in_korean(params[name]) for name in ("detail", "problem") if name in params}
        return fill(known[0] if language == "ko" else known[1], {**params, "last": last}).strip()
    error = error_of(reason.code, reason.params)
    if error is not None:
        return error.in_full(language)
    return " ".join([reason.code, *reason.params.values()])
