"""Events put into lines for a person who watches: who did what, in one sentence, and what can be opened below it."""

from __future__ import annotations

from typing import Any, Literal, assert_never

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import Reason
from jihwi.case.fold import place
from jihwi.case.membership import changed_words
from jihwi.case.reasons import say as say_reason
from jihwi.case.reasons import say_warnings
from jihwi.case.state import Case
from jihwi.case.turn import Action, Ask, Call, Delegate, Dispute, HandOff, Post, Release, Report
from jihwi.console.cases import Kept
from jihwi.evidence import Viewer
from jihwi.words import Language, fill

__all__ = ["Told", "Tone", "agent_name", "skill_name", "tell", "tell_all"]

Tone = Literal["quiet", "plain", "hand", "good", "wait", "bad"]
"""How loud a line is: machinery; work; the baton changing hands; something reached; a person is needed; a failure."""


class Told(msgspec.Struct, frozen=True):
    """One event as a line."""

    seq: int
    at_ms: int
    kind: str
    who: str
    """Empty for the house itself."""
    person: bool
    assignment: str
    words: str
    tone: Tone
    more: bool
    """Whether there is something to open: arguments, a result, a text."""
    withheld: bool = False
    """The reader does not hold the labels of the documents whose text is in it."""


def agent_name(case: Case, name: str, language: Language) -> str:
    """An agent's name for people: its title where that is in their language."""
    agent = case.agents.get(name)
    if language == "ko" and agent is not None and agent.title:
        return agent.title
    return name.replace("_", " ")


_SKILLS: dict[str, tuple[str, str]] = {
    "understand_request": ("요청 읽기", "Reads the request"),
    "list_sources": ("자료 살피기", "Looks over the documents"),
    "find_evidence": ("근거 찾기", "Looks for evidence"),
    "summarise_sources": ("간추리기", "Summarises"),
    "search": ("찾기", "Searches"),
    "read_passage": ("대목 읽기", "Reads a passage"),
    "check_quotations": ("인용 대조", "Checks quotations"),
    "find_disagreements": ("어긋나는 곳 찾기", "Looks for contradictions"),
    "compute": ("셈", "Computes"),
    "compose_report": ("보고서 짓기", "Composes the report"),
    "check_passage": ("대목 대조하기", "Checks a passage"),
    "shorten_passage": ("대목 줄이기", "Shortens a passage"),
    "back_passage": ("대목의 근거 더 찾기", "Looks for more evidence of a passage"),
    "quote_passage": ("문서의 말로 바꾸기", "Puts the documents' words in"),
    "reword_passage": ("대목 다시 쓰기", "Rewords a passage"),
    "release": ("보고서 내보내기", "Release of the report"),
}


def skill_name(name: str, language: Language) -> str:
    """What a skill does, in a person's words; a skill we do not know keeps its name.

    >>> skill_name("compute", "en"), skill_name("send_mail", "ko")
    ('Computes', 'send_mail')
    """
    known = _SKILLS.get(name)
    return name if known is None else known[0 if language == "ko" else 1]


_BROUGHT: dict[str, tuple[str, str, str]] = {
    "questions": ("물음 {n}개", "{n} question", "{n} questions"),
    "documents": ("문서 {n}건", "{n} document", "{n} documents"),
    "sources": ("문서 {n}건", "{n} document", "{n} documents"),
    "claims": ("근거 {n}개", "{n} piece of evidence", "{n} pieces of evidence"),
    "hits": ("대목 {n}개", "{n} passage", "{n} passages"),
    "checked": ("맞은 인용 {n}개", "{n} quotation holds", "{n} quotations hold"),
    "holds": ("맞은 인용 {n}개", "{n} quotation holds", "{n} quotations hold"),
    "failed": ("틀린 인용 {n}개", "{n} quotation fails", "{n} quotations fail"),
    "contradictions": ("어긋나는 곳 {n}군데", "{n} contradiction", "{n} contradictions"),
    "answer": ("답의 문장 {n}개", "an answer of {n} sentence", "an answer of {n} sentences"),
    "unreadable": ("읽지 못한 파일 {n}개", "{n} unread file", "{n} unread files"),
    "not_found": ("찾지 못한 것 {n}개", "{n} thing not found", "{n} things not found"),
}
"""What a list in a result is: in Korean, and in English for one and for many."""


def _brought(result: Any, language: Language) -> str:
    """What a result holds, in a few words."""
    found = []
    if isinstance(result, dict):
        for name, value in result.items():
            if isinstance(value, list) and name in _BROUGHT and (value or name in ("claims", "hits", "contradictions")):
                which = 0 if language == "ko" else 1 if len(value) == 1 else 2
                found.append(fill(_BROUGHT[name][which], {"n": len(value)}))
    return ", ".join(found[:3]) or ("마침" if language == "ko" else "done")


def tell_all(kept: Kept, events: list[e.Event], language: Language, viewer: Viewer) -> list[Told]:
    """The lines of several events."""
    return [tell(kept, event, language, viewer) for event in events]


def tell(kept: Kept, event: e.Event, language: Language, viewer: Viewer) -> Told:
    """One event as a line. The case gives agents their names, and calls theirs."""
    shown = viewer.may_see(event.labels)
    body = event.body
    if body is None:
        words = "지워진 기록" if language == "ko" else "An erased event"
    elif not shown:
        words = (
            "볼 수 없는 자료의 내용이 들어 있습니다" if language == "ko" else "Holds text of documents you may not see"
        )
    else:
        words = _words(kept, body, language)
    return Told(
        seq=event.seq,
        at_ms=event.at_ms,
        kind=event.kind,
        who=_who(kept, event, language),
        person=event.author.role == "person",
        assignment=getattr(body, "assignment", "") if body is not None else "",
        words=words,
        tone=_tone(event),
        more=shown and isinstance(body, _OPENED),
        withheld=not shown,
    )


def _who(kept: Kept, event: e.Event, language: Language) -> str:
    author = event.author
    if author.role == "person":
        return author.id
    if author.role == "agent":
        return agent_name(kept.case, author.id, language)
    called = _called(kept, event.body)
    return agent_name(kept.case, called[1], language) if called else ""


def _called(kept: Kept, body: e.Body | None) -> tuple[str, str] | None:
    """The skill a line is about that only names its place, and who called it."""
    if not isinstance(body, e.SkillFinished | e.SkillFailed | e.CallRefused):
        return None
    return kept.calls.get(place(body.assignment, body.turn, body.number))


def _tone(event: e.Event) -> Tone:
    body = event.body
    if isinstance(body, e.Reported) and body.status == "failed":
        return "bad"
    if isinstance(body, e.TurnFinished) and not body.text.strip() and body.actions:
        told_below = all(
            isinstance(action, Post | Delegate | HandOff | Report | Dispute | Ask) for action in body.actions
        )
        return "quiet" if told_below else "plain"
    return _TONES.get(event.kind, "plain")


_OPENED = (
    e.TurnFinished
    | e.TurnFailed
    | e.SkillStarted
    | e.SkillFinished
    | e.SkillFailed
    | e.ApprovalRequested
    | e.ApprovalAnswered
    | e.FindingPosted
    | e.Reported
    | e.AssignmentOpened
    | e.AgentJoined
    | e.AgentChanged
    | e.CaseOpened
    | e.HandedOff
    | e.ReportReleased
    | e.ReleaseRefused
    | e.ContextCompacted
    | e.ReportEdited
    | e.SourcesChanged
)

_TONES: dict[str, Tone] = {
    "agent_joined": "quiet",
    "turn_started": "quiet",
    "timer_set": "quiet",
    "timer_fired": "quiet",
    "skill_started": "quiet",
    "runner_took_over": "quiet",
    "release_started": "quiet",
    "context_compacted": "quiet",
    "assignment_opened": "hand",
    "handed_off": "hand",
    "seat_changed": "hand",
    "team_changed": "hand",
    "agent_changed": "hand",
    "agent_left": "hand",
    "runner_awaited": "wait",
    "slot_awaited": "wait",
    "finding_posted": "good",
    "report_released": "good",
    "case_closed": "good",
    "case_reopened": "hand",
    "approval_requested": "wait",
    "question_asked": "wait",
    "skill_uncertain": "wait",
    "case_parked": "wait",
    "case_paused": "wait",
    "turn_failed": "bad",
    "skill_failed": "bad",
    "call_refused": "bad",
    "release_refused": "bad",
    "finding_disputed": "bad",
    "case_cancelled": "bad",
    "sources_changed": "wait",
}

_SAID: dict[type, tuple[str, str]] = {
    e.CaseOpened: ("사건을 열었습니다", "Opened the case"),
    e.CaseForked: ("{parent} 사건의 {parent_seq}번에서 갈라졌습니다", "Forked from {parent} at event {parent_seq}"),
    e.AgentJoined: ("{agent} 에이전트가 들어왔습니다", "{agent} joined"),
    e.AgentLeft: ("{agent} 에이전트가 떠났습니다", "{agent} left"),
    e.TeamChanged: ("팀을 바꾸었습니다. {why}", "Changed the team. {why}"),
    e.AgentChanged: ("{agent}: {changed}", "{agent}: {changed}"),
    e.RunnerAwaited: ("맡을 수 있는 실행기를 기다립니다", "Waits for a runner"),
    e.SlotAwaited: ("빈 자리를 기다립니다", "Waits for a free place"),
    e.AssignmentOpened: ("{agent}에게 맡김: {task}", "Gave {agent}: {task}"),
    e.WaitingEnded: ("{assignment:을} 더 기다리지 않고 이어 갑니다", "Waits for {assignment} no longer"),
    e.TurnStarted: ("{turn}번째 차례를 시작했습니다", "Began turn {turn}"),
    e.TurnFailed: ("차례가 실패했습니다", "The turn failed"),
    e.SkillStarted: ("{skill} 실행 중", "Running {skill}"),
    e.SkillFinished: ("결과가 나왔습니다", "Has its result"),
    e.SkillFailed: ("실패: {called}", "Failed: {called}"),
    e.SkillUncertain: ("{skill}: 실행되었는지 알 수 없습니다", "{skill}: nobody knows whether it happened"),
    e.OutcomeTold: (
        "{skill}: 담당이 바뀌는 사이에 실행되던 일의 결과를 자리에 알렸습니다",
        "{skill}: the seat is told how it ended; it ran while the seat changed hands",
    ),
    e.UncertaintySettled: ("사람이 확인했습니다: {outcome}", "A person settled it: {outcome}"),
    e.CallRefused: ("하지 않음: {called}", "Refused: {called}"),
    e.FindingPosted: ("발견 {finding}: {claim.text}", "Finding {finding}: {claim.text}"),
    e.FindingDisputed: ("발견 {finding}에 이의: {reason}", "Disputes finding {finding}: {reason}"),
    e.HandedOff: ("{from_agent} → {to_agent} 지휘봉을 넘겼습니다", "{from_agent} → {to_agent}: handed the baton"),
    e.Reported: ("보고했습니다. {text}", "Reported. {text}"),
    e.ReleaseStarted: ("모든 문장을 다시 확인하고 있습니다", "Checking every sentence again"),
    e.ReportReleased: ("보고서를 내보냈습니다", "Released the report"),
    e.ReleaseRefused: ("보고서를 내보내지 않았습니다", "Did not release the report"),
    e.CaseClosed: ("사건을 마쳤습니다", "Closed the case"),
    e.CaseReopened: ("끝난 사건을 다시 열었습니다", "Took the closed case up again"),
    e.RunnerTookOver: ("실행기가 이어받았습니다", "A runner took over"),
    e.ApprovalRequested: ("승인을 기다립니다: {skill}", "Waits for an approval: {skill}"),
    e.ApprovalAnswered: ("{verdict}", "{verdict}"),
    e.ApprovalLapsed: ("승인 요청이 소멸했습니다", "The approval lapsed"),
    e.ApprovalEscalated: (
        "승인을 {deputy} 님에게 올렸습니다. 이제 그 사람이 답합니다",
        "The approval went to {deputy}, whose word it waits for now",
    ),
    e.ApprovalReferred: ("담당 자리가 승인할지 판단합니다", "The approval lies before the case worker's seat"),
    e.QuestionAsked: ("묻습니다: {question}", "Asks: {question}"),
    e.QuestionAnswered: ("답했습니다: {answer}", "Answered: {answer}"),
    e.SeatChanged: ("{how}", "{how}"),
    e.CasePaused: ("멈추었습니다", "Paused"),
    e.CaseResumed: ("이어 갑니다", "Resumed"),
    e.CaseParked: ("멈춰 섰습니다", "Stopped"),
    e.CaseCancelled: ("취소했습니다", "Cancelled"),
    e.AssignmentCancelled: ("맡긴 일을 취소했습니다", "Cancelled the assignment"),
    e.LimitsChanged: ("예산을 바꾸었습니다", "Changed the budget"),
    e.Noticed: ("알림", "Note"),
    e.ContextCompacted: ("앞선 {entries}개 항목을 줄였습니다", "Compacted {entries} earlier entries"),
    e.TimerSet: ("시간을 맞추었습니다", "Set a timer"),
    e.TimerFired: ("맞춘 시간이 되었습니다", "A timer fired"),
    e.SentenceJudged: (
        "보고서의 {number}번째 문장: {judged} {reason}",
        "Sentence {number} of the report: {judged} {reason}",
    ),
    e.ReportEdited: ("보고서를 고쳤습니다: {edited}", "Edited the report: {edited}"),
    e.ProposalDiscarded: ("제안을 버렸습니다 ({assignment}) {why}", "Discarded the proposal ({assignment}) {why}"),
    e.SourcesChanged: (
        "근거 문서가 바뀌었습니다: 근거를 잃은 곳 {lost}, 자리를 옮긴 곳 {moved}",
        "Sources have changed: evidence lost in {lost} places, moved in {moved}",
    ),
    e.BodyErased: ("{seq}번 기록의 내용을 지웠습니다", "Erased the body of event {seq}"),
}

_VERDICTS = {
    "approve": ("승인했습니다", "Approved it"),
    "reject": ("거절했습니다", "Rejected it"),
    "edit": ("고쳤습니다: 고친 내용으로 다시 승인을 묻습니다", "Edited it: it is asked anew"),
}
_JUDGED = {"good": ("좋음", "good"), "bad": ("나쁨", "bad")}
_EDITED = {
    "replace": ("문장을 바꿈", "a sentence was replaced"),
    "add": ("문장을 더함", "a sentence was added"),
    "remove": ("문장을 지움", "a sentence was removed"),
    "move": ("문장을 옮김", "a sentence was moved"),
}
_HOWS = {
    "take": ("자리를 넘겨받았습니다", "Took the seat over"),
    "give": ("{agent}에게 자리를 돌려주었습니다", "Gave the seat back to {agent}"),
    "reassign": ("{agent}에게 자리를 넘겼습니다", "Reassigned the seat to {agent}"),
}


def _words(kept: Kept, body: e.Body, language: Language) -> str:
    case = kept.case
    which = 0 if language == "ko" else 1
    if isinstance(body, e.TurnFinished):
        return _turn(case, body, language)
    fields = msgspec.structs.asdict(body)
    for name in ("agent", "from_agent", "to_agent"):
        if name in fields:
            one = fields[name]
            fields[name] = agent_name(case, one if isinstance(one, str) else one.name, language)
    if isinstance(body, e.AgentChanged):
        fields["changed"] = changed_words(body, language)
    if isinstance(body, e.SourcesChanged):
        fields["lost"] = sum(one.now is None for one in body.rechecked)
        fields["moved"] = len(body.rechecked) - fields["lost"]
    if "skill" in fields:
        fields["skill"] = skill_name(str(fields["skill"]), language)
    called = _called(kept, body)
    fields["called"] = ""
    if called is not None:
        fields["called"] = skill_name(called[0], language)
    if isinstance(body, e.SkillFinished):
        return fill("{called}: {brought}", {**fields, "brought": _brought(body.result, language)})
    template = _SAID[type(body)][which]
    if isinstance(body, e.ApprovalAnswered):
        template = _VERDICTS[body.verdict][which] + (f" — {body.note}" if body.note else "")
    elif isinstance(body, e.SentenceJudged):
        fields["judged"] = _JUDGED[body.verdict][which]
    elif isinstance(body, e.ReportEdited):
        fields["edited"] = _EDITED[body.how][which]
    elif isinstance(body, e.SeatChanged):
        template = _HOWS[body.how][which]
    found = fill(template, fields).strip()
    if isinstance(body, e.SkillFailed) and body.retry_at_ms:
        found += " (다시 시도합니다)" if language == "ko" else " (it is tried again)"
    reason = getattr(body, "reason", None)
    if isinstance(reason, Reason) and reason.code != "note":
        return f"{found}: {say_reason(reason, language)}"
    return f"{found}: {reason.params.get('note', '')}" if isinstance(reason, Reason) else found


def _turn(case: Case, body: e.TurnFinished, language: Language) -> str:
    parts = [body.text.strip()] if body.text.strip() else []
    parts += [_action(case, action, language) for action in body.actions]
    said = " · ".join(_grouped(parts)) or ("(빈 차례)" if language == "ko" else "(an empty turn)")
    return " ".join([said, *(f"[{one}]" for one in say_warnings(body.parameters, language))])


def _grouped(parts: list[str]) -> list[str]:
    """The same thing said several times in a row is said once, with its count."""
    found: list[tuple[str, int]] = []
    for part in parts:
        if found and found[-1][0] == part:
            found[-1] = (part, found[-1][1] + 1)
        else:
            found.append((part, 1))
    return [part if count == 1 else f"{part} ×{count}" for part, count in found]


def _action(case: Case, action: Action, language: Language) -> str:
    match action:
        case Call(skill=skill):
            return skill_name(skill, language)
        case Delegate(agent=agent):
            return f"→ {agent_name(case, agent, language)}"
        case HandOff(agent=agent):
            return f"⇒ {agent_name(case, agent, language)}"
        case Ask() | Post() | Dispute() | Report() | Release():
            return _NAMES[type(action)][0 if language == "ko" else 1]
        case _:
            assert_never(action)


_NAMES: dict[type[Any], tuple[str, str]] = {
    Ask: ("질문", "asks"),
    Post: ("발견", "posts a finding"),
    Dispute: ("이의", "disputes"),
    Report: ("보고", "reports"),
    Release: ("내보내기", "releases"),
}
