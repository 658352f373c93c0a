"""The one writer of a process: callers queue and await, and what has gathered is committed together.

On a fast disk a batch is committed where it stands, on the event loop, and one case alone after a while without even
waiting for the end of the loop's turn: a hop to a thread and back costs 0.2 ms of CPU, more than most commits. When the
disk is slow, the batch long, or another process holds the file, the batch goes to the writer's thread, and what comes
meanwhile makes the next batch.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import apsw

from jihwi.errors import StoreError, StoreFailed, StoreMoved
from jihwi.sqlite_files import store_error
from jihwi.store.sqlite.opening import Place
from jihwi.store.sqlite.transaction import Append, Errand, Job, Places, is_of_values, run, run_apart

__all__ = ["ASK_SECONDS", "NoWriter", "Writer"]

_BATCH_JOBS = 500
_INLINE_SECONDS = 0.003
"""Commits slower than this are not made on the event loop."""
_JOB_SECONDS = 0.00002
"""What one job adds to a commit, beside the sync."""
_ALONE = 16
"""After so many batches of one job each, nobody is expected to join one."""
_HELD_SECONDS = 0.005
"""The loop is held by commits made at once no longer than this."""
_LOG_PAGES = 1000
"""After so many pages (4 MB) the log is moved into the database."""
_TURN_SECONDS = 0.1
"""So long one batch follows another at once, then whoever waits for the file in another process is let in."""
_LET_IN_SECONDS = 0.006
ASK_SECONDS = 0.004
"""How often at least the file is asked for while another one holds it: more than once in what it is let go for."""

_Due = tuple[Job, "asyncio.Future[Any]"]


class Writer:
    """Owns the connection that writes, and the thread. Belongs to the event loop that it was made in."""

    def __init__(self, connected: Callable[[], apsw.Connection], path: Path, *, busy_seconds: float) -> None:
        """`connected` makes another connection to the file at `path` that may write."""
        self._connected = connected
        self._database = connected()
        # How long to wait for another process is ours to say, so that the event loop never does.
        self._database.set_busy_timeout(0)
        self._database.set_wal_hook(self._logged)
        self._path = path
        self._place = Place(path)
        self._busy_seconds = busy_seconds
        self._loop = asyncio.get_running_loop()
        self._gathered: list[_Due] = []
        self._scheduled = False
        self._queue: SimpleQueue[list[_Due] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._in_thread = 0
        self._commit_seconds = 0.0
        self._log_pages = 0
        self._move_at = _LOG_PAGES
        self._moving: asyncio.Future[None] | None = None
        self._moved = False
        self._emptying = False
        self._lasting: bool | None = None
        self._closed = False
        self._places = Places()
        self._singles = 0
        self._last_case = ""
        self._opened_last = False
        self._held_seconds = 0.0
        self._turn_began = 0.0

    def submit(self, job: Job) -> asyncio.Future[Any]:
        """Queue a job; the future has its answer once it is committed."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._closed:
            future.set_exception(StoreFailed(str(self._path), "the store is closed"))
            return future
        if self._is_alone(job):
            answers = self._commit([job], wait=False)
            if answers is not None:
                _answer([(job, future)], answers)
                self._see_to_log()
                return future
        self._gathered.append((job, future))
        if not self._scheduled:
            # Everybody who is ready in this turn of the loop gets into the same batch.
            self._scheduled = True
            self._loop.call_soon(self._flush)
        return future

    async def empty_log(self) -> None:
        """Move what the log holds into the database and cut the log, as far as readers allow: what was erased stands
        in neither. Done after the jobs under way."""
        if self._moving is not None:
            await asyncio.wait([self._moving])
        self._emptying = True
        await self.submit(Errand(lambda database: None))

    async def close(self) -> None:
        """Commit what is gathered, end the thread and let go of the connection."""
        if self._closed:
            return
        self._closed = True
        if self._gathered:
            self._flush()
        if self._moving is not None:
            await asyncio.wait([self._moving])
        thread = self._thread
        if thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(thread.join)
        self._database.close()

    # ── on the event loop ────────────────────────────────────────────────

    def _is_alone(self, job: Job) -> bool:
        """Whether one case alone has written for a while, so that nobody would join a batch: then its append is
        committed at once, without a turn of the loop. Somebody else's, or too long on the loop, ends that."""
        if type(job) is not Append or self._singles < _ALONE:
            return False
        if job.case_id != self._last_case and (job.first_seq != 1 or self._opened_last):
            self._singles = 0
            return False
        self._last_case, self._opened_last = job.case_id, job.first_seq == 1
        if self._gathered or self._held_seconds > _HELD_SECONDS or not self._may_commit_here():
            return False
        self._held_seconds += self._commit_seconds
        return True

    def _flush(self) -> None:
        self._scheduled = False
        self._held_seconds = 0.0
        due, self._gathered = self._gathered, []
        if not due:
            return
        self._singles = self._singles + 1 if len(due) == 1 else 0
        if self._may_commit_here(len(due)):
            answers = self._commit([job for job, _ in due], wait=False)
            if answers is not None:
                _answer(due, answers)
                self._see_to_log()
                return
        self._in_thread += len(due)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="jihwi-store", daemon=True)
            self._thread.start()
        self._queue.put(due)

    def _may_commit_here(self, jobs: int = 1) -> bool:
        expected = self._commit_seconds + jobs * _JOB_SECONDS
        return not (self._in_thread or self._moved or self._emptying) and expected < _INLINE_SECONDS

    def _done(self, due: list[_Due], answers: list[Any], still_busy: int) -> None:
        self._in_thread += still_busy - len(due)
        _answer(due, answers)
        self._see_to_log()

    def _checkpointed(self) -> None:
        self._in_thread -= 1

    def _see_to_log(self) -> None:
        """Have a long log moved into the database by a connection of its own, while commits go on."""
        if self._log_pages < self._move_at or self._closed:
            return
        if self._moving is not None or self._moved or self._emptying:
            return
        self._moving = self._loop.run_in_executor(None, self._move)
        self._moving.add_done_callback(self._was_moved)

    def _was_moved(self, moving: asyncio.Future[None]) -> None:
        # What was committed meanwhile is the rest: the thread moves it behind the next batch, while nothing is written,
        # so that the log may begin anew.
        self._moving, self._moved = None, True

    # ── in the thread ────────────────────────────────────────────────────

    def _work(self) -> None:
        last = False
        while not last:
            batch = self._next()
            if batch is None:
                break
            while len(batch) < _BATCH_JOBS and not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    last = True
                    break
                batch.extend(more)
            answers = self._commit([job for job, _ in batch], wait=True) or []
            if self._emptying:  # whoever asked for it waits for it
                self._checkpoint()
            rest = self._moved
            self._loop.call_soon_threadsafe(self._done, batch, answers, int(rest))
            if rest:
                self._checkpoint()
                self._loop.call_soon_threadsafe(self._checkpointed)

    def _next(self) -> list[_Due] | None:
        """The next batch. SQLite knows no line: on a slow disk, who commits again and again leaves the others some
        microseconds each time, and they would hardly ever ask just then."""
        idle_since = time.monotonic()
        batch = self._queue.get()
        now = time.monotonic()
        if now - idle_since > _LET_IN_SECONDS:
            self._turn_began = now
        elif now - self._turn_began > _TURN_SECONDS:
            time.sleep(_LET_IN_SECONDS)
            self._turn_began = time.monotonic()
        return batch

    def _checkpoint(self) -> None:
        """Move what the log still holds into the database. Readers and other processes go on meanwhile."""
        self._moved = False
        self._move_at = self._log_pages + _LOG_PAGES
        emptying = self._emptying
        if emptying:  # only then: whoever asks for it just now, on the loop, must not be overwritten
            self._emptying = False
        try:
            found = self._database.execute(f"PRAGMA wal_checkpoint({'TRUNCATE' if emptying else 'PASSIVE'})").get
            done = not found[0]
        except apsw.Error:
            done = False  # everything is in the log already; what could not be moved now is moved after the next 4 MB
        if emptying and not done:
            self._emptying = True  # a reader was in the way, or the disk: the next one cuts it

    # ── in a thread of its own, beside the commits ───────────────────────

    def _move(self) -> None:
        with contextlib.suppress(apsw.Error, StoreError), contextlib.closing(self._connected()) as database:
            database.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    # ── in either: never both at once, because the loop commits only while nothing is in the thread ──

    def _commit(self, jobs: Sequence[Job], *, wait: bool, apart: bool = False) -> list[Any] | None:
        """Do the jobs in one transaction: an answer or an error for each. `None`: the file is held by another
        process just now, and `wait` is false. `apart`: each can be undone by itself, which costs more."""
        began = time.perf_counter()
        try:
            self._place.check()
        except StoreMoved as moved:
            return [StoreMoved(moved.path) for _ in jobs]
        lasting = any(type(job) is Append or (type(job) is Errand and job.lasting) for job in jobs)
        try:
            if not self._begin(lasting, wait=wait):
                return None
            answers = (run_apart if apart else run)(self._database, jobs, self._places)
            self._database.execute("COMMIT")
        except Exception as problem:  # noqa: BLE001 -- the border: whatever it is becomes the callers' answer
            self._undo()
            if is_of_values(problem) and len(jobs) > 1 and not apart:
                return self._commit(jobs, wait=wait, apart=True)
            return self._after_failure(problem, jobs)
        if lasting:
            sync_seconds = max(0.0, time.perf_counter() - began - len(jobs) * _JOB_SECONDS)
            self._commit_seconds += (sync_seconds - self._commit_seconds) * 0.2
        return answers

    def _logged(self, database: apsw.Connection, name: str, pages: int) -> int:
        """SQLite tells after each commit how long the log is now; it begins anew when all of it was moved."""
        if pages < self._log_pages:
            self._move_at = _LOG_PAGES
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _begin(self, lasting: bool, *, wait: bool) -> bool:
        database = self._database
        if lasting != self._lasting:
            database.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
            self._lasting = lasting
        deadline = time.monotonic() + self._busy_seconds
        pause = 0.001
        while True:
            try:
                database.execute("BEGIN IMMEDIATE")
                return True
            except apsw.BusyError:
                if not wait:
                    return False
                if time.monotonic() > deadline:
                    raise
            time.sleep(pause)
            pause = min(pause * 1.5, ASK_SECONDS)

    def _undo(self) -> None:
        self._places.clear()
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def _after_failure(self, problem: Exception, jobs: Sequence[Job]) -> list[Any]:
        """The answers when nothing of the jobs could be written."""
        if not isinstance(problem, apsw.Error) or is_of_values(problem):
            return [problem for _ in jobs]
        error = store_error(problem, self._path, busy_seconds=self._busy_seconds)
        return [type(error)(*error.fields().values()) for _ in jobs]


class NoWriter:
    """Stands where a file is only looked into: whoever writes is told why nothing can be."""

    def __init__(self, why: StoreError) -> None:
        self._why = why

    def submit(self, job: Job) -> asyncio.Future[Any]:
        """A future that holds the reason."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_exception(type(self._why)(*self._why.fields().values()))
        return future

    async def empty_log(self) -> None:
        """There is none."""

    async def close(self) -> None:
        """Nothing is open."""


def _answer(due: list[_Due], answers: list[Any]) -> None:
    for (_, future), answer in zip(due, answers, strict=True):
        if future.done():  # its caller was cancelled
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
