"""Every history ever recorded folds to what it folded to on its day; `tests/histories/record.py` adds new ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.case.events import KINDS
from jihwi.case.ledger import verify
from jihwi.orchestrator import load_case, load_log
from tests.histories.files import FOLDER, outlook, read

HISTORIES = sorted(FOLDER.glob("*.jsonl"))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_it_verifies_and_folds_to_what_it_did(path: Path) -> None:
    store, expected = await read(path)
    for case_id, said in expected.items():
        verify(case_id, await store.read(case_id))
        assert outlook(await load_case(store, case_id)) == said


UNRECORDED = {
    "timer_set": "nothing sets a timer by itself: each comes with the fact that needs it",
    "body_erased": "a history holds the bodies",
}


async def test_every_kind_of_fact_stands_in_a_history() -> None:
    seen = set()
    for path in HISTORIES:
        store, expected = await read(path)
        for case_id in expected:
            seen |= {event.kind for event in await load_log(store, case_id)}
    assert KINDS.keys() - seen == UNRECORDED.keys()
