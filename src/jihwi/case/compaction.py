"""A transcript that is too long for its mind: which of its entries are shown as a summary from now on, and the summary.

By rule, so that it needs no model and the same log gives the same words. Each entry keeps a line: who said or did
what, the place of each result and its beginning, with how much of it was left out. Whole turns go, the oldest first;
the newest stay while they fit.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jihwi.case.turn import (
    Answered,
    Call,
    CallSettled,
    ChildReported,
    Delegate,
    Disputed,
    Entry,
    Found,
    Handed,
    HandOff,
    TaskGiven,
    Told,
    TurnTaken,
)

__all__ = ["Compaction", "compacted"]

_EXCERPT_LETTERS = 480
"""How much of an entry a first summary keeps; each further one a quarter of that."""
_LEAST_LETTERS = 30
_CARRIED_LETTERS = 4_000
"""How much of an earlier summary stands in the next."""


class Compaction(msgspec.Struct, frozen=True):
    """The first `entries` entries are to be shown as `summary`."""

    entries: int
    summary: str


def compacted(
    transcript: Sequence[Entry], assignment: str, *, again: int = 0, korean: bool = True
) -> Compaction | None:
    """What to leave out of a transcript that did not fit; `again` is how often that was done for this very turn, and
    each time less is kept. `None` when no shorter one can be made.

    >>> long = [TaskGiven("add"), *(TurnTaken(n, "clerk", "x" * 9000) for n in (1, 2, 3))]
    >>> made = compacted(long, "a1", korean=False)
    >>> made.entries, len(made.summary) < 2000
    (3, True)
    >>> compacted([TaskGiven("add")], "a1") is None
    True
    """
    sizes = [len(msgspec.json.encode(entry)) for entry in transcript]
    cut = _cut(transcript, sizes, sum(sizes) >> (1 + again))
    if cut < 2 or (cut == 2 and _is_summary(transcript[1])):
        return None
    letters = max(_LEAST_LETTERS, _EXCERPT_LETTERS >> (2 * again))
    lines = [_line(entry, assignment, letters, korean) for entry in transcript[1:cut]]
    summary = "\n".join(line for line in lines if line)
    if len(summary.encode("utf-8", "surrogatepass")) >= sum(sizes[1:cut]):
        return None
    return Compaction(cut, summary)


def _cut(transcript: Sequence[Entry], sizes: Sequence[int], most: int) -> int:
    """The first entry that stays: the earliest turn from which on the rest is no longer than `most`."""
    cut, kept = len(transcript), 0
    for place in range(len(transcript) - 1, 0, -1):
        kept += sizes[place]
        if kept > most:
            break
        if isinstance(transcript[place], TurnTaken):
            cut = place
    return cut


def _is_summary(entry: Entry) -> bool:
    return isinstance(entry, Told) and entry.reason.code == "context_summary"


def _line(entry: Entry, assignment: str, letters: int, korean: bool) -> str:
    def excerpt(value: object, most: int = letters) -> str:
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        text = " ".join(text.split())
        if len(text) <= most:
            return text
        left = len(text) - most
        return f"{text[:most]} … ({left}자 생략)" if korean else f"{text[:most]} … ({left} letters left out)"

    match entry:
        case TaskGiven(task=task):
            return f"- {'맡은 일' if korean else 'task'}: {excerpt(task)}"
        case TurnTaken(turn=turn, agent=agent, text=text, actions=actions):
            did = ", ".join(_named(one) for one in actions)
            said = ": ".join(part for part in (excerpt(text), did) if part)
            return f"- {f'{turn}번째 차례' if korean else f'turn {turn}'}, {agent}: {said}"
        case CallSettled(turn=turn, number=number, skill=skill, status=status, value=value, reason=reason):
            came = excerpt(value) if value is not None else ("" if reason is None else excerpt(reason.params))
            return f"  - {assignment}/{turn}/{number} {skill}, {status}: {came}"
        case Answered(question=question, answer=answer):
            return f"- {'물음' if korean else 'question'}: {excerpt(question)} → {excerpt(answer)}"
        case ChildReported(assignment=child, agent=agent, status=status, text=text, data=data, findings=findings):
            numbers = ", ".join(map(str, findings))
            told = ", ".join(part for part in (excerpt(text), excerpt(data) if data else "", numbers) if part)
            return f"- {child} {agent}, {status}: {told}"
        case Handed(from_agent=one, to_agent=other, note=note):
            return f"- {one} → {other}: {excerpt(note)}"
        case Told(reason=reason, by=by):
            if reason.code == "context_summary":
                return _carried(reason.params.get("summary", ""), korean)
            return f"- {by or ('알림' if korean else 'notice')}: {reason.code} {excerpt(reason.params)}"
        case Found(finding=finding, agent=agent, claim=claim):
            return f"- {'발견' if korean else 'finding'} {finding}, {agent}: {excerpt(claim.text)}"
        case Disputed(finding=finding, agent=agent, reason=why):
            return f"- {'발견' if korean else 'finding'} {finding} ← {agent}: {excerpt(why)}"


def _carried(text: str, korean: bool) -> str:
    """The end of an earlier summary, in whole lines: what is newer matters more."""
    if len(text) <= _CARRIED_LETTERS:
        return text
    kept = text[-_CARRIED_LETTERS:].partition("\n")[2]
    left = len(text) - len(kept)
    return (f"({left}자 생략)\n" if korean else f"({left} letters left out)\n") + kept


def _named(action: object) -> str:
    if isinstance(action, Call):
        return action.skill
    if isinstance(action, Delegate | HandOff):
        return f"{type(action).__name__.lower()} {action.agent}"
    return type(action).__name__.lower()
