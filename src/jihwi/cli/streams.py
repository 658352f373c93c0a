"""Standard output and error as they are found: closed before the command began, closed half-way, full, or of another
encoding than what is said."""

from __future__ import annotations

import codecs
import errno
import os
import re
import sys
from pathlib import Path
from typing import Any

from jihwi.errors import FileUnusable, JihwiError, OutputCut

__all__ = ["file_trouble", "let_go_of_output", "open_streams"]

_PART = re.compile(r"\.(.+)\.\d+\.part")
_OUTPUT = {errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG}
"""What goes wrong where something is written that has no name."""


def open_streams() -> None:
    """Make standard output and error take every letter. One that is closed takes everything and keeps nothing; a
    letter that its encoding does not have (EUC-KR has no `✓`) is shown as `?`, and what claims to be ASCII alone is a
    terminal whose locale nobody has set, and is written to in UTF-8."""
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 -- open until the process ends
        elif hasattr(stream, "reconfigure"):
            ascii_alone = codecs.lookup(stream.encoding or "utf-8").name == "ascii"
            stream.reconfigure(encoding="utf-8" if ascii_alone else stream.encoding, errors="replace")


def let_go_of_output(*, remarks: bool = True) -> None:
    """Nobody reads any more (`… | head -1`), or nothing more can be written: what is still to come goes nowhere, at the
    end of Python, too. Without `remarks`, standard error is kept to tell of it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr) if remarks else (sys.stdout,):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):  # it stands for a stream, and is none
            continue


def file_trouble(problem: OSError) -> JihwiError | None:
    """The error for what the system said of a file, or of standard output; `None` when it was something else."""
    detail = problem.strerror or str(problem)
    if problem.filename is not None:
        path = Path(os.fsdecode(problem.filename2 or problem.filename))
        part = _PART.fullmatch(path.name)  # written beside the file itself, which it would have replaced
        return FileUnusable(str(path.with_name(part[1]) if part else path), detail)
    return OutputCut(detail) if problem.errno in _OUTPUT else None
