"""One connection to one MCP server, by the official package: opened and closed in a task of its own.

Whatever goes wrong on the way (the program dies, the address refuses, the answer is no answer) becomes one of our
errors here. What the server says is bounded and is text from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TextIO, TypeVar

import anyio
import httpx2
import msgspec
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent
from pydantic import ValidationError

from jihwi.errors import ServerLost, ServerSilent, ServerUnreachable, ToolAnswer, ToolFailed
from jihwi.skills.mcp_tools import Tool
from jihwi.skills.servers import McpServer

__all__ = ["Connection", "connect"]

SILENCE_SECONDS = 300.0
LONGEST_ANSWER = 1 << 20
"""Bytes of JSON one call may bring."""
_LONGEST_BODY = 8 << 20
_LONGEST_WORDS = 2000
_MOST_PAGES = 50
_MOST_TOOLS = 1000
_KEY_META = "jihwi/idempotency-key"
_Answer = TypeVar("_Answer")
_LOST = frozenset({-32000, -32001})
"""Codes the package gives when no answer can come any more: the connection is closed, the time is over."""

_FORGOTTEN = "Session terminated"
"""What the package says when an address no longer knows the session, as after it was started anew."""

for _name in ("mcp", "client"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False  # what went wrong is told by our errors; a server writes no log here


async def connect(skill: str, server: McpServer, secret: Callable[[str], str], *, seconds: float) -> Connection:
    """Meet a server within so many seconds and learn its tools. Raises ServerUnreachable, SettingInvalid."""
    connection = Connection(server, secret, seconds)
    await connection.open(skill)
    return connection


class Connection:
    """A server that has been met. `call` may run many times at once; `close` it when done."""

    def __init__(self, server: McpServer, secret: Callable[[str], str], seconds: float) -> None:
        self._server = server
        self._seconds = seconds
        self._secret = secret
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._calls = 0
        self._client: Client | None = None
        self._owner: asyncio.Task[None] | None = None
        self._complaint = _Complaint()
        self.tools: dict[str, Tool] = {}

    @property
    def ended(self) -> bool:
        """Whether it is known to be over."""
        return self._owner is None or self._owner.done()

    async def open(self, skill: str) -> None:
        met: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owner = asyncio.create_task(self._own(met))
        try:
            async with asyncio.timeout(self._seconds):
                await asyncio.shield(met)
        except TimeoutError:
            await self._end_owner()
            raise ServerSilent(skill, f"{self._server.shown}: > {self._seconds:g} s") from None
        except _NotMet as problem:
            await self._end_owner()
            raise ServerUnreachable(skill, f"{self._server.shown}: {problem}") from None
        except BaseException:
            await self._end_owner()
            raise

    async def _own(self, met: asyncio.Future[None]) -> None:
        """The one task that opens and closes the connection, as the package demands."""
        try:
            async with self._transport() as transport, Client(transport, cache=None) as client:
                self._client = client
                self.tools = await self._listed(client)
                if not met.done():
                    met.set_result(None)
                await self._stop.wait()
        except Exception as problem:  # noqa: BLE001 - the border: whatever ends a connection is told to who waits for it
            if not met.done():
                met.set_exception(_NotMet(self._complaint.words() or _words_of(problem)))
                met.exception()  # seen, also when nobody waits any more
        finally:
            self._client = None

    @contextlib.asynccontextmanager
    async def _transport(self) -> AsyncIterator[Any]:
        """The package's transport for a program or an address."""
        server = self._server
        if server.command:
            said = {name: self._secret(reference) for name, reference in server.environment.items()}
            program, *arguments = server.command
            parameters = StdioServerParameters(command=program, args=arguments, env=said)
            async with self._complaint.listening() as stderr:
                yield stdio_client(parameters, errlog=stderr)
            return
        headers = {"Authorization": f"Bearer {self._secret(server.key)}"} if server.key else {}
        tls = ssl.create_default_context() if server.url.startswith("https:") else False
        inner = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False)
        timeout = httpx2.Timeout(self._seconds, read=SILENCE_SECONDS)
        async with httpx2.AsyncClient(
            transport=_Bounded(inner), headers=headers, timeout=timeout, follow_redirects=False, trust_env=False
        ) as http:
            yield streamable_http_client(server.url, http_client=http)

    async def _listed(self, client: Client) -> dict[str, Tool]:
        tools: dict[str, Tool] = {}
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            for one in page.tools[: _MOST_TOOLS - len(tools)]:
                hints = one.annotations
                read_only, idempotent = bool(hints and hints.read_only_hint), bool(hints and hints.idempotent_hint)
                tools[one.name] = Tool(
                    name=one.name,
                    description=one.description or one.title or "",
                    schema=one.input_schema,
                    read_only=read_only,
                    idempotent=idempotent,
                )
            cursor = page.next_cursor
            if not cursor:
                break
        return tools

    async def look(self, skill: str) -> None:
        """Learn the tools anew. Raises ServerLost when nobody answers."""
        try:
            async with asyncio.timeout(self._seconds):
                self.tools = await self._guarded(skill, self._listed)
        except TimeoutError:
            raise ServerLost(skill, f"{self._server.shown}: > {self._seconds:g} s") from None

    async def call(self, skill: str, tool: str, arguments: dict[str, Any], key: str) -> Any:
        """What a tool answers. Raises ServerLost, ToolFailed, ToolAnswer."""
        meta: Any = {_KEY_META: key} if key else None

        async def ask(client: Client) -> CallToolResult:
            return await client.call_tool(tool, arguments, meta=meta)

        answer = await self._guarded(skill, ask)
        value = _value(answer)
        if answer.is_error:
            raise ToolFailed(skill, str(value)[:_LONGEST_WORDS])
        if len(msgspec.json.encode(value)) > LONGEST_ANSWER:
            raise ToolAnswer(skill, f"> {LONGEST_ANSWER} bytes")
        return value

    async def _guarded(self, skill: str, ask: Callable[[Client], Coroutine[Any, Any, _Answer]]) -> _Answer:
        """What `ask` brings, unless the connection ends first: then nobody waits for an answer that cannot come."""
        client, owner = self._client, self._owner
        if client is None or owner is None:
            raise ServerLost(skill, self._server.shown)
        asking = asyncio.create_task(ask(client))
        self._calls += 1
        self._idle.clear()
        try:
            await asyncio.wait({asking, owner}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise ServerLost(skill, self._server.shown)
            return asking.result()
        except MCPError as problem:
            if problem.code in _LOST or problem.message == _FORGOTTEN or owner.done():
                raise ServerLost(skill, self._server.shown) from None
            raise ToolFailed(skill, f"{problem.code}: {problem.message}"[:_LONGEST_WORDS]) from None
        except (RuntimeError, ValidationError) as problem:
            raise ToolAnswer(skill, _words_of(problem)) from None
        except (OSError, anyio.ClosedResourceError, anyio.BrokenResourceError, httpx2.HTTPError) as problem:
            raise ServerLost(skill, f"{self._server.shown}: {_words_of(problem)}") from None
        finally:
            asking.cancel()
            await asyncio.wait({asking}, timeout=2)  # it tells the server that nobody waits any more
            self._calls -= 1
            if not self._calls:
                self._idle.set()

    async def close(self, *, when_idle: bool = False) -> None:
        """End it, and the program with it; `when_idle`, after the calls that still run."""
        if when_idle:
            await self._idle.wait()
        await self._end_owner()

    async def _end_owner(self) -> None:
        self._stop.set()
        owner = self._owner
        if owner is None:
            return
        if self._client is None:
            owner.cancel()
        _, late = await asyncio.wait({owner}, timeout=10)
        for task in late:
            task.cancel()
        await asyncio.gather(owner, return_exceptions=True)


class _NotMet(Exception):
    """Why a server was not met, in words."""


class _Complaint:
    """The last of what a program writes to its standard error, for when it cannot be met."""

    def __init__(self) -> None:
        self._kept = b""

    def words(self) -> str:
        lines = self._kept.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:500] if lines else ""

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[TextIO]:
        """What a program may write to; it is read on and on, so that nobody waits and nothing fills up."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        loop = asyncio.get_running_loop()

        def read() -> None:
            with contextlib.suppress(BlockingIOError):
                self._kept = (self._kept + os.read(reading, 1 << 16))[-_LONGEST_WORDS:]

        loop.add_reader(reading, read)
        try:
            with os.fdopen(writing, "w") as stderr:
                yield stderr
        finally:
            loop.remove_reader(reading)
            read()
            os.close(reading)


class _Bounded(httpx2.AsyncBaseTransport):
    """Ends an answer that is too long for anybody."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _BoundedStream(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        async for part in self._inner:
            length += len(part)
            if length > _LONGEST_BODY:
                raise httpx2.ReadError(f"> {_LONGEST_BODY} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


def _value(answer: CallToolResult) -> Any:
    """What a tool answered: its structured content, or its texts; what is no text is named, not carried."""
    if answer.structured_content is not None:
        return answer.structured_content
    parts = [one.text if isinstance(one, TextContent) else f"[{one.type}]" for one in answer.content]
    return "\n".join(parts)


def _words_of(problem: BaseException) -> str:
    """The first real cause in a group of errors, in one line."""
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    return f"{type(problem).__name__}: {problem}".split("\n", 1)[0][:500]
