"""How the editor works without a model: one skill for what was asked, and its result is the proposal."""

from __future__ import annotations

from jihwi.case import Call, CallSettled, Report, Turn, View

__all__ = ["editor"]

_SKILLS = {
    "check": "check_passage",
    "shorten": "shorten_passage",
    "evidence": "back_passage",
    "reword": "quote_passage",  # without a writer, the documents' own words are what can be offered
}


def editor(view: View) -> Turn:
    """Do what was asked of the passage, once."""
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    if not settled:
        return Turn(actions=(Call(_SKILLS.get(str(view.inputs.get("ask", "")), "check_passage")),))
    last = settled[-1]
    if last.status != "finished":
        words = last.reason.params.get("detail", last.reason.code) if last.reason else ""
        return Turn(actions=(Report("failed", words),))
    return Turn(actions=(Report("done", data={"call": f"{view.assignment}/{last.turn}/{last.number}"}),))
