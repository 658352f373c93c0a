"""A Postgres server that all tests of a run share; each gets a database without our schema."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import psycopg
import pytest

from jihwi.testing.postgres import PROGRAM, passing_postgres, programs


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The connection string of a server: JIHWI_TEST_POSTGRES when set, else one that is started here."""
    if given := os.environ.get("JIHWI_TEST_POSTGRES"):
        yield given
        return
    if programs() is None:
        pytest.skip(f"no Postgres server is installed ({PROGRAM} not found) and JIHWI_TEST_POSTGRES is not set")
    with passing_postgres() as dsn:
        yield dsn


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """A database without our schema, and without sessions of an earlier test, which end a moment after it."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        deadline = time.monotonic() + 60
        while connection.execute(_END_OTHERS).fetchall() and time.monotonic() < deadline:
            time.sleep(0.005)
        connection.execute("DROP SCHEMA IF EXISTS jihwi CASCADE")
    return postgres_server


_END_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jihwi'"
