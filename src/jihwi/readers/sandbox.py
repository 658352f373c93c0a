"""Reads each file in a process of its own: a crash, a hang or a bomb costs that file only, and its outcome says so."""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeVar

import msgspec

from jihwi.errors import ReadingUnavailable
from jihwi.readers import FileToRead, Limits, Outcome
from jihwi.readers.frames import HEADER_BYTES, Began, Done, Job, Opened, Part, Ready, send
from jihwi.readers.grade import bytes_words
from jihwi.readers.pipeline import failed, with_inside
from jihwi.readers.progress import MOST_TIMES
from jihwi.readers.registry import readers_version

__all__ = ["LONG_WORK", "START_SECONDS", "SandboxReadingService"]

START_SECONDS = 60.0
"""How long a worker may take to start, on a machine busy with other things."""
LONG_WORK = frozenset({"pdf", "png", "jpeg", "tiff"})
"""Formats whose reader recognises pictures; one that uses up its time is read again without."""
MOST_CRASHES = 3
"""How many parts of one file may crash a worker before the rest of that file is left unread."""
BYTES_PER_CHARACTER = 16
"""What one character of a reading may weigh on the wire at most, its blocks included."""
FRAME_FLOOR = 64 << 20


_T = TypeVar("_T")


class _Tag(msgspec.Struct):
    """The kind of a frame, read without building the rest."""

    type: Literal["Began", "Beat", "Opened", "Part", "Done"]


_tag = msgspec.msgpack.Decoder(_Tag)
_began = msgspec.msgpack.Decoder(Began)
_opened = msgspec.msgpack.Decoder(Opened)
_part = msgspec.msgpack.Decoder(Part)
_done = msgspec.msgpack.Decoder(Done)


class SandboxReadingService:
    """A `ReadingService` over a pool of worker processes, started when first needed and reused.

    `processes` is how many files are read at once (default: one a core). Outcomes come in the order of the files; at
    most a few files a process are read ahead of what the caller has taken, so memory stays bounded however long the
    list. Close it, or use it as a context manager; workers also end when this process does, however it ends.

    >>> from jihwi.readers import FileToRead
    >>> with SandboxReadingService(processes=1) as service:
    ...     [outcome.grade for outcome in service.read_all([FileToRead("/nowhere/a.txt", "a.txt")])]
    ['F']
    """

    def __init__(
        self, limits: Limits | None = None, processes: int | None = None, worker: str = "jihwi.readers.worker"
    ) -> None:
        """`worker` is the module each process runs; one's own may add readers to the registry, then call `main`."""
        self.limits = limits or Limits()
        self.processes = max(1, processes or len(os.sched_getaffinity(0)))
        self._pool = _Pool(self.limits, self.processes, [sys.executable, "-P", "-m", worker])
        self._version = ""
        weakref.finalize(self, self._pool.close)

    def __enter__(self) -> SandboxReadingService:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every worker. Calling it twice is no error."""
        self._pool.close()

    def version(self) -> str:
        """Changes whenever the same bytes could give another outcome."""
        if not self._version:
            self._version = readers_version(self.limits)
        return self._version

    def read_all(self, files: Iterable[FileToRead]) -> Iterator[Outcome]:
        """The outcome of each file, in order, as soon as it and those before it are done."""
        ahead = self.processes * 2 + 1
        waiting: deque[_Task] = deque()
        source = iter(files)
        try:
            while True:
                while len(waiting) < ahead and (file := next(source, None)) is not None:
                    waiting.append(self._pool.start(file))
                if not waiting:
                    return
                frames = waiting[0].future.result()
                yield _assemble(waiting[0], frames, self.limits)
                waiting.popleft()
        finally:
            for task in waiting:
                task.abandon()


class Lost(msgspec.Struct, frozen=True):
    """A worker was lost on a file or on the part `inside` it: what happened, and the detail shown."""

    code: str
    detail: str
    inside: bool


@dataclass(eq=False)
class _Task:
    """One file on its way through the pool."""

    file: FileToRead
    future: Future[list[bytes | Lost]] = field(default_factory=Future)
    worker: _Worker | None = None
    abandoned: bool = False
    began: Began | None = None
    """What the worker said of the file before its reader began."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """For `worker` and `abandoned`: a worker is ended for the file it reads, never for the one it reads next."""

    def abandon(self) -> None:
        """Nobody waits for it any more."""
        self.future.cancel()
        with self.lock:
            self.abandoned = True
            if self.worker is not None:
                self.worker.stop()

    def begin(self, worker: _Worker) -> bool:
        """Whether `worker` is to read it; not when it was abandoned while that one was being started."""
        with self.lock:
            self.worker = None if self.abandoned else worker
            return not self.abandoned

    def end(self) -> None:
        """No worker reads it any more."""
        with self.lock:
            self.worker = None


class _Pool:
    """Threads that each wait for one worker; a thread only ever waits, so it holds up nobody."""

    def __init__(self, limits: Limits, processes: int, command: list[str]) -> None:
        self._command = command
        self._limits = limits
        self._processes = processes
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False
        self._proven = False
        """Whether a worker has been started."""

    def start(self, file: FileToRead) -> _Task:
        task = _Task(file)
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._processes, thread_name_prefix="jihwi-reading")
                self._closed = False
            task.future = self._threads.submit(self._read, task)
        return task

    def _read(self, task: _Task) -> list[bytes | Lost]:
        """The frames that came back, with a `Lost` wherever a worker was lost."""
        frames: list[bytes | Lost] = []
        frugal = False
        crashes = 0
        while True:
            lost = self._one_round(task, frames, frugal)
            if lost is None:
                return frames
            crashes += 1
            if not frugal and not lost.inside and _used_up_its_time(lost, task.began):
                frugal = True
                continue
            frames.append(lost)
            if not lost.inside or crashes >= MOST_CRASHES or task.abandoned:
                return frames

    def _one_round(self, task: _Task, frames: list[bytes | Lost], frugal: bool) -> Lost | None:
        if task.abandoned:
            return Lost("reader_crashed", "abandoned", inside=False)
        try:
            worker = self._take()
        except _Gone as gone:
            return Lost(gone.code, gone.detail, inside=False)
        if not task.begin(worker):
            self._give(worker)
            return Lost("reader_crashed", "abandoned", inside=False)
        try:
            file = task.file
            location = os.fsencode(os.path.abspath(file.location))
            job = Job(location, file.shown_as, file.password, skip=max(0, len(frames) - 1), frugal=frugal)
            tired = worker.read(job, task, frames)
        except _Gone as gone:
            self._drop(worker)
            if worker.served and not worker.heard:  # it died of the file before this one: that is not this one's fault
                return self._one_round(task, frames, frugal)
            return Lost(gone.code, gone.detail, inside=bool(frames))
        finally:
            task.end()
        if tired:
            self._drop(worker)
        else:
            self._give(worker)
        return None

    def _take(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        try:
            worker = _Worker(self._limits, self._command)
        except ReadingUnavailable:
            if not self._proven:
                raise
            # It could be started before: the machine is busy or short of memory just now, and a folder half read
            # should not end for that.
            worker = _Worker(self._limits, self._command)
        with self._lock:
            if not self._closed:
                self._proven = True
                self._all.add(worker)
                return worker
        worker.dispose()
        raise _Gone("reader_crashed", "closed")

    def _give(self, worker: _Worker) -> None:
        with self._lock:
            if not self._closed:
                worker.served = True
                self._idle.append(worker)
                return
        self._drop(worker)

    def _drop(self, worker: _Worker) -> None:
        worker.dispose()
        with self._lock:
            self._all.discard(worker)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, busy = self._idle, [worker for worker in self._all if worker not in self._idle]
            self._all, self._idle = set(), []
            threads, self._threads = self._threads, None
        for worker in busy:
            worker.stop()
        for worker in idle:
            worker.dispose()
        if threads is not None:
            threads.shutdown(wait=True, cancel_futures=True)


class _Gone(Exception):
    """A worker is no more: the remark's code, and its detail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class _Worker:
    """One worker process, its two pipes and its own folder for temporary files."""

    def __init__(self, limits: Limits, command: list[str]) -> None:
        self._limits = limits
        self._largest = max(FRAME_FLOOR, limits.output_characters * BYTES_PER_CHARACTER)
        self._temp = tempfile.mkdtemp(prefix="jihwi-reading-")
        self._disposed = False
        self.served = False
        """Whether it has read a file before."""
        self.heard = False
        """Whether it has said anything of the present one."""
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_environment(self._temp),
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._jobs = self._process.stdin
        self._answers = self._process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)
        self._begin(command)

    def _begin(self, command: list[str]) -> None:
        try:
            send(self._jobs, self._limits)
            msgspec.msgpack.decode(self._receive(START_SECONDS), type=Ready)
        except (_Gone, OSError, msgspec.MsgspecError) as error:
            self.dispose()
            why = str(error) or type(error).__name__
            if isinstance(error, _Gone):
                silent = error.code == "reader_timeout"
                why = f"silent for {START_SECONDS:g} s" if silent else f"{error.code}, {error.detail}"
            raise ReadingUnavailable(" ".join(command), why) from error

    def read(self, job: Job, task: _Task, frames: list[bytes | Lost]) -> bool:
        """Have the file read, adding each frame to `frames`; whether the worker is tired.

        When frames are there already, the file itself is known and only its parts are wanted. Raises `_Gone` when
        the worker dies, falls silent or says what it may not say.
        """
        self.heard = False
        try:
            send(self._jobs, job)
        except OSError as error:
            raise self._how_it_ended() from error
        end = time.monotonic() + self._limits.seconds * MOST_TIMES
        wanted, opened = not frames, False
        while True:
            body = self._receive(min(self._limits.seconds, end - time.monotonic()))
            self.heard = True
            kind = self._kind(body)
            if kind == "Done":
                return self._decoded(_done, body).tired
            if kind == "Began":
                task.began = self._decoded(_began, body)
            elif kind != "Beat":
                if (kind == "Opened") is opened:
                    raise _Gone("reader_crashed", "protocol")
                if opened or wanted:
                    frames.append(body)
                opened = True

    def _kind(self, body: bytes) -> str:
        return self._decoded(_tag, body).type

    def _decoded(self, decoder: msgspec.msgpack.Decoder[_T], body: bytes) -> _T:
        try:
            return decoder.decode(body)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise _Gone("reader_crashed", "protocol") from error

    def _receive(self, seconds: float) -> bytes:
        """The next frame. The clock stops the worker only while it is silent: a frame that comes is taken."""
        header = self._exactly(HEADER_BYTES, seconds)
        size = int.from_bytes(header, "big")
        if size > self._largest:
            self.stop()
            raise _Gone("file_too_large", bytes_words(size))
        return self._exactly(size, seconds)

    def _exactly(self, size: int, seconds: float) -> bytes:
        parts = bytearray()
        deadline = time.monotonic() + seconds
        while len(parts) < size:
            left = deadline - time.monotonic()
            if not self._poll.poll(max(0.0, left) * 1000):
                self.stop()
                raise _Gone("reader_timeout", f"{self._limits.seconds:g} s")
            part = os.read(self._answers, min(size - len(parts), 1 << 20))
            if not part:
                raise self._how_it_ended()
            parts += part
        return bytes(parts)

    def _how_it_ended(self) -> _Gone:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        status = self._process.returncode
        if status is not None and status < 0:
            if -status in (signal.SIGXCPU, signal.SIGALRM):
                return _Gone("reader_timeout", f"{self._limits.seconds:g} s")
            return _Gone("reader_crashed", signal.Signals(-status).name)
        return _Gone("reader_crashed", f"exit {status}")

    def stop(self) -> None:
        """End the worker and every program it called. Any thread may; the one that waits for it then disposes of it."""
        with self._lock:
            if not self._disposed:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def dispose(self) -> None:
        """End the worker, close its pipes, remove what it left. Twice is no error."""
        self.stop()
        with self._lock:
            if self._disposed:
                return
            self._disposed = True
            self._process.wait()
        with contextlib.suppress(OSError):
            self._jobs.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        shutil.rmtree(self._temp, ignore_errors=True)


def _environment(temp: str) -> dict[str, str]:
    """What a worker may know: where programs and packages lie, nothing else. No secret travels into it."""
    kept = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH") if name in os.environ}
    root = str(Path(__file__).resolve().parents[2])
    places = [root, *(p for p in sys.path if p and os.path.isabs(p) and p != root)]
    return kept | {
        "PYTHONPATH": os.pathsep.join(places),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "LANG": "C.UTF-8",
        "HOME": temp,
        "TMPDIR": temp,
        "OMP_NUM_THREADS": "1",
        "OMP_THREAD_LIMIT": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JIHWI_WORKER_TEMP": temp,
    }


def _used_up_its_time(lost: Lost, began: Began | None) -> bool:
    return lost.code == "reader_timeout" and began is not None and began.format in LONG_WORK


def _assemble(task: _Task, frames: list[bytes | Lost], limits: Limits) -> Outcome:
    """One outcome from what the workers sent and where they were lost."""
    file, first = task.file, frames[0]
    if isinstance(first, Lost):
        return _lost(task, first, limits)
    try:
        opened = _opened.decode(first)
        parts = [frame if isinstance(frame, Lost) else _part.decode(frame) for frame in frames[1:]]
    except (msgspec.MsgspecError, RecursionError):
        return _lost(task, Lost("reader_crashed", "protocol", inside=False), limits)
    inside: list[Outcome] = []
    for name, part in zip(opened.parts, parts, strict=False):
        if isinstance(part, Lost):
            inside.append(failed(f"{file.shown_as}/{name}", 0, part.code, detail=part.detail))
        elif part.outcome is not None:
            inside.append(part.outcome)
    return with_inside(opened.outcome, tuple(inside), len(opened.parts))


def _lost(task: _Task, lost: Lost, limits: Limits) -> Outcome:
    path, began = task.file.shown_as, task.began
    if began is not None:
        return failed(path, began.size, lost.code, source=began.source, format=began.format, detail=lost.detail)
    size, source = 0, ""
    with contextlib.suppress(OSError, ValueError):
        size = os.stat(task.file.location).st_size
        if size <= limits.file_bytes:
            source = _digest_of_file(task.file.location)
    return failed(path, size, lost.code, source=source, detail=lost.detail)


def _digest_of_file(location: str) -> str:
    with open(location, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
