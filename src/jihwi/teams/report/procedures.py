"""How the report team works without a model: one function an agent, each from its view to its next turn.

Each function looks only at what its agent is shown. What has been done is in the transcript, so the same view always
gives the same turn, before a crash and after it.
"""

from __future__ import annotations

from typing import Any

from jihwi.case import (
    Action,
    Call,
    CallSettled,
    ChildReported,
    Claim,
    Delegate,
    Dispute,
    Finding,
    Handed,
    HandOff,
    Post,
    Quotation,
    Release,
    Report,
    Turn,
    View,
)

__all__ = ["analyst", "case_worker", "checker", "researcher", "writer"]

QUESTIONS = 6
"""How many researchers work side by side at most."""

ROUNDS = 2
"""How often a finding is handed back before the checker goes on without it."""


# ── the case worker ──────────────────────────────────────────────────────────


def case_worker(view: View) -> Turn:
    """Read the request, let researchers, analyst and writer work, release, report."""
    understood = _last(view, "understand_request")
    if understood is None:
        return _do(Call("understand_request", {"request": view.request}), Call("list_sources", {}))
    children = [one for one in view.transcript if isinstance(one, ChildReported)]
    researched = [one for one in children if one.agent in ("researcher", "checker")]
    if not researched:
        return _do(*_research(view, understood.value or {}))
    analysed = [one for one in children if one.agent == "analyst"]
    if not analysed:
        return _do(Delegate("analyst", view.request, {"findings": _numbers(researched)}))
    written = [one for one in children if one.agent == "writer"]
    released = [one for one in view.transcript if isinstance(one, CallSettled) and one.skill == "release"]
    if len(written) > len(released):
        return _release(written[-1])
    if released and released[-1].status == "finished":
        return _do(_outcome(researched))
    if len(written) < 2:
        return _do(Delegate("writer", view.request, _plan(view, understood.value or {}, released)))
    return _do(
        Report("failed", "보고서를 내보내지 못했습니다." if view.language == "ko" else "No report was released.")
    )


def _research(view: View, understood: dict[str, Any]) -> list[Action]:
    questions = understood.get("questions") or [{"text": view.request, "method": "evidence"}]
    return [
        Delegate("researcher", question["text"], {"place": place, **question})
        for place, question in enumerate(questions[:QUESTIONS])
    ]


def _release(written: ChildReported) -> Turn:
    call = written.data.get("call")
    if written.status == "failed" or not isinstance(call, str):
        return _do(Report("failed", written.text or "The writer brought no report."))
    return _do(Release(call))


def _outcome(researched: list[ChildReported]) -> Report:
    found = [one for one in researched if one.findings]
    status = "done" if len(found) == len(researched) else "partial"
    return Report("done" if found else "partial", findings=_numbers(researched), data={"answered": status})


def _plan(view: View, understood: dict[str, Any], released: list[CallSettled]) -> dict[str, Any]:
    """What the writer needs: per question its findings, what had no answer, and what the gate refused before."""
    children = [one for one in view.transcript if isinstance(one, ChildReported)]
    parts = [
        {
            "question": one.task,
            "place": one.data.get("place", 0),
            "method": one.data.get("method", "evidence"),
            "short": one.data.get("short", ""),
            "findings": list(one.findings),
            "nearest": one.data.get("nearest", []),
        }
        for one in children
        if one.agent in ("researcher", "checker")
    ]
    analysis = next((one.data for one in reversed(children) if one.agent == "analyst"), {})
    refused = released[-1].value if released and released[-1].value else {}
    return {
        "intent": understood.get("intent", "one_fact"),
        "parts": sorted(parts, key=lambda part: int(part["place"])),
        "analysis": analysis,
        "refused": refused.get("sentences", []),
    }


def _numbers(children: list[ChildReported]) -> tuple[int, ...]:
    return tuple(number for one in children for number in one.findings)


# ── the researcher ───────────────────────────────────────────────────────────


def researcher(view: View) -> Turn:
    """Find evidence for one question, post it, hand it to the checker; after a hand-back, find other words."""
    method = view.inputs.get("method", "evidence")
    skill = "summarise_sources" if method == "summary" else "find_evidence"
    searches = [one for one in view.transcript if isinstance(one, CallSettled) and one.skill == skill]
    handed_back = sum(1 for one in view.transcript if isinstance(one, Handed) and one.to_agent == "researcher")
    if len(searches) <= handed_back:
        return _do(Call(skill, _search_arguments(view, method)))
    last = searches[-1]
    value = last.value if last.status == "finished" and isinstance(last.value, dict) else {}
    claims = [_claim(one) for one in value.get("claims", [])]
    if not claims:
        return _do(_nothing_found(view, value, last))
    return _do(*[Post(claim) for claim in claims], HandOff("checker", value.get("short", "")))


def _search_arguments(view: View, method: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {"question": view.task}
    refused = [q.text for f in _own(view) if f.disputes for q in f.claim.quotations]
    if method != "summary" and view.inputs.get("wants"):
        arguments["wants"] = view.inputs["wants"]
    if refused:
        arguments["exclude"] = refused
    return arguments


def _nothing_found(view: View, value: dict[str, Any], last: CallSettled) -> Report:
    words = "" if last.reason is None else last.reason.code
    standing = tuple(f.number for f in _own(view) if not f.disputes)
    return Report("partial", words, {**_question(view), "nearest": value.get("nearest", [])}, standing)


# ── the checker ──────────────────────────────────────────────────────────────


def checker(view: View) -> Turn:
    """Check what this assignment posted; hand back what fails, report what holds."""
    own = _own(view)
    fresh = [one for one in own if not one.disputes]
    checks = [one for one in view.transcript if isinstance(one, CallSettled) and one.skill == "check_quotations"]
    rounds = sum(1 for one in view.transcript if isinstance(one, Handed) and one.to_agent == "checker")
    if len(checks) < rounds:
        return _do(Call("check_quotations", {"findings": [one.number for one in fresh], "round": rounds}))
    value = checks[-1].value if checks and isinstance(checks[-1].value, dict) else {}
    failed = {int(one["finding"]): str(one["problem"]) for one in value.get("failed", [])}
    disputes = [Dispute(number, problem) for number, problem in failed.items() if not _disputed(own, number)]
    holds = tuple(one.number for one in fresh if one.number not in failed)
    if failed and rounds < ROUNDS:
        return _do(*disputes, HandOff("researcher", "; ".join(failed.values())[:500]))
    short = next((one.note for one in view.transcript if isinstance(one, Handed) and one.to_agent == "checker"), "")
    data = {**_question(view), "short": "" if failed else short}
    return _do(*disputes, Report("partial" if failed else "done", "", data, holds))


def _disputed(own: list[Finding], number: int) -> bool:
    return any(one.number == number and one.disputes for one in own)


# ── the analyst ──────────────────────────────────────────────────────────────


def analyst(view: View) -> Turn:
    """Find where documents contradict each other, and do the sum the request asks for."""
    disagreements = _last(view, "find_disagreements")
    if disagreements is None:
        return _do(Call("find_disagreements", {"findings": list(view.inputs.get("findings", []))}))
    value = disagreements.value if isinstance(disagreements.value, dict) else {}
    computed = _last(view, "compute")
    wanted = value.get("computable") or {}
    if wanted and computed is None:
        return _do(Call("compute", wanted))
    data: dict[str, Any] = {"contradictions": value.get("contradictions", [])}
    if computed is not None and computed.status == "finished":
        data["computed"] = computed.value
    return _do(Report("done", "", data))


# ── the writer ───────────────────────────────────────────────────────────────


def writer(view: View) -> Turn:
    """Compose the report from checked findings, the answer first."""
    composed = _last(view, "compose_report")
    if composed is None:
        return _do(Call("compose_report", _composition(view)))
    if composed.status != "finished":
        words = composed.reason.params.get("detail", composed.reason.code) if composed.reason else ""
        return _do(Report("failed", words))
    return _do(Report("done", "", {"call": f"{view.assignment}/{composed.turn}/{composed.number}"}))


def _composition(view: View) -> dict[str, Any]:
    findings = {one.number: one.claim for one in view.findings}
    parts = view.inputs.get("parts", [])
    refused = set(view.inputs.get("refused", []))
    analysis = view.inputs.get("analysis", {})
    answer: list[dict[str, Any]] = []
    sections: list[dict[str, Any]] = []
    not_found: list[dict[str, Any]] = []
    for part in parts:
        numbers = [n for n in part["findings"] if n in findings and findings[n].text not in refused]
        if not numbers:
            not_found.append({"question": part["question"], "nearest": part["nearest"]})
        elif part["method"] == "summary":
            sections.extend(_by_topic(numbers, findings, answer))
        else:
            short = part["short"] if part["short"] not in refused else ""
            answer.extend(_answer(short, numbers[: 1 if len(parts) > 1 else 2], findings))
            rest = numbers[1 if len(parts) > 1 else 2 :]
            if rest:
                more = "더 있는 근거" if view.language == "ko" else "Further evidence"
                title = part["question"] if len(parts) > 1 else more
                sections.append({"title": title, "sentences": [_said(n, findings) for n in rest]})
    composition = {
        "answer": answer,
        "sections": sections,
        "not_found": not_found,
        "contradictions": analysis.get("contradictions", []),
    }
    if analysis.get("computed"):
        composition["computed"] = [analysis["computed"]]
    return composition


def _answer(short: str, numbers: list[int], findings: dict[int, Claim]) -> list[dict[str, Any]]:
    """The shortest words that answer, where they are known, then the sentences they stand in."""
    said = [_said(number, findings) for number in numbers]
    first = findings[numbers[0]].text
    return [{"text": short, "findings": [numbers[0]]}, *said] if short and short != first else said


def _by_topic(numbers: list[int], findings: dict[int, Claim], answer: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of each topic goes into the answer, the rest under the topic's title."""
    topics: dict[str, list[int]] = {}
    for number in numbers:
        topics.setdefault(findings[number].topic, []).append(number)
    answer.extend(_said(members[0], findings) for members in topics.values())
    return [
        {"title": topic, "sentences": [_said(n, findings) for n in members[1:]]}
        for topic, members in topics.items()
        if len(members) > 1
    ]


def _said(number: int, findings: dict[int, Claim]) -> dict[str, Any]:
    return {"text": findings[number].text, "findings": [number]}


# ── shared ───────────────────────────────────────────────────────────────────


def _do(*actions: Action) -> Turn:
    return Turn(actions=actions)


def _last(view: View, skill: str) -> CallSettled | None:
    for entry in reversed(list(view.transcript)):
        if isinstance(entry, CallSettled) and entry.skill == skill:
            return entry
    return None


def _own(view: View) -> list[Finding]:
    return [one for one in view.findings if one.assignment == view.assignment]


def _question(view: View) -> dict[str, Any]:
    return {"place": view.inputs.get("place", 0), "method": view.inputs.get("method", "evidence")}


def _claim(value: dict[str, Any]) -> Claim:
    return Claim(
        value["text"],
        tuple(Quotation(**one) for one in value.get("quotations", [])),
        value.get("topic", ""),
        float(value.get("confidence", 0.0)),
    )
