"""An Outlook MSG file as a message, from its compound file's property streams (MS-OXMSG, MS-OXRTFCP)."""

from __future__ import annotations

import datetime
import io
import re

import olefile

from jihwi.errors import FileBroken
from jihwi.evidence import ReadingBuilder
from jihwi.readers import Attachment, Hint
from jihwi.readers.encoding import decode
from jihwi.readers.mail.message import Message

__all__ = ["parse_msg"]

_SUBJECT, _SENDER, _SENDER_MAIL, _TO, _CC = 0x0037, 0x0C1A, 0x5D01, 0x0E04, 0x0E03
_BODY, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_LONG_NAME, _SHORT_NAME, _DATA = 0x3707, 0x3704, 0x3701
_SENT = 0x0039
_FILETIME_START = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)
_LARGEST = 256 << 20
_ATTACHMENT = re.compile(r"__attach_version1\.0_#[0-9A-Fa-f]{8}")
_BROKEN = (OSError, ValueError, IndexError, TypeError)
# The first words of every compressed RTF body are not in the file (MS-OXRTFCP 2.1.3.1.1).
_RTF_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def parse_msg(data: bytes, builder: ReadingBuilder, hint: Hint) -> Message:
    """The message in `data`. Raises FileBroken when it is no readable compound file."""
    try:
        file = olefile.OleFileIO(io.BytesIO(data))
    except _BROKEN as error:
        raise FileBroken(hint.path, f"msg: {error}") from error
    with file:
        store = _Store(file, "")
        message = Message(
            subject=store.text(_SUBJECT),
            sender=_address(store),
            to=store.text(_TO),
            copy=store.text(_CC),
            sent_at=store.moment(_SENT),
        )
        message.date = message.sent_at
        message.html = store.binary(_HTML) or store.text(_HTML).encode()
        body = store.text(_BODY)
        if body:
            message.plain = decode(body.encode("utf-8"))
        elif not message.html and (packed := store.binary(_RTF)):
            _rtf_body(packed, message)
        message.attachments = list(_attachments(file, builder))
        return message


class _Store:
    """The properties of one storage inside the file."""

    def __init__(self, file: olefile.OleFileIO, folder: str) -> None:
        self._file = file
        self._prefix = f"{folder}/" if folder else ""

    def _stream(self, name: str) -> bytes:
        path = f"{self._prefix}{name}"
        try:
            if not self._file.exists(path) or self._file.get_size(path) > _LARGEST:
                return b""
            content: bytes = self._file.openstream(path).read()
        except _BROKEN:
            return b""
        return content

    def text(self, tag: int) -> str:
        """A text property, whether it is stored as UTF-16 or in the sender's own encoding."""
        wide = self._stream(f"__substg1.0_{tag:04X}001F")
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\x00").strip()
        narrow = self._stream(f"__substg1.0_{tag:04X}001E").rstrip(b"\x00")
        return decode(narrow).text.strip() if narrow else ""

    def binary(self, tag: int) -> bytes:
        """A binary property; empty when there is none."""
        return self._stream(f"__substg1.0_{tag:04X}0102")

    def moment(self, tag: int) -> str:
        """A time property as ISO 8601; empty when there is none."""
        fixed = self._stream("__properties_version1.0")
        for at in range(32, len(fixed) - 15, 16):
            if int.from_bytes(fixed[at : at + 4], "little") == tag << 16 | 0x0040:
                ticks = int.from_bytes(fixed[at + 8 : at + 16], "little")
                try:
                    moment = _FILETIME_START + datetime.timedelta(microseconds=ticks // 10)
                except OverflowError:
                    return ""
                return moment.isoformat(timespec="seconds")
        return ""


def _address(store: _Store) -> str:
    name, mail = store.text(_SENDER), store.text(_SENDER_MAIL)
    return f"{name} <{mail}>" if name and mail and mail != name else name or mail


def _attachments(file: olefile.OleFileIO, builder: ReadingBuilder) -> list[Attachment]:
    folders = sorted({path[0] for path in file.listdir(streams=True) if _ATTACHMENT.fullmatch(path[0])})
    found: list[Attachment] = []
    for folder in folders:
        store = _Store(file, folder)
        name = store.text(_LONG_NAME) or store.text(_SHORT_NAME) or f"attachment-{len(found) + 1}"
        content = store.binary(_DATA)
        if content:
            found.append(Attachment(name.replace("/", "_").replace("\\", "_")[:200], content))
        elif file.exists(f"{folder}/__substg1.0_3701000D"):
            builder.warn("attachment_not_read", name)
    return found


# ── RTF bodies ───────────────────────────────────────────────────────────────


def _rtf_body(packed: bytes, message: Message) -> None:
    from jihwi.readers.rtf import plain_text  # a body only old Outlook writes; the reader is large

    rtf = unpack_rtf(packed)
    if rtf:
        message.plain = decode(plain_text(rtf).encode("utf-8"))


def unpack_rtf(packed: bytes) -> bytes:
    """A compressed RTF body unpacked; empty when it is broken.

    >>> unpack_rtf((17 + 4).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"MELA" + bytes(4) + b"{rtf}")
    b'{rtf}'
    """
    if len(packed) < 16:
        return b""
    size = int.from_bytes(packed[4:8], "little")
    if size > _LARGEST:
        return b""
    if packed[8:12] == b"MELA":
        return packed[16 : 16 + size]
    window = bytearray(_RTF_START.ljust(4096, b"\x00"))
    write = len(_RTF_START)
    made = bytearray()
    at = 16
    while at < len(packed) and len(made) < size:
        control = packed[at]
        at += 1
        for bit in range(8):
            if at >= len(packed) or len(made) >= size:
                break
            if not control >> bit & 1:
                run, at = packed[at : at + 1], at + 1
                made += run
                window[write] = run[0]
                write = (write + 1) % 4096
                continue
            pair = int.from_bytes(packed[at : at + 2], "big")
            at += 2
            offset, length = pair >> 4, (pair & 15) + 2
            if offset == write:
                return bytes(made[:size])
            for step in range(length):
                byte = window[(offset + step) % 4096]
                made.append(byte)
                window[write] = byte
                write = (write + 1) % 4096
    return bytes(made[:size])
