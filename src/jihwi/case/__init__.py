"""What a case is: its facts, its state folded from them, and what is due. Pure: no clock, chance, disk or network.

The names below are what a team's procedures are written with; they import nothing else of the house.
"""

from __future__ import annotations

from jihwi.case.assignment import AgentSpec, MindSpec, Policy, Reason, SkillSpec
from jihwi.case.budget import Limits, Spending
from jihwi.case.turn import (
    Action,
    Answered,
    Ask,
    Call,
    CallSettled,
    ChildReported,
    Delegate,
    Dispute,
    Disputed,
    Finding,
    Found,
    Handed,
    HandOff,
    Post,
    Release,
    Report,
    TaskGiven,
    Told,
    Turn,
    TurnTaken,
    View,
)
from jihwi.evidence import Claim, Quotation

__all__ = [
    "Action",
    "AgentSpec",
    "Answered",
    "Ask",
    "Call",
    "CallSettled",
    "ChildReported",
    "Claim",
    "Delegate",
    "Dispute",
    "Disputed",
    "Finding",
    "Found",
    "HandOff",
    "Handed",
    "Limits",
    "MindSpec",
    "Policy",
    "Post",
    "Quotation",
    "Reason",
    "Release",
    "Report",
    "SkillSpec",
    "Spending",
    "TaskGiven",
    "Told",
    "Turn",
    "TurnTaken",
    "View",
]
