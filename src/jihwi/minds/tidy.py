"""A server's answer made tidy before the library reads it, because each server speaks the protocol its own way.

Kept are the text, the reasoning, the calls, why it ended and what it cost, of the first choice alone; all else is left
out. Mended is what can only mean one thing: calls that share an index, a name sent with every piece, arguments as an
object, one whole answer where a stream was asked for, a cost told again with every piece. An error inside an answer
comes out as one, whatever shape it has. Nothing here knows HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

__all__ = ["MOST_CALLS", "NotTheProtocol", "Tidied"]

MOST_CALLS = 256
"""Calls in one answer above which it is one that will not stop."""
_MOST_TOKENS = 100_000_000
"""Tokens above which nobody believes a server's count."""
_REASONING = ("reasoning_content", "reasoning", "thinking")
_FINISHES = ("stop", "length", "tool_calls", "content_filter")
"""The reasons the protocol knows; a server's own word is kept in `finish`."""


class NotTheProtocol(ValueError):
    """Why these bytes are no answer of the protocol."""


class _Said(msgspec.Struct):
    """What the first choice said in one piece."""

    text: str = ""
    reasoning: str = ""
    calls: list[dict[str, Any]] = []

    @property
    def something(self) -> bool:
        return bool(self.text or self.reasoning or self.calls)


class _Call(msgspec.Struct):
    """A call as far as it has come."""

    place: int
    id: str
    name: str
    arguments: str = ""

    @property
    def whole(self) -> bool:
        """Whether its arguments are a whole object, so that more of them would be another call's."""
        if not self.arguments.rstrip().endswith("}"):
            return False
        try:
            json.loads(self.arguments)
        except (ValueError, RecursionError):
            return False
        return True


class Tidied:
    r"""One answer: what is received goes in, what the protocol would have said comes out.

    >>> tidied = Tidied(streams=True)
    >>> _ = tidied.more(b': ping\r\n\r\ndata:{"choices": [{"delta": {"content": "3"}, "finish_reason": "stop"}]}\r\n')
    >>> tidied.rest().endswith(b'data: [DONE]\n\n'), tidied.finish
    (True, 'stop')
    """

    def __init__(self, *, streams: bool) -> None:
        """`streams`: whether a stream was asked for; else one whole answer."""
        self._streams = streams
        self._held = bytearray()
        self._searched = 0
        self._event: list[bytes] = []
        self._kind = b""
        self._whole: bool | None = None
        self._calls: list[_Call] = []
        self._current: dict[object, _Call] = {}
        self._model = ""
        self.head = b""
        """How it begins."""
        self.finish = ""
        """The server's own word for why it ended; empty while it gave none."""
        self.done = False
        """Whether it said that nothing more follows."""
        self.usage: tuple[int, int] | None = None
        """Tokens read and written, as the server counts them; `None` while it does not say."""
        self.error: Any = None
        """An error object, or its text, that stood in the answer; `None` when there was none."""
        self.written = 0
        """Bytes of text, reasoning and arguments so far."""
        self.reasoned = False
        """Whether it held reasoning apart from the text."""
        self._pieces = 0

    @property
    def complete(self) -> bool:
        """Whether nothing is missing, even when the connection now breaks."""
        return self.done or bool(self.finish)

    def more(self, chunk: bytes) -> bytes:
        """What can be said after this chunk. Raises NotTheProtocol."""
        self.head = self.head or bytes(chunk[:400])
        self._held += chunk
        if self._whole is None:
            begins = bytes(self._held[:64]).lstrip(b"\xef\xbb\xbf \t\r\n")
            if not begins:
                return b""
            self._whole = not self._streams or begins[:1] in (b"{", b"[", b"n", b"<")
        if self._whole:
            return b""
        made = list(self._together(self._lines(last=False)))
        return b"".join(_as_event(one) for one in made) + self._end(last=False)

    def rest(self) -> bytes:
        """What is left to say when nothing more comes. Raises NotTheProtocol."""
        if self._whole or not self._streams:
            return self._of_whole()
        made = list(self._together(self._lines(last=True)))
        if not self._pieces:
            raise NotTheProtocol(_begins(self.head))
        return b"".join(_as_event(one) for one in made) + self._end(last=True)

    # ── a stream ──

    def _together(self, events: Iterator[bytes]) -> Iterator[dict[str, Any]]:
        """The pieces of one chunk, neighbours of one kind as one piece: a burst costs what a piece does."""
        text, reasoning = "", ""
        for event in events:
            if self.done or self.error is not None:
                continue
            said = self._piece(event)
            if said is None:
                continue
            if text and (said.reasoning or said.calls):
                yield self._frame({"content": text})
                text = ""
            if reasoning and (said.text or said.calls):
                yield self._frame({"reasoning_content": reasoning})
                reasoning = ""
            text, reasoning = text + said.text, reasoning + said.reasoning
            if said.calls:
                yield self._frame({"tool_calls": said.calls})
            elif not said.something:
                yield self._frame({"content": ""})
        if text or reasoning:
            yield self._frame({"content": text} if text else {"reasoning_content": reasoning})

    def _end(self, *, last: bool) -> bytes:
        """The end, once: why, the cost, and that nothing follows; or the error."""
        if self.error is not None:
            error = self.error if isinstance(self.error, dict) else {"message": str(self.error)}
            return _as_event({"error": error})
        if not (self.done or last):
            return b""
        ends = [self._frame({}, _known(self.finish, self._calls))] if self.finish else []
        if self.usage is not None:
            ends.append({**self._frame({}), "choices": [], "usage": _usage(self.usage)})
        return b"".join(_as_event(one) for one in ends) + (b"data: [DONE]\n\n" if self.done or self.finish else b"")

    def _lines(self, *, last: bool) -> Iterator[bytes]:
        """The data of each event that is whole, or of all that is left."""
        held, at = self._held, 0
        if last:
            held += b"\n\n"
        while True:
            ends = _line_end(held, max(at, self._searched))
            if ends < 0 or (not last and held[ends : ends + 1] == b"\r" and ends + 1 == len(held)):
                break  # what comes next may be the other half of a line's end
            line = bytes(held[at:ends])
            at = ends + (2 if held[ends : ends + 2] == b"\r\n" else 1)
            self._searched = 0
            if line:
                self._field(line)
            elif self._event:
                data, self._event = b"\n".join(self._event), []
                yield data
                self._kind = b""
            else:
                self._kind = b""
        del held[:at]
        self._searched = max(0, len(held) - 1)

    def _field(self, line: bytes) -> None:
        name, _, value = line.removeprefix(b"\xef\xbb\xbf").partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._event.append(value)
        elif name == b"event":
            self._kind = value
        elif name == b"error" and value:  # as some servers tell one in the middle of a stream
            self._kind = b"error"
            self._event.append(value)

    def _piece(self, data: bytes) -> _Said | None:
        """One event read; `None` when it says nothing of the answer."""
        data = data.strip()
        if not data:
            return None
        self._pieces += 1
        if data == b"[DONE]":
            self.done = True
            return None
        value = _read(data, lone_error=self._kind == b"error")
        if self._is_error(value, of_kind=self._kind == b"error"):
            return None
        return self._choice(value, "delta")

    # ── a whole answer ──

    def _of_whole(self) -> bytes:
        """One whole answer, said as it was asked for."""
        data = bytes(self._held).removeprefix(b"\xef\xbb\xbf").strip()
        self._held.clear()
        if not data:
            raise NotTheProtocol("it is empty")
        value = _read(data)
        if self._is_error(value, of_kind=False):
            return self._end(last=True) if self._streams else data
        if not isinstance(value, dict) or not isinstance(value.get("choices"), list) or not value["choices"]:
            raise NotTheProtocol(_begins(self.head))
        said = self._choice(value, "message") or _Said()
        self.done = True
        return self._streamed(said) if self._streams else self._completion(said)

    def _streamed(self, said: _Said) -> bytes:
        parts: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        parts += [{"reasoning_content": said.reasoning}] if said.reasoning else []
        parts += [{"content": said.text}] if said.text else []
        parts += [{"tool_calls": said.calls}] if said.calls else []
        return b"".join(_as_event(self._frame(part)) for part in parts) + self._end(last=True)

    def _completion(self, said: _Said) -> bytes:
        message: dict[str, Any] = {"role": "assistant", "content": said.text or None}
        if said.reasoning:
            message["reasoning_content"] = said.reasoning
        if said.calls:
            message["tool_calls"] = [
                {
                    "id": call.id or f"call_{call.place}",
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in self._calls
            ]
        choice = {"index": 0, "message": message, "finish_reason": _known(self.finish, self._calls)}
        made = {"id": "-", "object": "chat.completion", "created": 0, "model": self._model, "choices": [choice]}
        if self.usage is not None:
            made["usage"] = _usage(self.usage)
        return json.dumps(made).encode()

    # ── what both have ──

    def _is_error(self, value: Any, *, of_kind: bool) -> bool:
        """Whether this is an error instead of an answer; then it is kept."""
        if isinstance(value, dict):
            said = value.get("error")
            if not said and (of_kind or (value.get("object") == "error" and "choices" not in value)):
                said = value
            if isinstance(said, dict | str) and said and not value.get("choices"):
                self.error = said
        elif of_kind and isinstance(value, str):
            self.error = value
        return self.error is not None

    def _choice(self, value: Any, where: str) -> _Said | None:
        """What the first choice of this piece says; its cost and its model are kept."""
        if not isinstance(value, dict):
            raise NotTheProtocol("a piece is no object")
        if isinstance(value.get("model"), str) and value["model"]:
            self._model = value["model"]
        self._counted(value.get("usage"))
        choices = value.get("choices")
        if not isinstance(choices, list):
            return None
        first = next((one for one in choices if isinstance(one, dict) and not one.get("index")), None)
        if first is None:
            return None
        why = first.get("finish_reason")
        if isinstance(why, str) and why:
            self.finish = why
        delta = first.get(where)
        return self._said(delta) if isinstance(delta, dict) else None

    def _said(self, delta: dict[str, Any]) -> _Said:
        reasoning = next((_text(delta[key])[0] for key in _REASONING if delta.get(key)), "")
        text, thought = _text(delta.get("content"))
        said = _Said(text or _text(delta.get("refusal"))[0], reasoning + thought)
        self.reasoned = self.reasoned or bool(said.reasoning)
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                said.calls += self._call(call)
        old = delta.get("function_call")
        if isinstance(old, dict) and not calls:
            said.calls += self._call({"index": "function_call", "function": old})
        self.written += len(said.text.encode("utf-8", "replace")) + len(said.reasoning.encode("utf-8", "replace"))
        return said

    def _call(self, piece: dict[str, Any]) -> list[dict[str, Any]]:
        """A piece of a call, at a place of its own."""
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        name, id_ = _word(function.get("name")), _word(piece.get("id"))
        arguments = function.get("arguments")
        if isinstance(arguments, dict | list):
            arguments = json.dumps(arguments, ensure_ascii=False)
        arguments = arguments if isinstance(arguments, str) else ""
        if not (name or id_ or arguments):
            return []
        index = piece.get("index")
        call = self._current.get(index) if index is not None else (self._calls[-1] if self._calls else None)
        if call is None or _begins_another(call, id_, name, arguments, placed=index is not None):
            call = self._new_call(index, id_, name)
            named: dict[str, Any] = {"name": name, "arguments": ""}
            made = [{"index": call.place, "id": id_ or f"call_{call.place}", "type": "function", "function": named}]
        elif name and name != call.name and not call.arguments:
            call.name += name
            made = [{"index": call.place, "function": {"name": name, "arguments": ""}}]
        else:
            made = []
        if arguments:
            call.arguments += arguments
            self.written += len(arguments.encode("utf-8", "replace"))
            made.append({"index": call.place, "function": {"arguments": arguments}})
        return made

    def _new_call(self, index: object, id_: str, name: str) -> _Call:
        if len(self._calls) >= MOST_CALLS:
            raise NotTheProtocol(f"it holds more than {MOST_CALLS} tool calls")
        call = _Call(len(self._calls), id_, name)
        self._calls.append(call)
        self._current[index] = call
        return call

    def _counted(self, usage: Any) -> None:
        """The cost so far; a later word for it replaces the earlier."""
        if not isinstance(usage, dict):
            return
        read, written, both = (_tokens(usage, name) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
        if read is None:
            if both is None:
                return  # what was read is most of it: it is estimated instead
            read = max(0, both - (written or 0))
        if written is None:
            written = max(0, both - read) if both is not None else 0
        self.usage = (read, written)

    def _frame(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        frame = {"id": "-", "object": "chat.completion.chunk", "created": 0, "model": self._model}
        return {**frame, "choices": [choice]}


def _begins_another(call: _Call, id_: str, name: str, arguments: str, *, placed: bool) -> bool:
    """Whether a piece at a call's place is the beginning of another call: some servers give all of them one index."""
    if not name:
        return False
    if id_ and call.id:
        return id_ != call.id and (not placed or bool(call.arguments) or name == call.name)
    return bool(arguments) and call.whole


def _as_event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _line_end(held: bytearray, at: int) -> int:
    """Where the line that goes on at `at` ends: at a line feed, or a carriage return."""
    feed = held.find(b"\n", at)
    back = held.find(b"\r", at, feed if feed >= 0 else len(held))
    return back if back >= 0 else feed


def _read(data: bytes, *, lone_error: bool = False) -> Any:
    """The JSON of a piece; bytes that are no UTF-8 become �. Raises NotTheProtocol."""
    text = data.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if lone_error:
            return text
        raise NotTheProtocol(_begins(data)) from None


def _begins(data: bytes) -> str:
    text = " ".join(data[:400].decode("utf-8", "replace").split())
    return f"it is no answer of this protocol and begins: {text[:80]!r}" if text else "it is empty"


def _text(value: Any) -> tuple[str, str]:
    """A content's text, and the thoughts among its parts where it comes as a list."""
    if isinstance(value, str):
        return value, ""
    if not isinstance(value, list):
        return "", ""
    text, thought = [], []
    for part in value:
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            text.append(part["text"])
        elif isinstance(part, dict) and part.get("type") == "thinking":
            thought.append(_text(part.get("thinking"))[0])
    return "".join(text), "".join(thought)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _tokens(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST_TOKENS:
        return None
    return int(value)


def _usage(tokens: tuple[int, int]) -> dict[str, int]:
    return {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}


def _known(finish: str, calls: list[_Call]) -> str:
    return finish if finish in _FINISHES else ("tool_calls" if calls else "stop")
