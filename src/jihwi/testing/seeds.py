"""One small, sound file of every format that can be written by hand, to try readers with."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import struct
import tarfile
import zipfile
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jihwi.readers.hancom import Document, Paragraph, Section
from jihwi.testing.compound_file import compound_file
from jihwi.testing.hwp import Heading, hwp, simple_document
from jihwi.testing.hwpx import hwpx

__all__ = ["PASSWORD", "locked_seeds", "pdf_of", "png_of", "seeds", "zip_of"]

PASSWORD = "비밀 번호 7"
"""What opens every one of `locked_seeds`."""

_KOREAN = (
    "제1조(목적) 이 규정은 예산의 집행에 필요한 사항을 정함을 목적으로 한다.\n"
    "담당자는 매월 말일까지 결과를 보고하여야 한다.\n"
)


def seeds() -> dict[str, bytes]:
    """A file's name and its bytes, one for each format and each encoding that is read by itself.

    >>> "표.csv" in seeds()
    True
    """
    return {**_texts(), **_data(), **_packages(), **_binaries(), **_hancom()}


def locked_seeds() -> dict[str, bytes]:
    """Files that ask for a password, which is `PASSWORD`; the same bytes each time.

    >>> sorted(locked_seeds())[0]
    '잠긴.docx'
    """
    sound = seeds()
    plain = Document((Section((Paragraph(_KOREAN),)),))
    return {
        "잠긴.docx": _locked_office(sound["문서.docx"]),
        "잠긴.odt": _locked_open_document(),
        "잠긴.hwp": hwp(plain, password=PASSWORD),
        "잠긴.hwpx": hwpx(plain, password=PASSWORD),
    }


def _texts() -> dict[str, bytes]:
    return {
        "메모.utf8.txt": _KOREAN.encode(),
        "메모.cp949.txt": _KOREAN.encode("cp949"),
        "메모.johab.txt": _KOREAN.encode("johab"),
        "메모.utf16.txt": _KOREAN.encode("utf-16"),
        "메모.iso2022.txt": _KOREAN.encode("iso2022_kr"),
        "안내.md": (
            f"# 안내\n\n{_KOREAN}\n| 항목 | 금액 |\n| --- | --- |\n| 인건비 | 100 |\n\n1. 하나\n2. 둘\n"
        ).encode(),
        "공지.html": (
            "<!doctype html><html><head><meta charset=utf-8><title>공지</title></head><body><h1>공지</h1>"
            f"<p>{_KOREAN}</p>"
            "<table><tr><th rowspan=2>가</th><td>나</td></tr><tr><td>다</td></tr></table></body></html>"
        ).encode(),
        "편지.eml": _mail(),
        "글.rtf": rb"{\rtf1\ansi\ansicpg949\deff0{\fonttbl{\f0 Batang;}}\pard\b A\b0\par \u44032?\u45208? text\par}",
        "문서.hml": (
            '<?xml version="1.0" encoding="UTF-8"?><HWPML Version="2.8"><HEAD/><BODY><SECTION><P><TEXT><CHAR>'
            f"{_KOREAN}</CHAR></TEXT></P></SECTION></BODY></HWPML>"
        ).encode(),
    }


def _data() -> dict[str, bytes]:
    return {
        "표.csv": "부서,금액\n총무과,100\n재무과,200\n".encode(),
        "표.tsv": "부서\t금액\n총무과\t100\n재무과\t200\n".encode(),
        "내보내기.json": '{"이름": "예산", "항목": [{"금액": 1}, {"금액": 2}], "깊이": [[[[]]]]}'.encode(),
        "줄.jsonl": '{"번호": 1}\n{"번호": 2}\n'.encode(),
        "자료.xml": '<?xml version="1.0"?><자료><항목 번호="1">가</항목><항목 번호="2">나</항목></자료>'.encode(),
    }


def _packages() -> dict[str, bytes]:
    text = _KOREAN.replace("\n", " ")
    return {
        "문서.docx": zip_of(_ooxml("word/document.xml", _WORD.format(text=text))),
        "표.xlsx": zip_of(_workbook(text)),
        "발표.pptx": zip_of(_presentation(text)),
        "문서.odt": zip_of(
            _open_document("text", f"<text:h text:outline-level='1'>제목</text:h><text:p>{text}</text:p>")
        ),
        "문서.hwpx": zip_of(_hwpx(text)),
        "편람.epub": zip_of(_book(text)),
        "묶음.zip": zip_of({"안/메모.txt": _KOREAN.encode(), "안/표.csv": b"a,b\n1,2\n"}),
        "묶음.tar": _tar({"메모.txt": _KOREAN.encode()}),
        "묶음.tgz": gzip.compress(_tar({"메모.txt": _KOREAN.encode()}), mtime=0),
    }


def _binaries() -> dict[str, bytes]:
    return {
        "문서.pdf": pdf_of(["Budget report 2026", "Second page: 1,000 won"]),
        "그림.png": png_of(40, 20),
        "그림.tiff": struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", 0) + bytes(4),
        "옛.hwp": b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05" + bytes(2000),
        "빈.hwp": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1528),
    }


def _hancom() -> dict[str, bytes]:
    document = simple_document(Heading("제1장 총칙"), _KOREAN, [["항목", "금액"], ["인건비", "100"]])
    return {"문서.hwp": hwp(document), "배포용.hwp": hwp(document, distributed=True)}


# ── locks ────────────────────────────────────────────────────────────────────


def _locked_office(package: bytes) -> bytes:
    """A package under Standard Encryption, AES-128 (MS-OFFCRYPTO 2.3.4.5 to 2.3.4.9), with a salt that is always
    the same."""
    salt = bytes(range(16))
    rolled = hashlib.sha1(salt + PASSWORD.encode("utf-16-le")).digest()
    for turn in range(50_000):
        rolled = hashlib.sha1(struct.pack("<I", turn) + rolled).digest()
    last = hashlib.sha1(rolled + bytes(4)).digest()
    key = hashlib.sha1(bytes(c ^ 0x36 for c in last.ljust(64, b"\0"))).digest()[:16]
    lock = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    checked = b"what proves it  "
    proof = lock.update(checked) + lock.update(hashlib.sha1(checked).digest().ljust(32, b"\0"))
    header = struct.pack("<8I", 0x24, 0, 0x660E, 0x8004, 128, 0x18, 0, 0) + "Jihwi\0".encode("utf-16-le")
    information = struct.pack("<2H2I", 4, 2, 0x24, len(header)) + header + struct.pack("<I", 16) + salt
    information += proof[:16] + struct.pack("<I", 20) + proof[16:]
    body = lock.update(package + bytes(-len(package) % 16))
    return compound_file({"EncryptionInfo": information, "EncryptedPackage": struct.pack("<Q", len(package)) + body})


def _locked_open_document() -> bytes:
    """An ODF 1.2 text: AES-256 in CBC mode, its key by PBKDF2 from the password's SHA-256."""
    made = _open_document("text", f"<text:p>{_KOREAN}</text:p>")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = packer.compress(made["content.xml"]) + packer.flush()
    salt, vector = bytes(range(16)), bytes(range(16, 32))
    key = hashlib.pbkdf2_hmac("sha1", hashlib.sha256(PASSWORD.encode()).digest(), salt, 1000, 32)
    lock = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    filled = plain + bytes(15 - len(plain) % 16) + bytes([16 - len(plain) % 16])
    space, name = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0", "http://www.w3.org/2001/04/xmlenc#"
    manifest = (
        f'<m:manifest xmlns:m="{space}"><m:file-entry m:full-path="content.xml"><m:encryption-data'
        f' m:checksum-type="{space}#sha256-1k" m:checksum="{_base64(hashlib.sha256(plain[:1024]).digest())}">'
        f'<m:algorithm m:algorithm-name="{name}aes256-cbc" m:initialisation-vector="{_base64(vector)}"/>'
        f'<m:key-derivation m:key-derivation-name="PBKDF2" m:key-size="32" m:iteration-count="1000"'
        f' m:salt="{_base64(salt)}"/><m:start-key-generation m:key-size="32" m:start-key-generation-name='
        f'"http://www.w3.org/2000/09/xmldsig#sha256"/></m:encryption-data></m:file-entry></m:manifest>'
    )
    return zip_of(
        {
            "mimetype": made["mimetype"],
            "content.xml": lock.update(filled) + lock.finalize(),
            "META-INF/manifest.xml": manifest.encode(),
        }
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


# ── containers ───────────────────────────────────────────────────────────────


def zip_of(members: dict[str, bytes], first_stored: str = "mimetype") -> bytes:
    """A ZIP archive; the member named `first_stored` is not compressed, as ODF and HWPX ask for."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            kind = zipfile.ZIP_STORED if name == first_stored else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=kind)
    return out.getvalue()


def _tar(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _mail() -> bytes:
    head = (
        "From: a@example.kr\r\nTo: b@example.kr\r\nSubject: =?utf-8?b?67O06rOg?=\r\n"
        "Date: Thu, 1 Jan 2026 09:00:00 +0900\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    )
    body = "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + _KOREAN
    part = (
        '\r\n--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename="a.csv"\r\n\r\n'
        "a,b\r\n1,2\r\n--b--\r\n"
    )
    return (head + body + part).encode()


_WORD = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{text}</w:t>'
    "</w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>가</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>나</w:t></w:r></w:p>"
    "</w:tc></w:tr></w:tbl></w:body></w:document>"
)
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN_TYPES = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "ppt/presentation.xml": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
}


def _ooxml(main: str, content: str, overrides: dict[str, str] | None = None) -> dict[str, bytes]:
    types = {main: _MAIN_TYPES[main], **(overrides or {})}
    parts = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in types.items())
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/'
            f'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            f"{parts}</Types>"
        ).encode(),
        "_rels/.rels": _relations((("rId1", "officeDocument", main),)),
        main: ('<?xml version="1.0" encoding="UTF-8"?>' + content).encode(),
    }


def _relations(links: tuple[tuple[str, str, str], ...]) -> bytes:
    items = "".join(f'<Relationship Id="{i}" Type="{_RELATIONS}/{kind}" Target="{to}"/>' for i, kind, to in links)
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{items}</Relationships>'.encode()


def _workbook(text: str) -> dict[str, bytes]:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    sheets = '<sheets><sheet name="예산" sheetId="1" r:id="rId1"/></sheets>'
    book = f'<workbook xmlns="{space}" xmlns:r="{_RELATIONS}">{sheets}</workbook>'
    rows = (
        f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c><c r="B1"><v>100</v></c></row>'
        '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>B1*2</f><v>200</v></c></row>'
    )
    return {
        **_ooxml("xl/workbook.xml", book, {"xl/worksheets/sheet1.xml": sheet_type}),
        "xl/_rels/workbook.xml.rels": _relations((("rId1", "worksheet", "worksheets/sheet1.xml"),)),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode(),
    }


def _presentation(text: str) -> dict[str, bytes]:
    space = "http://schemas.openxmlformats.org/presentationml/2006/main"
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    slide_type = "application/vnd.openxmlformats-officedocument.presentationml.slide+xml"
    show = (
        f'<p:presentation xmlns:p="{space}" xmlns:r="{_RELATIONS}">'
        '<p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>'
        '<p:sldSz cx="9144000" cy="6858000"/></p:presentation>'
    )
    slide = (
        f'<p:sld xmlns:p="{space}" xmlns:a="{drawing}"><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/>'
        '<p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/><p:sp><p:nvSpPr><p:cNvPr id="2" name="t"/><p:cNvSpPr/>'
        "<p:nvPr/></p:nvSpPr><p:spPr/>"
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>"
    )
    return {
        **_ooxml("ppt/presentation.xml", show, {"ppt/slides/slide1.xml": slide_type}),
        "ppt/_rels/presentation.xml.rels": _relations((("rId1", "slide", "slides/slide1.xml"),)),
        "ppt/slides/slide1.xml": slide.encode(),
    }


def _open_document(kind: str, body: str) -> dict[str, bytes]:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table", "style")
    )
    inner = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    content = f"<office:document-content {spaces}>{inner}</office:document-content>"
    media = f"application/vnd.oasis.opendocument.{kind}"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{media}"/></manifest:manifest>'
    )
    return {"mimetype": media.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()}


def _book(text: str) -> dict[str, bytes]:
    package = (
        "<package><manifest><item id='a' href='a.xhtml' media-type='application/xhtml+xml'/></manifest>"
        "<spine><itemref idref='a'/></spine></package>"
    )
    return {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": b"<container><rootfile full-path='book.opf'/></container>",
        "book.opf": package.encode(),
        "a.xhtml": f"<html><body><h1>제목</h1><p>{text}</p></body></html>".encode(),
    }


def _hwpx(text: str) -> dict[str, bytes]:
    base = "http://www.hancom.co.kr/hwpml/2011"
    section = (
        f'<hs:sec xmlns:hs="{base}/section" xmlns:hp="{base}/paragraph"><hp:p id="0" paraPrIDRef="0" styleIDRef="0">'
        f'<hp:run charPrIDRef="0"><hp:t>{text}</hp:t></hp:run></hp:p><hp:p id="1" paraPrIDRef="0" styleIDRef="0">'
        '<hp:run charPrIDRef="0"><hp:tbl rowCnt="1" colCnt="1"><hp:tr><hp:tc><hp:subList><hp:p><hp:run>'
        '<hp:t>칸</hp:t></hp:run></hp:p></hp:subList><hp:cellAddr colAddr="0" rowAddr="0"/>'
        '<hp:cellSpan colSpan="1" rowSpan="1"/></hp:tc></hp:tr></hp:tbl>'
        "</hp:run></hp:p></hs:sec>"
    )
    package = (
        '<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:metadata><opf:title>문서</opf:title>'
        '</opf:metadata><opf:manifest><opf:item id="header" href="Contents/header.xml" media-type="application/xml"/>'
        '<opf:item id="section0" href="Contents/section0.xml" media-type="application/xml"/></opf:manifest>'
        '<opf:spine><opf:itemref idref="section0"/></opf:spine></opf:package>'
    )
    return {
        "mimetype": b"application/hwp+zip",
        "version.xml": f'<hv:HCFVersion xmlns:hv="{base}/version" major="5" minor="1"/>'.encode(),
        "META-INF/container.xml": (
            b'<ocf:container xmlns:ocf="urn:oasis:names:tc:opendocument:xmlns:container"><ocf:rootfiles><ocf:rootfile '
            b'full-path="Contents/content.hpf" media-type="application/hwpml-package+xml"/></ocf:rootfiles>'
            b"</ocf:container>"
        ),
        "Contents/content.hpf": package.encode(),
        "Contents/header.xml": f'<hh:head xmlns:hh="{base}/head" version="1.4" secCnt="1"/>'.encode(),
        "Contents/section0.xml": section.encode(),
    }


def pdf_of(pages: list[str]) -> bytes:
    """A PDF with one line of ASCII text on each page."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for text in pages:
        stream = f"BT /F1 14 Tf 72 720 Td ({text}) Tj ET".encode("ascii")
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
            % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def png_of(width: int, height: int) -> bytes:
    """A white grey-scale PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + b"\xff" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
