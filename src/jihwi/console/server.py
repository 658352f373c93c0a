"""Running the console: one server, one runner inside it, and a clean end for both."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import msgspec
import uvicorn

from jihwi.console.app import create_app
from jihwi.console.desk import Console
from jihwi.console.ways import words_of
from jihwi.errors import AddressTaken
from jihwi.wiring import House

__all__ = ["Place", "serve"]

GRACE_SECONDS = 15


class Place(msgspec.Struct, frozen=True):
    """Where the console is reached."""

    host: str = "127.0.0.1"
    port: int = 8710
    names: tuple[str, ...] = ()
    """Further names it answers to, such as the one colleagues type."""

    proxy_header: str = ""
    """The header in which a proxy on this machine says who signed in with it; empty for none. People then come in by
    the proxy only."""

    def hosts(self) -> frozenset[str]:
        """Every name that may stand in a request's Host header."""
        return frozenset({"127.0.0.1", "localhost", "::1", self.host, *self.names})

    def address(self, port: int) -> str:
        """What a person types."""
        name = self.names[0] if self.names else ("127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host)
        return f"http://{f'[{name}]' if ':' in name else name}:{port}"


class _Server(uvicorn.Server):
    """A server that ends its live lines before it waits for connections to close: they never end by themselves."""

    def __init__(self, config: uvicorn.Config, console: Console) -> None:
        super().__init__(config)
        self._console = console

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._console.stop()
        super().handle_exit(sig, frame)


def _listen(place: Place) -> socket.socket:
    """A socket at which whoever comes from now on is let in as soon as the server accepts."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((place.host, place.port))
        sock.listen()
    except OSError as problem:
        sock.close()
        raise AddressTaken(f"{place.host}:{place.port}", problem.strerror or str(problem)) from problem
    return sock


async def serve(
    house: House, place: Place, told: Callable[[str, str], None], *, runner: bool = True, notify: str = ""
) -> None:
    """Serve the console of a house until SIGINT or SIGTERM.

    `told` is called with the address and a fresh sign-in link: at the beginning, and whenever somebody presses Enter
    in the terminal. Raises AddressTaken, NotificationUndelivered.
    """
    words_of(notify)  # a command that cannot be understood is told now, not when somebody waits
    with _listen(place) as sock:
        port = int(sock.getsockname()[1])
        async with Console(house, hosts=place.hosts(), port=port, runner=runner) as console:
            config = uvicorn.Config(
                create_app(console, proxy_header=place.proxy_header),
                log_level="warning",
                access_log=False,
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
            server = _Server(config, console)
            address = place.address(port)
            console.notifier.address, console.notifier.command = address, notify

            def tell() -> None:
                told(address, f"{address}/enter?key={console.people.link(console.people.owner.id)}")

            await console.warm()
            tell()
            with _on_enter(tell):
                await server.serve(sockets=[sock])


@contextlib.contextmanager
def _on_enter(tell: Callable[[], None]) -> Any:
    """A new link for each line typed at a terminal."""
    if not sys.stdin.isatty():
        yield
        return
    loop = asyncio.get_running_loop()

    def typed() -> None:
        if sys.stdin.readline():
            tell()
        else:
            loop.remove_reader(sys.stdin)

    loop.add_reader(sys.stdin, typed)
    try:
        yield
    finally:
        loop.remove_reader(sys.stdin)
