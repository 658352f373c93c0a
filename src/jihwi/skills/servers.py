"""Where an MCP server is and what it may see: one line of the setting `mcp_servers`, the only servers ever reached."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

__all__ = ["SERVER_EXPECTED", "McpServer", "parse_server"]

SERVER_EXPECTED = "NAME=http://HOST/mcp or NAME=stdio:PROGRAM ARGUMENTS; options after the address: key=env:NAME"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}\Z")
_VARIABLE = re.compile(r"([A-Z_][A-Z0-9_]*)=((?:env|file):\S+)\Z")
_REFERENCE = re.compile(r"(?:env|file):\S+\Z")


class McpServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server of tools: a program on this machine, or an address."""

    name: str
    url: str = ""
    command: tuple[str, ...] = ()
    key: str = ""
    """`env:NAME` or `file:PATH` of the bearer token an address asks for; empty when it asks for none."""
    environment: Mapping[str, str] = {}
    """What a program is given besides PATH, HOME and the like; references, never the secrets."""
    classes: tuple[str, ...] = ("O",)
    """The classes of documents whose text it may see when a tool leaves the house."""

    @property
    def shown(self) -> str:
        """Which it is and where, for people; holds no secret.

        >>> parse_server("desk=http://127.0.0.1:9000/mcp").shown
        'desk (http://127.0.0.1:9000/mcp)'
        """
        return f"{self.name} ({self.url or self.command[0]})"

    def withheld(self, classes: Sequence[str]) -> tuple[str, ...]:
        """Which of these classes it may not see.

        >>> parse_server("desk=http://127.0.0.1:9000/mcp").withheld(("S",))
        ('S',)
        """
        return tuple(one for one in classes if one not in self.classes)


def parse_server(line: str) -> McpServer:
    """The server a line names. Raises ValueError, which repeats nothing of the line.

    >>> parse_server("desk=http://127.0.0.1:9000/mcp key=env:DESK_KEY classes=O,S").classes
    ('O', 'S')
    >>> parse_server("files=stdio:TOKEN=env:FILES_TOKEN /opt/files --root '/srv/our files'").command
    ('/opt/files', '--root', '/srv/our files')
    """
    name, _, place = line.strip().partition("=")
    if not _NAME.match(name.strip()):
        raise ValueError(SERVER_EXPECTED)
    stdio = place.strip().startswith("stdio:")
    words = shlex.split(place.strip().removeprefix("stdio:"))
    if stdio:
        return _program(name.strip(), words)
    if not words or not _is_address(words[0]):
        raise ValueError(SERVER_EXPECTED)
    key = ""
    classes: tuple[str, ...] = ("O",)
    for word in words[1:]:
        if word.startswith("key=") and _REFERENCE.match(word.removeprefix("key=")):
            key = word.removeprefix("key=")
        elif word.startswith("classes="):
            classes = _classes(word)
        else:
            raise ValueError(SERVER_EXPECTED)
    return McpServer(name=name.strip(), url=words[0], key=key, classes=classes)


def _program(name: str, words: list[str]) -> McpServer:
    environment: dict[str, str] = {}
    classes: tuple[str, ...] = ("O",)
    while words:
        variable = _VARIABLE.match(words[0])
        if variable is not None:
            environment[variable[1]] = variable[2]
        elif words[0].startswith("classes="):
            classes = _classes(words[0])
        else:
            break
        words = words[1:]
    if not words or re.match(r"[A-Z_][A-Z0-9_]*=", words[0]):
        raise ValueError(SERVER_EXPECTED)
    return McpServer(name=name, command=tuple(words), environment=environment, classes=classes)


def _classes(word: str) -> tuple[str, ...]:
    parts = {one.strip() for one in word.removeprefix("classes=").split(",")} - {""}
    if not parts <= {"C", "S", "O"}:
        raise ValueError(SERVER_EXPECTED)
    return tuple(sorted(parts))


def _is_address(url: str) -> bool:
    parts = urlsplit(url)
    right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    return right and not parts.fragment and (parts.port is None or parts.port > 0)
