"""One question to a server that speaks the OpenAI protocol, and its answer.

It goes through pydantic-ai's direct model layer over an HTTP transport of ours (`transport`), which sees to it that
what leaves is what we say and is recorded as it leaves, with no retry behind the orchestrator's back, and that what
comes back is tidy (`tidy`). How it ended is read from what the transport saw (`endings`). These are the only modules
that import the extra.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from importlib.metadata import version

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
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIChatModelSettings
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.tools import ToolDefinition

from jihwi.errors import ModelCut, ModelKeyWrong, SecretMissing, SettingInvalid
from jihwi.minds.endings import as_seen, ending
from jihwi.minds.endpoint import Endpoint
from jihwi.minds.intext import WrittenCall
from jihwi.minds.render import Message, Rendered
from jihwi.minds.transport import CURRENT, Exchange, Transport
from jihwi.references import header_secret

__all__ = ["ADAPTER", "Answer", "Wire"]

ADAPTER = f"pydantic-ai-slim {version('pydantic-ai-slim')}, openai {version('openai')}"
"""What made the request out of the prompt; part of a turn's record."""


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


class Wire:
    """A connection to one endpoint. `ask` may run many times at once; close it when done."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        tls = ssl.create_default_context() if endpoint.base_url.startswith("https:") else False
        transport = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False)
        self._http = httpx2.AsyncClient(
            transport=Transport(transport),
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
        exchange = Exchange(streams=self._endpoint.stream)
        try:
            exchange.secret = header_secret(self._endpoint.key, "model_key")
        except (SecretMissing, SettingInvalid) as invalid:
            raise ModelKeyWrong(self._endpoint.shown, str(invalid)) from None
        token = CURRENT.set(exchange)
        try:
            async with asyncio.timeout(self._endpoint.turn_seconds):
                response = await self._response(rendered, on_text)
        except Exception as problem:  # noqa: BLE001
            # The border of the library: whatever it raises is one of our few endings. `from None`, because an error
            # of the libraries may repeat what the server said, and that may repeat the key.
            raise ending(self._endpoint, exchange, problem) from None
        finally:
            CURRENT.reset(token)
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

    def _answer(self, exchange: Exchange, response: ModelResponse) -> Answer:
        tidied = exchange.tidied
        if tidied is None or not tidied.complete or tidied.finish in _BROKE_OFF:
            gave_up = tidied is not None and tidied.finish in _BROKE_OFF
            why = "the server gave it up itself" if gave_up else "the stream ended before the answer did"
            raise as_seen(ModelCut(self._endpoint.shown, why), exchange)
        calls = tuple(
            WrittenCall(part.tool_name, part.args if isinstance(part.args, str) else {**(part.args or {})})
            for part in response.parts
            if isinstance(part, ToolCallPart)
        )
        read, written = tidied.usage or (0, 0)
        return Answer(
            body=exchange.body,
            text=_text(response),
            calls=calls,
            model=response.model_name or self._endpoint.model,
            input_tokens=read,
            output_tokens=written,
            finish=tidied.finish,
            reasoned=tidied.reasoned,
        )


_BROKE_OFF = ("abort", "error")
"""What a server says when it gave its answer up itself."""

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
    # The protocol has one text; the library divides it where reasoning or a call came between.
    return "".join(part.content for part in response.parts if isinstance(part, TextPart))
