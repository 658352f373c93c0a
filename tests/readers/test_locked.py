"""Files locked with a password: Office packages, OpenDocument of three generations, books with and without a lock."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import zipfile
import zlib

import msoffcrypto
import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import Blowfish
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msoffcrypto.format.ooxml import OOXMLFile

from jihwi.errors import FileLocked
from jihwi.readers import Hint, Limits
from jihwi.readers.pipeline import read_bytes
from jihwi.testing.seeds import seeds, zip_of
from tests.readers.asking import read, texts

PASSWORD = "비밀 번호 7"
TEXT = "공사기간은 9월 30일까지이다."


# ── Office ──


def locked_office(data: bytes, password: str = PASSWORD) -> bytes:
    grown, made = io.BytesIO(data), io.BytesIO()
    with zipfile.ZipFile(grown, "a") as archive:  # what locks it here makes faulty files of very small ones
        archive.writestr("customXml/item1.bin", os.urandom(8000))
    OOXMLFile(io.BytesIO(grown.getvalue())).encrypt(password, made)
    assert msoffcrypto.OfficeFile(io.BytesIO(made.getvalue())).is_encrypted()
    return made.getvalue()


@pytest.mark.parametrize("name", ["문서.docx", "표.xlsx", "발표.pptx"])
def test_a_password_opens_an_office_file_that_is_locked_as_a_whole(name: str) -> None:
    sound = next(data for found, data in seeds().items() if found.endswith(name[-5:]))
    data = locked_office(sound)
    plain = read_bytes(sound, Hint(path=name), Limits())
    opened = read_bytes(data, Hint(path=name, password=PASSWORD), Limits())
    assert opened.reading is not None
    assert plain.reading is not None
    assert opened.reading.text == plain.reading.text
    assert (opened.format, opened.grade, opened.size) == (plain.format, plain.grade, len(data))


@pytest.mark.parametrize("password", ["", "other"])
def test_without_the_right_password_an_office_file_is_graded_locked_and_says_so_once(password: str) -> None:
    data = locked_office(seeds()["문서.docx"])
    outcome = read_bytes(data, Hint(path="문서.docx", password=password), Limits())
    assert (outcome.grade, [one.code for one in outcome.remarks]) == ("E", ["file_locked"])


def test_a_locked_office_file_that_is_damaged_is_no_crash() -> None:
    data = bytearray(locked_office(seeds()["문서.docx"]))
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    outcome = read_bytes(bytes(data), Hint(path="문서.docx", password=PASSWORD), Limits())
    assert outcome.grade in ("E", "F")
    assert outcome.remarks[0].code in ("file_locked", "file_broken")


def test_a_lock_described_in_broken_xml_is_a_broken_file_and_no_crash() -> None:
    data = locked_office(seeds()["문서.docx"])
    data = data.replace(b"<keyEncryptors>", b"<keyEncryptors<")
    outcome = read_bytes(data, Hint(path="문서.docx", password=PASSWORD), Limits())
    assert (outcome.grade, outcome.remarks[0].code) == ("F", "file_broken")


def test_a_file_whose_program_opens_it_without_asking_is_opened_without_asking() -> None:
    sound = next(data for name, data in seeds().items() if name.endswith(".xlsx"))
    data = locked_office(sound, "VelvetSweatshop")
    for password in ("", "other"):
        outcome = read_bytes(data, Hint(path="표.xlsx", password=password), Limits())
        assert (outcome.format, outcome.grade) == ("xlsx", "A")


def test_a_lock_that_asks_for_endless_hashing_is_not_even_tried() -> None:
    data = locked_office(seeds()["문서.docx"]).replace(b'spinCount="100000"', b'spinCount="4000000000"')
    for password in ("", PASSWORD):
        outcome = read_bytes(data, Hint(path="문서.docx", password=password), Limits())
        assert (outcome.grade, outcome.remarks[0].code) == ("E", "file_locked")
    assert outcome.seconds < 60, "it would take hours"


# ── OpenDocument ──

CONTENT = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
    f"<text:p>{TEXT}</text:p></office:text></office:body></office:document-content>"
).encode()
SPACE = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"


def deflated(data: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(data) + machine.flush()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def entry(name: str, algorithm: str, vector: bytes, derivation: str, start: str, checksum: str = "") -> str:
    return (
        f'<manifest:file-entry manifest:full-path="{name}"><manifest:encryption-data {checksum}>'
        f'<manifest:algorithm manifest:algorithm-name="{algorithm}" manifest:initialisation-vector="{b64(vector)}"/>'
        f"<manifest:key-derivation {derivation}/>{start}</manifest:encryption-data></manifest:file-entry>"
    )


def locked_package(name: str, data: bytes, listed: str) -> bytes:
    manifest = f'<manifest:manifest xmlns:manifest="{SPACE}" xmlns:loext="urn:x">{listed}</manifest:manifest>'
    return zip_of(
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            name: data,
            "META-INF/manifest.xml": manifest.encode(),
        }
    )


def by_blowfish() -> bytes:
    """As before ODF 1.2: SHA-1, PBKDF2, Blowfish."""
    salt, vector, plain = os.urandom(16), os.urandom(8), deflated(CONTENT)
    key = hashlib.pbkdf2_hmac("sha1", hashlib.sha1(PASSWORD.encode()).digest(), salt, 1024, 16)
    machine = Cipher(Blowfish(key), CFB(vector)).encryptor()
    checksum = f'manifest:checksum-type="SHA1/1K" manifest:checksum="{b64(hashlib.sha1(plain[:1024]).digest())}"'
    derivation = (
        f'manifest:key-derivation-name="PBKDF2" manifest:key-size="16" manifest:iteration-count="1024" '
        f'manifest:salt="{b64(salt)}"'
    )
    listed = entry("content.xml", "Blowfish CFB", vector, derivation, "", checksum)
    return locked_package("content.xml", machine.update(plain) + machine.finalize(), listed)


def by_aes() -> bytes:
    """ODF 1.2: SHA-256, PBKDF2, AES-256 in CBC mode, padded."""
    salt, vector, plain = os.urandom(16), os.urandom(16), deflated(CONTENT)
    key = hashlib.pbkdf2_hmac("sha1", hashlib.sha256(PASSWORD.encode()).digest(), salt, 100_000, 32)
    fill = 16 - len(plain) % 16
    machine = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    digest = b64(hashlib.sha256(plain[:1024]).digest())
    checksum = f'manifest:checksum-type="{SPACE}#sha256-1k" manifest:checksum="{digest}"'
    derivation = f'manifest:key-size="32" manifest:iteration-count="100000" manifest:salt="{b64(salt)}"'
    start = '<manifest:start-key-generation manifest:start-key-generation-name="http://x#sha256"/>'
    listed = entry("content.xml", "http://www.w3.org/2001/04/xmlenc#aes256-cbc", vector, derivation, start, checksum)
    return locked_package("content.xml", machine.update(plain + bytes([fill]) * fill) + machine.finalize(), listed)


def as_a_whole(memory_kib: int = 1024) -> bytes:
    """LibreOffice since 24.2: the package in one part, Argon2id, AES-256 in GCM mode."""
    salt, vector = os.urandom(16), os.urandom(12)
    inner = zip_of({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": CONTENT})
    start_key = hashlib.sha256(PASSWORD.encode()).digest()
    key = Argon2id(salt=salt, length=32, iterations=2, lanes=1, memory_cost=1024).derive(start_key)
    derivation = (
        'manifest:key-derivation-name="urn:x:argon2id" manifest:key-size="32" loext:argon2-iterations="2" '
        f'loext:argon2-memory="{memory_kib}" loext:argon2-lanes="1" manifest:salt="{b64(salt)}"'
    )
    start = '<manifest:start-key-generation manifest:start-key-generation-name="http://x#sha256"/>'
    listed = entry("encrypted-package", "http://www.w3.org/2009/xmlenc11#aes256-gcm", vector, derivation, start)
    locked = vector + AESGCM(key).encrypt(vector, deflated(inner), None)
    return locked_package("encrypted-package", locked, listed)


@pytest.mark.parametrize("made", [by_blowfish, by_aes, as_a_whole])
def test_a_password_opens_open_documents_of_every_generation(made: object) -> None:
    assert callable(made)
    data = made()
    assert texts(read("odt", data, password=PASSWORD)) == [TEXT]
    for wrong in ("", "other"):
        with pytest.raises(FileLocked):
            read("odt", data, password=wrong)


def test_a_lock_that_would_eat_the_machine_is_not_opened() -> None:
    outcome = read_bytes(as_a_whole(memory_kib=64 << 20), Hint(path="a.odt", password=PASSWORD), Limits())
    assert (outcome.grade, outcome.remarks[0].code) == ("F", "file_broken")


# ── EPUB ──


def book(encryption: str = "") -> bytes:
    chapter = "<html><body><h1>{}</h1><p>{}</p></body></html>"
    parts = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": b'<container><rootfile full-path="OEBPS/book.opf"/></container>',
        "OEBPS/book.opf": (
            '<package xmlns:dc="dc"><metadata><dc:title>업무 편람</dc:title><dc:creator>총무과</dc:creator></metadata>'
            '<manifest><item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="a" href="%EA%B0%80.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="c" href="gone.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/></spine></package>'
        ).encode(),
        "OEBPS/two.xhtml": chapter.format("제2장", "둘째 글").encode(),
        "OEBPS/가.xhtml": chapter.format("제1장", "첫째 글").encode(),
    }
    if encryption:
        parts["META-INF/encryption.xml"] = f'<encryption><CipherReference URI="{encryption}"/></encryption>'.encode()
    return zip_of(parts)


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    reading = read("epub", book(encryption="OEBPS/font.otf"))
    assert texts(reading) == ["제1장", "첫째 글", "제2장", "둘째 글"]
    assert [block.level for block in reading.blocks if block.kind == "heading"] == [1, 1]
    assert (reading.metadata.title, reading.metadata.author) == ("업무 편람", "총무과")
    assert [warning.code for warning in reading.warnings] == ["part_missing"]


def test_a_book_whose_text_is_locked_says_so() -> None:
    with pytest.raises(FileLocked):
        read("epub", book(encryption="OEBPS/two.xhtml"))
