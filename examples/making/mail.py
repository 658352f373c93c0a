"""Writes a letter as an e-mail (EML), with its attachments."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

__all__ = ["eml"]


def eml(text: str, folder: Path) -> bytes:
    """The mail that `text` describes: header lines, an empty line, the letter. `folder` holds what is attached."""
    head_text, _, letter = text.partition("\n\n")
    head = dict(line.split(": ", 1) for line in head_text.splitlines())
    charset = head.pop("Charset")
    attached = head.pop("Attachment", "")
    message = EmailMessage(policy=SMTP)
    for name, value in head.items():
        message[name] = value
    message.set_content(letter, charset=charset, cte="base64" if charset != "utf-8" else "quoted-printable")
    if attached:
        data = (folder / attached).read_text(encoding="utf-8").replace("\n", "\r\n").encode("cp949")
        message.add_attachment(data, maintype="text", subtype="csv", filename=attached)
        message.set_boundary("=-=gaon-2025=-=")
    return message.as_bytes()
