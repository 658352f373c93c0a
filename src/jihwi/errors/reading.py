"""Why a file could not be read."""

from __future__ import annotations

from jihwi.errors.base import JihwiError

__all__ = [
    "FileBroken",
    "FileLocked",
    "FileTooLarge",
    "FormatUnknown",
    "NeedsConversion",
    "ReaderMissing",
    "ReaderTimeout",
    "ReadingError",
    "ReadingUnavailable",
]


class ReadingError(JihwiError):
    """A file could not be read; it is graded and named, and the others go on."""

    path: str
    detail: str
    ko = "'{path}'을(를) 읽지 못했습니다: {detail}"
    en = "'{path}' could not be read: {detail}"


class FormatUnknown(ReadingError):
    ko = "'{path}'의 형식을 알 수 없습니다: {detail}"
    en = "The format of '{path}' is not known: {detail}"
    ko_next = "PDF, HWPX, DOCX 가운데 하나로 다시 저장하십시오."
    en_next = "Save it again as PDF, HWPX or DOCX."


class FileBroken(ReadingError):
    ko = "'{path}' 파일이 손상되었습니다: {detail}"
    en = "'{path}' is damaged: {detail}"
    ko_next = "원본을 다시 받거나 원래 프로그램에서 열어 다시 저장하십시오."
    en_next = "Fetch the original again, or open it in its own program and save it anew."


class FileLocked(ReadingError):
    ko = "'{path}'은(는) 암호로 잠겨 있습니다: {detail}"
    en = "'{path}' is locked with a password: {detail}"
    ko_next = "암호를 풀어 다시 저장하십시오."
    en_next = "Remove the password and save it again."


class FileTooLarge(ReadingError):
    ko = "'{path}'이(가) 읽을 수 있는 크기를 넘습니다: {detail}"
    en = "'{path}' is larger than what is read: {detail}"
    ko_next = "파일을 나누십시오."
    en_next = "Split the file."


class ReaderMissing(ReadingError):
    ko = "'{path}'을(를) 읽을 프로그램이 없습니다: {detail}"
    en = "What reads '{path}' is not installed: {detail}"
    ko_next = "`jihwi doctor`가 설치하는 방법을 보입니다."
    en_next = "`jihwi doctor` shows the line that installs it."


class ReaderTimeout(ReadingError):
    ko = "'{path}'을(를) 읽는 데 너무 오래 걸려 멈추었습니다: {detail}"
    en = "Reading '{path}' took too long and was stopped: {detail}"
    ko_next = "파일을 나누거나 다시 저장하십시오."
    en_next = "Split the file, or save it anew."


class NeedsConversion(ReadingError):
    ko = "'{path}'은(는) 먼저 바꾸어야 합니다: {detail}"
    en = "'{path}' must be converted first: {detail}"
    ko_next = "새 형식(DOCX, XLSX, PPTX)으로 다시 저장하십시오."
    en_next = "Save it in the new format (DOCX, XLSX, PPTX)."


class ReadingUnavailable(JihwiError):
    command: str
    detail: str
    ko = "파일을 읽을 프로세스를 시작하지 못했습니다: {detail}"
    en = "No process to read files in could be started: {detail}"
    ko_next = "메모리와 설치를 확인하십시오. 이 명령이 까닭을 보입니다: {command}"
    en_next = "Check memory and installation; this command shows the reason: {command}"
