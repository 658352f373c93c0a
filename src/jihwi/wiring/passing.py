"""Drafts passed between the processes that share a state folder: unnumbered, unstored and lossy, as deltas are.

A follower listens at a socket of its own in the folder, where only the folder's owner comes. Whoever drives cases sends
each piece to every socket there is, and waits for nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from jihwi.minds import Delta, DeltaSink
from jihwi.words import storable

__all__ = ["DraftsSent", "drafts_heard"]

FOLDER = "drafts"
LOOK_SECONDS = 0.5
"""How often a sender looks for new followers while it has something to send."""
LONGEST = 16_000
"""Letters of one message; a longer piece is cut, since "turn finished" shows the whole."""
_AT_ONCE = 200
_read = msgspec.json.Decoder(Delta).decode


class DraftsSent:
    """A sink that sends deltas to the followers of a state folder. It never waits and never fails."""

    def __init__(self, home: Path, seconds: Callable[[], float]) -> None:
        self._folder = home / FOLDER
        self._seconds = seconds
        self._looked = float("-inf")
        self._followers: list[str] = []
        self._socket: socket.socket | None = None

    def __call__(self, delta: Delta) -> None:
        """Send a piece to whoever listens now."""
        if self._seconds() - self._looked > LOOK_SECONDS:
            self._looked = self._seconds()
            with contextlib.suppress(OSError):
                self._followers = os.listdir(self._folder)
        if not self._followers:
            return
        with contextlib.suppress(OSError), _opened(self._folder) as place:
            for name in list(self._followers):
                self._send(msgspec.structs.replace(delta, text=storable(delta.text[:LONGEST])), place, name)

    def _send(self, delta: Delta, place: str, name: str) -> None:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.sendto(msgspec.json.encode(delta), socket.MSG_DONTWAIT, f"{place}/{name}")
        except (ConnectionRefusedError, FileNotFoundError):  # it ended without a word
            self._followers.remove(name)
            with contextlib.suppress(OSError):
                (self._folder / name).unlink()
        except OSError:
            return  # it does not keep up: this piece is lost

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@asynccontextmanager
async def drafts_heard(home: Path, name: str, take: DeltaSink) -> AsyncIterator[None]:
    """Give `take` the deltas that others of this folder send, while this runs. `name`: this follower's own.

    Where no socket can be made (another file system, another owner), nothing is heard.
    """
    folder, loop = home / FOLDER, asyncio.get_running_loop()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        with _opened(folder) as place:
            ears.bind(f"{place}/{name}")
    except OSError:
        yield
        return

    def listen() -> None:
        for _ in range(_AT_ONCE):
            try:
                take(_read(ears.recv(1 << 20)))
            except BlockingIOError:
                return
            except msgspec.MsgspecError:
                continue

    loop.add_reader(ears, listen)
    try:
        yield
    finally:
        loop.remove_reader(ears)
        ears.close()
        with contextlib.suppress(OSError):
            (folder / name).unlink()


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[str]:
    """A short way to a folder, whatever its path: a socket's address may have about a hundred letters."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)
