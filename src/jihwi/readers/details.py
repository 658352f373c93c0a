"""Particulars in a person's language: what exactly was missing, broken or locked, whoever said so.

Our own readers say it in Korean; the libraries that they stand on say it in English.
"""

from __future__ import annotations

import re

from jihwi.words import Language

__all__ = ["detail_words", "looks_words"]

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
    (r"없는 곳을 가리키는 링크 \((.*)\)", r"a link to a place that is not there (\1)"),
    (r"(.*) 없음", r"\1 is missing"),
)
_KOREAN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(said), meant)
    for said, meant in (
        (r"File is not a zip file", "내용 목록이 없음, 중간에 끊긴 것으로 보임"),
        (r"no part (\S+)", r"\1 부분이 없음"),
        (r"image file is truncated(?: \(.*\))?", "그림이 중간에 끊김"),
        (r"cannot identify image file.*", "그림으로 알아볼 수 없음"),
        (
            r"Failed to load document \(PDFium: (?:Data format|File access|Unknown) error\)\.?",
            "문서 구조를 알아볼 수 없음",
        ),
        (r"Bad CRC-32.*", "검사합이 맞지 않음"),
        (r"Document is empty.*", "내용이 없음"),
        (r"no pages", "쪽이 없음"),
        (r"no slides", "슬라이드가 없음"),
        (r"no sheets", "시트가 없음"),
        (r"no body", "본문이 없음"),
        (r"no beginning", "첫머리가 없음"),
        (r"no package document", "책의 목차가 없음"),
        (r"soffice made nothing of it", "LibreOffice가 열지 못함"),
        (r"xml: empty", "XML이 비어 있음"),
        (r"^Permission denied$|^Operation not permitted$", "읽을 권한이 없음"),
        (r"^No such file or directory$", "그 사이에 없어짐"),
        (r"^Input/output error$", "디스크나 네트워크 폴더에서 읽지 못함"),
        (r"^Stale file handle$|^Transport endpoint is not connected$|^Host is down$", "네트워크 폴더와 끊김"),
        (r"^Too many levels of symbolic links$", "링크가 제자리를 돎"),
        (r"^File name too long$", "이름이 너무 긺"),
        (r"^pixels$", "그림의 점이 너무 많음"),
        (r"^(\d+(?:\.\d+)?) s$", r"\1초"),
    )
)
_LOOKS = {
    "gif picture": "GIF 그림",
    "bmp picture": "BMP 그림",
    "wmf picture": "WMF 그림",
    "webp picture": "WebP 그림",
    "video or heic picture": "동영상 또는 HEIC 그림",
    "sound or video": "소리 또는 동영상",
    "7z archive": "7z 압축",
    "rar archive": "RAR 압축",
    "alz archive": "ALZ 압축",
    "egg archive": "EGG 압축",
    "gzip": "gzip 압축",
    "program": "실행 프로그램",
    "SQLite database": "SQLite 데이터베이스",
    "Outlook mailbox (pst)": "아웃룩 편지함(PST)",
    "AutoCAD drawing": "오토캐드 도면",
    "sound": "소리",
    "icon": "아이콘",
    "binary data": "알 수 없는 이진 자료",
    "compound file": "복합 파일",
    "Office file": "오피스 파일",
}
_PATTERNS = tuple((re.compile(korean, re.DOTALL), english) for korean, english in _ENGLISH)


def detail_words(detail: str, language: Language) -> str:
    """A particular in a person's language; what is not known stays as it is.

    >>> detail_words("풀면 1,024바이트를 넘음", "en")
    'more than 1,024 bytes when it is unpacked'
    >>> detail_words("zip: no part word/document.xml", "en")
    'zip: no part word/document.xml'
    >>> detail_words("zip: no part word/document.xml", "ko")
    'zip: word/document.xml 부분이 없음'
    """
    if language == "ko":
        for said, meant in _KOREAN:
            detail = said.sub(meant, detail)
        return detail
    if detail.isascii():
        return detail
    for pattern, english in _PATTERNS:
        found = pattern.fullmatch(detail)
        if found is not None:
            return found.expand(english)
    return detail


def looks_words(looks_like: str, language: Language) -> str:
    """What an unknown file seems to be, in a person's language.

    >>> looks_words("egg archive", "ko"), looks_words("egg archive", "en")
    ('EGG 압축', 'egg archive')
    """
    return _LOOKS.get(looks_like, looks_like) if language == "ko" else looks_like
