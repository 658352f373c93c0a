"""What an approval is bound to, and when an action needs one (laws 6 and 9)."""

from __future__ import annotations

import hashlib
from typing import Any

from jihwi.case.assignment import Policy, Reason, SkillSpec
from jihwi.case.canonical import canonical

__all__ = ["action_digest", "answerers", "needs_approval"]


def action_digest(case_id: str, assignment: str, skill: SkillSpec, arguments: dict[str, Any]) -> str:
    """The SHA-256 of one exact action: case, assignment, skill and version, effect, canonical arguments (RFC 8785).

    Arguments that point to content do so by digest, so the content is bound too. Raises
    `rfc8785.CanonicalizationError` for what has no canonical form (integers beyond 2^53, infinities).
    """
    action = canonical(
        {
            "arguments": arguments,
            "assignment": assignment,
            "case": case_id,
            "effect": skill.effect,
            "skill": skill.name,
            "version": skill.version,
        },
        doubtful=arguments,
    )
    return hashlib.sha256(action).hexdigest()


def needs_approval(skill: SkillSpec, policy: Policy, *, tainted: bool, forked: bool) -> Reason | None:
    """Why a call of `skill` needs an approval; `None` when it does not.

    >>> needs_approval(SkillSpec("send", leaves_house=True), Policy(), tainted=True, forked=False).code
    'approval_tainted'
    """
    if forked and skill.effect == "write":
        return Reason("approval_forked", {"skill": skill.name})
    if skill.name in policy.approve:
        return None
    if skill.approval == "always":
        return Reason("approval_rule", {"skill": skill.name})
    reaches_out = skill.effect == "write" or skill.leaves_house
    if tainted and (reaches_out or skill.approval == "tainted"):
        return Reason("approval_tainted", {"skill": skill.name})
    return None


def answerers(deputy: str, policy: Policy) -> tuple[str, ...]:
    """The only persons who may answer an approval that went to `deputy`; empty while anybody with the right may.

    >>> answerers("park", Policy(deputy="park", above_deputy=("head",)))
    ('park', 'head')
    """
    return (deputy, *(one for one in policy.above_deputy if one != deputy)) if deputy else ()
