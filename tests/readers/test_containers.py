"""Mail and archives: their parts become documents of their own, within limits."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from email.message import EmailMessage
from typing import Any

import pytest

from jihwi.errors import FileBroken, FileLocked
from jihwi.readers import Hint, Limits, Outcome
from jihwi.readers.mail.msg import unpack_rtf
from jihwi.readers.pipeline import read_bytes
from jihwi.readers.words import say
from jihwi.testing.compound_file import compound_file
from tests.readers.asking import opened, read, texts, warned


def mail() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "예산 검토 요청"
    message["From"] = "김담당 <kim@example.org>"
    message["To"] = "이주무 <lee@example.org>"
    message["Date"] = "Mon, 05 Jan 2026 09:00:00 +0900"
    message.set_content("붙임을 검토해 주십시오.\n")
    return message


def test_a_mail_shows_its_subject_envelope_and_body() -> None:
    reading = read("eml", mail().as_bytes())
    assert [(b.kind, reading.block_text(i)) for i, b in enumerate(reading.blocks)] == [
        ("heading", "예산 검토 요청"),
        ("header", "From: 김담당 <kim@example.org>"),
        ("header", "To: 이주무 <lee@example.org>"),
        ("header", "Date: Mon, 05 Jan 2026 09:00:00 +0900"),
        ("paragraph", "붙임을 검토해 주십시오."),
    ]
    assert (reading.metadata.title, reading.metadata.created) == ("예산 검토 요청", "2026-01-05T09:00:00+09:00")


def test_the_richer_body_is_read_and_attachments_come_apart() -> None:
    message = mail()
    message.add_alternative("<h2>검토</h2><p>붙임 <b>참고</b></p>", subtype="html")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="예산안.pdf")
    message.add_attachment(mail())
    result = opened("eml", message.as_bytes())
    assert texts(result.reading)[-2:] == ["검토", "붙임 참고"]
    assert [a.name for a in result.attachments] == ["예산안.pdf", "예산 검토 요청.eml"]


def test_old_mail_without_any_declaration_is_still_korean() -> None:
    raw = "Subject: 회의 안내드립니다\nFrom: 김\n\n내일 회의가 있습니다.\n".encode("cp949")
    assert texts(read("eml", raw)) == ["회의 안내드립니다", "From: 김", "내일 회의가 있습니다."]


def test_names_in_raw_bytes_are_korean_and_an_attachment_that_came_empty_is_told() -> None:
    head = b"Subject: x\nFrom: a@b.kr\nTo: b@c.kr\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    raw = b'--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename="%s"\n\nbody\n'
    spoilt = b"--b\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n\n--b--\n"
    result = opened("eml", head + raw % "예산 자료.txt".encode("cp949") + spoilt)
    assert [part.name for part in result.attachments] == ["예산 자료.txt"]
    assert [(one.code, one.detail) for one in result.reading.warnings] == [("attachment_broken", "a.pdf")]


def test_a_broken_mail_inside_a_mail_costs_only_itself() -> None:
    inside = (
        'Subject: inner\nFrom: a@b.kr\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="no such"\n\n'
        "--x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n속 메일의 본문이다.\n--x--\n"
    )
    head = b"Subject: x\nFrom: a@b.kr\nTo: b@c.kr\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    body = "--b\nContent-Type: text/plain; charset=utf-8\n\n바깥 본문이다.\n".encode()
    data = head + body + b"--b\nContent-Type: message/rfc822\n\n" + inside.encode() + b"--b--\n"
    outcome = outcome_of("a.eml", data)
    assert outcome.reading is not None
    assert "바깥 본문이다." in outcome.reading.text
    assert "reader_crashed" not in told(outcome)


def test_outlook_messages_are_read_from_their_properties() -> None:
    sent = (0x0039 << 16 | 0x40).to_bytes(4, "little") + bytes(4) + (133_800_000_000_000_000).to_bytes(8, "little")
    data = compound_file(
        {
            "__properties_version1.0": bytes(32) + sent,
            "__substg1.0_0037001F": "보고 드립니다".encode("utf-16-le"),
            "__substg1.0_0C1A001E": "김담당".encode("cp949"),
            "__substg1.0_1000001F": "본문입니다.\r\n".encode("utf-16-le"),
            "__attach_version1.0_#00000000/__substg1.0_3707001F": "붙임.txt".encode("utf-16-le"),
            "__attach_version1.0_#00000000/__substg1.0_37010102": b"attached",
        }
    )
    result = opened("msg", data)
    assert texts(result.reading)[:2] == ["보고 드립니다", "From: 김담당"]
    assert texts(result.reading)[-1] == "본문입니다."
    assert result.reading.metadata.created.startswith("2024-12-")
    assert [(a.name, a.data) for a in result.attachments] == [("붙임.txt", b"attached")]


def test_compressed_rtf_bodies_unpack() -> None:
    # The worked example of MS-OXRTFCP 3.1.1: an unpacked header, then references into the words every body starts with.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpack_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def archive(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return made.getvalue()


def test_members_become_documents_and_none_leads_outside() -> None:
    data = archive({"문서/보고.txt": b"1", "../evil.txt": b"2", "/abs.txt": b"3", "C:\\x.txt": b"4"})
    result = opened("zip", data)
    assert [a.name for a in result.attachments] == ["문서/보고.txt", "abs.txt"]
    assert warned(result.reading) == ["path_outside", "path_outside"]
    assert texts(result.reading) == ["문서/보고.txt", "abs.txt"]


def test_names_written_by_korean_windows_are_read() -> None:
    korean = "예산안보고서".encode("cp949")
    data = archive({"x" * len(korean): b"1"}).replace(b"x" * len(korean), korean)
    assert [a.name for a in opened("zip", data).attachments] == ["예산안보고서"]


def test_a_bomb_gives_nothing_and_says_so() -> None:
    data = archive({"bomb.bin": bytes(60 << 20), "small.txt": b"ok"})
    result = opened("zip", data, limits=Limits())
    assert [a.name for a in result.attachments] == ["small.txt"]
    assert warned(result.reading) == ["attachment_bomb"]


def test_tar_in_any_wrapping_without_links() -> None:
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode=mode) as file:
            info = tarfile.TarInfo("회의록.txt")
            info.size = 2
            file.addfile(info, io.BytesIO(b"ok"))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            file.addfile(link)
        result = opened("tar", made.getvalue())
        assert [(a.name, a.data) for a in result.attachments] == [("회의록.txt", b"ok")]
        assert warned(result.reading) == ["link_ignored"]


def outcome_of(name: str, data: bytes, limits: Limits | None = None) -> Outcome:
    return read_bytes(data, Hint(path=name), limits or Limits())


def told(outcome: Outcome) -> dict[str, str]:
    """The remarks by code, with what they name."""
    return {one.code: one.params.get("detail", "") for one in outcome.remarks}


@pytest.mark.parametrize(("ending", "packing"), [("gz", gzip), ("bz2", bz2), ("xz", lzma)])
def test_a_tar_is_known_in_every_wrapping(ending: str, packing: Any) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as packed:
        info = tarfile.TarInfo("글.txt")
        info.size = len(body := "공사기간은 9월까지이다.".encode())
        packed.addfile(info, io.BytesIO(body))
    outcome = outcome_of(f"묶음.tar.{ending}", packing.compress(made.getvalue()))
    assert (outcome.format, outcome.grade, [part.grade for part in outcome.attachments]) == ("tar", "A", ["A"])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"7z\xbc\xaf\x27\x1c" + bytes(50), "7z"),
        (b"ALZ\x01" + bytes(50), "alz"),
        (b"EGGA" + bytes(50), "egg"),
        (b"Rar!\x1a\x07" + bytes(50), "rar"),
        (gzip.compress("낱글".encode(), mtime=0), "gzip"),
    ],
)
def test_an_archive_that_is_not_unpacked_is_to_be_unpacked_by_a_person(data: bytes, name: str) -> None:
    outcome = outcome_of("묶음.bin", data)
    assert (outcome.grade, outcome.remarks[0].code) == ("E", "archive_unknown")
    assert name in say(outcome.remarks[0])[0].lower()
    assert "압축을 풀어" in say(outcome.remarks[0])[1]


def test_a_bomb_beside_a_document_is_called_one_and_costs_only_itself() -> None:
    outcome = outcome_of("a.zip", archive({"big.txt": bytes(100 << 20), "글.txt": "공사기간이다.".encode()}))
    assert told(outcome) == {"attachment_bomb": "big.txt"}
    assert [part.path for part in outcome.attachments] == ["a.zip/글.txt"]


def test_what_lies_too_deep_is_missed_on_every_floor_above_it() -> None:
    data = "가장 속의 글이다.".encode()
    for floor in range(6):
        data = archive({f"{floor}.zip" if floor else "글.txt": data})
    outcome = outcome_of("깊은.zip", data)
    assert (outcome.grade, list(told(outcome))) == ("D", ["attachments_cut"])


def test_odd_members_cost_neither_the_archive_nor_its_grade_when_they_hold_nothing() -> None:
    link = zipfile.ZipInfo("고리.txt")
    link.external_attr = 0o120777 << 16
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("글.txt", "공사기간이다.")
        packed.writestr(link, "/etc/passwd")
        for name in (".DS_Store", "__MACOSX/._글.txt", "폴더/~$글.docx", "폴더/Thumbs.db"):
            packed.writestr(name, b"left behind")
        packed.writestr("빈.txt", b"")
    outcome = outcome_of("a.zip", made.getvalue())
    assert (outcome.grade, list(told(outcome))) == ("A", ["link_ignored"])
    assert [part.path for part in outcome.attachments] == ["a.zip/글.txt", "a.zip/빈.txt"]
    nameless = made.getvalue().replace("글.txt".encode(), b"\x00" * len("글.txt".encode()))
    assert outcome_of("a.zip", nameless).grade != "F"


def test_an_archive_with_nothing_in_it_is_empty_and_holds_no_picture() -> None:
    assert list(told(outcome_of("a.zip", archive({})))) == ["empty_file"]


def test_an_archive_of_locked_members_is_locked() -> None:
    data = bytearray(archive({"a.txt": b"secret" * 10}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    with pytest.raises(FileLocked):
        opened("zip", bytes(data))


@pytest.mark.parametrize("format", ["zip", "tar", "msg"])
def test_rubbish_is_broken(format: str) -> None:
    with pytest.raises(FileBroken):
        opened(format, b"rubbish" * 100)
