"""The reader of HWP 3 files: signature, document information, summary, then the body, deflated or not.

Source: "한글 문서 파일 형식 3.0", revision 1.2: recognition (30 bytes), document information (128 bytes, encryption
at 96, compression at 124, length of the information block at 126), document summary (1,008 bytes).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from jihwi.errors import FileBroken, FileLocked, FileTooLarge
from jihwi.evidence import Metadata, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.hancom import Document, Section, compose
from jihwi.readers.hwp3.body import BodyReader
from jihwi.readers.hwp3.characters import text_of

__all__ = ["Hwp3Reader"]

_SIGNATURE = b"HWP Document File V3.00"
_INFORMATION, _SUMMARY, _BODY = 30, 158, 158 + 1008
_FONT_NAME, _STYLE, _LANGUAGES = 40, 238, 7


class Hwp3Reader:
    """Reads documents of Hangul 3.0, 3.1, 96 and 97.

    Raises `FileBroken` when the header cannot be read, `FileLocked` for a password, `FileTooLarge` beyond the limits.
    """

    name = "hwp3"
    version = "4"
    formats: Sequence[str] = ("hwp3",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        """The reading of one HWP 3 file. When its data ends early, what came before is kept with a warning."""
        if not data.startswith(_SIGNATURE) or len(data) < _BODY:
            raise FileBroken(path=hint.path, detail="HWP 3 머리 부분이 없음")
        information = data[_INFORMATION:_SUMMARY]
        if int.from_bytes(information[96:98], "little"):
            raise FileLocked(path=hint.path, detail="HWP 3 암호 문서")
        builder = ReadingBuilder(source=hint.source, reader=self.name, reader_version=self.version, format="hwp3")
        start = _BODY + int.from_bytes(information[126:128], "little")
        body, whole = data[start:], True
        if information[124]:
            body, whole = _inflated(body, hint.path, limits.output_characters * 8)
        reader = BodyReader(body, _after_definitions(body, hint.path), builder, limits.nesting)
        paragraphs = reader.paragraphs()
        if reader.cut or not whole:
            builder.warn("stream_cut")
        document = Document((Section(tuple(paragraphs)),), metadata=_metadata(data[_SUMMARY:_BODY]))
        return Result(compose(document, builder))


def _inflated(packed: bytes, path: str, most_bytes: int) -> tuple[bytes, bool]:
    """Raw deflate within limits, and whether it came to its end."""
    machine = zlib.decompressobj(-15)
    plain = bytearray()
    try:
        for at in range(0, len(packed), 1 << 16):
            plain += machine.decompress(packed[at : at + (1 << 16)], most_bytes - len(plain) + 1)
            if len(plain) > most_bytes:
                raise FileTooLarge(path=path, detail=f"풀면 {most_bytes:,}바이트를 넘음")
    except zlib.error:
        return bytes(plain), False
    return bytes(plain), machine.eof


def _after_definitions(body: bytes, path: str) -> int:
    """Where the paragraphs begin: after the fonts of seven languages and the styles."""
    at = 0
    for size in (*[_FONT_NAME] * _LANGUAGES, _STYLE):
        if at + 2 > len(body):
            raise FileBroken(path=path, detail="글꼴 또는 스타일 목록이 끊김")
        at += 2 + int.from_bytes(body[at : at + 2], "little") * size
    return at


def _metadata(summary: bytes) -> Metadata:
    """Nine strings of 56 characters: title, subject, author, date, keywords and others."""
    title, _, author = (text_of(summary[i * 112 : i * 112 + 112]).strip() for i in range(3))
    return Metadata(title=title, author=author, producer="Hancom HWP 3")
