"""How the consult team works without a model: read side by side, confer, and let a person decide.

An example with invented people and medicines. It is no medical device: its rules are as simple as they can be while
experts still disagree for a reason that can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jihwi.case import (
    Action,
    Answered,
    Ask,
    Call,
    CallSettled,
    ChildReported,
    Delegate,
    Dispute,
    Finding,
    HandOff,
    Post,
    Release,
    Report,
    Turn,
    View,
)
from jihwi.teams.consult.statements import (
    Source,
    claims_in,
    continues,
    day,
    doses,
    limit,
    source_of,
    symptoms_in,
    warns,
)

__all__ = ["case_worker", "checker", "literature", "records", "symptoms"]

EXPERTS: tuple[Source, ...] = ("symptoms", "records", "literature")

TOPICS = ("dose", "use", "")
"""What positions are about; the last is anything else."""

_LOOK_FOR = {"symptoms": "증상 문진 호소", "records": "기록 처방 진료", "literature": "설명서 주의 연구"}


# ── the case worker ──────────────────────────────────────────────────────────


def case_worker(view: View) -> Turn:
    """Let the experts read, then confer; ask a person where they disagree; release what the person decided."""
    children = [one for one in view.transcript if isinstance(one, ChildReported)]
    if not children:
        return _do(Call("list_sources"), *_delegated(view, "read"))
    if len(children) <= len(EXPERTS):
        return _do(*_delegated(view, "confer"))
    questions = _questions(view)
    answered = [one for one in view.transcript if isinstance(one, Answered)]
    if questions and not answered:
        return _do(*questions)
    composed = _last(view, "compose_report")
    if composed is None:
        return _do(Call("compose_report", _composition(view, answered)))
    if composed.status != "finished":
        return _do(Report("failed", "보고서를 짓지 못했습니다." if _ko(view) else "No report could be composed."))
    released = _last(view, "release")
    if released is None:
        return _do(Release(f"{view.assignment}/{composed.turn}/{composed.number}"))
    return _do(Report("done" if released.status == "finished" else "partial"))


def _delegated(view: View, step: str) -> Iterator[Delegate]:
    for expert in EXPERTS:
        yield Delegate(expert, view.request, {"step": step})


def _questions(view: View) -> list[Action]:
    """One question a matter on which the experts disagree; its options are the findings that were disputed."""
    later = "더 알아본 뒤 정한다" if _ko(view) else "Decide after finding out more"
    asked: list[Action] = []
    for topic, findings in _disputed(view).items():
        options = (*(_option(view, one) for one in findings), later)
        asked.append(Ask(_words(view, f"ask_{topic or 'other'}"), options))
    return asked


def _option(view: View, finding: Finding) -> str:
    return f"발견 {finding.number}: {finding.claim.text}" if _ko(view) else f"{finding.number}: {finding.claim.text}"


def _disputed(view: View) -> dict[str, list[Finding]]:
    """The findings that an expert disputed, by what they are about; in the same order however the work went."""
    disputed = [one for expert in EXPERTS for one in _of(view, expert) if one.disputes]
    topics = [topic for topic in TOPICS if any(one.claim.topic == topic for one in disputed)]
    return {topic: [one for one in disputed if one.claim.topic == topic] for topic in topics}


def _composition(view: View, answered: list[Answered]) -> dict[str, Any]:
    """The findings the person chose come first, then every position, then what else was found."""
    numbers = [int(n) for one in answered for n in re.findall(r"^(?:발견 )?(\d+):", one.answer)]
    disputed = _disputed(view)
    sections = [
        {"title": _words(view, f"title_{topic or 'other'}"), "sentences": [_said(one) for one in findings]}
        for topic, findings in disputed.items()
    ]
    for agent in EXPERTS:
        rest = [_said(one) for one in view.findings if one.agent == agent and not one.disputes]
        if rest:
            sections.append({"title": _words(view, f"title_{agent}"), "sentences": rest})
    chosen = [_said(one) for one in view.findings if one.number in numbers]
    if not (answered or disputed):
        chosen = [_said(one) for expert in EXPERTS for one in _of(view, expert)[:1]]
    return {"answer": chosen, "sections": sections, "decisions": True}


def _said(finding: Finding) -> dict[str, Any]:
    return {"text": finding.claim.text, "findings": [finding.number]}


# ── the experts ──────────────────────────────────────────────────────────────


def symptoms(view: View) -> Turn:
    """Read what the person reported; when conferring, dispute a record whose dose is another."""
    if view.inputs.get("step") != "confer":
        return _read(view, "symptoms")
    disputes = [
        Dispute(record.number, _words(view, "other_dose", by=said.claim.text, said=amount, stands=known[medicine]))
        for record in _of(view, "records")
        for said in _of(view, "symptoms")
        for medicine, amount in doses(said.claim.text).items()
        if (known := doses(record.claim.text)).get(medicine, amount) != amount
    ]
    return _conferred(disputes)


def records(view: View) -> Turn:
    """Read the records; when conferring, dispute a warning about a symptom that was there before the medicine."""
    if view.inputs.get("step") != "confer":
        return _read(view, "records")
    disputes: list[Dispute] = []
    for warning, medicine, symptom in _warnings(view):
        before = _first(view, symptom)
        began = _first(view, medicine)
        if before is not None and began is not None and before[0] < began[0]:
            reason = _words(view, "was_before", by=before[1], symptom=symptom, medicine=medicine)
            disputes.append(Dispute(warning.number, reason))
    return _conferred(disputes)


def literature(view: View) -> Turn:
    """Read the literature; when conferring, dispute what it warns against and a dose beyond its limit."""
    if view.inputs.get("step") != "confer":
        return _read(view, "literature")
    disputes = [
        Dispute(record.number, _words(view, "warned", by=warning.claim.text, symptom=symptom))
        for warning, medicine, symptom in _warnings(view)
        for record in _of(view, "records")
        if medicine in record.claim.text and continues(record.claim.text)
    ]
    disputes += [
        Dispute(said.number, _words(view, "too_much", by=bound.claim.text, most=most))
        for bound in _of(view, "literature")
        for medicine, most in limit(bound.claim.text).items()
        for said in (*_of(view, "symptoms"), *_of(view, "records"))
        if doses(said.claim.text).get(medicine, 0) > most
    ]
    return _conferred(disputes)


def checker(view: View) -> Turn:
    """Check the quotations of the assignment that was handed over, dispute what fails, report what holds."""
    own = [one for one in view.findings if one.assignment == view.assignment]
    checked = _last(view, "check_quotations")
    if checked is None:
        return _do(Call("check_quotations", {"findings": [one.number for one in own]}))
    value = checked.value if isinstance(checked.value, dict) else {}
    failed = {int(one["finding"]): str(one["problem"]) for one in value.get("failed", [])}
    disputes = [Dispute(number, problem) for number, problem in failed.items()]
    holds = tuple(one.number for one in own if one.number not in failed)
    return _do(*disputes, Report("partial" if failed else "done", findings=holds))


def _read(view: View, source: Source) -> Turn:
    """Search, read every document of one's own folder, post what it says, report or hand off."""
    searched = _last(view, "search")
    if searched is None:
        return _do(Call("search", {"query": f"{view.request} {_LOOK_FOR[source]}", "limit": 20}))
    read = [one for one in view.transcript if isinstance(one, CallSettled) and one.skill == "read_passage"]
    if not read:
        hits = searched.value["hits"] if searched.status == "finished" else []
        documents = dict.fromkeys(one["document_id"] for one in hits if source_of(one["path"]) == source)
        if not documents:
            return _do(Report("partial", _words(view, "nothing")))
        return _do(*(Call("read_passage", {"document_id": one, "length": 6000}) for one in documents))
    claims = [claim for one in read if one.status == "finished" for claim in claims_in(one.value)]
    if source == "literature":
        wanted = [claim for claim in claims if claim.topic]
        return _do(*(Post(claim) for claim in wanted), HandOff("checker", _words(view, "check")))
    return _do(*(Post(claim) for claim in claims), Report("done"))


def _conferred(disputes: list[Dispute]) -> Turn:
    once = {one.finding: one for one in reversed(disputes)}
    return _do(*once.values(), Report("done", data={"disputed": sorted(once)}))


def _warnings(view: View) -> Iterator[tuple[Finding, str, str]]:
    """Findings of the literature that warn of a reported symptom with a medicine on record."""
    reported = symptoms_in(_of(view, "symptoms"))
    medicines = {name for one in _of(view, "records") for name in doses(one.claim.text)}
    for one in _of(view, "literature"):
        for medicine in sorted(medicines):
            for symptom in sorted(reported):
                if warns(one.claim.text) and medicine in one.claim.text and symptom in one.claim.text:
                    yield one, medicine, symptom


def _first(view: View, word: str) -> tuple[tuple[int, int, int], str] | None:
    """The earliest day on which the records name a word, and the sentence that says so."""
    dated = [(day(one.claim.text), one.claim.text) for one in _of(view, "records") if word in one.claim.text]
    return min(((when, words) for when, words in dated if when is not None), default=None)


def _of(view: View, expert: Source) -> list[Finding]:
    return [one for one in view.findings if one.agent == expert]


# ── words and shared ─────────────────────────────────────────────────────────

_WORDS: dict[str, tuple[str, str]] = {
    "ask_dose": (
        "용량을 두고 의견이 갈렸습니다. 어느 쪽을 따르겠습니까?",
        "The dose is disputed. Which do you follow?",
    ),
    "ask_use": (
        "계속 복용할지를 두고 의견이 갈렸습니다. 어느 쪽을 따르겠습니까?",
        "Whether to go on taking it is disputed. Which do you follow?",
    ),
    "ask_other": ("의견이 갈렸습니다. 어느 쪽을 따르겠습니까?", "The experts disagree. Which do you follow?"),
    "title_dose": ("갈린 의견: 용량", "Positions: the dose"),
    "title_use": ("갈린 의견: 계속 복용할지", "Positions: whether to go on"),
    "title_other": ("갈린 의견", "Positions"),
    "title_symptoms": ("본인이 말한 것", "What the person reported"),
    "title_records": ("기록에 있는 것", "What the records say"),
    "title_literature": ("문헌에 있는 것", "What the literature says"),
    "other_dose": (
        "본인은 {said}mg이라고 하는데 기록은 {stands}mg입니다: ‘{by}’",
        "The person says {said} mg; the record says {stands} mg: ‘{by}’",
    ),
    "was_before": (
        "기록에는 {symptom} 증상이 {medicine}보다 먼저 있었습니다: ‘{by}’",
        "The records have {symptom} before {medicine}: ‘{by}’",
    ),
    "warned": (
        "문헌은 {symptom} 증상이 있으면 멈추라고 합니다: ‘{by}’",
        "The literature says to stop when there is {symptom}: ‘{by}’",
    ),
    "too_much": (
        "문헌의 한도 {most}mg을 넘습니다: ‘{by}’",
        "It is beyond the {most} mg the literature allows: ‘{by}’",
    ),
    "nothing": ("읽을 자료가 없습니다.", "There is nothing to read."),
    "check": ("인용을 확인해 주십시오.", "Please check the quotations."),
}


def _words(view: View, name: str, **fields: object) -> str:
    ko, en = _WORDS[name]
    return (ko if _ko(view) else en).format(**fields)


def _ko(view: View) -> bool:
    return view.language == "ko"


def _do(*actions: Action) -> Turn:
    return Turn(actions=actions)


def _last(view: View, skill: str) -> CallSettled | None:
    for entry in reversed(list(view.transcript)):
        if isinstance(entry, CallSettled) and entry.skill == skill:
            return entry
    return None
