"""Office files that are locked with a password as a whole: the new packages, and the binary formats before them.

Source: MS-OFFCRYPTO 2.3 (packages), MS-DOC 2.2.6, MS-XLS 2.2.10, MS-PPT 2.3.7, all by way of the library msoffcrypto.
"""

from __future__ import annotations

import io
import struct

from jihwi.errors import FileBroken, FileLocked

__all__ = ["unlocked"]

_LOCKED_SUMMARY, _PUT_ASIDE = (name.encode("utf-16-le") for name in ("EncryptedSummary", "EncryptedSummarx"))
"""A presentation's properties stay locked when the rest is opened, and who sees their stream takes the whole for
locked; under another name of that length they stand where they stood, and nobody looks there."""


def unlocked(data: bytes, path: str, password: str) -> bytes:
    """The file without its lock. Raises FileLocked when the password is not the right one, FileBroken when it is
    locked in no way that is known."""
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
    except (FileFormatError, ParseError, DecryptionError) as problem:
        raise FileLocked(path, f"읽을 수 없는 암호 방식 ({problem})") from problem
    except (ExpatError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error) as problem:
        raise FileBroken(path, f"{type(problem).__name__}: {problem}") from problem
    return plain.getvalue().replace(_LOCKED_SUMMARY, _PUT_ASIDE)
