"""Particulars that readers say in Korean, in English too: what exactly was missing, broken or locked."""

from __future__ import annotations

import re

from jihwi.words import Language

__all__ = ["detail_words"]

_ENGLISH: tuple[tuple[str, str], ...] = (
    (r"암호가 필요함", "it needs a password"),
    (r"암호가 맞지 않음", "the password is not the right one"),
    (r"암호 방식을 알 수 없음", "an unknown way of locking"),
    (r"읽을 수 없는 옛 암호 방식 \((.*)\)", r"an old way of locking that is not opened (\1)"),
    (r"읽을 수 없는 암호 방식 \((.*)\)", r"a way of locking that is not opened (\1)"),
    (r"DRM 또는 공인인증서로 보호된 문서", "protected by DRM or a certificate"),
    (r"HWP 3 암호 문서", "HWP 3 with a password"),
    (r"(.*)의 암호화 정보가 손상됨", r"what is said of the encryption of \1 is damaged"),
    (r"복합 파일 구조를 읽을 수 없음 \((.*)\)", r"the structure of the compound file cannot be read (\1)"),
    (r"FileHeader가 없거나 HWP 5 문서가 아님", "no FileHeader, or no HWP 5 document"),
    (r"(.*) 스트림을 읽을 수 없음", r"the stream \1 cannot be read"),
    (r"HWP 3 머리 부분이 없음", "no HWP 3 header"),
    (r"글꼴 또는 스타일 목록이 끊김", "the list of fonts or styles breaks off"),
    (r"압축 파일을 열 수 없음 \((.*)\)", r"the archive cannot be opened (\1)"),
    (r"(.*)을\(를\) 풀 수 없음 \((.*)\)", r"\1 cannot be unpacked (\2)"),
    (r"(.*)의 XML이 손상됨", r"the XML of \1 is damaged"),
    (r"XML을 읽을 수 없음", "its XML cannot be read"),
    (r"본문\(section\)이 없음", "no body (section)"),
    (r"BODY가 없음", "no BODY"),
    (r"풀면 ([\d,]+)바이트를 넘음", r"more than \1 bytes when it is unpacked"),
    (r"([\d,]+)바이트", r"\1 bytes"),
    (r"(\d+)행 (\d+)번째 글자", r"line \1, character \2"),
    (r"너무 깊이 겹침", "nested too deeply"),
    (r"(.*) 없음", r"\1 is missing"),
)
_PATTERNS = tuple((re.compile(korean, re.DOTALL), english) for korean, english in _ENGLISH)


def detail_words(detail: str, language: Language) -> str:
    """A particular in a person's language; what is not known stays as it is.

    >>> detail_words("풀면 1,024바이트를 넘음", "en")
    'more than 1,024 bytes when it is unpacked'
    >>> detail_words("zip: no part word/document.xml", "en")
    'zip: no part word/document.xml'
    """
    if language == "ko" or detail.isascii():
        return detail
    for pattern, english in _PATTERNS:
        found = pattern.fullmatch(detail)
        if found is not None:
            return found.expand(english)
    return detail
