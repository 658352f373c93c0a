"""What everybody who has connections to a Postgres server shares: how long silence is borne, and how a way is cut."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Any

import psycopg

__all__ = ["ASKED_SECONDS", "SILENT_SECONDS", "cut"]

ASKED_SECONDS = 5.0
"""So often at least a server that is waited for is asked something, so that one that has fallen silent is noticed."""

SILENT_SECONDS = 15.0
"""Once the server has answered nothing for so long, what waits for it is told."""


def cut(connection: psycopg.AsyncConnection[Any] | psycopg.Connection[Any]) -> None:
    """End the way to the server under a connection, so that whatever waits on it ends as when it is lost."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as way:
        way.shutdown(socket.SHUT_RDWR)
