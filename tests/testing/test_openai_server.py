"""The scripted server keeps what it received and complains when script and requests do not agree."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from jihwi.testing.openai_server import ChatRequest, Fault, Line, OpenAIServer, Reply, ScriptBroken, Use


def ask(server: OpenAIServer, text: str = "안녕", **more: Any) -> str:
    body = {"model": "scripted", "messages": [{"role": "user", "content": text}], **more}
    request = urllib.request.Request(
        f"{server.base_url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(answer.read().decode())


def ask_in_vain(server: OpenAIServer, text: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(server, text)
    refused.value.close()


def test_it_answers_line_by_line_and_keeps_each_request() -> None:
    with OpenAIServer([Reply("하나"), Reply("둘", (Use("search", {"q": 1}),))]) as server:
        first, second = json.loads(ask(server, "가")), json.loads(ask(server, "나"))

    assert first["choices"][0]["message"]["content"] == "하나"
    assert second["choices"][0]["finish_reason"] == "tool_calls"
    assert second["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"q": 1}'
    assert [request.last for request in server.requests] == ["가", "나"]


def test_it_streams_when_it_is_asked_to() -> None:
    with OpenAIServer([Reply("안녕하세요, 반갑습니다.")]) as server:
        events = ask(server, stream=True, stream_options={"include_usage": True}).split("\n\n")

    pieces = [json.loads(event[6:]) for event in events[:-2]]
    said = [piece["choices"][0]["delta"].get("content", "") for piece in pieces if piece["choices"]]
    assert "".join(said) == "안녕하세요, 반갑습니다."
    assert pieces[-1]["usage"]["total_tokens"] == 110
    assert events[-2] == "data: [DONE]"


def test_it_says_which_models_it_has() -> None:
    with (
        OpenAIServer([], models=("qwen", "solar")) as server,
        urllib.request.urlopen(f"{server.base_url}/models", timeout=60) as answer,
    ):
        assert [model["id"] for model in json.load(answer)["data"]] == ["qwen", "solar"]


def test_a_line_nobody_asked_for_is_complained_of() -> None:
    with (
        pytest.raises(ScriptBroken, match="1 of 2 lines were never asked for"),
        OpenAIServer([Reply(), Fault(500)]) as it,
    ):
        ask(it)


def test_a_request_nobody_expected_is_refused_and_complained_of() -> None:
    with pytest.raises(ScriptBroken, match="request 1 was not expected"), OpenAIServer([]) as server:
        ask_in_vain(server, "누구세요")


def test_a_script_that_raises_is_complained_of() -> None:
    def script(request: ChatRequest) -> Line:
        raise ValueError(request.last)

    with pytest.raises(ScriptBroken, match="the script raised ValueError: 가"), OpenAIServer(script) as server:
        ask_in_vain(server, "가")


def test_another_failure_is_not_hidden_by_a_complaint() -> None:
    with pytest.raises(ZeroDivisionError), OpenAIServer([Reply()]):
        1 / 0
