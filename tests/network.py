"""Closes the network to the tests: only this machine can be reached, as in the places where Jihwi works."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import sys
from collections.abc import Iterator

__all__ = ["NetworkForbidden", "close_network", "kept_port"]

_HERE = frozenset({"localhost", "", "0.0.0.0", "::"})
_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NAMING = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})


class NetworkForbidden(AssertionError):
    """A test tried to reach another machine."""


def is_here(host: str) -> bool:
    """Whether `host` is this machine, told without asking anyone.

    >>> is_here("127.0.0.1"), is_here("::1"), is_here("localhost"), is_here("10.0.0.1"), is_here("example.org")
    (True, True, True, False, False)
    """
    if host in _HERE:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event in _CONNECTING:
        address = args[1]
    elif event in _NAMING:
        address = args
    else:
        return
    if isinstance(address, tuple) and address and isinstance(address[0], str | bytes):
        host = address[0].decode() if isinstance(address[0], bytes) else address[0]
        if not is_here(host):
            raise NetworkForbidden(f"{event}: {host} is not this machine; the tests use no network")


def close_network() -> None:
    """From now on a connection to another machine fails in this process. Cannot be undone."""
    sys.addaudithook(_watch)


@contextlib.contextmanager
def kept_port() -> Iterator[int]:
    """A port of this machine on which nobody listens but who is told it: bound here, no other process is given it."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that sets it too may listen there
        kept.bind(("127.0.0.1", 0))
        yield int(kept.getsockname()[1])
