"""The orchestrator: folds the log, decides, does, appends. One owner for every task, one border where failures
become facts.
"""

from __future__ import annotations

from jihwi.orchestrator.engine import Orchestrator, Settings
from jihwi.orchestrator.loading import load_case, load_log, load_state
from jihwi.orchestrator.opening import Opening
from jihwi.orchestrator.ports import (
    REFUSED,
    Limit,
    LimitSource,
    MindSource,
    Publication,
    PublicationRefused,
    Publisher,
)
from jihwi.orchestrator.runner import runner_is_dead, runner_name

__all__ = [
    "REFUSED",
    "Limit",
    "LimitSource",
    "MindSource",
    "Opening",
    "Orchestrator",
    "Publication",
    "PublicationRefused",
    "Publisher",
    "Settings",
    "load_case",
    "load_log",
    "load_state",
    "runner_is_dead",
    "runner_name",
]
