"""The true format is told from the content, whatever the name says."""

from __future__ import annotations

import gzip
import io
import random
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.readers.sniff import EXTENSIONS, sniff
from jihwi.testing.seeds import pdf_of, png_of, seeds, zip_of

KOREAN = "제1조(목적) 이 규정은 예산의 집행에 필요한 사항을 정한다.\n제2조(정의) 용어의 뜻은 다음과 같다.\n" * 3


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949", "johab", "iso2022_kr"]
)
@pytest.mark.parametrize("name", ["메모", "메모.txt"])
def test_korean_text_is_text_in_every_encoding(encoding: str, name: str) -> None:
    assert sniff(KOREAN.encode(encoding), name).format == "text"


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (b"%PDF-1.7\n", "pdf"),
        (b"\r\n junk before \n%PDF-1.4\n", "pdf"),
        (b"{\\rtf1\\ansi hello}", "rtf"),
        (b"HWP Document File V3.00 \x1a\x01\x02", "hwp3"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpeg"),
        (b"II*\x00\x08\x00\x00\x00", "tiff"),
        (png_of(1, 1), "png"),
        (b"<?xml version='1.0'?><HWPML Version='2.8'></HWPML>", "hwpml"),
        (b"<?xml version='1.0'?><!-- a --><!DOCTYPE x [<!ENTITY a 'b'>]><x/>", "xml"),
        (b"<!DOCTYPE html><p>hello", "html"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "xml"),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "html"),
        (b"<p>one</p><p>two</p>", "html"),
        (b"<note><to>a</to></note>", "xml"),
        (b'{"a": [1, 2]}', "json"),
        (b'[1, 2, {"a": null}]', "json"),
        (b'{"a": 1}\n{"a": 2}\n', "jsonl"),
        (b"[section]\nkey = value\n", "text"),
        (b"From: a@b.kr\r\nTo: c@d.kr\r\nSubject: x\r\n\r\nbody", "eml"),
        (b"# Title\n\nbody\n", "markdown"),
        (b"a\tb\tc\n1\t2\t3\n4\t5\t6\n", "tsv"),
        (b"a,b,c\n1,2,3\n4,5,6\n", "csv"),
        (b"Dear all, thank you, see you.\nRegards, me\nPS, nothing\n", "text"),
        (b"", "empty"),
        (b"\x00" * 500, "empty"),
        (b" \r\n\t", "empty"),
        (b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00", "unknown"),
        (random.Random(1).randbytes(5000), "unknown"),
        (b"MZ\x90\x00\x03\x00\x00\x00\x04" + bytes(200), "unknown"),
    ],
)
def test_a_name_is_not_needed(data: bytes, format: str) -> None:
    assert sniff(data).format == format


def test_packages_are_told_apart_by_what_they_hold() -> None:
    found = {name: sniff(data, name).format for name, data in seeds().items() if data.startswith(b"PK")}
    assert found == {
        "문서.docx": "docx",
        "표.xlsx": "xlsx",
        "발표.pptx": "pptx",
        "문서.odt": "odt",
        "문서.hwpx": "hwpx",
        "편람.epub": "epub",
        "묶음.zip": "zip",
    }


def test_a_package_cut_short_is_still_told_by_the_names_in_it() -> None:
    whole = seeds()["문서.docx"]
    for size in (len(whole) - 200, 300):
        assert sniff(whole[:size], "문서.docx").format == "docx"


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_of_files_is_told_packed_or_not(mode: str) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo("a.txt")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    assert sniff(out.getvalue(), "a.tgz").format == "tar"


def test_something_packed_that_is_no_archive_is_named_as_what_it_is() -> None:
    found = sniff(gzip.compress(b"text"), "a.gz")
    assert (found.format, found.looks_like) == ("unknown", "gzip")


@pytest.mark.parametrize(
    ("name", "data", "claimed"),
    [
        ("보고서.hwp", b"%PDF-1.7", "hwp"),
        ("보고서.pdf", seeds()["문서.docx"], "pdf"),
        ("보고서.hwp", seeds()["문서.hwpx"], "hwp"),
        ("표.xls", b"<html><table><tr><td>1</td></tr></table></html>", "xls"),
        ("보고서.pdf", b"%PDF-1.7", ""),
        ("보고서.PDF", b"%PDF-1.7", ""),
        ("안내.md", b"plain words", ""),
        ("기록.log", b"# not a heading, a comment", ""),
        ("코드.java", b"class A {}", ""),
        ("자료.json", b"plain words", "json"),
        ("이름", b"%PDF-1.7", ""),
    ],
)
def test_an_extension_that_contradicts_the_content_is_reported(name: str, data: bytes, claimed: str) -> None:
    assert sniff(data, name).claimed == claimed


@pytest.mark.parametrize(
    ("data", "product"),
    [
        (b"\x9b DRMONE  This Document is encrypted and protected by Fasoo DRM", "Fasoo DRM"),
        (b"SCDSA002" + bytes(100), "SoftCamp Document Security"),
        (b"<## NASCA DRM FILE - VER1.00 ##>", "NASCA DRM"),
    ],
)
def test_a_file_sealed_by_document_security_is_named_with_its_product(data: bytes, product: str) -> None:
    assert sniff(data, "보고서.docx").locked == product


@given(st.binary(max_size=3000), st.sampled_from([*EXTENSIONS, "", "exe"]))
def test_any_bytes_have_a_format(data: bytes, ending: str) -> None:
    assert sniff(data, f"a.{ending}").format in {*EXTENSIONS, "unknown", "empty"}


@given(st.data())
def test_a_sound_file_with_a_few_wrong_bytes_still_has_a_format(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(seeds())))
    sound = bytearray(seeds()[name])
    for _ in range(data.draw(st.integers(0, 6))):
        sound[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    assert sniff(bytes(sound), name).format in {*EXTENSIONS, "unknown", "empty"}


def test_a_pdf_is_a_pdf_and_a_zip_a_zip() -> None:
    assert sniff(pdf_of(["a"])).format == "pdf"
    assert sniff(zip_of({"a/b.txt": b"x"})).format == "zip"
