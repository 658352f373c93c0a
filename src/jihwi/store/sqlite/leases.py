"""Who drives a case: leases inside the writer's transaction, each with an epoch that only ever rises."""

from __future__ import annotations

from typing import Any

import apsw
import msgspec

from jihwi.errors import LeaseLost
from jihwi.store import Lease

__all__ = ["FREE_CASE", "FREE_WORK", "claim", "release", "renew", "who"]

FREE_CASE = """
SELECT number, case_id, epoch FROM cases WHERE until_ms <= :now_ms AND case_id = :case_id"""
# Two looks at two small partial indexes; joined by OR, SQLite would look at every case.
FREE_WORK = """
SELECT number, case_id, epoch FROM (
    SELECT number, case_id, epoch, changed_ms FROM cases
    WHERE status = 'running' AND until_ms <= :now_ms
    UNION ALL
    SELECT number, case_id, epoch, changed_ms FROM cases
    WHERE wake_at_ms > 0 AND wake_at_ms <= :now_ms AND until_ms <= :now_ms
) ORDER BY changed_ms, case_id LIMIT 1"""


def who(case_id: str | None, now_ms: int) -> dict[str, Any]:
    """The values that `FREE_CASE` and `FREE_WORK` ask for."""
    return {"case_id": case_id, "now_ms": now_ms}


def claim(database: apsw.Connection, runner: str, case_id: str | None, now_ms: int, seconds: float) -> Lease | None:
    """Take the lease of `case_id`, or of the case with work that has waited longest; `None` when none is free."""
    found = database.execute(FREE_CASE if case_id else FREE_WORK, who(case_id, now_ms)).fetchone()
    if found is None:
        return None
    number, name, epoch = found
    lease = Lease(name, runner, epoch + 1, now_ms + int(seconds * 1000))
    database.execute(
        "UPDATE cases SET runner = ?, epoch = ?, until_ms = ? WHERE number = ?",
        (runner, lease.epoch, lease.until_ms, number),
    )
    return lease


def renew(database: apsw.Connection, lease: Lease, now_ms: int, seconds: float) -> Lease:
    """Hold on, or LeaseLost."""
    until_ms = now_ms + int(seconds * 1000)
    database.execute(
        "UPDATE cases SET until_ms = ? WHERE case_id = ? AND epoch = ?", (until_ms, lease.case_id, lease.epoch)
    )
    if database.changes() != 1:
        raise LeaseLost(lease.case_id, lease.epoch)
    return msgspec.structs.replace(lease, until_ms=until_ms)


def release(database: apsw.Connection, lease: Lease) -> None:
    """Let go; nothing happens when another runner has it."""
    database.execute(
        "UPDATE cases SET until_ms = 0, runner = '' WHERE case_id = ? AND epoch = ?", (lease.case_id, lease.epoch)
    )
