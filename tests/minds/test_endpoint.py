"""An endpoint is named by one line; its key is only ever a reference."""

from __future__ import annotations

import pytest

from jihwi.errors import ModelSpecInvalid, SettingInvalid
from jihwi.minds.endpoint import parse_endpoint


@pytest.mark.parametrize(
    ("spec", "model", "url"),
    [
        ("openai:qwen@http://127.0.0.1:8000/v1", "qwen", "http://127.0.0.1:8000/v1"),
        ("openai:Qwen/Qwen3-32B@https://llm.office/v1/", "Qwen/Qwen3-32B", "https://llm.office/v1"),
        ("openai:exaone3.5:7.8b@http://[::1]:11434/v1", "exaone3.5:7.8b", "http://[::1]:11434/v1"),
        (" openai:a@b@http://h/v1 ", "a@b", "http://h/v1"),
    ],
)
def test_a_line_names_a_model_and_an_address(spec: str, model: str, url: str) -> None:
    endpoint = parse_endpoint(spec)

    assert (endpoint.model, endpoint.base_url, endpoint.key) == (model, url, "")


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "qwen",
        "openai:qwen",
        "openai:@http://h/v1",
        "openai:qwen@ftp://h/v1",
        "openai:qwen@http://",
        "openai:qwen@http://h:99999/v1",
        "openai:qwen@http://h/v1?key=1",
        "anthropic:x@http://h/v1",
    ],
)
def test_what_cannot_be_understood_is_refused_with_an_example(spec: str) -> None:
    with pytest.raises(ModelSpecInvalid, match="openai:NAME@http"):
        parse_endpoint(spec)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ModelSpecInvalid) as refused:
        parse_endpoint("openai:qwen@http://kim:s3cret@h/v1")

    assert "s3cret" not in str(refused.value)


def test_a_key_that_is_no_reference_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingInvalid) as refused:
        parse_endpoint("openai:qwen@http://h/v1", key="sk-s3cret")

    assert "s3cret" not in str(refused.value)
    assert "env:NAME or file:PATH" in str(refused.value)
