"""Where a model is served: the address, the settings of a request, and the key, which is only ever a reference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from jihwi.errors import ModelSpecInvalid, SettingInvalid
from jihwi.evidence import SecurityClass
from jihwi.references import REFERENCE_EXPECTED, is_reference

__all__ = ["BYTES_A_TOKEN", "Endpoint", "parse_endpoint"]

BYTES_A_TOKEN = 3
"""What a token is taken for where no server counts."""
_SPEC = re.compile(r"openai:(?P<model>[^\s@][^\s]*)@(?P<url>https?://\S+)\Z")
_USERINFO = re.compile(r"//[^/\s]*@")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A server that speaks the OpenAI protocol, and how it is asked.

    >>> Endpoint(model="qwen", base_url="http://127.0.0.1:8000/v1").shown
    'qwen@http://127.0.0.1:8000/v1'
    """

    model: str
    base_url: str
    key: str = ""
    """`env:NAME` or `file:PATH`; empty when the server asks for none. Never the key itself."""
    temperature: float | None = 0.0
    """`None` leaves it to the server."""
    seed: int | None = 7
    """`None` leaves it to the server; some refuse to be told."""
    max_tokens: int = 4096
    """The longest answer of one turn, with what the model thinks aloud."""
    stream: bool = True
    """Whether the answer comes piece by piece; `False` for servers that cannot."""
    connect_seconds: float = 5.0
    silence_seconds: float = 120.0
    """The longest wait for the next byte of an answer."""
    turn_seconds: float = 600.0
    """The longest turn."""
    input_micros: int = 0
    """The price of a million tokens read, in millionths of the unit budgets are stated in."""
    output_micros: int = 0
    """The price of a million tokens written."""
    classes: tuple[SecurityClass, ...] = ("O",)
    """The classes of documents whose text it may see; open ones alone unless the settings say more."""

    def withheld(self, classes: Sequence[SecurityClass]) -> tuple[SecurityClass, ...]:
        """Which of these classes it may not see.

        >>> Endpoint(model="m", base_url="http://127.0.0.1/v1", classes=("O", "S")).withheld(("C", "S"))
        ('C',)
        """
        return tuple(one for one in classes if one not in self.classes)

    @property
    def shown(self) -> str:
        """How people are told which endpoint it is; holds no secret."""
        return f"{self.model}@{self.base_url}"


def parse_endpoint(spec: str, *, key: str = "", classes: Sequence[SecurityClass] = ("O",)) -> Endpoint:
    """The endpoint a line such as `openai:NAME@http://host:8000/v1` names. `key` is `env:NAME` or `file:PATH`.

    Raises ModelSpecInvalid, which never shows a password written into the address; SettingInvalid when `key` is no
    reference.

    >>> parse_endpoint("openai:Qwen/Qwen3-8B@http://10.0.0.5:8000/v1/").shown
    'Qwen/Qwen3-8B@http://10.0.0.5:8000/v1'
    """
    found = _SPEC.match(spec.strip())
    if found is None:
        raise ModelSpecInvalid(_without_password(spec))
    url = found["url"].rstrip("/")
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise ModelSpecInvalid(_without_password(spec)) from None
    if not usable or parts.username is not None or parts.query or parts.fragment or found["model"].endswith("@"):
        raise ModelSpecInvalid(_without_password(spec))
    if key and not is_reference(key):  # it may be the secret itself, written by mistake: it is not repeated
        raise SettingInvalid("key", "***", "models", REFERENCE_EXPECTED)
    return Endpoint(model=found["model"], base_url=url, key=key, classes=tuple(classes))


def _without_password(spec: str) -> str:
    return _USERINFO.sub("//***@", spec)
