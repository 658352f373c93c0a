"""Which part of an object's description a person wrote: the word processor fills it in by itself."""

from __future__ import annotations

import re

__all__ = ["written_description"]

_KIND = re.compile(r"\s*(?:\S.{0,18}입니다\.?|개체 형식은 .*입니다\.?|This\sis\s(?:an?\s)?\w+(?:\s\w+)?\.)\s*")
_DETAIL = re.compile(r"\s*(?:[^:]{1,24} ?: .*|개체 형식은 .*입니다\.?\s*)")


def written_description(text: str) -> str:
    """The description without the lines that the program makes: what kind of object it is, the picture's file name.

    >>> written_description("그림입니다.\\r\\n원본 그림의 이름: CLP0001.bmp")
    ''
    >>> written_description("OLE 개체입니다.\\r\\n개체 형식은 그림판 문서입니다.")
    ''
    >>> written_description("This is Picture.")
    ''
    >>> written_description("연도별 예산 그래프")
    '연도별 예산 그래프'
    """
    if not text or text.isspace():
        return ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if _KIND.fullmatch(lines[0]):
        lines = [line for line in lines[1:] if not _DETAIL.fullmatch(line)]
    return "\n".join(line.strip() for line in lines if line.strip())
