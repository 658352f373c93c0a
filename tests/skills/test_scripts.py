"""A script runs in a process of its own: JSON in, JSON out, nothing of ours in its hands, and an end to everything."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from jihwi.errors import ScriptAnswer, ScriptFailed, SkillAnsweredFailed
from jihwi.skills import SkillResult
from jihwi.skills.declared import Declared
from jihwi.skills.scripts import run_script
from tests.skills.brought import context, eventually, until, write

INSIDE = Declared(effect="read", leaves_house=False)


async def run(tmp_path: Path, script: str, arguments: Any = None, declared: Declared = INSIDE, key: str = "k") -> Any:
    file = "work.sh" if script.startswith("#!/bin/sh") else "work.py"
    write(tmp_path / file, script)
    result: SkillResult = await run_script(
        "work", tmp_path, file, declared, context(key=key), arguments or {}, unchanged=lambda: True
    )
    assert result.tainted, "what a script says is text from outside"
    return result.value


async def test_arguments_come_as_json_and_one_json_value_goes_back(tmp_path: Path) -> None:
    script = "import json, sys\nprint(json.dumps({'got': json.load(sys.stdin)}))\n"
    assert await run(tmp_path, script, {"이름": "김하나", "n": 3}) == {"got": {"이름": "김하나", "n": 3}}
    assert await run(tmp_path, "#!/bin/sh\ncat\n", {"a": 1}) == {"a": 1}


async def test_a_script_finds_its_neighbours_and_the_key_of_its_call_but_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_KEY", "s3cret")
    write(tmp_path / "beside.txt", "4")
    script = (
        "import json, os\n"
        "print(json.dumps([open('beside.txt').read(), os.environ['SKILL_IDEMPOTENCY_KEY'], sorted(os.environ)]))\n"
    )
    beside, key, names = await run(tmp_path, script, key="c1/a1/1")
    assert (beside, key) == ("4", "c1/a1/1")
    assert "MODEL_KEY" not in names


@pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")
async def test_a_script_that_does_not_leave_the_house_has_no_network_nor_have_its_programs(tmp_path: Path) -> None:
    script = (
        "import json, socket, subprocess, sys\n"
        "def tried(code):\n"
        "    return subprocess.run([sys.executable, '-c', code]).returncode\n"
        "print(json.dumps(tried('import socket; socket.socket()')))\n"
    )
    assert await run(tmp_path, script) == 1
    assert await run(tmp_path, script, declared=Declared(effect="read", leaves_house=True)) == 0


async def test_a_failure_is_told_in_the_scripts_words_which_bear_the_mark(tmp_path: Path) -> None:
    with pytest.raises(ScriptFailed) as failed:
        await run(tmp_path, "import sys\nsys.exit('no such date')\n")
    assert failed.value.detail == "exit 1: no such date"
    assert isinstance(failed.value, SkillAnsweredFailed)


@pytest.mark.parametrize("script", ["print('not json')", "", "print('{} {}')", "print('x' * (2 << 20))"])
async def test_what_is_no_json_or_too_much_is_no_answer(tmp_path: Path, script: str) -> None:
    with pytest.raises(ScriptAnswer):
        await run(tmp_path, script)


@pytest.mark.parametrize(
    ("script", "how", "seconds"),
    [
        ("x = bytearray(1 << 30)\n", "MemoryError", 30),
        ("open('big', 'wb').truncate(1 << 30)\n", "File too large", 30),
        ("while True: pass\n", "SIG", 0.5),
    ],
)
async def test_memory_files_and_processor_have_an_end(tmp_path: Path, script: str, how: str, seconds: float) -> None:
    limited = Declared(effect="read", leaves_house=False, memory_mb=256, timeout_seconds=seconds)
    with pytest.raises(ScriptFailed, match=how):
        await run(tmp_path, script, declared=limited)


async def test_who_is_no_longer_waited_for_ends_with_all_it_started(tmp_path: Path) -> None:
    script = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "time.sleep(600)\n"
    )
    task = asyncio.create_task(run(tmp_path, script))
    pids = [int(one) for one in (await eventually(tmp_path / "pids")).split()]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not any(map(_lives, pids)))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
