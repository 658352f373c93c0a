"""`jihwi case follow` shows what a model is writing, also when it is asked on another machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.wiring.writing import LINES, a_case, a_slow_model, address, followed, process_of, settings_of

__all__ = ["address"]


async def lines_until(stream: object, wanted: str) -> list[str]:
    """What a process says, until a line holds `wanted`."""
    said: list[str] = []
    while not said or wanted not in said[-1]:
        line = await asyncio.to_thread(stream.readline)  # type: ignore[attr-defined]
        assert line, said
        said.append(line.decode())
    return said


@pytest.mark.needs("postgres")
async def test_who_follows_on_another_machine_sees_the_draft_before_the_turn_ends(tmp_path: Path, address: str) -> None:
    desk, rack, archive = (tmp_path / name for name in ("desk", "rack", "archive"))
    with a_slow_model() as model:
        case_id = await a_case(settings_of(desk, address, labels=("인사",)), model, "인사")
        follow = ("case", "follow", case_id)
        with (
            process_of(desk, address, *follow, JIHWI_LABELS="인사") as seeing,
            process_of(archive, address, *follow) as blind,
        ):
            await followed(address, desk, case_id, times=2)
            with process_of(rack, address, "runner", "--json"):
                said = await lines_until(seeing.stderr, LINES[3].strip())
                assert [line.strip() for line in said if "┊" in line] == [f"┊ a1 {line.strip()}" for line in LINES[:4]]
                blind.kill()
                assert "┊" not in (await asyncio.to_thread(blind.communicate))[1].decode()
        model.close()
    assert not (desk / "drafts").exists()
    assert not (rack / "drafts").exists()
