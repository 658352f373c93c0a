"""How a case stands, for a program, and for a person in lines that hold the commands to answer with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from jihwi.case import person
from jihwi.case.approval import answerers
from jihwi.case.decide import RELEASE
from jihwi.case.governor import choice_words, ran_out, so_far
from jihwi.case.judging import judge_who_left_it, to_a_person
from jihwi.case.reasons import say as say_reason
from jihwi.case.reasons import say_overtaken, sees_end_of
from jihwi.case.state import ActionState, Approval, Assignment, Case, Overtaken, open_assignments
from jihwi.case.turn import Ask, Call
from jihwi.cli.following import withheld_words
from jihwi.cli.onward import has_work, onward, status_words
from jihwi.cli.previews import preview_of
from jihwi.cli.screen import Screen
from jihwi.evidence import Viewer
from jihwi.words import amount

__all__ = [
    "ended_lines",
    "options_of",
    "overtaken_lines",
    "standing",
    "standing_lines",
    "unclear_words",
    "waiting_lines",
]


def standing(case: Case, viewer: Viewer) -> dict[str, Any]:
    """How a case stands, for machines, as `viewer` may see it."""
    seen = {one for one in case.assignments if viewer.may_see(case.assignments[one].labels)}
    return {
        "case": case.id,
        "status": case.status,
        "outcome": case.outcome,
        "request": case.request,
        "events": case.seq,
        "head": case.head.hex(),
        "reason": case.reason,
        "choices": case.choices,
        "parked_at": case.parked_at,
        "ran_out": ran_out(case.reason),
        "assignments": [_seat(a, a.id in seen) for a in open_assignments(case)],
        "agents": {name: sorted(case.skills.get(name, {})) for name in case.agents},
        "team_digest": case.team_digest,
        "approvals": [_approval(case, one, one.assignment in seen, viewer) for one in person.open_approvals(case)],
        "questions": [_question(a, number, words, a.id in seen) for a, number, words in person.open_questions(case)],
        "uncertain": [_uncertain(a, action, a.id in seen) for a, action in person.uncertain_writes(case)],
        "unclear": case.unclear,
        "overtaken": [_overtaken(one, sees_end_of(viewer, case, one)) for one in case.overtaken.values()],
        "turns": [{"assignment": a.id, "holder": a.mind.name} for a in person.turns_to_take(case)],
        "findings": len(case.findings) if viewer.may_see(case.labels) else 0,
        "files": case.files,
        "answer": case.answer if viewer.may_see(case.labels) else "",
    }


def _seat(a: Assignment, seen: bool) -> dict[str, Any]:
    return {
        "assignment": a.id,
        "agent": a.agent,
        "mind": a.mind,
        "seat": a.seat,
        "turn": a.turn,
        "task": a.task if seen else "",
        "awaits": a.awaits,
    }


def _approval(case: Case, one: Approval, seen: bool, viewer: Viewer) -> dict[str, Any]:
    return {
        "approval": one.id,
        "skill": one.skill,
        "arguments": one.arguments if seen else {},
        "withheld": not seen,
        "digest": one.action_digest,
        "expires_at_ms": one.expires_at_ms,
        "deputy": one.deputy,
        "answerers": answerers(one.deputy, case.policy),
        "left_by": _left_by(case, one, viewer),
    }


def _left_by(case: Case, one: Approval, viewer: Viewer) -> dict[str, str] | None:
    judge = judge_who_left_it(case, one)
    if judge is None:
        return None
    words = judge.report.text if judge.report is not None and viewer.may_see(judge.labels) else ""
    return {"agent": judge.agent, "assignment": judge.id, "words": words}


def _question(a: Assignment, number: int, question: str, seen: bool) -> dict[str, Any]:
    if not seen:
        return {"assignment": a.id, "number": number, "question": "", "options": (), "withheld": True}
    return {"assignment": a.id, "number": number, "question": question, "options": options_of(a, number)}


def _uncertain(a: Assignment, action: ActionState, seen: bool) -> dict[str, Any]:
    return {
        "assignment": a.id,
        "number": action.number,
        "skill": _skill_of(action),
        "arguments": action.arguments if seen else {},
        "reason": action.doubt if seen else None,
        "withheld": not seen,
    }


def _overtaken(one: Overtaken, seen: bool) -> dict[str, Any]:
    return {
        "assignment": one.assignment,
        "turn": one.turn,
        "number": one.number,
        "skill": one.skill,
        "end": one.end,
        "value": one.value if seen else None,
        "reason": one.reason if seen else None,
        "withheld": not seen,
    }


def options_of(assignment: Assignment, number: int) -> tuple[str, ...]:
    """What a question offers to choose from."""
    action = assignment.actions[number].action
    return action.options if isinstance(action, Ask) else ()


def _skill_of(action: ActionState) -> str:
    return action.action.skill if isinstance(action.action, Call) else "release"


# ── in lines ─────────────────────────────────────────────────────────────────


def standing_lines(case: Case, screen: Screen, viewer: Viewer, *, driven: bool) -> list[str]:
    """How a case stands, for a person: what waits stands above the command that answers it. `driven`: a runner has
    it in hand."""
    told = _Told(case, screen, viewer)
    stands = " ".join(status_words(one, screen.language) for one in (case.status, case.outcome) if one)
    lines = [f"{case.id}  {stands}", case.request, ""]
    if case.reason is not None:
        lines.append(say_reason(case.reason, screen.language))
    lines += [unclear_words(screen, place, skill) for place, skill in case.unclear.items()]
    lines += overtaken_lines(case, screen, viewer)
    lines += _going_on(case, screen, driven=driven)
    lines += _choices(case, screen)
    for a in open_assignments(case):
        lines += told.seat(a)
    return lines + _waiting(told)


def waiting_lines(case: Case, screen: Screen, viewer: Viewer) -> list[str]:
    """What waits for a person in a case, each above the command that answers it, and nothing else."""
    lines = [say_reason(case.reason, screen.language)] if case.reason is not None else []
    if case.status == "paused":
        lines.append(f"  {onward(case)}")
    return [*lines, *_choices(case, screen), *_waiting(_Told(case, screen, viewer))]


def _choices(case: Case, screen: Screen) -> list[str]:
    return [f"  {_choice_told(case, one, screen)}:  {_choice_line(case, one)}" for one in case.choices]


def _waiting(told: _Told) -> list[str]:
    case, lines = told.case, list[str]()
    for one in person.open_approvals(case):
        lines += ["", *told.approval(one)]
    for a, number, question in person.open_questions(case):
        lines += ["", *told.question(a, number, question)]
    for a, action in person.uncertain_writes(case):
        lines += ["", *told.uncertain(a, action)]
    for a in person.turns_to_take(case):
        lines += ["", *told.turn(a)]
    return lines


def _going_on(case: Case, screen: Screen, *, driven: bool) -> list[str]:
    if case.status == "paused":
        return [f"  {onward(case)}"]
    if driven or not has_work(case):
        return []
    return [screen.words("이 사건을 맡은 실행기가 없습니다.", "No runner drives it now."), f"  {onward(case)}"]


def ended_lines(case: Case, screen: Screen, viewer: Viewer, folder: Path | None) -> list[str]:
    """What came of a case that has ended: where its report lies, or what was said at the end without one. `folder`:
    where its last release lies on this machine."""
    if case.status != "closed":
        return []
    if not viewer.may_see(case.labels):
        return [withheld_words(screen.language)]
    if not case.files:
        return [screen.words("보고서 없이 끝났습니다.", "It ended without a report."), *case.answer.splitlines()]
    if folder is None:
        from jihwi.cli.running import ELSEWHERE  # waits: brings the library

        return [screen.words(*ELSEWHERE)]
    here = [folder / name for name in ("report.md", "report.html", "report.docx") if (folder / name).is_file()]
    return [screen.words("보고서:", "Its report:"), *(f"  {path}" for path in here)]


_JUDGED_LINES = 5
"""So much is shown of why the case worker's seat left something to a person; its transcript holds the rest."""


class _Told:
    """Puts what waits in a case into lines, as `viewer` may see it."""

    def __init__(self, case: Case, screen: Screen, viewer: Viewer) -> None:
        self.case = case
        self.screen = screen
        self.viewer = viewer
        self.words = screen.words

    def _shown(self, a: Assignment, words: str) -> str:
        return words if self.viewer.may_see(a.labels) else withheld_words(self.screen.language)

    def seat(self, a: Assignment) -> list[str]:
        depth = "  " * a.depth
        turn = f"{self.words('차례', 'turn')} {a.turn}"
        lines = [f"{depth}{a.id}  {a.agent} ({a.mind.kind})  {turn}: {self._shown(a, a.task[:80])}"]
        if a.awaits is None:
            return lines
        lines.append(f"{depth}  {say_reason(a.awaits, self.screen.language)}")
        lacks = _LACKING.get(a.awaits.code)
        return lines if lacks is None else [*lines, f"{depth}  jihwi case run {self.case.id} {lacks}"]

    def approval(self, one: Approval) -> list[str]:
        seat = self.case.assignments[one.assignment]
        wanted = [f"{one.skill} {self._shown(seat, msgspec.json.encode(one.arguments).decode()[:300])}"]
        if one.skill == RELEASE.name:
            may_see = self.viewer.may_see(self.case.labels)
            report = preview_of(self.case, str(one.arguments.get("call", "")), self.screen.language)
            wanted = [
                self.words("내보낼 보고서:", "The report that would leave:"),
                *(f"  {line}" for line in (report if may_see else [withheld_words(self.screen.language)])),
            ]
        return [
            self.words(f"승인을 기다립니다: {one.id}", f"Waits for an approval: {one.id}"),
            *(f"  {line}" for line in wanted),
            f"  {say_reason(one.reason, self.screen.language)}",
            *(f"  {line}" for line in self._judged(one)),
            *(f"  {one_more}" for one_more in _whose_word(self.case, one, self.screen)),
            f"  jihwi case approve {self.case.id} {one.id} --digest {one.action_digest[:12]}",
        ]

    def _judged(self, one: Approval) -> list[str]:
        """That the case worker's seat left it to a person, and in its own words why."""
        judge, referred = judge_who_left_it(self.case, one), to_a_person(one).reason
        if judge is None or referred is None:
            return []
        words = judge.report.text if judge.report is not None else ""
        said = [f"{judge.agent}: {line}" for line in self._shown(judge, words).splitlines()[:_JUDGED_LINES]]
        return [say_reason(referred, self.screen.language), *said]

    def question(self, a: Assignment, number: int, question: str) -> list[str]:
        words = self._shown(a, question)
        options = options_of(a, number) if self.viewer.may_see(a.labels) else ()
        return [
            self.words(f"묻습니다 ({a.id}): {words}", f"Asks ({a.id}): {words}"),
            *(f"  {n}. {one}" for n, one in enumerate(options, 1)),
            f'  jihwi case answer {self.case.id} "…" --of {a.id}/{number}',
        ]

    def uncertain(self, a: Assignment, action: ActionState) -> list[str]:
        """A write nobody knows the end of: what is known of it, and the lines that settle it."""
        skill = _skill_of(action)
        known = self.words("그 일을 하던 실행기가 멈추었습니다.", "The runner that did it has ended.")
        if action.doubt is not None:
            known = self._shown(a, say_reason(action.doubt, self.screen.language))
        return [
            self.words(
                f"실행되었는지 알 수 없습니다: {skill} ({a.id}/{action.number}). 확인해 주십시오.",
                f"Nobody knows whether this happened: {skill} ({a.id}/{action.number}). Please find out.",
            ),
            f"  {skill} {self._shown(a, msgspec.json.encode(action.arguments).decode()[:300])}",
            f"  {known}",
            *(
                f"  jihwi case settle {self.case.id} {a.id} {action.number} {outcome}"
                for outcome in ("happened", "did_not_happen", "run_again")
            ),
        ]

    def turn(self, a: Assignment) -> list[str]:
        return [
            self.words(f"{a.mind.name} 님의 차례입니다 ({a.id})", f"It is the turn of {a.mind.name} ({a.id})"),
            f'  jihwi case turn {self.case.id} {a.id} --report "…"',
            f"  jihwi case give {self.case.id} {a.id}",
        ]


_LACKING = {
    "runner_lacks_procedure": "--team FOLDER",
    "runner_lacks_skill": "--team FOLDER",
    "runner_lacks_model": "--model openai:NAME@http://HOST/v1",
}
"""What a runner is told that has what a case waits for."""


def _choice_told(case: Case, choice: str, screen: Screen) -> str:
    """A choice in words; of a limit, where it lies and how far it was used, since a new one must lie above that."""
    words = choice_words(choice, screen.language)
    stopped = case.assignments.get(case.parked_at)
    used = so_far(case.reason, stopped.limits, stopped.spent) if choice == "raise_budget" and stopped else None
    if used is None:
        return words
    told = screen.words("지금 한도 {}, 쓴 것 {}", "the limit is {}, used {}").format(*map(amount, used))
    return f"{words} ({told})"


def _choice_line(case: Case, choice: str) -> str:
    """The command that makes a choice, to be copied."""
    at = case.parked_at
    what = {"ms": "seconds", "micros": "money"}.get(ran_out(case.reason), ran_out(case.reason)) or "turns"
    lines = {
        "raise_budget": f"jihwi case resume {case.id} --{what} N",
        "note": f'jihwi case note {case.id} {at} "…"',
        "resume": f"jihwi case resume {case.id}",
        "take": f"jihwi case take {case.id} {at}",
        "reassign": f"jihwi case reassign {case.id} {at} AGENT",
        "cancel": f"jihwi case cancel {case.id}",
    }
    return lines.get(choice, f"jihwi case {choice} {case.id}")


def _whose_word(case: Case, approval: Approval, screen: Screen) -> list[str]:
    """Until when an approval waits and for whom, where that is not said by the case worker's right alone."""
    lines: list[str] = []
    if approval.deputy:
        who = ", ".join(answerers(approval.deputy, case.policy))
        ko = f"기한이 지나 {approval.deputy} 님에게 넘어갔습니다. 이제 답할 수 있는 사람: {who}"
        lines.append(screen.words(ko, f"It went to {approval.deputy} unanswered. Who may answer it now: {who}"))
    if approval.expires_at_ms:
        at = datetime.fromtimestamp(approval.expires_at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
        deputy = case.policy.deputy if not approval.deputy else ""
        after = screen.words(f"그 뒤에는 {deputy} 님에게", f"then it goes to {deputy}") if deputy else ""
        after = after or screen.words("그 뒤에는 소멸합니다", "then it lapses")
        lines.append(screen.words(f"기한: {at}. {after}", f"Due: {at}; {after}"))
    return lines


def overtaken_lines(case: Case, screen: Screen, viewer: Viewer) -> list[str]:
    """What is said of writes that were under way when their seat changed hands, as `viewer` may see it."""
    told = case.overtaken.values()
    return [say_overtaken(one, screen.language, seen=sees_end_of(viewer, case, one)) for one in told]


def unclear_words(screen: Screen, place: str, skill: str) -> str:
    """What is said of a write that was under way when its case ended."""
    return screen.words(
        f"끝날 때 실행 중이던 일이 있습니다: {skill} ({place}). 실행되었는지 알 수 없으니 확인하십시오.",
        f"It was under way at the end: {skill} ({place}). Nobody knows whether it happened: please find out.",
    )
