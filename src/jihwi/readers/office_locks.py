"""Office files that are locked with a password as a whole: the new packages, and the binary formats before them.

Source: MS-OFFCRYPTO 2.3 (packages), MS-DOC 2.2.6, MS-XLS 2.2.10, by way of the library msoffcrypto; presentations of
the binary format in `presentation_locks`.
"""

from __future__ import annotations

import contextlib
import io
import re
import struct

from jihwi.errors import FileBroken, FileLocked

__all__ = ["opened_by_itself", "unlocked"]

_LOCKED_SUMMARY, _PUT_ASIDE = (name.encode("utf-16-le") for name in ("EncryptedSummary", "EncryptedSummarx"))
"""A presentation's properties stay locked when the rest is opened, and who sees their stream takes the whole for
locked; under another name of that length they stand where they stood, and nobody looks there."""
_UNASKED = ("VelvetSweatshop", "/01Hannes Ruescher/01")
"""What Excel and PowerPoint lock a file with whose parts are protected though it has no password: they open it with
the same words and never ask (MS-XLS 2.4.191 names the first)."""
_ROUNDS = re.compile(rb'spinCount="(\d{1,20})"')
_MOST_ROUNDS = 1_000_000
"""Office hashes a password 100,000 times; a file that asks for thousands of times more wants to keep a reader busy."""


def opened_by_itself(data: bytes, path: str) -> bytes | None:
    """The file without its lock when its own program opens it without asking; None for one that has a password."""
    for password in _UNASKED:
        with contextlib.suppress(FileLocked, FileBroken):
            return unlocked(data, path, password)
    return None


def unlocked(data: bytes, path: str, password: str) -> bytes:
    """The file without its lock. Raises FileLocked when the password is not the right one or it is locked in a way
    that is not known, FileBroken when it is damaged."""
    streams = _streams(data)
    if "PowerPoint Document" in streams and "EncryptionInfo" not in streams:
        from jihwi.readers.presentation_locks import unlocked_presentation  # waits: few files are locked

        return unlocked_presentation(data, path, password).replace(_LOCKED_SUMMARY, _PUT_ASIDE)
    if "Book" in streams or ("WordDocument" in streams and not streams & {"0Table", "1Table"}):
        # Office 95 and before, whose locks were of another kind; the library would call the file damaged.
        raise FileLocked(path, "읽을 수 없는 옛 암호 방식 (Office 95)")
    if any(int(rounds) > _MOST_ROUNDS for rounds in _ROUNDS.findall(data)):
        raise FileLocked(path, "읽을 수 없는 암호 방식 (spinCount)")
    return _by_library(data, path, password)


def _by_library(data: bytes, path: str, password: str) -> bytes:
    from xml.parsers.expat import ExpatError

    import msoffcrypto  # waits: few files are locked
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    plain = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        office.load_key(password=password)
        office.decrypt(plain)
    except InvalidKeyError:
        raise FileLocked(path, "암호가 맞지 않음") from None
    except (FileFormatError, ParseError, DecryptionError, AssertionError) as problem:
        raise FileLocked(path, f"읽을 수 없는 암호 방식 ({problem})".replace(" ()", "")) from problem
    except (ExpatError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error) as problem:
        raise FileBroken(path, f"{type(problem).__name__}: {problem}") from problem
    return plain.getvalue()


def _streams(data: bytes) -> frozenset[str]:
    """The names directly under the root; none of what is no compound file."""
    import olefile  # waits: few files are locked

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            return frozenset(path[0] for path in file.listdir())
    except (OSError, ValueError, IndexError, TypeError):
        return frozenset()
