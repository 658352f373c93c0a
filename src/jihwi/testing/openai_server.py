"""A real HTTP server on this machine that speaks the OpenAI protocol from a script, for tests without a model.

The script is a list of lines, one a request, or a function of the request, so that whole cases can be driven. The
server keeps every request as it was received, and complains about a request nobody expected and a line nobody asked
for: as a `with` block ends, or when `check` is called.

    with OpenAIServer([Reply("안녕하세요"), Fault(429, retry_after="2")]) as server:
        mind = ModelMind(parse_endpoint(server.spec))
        ...

Nothing here runs in the house itself.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any

import msgspec

__all__ = [
    "ChatRequest",
    "Cut",
    "Fault",
    "Hang",
    "Line",
    "OpenAIServer",
    "Raw",
    "Reply",
    "Script",
    "ScriptBroken",
    "Use",
    "hashed_vector",
]

_HANG_SECONDS = 300.0
_PIECE = 6


class ScriptBroken(AssertionError):
    """The script and what happened do not agree."""


# ── what a line of a script may be ───────────────────────────────────────────


class Use(msgspec.Struct, frozen=True):
    """A tool call of a reply."""

    name: str
    arguments: dict[str, Any] | str = {}
    """An object, or the text as a model would write it, malformed where the test wants it so."""
    id: str = ""
    """Made up when empty."""


class Reply(msgspec.Struct, frozen=True):
    """An answer: text, then tool calls, all in small deltas when the request streams."""

    text: str | tuple[str, ...] = ""
    """In pieces of six characters, or in the given ones."""
    uses: tuple[Use, ...] = ()
    reasoning: str = ""
    """Sent as `reasoning_content`, apart from the text."""
    finish: str | None = None
    """Why it ended: `stop` or `tool_calls` when `None`, as it would be; no word of it when empty."""
    model: str = ""
    """What the server says answered; the model asked for when empty."""
    tokens: tuple[int, int] | None = (100, 10)
    """Tokens read and written; `None` says nothing about them."""


class Fault(msgspec.Struct, frozen=True):
    """A status of an HTTP error with its message; with status 200, an error object inside the stream."""

    status: int
    message: str = "scripted fault"
    retry_after: str = ""
    code: str = ""


class Hang(msgspec.Struct, frozen=True):
    """Say `after`, then nothing more, until the server is closed (or five minutes have passed)."""

    after: str = ""
    """Nothing at all, not even a status, when empty."""


class Cut(msgspec.Struct, frozen=True):
    """Say `after`, then end without the answer's end: the connection breaks, or the stream just stops."""

    after: str = ""
    abrupt: bool = True


class Raw(msgspec.Struct, frozen=True):
    """Anything at all, such as a proxy's page."""

    body: bytes
    content_type: str = "text/html"
    status: int = 200
    headers: dict[str, str] = {}


Line = Reply | Fault | Hang | Cut | Raw


class ChatRequest(msgspec.Struct, frozen=True):
    """A request as it was received."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The chat so far."""
        found: list[dict[str, Any]] = self.json.get("messages", [])
        return found

    @property
    def system(self) -> str:
        """The text of the first system message."""
        return next((str(m.get("content")) for m in self.messages if m.get("role") == "system"), "")

    @property
    def last(self) -> str:
        """The text of the last message."""
        return str(self.messages[-1].get("content")) if self.messages else ""

    @property
    def tools(self) -> list[str]:
        """The names of the tools offered."""
        return [tool["function"]["name"] for tool in self.json.get("tools", [])]


Script = Sequence[Line] | Callable[[ChatRequest], Line]
"""One line a request, in order; or a function of the request, which may be called from several threads."""


# ── the server ───────────────────────────────────────────────────────────────


class OpenAIServer:
    """Serves a script at `base_url` while its `with` block runs."""

    def __init__(self, script: Script, *, models: Sequence[str] = ("scripted",)) -> None:
        self._function = script if callable(script) else None
        self._lines: list[Line] = [] if callable(script) else list(script)
        self._given = len(self._lines)
        self._complaints: list[str] = []
        self._lock = threading.Lock()
        self._released = threading.Event()
        self.models = tuple(models)
        self.requests: list[ChatRequest] = []
        """Every chat request so far, in the order received."""
        self.embedding_requests: list[ChatRequest] = []
        """Every request for vectors so far. They need no line: `embed` answers."""
        self.embedding_faults: list[Fault] = []
        """What the next requests for vectors meet instead, one each."""
        self.dimension = 64
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def spec(self) -> str:
        """The line that names its first model, as `--model` takes it."""
        return f"openai:{self.models[0]}@{self.base_url}"

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is None:
            self.check()

    def close(self) -> None:
        """Stop serving; whoever hangs is let go."""
        self._released.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def check(self) -> None:
        """Raise ScriptBroken when a request was not expected or a line was never asked for."""
        with self._lock:
            complaints = list(self._complaints)
            if self._lines:
                complaints.append(f"{len(self._lines)} of {self._given} lines were never asked for: {self._lines}")
        if complaints:
            raise ScriptBroken("; ".join(complaints))

    def _next(self, request: ChatRequest) -> Line:
        with self._lock:
            self.requests.append(request)
            if self._function is None:
                if self._lines:
                    return self._lines.pop(0)
                self._complaints.append(f"request {len(self.requests)} was not expected: …{request.last[-200:]!r}")
                return Fault(400, "the script holds no line for this request")
        try:
            return self._function(request)
        except Exception as problem:  # noqa: BLE001 (whatever a test's script raises is told by `check`)
            with self._lock:
                self._complaints.append(f"the script raised {type(problem).__name__}: {problem}")
            return Fault(400, "the script failed")

    def embedded(self, text: str) -> list[float]:
        """The vector this server gives: the text's character pairs, hashed. The same on every machine."""
        return hashed_vector(text, self.dimension)

    def _next_embedding(self, request: ChatRequest) -> Fault | None:
        with self._lock:
            self.embedding_requests.append(request)
            return self.embedding_faults.pop(0) if self.embedding_faults else None

    def _hang(self) -> None:
        self._released.wait(_HANG_SECONDS)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    owner: OpenAIServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""

    def do_GET(self) -> None:
        if self.path.endswith("/models"):
            data = [{"id": name, "object": "model", "owned_by": "script"} for name in self.server.owner.models]
            self._json(200, {"object": "list", "data": data})
        else:
            self._json(404, {"error": {"message": f"no such path: {self.path}"}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self.path.endswith("/embeddings"):
            self._embeddings(body)
            return
        if not self.path.endswith("/chat/completions"):
            self._json(404, {"error": {"message": f"no such path: {self.path}"}})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = ChatRequest(self.path, headers, body)
        line = self.server.owner._next(request)
        try:
            self._play(line, request.json)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _embeddings(self, body: bytes) -> None:
        owner = self.server.owner
        request = ChatRequest(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        fault = owner._next_embedding(request)
        if fault is not None:
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            self._json(fault.status, {"error": _error(fault)}, headers)
            return
        texts = request.json["input"]
        data = [
            {"object": "embedding", "index": place, "embedding": owner.embedded(text)}
            for place, text in enumerate([texts] if isinstance(texts, str) else texts)
        ]
        self._json(200, {"object": "list", "data": data[::-1], "model": request.json["model"]})

    def _play(self, line: Line, asked: dict[str, Any]) -> None:
        match line:
            case Fault(status=200):
                self._stream([_event({"error": _error(line)}), "data: [DONE]\n\n"])
            case Fault():
                headers = {"Retry-After": line.retry_after} if line.retry_after else {}
                self._json(line.status, {"error": _error(line)}, headers)
            case Raw():
                self._send(line.status, line.content_type, line.body, line.headers)
            case Hang(after=""):
                self.server.owner._hang()
                self.close_connection = True
            case Hang() | Cut():
                self._begin_stream()
                for event in _said(asked, line.after):
                    self._chunk(event)
                self._stop(line)
            case Reply() if asked.get("stream"):
                self._stream(_events(line, asked))
            case Reply():
                self._json(200, _whole(line, asked))

    def _stop(self, line: Hang | Cut) -> None:
        if isinstance(line, Hang):
            self.server.owner._hang()
        elif not line.abrupt:
            self._chunk("")
            return
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _json(self, status: int, value: dict[str, Any], headers: Mapping[str, str] = {}) -> None:
        self._send(status, "application/json", json.dumps(value, ensure_ascii=False).encode(), headers)

    def _send(self, status: int, kind: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _stream(self, events: Sequence[str] | Iterator[str]) -> None:
        self._begin_stream()
        for event in events:
            self._chunk(event)
        self._chunk("")

    def _chunk(self, text: str) -> None:
        data = text.encode("utf-8")
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def hashed_vector(text: str, dimension: int = 64) -> list[float]:
    """A vector of the character pairs of a text, each at a place its hash says: alike for texts of like letters.

    >>> hashed_vector("연차휴가", 8) == hashed_vector("연차휴가", 8)
    True
    """
    made = [0.0] * dimension
    for pair in itertools.pairwise(text):
        digest = hashlib.blake2b("".join(pair).encode("utf-8", "replace"), digest_size=8).digest()
        made[int.from_bytes(digest[:4], "little") % dimension] += 1.0 if digest[4] & 1 else -1.0
    return made if any(made) else [1.0, *made[1:]]


# ── the protocol ─────────────────────────────────────────────────────────────


def _error(line: Fault) -> dict[str, Any]:
    return {"message": line.message, "type": "scripted", "code": line.code or None}


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _frame(asked: dict[str, Any], model: str = "") -> dict[str, Any]:
    return {"id": "chatcmpl-script", "created": 1_700_000_000, "model": model or asked.get("model", "scripted")}


def _piece(asked: dict[str, Any], delta: dict[str, Any], finish: str | None = None, model: str = "") -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _event({**_frame(asked, model), "object": "chat.completion.chunk", "choices": [choice]})


def _pieces(text: str | tuple[str, ...]) -> Iterator[str]:
    if isinstance(text, tuple):
        yield from text
    else:
        yield from (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))


def _said(asked: dict[str, Any], text: str) -> Iterator[str]:
    for piece in _pieces(text):
        yield _piece(asked, {"content": piece})


def _events(line: Reply, asked: dict[str, Any]) -> Iterator[str]:
    def piece(delta: dict[str, Any], finish: str | None = None) -> str:
        return _piece(asked, delta, finish, line.model)

    yield piece({"role": "assistant", "content": ""})
    for text in _pieces(line.reasoning):
        yield piece({"reasoning_content": text})
    for text in _pieces(line.text):
        yield piece({"content": text})
    for index, use in enumerate(line.uses):
        head = {"index": index, "id": use.id or f"call_{index}", "type": "function"}
        yield piece({"tool_calls": [{**head, "function": {"name": use.name, "arguments": ""}}]})
        for text in _pieces(_arguments(use)):
            yield piece({"tool_calls": [{"index": index, "function": {"arguments": text}}]})
    finish = _finish(line)
    if finish:
        yield piece({}, finish)
    if line.tokens is not None and asked.get("stream_options", {}).get("include_usage"):
        frame = _frame(asked, line.model)
        yield _event({**frame, "object": "chat.completion.chunk", "choices": [], "usage": _usage(line.tokens)})
    yield "data: [DONE]\n\n"


def _whole(line: Reply, asked: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(_pieces(line.text)) or None}
    if line.reasoning:
        message["reasoning_content"] = line.reasoning
    if line.uses:
        message["tool_calls"] = [
            {
                "id": use.id or f"call_{index}",
                "type": "function",
                "function": {"name": use.name, "arguments": _arguments(use)},
            }
            for index, use in enumerate(line.uses)
        ]
    choice = {"index": 0, "message": message, "finish_reason": _finish(line)}
    whole = {**_frame(asked, line.model), "object": "chat.completion", "choices": [choice]}
    if line.tokens is not None:
        whole["usage"] = _usage(line.tokens)
    return whole


def _arguments(use: Use) -> str:
    return use.arguments if isinstance(use.arguments, str) else json.dumps(use.arguments, ensure_ascii=False)


def _finish(line: Reply) -> str:
    if line.finish is not None:
        return line.finish
    return "tool_calls" if line.uses else "stop"


def _usage(tokens: tuple[int, int]) -> dict[str, int]:
    return {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
