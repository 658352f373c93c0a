"""What may be kept to improve the work: verdicts with their reasons, edited sentences, prompts; each only from the
moment its owner switched it on, and only what the one who takes it out may see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from jihwi.case import events as e
from jihwi.case.fold import fold
from jihwi.case.revision import report_digest
from jihwi.evidence import Sentence, Viewer
from jihwi.reports.prompts import disclosed_prompts

__all__ = ["Example", "examples_of"]

Kept = Callable[[str, int], bool]
"""Whether a kind (`verdict`, `edit`, `prompt`) was switched on at a moment, in milliseconds since 1970."""


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing to learn from."""

    kind: str
    case: str
    event: int
    at_ms: int
    sentence: str = ""
    """verdict: what was judged."""
    verdict: str = ""
    reason: str = ""
    was: tuple[str, ...] = ()
    """edit: the sentences before, and after."""
    now: tuple[str, ...] = ()
    prompt: str = ""
    """prompt: the request as it was sent, and what the model answered."""
    answer: str = ""
    model: str = ""


async def examples_of(
    log: Sequence[e.Event], kept: Kept, viewer: Viewer, blob: Callable[[str], Awaitable[bytes | None]]
) -> list[Example]:
    """The examples in a case's log that `kept` allows and `viewer` may see, in the order of their events.

    Raises StoreCorrupt when a prompt cannot be rebuilt.
    """
    found: list[Example] = []
    prompts: dict[tuple[str, int], dict[str, Any]] | None = None
    for place, event in enumerate(log):
        if not viewer.may_see(event.labels):
            continue
        match event.body:
            case e.SentenceJudged() as body if kept("verdict", event.at_ms):
                sentence = _judged(fold(event.case_id, log[: place + 1]).results.values(), body)
                found.append(_of("verdict", event, sentence=sentence, verdict=body.verdict, reason=body.reason))
            case e.ReportEdited() as body if kept("edit", event.at_ms):
                found.append(_of("edit", event, was=_texts(body.was), now=_texts(body.now)))
            case e.TurnFinished() as body if body.prompt is not None and kept("prompt", event.at_ms):
                if prompts is None:
                    turns = (await disclosed_prompts(log, blob))["turns"]
                    prompts = {(turn["case"], turn["event"]): turn for turn in turns}
                turn = prompts[event.case_id, event.seq]
                found.append(_of("prompt", event, prompt=turn["request"], answer=body.text, model=body.model))
    return found


def _of(kind: str, event: e.Event, **fields: Any) -> Example:
    return Example(kind, event.case_id, event.seq, event.at_ms, **fields)


def _judged(results: Any, body: e.SentenceJudged) -> str:
    """The words of the sentence that was judged; empty when the report has been edited since."""
    for value in results:
        if not isinstance(value, dict) or report_digest(value) != body.report_digest:
            continue
        sections = [part.get("sentences", ()) for part in value.get("sections", ())]
        sentences = [one for part in (value.get("answer", ()), *sections) for one in part]
        if 0 < body.number <= len(sentences):
            return str(sentences[body.number - 1].get("text", ""))
    return ""


def _texts(sentences: Sequence[Sentence]) -> tuple[str, ...]:
    return tuple(one.text for one in sentences)
