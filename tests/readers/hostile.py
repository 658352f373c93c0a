"""A worker whose reader of plain text does what the file tells it to: crash, hang, lie, grow, call out."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from jihwi.errors import FileBroken
from jihwi.evidence import Block, ReadingBuilder
from jihwi.readers import Attachment, Hint, Limits, Result, registry
from jihwi.readers.progress import beat
from jihwi.readers.worker import main


class HostileReader:
    """Obeys the first word of a text."""

    name = "hostile"
    version = "1"
    formats: Sequence[str] = ("text", "pdf")

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        word, _, rest = data.decode().removeprefix("%PDF-").strip().partition(" ")
        builder = ReadingBuilder(source=hint.source, reader=self.name, reader_version=self.version, format=format)
        if word == "dawdle" and limits.seconds <= 2:
            word, rest = "say", "in Eile gelesen, ohne Bilder"
        parts = _DEEDS.get(word, _say)(rest or word, builder)
        return Result(builder.done(), parts)


def _say(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    builder.paragraph(rest)
    return ()


def _crash(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return ()


def _leave(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    os._exit(3)


def _hang(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    """Say who hangs, in the file named, then never come back."""
    if rest.startswith("/"):
        with open(rest + ".new", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        os.rename(rest + ".new", rest)
    while True:
        pass


def _breathe(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    """Take long, with a sign of life now and then."""
    for _ in range(int(rest)):
        beat()
        time.sleep(0.5)
    return _say("langsam, aber gelesen", builder)


def _hang_below(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    """Call a program that never ends, and wait for it."""
    called = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    with open(rest + ".new", "w", encoding="ascii") as file:
        file.write(str(called.pid))
    os.rename(rest + ".new", rest)
    called.wait()
    return ()


def _grow(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    kept = []
    while True:
        kept.append(bytearray(16 << 20))


def _shout(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    os.write(1, b"\xff" * 100_000)
    sys.stdout.write("x" * 100_000)
    sys.stdout.flush()
    return _say("조용히", builder)


def _dig(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    return _dig(rest, builder)


def _fail(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    raise KeyError(rest)


def _refuse(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    raise FileBroken("x", rest)


def _halve(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    builder.metadata = type(builder.metadata)(title="제목\ud800")
    return _say("반쪽 \ud83d 글자가 들어 있는 문단입니다.", builder)


def _lie(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    builder.paragraph("짧다")
    builder._blocks.append(Block("paragraph", 0, 999))
    return ()


def _swell(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    for _ in range(int(rest)):
        builder.paragraph("가" * 100)
    return ()


def _call_out(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    """Try every way to the network; name what was refused."""
    ways: tuple[Callable[[], object], ...] = (
        lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("127.0.0.1", 9)),
        lambda: socket.getaddrinfo("example.invalid", 80),
    )
    for way in ways:
        try:
            way()
        except PermissionError:
            builder.paragraph("refused")
        except OSError as error:
            builder.paragraph(f"tried: {type(error).__name__}")
    code = "import socket\ntry:\n socket.socket(); print('open')\nexcept PermissionError: print('refused')"
    told = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    builder.paragraph("below: " + told.stdout.strip())
    return ()


def _tell(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    """Say what the environment holds."""
    return _say("\n".join(sorted(os.environ)), builder)


def _hold(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    """Hold documents inside: one a line."""
    builder.paragraph("그릇")
    return tuple(Attachment(f"{i}.txt", line.encode()) for i, line in enumerate(rest.split("|")))


def _nest(rest: str, builder: ReadingBuilder) -> tuple[Attachment, ...]:
    builder.paragraph("그릇")
    return (Attachment("속.txt", b"nest"),)


_DEEDS: dict[str, Callable[[str, ReadingBuilder], tuple[Attachment, ...]]] = {
    "crash": _crash,
    "leave": _leave,
    "hang": _hang,
    "dawdle": _hang,
    "breathe": _breathe,
    "hang-below": _hang_below,
    "grow": _grow,
    "shout": _shout,
    "dig": _dig,
    "fail": _fail,
    "refuse": _refuse,
    "halve": _halve,
    "lie": _lie,
    "swell": _swell,
    "call-out": _call_out,
    "tell": _tell,
    "hold": _hold,
    "nest": _nest,
}

if __name__ == "__main__":
    registry.ADAPTERS["text"] = registry.ADAPTERS["pdf"] = "tests.readers.hostile:HostileReader"
    main()
