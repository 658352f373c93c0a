"""Who works in a case: agents with their minds and skills, the policy above them, and the reasons things stop."""

from __future__ import annotations

from typing import Literal

import msgspec

from jihwi.case.budget import UNLIMITED, Limits

__all__ = [
    "NO_POLICY",
    "AgentSpec",
    "ApprovalRule",
    "Effect",
    "MindSpec",
    "Policy",
    "Reason",
    "ReportStatus",
    "SkillSpec",
]

Effect = Literal["read", "idempotent write", "write"]
"""What a skill does to the world, hence what happens to it after a crash: run again; run again with the same
idempotency key; laid before the case worker."""

ApprovalRule = Literal["never", "tainted", "always"]
"""When a call needs an approval of its own. `tainted` is the least for a `write` or for what leaves the house."""

ReportStatus = Literal["done", "partial", "failed"]


class MindSpec(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who decides an agent's next turn."""

    kind: Literal["procedure", "model", "person"]
    name: str = ""
    """Procedure: `team/function`. Model: the name of an endpoint in the settings. Person: a stable id, or empty."""


class SkillSpec(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a case needs to know of a skill; its code and schema live with the skill."""

    name: str
    version: str = "1"
    effect: Effect = "read"
    leaves_house: bool = False
    approval: ApprovalRule = "never"
    timeout_ms: int = 60_000
    digest: str = ""
    """SHA-256 of its description and schema as the mind is shown them."""


class AgentSpec(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A role: its instructions, skills, whom it may hand off to or delegate to, and its mind."""

    name: str
    mind: MindSpec
    title: str = ""
    instructions: str = ""
    skills: tuple[SkillSpec, ...] = ()
    handoffs: tuple[str, ...] = ()
    delegates: tuple[str, ...] = ()
    limits: Limits = UNLIMITED


class Policy(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What the case worker's seat may decide by itself; written in the team's folder, pinned when the case opens."""

    release: Literal["automatic", "person"] = "automatic"
    approve: tuple[str, ...] = ()
    """Skills the policy approves by itself, even where law 9 asks for an approval."""
    approval_expires_ms: int = 0
    """0: an approval waits for ever."""
    deputy: str = ""
    """Whom an expired approval goes to; from then on only they may answer it, or who stands above them."""
    retries: int = 3
    """How often a turn or a `read` is tried again after a failure worth retrying."""
    above_deputy: tuple[str, ...] = ()
    """Who may answer in the deputy's place."""
    case_worker_approves: tuple[str, ...] = ()
    """Skills whose approvals a model or a procedure in the case worker's seat answers when another agent asks."""


NO_POLICY = Policy()
"""Nothing written."""


class Reason(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Why: a code with its parameters, put into the viewer's language where it is shown."""

    code: str
    params: dict[str, str] = {}
