"""Jihwi: durable, supervised, cited work by agents over an organisation's own files.

The names below are the public API, each imported when it is first used, so that `import jihwi` costs nothing.

>>> import jihwi
>>> jihwi.understand("공사 기간은 언제까지인가?").intent
'one_fact'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jihwi.case.turn import Call as Call
    from jihwi.case.turn import Delegate as Delegate
    from jihwi.case.turn import HandOff as HandOff
    from jihwi.case.turn import Post as Post
    from jihwi.case.turn import Report as Report
    from jihwi.case.turn import Turn as Turn
    from jihwi.case.turn import View as View
    from jihwi.errors import JihwiError as JihwiError
    from jihwi.evidence import CheckedCitation as CheckedCitation
    from jihwi.evidence import Claim as Claim
    from jihwi.evidence import Quotation as Quotation
    from jihwi.evidence import Reading as Reading
    from jihwi.evidence import Viewer as Viewer
    from jihwi.evidence import check as check
    from jihwi.evidence import check_markdown as check_markdown
    from jihwi.library.questions import understand as understand
    from jihwi.settings import Settings as Settings
    from jihwi.settings import load_settings as load_settings
    from jihwi.skills import Skill as Skill
    from jihwi.skills import SkillContext as SkillContext
    from jihwi.skills import SkillResult as SkillResult
    from jihwi.skills.python import skill as skill
    from jihwi.teams import check_team as check_team
    from jihwi.teams import load_team as load_team
    from jihwi.wiring import House as House
    from jihwi.wiring import open_house as open_house

_HOMES = {
    "Call": "jihwi.case.turn",
    "CheckedCitation": "jihwi.evidence",
    "Claim": "jihwi.evidence",
    "Delegate": "jihwi.case.turn",
    "HandOff": "jihwi.case.turn",
    "House": "jihwi.wiring",
    "JihwiError": "jihwi.errors",
    "Post": "jihwi.case.turn",
    "Quotation": "jihwi.evidence",
    "Reading": "jihwi.evidence",
    "Report": "jihwi.case.turn",
    "Settings": "jihwi.settings",
    "Skill": "jihwi.skills",
    "SkillContext": "jihwi.skills",
    "SkillResult": "jihwi.skills",
    "Turn": "jihwi.case.turn",
    "View": "jihwi.case.turn",
    "Viewer": "jihwi.evidence",
    "check": "jihwi.evidence",
    "check_markdown": "jihwi.evidence",
    "check_team": "jihwi.teams",
    "load_settings": "jihwi.settings",
    "load_team": "jihwi.teams",
    "open_house": "jihwi.wiring",
    "skill": "jihwi.skills.python",
    "understand": "jihwi.library.questions",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'jihwi' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)
