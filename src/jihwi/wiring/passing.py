"""Drafts passed between the processes that share a state folder: unnumbered, unstored and lossy, as deltas are.

A follower listens at a socket of its own in the folder, where only the folder's owner comes. Whoever drives cases sends
each piece to every socket of another process, and waits for nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from jihwi.minds import Delta, DeltaSink
from jihwi.words import storable

__all__ = ["FOLDER", "LONGEST", "DraftsInFolder"]

FOLDER = "drafts"
LOOK_SECONDS = 0.5
"""How often a sender looks for new followers while it has something to send."""
LONGEST = 16_000
"""Letters of one message; a longer piece is cut, since "turn finished" shows the whole."""
_AT_ONCE = 200
_read = msgspec.json.Decoder(Delta).decode


class DraftsInFolder:
    """A sink that sends deltas to the followers of a state folder, and hears what other processes send. It never waits
    and never fails."""

    def __init__(self, home: Path, name: str, seconds: Callable[[], float]) -> None:
        """`name` is this process's own and no other's: what it sends it does not hear."""
        self._folder = home / FOLDER
        self._name = name
        self._seconds = seconds
        self._looked = float("-inf")
        self._followers: list[str] = []
        self._socket: socket.socket | None = None
        self._heard = 0

    def __call__(self, delta: Delta) -> None:
        """Send a piece to whoever listens now."""
        if self._seconds() - self._looked > LOOK_SECONDS:
            self._looked = self._seconds()
            with contextlib.suppress(OSError):
                self._followers = [name for name in os.listdir(self._folder) if not name.startswith(f"{self._name}.")]
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

    @asynccontextmanager
    async def heard(self, take: DeltaSink) -> AsyncIterator[Callable[[Collection[str]], None]]:
        """Give `take` the deltas that other processes send of the cases that are followed, while this is open. Nobody
        sends while no case is followed."""
        self._heard += 1
        ears = _Ears(self._folder, f"{self._name}.{self._heard}", take)
        try:
            yield ears.follow
        finally:
            ears.follow(())

    async def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Ears:
    """A follower's socket, there while any case is followed. Where none can be made (another file system, another
    owner), nothing is heard."""

    def __init__(self, folder: Path, name: str, take: DeltaSink) -> None:
        self._place = folder / name
        self._take = take
        self._cases: frozenset[str] = frozenset()
        self._socket: socket.socket | None = None

    def follow(self, cases: Collection[str]) -> None:
        """Hear these cases from now on, and no others."""
        self._cases = frozenset(cases)
        if self._cases and self._socket is None:
            self._open()
        elif not self._cases:
            self._close()

    def _open(self) -> None:
        folder = self._place.parent
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            folder.mkdir(mode=0o700, exist_ok=True)
            ears = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
            with _opened(folder) as place:
                ears.bind(f"{place}/{self._place.name}")
            opened.pop_all()
            self._socket = ears
            asyncio.get_running_loop().add_reader(ears, self._listen, ears)

    def _close(self) -> None:
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        with contextlib.suppress(OSError):
            self._place.unlink()

    def _listen(self, ears: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                delta = _read(ears.recv(1 << 20))
            except BlockingIOError:
                return
            except msgspec.MsgspecError:
                continue
            if delta.case_id in self._cases:
                self._take(delta)
            if self._socket is not ears:
                return


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[str]:
    """A short way to a folder, whatever its path: a socket's address may have about a hundred letters."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)
