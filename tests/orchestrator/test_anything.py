"""Everything a person or a runner can do to a case, in any order, and every law after each deed. The short form; `make
chaos` plays hundreds of worlds."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.testing.anything import played


@pytest.mark.parametrize("seed", range(12))
async def test_every_law_holds_whatever_comes_and_every_case_ends(seed: int) -> None:
    hit, facts = await played(seed, 60)
    assert hit["refused"] < 60
    assert facts


@pytest.mark.parametrize("seed", range(100, 103))
async def test_so_it_does_on_disk(seed: int, tmp_path: Path) -> None:
    await played(seed, 50, tmp_path)
