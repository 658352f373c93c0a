"""The process that reads untrusted files: it locks itself in, then answers one job after another.

Started by `sandbox` as `python -m jihwi.readers.worker`. Its parent holds the other ends of its pipes; when the
parent is gone, so is the worker, even in the middle of a file.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import stat
import tempfile
import threading
import time
from typing import IO, BinaryIO, NoReturn

import msgspec

from jihwi.errors import FileTooLarge
from jihwi.ids import digest_of
from jihwi.readers import Hint, Limits, Outcome
from jihwi.readers.confine import confine, limit_cpu, virtual_bytes
from jihwi.readers.frames import Beat, Began, Done, Job, Opened, Part, Ready, receive, send
from jihwi.readers.grade import bytes_words
from jihwi.readers.pipeline import Budget, failed, read_inside, read_one
from jihwi.readers.progress import MOST_TIMES, on_beat, on_question
from jihwi.readers.sniff import sniff

__all__ = ["main"]

GRACE_SECONDS = 5
"""How much later than its parent the worker itself gives up: the parent's word comes first."""
FRUGAL_SECONDS = 4.0
"""What a reader is told it has when it must be quick: too little for it to begin recognising pictures."""
ENOUGH_SHARE = 0.75
"""The share of a file's whole time after which no further page is recognised: what is there must still be sent."""
TIRED_SHARE = 0.7
"""A worker whose memory has grown beyond this share of its cap is replaced after its file."""


def main() -> None:
    """Answer jobs until the parent goes away."""
    jobs, answers = _own_pipes()
    body = receive(jobs)
    if body is None:
        return
    limits = msgspec.msgpack.decode(body, type=Limits)
    walls = confine(limits)
    _watch(jobs)
    send(answers, Ready(walls))
    on_beat(lambda: _beat(limits, answers))
    while (body := receive(jobs)) is not None:
        job = msgspec.msgpack.decode(body, type=Job)
        _wind_up(limits)
        _begin_counting(limits)
        _answer(job, limits, answers)
        signal.alarm(0)


def _wind_up(limits: Limits) -> None:
    """Set the clocks that end this process should it fall silent: one for time, one for CPU time."""
    signal.alarm(int(limits.seconds) + GRACE_SECONDS)
    limit_cpu(limits.seconds + GRACE_SECONDS)


def _begin_counting(limits: Limits) -> None:
    enough = time.monotonic() + limits.seconds * MOST_TIMES * ENOUGH_SHARE
    on_question(lambda: time.monotonic() < enough)


def _beat(limits: Limits, answers: BinaryIO) -> None:
    _wind_up(limits)
    send(answers, Beat())


def _own_pipes() -> tuple[int, BinaryIO]:
    """Move the pipes away from 0 and 1, so that nothing a library prints or reads can touch them."""
    jobs, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return jobs, os.fdopen(answers, "wb", buffering=0)


def _watch(jobs: int) -> None:
    threading.Thread(target=_die_with_parent, args=(jobs,), daemon=True).start()


def _die_with_parent(jobs: int) -> NoReturn:
    poll = select.poll()
    poll.register(jobs, 0)
    poll.poll()
    shutil.rmtree(tempfile.gettempdir(), ignore_errors=True) if "JIHWI_WORKER_TEMP" in os.environ else None
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _answer(job: Job, limits: Limits, answers: BinaryIO) -> None:
    data = _bytes_of(job, limits)
    if isinstance(data, Outcome):
        send(answers, Opened(data))
        send(answers, Done())
        return
    hint = Hint(path=job.shown_as, source=digest_of(data), password=job.password)
    sniffed = sniff(data, hint.path)
    send(answers, Began(len(data), hint.source, sniffed.format))
    if job.frugal:
        limits = msgspec.structs.replace(limits, seconds=min(limits.seconds / 2, FRUGAL_SECONDS))
    outcome, parts = read_one(data, hint, limits, sniffed)
    del data
    send(answers, Opened(outcome, tuple(part.name for part in parts)))
    budget = Budget(limits)
    for part in parts[: job.skip]:
        budget.take(len(part.data))
    for part in parts[job.skip :]:
        _wind_up(limits)
        send(answers, Part(next(read_inside((part,), hint, limits, budget), None)))
    send(answers, Done(tired=virtual_bytes() > limits.memory_bytes * TIRED_SHARE))


def _bytes_of(job: Job, limits: Limits) -> bytes | Outcome:
    """The file's bytes, or the outcome that says why there are none."""
    try:
        descriptor = os.open(job.location, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return failed(job.shown_as, 0, "file_unreachable", detail=why)
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        os.close(descriptor)
        return failed(job.shown_as, 0, "not_a_file", detail=_kind_of(state.st_mode))
    with os.fdopen(descriptor, "rb") as file:
        return _contents(file, state.st_size, job, limits)


def _contents(file: IO[bytes], size: int, job: Job, limits: Limits) -> bytes | Outcome:
    if size > limits.file_bytes:
        detail = f"{bytes_words(size)} > {bytes_words(limits.file_bytes)}"
        return failed(job.shown_as, size, FileTooLarge.code, detail=detail)
    try:
        return file.read(size)
    except MemoryError:
        return failed(job.shown_as, size, "reader_memory", detail=bytes_words(limits.memory_bytes))
    except OSError as error:
        return failed(job.shown_as, size, "file_unreachable", detail=error.strerror or str(error))


def _kind_of(mode: int) -> str:
    for test, name in (
        (stat.S_ISDIR, "folder"),
        (stat.S_ISFIFO, "pipe"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISCHR, "device"),
        (stat.S_ISBLK, "device"),
    ):
        if test(mode):
            return name
    return "special file"


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
