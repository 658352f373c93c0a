"""The example office is what its README says: made from its texts, contradicting itself and lacking where it should."""

from __future__ import annotations

import io
import re
import runpy
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import olefile
import pypdfium2
import pytest
from lxml import etree

from jihwi.readers import Hint, Limits
from jihwi.readers.hwp import HwpReader
from tests.programs import ROOT

OFFICE = ROOT / "examples" / "office"
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "examples" / "make_examples.py"))
MADE: dict[str, bytes] = SCRIPT["made"]()
SOURCES: dict[str, str] = SCRIPT["SOURCES"]
REQUESTS: list[dict[str, Any]] = tomllib.loads((ROOT / "examples" / "requests.toml").read_text("utf-8"))["request"]
FILES = sorted(path.relative_to(OFFICE).as_posix() for path in OFFICE.rglob("*") if path.is_file())
READABLE = [name for name in FILES if name in SOURCES or Path(name).suffix in (".md", ".html")]


def words(name: str) -> str:
    """The words of one of the office's files: of the text it is made from, or its own where it is plain."""
    path = ROOT / "examples" / "texts" / SOURCES[name] if name in SOURCES else OFFICE / name
    return path.read_text(encoding="utf-8")


def loose(text: str) -> str:
    return re.sub(r"[\s,]", "", text)


def content(data: bytes) -> object:
    """What a file holds, since the compressor may differ by machine: an archive's members, an HWP 5 file's reading."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    if data.startswith(olefile.MAGIC):
        return HwpReader().read(data, "hwp5", Hint(path=""), Limits()).reading
    return data


@pytest.mark.parametrize("name", sorted(set(MADE) - {SCRIPT["BROKEN"]}))
def test_making_a_file_again_changes_nothing(name: str) -> None:
    assert content(MADE[name]) == content((OFFICE / name).read_bytes())


def test_the_office_holds_what_is_made_what_is_drawn_and_what_is_plain() -> None:
    plain = {name for name in FILES if name.endswith((".md", ".html"))}

    assert set(FILES) == set(MADE) | {SCRIPT["PDF"], SCRIPT["SCAN"]} | plain


def test_the_broken_file_is_broken() -> None:
    assert not zipfile.is_zipfile(OFFICE / SCRIPT["BROKEN"])
    assert (OFFICE / SCRIPT["BROKEN"]).read_bytes().startswith(b"PK")


@pytest.mark.parametrize("name", [name for name in MADE if name.endswith(".hwpx") and name != SCRIPT["BROKEN"]])
def test_an_hwpx_file_is_a_package_of_well_formed_parts(name: str) -> None:
    with zipfile.ZipFile(OFFICE / name) as archive:
        first = archive.infolist()[0]
        parts = [archive.read(part) for part in archive.namelist() if part.endswith((".xml", ".hpf"))]

    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert all(etree.fromstring(part) is not None for part in parts)


def test_the_pdf_holds_its_text() -> None:
    with pypdfium2.PdfDocument(OFFICE / SCRIPT["PDF"]) as pdf:
        text = "".join(page.get_textpage().get_text_bounded() for page in pdf)

    missing = [
        line
        for line in words(SCRIPT["PDF"]).split("\n\n")[1:]
        if line[0] not in "#|" and loose(line) not in loose(text)
    ]
    assert missing == []


def test_the_minutes_and_the_spending_are_in_the_encoding_of_korean_offices() -> None:
    for name in FILES:
        if name.startswith("회의록/") or name.endswith(".csv"):
            data = (OFFICE / name).read_bytes()
            assert "가온구" in data.decode("cp949") or "부서" in data.decode("cp949")
            with pytest.raises(UnicodeDecodeError):
                data.decode("utf-8")


@pytest.mark.parametrize("request_", REQUESTS, ids=[request["id"] for request in REQUESTS])
def test_a_request_can_be_answered_from_the_files_it_names(request_: dict[str, Any]) -> None:
    assert request_["language"] in ("ko", "en")
    assert request_["intent"] in ("fact", "summary", "comparison", "overview")
    for name in request_.get("first", ()):
        assert name in FILES
    if request_.get("answerable", True):
        everything = loose("\n".join(words(name) for name in request_.get("first", READABLE)))
        assert all(loose(text) in everything for text in request_["holds"])
    for word in request_.get("absent", ()):
        pattern = re.compile(rf"\b{word}\b" if word.isascii() else word, re.IGNORECASE)
        assert [name for name in READABLE if pattern.search(words(name))] == []


@pytest.mark.parametrize("request_", [r for r in REQUESTS if "contradiction" in r], ids=lambda r: r["id"])
def test_two_files_contradict_each_other_where_the_request_says_so(request_: dict[str, Any]) -> None:
    for name, value in zip(request_["contradiction"]["files"], request_["contradiction"]["values"], strict=True):
        assert loose(value) in loose(words(name)), name


def test_there_are_requests_in_both_languages_and_some_that_cannot_be_answered() -> None:
    assert sum(r["language"] == "ko" for r in REQUESTS) >= 8
    assert sum(r["language"] == "en" for r in REQUESTS) >= 4
    assert sum(not r.get("answerable", True) for r in REQUESTS) >= 3
    assert sum("contradiction" in r for r in REQUESTS) >= 4


def test_nobody_real_is_named() -> None:
    for name in READABLE:
        text = words(name)
        assert all(host.endswith(".example") for host in re.findall(r"@([\w.]+\w)", text)), name
        assert all(number.startswith("000-") for number in re.findall(r"\b\d{2,3}-\d{3,4}-\d{4}\b", text)), name
