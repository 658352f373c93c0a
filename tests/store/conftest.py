"""A Postgres server that all tests of a run share; each gets a database without our schema."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from jihwi.testing.postgres import PROGRAM, programs, running_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The connection string of a server: JIHWI_TEST_POSTGRES when set, else one that is started here."""
    if given := os.environ.get("JIHWI_TEST_POSTGRES"):
        yield given
        return
    if programs() is None:
        pytest.skip(f"no Postgres server is installed ({PROGRAM} not found) and JIHWI_TEST_POSTGRES is not set")
    # Not the test folder: a socket's path may have about a hundred letters, and the server's user must get there.
    folder = Path(tempfile.mkdtemp(prefix="jihwi-pg-"))
    folder.chmod(0o755)
    try:
        with running_postgres(folder) as dsn:
            yield dsn
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """A database without our schema."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS jihwi CASCADE")
    return postgres_server
