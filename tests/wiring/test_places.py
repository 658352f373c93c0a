"""Where the state lies: a new folder is its owner's alone, one that is there stays as it was made."""

from __future__ import annotations

import stat
from pathlib import Path

from jihwi.settings import Settings
from jihwi.wiring import open_house


async def test_a_new_state_folder_is_open_to_its_owner_only(tmp_path: Path) -> None:
    async with open_house(Settings(home=str(tmp_path / "in" / "state"))) as house:
        assert stat.S_IMODE(house.home.stat().st_mode) == 0o700


async def test_a_folder_that_a_group_shares_stays_theirs(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o770)
    async with open_house(Settings(home=str(shared))) as house:
        assert stat.S_IMODE(house.home.stat().st_mode) == 0o770
