"""Who drives a case: leases inside the writer's transaction, each with an epoch that only ever rises."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import apsw
import msgspec

from jihwi.errors import LeaseLost
from jihwi.store import Lease

__all__ = ["claim", "free", "release", "renew", "who"]

_FREE_CASE = """
SELECT number, case_id, epoch FROM cases WHERE until_ms <= :now_ms AND case_id = :case_id"""
_OTHERS = "case_id NOT IN (SELECT value FROM json_each(:besides))"
# Two looks at two small partial indexes; joined by OR, SQLite would look at every case.
_FREE_WORK = f"""
SELECT number, case_id, epoch FROM (
    SELECT number, case_id, epoch, changed_ms FROM cases
    WHERE status = 'running' AND until_ms <= :now_ms AND {_OTHERS}
    UNION ALL
    SELECT number, case_id, epoch, changed_ms FROM cases
    WHERE wake_at_ms > 0 AND wake_at_ms <= :now_ms AND until_ms <= :now_ms AND {_OTHERS}
) ORDER BY changed_ms, case_id LIMIT 1"""


def free(case_id: str | None) -> str:
    """The question whether `case_id` is free, or which case with work is."""
    return _FREE_WORK if case_id is None else _FREE_CASE


def who(case_id: str | None, now_ms: int, besides: Collection[str]) -> dict[str, Any]:
    """The values that `free` asks for."""
    values: dict[str, Any] = {"now_ms": now_ms}
    if case_id is None:
        return values | {"besides": msgspec.json.encode(list(besides)).decode()}
    return values | {"case_id": case_id}


def claim(
    database: apsw.Connection, runner: str, case_id: str | None, values: dict[str, Any], seconds: float
) -> Lease | None:
    """Take the lease of `case_id`, or of the case with work that has waited longest, by the values that `who` gave;
    `None` when none is free."""
    found = database.execute(free(case_id), values).fetchone()
    if found is None:
        return None
    number, name, epoch = found
    lease = Lease(name, runner, epoch + 1, values["now_ms"] + int(seconds * 1000))
    database.execute(
        "UPDATE cases SET runner = ?, epoch = ?, until_ms = ? WHERE number = ?",
        (runner, lease.epoch, lease.until_ms, number),
    )
    return lease


def renew(database: apsw.Connection, lease: Lease, now_ms: int, seconds: float) -> Lease:
    """Hold on, or LeaseLost: also when it was let go, which leaves no time."""
    until_ms = now_ms + int(seconds * 1000)
    database.execute(
        "UPDATE cases SET until_ms = ? WHERE case_id = ? AND epoch = ? AND until_ms > 0",
        (until_ms, lease.case_id, lease.epoch),
    )
    if database.changes() != 1:
        raise LeaseLost(lease.case_id, lease.epoch)
    return msgspec.structs.replace(lease, until_ms=until_ms)


def release(database: apsw.Connection, lease: Lease) -> None:
    """Let go; nothing happens when another runner has it."""
    database.execute(
        "UPDATE cases SET until_ms = 0, runner = '' WHERE case_id = ? AND epoch = ?", (lease.case_id, lease.epoch)
    )
