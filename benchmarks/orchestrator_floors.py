"""The floors of `make bench-orchestrator`: bare loops that keep one row a turn, or one row a commit of ours, and no
promise beyond the commit."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import apsw

from benchmarks.orchestrator_workload import ANSWER, FOUND, NAMES, REQUEST, TURNS

_TABLE = "CREATE TABLE rows (case_number INTEGER, seq INTEGER, body TEXT, PRIMARY KEY (case_number, seq))"


_Written = tuple[tuple[int, int, str], "asyncio.Future[None]"]


def think(history: list[dict[str, Any]], turn: int) -> dict[str, Any]:
    """The mind of the bare loop."""
    if turn in (0, 2, 4):
        return {"call": "look", "query": f"works {turn}"}
    return {"hand_off": NAMES[(turn + 1) // 2]} if turn < TURNS - 1 else {"answer": ANSWER}


def look(query: str) -> str:
    """The skill of the bare loop."""
    return FOUND


class SqliteFloor:
    """Rows in a SQLite file, each commit synced, by Python's own `sqlite3` or by the library that Jihwi uses."""

    def __init__(self, folder: Path, *, name: str = "floor.db", ours: bool = False) -> None:
        self._database: Any
        if ours:
            self._database = apsw.Connection(str(folder / name))
        else:
            self._database = sqlite3.connect(folder / name, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(_TABLE)
        self._number = 0
        self._gathered: list[_Written] = []

    def _commit(self, rows: list[tuple[int, int, str]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO rows VALUES (?, ?, ?)", rows)
        self._database.execute("COMMIT")

    async def case(self, *, commits: int = TURNS) -> None:
        """One case that commits one row a turn; with more `commits` each further one has a row too."""
        self._number += 1
        history: list[dict[str, Any]] = [{"request": REQUEST}]
        for seq in range(commits - TURNS):
            self._commit([(self._number, 1000 + seq, json.dumps(history[-1]))])
        for turn in range(TURNS):
            history.append(_take_turn(history, turn))
            self._commit([(self._number, turn, json.dumps(history[-1]))])
            await asyncio.sleep(0)

    async def case_together(self, *, commits: int = TURNS) -> None:
        """One of many cases whose rows are committed together; with more `commits` each further one has a row too."""
        self._number += 1
        number = self._number
        history: list[dict[str, Any]] = [{"request": REQUEST}]
        for seq in range(commits - TURNS):
            await self._written(number, 1000 + seq, history[-1])
        for turn in range(TURNS):
            history.append(_take_turn(history, turn))
            await self._written(number, turn, history[-1])

    def _written(self, number: int, seq: int, row: dict[str, Any]) -> asyncio.Future[None]:
        written = asyncio.get_running_loop().create_future()
        self._gathered.append(((number, seq, json.dumps(row)), written))
        if len(self._gathered) == 1:
            asyncio.get_running_loop().call_soon(self._flush)
        return written

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._commit([row for row, _ in gathered])
        for _, written in gathered:
            written.set_result(None)


class ThreadedFloor(SqliteFloor):
    """The same group commit through a writer's thread, as a loop needs that must stay free while the disk is synced:
    one queue, one call back a batch."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, name="threaded.db")
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[list[_Written] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._queue.put(None)
        self._thread.join()

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._queue.put(gathered)

    def _work(self) -> None:
        while (batch := self._queue.get()) is not None:
            self._commit([row for row, _ in batch])
            self._loop.call_soon_threadsafe(self._tell, batch)

    @staticmethod
    def _tell(batch: list[_Written]) -> None:
        for _, written in batch:
            written.set_result(None)


class PostgresFloor:
    """The same on a Postgres server: one row a statement, or what has gathered in one statement."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._number = 0
        self._gathered: list[tuple[dict[str, Any], asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, dsn: str) -> PostgresFloor:
        """Connect and make the table."""
        import psycopg

        connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
        await connection.execute("DROP TABLE IF EXISTS floor")
        await connection.execute("CREATE TABLE floor (number bigint, seq int, body text, PRIMARY KEY (number, seq))")
        return cls(connection)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()

    async def case(self) -> None:
        """One case, one row a turn."""
        self._number += 1
        history: list[dict[str, Any]] = [{"request": REQUEST}]
        for turn in range(TURNS):
            history.append(_take_turn(history, turn))
            await self._connection.execute(
                "INSERT INTO floor VALUES (%s, %s, %s)", (self._number, turn, json.dumps(history[-1]))
            )

    async def case_together(self) -> None:
        """One of many cases whose rows are committed together."""
        self._number += 1
        number = self._number
        history: list[dict[str, Any]] = [{"request": REQUEST}]
        for turn in range(TURNS):
            history.append(_take_turn(history, turn))
            written = asyncio.get_running_loop().create_future()
            self._gathered.append(({"number": number, "seq": turn, "body": json.dumps(history[-1])}, written))
            if self._flushing is None or self._flushing.done():
                self._flushing = asyncio.create_task(self._flush())
            await written

    async def _flush(self) -> None:
        while self._gathered:
            gathered, self._gathered = self._gathered, []
            await self._connection.execute(
                "INSERT INTO floor SELECT * FROM json_to_recordset(%s) AS r(number bigint, seq int, body text)",
                (json.dumps([row for row, _ in gathered]),),
            )
            for _, written in gathered:
                written.set_result(None)


def _take_turn(history: list[dict[str, Any]], turn: int) -> dict[str, Any]:
    said = think(history, turn)
    if "call" in said:
        said["found"] = look(said["query"])
    return said
