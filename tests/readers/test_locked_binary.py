"""Locked files of the binary Office formats: opened with their password, or with the one no program asks for."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

import olefile
import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from jihwi.errors import FileBroken, FileLocked
from jihwi.readers import Hint, Limits
from jihwi.readers.office_locks import unlocked
from jihwi.readers.pipeline import read_bytes
from jihwi.testing.compound_file import compound_file
from jihwi.testing.seeds import seeds
from tests.readers.asking import read, texts

PASSWORD = "비밀 번호 7"
UNASKED_OF_EXCEL, UNASKED_OF_POWERPOINT = "VelvetSweatshop", "/01Hannes Ruescher/01"
SALT = bytes(range(16))


def rc4(key: bytes, data: bytes) -> bytes:
    return Cipher(ARC4(key), mode=None).encryptor().update(data)


def streams_of(data: bytes) -> dict[str, bytes]:
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        return {"/".join(path): file.openstream(path).read() for path in file.listdir()}


# ── PPT: RC4 CryptoAPI, object by object ──


def record(kind: int, body: bytes, version: int = 0) -> bytes:
    return struct.pack("<HHI", version, kind, len(body)) + body


def presentation(objects: Mapping[int, bytes]) -> dict[str, bytes]:
    """The streams of a presentation that is not locked: its objects by number, lying in the order given."""
    document, places = b"", {}
    for number, body in objects.items():
        places[number] = len(document)
        document += body
    directory = b"".join(struct.pack("<II", number | 1 << 20, place) for number, place in places.items())
    edit = struct.pack("<IHBBIIIIHH", 0, 0, 0, 3, 0, len(document), 1, max(objects), 1, 0)
    last = len(document) + 8 + len(directory)
    user = struct.pack("<IIIHHBBH", 20, 0xE391C05F, last, 0, 0x03F4, 3, 0, 0)
    return {
        "PowerPoint Document": document + record(0x1772, directory) + record(0x0FF5, edit),
        "Current User": record(0x0FF6, user),
    }


def key_of(password: str, number: int, bits: int) -> bytes:
    start = hashlib.sha1(SALT + password.encode("utf-16-le")).digest()
    key = hashlib.sha1(start + struct.pack("<I", number)).digest()[: bits // 8]
    return key + bytes(11) if bits == 40 else key


def session_of(password: str, bits: int) -> bytes:
    """The record that says how a presentation is locked."""
    verifier = os.urandom(16)
    locked = rc4(key_of(password, 0, bits), verifier + hashlib.sha1(verifier).digest())
    header = struct.pack("<8I", 4, 0, 0x6801, 0x8004, bits, 1, 0, 0) + "Base Provider\0".encode("utf-16-le")
    info = struct.pack("<HHII", 2, 2, 4, len(header)) + header
    info += struct.pack("<I", 16) + SALT + locked[:16] + struct.pack("<I", 20) + locked[16:]
    return record(0x2F14, info, version=0xF)


def locked_presentation(plain: Mapping[str, bytes], password: str, bits: int = 128) -> bytes:
    """The presentation locked as PowerPoint locks it; its last object is not the one that holds the lock."""
    document, user = bytearray(plain["PowerPoint Document"]), bytearray(plain["Current User"])
    (edit,) = struct.unpack_from("<I", user, 16)
    (directory,) = struct.unpack_from("<I", document, edit + 20)
    (size,) = struct.unpack_from("<I", document, directory + 4)
    places, at = {}, directory + 8
    while at < directory + 8 + size:
        (first,) = struct.unpack_from("<I", document, at)
        for step in range(first >> 20):
            (places[(first & 0xFFFFF) + step],) = struct.unpack_from("<I", document, at + 4 + 4 * step)
        at += 4 + 4 * (first >> 20)
    for number, place in places.items():
        end = place + 8 + int(struct.unpack_from("<I", document, place + 4)[0])
        document[place:end] = rc4(key_of(password, number, bits), bytes(document[place:end]))
    session, whole = max(places) + 1, bytes(document[: min(edit, directory)])
    listed = {session: len(whole), **places}
    whole += session_of(password, bits)
    entries = b"".join(struct.pack("<II", number | 1 << 20, place) for number, place in listed.items())
    last = bytearray(document[edit : edit + 36]) + struct.pack("<I", session)
    struct.pack_into("<I", last, 4, 0x20)
    struct.pack_into("<I", last, 20, len(whole))
    whole += record(0x1772, entries)
    struct.pack_into("<II", user, 12, 0xF3D1C4DF, len(whole))
    return compound_file({**plain, "PowerPoint Document": whole + bytes(last), "Current User": bytes(user)})


OBJECTS = {
    2: record(0x03EE, "둘째 쪽".encode("utf-16-le") * 900),
    1: record(0x03E8, "공사기간은 9월 30일까지이다.".encode("utf-16-le") * 300),
    7: record(0x03F8, b"notes" * 10),
}
"""Not in the order of their numbers, and with numbers between them that are not there."""


@pytest.mark.parametrize("bits", [40, 128])
def test_every_object_of_a_locked_presentation_is_opened_wherever_it_lies(bits: int) -> None:
    plain = presentation(OBJECTS)
    opened = streams_of(unlocked(locked_presentation(plain, PASSWORD, bits), "발표.ppt", PASSWORD))
    assert opened["PowerPoint Document"].startswith(b"".join(OBJECTS.values()))
    assert opened["Current User"][12:16] == plain["Current User"][12:16]


def test_a_presentation_asks_for_its_password_and_refuses_another() -> None:
    data = locked_presentation(presentation(OBJECTS), PASSWORD)
    for password in ("", "other"):
        outcome = read_bytes(data, Hint(path="발표.ppt", password=password), Limits())
        assert (outcome.format, outcome.grade, [one.code for one in outcome.remarks]) == ("ppt", "E", ["file_locked"])


def test_a_presentation_locked_in_no_known_way_or_damaged_is_told_apart() -> None:
    data = locked_presentation(presentation(OBJECTS), PASSWORD)
    with pytest.raises(FileLocked):
        unlocked(data.replace(struct.pack("<I", 0x6801), struct.pack("<I", 0x660E)), "발표.ppt", PASSWORD)
    streams = streams_of(data)
    streams["PowerPoint Document"] = streams["PowerPoint Document"][:100] + bytes(5000)
    with pytest.raises((FileBroken, FileLocked)):
        unlocked(compound_file(streams), "발표.ppt", PASSWORD)


@pytest.mark.needs("soffice")
def test_a_locked_presentation_is_read_whole_through_the_real_program(tmp_path: Path) -> None:
    slides = next(data for name, data in seeds().items() if name.endswith(".pptx"))
    (tmp_path / "발표.pptx").write_bytes(slides)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "ppt", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "발표.pptx")], capture_output=True, check=True, timeout=600)
    plain = (tmp_path / "발표.ppt").read_bytes()
    locked = locked_presentation(streams_of(plain), UNASKED_OF_POWERPOINT)
    patient = Limits(seconds=600.0)
    assert texts(read("ppt", locked, limits=patient)) == texts(read("ppt", plain, limits=patient)) != []


# ── XLS: RC4 with a key every 1,024 bytes ──


def excel_key(password: str, block: int) -> bytes:
    first = hashlib.md5(password.encode("utf-16-le")).digest()[:5]
    whole = hashlib.md5((first + SALT) * 16).digest()[:5]
    return hashlib.md5(whole + struct.pack("<I", block)).digest()


def workbook(password: str) -> tuple[bytes, bytes]:
    """A workbook's stream as it is, and locked: what its record headers say stays to be seen."""
    verifier = bytes(reversed(range(16)))
    told = rc4(excel_key(password, 0), verifier + hashlib.md5(verifier).digest())
    lock = struct.pack("<HHHHH", 0x2F, 54, 1, 1, 1) + SALT + told
    plain = [(0x0204, struct.pack("<HHH", row, 0, 15) + b"amount %04d" % row) for row in range(400)]
    start = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 5, 0x0DBB, 0x07CC, 0, 6)
    records = b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in plain)
    bodies = b"".join(bytes(4) + body for _, body in plain)
    whole, size = start + lock + records, len(start + lock)
    padded = bytes(size) + bodies
    mask = b"".join(rc4(excel_key(password, at // 1024), padded[at : at + 1024]) for at in range(0, len(padded), 1024))
    locked = bytearray(whole)
    at = size
    for _, body in plain:
        locked[at + 4 : at + 4 + len(body)] = mask[at + 4 : at + 4 + len(body)]
        at += 4 + len(body)
    return whole, bytes(locked)


@pytest.fixture
def converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a stand-in for LibreOffice, which knows no password, puts what it was given to convert."""
    (tmp_path / "made.xlsx").write_bytes(next(data for name, data in seeds().items() if name.endswith(".xlsx")))
    program = tmp_path / "soffice"
    program.write_text(
        '#!/bin/sh\nfor last; do [ "$before" = --outdir ] && out=$last; before=$last; done\n'
        f'cp "$last" "{tmp_path}/given"; cp "{tmp_path}/made.xlsx" "$out/document.xlsx"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    return tmp_path / "given"


@pytest.mark.parametrize(("password", "given"), [(PASSWORD, PASSWORD), (UNASKED_OF_EXCEL, "")])
def test_a_locked_workbook_is_opened_before_it_is_converted(converted: Path, password: str, given: str) -> None:
    plain, locked = workbook(password)
    reading = read("xls", compound_file({"Workbook": locked}), password=given)
    assert reading.blocks
    opened = streams_of(converted.read_bytes())["Workbook"]
    assert opened[-400:] == plain[-400:]


@pytest.mark.parametrize("password", ["", "other"])
def test_a_workbook_asks_for_its_password_and_refuses_another(password: str) -> None:
    _, locked = workbook(PASSWORD)
    data = compound_file({"Workbook": locked})
    outcome = read_bytes(data, Hint(path="예산.xls", password=password), Limits())
    assert (outcome.grade, [one.code for one in outcome.remarks]) == ("E", ["file_locked"])


@pytest.mark.parametrize("stream", ["Book", "WordDocument"])
def test_locks_of_office_95_are_named_and_not_called_damage(stream: str) -> None:
    head = {
        "Book": struct.pack("<HHHHHH", 0x0809, 8, 0x0500, 5, 0, 0) + struct.pack("<HHHH", 0x2F, 4, 0, 0),
        "WordDocument": b"\xdc\xa5\x65\x00" + bytes(6) + b"\x00\x01",
    }[stream]
    data = compound_file({stream: head + bytes(5000)})
    outcome = read_bytes(data, Hint(path="옛것", password=PASSWORD), Limits())
    assert (outcome.grade, [one.code for one in outcome.remarks]) == ("E", ["file_locked"])
    assert "Office 95" in outcome.remarks[0].params["detail"]
