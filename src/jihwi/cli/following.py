"""Events put into lines for a person: who did what, as it happens."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import Reason
from jihwi.case.membership import changed_words
from jihwi.case.reasons import say as say_reason
from jihwi.case.reasons import say_warnings
from jihwi.case.turn import Action, Ask, Call, Delegate, Dispute, HandOff, Post, Release, Report
from jihwi.evidence import Viewer
from jihwi.words import Language, fill

__all__ = ["line_of", "quiet_line", "turn_words", "withheld_words"]

_SKIPPED = (e.TurnStarted, e.TimerSet, e.TimerFired)


def line_of(event: e.Event, language: Language, viewer: Viewer) -> str:
    """One event as a line, as `viewer` may see it; empty for what only matters to machines."""
    words = _words(event, language) if viewer.may_see(event.labels) else withheld_words(language)
    if not words:
        return ""
    at = datetime.fromtimestamp(event.at_ms / 1000).astimezone().strftime("%H:%M:%S")
    return f"{event.seq:>4}  {at}  {_who(event):<14} {words}"


def withheld_words(language: Language) -> str:
    """What stands in the place of a text that this reader may not see."""
    return "볼 수 없는 자료의 내용이 들어 있습니다" if language == "ko" else "Holds text of documents you may not see"


def quiet_line(event: e.Event, language: Language, viewer: Viewer) -> str:
    """The same for a progress display: who begins, finds, hands over and reports, as it passes by."""
    if isinstance(event.body, e.SkillFinished | e.TurnFinished | e.CaseOpened | e.CaseClosed):
        return ""
    if not viewer.may_see(event.labels):
        return ""
    words = _words(event, language)
    who = event.author.id if event.author.role == "agent" else ""
    return f"{who}: {words}" if who and words else words


def _who(event: e.Event) -> str:
    where = getattr(event.body, "assignment", "")
    name = event.author.id if event.author.role != "runner" else "·"
    return f"{name} {where}".strip()


_SAID: dict[type, tuple[str, str]] = {
    e.CaseOpened: ("사건을 열었습니다: {request}", "opened the case: {request}"),
    e.CaseForked: ("{parent} 사건의 {parent_seq}번에서 갈라졌습니다", "forked from {parent} at event {parent_seq}"),
    e.AgentJoined: ("{joined:이} 들어왔습니다", "{joined} joined"),
    e.AgentLeft: ("{agent:이} 떠났습니다", "{agent} left"),
    e.TeamChanged: ("팀을 바꾸었습니다 {why}", "changed the team {why}"),
    e.AgentChanged: ("{agent}: {changed}", "{agent}: {changed}"),
    e.RunnerAwaited: ("실행기를 기다립니다", "waits for a runner"),
    e.SlotAwaited: ("빈 자리를 기다립니다", "waits for a free place"),
    e.AssignmentOpened: ("{agent}에게 맡겼습니다: {task}", "gave {agent} an assignment: {task}"),
    e.WaitingEnded: ("{assignment:을} 더 기다리지 않고 이어 갑니다", "{assignment} is waited for no longer"),
    e.TurnFailed: ("차례가 실패했습니다", "the turn failed"),
    e.SkillStarted: ("{skill} …", "{skill} …"),
    e.SkillFinished: ("기술이 끝났습니다 ({number})", "the skill finished ({number})"),
    e.SkillFailed: ("기술이 실패했습니다", "the skill failed"),
    e.SkillUncertain: ("{skill}: 실행되었는지 알 수 없습니다", "{skill}: nobody knows whether it happened"),
    e.OutcomeTold: (
        "{skill}: 담당이 바뀌는 사이에 실행되던 일의 결과를 자리에 알렸습니다 ({assignment}/{turn}/{number})",
        "{skill}: the seat is told how it ended; it ran while the seat changed hands ({assignment}/{turn}/{number})",
    ),
    e.UncertaintySettled: ("확인: {outcome}", "settled: {outcome}"),
    e.CallRefused: ("거절되었습니다", "was refused"),
    e.FindingPosted: ("발견 {finding}: {claim.text}", "finding {finding}: {claim.text}"),
    e.FindingDisputed: ("발견 {finding}에 이의: {reason}", "disputes finding {finding}: {reason}"),
    e.HandedOff: ("{from_agent} → {to_agent} 넘겼습니다", "{from_agent} handed over to {to_agent}"),
    e.Reported: ("보고했습니다 ({status}) {text}", "reported ({status}) {text}"),
    e.ReleaseStarted: ("보고서를 확인하고 내보냅니다 …", "checking and releasing the report …"),
    e.ReportReleased: ("보고서를 내보냈습니다", "released the report"),
    e.ReleaseRefused: ("보고서를 내보내지 않았습니다", "did not release the report"),
    e.CaseReopened: ("끝난 사건을 다시 열었습니다", "took the closed case up again"),
    e.CaseClosed: ("사건을 마쳤습니다 ({status})", "closed the case ({status})"),
    e.RunnerTookOver: ("실행기가 이어받았습니다", "a runner took over"),
    e.ApprovalRequested: ("승인을 기다립니다 {approval}: {skill}", "waits for an approval {approval}: {skill}"),
    e.ApprovalAnswered: ("승인 {approval}: {verdict}", "approval {approval}: {verdict}"),
    e.ApprovalLapsed: ("승인 {approval:이} 소멸했습니다", "approval {approval} lapsed"),
    e.ApprovalEscalated: (
        "승인 {approval:을} {deputy}에게 올렸습니다. 이제 그 사람이 답합니다",
        "approval {approval} went to {deputy}, whose word it waits for now",
    ),
    e.ApprovalReferred: (
        "승인 {approval}: 담당 자리가 판단합니다 {assignment}",
        "approval {approval} lies before the case worker {assignment}",
    ),
    e.QuestionAsked: ("묻습니다: {question}", "asks: {question}"),
    e.QuestionAnswered: ("답: {answer}", "answer: {answer}"),
    e.SeatChanged: ("자리가 바뀌었습니다: {how} → {agent}", "the seat changed hands: {how} → {agent}"),
    e.CasePaused: ("멈추었습니다", "paused"),
    e.CaseResumed: ("이어 갑니다", "resumed"),
    e.CaseParked: ("멈춰 섰습니다", "stopped"),
    e.CaseCancelled: ("취소했습니다", "cancelled"),
    e.AssignmentCancelled: ("취소했습니다", "cancelled"),
    e.LimitsChanged: ("예산을 바꾸었습니다", "changed the budget"),
    e.Noticed: ("알림", "note"),
    e.ContextCompacted: ("앞선 {entries}개 항목을 줄였습니다", "compacted {entries} earlier entries"),
    e.SentenceJudged: ("문장 {number} 평가: {verdict} {reason}", "judged sentence {number}: {verdict} {reason}"),
    e.ReportEdited: ("보고서를 고쳤습니다 ({how})", "edited the report ({how})"),
    e.ProposalDiscarded: ("{assignment}의 제안을 버렸습니다 {why}", "discarded the proposal of {assignment} {why}"),
    e.SourcesChanged: (
        "근거 문서가 바뀌었습니다: 근거를 잃은 곳 {lost}, 자리를 옮긴 곳 {moved}",
        "sources have changed: evidence lost in {lost} places, moved in {moved}",
    ),
    e.BodyErased: ("{seq}번 기록의 내용을 지웠습니다", "erased the body of event {seq}"),
}


def _words(event: e.Event, language: Language) -> str:
    body = event.body
    if body is None:
        return "지워진 기록" if language == "ko" else "an erased event"
    if isinstance(body, _SKIPPED) or (isinstance(body, e.AgentJoined) and not event.cause):  # there from the start
        return ""
    if isinstance(body, e.TurnFinished):
        warnings = (f"[{one}]" for one in say_warnings(body.parameters, language))
        return " ".join([turn_words(body.text, body.actions, language), *warnings])
    ko, en = _SAID[type(body)]
    fields = msgspec.structs.asdict(body)
    if isinstance(body, e.AgentJoined):
        fields["joined"] = body.agent.name
    elif isinstance(body, e.AgentChanged):
        fields["changed"] = changed_words(body, language)
    elif isinstance(body, e.SourcesChanged):
        fields["lost"] = sum(one.now is None for one in body.rechecked)
        fields["moved"] = len(body.rechecked) - fields["lost"]
    for name in _CHOSEN.keys() & fields.keys():
        told = _CHOSEN[name].get(fields[name])
        fields[name] = fields[name] if told is None else told[0 if language == "ko" else 1]
    found = fill(ko if language == "ko" else en, fields).rstrip()
    if isinstance(body, e.SkillFailed) and body.retry_at_ms:
        found += " (다시 시도합니다)" if language == "ko" else " (it is tried again)"
    reason = getattr(body, "reason", None)
    if isinstance(body, e.ApprovalReferred) and isinstance(reason, Reason):  # nobody judges it: a person is to answer
        found = fill("승인 {approval}" if language == "ko" else "approval {approval}", fields)
    return f"{found}: {say_reason(reason, language)}" if isinstance(reason, Reason) else found


_CHOSEN: dict[str, dict[str, tuple[str, str]]] = {
    "status": {"done": ("모두 함", "done"), "partial": ("일부만 함", "in part"), "failed": ("하지 못함", "failed")},
    "verdict": {
        "approve": ("승인함", "approved"),
        "reject": ("거절함", "rejected"),
        "edit": ("고쳐서 다시 물음", "edited, to be asked anew"),
        "good": ("좋음", "good"),
        "bad": ("나쁨", "bad"),
    },
    "outcome": {
        "happened": ("실행되었음", "it happened"),
        "did_not_happen": ("실행되지 않았음", "it did not happen"),
        "run_again": ("다시 실행함", "run it again"),
    },
    "how": {
        "take": ("사람이 맡음", "taken"),
        "give": ("돌려줌", "given back"),
        "reassign": ("다른 에이전트에게", "reassigned"),
        "replace": ("문장을 바꿈", "a sentence replaced"),
        "add": ("문장을 더함", "a sentence added"),
        "remove": ("문장을 지움", "a sentence removed"),
        "move": ("문장을 옮김", "a sentence moved"),
    },
}
"""What a field may hold, in words."""


def turn_words(text: str, actions: tuple[Any, ...], language: Language) -> str:
    """What a mind decided, in a line."""
    ko = language == "ko"
    parts = [text.strip()] if text.strip() else []
    parts += [_action(action, ko) for action in actions]
    return ", ".join(parts) or ("(빈 차례)" if ko else "(an empty turn)")


def _action(action: Action, ko: bool) -> str:
    match action:
        case Call(skill=skill):
            return skill
        case Delegate(agent=agent):
            return f"→ {agent}"
        case HandOff(agent=agent):
            return f"⇒ {agent}"
        case Report(text=text) if text.strip():
            return f"{_NAMES[Report][0 if ko else 1]}: {' '.join(text.split())}"
        case Ask() | Post() | Dispute() | Report() | Release():
            return _NAMES[type(action)][0 if ko else 1]
        case _:
            assert_never(action)


_NAMES: dict[type, tuple[str, str]] = {
    Ask: ("질문", "ask"),
    Post: ("발견", "post"),
    Dispute: ("이의", "dispute"),
    Report: ("보고", "report"),
    Release: ("내보내기", "release"),
}
