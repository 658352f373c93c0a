"""An EML file as a message: headers in any encoding, the fuller of the alternative bodies, attachments."""

from __future__ import annotations

import contextlib
import email
import email.errors
import email.header
import email.utils
import re
from email.message import Message as Parsed

from jihwi.evidence import ReadingBuilder
from jihwi.readers import Attachment
from jihwi.readers.encoding import decode
from jihwi.readers.mail.message import Message

__all__ = ["parse_eml"]

_MOST_PARTS = 2_000
_RAW_NAME = re.compile(r"name\s*=\s*\"?([^\";\r\n]+)", re.IGNORECASE)


def parse_eml(data: bytes, builder: ReadingBuilder) -> Message:
    """The message in `data`; a broken part is left out with a warning."""
    parsed = email.message_from_bytes(data)
    message = Message(
        subject=_header(parsed, "Subject"),
        sender=_header(parsed, "From"),
        to=_header(parsed, "To"),
        copy=_header(parsed, "Cc"),
        date=_header(parsed, "Date"),
        sent_at=_moment(_header(parsed, "Date")),
    )
    message.attachments = []
    _parts(parsed, message, builder, [_MOST_PARTS])
    return message


def _parts(part: Parsed, message: Message, builder: ReadingBuilder, left: list[int]) -> None:
    stack = [part]
    while stack and left[0] > 0:
        current = stack.pop()
        left[0] -= 1
        kind = current.get_content_type()
        if kind == "message/rfc822":
            _enclosed(current, message, builder)
        elif current.is_multipart():
            inner = current.get_payload()
            stack.extend(reversed([p for p in inner if isinstance(p, Parsed)] if isinstance(inner, list) else []))
        else:
            _leaf(current, kind, message, builder)
    if stack:
        builder.warn("attachments_cut", count=len(stack))


def _enclosed(part: Parsed, message: Message, builder: ReadingBuilder) -> None:
    inner = part.get_payload()
    for one in inner if isinstance(inner, list) else ():
        if isinstance(one, Parsed):
            name = f"{(_header(one, 'Subject') or 'message')[:80].replace('/', '_')}.eml"
            content = _written(one)
            if content:
                message.attachments.append(Attachment(name, content))
            else:
                builder.warn("attachment_broken", name)


def _written(part: Parsed) -> bytes:
    """A message inside as it may have been sent; empty when it cannot be written again, as broken ones cannot."""
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
        return part.as_bytes()
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
        return part.as_string().encode("utf-8", "surrogateescape")
    return b""


def _leaf(part: Parsed, kind: str, message: Message, builder: ReadingBuilder) -> None:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        builder.warn("attachment_broken", kind)
        return
    name = _file_name(part)
    attached = "attachment" in str(part.get("Content-Disposition", "")).lower() or bool(name)
    if kind == "text/plain" and not attached:
        _add_plain(part, content, message)
    elif kind == "text/html" and not attached:
        message.html = message.html + b"\n" + content if message.html else content
        message.html_encoding = part.get_content_charset("") or ""
    elif content:
        extension = kind.rpartition("/")[2].split("+")[0]
        message.attachments.append(Attachment(name or f"part-{len(message.attachments) + 1}.{extension}", content))
    elif name:
        builder.warn("attachment_broken", name)


def _add_plain(part: Parsed, content: bytes, message: Message) -> None:
    decoded = decode(content, part.get_content_charset("") or "")
    if message.plain is None:
        message.plain = decoded
    elif decoded.text.strip():
        joined = f"{message.plain.text.rstrip()}\n\n{decoded.text}"
        message.plain = decode(joined.encode("utf-8"))


def _file_name(part: Parsed) -> str:
    try:
        raw = part.get_filename()
    except (LookupError, ValueError, TypeError):
        return ""
    shown = _shown(raw) if raw else ""
    if "\ufffd" in shown:
        shown = _raw_name(part) or shown
    return shown.replace("/", "_").replace("\\", "_")[:200]


def _raw_name(part: Parsed) -> str:
    """A name written in bytes beyond ASCII, against every rule, as old programs do; the parser gives it up."""
    for header, value in part.raw_items():
        if header.lower() in {"content-disposition", "content-type"} and (named := _RAW_NAME.search(str(value))):
            return _text(named.group(1).strip(), "")
    return ""


def _header(parsed: Parsed, name: str) -> str:
    value = parsed.get(name)
    return " ".join(_shown(value).split()) if value is not None else ""


def _shown(value: object) -> str:
    """A header as text: encoded words decoded, and raw bytes of old programs recognised."""
    raw = str(value) if not isinstance(value, email.header.Header) else _of_header(value)
    try:
        pieces = email.header.decode_header(raw)
    except (email.errors.HeaderParseError, ValueError, LookupError):
        return _text(raw, "")
    return "".join(_text(piece, charset or "") for piece, charset in pieces)


def _of_header(value: email.header.Header) -> str:
    return "".join(_text(piece, charset or "") for piece, charset in email.header.decode_header(value))


def _text(piece: str | bytes, charset: str) -> str:
    try:
        raw = piece.encode("ascii", "surrogateescape") if isinstance(piece, str) else piece
    except UnicodeEncodeError:
        return str(piece)
    return decode(raw, "" if charset == "unknown-8bit" else charset).text


def _moment(date: str) -> str:
    try:
        return email.utils.parsedate_to_datetime(date).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
