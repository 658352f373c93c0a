"""Each server speaks the protocol its own way; what can only mean one thing is understood, the rest is told plainly."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from jihwi.case.turn import Call, Report, Turn
from jihwi.errors import (
    ModelAddressWrong,
    ModelBusy,
    ModelContextFull,
    ModelCut,
    ModelError,
    ModelFailed,
    ModelKeyWrong,
    ModelNonsense,
    ModelRefused,
    ModelSaidNothing,
    ModelToolsOff,
    ModelUntrusted,
)
from jihwi.minds import Delta
from jihwi.minds.endpoint import Endpoint, parse_endpoint
from jihwi.minds.model import ModelMind
from jihwi.testing.openai_server import OpenAIServer, Raw
from tests.minds.seats import SEARCH, a_view

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


def delta(said: Any = None, *, finish: str | None = None, **frame: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "delta": said, "finish_reason": finish}], **frame}


def text(said: str) -> dict[str, Any]:
    return delta({"content": said})


def call(arguments: Any = None, name: str | None = None, **place: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    given = {key: value for key, value in function.items() if value is not None}
    return delta({"tool_calls": [{"type": "function", "function": given, **place}]})


def whole(message: Mapping[str, Any], finish: str = "stop") -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return json.dumps({"model": "m", "choices": [choice], "usage": USAGE}).encode()


BEGUN, STOPPED, COST = delta({"role": "assistant", "content": ""}), delta({}, finish="stop"), delta({}, usage=USAGE)
CALLED = delta({}, finish="tool_calls")
YES, NO = '{"query": "예산"}', '{"query": "결산"}'
TWO = (Call("search", {"query": "예산"}), Call("search", {"query": "결산"}))


def stream(*events: dict[str, Any] | str, end: str = "\n\n", done: bool = True) -> bytes:
    said = [one if isinstance(one, str) else f"data: {json.dumps(one)}" for one in events]
    return "".join(one + end for one in (*said, *(["data: [DONE]"] if done else []))).encode()


def unheard(_: Delta) -> None:
    """Nobody follows this turn."""


async def asked(body: bytes, status: int = 200, kind: str = "text/event-stream", **given: Any) -> Turn:
    headers = given.pop("headers", {})
    with OpenAIServer([Raw(body, kind, status, headers)]) as server:
        mind = ModelMind(msgspec.structs.replace(parse_endpoint(server.spec), **given))
        try:
            return await mind.think(a_view(), (SEARCH,), unheard)
        finally:
            await mind.close()


async def failed(body: bytes, status: int = 200, **given: Any) -> ModelError:
    with pytest.raises(ModelError) as failure:
        await asked(body, status, **given)
    return failure.value


# ── what is understood ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        stream(BEGUN, text("예산은 "), text("3억"), STOPPED, COST, end="\r\n\r\n"),
        stream(BEGUN, text("예산은 "), text("3억"), STOPPED, COST, end="\r\r"),
        stream(": ping", BEGUN, ": ping\n: pong", "event: message", text("예산은 3억"), STOPPED, COST),
        stream(*(f"data:{json.dumps(one)}" for one in (BEGUN, text("예산은 3억"), STOPPED, COST))),
        stream(BEGUN, text("예산은 3억"), STOPPED, COST, done=False),
        stream(BEGUN, text("예산은 3억"), STOPPED, COST)[:-2],
        b"\xef\xbb\xbf" + stream(BEGUN, text("예산은 3억"), STOPPED, COST),
        stream(delta({"content": None}), text("예산은"), delta({"reasoning": "음"}), text(" 3억"), STOPPED, COST),
        stream(delta({"content": [{"type": "text", "text": "예산은 3억"}]}), STOPPED, COST),
        stream({"choices": None}, {"choices": [{"index": 0, "delta": None}]}, text("예산은 3억"), STOPPED, COST),
        stream(text("예산은 3억"), {"choices": [{"index": 1, "delta": {"content": "딴 답"}}]}, STOPPED, COST),
        stream("data: " + json.dumps(text("예산은 3억") | {"logprobs": float("nan")}), STOPPED, COST),
        stream(*({**one, "usage": USAGE} for one in (BEGUN, text("예산은 3억"), STOPPED))),
        whole({"content": "예산은 3억"}),
    ],
)
async def test_the_same_answer_is_understood_however_a_server_says_it(body: bytes) -> None:
    turn = await asked(body)

    assert turn.text == "예산은 3억"
    assert turn.actions == ()
    assert turn.usage.tokens == 110


@pytest.mark.parametrize(
    "pieces",
    [
        (call(YES, "search", index=0, id="a"), call(NO, "search", index=0, id="b")),
        (call(YES, "search", index=0), call(NO, "search", index=0)),
        (call(YES, "search"), call(NO, "search")),
        (call(YES, "search", index=0, id="a"), call(NO, "search", index=1, id="a")),
        (call({"query": "예산"}, "search", index=0), call({"query": "결산"}, "search", index="1")),
        (
            call(YES[:5], "search", index=0, id="a"),
            call(NO[:7], "search", index=1, id="b"),
            call(YES[5:], "search", index=0, id="a"),
            call(NO[7:], "", index=1, id=""),
        ),
        (delta({"function_call": {"name": "search", "arguments": YES}}), call(NO, "search", index=0)),
    ],
)
async def test_two_calls_stay_two_however_a_server_numbers_them(pieces: tuple[dict[str, Any], ...]) -> None:
    assert (await asked(stream(BEGUN, *pieces, CALLED, COST))).actions == TWO


async def test_a_name_in_pieces_is_one_name() -> None:
    pieces = (call(name="sea", index=0, id="a"), call(name="rch", index=0), call(YES, index=0))

    assert (await asked(stream(BEGUN, *pieces, CALLED))).actions == TWO[:1]


@pytest.mark.parametrize("streams", [True, False])
async def test_a_whole_answer_is_taken_also_where_a_stream_was_asked_for(streams: bool) -> None:
    calls = [{"id": None, "function": {"name": "search", "arguments": {"query": "예산"}}}]

    turn = await asked(whole({"content": None, "tool_calls": calls}, "eos_token"), stream=streams)

    assert turn.actions == TWO[:1]
    assert turn.usage.tokens == 110
    assert turn.parameters["finish"] == "eos_token"


async def test_a_packed_answer_nobody_asked_for_is_unpacked_but_not_to_gigabytes() -> None:
    packed, bomb = gzip.compress(stream(text("예산은 3억"), STOPPED)), gzip.compress(b" " * (64 << 20))

    turn = await asked(packed, headers={"Content-Encoding": "gzip"})
    error = await failed(bomb, headers={"Content-Encoding": "gzip"})
    other = await failed(b"\x1b", headers={"Content-Encoding": "br"})

    assert turn.text == "예산은 3억"
    assert "16 MiB" in error.detail
    assert "'br'" in other.detail


@pytest.mark.parametrize("finish", ["length", "max_tokens", "content_filter"])
async def test_an_answer_that_was_stopped_is_no_whole_report(finish: str) -> None:
    turn = await asked(stream(text("예산은 3"), delta({}, finish=finish), COST))

    assert turn.actions == (Report("partial", "예산은 3"),)
    assert turn.parameters["notes"] in (["cut_at_max_tokens"], ["stopped_by_filter"])


async def test_broken_bytes_cost_their_letters_and_not_the_answer() -> None:
    turn = await asked(stream(text("X 3억"), STOPPED).replace(b"X", b"\xec\x98"))

    assert turn.text == "\ufffd 3억"


async def test_counts_nobody_can_believe_are_estimated(recwarn: pytest.WarningsRecorder) -> None:
    for usage in (
        {"prompt_tokens": -5, "completion_tokens": 3},
        {"prompt_tokens": 10**30, "completion_tokens": 3},
        {"prompt_tokens": "12", "completion_tokens": "x"},
        {"completion_tokens": 3},
        {},
    ):
        turn = await asked(stream(text("예산은 3억"), STOPPED, delta({}, usage=usage)))
        assert 500 < turn.usage.tokens < 5000
        assert turn.parameters["notes"] == ["usage_estimated"]
    assert not recwarn.list


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("held", [True, False])
async def test_what_a_server_does_after_its_answer_is_no_part_of_it(done: bool, held: bool) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        said = stream(text("예산은 3억"), STOPPED, done=done)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99999\r\n\r\n" + said)
        await writer.drain()
        if held:
            await reader.read()  # until the other side goes

    async with serving(talk) as place:
        assert (await thought_at(f"http://{place}", silence_seconds=3.0)).text == "예산은 3억"


# ── what is told ─────────────────────────────────────────────────────────────

TOO_LONG = [
    (400, "The decoder prompt (length 9000) is longer than the maximum model length of 8192."),
    (400, "the request exceeds the available context size. try increasing the context size or enable context shift"),
    (500, "Context size has been exceeded."),
    (500, "input is too large to process. increase the physical batch size"),
    (400, "the input length exceeds the context length"),
    (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 and 4096"),
    (400, "The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
    (400, "litellm.ContextWindowExceededError: litellm.BadRequestError"),
    (400, "default_max_tokens (-200) should be greater than 0, default_max_tokens (-200) = max_seq_len (2048) - 2248"),
    (400, "max_tokens must be at least 1, got -200."),
]


@pytest.mark.parametrize(("status", "said"), TOO_LONG)
async def test_a_prompt_that_is_too_long_is_known_in_each_servers_words(status: int, said: str) -> None:
    for body in (
        {"error": {"message": said}},
        {"object": "error", "message": said},
        {"error": said, "error_type": "x"},
    ):
        error = await failed(json.dumps(body).encode(), status, kind="application/json")
        assert type(error) is ModelContextFull
        assert said[:60] in error.detail


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (400, {"error": {"type": "exceed_context_size_error", "message": "no"}}, ModelContextFull, "no"),
        (400, {"error": {"message": "'tools[0].function.name': string too long"}}, ModelRefused, "too long"),
        (422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs"}]}, ModelRefused, "body.seed: Extra inputs"),
        (401, "", ModelKeyWrong, "HTTP 401"),
        (403, "<html><title>403</title><h1>403 Forbidden</h1></html>", ModelKeyWrong, "HTTP 403: 403 Forbidden"),
        (404, {"detail": "Not Found"}, ModelAddressWrong, "Not Found"),
        (405, {"detail": "Method Not Allowed"}, ModelAddressWrong, "Method Not Allowed"),
        (200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"}, ModelAddressWrong, "endpoint"),
        (400, "The plain HTTP request was sent to HTTPS port", ModelAddressWrong, "HTTPS"),
        (400, {"error": {"message": "registry/m does not support tools"}}, ModelToolsOff, "tools"),
        (500, {"error": {"message": "tools param requires --jinja flag"}}, ModelToolsOff, "--jinja"),
        (409, {"error": "loading the model"}, ModelBusy, "loading"),
        (500, "<html><body><h1>Internal Server Error</h1></body></html>", ModelFailed, "500: Internal Server Error"),
        (500, "", ModelFailed, "HTTP 500"),
        (200, {"error": {"message": "model overloaded"}}, ModelFailed, "model overloaded"),
        (200, "not the protocol", ModelNonsense, "not the protocol"),
        (200, "", ModelNonsense, "it is empty"),
    ],
)
async def test_a_refusal_is_told_by_its_kind_and_in_the_servers_words_alone(
    status: int, body: Any, kind: type[ModelError], said: str
) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()

    error = await failed(raw, status)

    assert type(error) is kind
    assert said in error.detail
    assert not {"status_code", "<h1>", "model_name"} & set(error.detail.replace(":", " ").split())
    assert error.next_step("ko")


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"error": "runner stopped"}, ModelFailed),
        ({"error": {"message": "bad request", "code": 400}}, ModelRefused),
        ({"error": {"message": "wait", "code": "503"}}, ModelBusy),
        ({"object": "error", "message": "longer than the context length"}, ModelContextFull),
    ],
)
async def test_an_error_inside_an_answer_is_an_error(said: Any, kind: type[ModelError], streams: bool) -> None:
    body = stream(text("예산은"), said) if streams else json.dumps(said).encode()

    assert type(await failed(body, stream=streams)) is kind


@pytest.mark.parametrize("said", ['error: {"code": 500, "message": "slot gone"}', "event: error\ndata: slot gone"])
async def test_an_error_told_as_an_event_of_its_own_is_not_lost(said: str) -> None:
    error = await failed(stream(text("예산은"), said, done=False))

    assert type(error) is ModelFailed
    assert "slot gone" in error.detail


async def test_an_answer_the_server_gave_up_is_no_answer_and_is_paid_for() -> None:
    for body in (
        stream(text("예산은 3"), delta({}, finish="abort"), COST),
        stream(text("예산은 3"), COST, done=False),
    ):
        error = await failed(body, input_micros=1_000_000)
        assert type(error) is ModelCut
        assert (error.input_tokens, error.output_tokens, error.micros) == (100, 10, 100)


@pytest.mark.parametrize(
    ("finish", "why"), [("length", "4096 tokens went into thinking"), ("content_filter", "filter")]
)
async def test_an_answer_that_ends_before_its_first_word_says_why_and_is_paid_for(finish: str, why: str) -> None:
    error = await failed(stream(delta({"reasoning_content": "음"}), delta({}, finish=finish), COST))

    assert type(error) is ModelSaidNothing
    assert why in error.detail
    assert not error.retryable
    assert (error.input_tokens, error.output_tokens) == (100, 10)


async def test_an_answer_of_calls_without_end_is_left() -> None:
    error = await failed(stream(*(call(YES, "search", index=n, id=f"c{n}") for n in range(5000)), CALLED))

    assert type(error) is ModelNonsense
    assert "256 tool calls" in error.detail


# ── what answers is no such server ───────────────────────────────────────────


def own_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that its own key has signed, and the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, begins, begins.replace(year=2120))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    certificate, secret = folder / "own.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, secret


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        said = stream(text("예산은 3억"), STOPPED)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + said)
        await writer.drain()


@asynccontextmanager
async def serving(talk: Talk, host: str = "127.0.0.1", **given: Any) -> AsyncGenerator[str]:
    """Where a server listens that talks so; it ends when all has been said."""
    talks: set[asyncio.Task[None]] = set()

    def begun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def whole_talk() -> None:
            try:
                await talk(reader, writer)
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

        talks.add(asyncio.create_task(whole_talk()))

    async with await asyncio.start_server(begun, host, 0, **given) as server:
        yield f"{f'[{host}]' if ':' in host else host}:{server.sockets[0].getsockname()[1]}/v1"
        await asyncio.gather(*talks)


async def thought_at(place: str, **given: Any) -> Turn:
    mind = ModelMind(Endpoint(model="m", base_url=place, **given))
    try:
        return await mind.think(a_view(), (SEARCH,), unheard)
    finally:
        await mind.close()


async def test_a_certificate_nobody_knows_is_told_with_how_to_trust_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, secret = own_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    async with serving(answer, ssl=context) as place:
        with pytest.raises(ModelUntrusted, match="SSL_CERT_FILE"):
            await thought_at(f"https://{place}")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert (await thought_at(f"https://{place}")).text == "예산은 3억"
        with pytest.raises(ModelError) as plain:
            await thought_at(f"http://{place}")

    assert not isinstance(plain.value, ModelUntrusted)


async def test_https_where_plain_http_is_spoken_and_no_http_at_all_are_told_apart_from_a_dead_server() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 20)
        writer.write(b"\x15\x03\x01\x00\x02\x02\x46")
        await writer.drain()

    async def puzzled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with serving(puzzled) as place:
        with pytest.raises(ModelAddressWrong, match="http://"):
            await thought_at(f"https://{place}")
    async with serving(greet) as place:
        with pytest.raises(ModelAddressWrong, match="https://"):
            await thought_at(f"http://{place}")


async def test_a_server_on_ipv6_is_asked_like_any_other() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    async with serving(answer, "::1") as place:
        assert (await thought_at(f"http://{place}")).text == "예산은 3억"
