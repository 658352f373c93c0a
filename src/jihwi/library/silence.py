"""Noticing for threads that a Postgres server has fallen silent: while one of them waits for it, it is asked something.

A machine that was switched off, a cable that was pulled and a server that was frozen say nothing, and a thread would
wait for them for ever. A statement that takes long is no silence: the asking goes on a connection of its own.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from jihwi.postgres_ways import ASKED_SECONDS, SILENT_SECONDS, cut

__all__ = ["Connection", "Watch"]

Connection = psycopg.Connection[tuple[Any, ...]]

_AGAIN_SECONDS = 0.5


class Watch:
    """Looks after the connections of one process to one server. Safe to use from several threads.

    Its thread runs while somebody has used a connection for long, and ends by itself when nobody has.
    """

    def __init__(self, connect: Callable[[], Connection], *, silent_seconds: float = SILENT_SECONDS) -> None:
        """`connect`: makes the connection on which the server is asked."""
        self._connect = connect
        self._silent_seconds = silent_seconds
        self._every_seconds = min(ASKED_SECONDS, silent_seconds)
        self._lock = threading.Lock()
        self._known: set[Connection] = set()
        self._cut_for = float("-inf")
        """The last silence for which was cut, by the moment at which it had been borne long enough."""
        self._since: dict[object, float] = {}
        """Since when each of those who use a connection does."""
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    @contextlib.contextmanager
    def using(self) -> Iterator[None]:
        """Within, the server may be waited for: falls it silent, every connection that is known is cut."""
        me = object()
        with self._lock:
            self._since[me] = time.monotonic()
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._look, name="jihwi-postgres-watch", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._since[me]

    def know(self, connection: Connection) -> None:
        """A connection that is to be cut when the server falls silent."""
        with self._lock:
            self._known.add(connection)

    def forget(self, connection: Connection) -> None:
        """It is about to be closed."""
        with self._lock:
            self._known.discard(connection)

    def knows(self, connection: Connection) -> bool:
        """Whether it has not been cut."""
        with self._lock:
            return connection in self._known

    def close(self) -> None:
        """End the asking. Connections that are in use are looked after no longer."""
        self._closed.set()
        thread = self._thread
        if thread is not None:
            thread.join(self._silent_seconds)

    # ── in the thread ──

    def _look(self) -> None:
        asking: Connection | None = None
        while not self._closed.wait(self._every_seconds):
            with self._lock:
                if not self._since:
                    self._thread = None
                    break
                for_long = time.monotonic() - min(self._since.values()) >= self._every_seconds / 2
            if for_long:
                asking = self._ask(asking)
        if asking is not None:
            asking.close()

    def _ask(self, asking: Connection | None) -> Connection | None:
        """Ask until there is an answer, or nobody waits any more, or it is silence. Answers the connection to ask on
        the next time."""
        until = time.monotonic() + self._silent_seconds
        while not self._closed.is_set() and self._since:
            clock = threading.Timer(max(0.0, until - time.monotonic()), self._cut_all, (until,))
            clock.daemon = True
            clock.start()
            try:
                if asking is None:
                    asking = self._connect()
                    self.know(asking)
                if time.monotonic() < until:  # else nobody would cut it any more
                    asking.execute("SELECT 1")
                    return asking
            except psycopg.Error:
                pass  # the server is gone, or it was cut
            finally:
                clock.cancel()
            if asking is not None:
                self.forget(asking)
                asking.close()
                asking = None
            if time.monotonic() >= until:
                self._cut_all(until)
                break
            self._closed.wait(_AGAIN_SECONDS)
        return asking

    def _cut_all(self, until: float) -> None:
        """Once for each silence: who was cut connects anew at once, and is not to be cut again for the same."""
        with self._lock:
            if until <= self._cut_for:
                return
            self._cut_for = until
            known, self._known = self._known, set()
        for one in known:
            cut(one)
