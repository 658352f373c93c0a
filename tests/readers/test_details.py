"""What readers say of a file's particulars is said in both languages."""

from __future__ import annotations

import ast
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import jihwi.readers
from jihwi.readers.details import detail_words
from jihwi.readers.words import remark, say

ERRORS = {"FileBroken", "FileLocked", "FileTooLarge", "NeedsConversion", "ReaderMissing"}


def _korean(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


def _details() -> Iterator[str]:
    """Every Korean particular in the readers' code; what is filled in stands as 7."""
    for file in sorted(Path(jihwi.readers.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS):
                continue
            for given in [*node.args[1:], *(one.value for one in node.keywords if one.arg == "detail")]:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield given.value
                elif isinstance(given, ast.JoinedStr):
                    yield "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in given.values)


KOREAN = sorted({detail for detail in _details() if _korean(detail)})


@pytest.mark.parametrize("detail", KOREAN)
def test_every_korean_particular_has_its_english(detail: str) -> None:
    assert not _korean(detail_words(detail, "en"))
    assert detail_words(detail, "ko") == detail


def test_a_remark_says_its_particulars_in_the_language_it_is_said_in() -> None:
    assert len(KOREAN) > 10
    locked = remark("file_locked", detail="암호가 맞지 않음")
    assert "the password is not the right one" in say(locked, "en")[0]
    assert "암호가 맞지 않음" in say(locked, "ko")[0]


def test_what_the_system_says_of_a_file_is_said_in_korean_too() -> None:
    for code in (errno.EACCES, errno.EPERM, errno.ENOENT, errno.EIO, errno.ESTALE, errno.ELOOP, errno.ENAMETOOLONG):
        assert _korean(say(remark("file_unreachable", detail=os.strerror(code)), "ko")[0].partition(": ")[2])


def test_a_link_to_nowhere_says_so_in_both_languages() -> None:
    gone = remark("file_unreachable", detail="없는 곳을 가리키는 링크 (문서.hwp)")

    assert say(gone, "ko")[0] == "파일을 열 수 없습니다: 없는 곳을 가리키는 링크 (문서.hwp)."
    assert say(gone, "en")[0] == "The file cannot be opened: a link to a place that is not there (문서.hwp)."
