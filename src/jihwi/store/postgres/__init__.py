"""The store on a Postgres server, shared by any number of runners on any number of machines."""

from __future__ import annotations

from jihwi.errors import ExtraMissing

try:
    import psycopg  # noqa: F401 -- looked for first, so that its absence is named with the line that installs it
except ImportError as problem:
    raise ExtraMissing("Postgres", "pip install 'jihwi[postgres]'") from problem

from jihwi.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
