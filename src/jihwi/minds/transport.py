"""The last step before the cable: sends what it is given under headers of our own, and hands back a tidy answer.

No header but the needed ones, no redirect, no proxy from the environment, the key put in at the last moment; what went
out and what came back is noted, so that how it ended does not hang on how the libraries above word their errors.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from contextvars import ContextVar
from typing import Protocol

import httpx2

from jihwi.minds.tidy import NotTheProtocol, Tidied

__all__ = ["CURRENT", "Exchange", "Transport"]

_KEPT_HEADERS = ("host", "accept", "content-type", "content-length", "connection")
_LARGEST_ANSWER = 16 * 1024 * 1024
_LARGEST_REFUSAL = 1024 * 1024
_LEFT_OUT = ("content-encoding", "content-length", "transfer-encoding")


class Exchange:
    """What the transport saw of one request."""

    def __init__(self, *, streams: bool = True) -> None:
        """`streams`: whether a stream is asked for."""
        self.streams = streams
        self.body = b""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.tidied: Tidied | None = None
        self.trouble: Exception | None = None
        self.secret = ""


CURRENT: ContextVar[Exchange] = ContextVar("jihwi_exchange")
"""The exchange of the task that asks."""


class Transport(httpx2.AsyncBaseTransport):
    """Sends what it is given under headers of our own, and notes what went out and what came back."""

    def __init__(self, inner: httpx2.AsyncHTTPTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = CURRENT.get()
        exchange.body = await request.aread()
        headers = [(name, request.headers[name]) for name in _KEPT_HEADERS if name in request.headers]
        headers += [("User-Agent", "jihwi"), ("Accept-Encoding", "identity")]
        if exchange.secret:
            headers.append(("Authorization", f"Bearer {exchange.secret}"))
        sent = httpx2.Request(
            request.method, request.url, headers=headers, content=exchange.body, extensions=request.extensions
        )
        try:
            response = await self._inner.handle_async_request(sent)
        except httpx2.TransportError as trouble:
            exchange.trouble = trouble
            raise
        exchange.status = response.status_code
        exchange.headers = {name.lower(): value for name, value in response.headers.items()}
        if isinstance(response.stream, httpx2.AsyncByteStream):
            return httpx2.Response(
                response.status_code,
                headers=[one for one in response.headers.multi_items() if one[0].lower() not in _LEFT_OUT],
                stream=_Watched(response.stream, exchange),
                extensions=response.extensions,
            )
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Watched(httpx2.AsyncByteStream):
    """The answer's bytes: unpacked, bounded and tidy."""

    def __init__(self, inner: httpx2.AsyncByteStream, exchange: Exchange) -> None:
        self._inner = inner
        self._exchange = exchange
        self._chunks = aiter(inner)
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange = self._exchange
        if self._ended:  # the library reads on for a moment, so that the connection can be used again
            async for chunk in self._chunks:
                yield chunk
            return
        try:
            if exchange.status >= 300:
                async with aclosing(self._beginning()) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            exchange.tidied = tidied = Tidied(streams=exchange.streams)
            try:
                async with aclosing(self._unpacked(_LARGEST_ANSWER)) as chunks:
                    async for chunk in chunks:
                        made = tidied.more(chunk)
                        self._ended = tidied.done or tidied.error is not None
                        if made:
                            yield made
                        if self._ended:
                            return  # what a server does after its answer's end is no part of it
            except httpx2.TransportError:
                if not tidied.complete:
                    raise
            made = tidied.rest()
            self._ended = True
            if made:
                yield made
        except NotTheProtocol as trouble:
            exchange.trouble = httpx2.DecodingError(str(trouble))
            raise exchange.trouble from None
        except (httpx2.TransportError, httpx2.DecodingError) as trouble:
            exchange.trouble = trouble
            raise

    async def _beginning(self) -> AsyncGenerator[bytes]:
        """What a refusal says, or as much of it as can be had: the status alone says enough."""
        with suppress(httpx2.TransportError, httpx2.DecodingError):
            async with aclosing(self._unpacked(_LARGEST_REFUSAL)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def _unpacked(self, most: int) -> AsyncGenerator[bytes]:
        """The bytes as they were before they were packed. Raises DecodingError when they are more than `most`."""
        unpack = _unpacker(self._exchange.headers.get("content-encoding", ""))
        size = 0
        async for chunk in self._chunks:
            plain = chunk if unpack is None else _unpack(unpack, chunk, most - size + 1)
            size += len(plain)
            if size > most:
                raise httpx2.DecodingError(f"the answer is larger than {most >> 20} MiB")
            yield plain

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Unpacker(Protocol):
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


def _unpacker(encoding: str) -> _Unpacker | None:
    """What undoes a content encoding that was not asked for; `None` when there is none."""
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        case "deflate":
            return zlib.decompressobj()
        case other:
            raise httpx2.DecodingError(f"it is packed as {other!r}, which was not asked for")


def _unpack(unpack: _Unpacker, chunk: bytes, most: int) -> bytes:
    """A chunk unpacked, no more than `most` bytes: a small answer may unpack to gigabytes."""
    try:
        return unpack.decompress(chunk, most)
    except zlib.error as problem:
        raise httpx2.DecodingError(f"it is not packed as it says: {problem}") from None
