"""What a person does with a report on its page: edit it, ask for work on a passage, take what was proposed, release.

Every form works without script. A passage is named by what it said when the page was made; when it says something
else by now, what the person has typed comes back beside what stands there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Form
from fastapi.responses import Response

from jihwi.case import person as persons
from jihwi.case.budget import Limits
from jihwi.case.events import ReportEdited
from jihwi.case.revision import (
    Edit,
    discard_proposal,
    edit_report,
    known_by,
    part_of,
    release_edited,
    report_of,
    sentence_key,
)
from jihwi.case.state import Case
from jihwi.console.cases import Kept
from jihwi.console.pages.commands import Sent
from jihwi.console.passage_words import task_words
from jihwi.console.proofs import (
    Ask,
    derived,
    handles_of,
    offered,
    proposals_of,
    sentences_of,
    stands,
    successor,
    undoing,
)
from jihwi.console.seeing import may_act, seen_case
from jihwi.console.shown_report import shown_report
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import CommandRefused, FormInvalid, PageMissing, PassageChanged
from jihwi.evidence import Report, Sentence
from jihwi.reports import Refused
from jihwi.skills.revising import MOST_OTHERS

__all__ = ["router"]

router = APIRouter(prefix="/cases/{case_id}/report")

SOON_SECONDS = 2.5
"""How long a page waits for work without a model, which is done in a moment."""

LONGEST = 8_000
"""Characters somebody may put in the place of one passage."""


class Named(Sent):
    """A passage: where it was seen, and what each of its sentences was known by."""

    call: str
    part: int = 0
    at: int = 0
    keys: str = ""

    def known_by(self) -> tuple[str, ...]:
        return tuple(key for key in self.keys.split(",") if key)


class Conflict(msgspec.Struct, frozen=True):
    """Somebody else was there first: what they made of the passage, and what was typed against the old one."""

    case_id: str
    call: str
    how: str
    by: str
    at_ms: int
    theirs: tuple[str, ...]
    """Empty when they removed it."""
    yours: str
    part: int
    at: int
    keys: tuple[str, ...]
    """What the passage is known by now."""


async def _at_hand(visit: Visit, case_id: str, call: str) -> tuple[Kept, Report]:
    """The report somebody is about to change, who must decide here and hold the labels of all it cites."""
    kept = await may_act(visit, case_id, "decide")
    report = report_of(kept.case, call)
    if report is None or isinstance(
        await shown_report(visit.console.house, kept, visit.person.viewer, report), Refused
    ):
        raise PageMissing()
    return kept, report


def _place(case_id: str, call: str, spot: str) -> str:
    return f"/cases/{case_id}/report?call={quote(call)}#{spot}"


# ── by hand ──────────────────────────────────────────────────────────────────


class Written(Named):
    how: Literal["replace", "add", "remove", "up", "down", "undo"]
    text: str = ""
    """replace: what is to stand there."""
    more: str = ""
    """add: what is to stand after it."""
    event: int = 0
    """undo: the edit that is taken back."""


@router.post("/edits")
async def edit(visit: Visiting, case_id: str, sent: Annotated[Written, Form()]) -> Response:
    """Change a sentence by hand, add one after it, take it away, move it, or take an edit back."""
    visit.check_token(sent.csrf)
    kept, report = await _at_hand(visit, case_id, sent.call)
    try:
        wanted = await _edit(visit, kept, report, sent)
        if wanted is None:
            return visit.go(_place(case_id, sent.call, "report"))
        case = await visit.console.orchestrator.submit(
            case_id, lambda now: edit_report(now, sent.call, wanted, by=visit.person.id), door="console"
        )
    except PassageChanged:
        if sent.how not in ("replace", "add"):
            raise
        return await _conflict(visit, case_id, sent)
    return visit.go(
        _place(case_id, sent.call, f"n{_number(case, sent.call, wanted)}"), {"case": case_id, "event": case.seq}
    )


async def _edit(visit: Visit, kept: Kept, report: Report, sent: Written) -> Edit | None:
    """What the form asks for; `None` when nothing would be different. Raises PassageChanged, FormInvalid."""
    if sent.how == "undo":
        return await _undo(visit, kept, report, sent)
    text = sent.more if sent.how == "add" else sent.text
    if len(text) > LONGEST:
        raise FormInvalid(visit.say("글이 너무 깁니다", "the text is too long"))
    part, at, old = sentences_of(report, sent.part, sent.at, sent.known_by())
    if not old and (sent.how != "add" or sent.keys):
        raise PassageChanged(kept.case.id)
    keys = known_by(report, part, at, len(old))
    if sent.how in ("up", "down"):
        return Edit(how="move", part=part, at=at, keys=keys, steps=-1 if sent.how == "up" else 1)
    if sent.how == "remove":
        return Edit(how="remove", part=part, at=at, keys=keys)
    if not text.strip():
        if sent.how == "add":
            raise FormInvalid(visit.say("더할 글이 비어 있습니다", "there are no words to add"))
        words = visit.say(
            "글이 비어 있습니다. 지우려면 ‘지우기’를 누르십시오", "the text is empty; choose Remove to take it away"
        )
        raise FormInvalid(words)
    library = visit.console.house.library
    if sent.how == "add":
        made = await derived(library, kept.case, text, (), report)
        return Edit(how="add", part=part, at=at + len(old), keys=keys, now=made)
    if " ".join(text.split()) == " ".join(" ".join(one.text for one in old).split()):
        return None
    made = await derived(library, kept.case, text, old, report)
    return Edit(how="replace", part=part, at=at, keys=keys, now=made)


async def _undo(visit: Visit, kept: Kept, report: Report, sent: Written) -> Edit:
    """The edit that takes another one back; what it puts back is checked like anything else that is put in."""
    event = kept.event(sent.event)
    body = event.body if event is not None else None
    if not isinstance(body, ReportEdited) or body.call != sent.call:
        raise PageMissing()
    back = undoing(report, body)
    if back is None:
        raise PassageChanged(kept.case.id)
    library, case = visit.console.house.library, kept.case
    if back.now and not await stands(library, case, report, back.now):
        anew = [one for old in back.now for one in await derived(library, case, old.text, [old], report)]
        back = msgspec.structs.replace(back, now=tuple(anew))
    return back


def _number(case: Case, call: str, wanted: Edit) -> int:
    """The sentence to come back to after an edit."""
    report = report_of(case, call)
    handles = handles_of(report) if report is not None else ()
    made = {sentence_key(one) for one in wanted.now} or set(wanted.keys)
    made = {key.rstrip("!") for key in made}
    here = [one.number for one in handles if one.key.rstrip("!") in made]
    near = [one.number for one in handles if one.part == wanted.part and one.at <= wanted.at]
    return (here or near[-1:] or [1])[0]


async def _conflict(visit: Visit, case_id: str, sent: Written) -> Response:
    """What was typed, beside what somebody else has made of the passage meanwhile. Nothing was changed."""
    kept, report = await _at_hand(visit, case_id, sent.call)
    found = successor(kept, sent.call, sent.known_by())
    keys = found.keys if found is not None else ()
    part, at, now = sentences_of(report, found.part, found.at, keys) if found else (sent.part, sent.at, ())
    how = sent.how
    if not now:  # it is gone: what was typed may still be put where it stood
        part = part if part <= len(report.sections) else 0
        at = min(at, len(part_of(report, part)))
        before = part_of(report, part)[at - 1 : at] if at else ()
        how, keys, at = "add", tuple(map(sentence_key, before)), max(0, at - 1)
    page = Conflict(
        case_id,
        sent.call,
        how,
        found.by if found is not None else "",
        found.at_ms if found is not None else 0,
        tuple(one.text for one in now),
        sent.more if sent.how == "add" else sent.text,
        part,
        at,
        keys,
    )
    return visit.page("conflict.html.jinja", page, status=409)


# ── asking for work on a passage ─────────────────────────────────────────────


class Asked(Named):
    ask: Ask
    words: str = ""
    """What was selected, where that is less than whole sentences."""


@router.post("/requests")
async def ask(visit: Visiting, case_id: str, sent: Annotated[Asked, Form()]) -> Response:
    """Have a passage checked, shortened, backed by more evidence, or rewritten: a small assignment in the case."""
    visit.check_token(sent.csrf)
    kept, report = await _at_hand(visit, case_id, sent.call)
    part, at, passage = sentences_of(report, sent.part, sent.at, sent.known_by())
    if not passage:
        raise PassageChanged(case_id)
    rest = [one for p in range(len(report.sections) + 1) for one in part_of(report, p) if one not in passage]
    others = tuple(dict.fromkeys(q for one in rest for q in one.quotations))[:MOST_OTHERS]
    inputs = {
        "ask": sent.ask,
        "call": sent.call,
        "part": part,
        "at": at,
        "keys": list(known_by(report, part, at, len(passage))),
        "passage": msgspec.to_builtins(passage),
        "others": msgspec.to_builtins(others),
        "words": sent.words.strip()[:500] if _is_part(sent.words, passage) else "",
    }
    task = task_words(sent.ask, " ".join(one.text for one in passage), kept.case.language)
    editor, by = visit.console.house.editor(), visit.person.id
    case = await visit.console.orchestrator.submit(
        case_id,
        lambda now: persons.ask_aside(now, editor, task, inputs, by=by, limits=Limits(turns=8)),
        door="console",
    )
    root = [one.id for one in case.assignments.values() if not one.parent][-1]
    if editor.mind.kind == "procedure":
        await _until(visit, case_id, lambda now: not now.assignments[root].open)
    return visit.go(_place(case_id, sent.call, f"p-{root}"), {"case": case_id, "assignment": root})


def _is_part(words: str, passage: Sequence[Sentence]) -> bool:
    whole = " ".join(" ".join(one.text.split()) for one in passage)
    chosen = " ".join(words.split())
    return bool(chosen) and chosen in whole and chosen != whole


async def _until(visit: Visit, case_id: str, holds: Callable[[Case], bool]) -> None:
    """Wait a moment for something that is nearly always done in a moment."""
    ends = time.monotonic() + SOON_SECONDS
    while time.monotonic() < ends:
        case = (await visit.console.cases.of(case_id)).case
        if holds(case):
            return
        await visit.console.house.store.wait(case_id, case.seq, seconds=0.3)


@router.get("/proposals/{assignment}")
async def proposal(visit: Visiting, case_id: str, assignment: str, call: str) -> Response:
    """One proposal as it stands, for a page that waits for it."""
    kept = await seen_case(visit, case_id)
    library, viewer = visit.console.house.library, visit.person.viewer
    found = await proposals_of(library, kept, call, viewer, visit.language)
    one = next((one for one in found if one.assignment == assignment), None)
    if one is None:
        raise PageMissing()
    if visit.json:
        return visit.go("", one)
    may_edit = visit.person.may("decide")
    return visit.fragment("proposal.html.jinja", one, case_id=case_id, call=call, may_edit=may_edit)


class Answered(Sent):
    call: str
    assignment: str
    do: Literal["accept", "discard"]


@router.post("/proposals")
async def answer(visit: Visiting, case_id: str, sent: Annotated[Answered, Form()]) -> Response:
    """Take what was proposed into the report, or not."""
    visit.check_token(sent.csrf)
    kept, report = await _at_hand(visit, case_id, sent.call)
    by = visit.person.id
    if sent.do == "discard":
        case = await visit.console.orchestrator.submit(
            case_id, lambda now: discard_proposal(now, sent.assignment, by=by, words=sent.note), door="console"
        )
        return visit.go(_place(case_id, sent.call, "report"), {"case": case_id, "event": case.seq})
    found = offered(kept.case, sent.assignment)
    held = kept.case.assignments.get(sent.assignment)
    if found is None or held is None or found[0].call != sent.call or not visit.person.viewer.may_see(held.labels):
        raise PageMissing()
    asked, proposed = found
    if not await stands(visit.console.house.library, kept.case, report, proposed.sentences):
        raise CommandRefused(
            case_id,
            "그 사이에 근거가 바뀌어 이 제안을 받아들일 수 없습니다.",
            "The evidence has changed, so the proposal cannot be taken.",
        )
    wanted = Edit(how="replace", part=asked.part, at=asked.at, keys=asked.keys, now=proposed.sentences)
    case = await visit.console.orchestrator.submit(
        case_id, lambda now: edit_report(now, sent.call, wanted, by=by, proposal=sent.assignment), door="console"
    )
    spot = f"n{_number(case, sent.call, wanted)}"
    return visit.go(_place(case_id, sent.call, spot), {"case": case_id, "event": case.seq})


# ── leaving ──────────────────────────────────────────────────────────────────


class Leaving(Sent):
    call: str
    digest: str
    """Of the report as it was shown."""


@router.post("/release")
async def release(visit: Visiting, case_id: str, sent: Annotated[Leaving, Form()]) -> Response:
    """Let the edited report leave, as a release of its own."""
    visit.check_token(sent.csrf)
    await _at_hand(visit, case_id, sent.call)
    by = visit.person.id
    case = await visit.console.orchestrator.submit(
        case_id, lambda now: release_edited(now, sent.call, sent.digest, by=by), door="console"
    )
    await _until(visit, case_id, lambda now: now.status == "closed" and now.seq > case.seq)
    return visit.go(f"/cases/{case_id}/report", {"case": case_id, "event": case.seq})
