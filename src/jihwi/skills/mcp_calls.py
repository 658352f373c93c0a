"""Calls the tools of MCP servers: each server is met when first called, let go when lost, and ended with the house."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jihwi.case.assignment import Effect
from jihwi.errors import ExtraMissing, ServerLost, ServerUnreachable, ToolChanged
from jihwi.skills.mcp_tools import Tool, ToolCaller
from jihwi.skills.servers import McpServer

if TYPE_CHECKING:
    from jihwi.skills.mcp_wire import Connection

__all__ = ["McpServers"]

_INSTALL = "pip install 'jihwi[mcp]'"
PATIENCE_SECONDS = 60.0
"""How long a server may take to answer when it is met: a program must start first, on a machine busy with others."""
_MOST_CONNECTIONS = 4
"""How often one server is met anew at a time: one in use, and those that still end."""


class McpServers:
    """The servers of the settings. `close` ends every connection and program it has opened.

    `secret` gives what lies behind a reference; it is asked when a server is met and what it gives is kept nowhere.
    `patience_seconds`: how long a server may take to answer when it is met.
    """

    def __init__(
        self,
        servers: Mapping[str, McpServer],
        secret: Callable[[str], str],
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._servers = servers
        self._secret = secret
        self._patience_seconds = patience_seconds
        self._callers: dict[str, _Caller] = {}

    def caller(self, name: str) -> ToolCaller:
        """Who calls the tools of the server of that name."""
        return self._caller(name)

    async def tools(self, name: str) -> tuple[Tool, ...]:
        """The tools the server offers now. Raises ServerUnreachable, ServerLost, ToolAnswer, ExtraMissing."""
        return await self._caller(name).tools()

    async def close(self) -> None:
        """End everything."""
        await asyncio.gather(*(one.close() for one in self._callers.values()))

    def _caller(self, name: str) -> _Caller:
        if name not in self._servers:
            raise ServerUnreachable(name, f"'{name}': mcp_servers")
        if name not in self._callers:
            self._callers[name] = _Caller(self._servers[name], self._secret, self._patience_seconds)
        return self._callers[name]


class _Caller:
    """One server, with the connection in use and those that end."""

    def __init__(self, server: McpServer, secret: Callable[[str], str], patience_seconds: float) -> None:
        self._server = server
        self._secret = secret
        self._patience_seconds = patience_seconds
        self._opening = asyncio.Lock()
        self._current: Connection | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def tools(self) -> tuple[Tool, ...]:
        connection = await self._connection(self._server.name)
        return tuple(connection.tools.values())

    async def call(self, skill: str, tool: Tool, arguments: dict[str, Any], *, effect: Effect, key: str) -> Any:
        """See `ToolCaller`. A lost connection is made anew and the call repeated where that does no harm."""
        for last in (False, True):
            connection, is_new = await self._ready(skill, tool, effect)
            try:
                return await connection.call(skill, tool.name, arguments, key if effect == "idempotent write" else "")
            except ServerLost:
                await self._let_go(connection)
                if last or is_new or effect == "write":
                    raise
            except asyncio.CancelledError:
                await self._let_go(connection)  # a server that did not answer in time is not trusted to answer next
                raise
        raise AssertionError("the second round returns or raises")

    async def _ready(self, skill: str, tool: Tool, effect: Effect) -> tuple[Connection, bool]:
        """A connection whose server offers the tool as it was recorded, and whether it was made just now. Before
        anything is written the server is looked at again."""
        is_new = self._current is None
        connection = await self._connection(skill)
        if effect != "read" and not is_new:
            try:
                await connection.look(skill)
            except ServerLost:
                await self._let_go(connection)
                connection, is_new = await self._connection(skill), True
        offered = connection.tools.get(tool.name)
        if offered is None or offered.version != tool.version:
            raise ToolChanged(skill, f"{self._server.name}: {tool.name}")
        return connection, is_new

    async def _connection(self, skill: str) -> Connection:
        async with self._opening:
            if self._current is not None and self._current.ended:
                await self._let_go(self._current)
            if self._current is None:
                if len(self._ending) >= _MOST_CONNECTIONS:
                    await asyncio.wait(self._ending, return_when=asyncio.FIRST_COMPLETED)
                wire = _wire()
                self._current = await wire.connect(skill, self._server, self._secret, seconds=self._patience_seconds)
            return self._current

    async def _let_go(self, connection: Connection) -> None:
        """Use it no more; it ends when its last call has."""
        if self._current is connection:
            self._current = None
            task = asyncio.create_task(connection.close(when_idle=True))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        if self._current is not None:
            connection, self._current = self._current, None
            await connection.close()
        if self._ending:
            _, late = await asyncio.wait(self._ending, timeout=10)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _wire() -> Any:
    """The package for MCP is heavy and may be missing: it is imported when a server is first met."""
    try:
        from jihwi.skills import mcp_wire
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.partition(".")[0] in ("mcp", "anyio", "httpx2"):
            raise ExtraMissing("MCP", _INSTALL) from None
        raise
    return mcp_wire
