"""One question to a server that speaks the OpenAI protocol, and its answer: the only module that imports the extra.

It goes through pydantic-ai's direct model layer over an HTTP transport of ours, which sees to it that what leaves is
what we say and is recorded as it leaves: no header but the needed ones, no redirect, no proxy from the environment, no
retry behind the orchestrator's back, the key put in at the last moment. How it ended is read from what the transport
saw, so that it does not hang on how the libraries above word their errors.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any

import httpx2
import msgspec
from openai import AsyncOpenAI
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIChatModelSettings
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.tools import ToolDefinition

from jihwi.errors import (
    ModelBusy,
    ModelContextFull,
    ModelCut,
    ModelError,
    ModelFailed,
    ModelNonsense,
    ModelRefused,
    ModelTimeout,
    ModelUnreachable,
    SecretMissing,
    SettingInvalid,
)
from jihwi.minds.endpoint import Endpoint
from jihwi.minds.intext import WrittenCall
from jihwi.minds.render import Message, Rendered
from jihwi.references import header_secret

__all__ = ["ADAPTER", "Answer", "Wire"]

ADAPTER = f"pydantic-ai-slim {version('pydantic-ai-slim')}, openai {version('openai')}"
"""What made the request out of the prompt; part of a turn's record."""

_KEPT_HEADERS = ("host", "accept", "content-type", "content-length", "connection")
_LARGEST_ANSWER = 16 * 1024 * 1024
_LONGEST_DETAIL = 300


class Answer(msgspec.Struct, frozen=True):
    """What came back, and the request body as it was sent."""

    body: bytes
    text: str
    calls: tuple[WrittenCall, ...]
    model: str
    """As the server named it."""
    input_tokens: int
    """0 when the server does not say."""
    output_tokens: int
    finish: str
    """The server's own word for why it ended; empty when it gave none."""
    reasoned: bool
    """Whether it sent reasoning apart from the text."""


class _Exchange:
    """What the transport saw of one request."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.size = 0
        self.tail = b""
        self.head = b""
        self.done = False
        self.trouble: Exception | None = None
        self.secret = ""


_CURRENT: ContextVar[_Exchange] = ContextVar("jihwi_exchange")


class Wire:
    """A connection to one endpoint. `ask` may run many times at once; close it when done."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        tls = ssl.create_default_context() if endpoint.base_url.startswith("https:") else False
        transport = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False)
        self._http = httpx2.AsyncClient(
            transport=_Transport(transport),
            timeout=httpx2.Timeout(endpoint.silence_seconds, connect=endpoint.connect_seconds),
            follow_redirects=False,
            trust_env=False,
        )
        client = AsyncOpenAI(
            api_key="put in by the transport",
            base_url=endpoint.base_url,
            max_retries=0,
            timeout=httpx2.Timeout(endpoint.silence_seconds, connect=endpoint.connect_seconds),
            http_client=self._http,
        )
        provider = OpenAICompatibleProvider("jihwi", openai_client=client)
        self._model = OpenAIChatModel(endpoint.model, provider=provider, profile=_PROFILE)

    async def ask(self, rendered: Rendered, on_text: Callable[[str], None]) -> Answer:
        """The model's answer to a prompt; `on_text` hears its text as it comes. Raises a ModelError."""
        exchange = _Exchange()
        try:
            exchange.secret = header_secret(self._endpoint.key, "model_key")
        except (SecretMissing, SettingInvalid) as invalid:
            raise ModelRefused(self._endpoint.shown, str(invalid)) from None
        token = _CURRENT.set(exchange)
        try:
            async with asyncio.timeout(self._endpoint.turn_seconds):
                response = await self._response(rendered, on_text)
        except Exception as problem:  # noqa: BLE001
            # The border of the library: whatever it raises is one of our few endings. `from None`, because an error
            # of the libraries may repeat what the server said, and that may repeat the key.
            raise _ending(self._endpoint, exchange, problem) from None
        finally:
            _CURRENT.reset(token)
        return self._answer(exchange, response)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _response(self, rendered: Rendered, on_text: Callable[[str], None]) -> ModelResponse:
        messages, parameters, settings = _messages(rendered), _parameters(rendered), self._settings()
        if not self._endpoint.stream:
            response = await model_request(
                self._model, messages, model_settings=settings, model_request_parameters=parameters
            )
            on_text(_text(response))
            return response
        async with model_request_stream(
            self._model, messages, model_settings=settings, model_request_parameters=parameters
        ) as stream:
            async for event in stream:
                if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                    on_text(event.part.content)
                elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                    on_text(event.delta.content_delta)
            return stream.get()

    def _settings(self) -> OpenAIChatModelSettings:
        endpoint = self._endpoint
        settings = OpenAIChatModelSettings(max_tokens=endpoint.max_tokens)
        if endpoint.temperature is not None:
            settings["temperature"] = endpoint.temperature
        if endpoint.seed is not None:
            settings["seed"] = endpoint.seed
        return settings

    def _answer(self, exchange: _Exchange, response: ModelResponse) -> Answer:
        finish = str((response.provider_details or {}).get("finish_reason") or "")
        if self._endpoint.stream and not finish and not exchange.done:
            raise ModelCut(self._endpoint.shown, "the stream ended before the answer did")
        calls = tuple(
            WrittenCall(part.tool_name, part.args if isinstance(part.args, str) else {**(part.args or {})})
            for part in response.parts
            if isinstance(part, ToolCallPart)
        )
        return Answer(
            body=exchange.body,
            text=_text(response),
            calls=calls,
            model=response.model_name or self._endpoint.model,
            input_tokens=response.usage.input_tokens,
            output_tokens=response.usage.output_tokens,
            finish=finish,
            reasoned=any(isinstance(part, ThinkingPart) for part in response.parts),
        )


_PROFILE = OpenAIModelProfile(
    # The schemas go out as the skills' digests commit to them, and the settings as the endpoint states them.
    json_schema_transformer=None,
    openai_supports_reasoning=False,
    openai_chat_supports_max_completion_tokens=False,
    openai_system_prompt_role="system",
    openai_chat_send_back_thinking_parts=False,
    # A document that holds a chat template's own marks must not be able to forge a turn.
    may_tokenize_special_tokens_in_content=True,
    ignore_streamed_leading_whitespace=True,
    context_window=None,
)


# ── the prompt as the library wants it ───────────────────────────────────────


def _messages(rendered: Rendered) -> list[ModelMessage]:
    return [_message(message) for message in rendered.messages]


def _message(message: Message) -> ModelMessage:
    match message.role:
        case "system":
            return ModelRequest(parts=[SystemPromptPart(content=message.text)])
        case "user":
            return ModelRequest(parts=[UserPromptPart(content=message.text)])
        case "tool":
            part = ToolReturnPart(tool_name=message.tool, content=message.text, tool_call_id=message.answers)
            return ModelRequest(parts=[part])
        case "assistant":
            said = [TextPart(content=message.text)] if message.text else []
            calls = [ToolCallPart(tool_name=c.name, args=c.arguments, tool_call_id=c.id) for c in message.calls]
            return ModelResponse(parts=[*said, *calls])


def _parameters(rendered: Rendered) -> ModelRequestParameters:
    tools = [
        ToolDefinition(name=tool.name, description=tool.description, parameters_json_schema=tool.schema)
        for tool in rendered.box.tools
    ]
    return ModelRequestParameters(function_tools=tools)


def _text(response: ModelResponse) -> str:
    return "\n\n".join(part.content for part in response.parts if isinstance(part, TextPart))


# ── the transport ────────────────────────────────────────────────────────────


class _Transport(httpx2.AsyncBaseTransport):
    """Sends what it is given under headers of our own, and notes what went out and what came back."""

    def __init__(self, inner: httpx2.AsyncHTTPTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _CURRENT.get()
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
            response.stream = _Watched(response.stream, exchange)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Watched(httpx2.AsyncByteStream):
    """The answer's bytes, bounded, and whether they ended as the protocol says."""

    def __init__(self, inner: httpx2.AsyncByteStream, exchange: _Exchange) -> None:
        self._inner = inner
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange = self._exchange
        try:
            async for chunk in self._inner:
                exchange.size += len(chunk)
                if exchange.size > _LARGEST_ANSWER:
                    raise httpx2.DecodingError("the answer is larger than 16 MiB")
                exchange.tail = (exchange.tail + chunk)[-64 - len(chunk) :]
                exchange.head = exchange.head or chunk[:400]
                exchange.done = exchange.done or b"data: [DONE]" in exchange.tail or b"data:[DONE]" in exchange.tail
                yield chunk
        except (httpx2.TransportError, httpx2.DecodingError) as trouble:
            exchange.trouble = trouble
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()


# ── how it ended ─────────────────────────────────────────────────────────────


def _ending(endpoint: Endpoint, exchange: _Exchange, problem: Exception) -> ModelError:
    """The one of our errors that says what happened."""
    where, detail = endpoint.shown, _safe(_said(problem), exchange.secret)
    if isinstance(problem, TimeoutError):
        return ModelTimeout(where, f"no whole answer within {endpoint.turn_seconds:g} seconds")
    if exchange.trouble is not None:
        return _broken(endpoint, exchange, exchange.trouble)
    if exchange.status >= 300:
        return _refused(where, exchange, detail)
    if exchange.status == 0:
        return ModelRefused(where, detail)
    if _in_stream(problem):
        return ModelContextFull(where, detail) if _too_long(detail) else ModelFailed(where, detail)
    if exchange.done or exchange.headers.get("content-type", "").startswith("text/event-stream"):
        return ModelNonsense(where, detail)
    begins = _safe(exchange.head.decode("utf-8", "replace"), exchange.secret)
    return ModelNonsense(where, f"it is no answer of this protocol and begins: {begins[:80]!r}")


def _broken(endpoint: Endpoint, exchange: _Exchange, trouble: Exception) -> ModelError:
    where, detail = endpoint.shown, _safe(str(trouble) or type(trouble).__name__, exchange.secret)
    match trouble:
        case httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return ModelUnreachable(where, f"no connection within {endpoint.connect_seconds:g} seconds")
        case httpx2.TimeoutException():
            return ModelTimeout(where, f"silent for more than {endpoint.silence_seconds:g} seconds")
        case httpx2.DecodingError():
            return ModelNonsense(where, detail)
        case _ if exchange.status:
            return ModelCut(where, detail)
        case httpx2.RemoteProtocolError() | httpx2.ReadError():
            return ModelCut(where, f"it closed the connection without an answer ({detail})")
        case _:
            return ModelUnreachable(where, detail)


def _refused(where: str, exchange: _Exchange, detail: str) -> ModelError:
    status = exchange.status
    said = f"HTTP {status}: {detail}" if detail else f"HTTP {status}"
    if status in (429, 503, 529):
        return ModelBusy(where, said, retry_after_seconds=_retry_after(exchange.headers))
    if status in (408, 504):
        return ModelTimeout(where, said)
    if status >= 500:
        return ModelFailed(where, said)
    if status == 413 or (status in (400, 422) and _too_long(detail)):
        return ModelContextFull(where, said)
    if status < 400:
        return ModelRefused(where, f"HTTP {status}: it points to another address, which is not followed")
    return ModelRefused(where, said)


def _retry_after(headers: dict[str, str]) -> float:
    """Seconds, also where a date is given; 0 when nothing sensible is said."""
    said = headers.get("retry-after", "")
    try:
        return min(max(0.0, float(said)), 86_400.0)
    except ValueError:
        pass
    try:
        until, now = parsedate_to_datetime(said), parsedate_to_datetime(headers.get("date", ""))
        return min(max(0.0, (until - now).total_seconds()), 86_400.0)
    except (ValueError, TypeError):
        return 0.0


_LENGTH_WORDS = ("context length", "context_length", "maximum context", "context window", "too long", "too many tokens")


def _too_long(detail: str) -> bool:
    return any(words in detail.lower() for words in _LENGTH_WORDS)


def _in_stream(problem: BaseException) -> bool:
    """Whether the server put an error object into its stream."""
    return any(isinstance(_body(one), dict | str) and _body(one) for one in _causes(problem))


def _causes(problem: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    one: BaseException | None = problem
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or one.__context__
    return chain


def _body(problem: BaseException) -> Any:
    return getattr(problem, "body", None)


def _said(problem: BaseException) -> str:
    """What the server said, else what the library says."""
    for one in _causes(problem):
        body = _body(one)
        while isinstance(body, dict) and isinstance(body.get("error"), dict | str):
            body = body["error"]
        if isinstance(body, dict):
            body = body.get("message") or body.get("detail")
        if isinstance(body, str) and body.strip():
            return body
    return str(problem) or type(problem).__name__


def _safe(text: str, secret: str) -> str:
    """One short line without the key."""
    if secret:
        text = text.replace(secret, "***")
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_DETAIL else line[:_LONGEST_DETAIL] + "…"
