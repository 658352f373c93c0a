"""What a person may change while it runs: few settings, each with its meaning, checked before it becomes a fact.

Where the store is, the port and the secrets' references stand in files and the environment (`jihwi.settings`). Nothing
is in both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from jihwi.errors import SettingInvalid

__all__ = ["HOUSE_SETTINGS", "HouseSetting", "is_within", "parse_house_setting"]

_PLACE = "the settings of the house"
_MAIL = re.compile(r"[^\s@<>,;:\"]{1,64}@[^\s@<>,;:\"]{1,200}\Z")
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(?::(?P<port>\d{1,5}))?(?P<path>/[!-~]*)?\Z",
    re.ASCII,
)
_CLIMBS = re.compile(r"\.\.|%2e|%2f|%5c|\\|#", re.IGNORECASE)
"""What could lead a path elsewhere than it reads."""
_SERVER = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?\Z", re.ASCII)


class HouseSetting(msgspec.Struct, frozen=True):
    """One setting: what it takes, what it means, and who may change it."""

    name: str
    default: Any
    parse: Callable[[str], Any]
    expected: str
    ko: str
    en: str
    owner_only: bool = False
    """Only who owns the machine may change it: it runs a program here, or says where word may go."""


def _text(said: str) -> str:
    if "\n" in said or "\0" in said or len(said) > 2000:
        raise ValueError
    return said.strip()


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(said: str) -> str:
        if said.strip() not in words:
            raise ValueError
        return said.strip()

    return parse


def _server(said: str) -> str:
    said = said.strip()
    if said and not (_SERVER.match(said) and 0 < int(said.rpartition(":")[2] if _has_port(said) else "25") < 65536):
        raise ValueError
    return said


def _has_port(said: str) -> bool:
    return ":" in said.rpartition("]")[2]


def parse_mail(said: str) -> str:
    """A mail address, or nothing. Raises ValueError."""
    said = said.strip()
    if said and not _MAIL.match(said):
        raise ValueError
    return said


def _reference(said: str) -> str:
    said = said.strip()
    if said and not (said.startswith(("env:", "file:")) and said.isprintable()):
        raise ValueError
    return said


def _url(said: str) -> str:
    said = said.strip()
    found = _URL.match(said)
    if said and (found is None or _CLIMBS.search(said) or not 0 < int(found["port"] or "80") < 65536):
        raise ValueError
    return said


def _urls(said: str) -> list[str]:
    return sorted({_url(one) for one in re.split(r"[\s,]+", said) if one})


def _switch(said: str) -> bool:
    word = said.strip().lower()
    if word not in ("on", "off", "true", "false"):
        raise ValueError
    return word in ("on", "true")


def is_within(url: str, allowed: list[str]) -> bool:
    """Whether an address is one of `allowed`, or lies below one of them.

    >>> is_within("http://chat.local/hooks/7", ["http://chat.local/hooks"])
    True
    >>> is_within("http://chat.local.evil.example/hooks", ["http://chat.local"])
    False
    >>> is_within("http://chat.local/hooks/../admin", ["http://chat.local/hooks"])
    False
    """
    asked = _URL.match(url)
    if asked is None or _CLIMBS.search(url):
        return False
    path = (asked["path"] or "").partition("?")[0].rstrip("/")
    for one in allowed:
        known = _URL.match(one)
        if known is None or _server_of(asked) != _server_of(known):
            continue
        below = (known["path"] or "").rstrip("/")
        if path == below or path.startswith(f"{below}/"):
            return True
    return False


def _server_of(url: re.Match[str]) -> tuple[str, str, str]:
    scheme, host = url["scheme"], url["host"].lower()
    return scheme, host, url["port"] or ("443" if scheme == "https" else "80")


HOUSE_SETTINGS: dict[str, HouseSetting] = {
    one.name: one
    for one in (
        HouseSetting(
            "notify_command",
            "",
            _text,
            "a command with its arguments; no pipes, no variables",
            "사람을 기다릴 때 이 기계에서 실행할 명령",
            "A command run on this machine when something begins to wait for a person",
            owner_only=True,
        ),
        HouseSetting(
            "console_address",
            "",
            _url,
            "an http:// or https:// address; empty for the one the console listens at",
            "알림에 적는 콘솔의 주소",
            "Where people reach the console: what links in notices begin with",
        ),
        HouseSetting(
            "mail_server",
            "",
            _server,
            "HOST or HOST:PORT; empty for none",
            "알림을 보낼 메일 서버",
            "The mail server that notices are given to",
        ),
        HouseSetting(
            "mail_from",
            "",
            parse_mail,
            "a mail address",
            "알림 메일을 보내는 주소",
            "The address that notices come from",
        ),
        HouseSetting(
            "mail_security",
            "none",
            _one_of("none", "starttls", "tls"),
            "none, starttls or tls",
            "메일 서버까지의 암호화",
            "How the way to the mail server is encrypted",
        ),
        HouseSetting(
            "mail_user",
            "",
            _text,
            "a name; empty when the server asks for none",
            "메일 서버에 들어가는 이름",
            "The name the mail server knows this house by",
        ),
        HouseSetting(
            "mail_password",
            "",
            _reference,
            "env:NAME or file:PATH, never the password itself",
            "메일 서버 비밀번호가 있는 곳",
            "Where the mail server's password is to be found",
            owner_only=True,
        ),
        HouseSetting(
            "webhook",
            "",
            _url,
            "an address below one of webhooks_allowed; empty for none",
            "알림을 받을 주소",
            "The address that is told of what waits",
        ),
        HouseSetting(
            "webhooks_allowed",
            [],
            _urls,
            "http:// or https:// addresses with commas",
            "알림을 보내도 되는 주소들",
            "The addresses that may be told at all",
            owner_only=True,
        ),
        HouseSetting(
            "keep_verdicts",
            False,
            _switch,
            "on or off",
            "보고서 문장에 준 평가와 까닭을 일을 나아지게 하는 데 씁니다",
            "Verdicts and reasons on a report's sentences may be used to improve the work",
        ),
        HouseSetting(
            "keep_prompts",
            False,
            _switch,
            "on or off",
            "모델에 보낸 글을 일을 나아지게 하는 데 씁니다",
            "Prompts may be used to improve the work",
        ),
        HouseSetting(
            "keep_edits",
            False,
            _switch,
            "on or off",
            "사람이 고친 문장을 일을 나아지게 하는 데 씁니다",
            "Sentences that people edited may be used to improve the work",
        ),
    )
}
"""Every setting of the house by its name."""


def parse_house_setting(name: str, said: str) -> Any:
    """The value that `said` means for a setting. Raises SettingInvalid, which repeats no value that may be a secret.

    >>> parse_house_setting("keep_verdicts", "on")
    True
    """
    setting = HOUSE_SETTINGS[name]
    try:
        return setting.parse(said)
    except ValueError:
        shown = "***" if setting.parse is _reference else said[:100]
        raise SettingInvalid(name, shown, _PLACE, setting.expected) from None
