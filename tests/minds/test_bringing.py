"""What a model needs is brought while everything else goes on: on a slow machine that takes longer than a lease."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.programs import ROOT

WATCHED = """
import asyncio, json, sys, threading
from jihwi.minds.endpoint import parse_endpoint
from jihwi.minds.model import ModelMind
from jihwi.testing.openai_server import OpenAIServer, Reply
from tests.minds.seats import a_view

brought_in_the_loop = {}

def watch(event, args):
    if event == "import" and args[0] in ("pydantic_ai", "openai", "httpx2"):
        brought_in_the_loop.setdefault(args[0], threading.current_thread() is threading.main_thread())

async def turns():
    with OpenAIServer(lambda request: Reply("끝")) as server:
        mind = ModelMind(parse_endpoint(server.spec))
        assert not brought_in_the_loop
        await asyncio.gather(*(mind.think(a_view(), (), lambda delta: None) for _ in range(3)))
        await mind.close()

sys.addaudithook(watch)
asyncio.run(turns())
print(json.dumps(brought_in_the_loop))
"""


def test_the_event_loop_is_left_free_while_the_packages_are_brought() -> None:
    done = subprocess.run([sys.executable, "-c", WATCHED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"pydantic_ai": False, "openai": False, "httpx2": False}
