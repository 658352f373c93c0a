"""A recorded history: the stored bytes of one or more cases, and what folding them must give."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jihwi.case.ledger import Sealed
from jihwi.case.state import Case
from jihwi.store import Patch
from jihwi.store.memory import MemoryStore

FOLDER = Path(__file__).parent


def outlook(case: Case) -> dict[str, Any]:
    """What a case's state is to people, in a form that new fields with defaults do not change."""
    return {
        "status": case.status,
        "outcome": case.outcome,
        "answer": case.answer,
        "reason": case.reason.code if case.reason else "",
        "labels": list(case.labels),
        "agents": sorted(case.agents),
        "assignments": [
            [one.id, one.agent, one.mind.kind, one.seat, one.open, one.turn, one.turn_status, one.tainted]
            for one in case.assignments.values()
        ],
        "actions": [
            [one.id, action.number, action.status]
            for one in case.assignments.values()
            for action in one.actions
            if one.open
        ],
        "spent": [[one.spent.turns, one.spent.handoffs] for one in case.assignments.values()],
        "approvals": [[one.id, one.status, one.action_digest] for one in case.approvals.values()],
        "findings": [[one.number, one.agent, one.claim.text, list(one.disputes)] for one in case.findings],
        "timers": sorted(case.timers),
        "results": sorted(case.results),
        "released": case.released,
        **({"rechecked": msgspec.to_builtins(case.rechecked)} if case.rechecked else {}),
        "digest": hashlib.sha256(
            msgspec.json.encode(
                [[list(one.transcript) for one in case.assignments.values()], case.results], order="deterministic"
            )
        ).hexdigest(),
    }


def write(path: Path, logs: Mapping[str, Sequence[Sealed]], states: Mapping[str, Case]) -> None:
    """Record logs and what they fold to."""
    lines = [json.dumps({"folds to": {case_id: outlook(case) for case_id, case in states.items()}}, ensure_ascii=False)]
    for case_id, log in logs.items():
        for one in log:
            assert one.body is not None
            assert one.salt is not None
            event = {
                "case": case_id,
                "seq": one.seq,
                "header": base64.b64encode(one.header).decode(),
                "salt": one.salt.hex(),
                "body": one.body.decode(),
                "head": one.head.hex(),
            }
            lines.append(json.dumps(event, ensure_ascii=False))
    with path.open("x", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


async def read(path: Path) -> tuple[MemoryStore, dict[str, Any]]:
    """A store that holds the recorded cases, and what each must fold to."""
    first, *lines = (await asyncio.to_thread(path.read_text, encoding="utf-8")).splitlines()
    logs: dict[str, list[Sealed]] = {}
    for line in lines:
        said = json.loads(line)
        header, head = base64.b64decode(said["header"]), bytes.fromhex(said["head"])
        sealed = Sealed(said["seq"], header, bytes.fromhex(said["salt"]), said["body"].encode(), head)
        logs.setdefault(said["case"], []).append(sealed)
    store = MemoryStore()
    for case_id, log in logs.items():
        await store.append(case_id, log, Patch("running", request="", requester="", team="", parent=""))
    expected: dict[str, Any] = json.loads(first)["folds to"]
    return store, expected
