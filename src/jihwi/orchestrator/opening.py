"""How a case begins: the request, the team that is pinned, the scope, the viewer and the budget."""

from __future__ import annotations

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import NO_POLICY, AgentSpec, Policy
from jihwi.case.budget import UNLIMITED, Limits
from jihwi.case.fold import ROOT
from jihwi.evidence import Viewer

__all__ = ["Opening"]


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is fixed when a case opens."""

    request: str
    requester: Viewer
    language: str
    team: str
    team_digest: str
    agents: tuple[AgentSpec, ...]
    """The first is the case worker: it holds the root assignment."""
    policy: Policy = Policy()
    limits: Limits = UNLIMITED
    collections: tuple[str, ...] = ()
    library_version: int = 0
    labels: tuple[str, ...] = ()
    """What a reader must hold to be told the names of the collections."""
    door: str = ""

    def drafts(self) -> list[e.Draft]:
        """The facts a case begins with."""
        author = e.Author("person", self.requester.id, door=self.door)
        opened = e.CaseOpened(
            self.request,
            self.requester.id,
            self.language,
            self.team,
            self.team_digest,
            self.limits,
            NO_POLICY if self.policy == NO_POLICY else self.policy,
            self.collections,
            self.library_version,
            tuple(sorted(self.requester.labels)),
        )
        root = e.AssignmentOpened(ROOT, self.agents[0].name, self.request)
        joined = [e.Draft(e.AgentJoined(agent), author) for agent in self.agents]
        return [e.Draft(opened, author, labels=tuple(sorted(self.labels))), *joined, e.Draft(root, author)]
