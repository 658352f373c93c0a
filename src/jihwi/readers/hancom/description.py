"""Which part of an object's description a person wrote: the word processor fills it in by itself."""

from __future__ import annotations

import re

__all__ = ["written_description"]

_AUTOMATIC = re.compile(
    r"^\s*(?:(?:모서리가 둥근 |일반 )?"
    r"(?:그림|사각형|직사각형|타원|원|호|선|직선|다각형|곡선|개체|묶음 개체|묶음|표|수식|글상자|글맵시|그리기마당|차트|OLE 개체|연결선|동영상|개체 묶음|단추|양식 개체)"
    r"입니다\.?|(?:원본 그림의 이름|원본 그림의 크기|프로그램 이름|사진 찍은 날짜|카메라 제조 업체|카메라 모델|F-스톱|노출 시간|IOS 감도|ISO 감도|색 대표|노출 모드|노출 프로그램|"
    r"35mm 초점 거리|플래시 모드|측광 모드|EXIF 버전|제한된 노출 값|대비|채도|선명도|초점 거리|밝기|노출 바이어스|조리개 값|최대 조리개|화이트 밸런스|디지털 줌|[가-힣A-Za-z0-9 ]{1,14}) ?: .*)\s*$"
)


def written_description(text: str) -> str:
    """The description without the lines that the program makes: what kind of object it is, the picture's file name.

    >>> written_description("그림입니다.\\r\\n원본 그림의 이름: CLP0001.bmp")
    ''
    >>> written_description("연도별 예산 그래프")
    '연도별 예산 그래프'
    """
    if not text or text.isspace():
        return ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not _AUTOMATIC.match(lines[0]):
        return "\n".join(line for line in lines if line.strip()).strip()
    return "\n".join(line.strip() for line in lines if line.strip() and not _AUTOMATIC.match(line)).strip()
