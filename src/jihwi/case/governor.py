"""What the house stops a case for, and what the case worker can do about each stop, in words."""

from __future__ import annotations

from jihwi.case.assignment import Reason
from jihwi.case.budget import Limits, Spending
from jihwi.words import Language

__all__ = [
    "CHOICES",
    "CIRCLES",
    "REFUSED",
    "choice_words",
    "choices_after",
    "counted",
    "ran_out",
    "so_far",
    "stopped_for",
]

REFUSED = 1_000
"""As many failures as a refusal counts for."""

_REFUSALS = frozenset(
    {
        "model_refused",
        "model_class_refused",
        "model_context_full",
        "model_key_wrong",
        "model_address_wrong",
        "model_tools_off",
        "model_untrusted",
        "model_said_nothing",
    }
)
"""What a model does not say otherwise when it is asked the same again."""


def counted(failures: int, reason: Reason, *, shortened: bool) -> int:
    """How often a mind has failed at a turn, after one more time: a model that refuses need not be asked again. With a
    shorter prompt it is another question, and the failure is none of the model's.

    >>> counted(0, Reason("model_failed"), shortened=False), counted(0, Reason("model_refused"), shortened=False)
    (1, 1000)
    >>> counted(0, Reason("model_context_full"), shortened=True)
    0
    """
    if shortened:
        return failures
    return failures + (REFUSED if reason.code in _REFUSALS else 1)


CIRCLES: dict[str, int] = {
    "same_call_again": 3,
    "ping_pong": 3,
    "too_deep": 3,
    "skill_unknown": 5,
    "arguments_malformed": 5,
    "may_not_delegate": 5,
    "may_not_hand_off": 5,
    "no_such_result": 5,
    "finding_unknown": 5,
}
"""Refusals that mean going round in circles, and in how many turns of which nothing came they stop the work. Who asks
for what is not there gets more tries: it is told each time what there is."""

_STOPPED = frozenset({*CIRCLES, "empty_turns", "same_call_stopped", "asked_in_vain"})
"""What work is stopped for that leads nowhere, and that a word from a person may set right."""


def stopped_for(agent: str, refusal: Reason) -> Reason:
    """Why work is stopped that ran into a refusal too often, told to people: the refusal itself speaks to a mind.

    >>> stopped_for("clerk", Reason("skill_unknown", {"skill": "fly"})).code
    'asked_in_vain'
    """
    if refusal.code in ("ping_pong", "too_deep"):
        return refusal
    if refusal.code == "same_call_again":
        return Reason("same_call_stopped", {**refusal.params, "who": agent})
    times = str(CIRCLES.get(refusal.code, 1))
    return Reason("asked_in_vain", {**refusal.params, "who": agent, "times": times, "why": refusal.code})


CHOICES: dict[str, tuple[str, str]] = {
    "raise_budget": ("한도를 올리고 잇기", "Raise the limit and go on"),
    "note": ("할 일을 일러 주고 잇기", "Tell it what to do and go on"),
    "resume": ("그대로 다시 하기", "Try again as it is"),
    "take": ("내가 이 자리를 맡기", "Take the seat yourself"),
    "reassign": ("다른 에이전트에게 넘기기", "Give the seat to another agent"),
    "cancel": ("사건 취소", "Cancel the case"),
}
"""Every choice, in the order they are shown."""


def ran_out(reason: Reason | None) -> str:
    """The field of the budget that ran out, or "depth" where delegation went too deep; empty for another reason.

    >>> ran_out(Reason("budget_tokens")), ran_out(Reason("ping_pong"))
    ('tokens', '')
    """
    if reason is None:
        return ""
    return "depth" if reason.code == "too_deep" else reason.code.removeprefix("budget_") if _is_budget(reason) else ""


def so_far(reason: Reason | None, limits: Limits, spent: Spending) -> tuple[float, float] | None:
    """The limit that ran out and what was used of it, in the units a new limit is given in: seconds, and money in the
    price's unit. `None` where nothing that is counted ran out.

    >>> so_far(Reason("budget_ms"), Limits(ms=2000), Spending(ms=2500))
    (2.0, 2.5)
    >>> so_far(Reason("too_deep"), Limits(depth=1), Spending()) is None
    True
    """
    what = ran_out(reason)
    limit = getattr(limits, what, None) if what and what != "depth" else None
    if limit is None:
        return None
    unit = {"ms": 1_000, "micros": 1_000_000}.get(what)
    used = getattr(spent, what)
    return (limit, used) if unit is None else (limit / unit, used / unit)


def _is_budget(reason: Reason) -> bool:
    return reason.code.startswith("budget_")


def choices_after(reason: Reason) -> tuple[str, ...]:
    """What can be done about a stop. What would only run into it again is not offered.

    >>> choices_after(Reason("budget_turns"))
    ('raise_budget', 'take', 'cancel')
    """
    if _is_budget(reason):
        return ("raise_budget", "take", "cancel")
    if reason.code == "agent_left":
        return ("take", "reassign", "cancel")
    if reason.code == "too_deep":
        return ("raise_budget", "note", "resume", "take", "reassign", "cancel")
    if reason.code in _STOPPED:
        return ("note", "resume", "take", "reassign", "cancel")
    return ("resume", "take", "reassign", "cancel")


def choice_words(choice: str, language: Language) -> str:
    """A choice for people; one that is not known is shown as it is.

    >>> choice_words("take", "en")
    'Take the seat yourself'
    """
    known = CHOICES.get(choice)
    return choice if known is None else known[0 if language == "ko" else 1]
