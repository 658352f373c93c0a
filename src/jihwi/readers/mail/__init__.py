"""Reads mail: EML by Python's own parser, MSG by its compound file; attachments become documents of their own."""

from __future__ import annotations

from collections.abc import Sequence

from jihwi.evidence import ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.mail.eml import parse_eml
from jihwi.readers.mail.message import write_message
from jihwi.readers.mail.msg import parse_msg

__all__ = ["MailReader"]


class MailReader:
    """EML and Outlook's MSG."""

    name = "mail"
    version = "2"
    formats: Sequence[str] = ("eml", "msg")

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or "eml"
        )
        message = parse_msg(data, builder, hint) if format == "msg" else parse_eml(data, builder)
        attachments = write_message(builder, message, limits)
        return Result(builder.done(), attachments)
