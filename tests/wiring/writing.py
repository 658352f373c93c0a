"""A case whose model is in the middle of writing, driven by a runner in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from jihwi.case import person
from jihwi.case.assignment import MindSpec
from jihwi.evidence import Viewer
from jihwi.settings import Settings, StoreAddress
from jihwi.testing.builders import an_agent, an_opening
from jihwi.testing.openai_server import Hang, OpenAIServer
from jihwi.wiring import open_house
from tests.console.office import PATIENCE

LINES = [f"{letter * 70}\n" for letter in "가나다라마"]
THOUGHT = "".join(LINES)


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of a Postgres server, as a person writes it; its cases are told apart by their names."""
    if given := os.environ.get("JIHWI_TEST_POSTGRES"):
        yield _as_written(given)
        return
    from jihwi.testing.postgres import passing_postgres

    with passing_postgres() as dsn:
        yield _as_written(dsn)


def _as_written(dsn: str) -> str:
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(dsn).items() if value}
    name = parts.pop("dbname", "postgres")
    return f"postgresql:///{name}?" + "&".join(f"{key}={value}" for key, value in parts.items())


def settings_of(home: Path, store: str = "", who: str = "kim", labels: tuple[str, ...] = ()) -> Settings:
    return Settings(home=str(home), viewer=who, labels=labels, language="ko", store=StoreAddress(store))


@contextlib.contextmanager
def a_slow_model() -> Iterator[OpenAIServer]:
    """It writes a thought and then nothing more, so that its turn has not ended while anybody looks."""
    server = OpenAIServer(lambda request: Hang(THOUGHT))
    with server:
        yield server


async def a_case(settings: Settings, model: OpenAIServer, *labels: str, paused: bool = False) -> str:
    """A case that the model shall work on, opened and not driven."""
    async with open_house(settings) as house:
        opening = an_opening(an_agent("writer", mind=MindSpec("model", model.spec)))
        opening = msgspec.structs.replace(opening, requester=Viewer("kim", labels), labels=labels)
        orchestrator = house.orchestrator()
        case_id = await orchestrator.open(opening)
        if paused:
            await orchestrator.submit(case_id, lambda now: person.pause(now, by="kim"))
        return str(case_id)


async def followed(store: str, home: Path, case_id: str, times: int = 1) -> None:
    """Wait until so many processes follow a case."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await asyncio.to_thread(_followers, store, home, case_id) == times:
                return
            await asyncio.sleep(0.01)


def _followers(store: str, home: Path, case_id: str) -> int:
    if not store:
        return len(list(home.glob("drafts/*")))
    with psycopg.connect(store) as connection:
        return len(connection.execute("SELECT FROM jihwi.followers WHERE case_id = %s", (case_id,)).fetchall())


@contextlib.contextmanager
def process_of(home: Path, store: str, *words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of `jihwi` in a process of its own, ended with the test."""
    environment = {"JIHWI_HOME": str(home), "JIHWI_STORE": store, "JIHWI_VIEWER": "kim", "JIHWI_LANGUAGE": "en"}
    process = subprocess.Popen(
        [sys.executable, "-m", "jihwi", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment, **more},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)
