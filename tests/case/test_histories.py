"""Every history ever recorded folds to what it folded to on its day; `tests/histories/record.py` adds new ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.case.ledger import verify
from jihwi.orchestrator import load_case
from tests.histories.files import FOLDER, outlook, read

HISTORIES = sorted(FOLDER.glob("*.jsonl"))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_it_verifies_and_folds_to_what_it_did(path: Path) -> None:
    store, expected = await read(path)
    for case_id, said in expected.items():
        verify(case_id, await store.read(case_id))
        assert outlook(await load_case(store, case_id)) == said


def test_there_are_histories() -> None:
    assert len(HISTORIES) >= 8
