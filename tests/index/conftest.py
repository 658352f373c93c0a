"""A Postgres server for the index, as the store's tests have it, and one that has pgvector."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from jihwi.testing.postgres import passing_postgres, programs_with_pgvector
from tests.store.conftest import postgres, postgres_server

__all__ = ["pgvector", "pgvector_server", "postgres", "postgres_server"]


@pytest.fixture(scope="session")
def pgvector_server() -> Iterator[str]:
    """The connection string of a server that has pgvector; whoever asks for it is marked `needs("pgvector")`."""
    with passing_postgres(place=programs_with_pgvector()) as dsn:
        yield dsn


@pytest.fixture
def pgvector(pgvector_server: str) -> str:
    """A database of that server without our schema and without the extension."""
    with psycopg.connect(pgvector_server, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS jihwi CASCADE")
        connection.execute("DROP EXTENSION IF EXISTS vector CASCADE")
    return pgvector_server
