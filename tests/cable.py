"""A way to a Postgres server that can be pulled like a cable."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from jihwi.testing.postgres import short_folder

__all__ = ["Cable", "laid"]


_LET_IN = b"Z\x00\x00\x00\x05I"
"""How the server says that it waits for the first statement."""


class Cable:
    """A way to a server that can be pulled: then it takes what it is given, and nothing comes of it."""

    def __init__(self, dsn: str, place: Path) -> None:
        self._told = conninfo_to_dict(dsn)
        self.dsn = make_conninfo(dsn, host=str(place), port="5432")
        self._whole = asyncio.Event()
        self._whole.set()
        self._refuses = False
        self._let_in_only = False
        self.asked = 0
        """How often somebody has come to it."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._carrying: set[asyncio.Task[object]] = set()

    def pull(self) -> None:
        self._whole.clear()

    def plug(self) -> None:
        self._whole.set()

    def refuse(self) -> None:
        """Let go of whoever is there and of whoever comes."""
        self._refuses = True
        for task in self._tasks:
            task.cancel()

    def let_in_only(self) -> None:
        """Say nothing more to whoever comes, once they are let in."""
        self._let_in_only = True

    async def carry(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        self.asked += 1
        with contextlib.closing(back):
            if not self._refuses:
                await self._carry(here, back)

    async def _carry(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        host, port = self._told["host"], self._told.get("port") or 5432
        if str(host).startswith("/"):
            there, away = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            there, away = await asyncio.open_connection(str(host), int(port))
        ways = [asyncio.create_task(self._one_way(*way)) for way in ((here, away), (there, back))]
        self._tasks.update(ways)
        with contextlib.closing(away):
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
                if self._let_in_only and data.endswith(_LET_IN):
                    self.pull()

    async def end(self) -> None:
        """Let go of whoever is there, so that no connection outlives the test."""
        for tasks in (self._tasks, self._carrying):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def laid(dsn: str) -> AsyncIterator[Cable]:
    """A cable to the server at `dsn`, carried in this event loop."""
    with short_folder() as place:
        cable = Cable(dsn, place)
        server = await asyncio.start_unix_server(cable.carry, place / ".s.PGSQL.5432")
        try:
            yield cable
        finally:
            server.close()
            await cable.end()
