"""HWPX packages of every make: the spine, locks, tracked changes, damage, hostile XML."""

from __future__ import annotations

import io
import zipfile

import pytest

from jihwi.errors import FileBroken, FileLocked, FileTooLarge, ReadingError
from jihwi.readers import Limits
from jihwi.readers.hancom import Document, Paragraph, Section
from jihwi.testing.hwp import Heading, simple_document
from jihwi.testing.hwpx import hwpx, package
from tests.readers.hancom.documents import everything, read_hwpx, shown

DOCUMENT = simple_document(Heading("총칙"), "본문 한 문단", [["항목", "금액"], ["인건비", "100"]])
TEXT = "총칙\n본문 한 문단\n항목\t금액\n인건비\t100"
HP = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section"'


def section(body: str, declaration: str = "") -> bytes:
    """A package without spine whose one section holds `body` in a run."""
    text = f"{declaration}<hs:sec {HP}><hp:p><hp:run>{body}</hp:run></hp:p></hs:sec>"
    return package({"Contents/section0.xml": text})


def test_sections_come_in_the_order_of_the_spine() -> None:
    document = Document(tuple(Section((Paragraph(text),)) for text in ("가", "나", "다")))
    assert read_hwpx(hwpx(document, spine=[2, 0, 1])).text == "다\n가\n나"


def test_without_a_spine_they_come_by_number() -> None:
    parts = {
        f"Contents/section{n}.xml": f"<hs:sec {HP}><hp:p><hp:run><hp:t>{n}</hp:t></hp:run></hp:p></hs:sec>"
        for n in (10, 9)
    }
    assert read_hwpx(package(parts)).text == "9\n10"


def test_a_password_opens_a_locked_package() -> None:
    assert read_hwpx(hwpx(DOCUMENT, password="비밀 번호"), password="비밀 번호").text == TEXT


@pytest.mark.parametrize("given", ["", "틀린 암호"])
def test_without_the_right_password_it_stays_locked(given: str) -> None:
    with pytest.raises(FileLocked):
        read_hwpx(hwpx(DOCUMENT, password="비밀 번호"), password=given)


def test_tracked_deletions_are_hidden_and_counted() -> None:
    body = (
        "<hp:t>남은 <hp:deleteBegin Id='1'/>지운 글<hp:tab/>모두<hp:deleteEnd Id='1'/>글과 "
        "<hp:insertBegin Id='2'/>넣은 글<hp:insertEnd Id='2'/></hp:t>"
    )
    reading = read_hwpx(section(body))
    assert reading.text == "남은 글과 넣은 글"
    assert [(w.code, w.count) for w in reading.warnings] == [("tracked_deletion_hidden", 1)]


def test_a_deletion_that_runs_over_paragraphs_stays_hidden() -> None:
    text = (
        f"<hs:sec {HP}><hp:p><hp:run><hp:t>앞<hp:deleteBegin/>지움</hp:t></hp:run></hp:p>"
        "<hp:p><hp:run><hp:t>지움<hp:deleteEnd/>뒤</hp:t></hp:run></hp:p></hs:sec>"
    )
    assert read_hwpx(package({"Contents/section0.xml": text})).text == "앞\n뒤"


def test_what_stands_in_a_tracked_deletion_is_hidden_with_it() -> None:
    inner = "<hp:subList><hp:p><hp:run><hp:t>지운 글</hp:t></hp:run></hp:p></hp:subList>"
    table = f"<hp:tbl><hp:tr><hp:tc>{inner}</hp:tc></hp:tr></hp:tbl>"
    note = f"<hp:ctrl><hp:footNote>{inner}</hp:footNote></hp:ctrl>"
    box = '<hp:checkBtn caption="지운 상자" value="CHECKED"/>'
    body = f"<hp:t>앞<hp:deleteBegin/>지움</hp:t>{table}{note}{box}<hp:t>지움<hp:deleteEnd/>뒤</hp:t>"
    assert shown(read_hwpx(section(body))) == [("paragraph", "앞뒤")]
    ended = f"<hp:t>앞<hp:deleteBegin/></hp:t>{note}<hp:ctrl><hp:deleteEnd/></hp:ctrl><hp:t>뒤</hp:t>"
    assert shown(read_hwpx(section(ended))) == [("paragraph", "앞뒤")]


def test_marks_inside_text_become_characters() -> None:
    body = "<hp:t>가<hp:tab/>나<hp:lineBreak/>다<hp:nbSpace/>라<hp:fwSpace/>마<hp:hyphen/>바<hp:markpenBegin/>사</hp:t>"
    assert read_hwpx(section(body)).text == "가\t나\n다\u00a0라 마-바사"


def test_check_boxes_stand_in_the_line() -> None:
    body = '<hp:checkBtn caption="동의" value="CHECKED"/><hp:t> </hp:t><hp:radioBtn caption="거부" value="UNCHECKED"/>'
    assert read_hwpx(section(body)).text == "☑ 동의 ☐ 거부"


def test_the_sign_that_a_caption_doubles_is_one() -> None:
    body = '<hp:checkBtn caption="R&amp;&amp;D 연계" value="UNCHECKED"/>'
    assert read_hwpx(section(body)).text == "☐ R&D 연계"


def test_other_years_of_the_standard_are_the_same_words() -> None:
    text = section("<hp:t>같은 글</hp:t>")
    with zipfile.ZipFile(io.BytesIO(text)) as archive:
        body = archive.read("Contents/section0.xml").decode()
    newer = body.replace("http://www.hancom.co.kr/hwpml/2011", "http://www.owpml.org/owpml/2024")
    assert read_hwpx(package({"Contents/section0.xml": newer})).text == "같은 글"


def test_entities_are_not_expanded() -> None:
    declaration = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    )
    reading = read_hwpx(section("&b;<hp:t>앞&b;&f;뒤</hp:t>&f;</hp:run>&b;<hp:run>", declaration))
    assert reading.text == "앞뒤"
    assert "a" not in reading.text
    assert "root" not in reading.text


def test_broken_xml_is_read_as_far_as_it_goes_and_says_so() -> None:
    text = f"<hs:sec {HP}><hp:p><hp:run><hp:t>앞</hp:t></hp:run></hp:p><hp:p><hp:run><hp:t>뒤</hp:run></hp:p>"
    reading = read_hwpx(package({"Contents/section0.xml": text}))
    assert reading.text.startswith("앞")
    assert "xml_repaired" in [w.code for w in reading.warnings]


def test_what_looks_like_an_entity_and_is_none_keeps_its_letters_wherever_it_stands() -> None:
    reading = read_hwpx(section("<hp:t>연구</hp:t>&nope;<hp:t>R&D; 계획<hp:tab/>&x;끝</hp:t></hp:run>&nope;<hp:run>"))
    assert reading.text.replace("\t", " ") == "연구R&D; 계획 &x;끝"
    assert "xml_repaired" in [w.code for w in reading.warnings]
    many = read_hwpx(section(f"<hp:t>앞{'&x;' * 200_000}뒤</hp:t>"))
    assert many.text == f"앞{'&x;' * 200_000}뒤"


def test_a_missing_section_is_named() -> None:
    document = Document(tuple(Section((Paragraph(text),)) for text in ("가", "나")))
    whole = zipfile.ZipFile(io.BytesIO(hwpx(document)))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in whole.namelist():
            if name != "Contents/section1.xml":
                archive.writestr(name, whole.read(name))
    reading = read_hwpx(buffer.getvalue())
    assert reading.text == "가"
    assert [(w.code, w.detail) for w in reading.warnings] == [("part_missing", "Contents/section1.xml")]


def test_a_bomb_is_stopped_at_the_limit() -> None:
    with pytest.raises(FileTooLarge):
        read_hwpx(section(f"<hp:t>{'가' * 400_000}</hp:t>"), limits=Limits(output_characters=10_000))


def test_no_text_comes_from_the_preview() -> None:
    data = package({"Contents/section0.xml": f"<hs:sec {HP}/>", "Preview/PrvText.txt": "미리보기"})
    assert read_hwpx(data).text == ""


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip", package({"other.xml": "<a/>"})])
def test_what_is_no_package_is_said_to_be_broken(data: bytes) -> None:
    with pytest.raises(FileBroken):
        read_hwpx(data)


def test_every_truncation_is_a_reading_or_a_reading_error() -> None:
    data = hwpx(everything())
    for length in range(0, len(data), 61):
        try:
            shown(read_hwpx(data[:length]))
        except ReadingError:
            continue
