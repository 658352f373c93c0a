"""What a mail is, whatever file it came in."""

from __future__ import annotations

import msgspec

from jihwi.evidence import Metadata, ReadingBuilder
from jihwi.readers import Attachment, Limits
from jihwi.readers.encoding import Decoded, decode
from jihwi.readers.html import write_html
from jihwi.readers.text import write_text

__all__ = ["Message", "write_message"]

_MOST_ATTACHMENTS = 1_000


class Message(msgspec.Struct):
    """The parts of a mail that a person sees."""

    subject: str = ""
    sender: str = ""
    to: str = ""
    copy: str = ""
    date: str = ""
    """As shown in the mail."""
    sent_at: str = ""
    """ISO 8601."""
    plain: Decoded | None = None
    html: bytes = b""
    html_encoding: str = ""
    attachments: list[Attachment] = []


def write_message(builder: ReadingBuilder, message: Message, limits: Limits) -> tuple[Attachment, ...]:
    """Put the mail into `builder`: subject, envelope, body. The attachments that are within the limits come back."""
    builder.metadata = Metadata(title=message.subject, author=message.sender, created=message.sent_at)
    if message.subject:
        builder.heading(message.subject, level=1)
    for name, value in (
        ("From", message.sender),
        ("To", message.to),
        ("Cc", message.copy),
        ("Date", message.date),
    ):
        if value:
            builder.block("header", f"{name}: {value}")
    known = builder.metadata
    body = message.plain.text if message.plain is not None else ""
    before = builder.last_block
    if message.html:
        decoded = decode(message.html, message.html_encoding)
        for warning in decoded.warnings:
            builder.warn(warning.code, warning.detail, warning.count)
        write_html(builder, decoded, limits)
    if builder.last_block == before and message.plain is not None and body.strip():
        for warning in message.plain.warnings:
            builder.warn(warning.code, warning.detail, warning.count)
        write_text(builder, message.plain, limits)
    builder.metadata = known
    return _within(builder, message.attachments, limits)


def _within(builder: ReadingBuilder, attachments: list[Attachment], limits: Limits) -> tuple[Attachment, ...]:
    kept: list[Attachment] = []
    size = 0
    for attachment in attachments[:_MOST_ATTACHMENTS]:
        size += len(attachment.data)
        if size > min(limits.file_bytes, limits.memory_bytes // 4):
            break
        kept.append(attachment)
    if len(kept) < len(attachments):
        builder.warn("attachments_cut", count=len(attachments) - len(kept))
    return tuple(kept)
