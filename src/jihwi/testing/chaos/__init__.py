"""Cases driven by processes that are really killed, at every kind of boundary, until each case has ended.

Each attempt is a forked process that ends with SIGKILL before, between or after a commit, an effect or a reading, or
at a moment chosen by the parent's clock; the next one goes on from what is stored. On Postgres three runners work at
a time. `python -m jihwi.testing.chaos --runs 1000 --postgres 300` prints the histograms of boundaries and whether the
promise held.
"""

from __future__ import annotations

from jihwi.testing.chaos.endings import Broken, Ended
from jihwi.testing.chaos.killing import BOUNDARIES
from jihwi.testing.chaos.runs import on_postgres, on_sqlite

__all__ = ["BOUNDARIES", "Broken", "Ended", "on_postgres", "on_sqlite"]
