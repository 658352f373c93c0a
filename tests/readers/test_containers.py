"""Mail and archives: their parts become documents of their own, within limits."""

from __future__ import annotations

import io
import tarfile
import zipfile
from email.message import EmailMessage

import pytest

from jihwi.errors import FileBroken, FileLocked
from jihwi.readers import Limits
from jihwi.readers.mail.msg import unpack_rtf
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
