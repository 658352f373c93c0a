"""Writes HWPX packages from the model that the Hancom readers share, so that twins of one document can be compared.

Source: KS X 6101 (OWPML), sections 8 (packaging), 9 (header), 10 (body), 15 (encryption).
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jihwi.readers.hancom import (
    BUILT_IN_KINDS,
    Anchored,
    Document,
    Equation,
    FormField,
    Frame,
    Grid,
    GridCell,
    Note,
    Paragraph,
    Picture,
    Place,
    Shape,
)

__all__ = ["hwpx", "package"]

_SPACES = (
    'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" '
    'xmlns:hc="http://www.hancom.co.kr/hwpml/2011/core" xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head" '
    'xmlns:opf="http://www.idpf.org/2007/opf/"'
)
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>'
_KINDS = {code: name for name, code in reversed(BUILT_IN_KINDS.items())}
_AUTO = re.compile(r"(\d+)(\D?)$")


def hwpx(document: Document, *, password: str = "", spine: Sequence[int] | None = None) -> bytes:
    """The document as a HWPX package. `spine` gives the order of the sections where it is not that of their names."""
    writer = _Writer(document)
    sections = [writer.section(index) for index in range(len(document.sections))]
    order = spine if spine is not None else range(len(sections))
    items = "".join(
        f'<opf:item id="section{i}" href="Contents/section{i}.xml" media-type="application/xml"/>'
        for i in range(len(sections))
    )
    content = (
        f"{_XML}<opf:package {_SPACES}><opf:metadata><opf:title>{escape(document.metadata.title)}</opf:title>"
        f'<opf:meta name="creator" content="text">{escape(document.metadata.author)}</opf:meta></opf:metadata>'
        f'<opf:manifest><opf:item id="header" href="Contents/header.xml" media-type="application/xml"/>{items}'
        '<opf:item id="image1" href="BinData/image1.png" media-type="image/png"/></opf:manifest><opf:spine>'
        + "".join(f'<opf:itemref idref="section{i}"/>' for i in order)
        + "</opf:spine></opf:package>"
    )
    parts = {"Contents/header.xml": writer.header()}
    for index, section in enumerate(sections):
        parts[f"Contents/section{index}.xml"] = section
    return package(parts | {"Contents/content.hpf": content}, password=password)


def package(parts: dict[str, str], *, password: str = "") -> bytes:
    """A package of these parts, with the container and, for a password, everything but the container locked."""
    container = (
        f'{_XML}<ocf:container xmlns:ocf="urn:oasis:names:tc:opendocument:xmlns:container"><ocf:rootfiles>'
        '<ocf:rootfile full-path="Contents/content.hpf" media-type="application/hwpml-package+xml"/>'
        "</ocf:rootfiles></ocf:container>"
    )
    manifest, plain = [], {name: text.encode("utf-8") for name, text in parts.items()}
    if password:
        for name in [name for name in plain if name != "Contents/content.hpf"]:
            entry, plain[name] = _locked(name, plain[name], password)
            manifest.append(entry)
    space = 'xmlns:odf="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
    written = f"{_XML}<odf:manifest {space}>{''.join(manifest)}</odf:manifest>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/hwp+zip", zipfile.ZIP_STORED)
        archive.writestr(zipfile.ZipInfo("META-INF/container.xml"), container, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("META-INF/manifest.xml"), written, zipfile.ZIP_DEFLATED)
        for name, data in plain.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _locked(name: str, data: bytes, password: str) -> tuple[str, bytes]:
    """Section 15: deflated, filled up with zeros (no PKCS#7), AES-256 in CBC mode."""
    drawn = hashlib.sha256(name.encode("utf-8")).digest()  # not by chance: the same document gives the same bytes
    salt, vector = drawn[:16], drawn[16:]
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = machine.compress(data) + machine.flush()
    padded = deflated.ljust(-(-len(deflated) // 16) * 16, b"\0")
    start = hashlib.sha256(password.encode("utf-8")).digest()
    key = hashlib.pbkdf2_hmac("sha1", start, salt, 1024, 32)
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    checksum = base64.b64encode(hashlib.sha256(padded[:1024]).digest()).decode()
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = (
        f'<odf:file-entry full-path="{name}" media-type="application/xml" size="{len(data)}"><odf:encryption-data '
        f'checksum-type="{space}#sha256-1k" checksum="{checksum}"><odf:algorithm '
        'algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc" '
        f'initialisation-vector="{base64.b64encode(vector).decode()}"/><odf:key-derivation '
        f'key-derivation-name="{space}#pbkdf2" key-size="32" iteration-count="1024" '
        f'salt="{base64.b64encode(salt).decode()}"/><odf:start-key-generation '
        'start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256" key-size="32"/>'
        "</odf:encryption-data></odf:file-entry>"
    )
    return entry, cipher.update(padded) + cipher.finalize()


class _Writer:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._shapes: list[Shape] = [Shape()]
        self._sizes: list[int] = [1000]
        self._numberings = {name: index + 1 for index, name in enumerate(document.numberings)}
        self._bullets = {name: index + 1 for index, name in enumerate(document.bullets)}

    def section(self, index: int) -> str:
        section = self._document.sections[index]
        outline = self._numberings.get(section.outline, 0)
        opening = f'<hp:run><hp:secPr outlineShapeIDRef="{outline}" masterPageCnt="0"/></hp:run>'
        paragraphs = section.paragraphs or (Paragraph(""),)
        body = "".join(self._paragraph(p, opening if i == 0 else "") for i, p in enumerate(paragraphs))
        return f"{_XML}<hs:sec {_SPACES}>{body}</hs:sec>"

    def _list(self, paragraphs: Sequence[Paragraph]) -> str:
        return f"<hp:subList>{''.join(self._paragraph(p) for p in paragraphs or (Paragraph(''),))}</hp:subList>"

    def _paragraph(self, paragraph: Paragraph, opening: str = "") -> str:
        if paragraph.shape not in self._shapes:
            self._shapes.append(paragraph.shape)
        marks = [(a.offset, a.offset, self._control(a.held)) for a in paragraph.anchors]
        for run in paragraph.origins:
            number = _AUTO.match(paragraph.text[run.start : run.end])
            if run.origin == "rendered" and number:
                marks.append((run.start, run.end, _automatic(number[1], number[2])))
        for link in paragraph.links:
            marks.append((link.start, link.start, _field_begin(link.address)))
            marks.append((link.end, link.end, '<hp:ctrl><hp:fieldEnd beginIDRef="1"/></hp:ctrl>'))
        body, at = "", 0
        for start, end, control in sorted(marks, key=lambda mark: mark[0]):
            body += _text(paragraph.text[at:start]) + control
            at = end
        body += _text(paragraph.text[at:])
        shape, style = self._shapes.index(paragraph.shape), paragraph.shape.heading
        if paragraph.size and paragraph.size not in self._sizes:
            self._sizes.append(paragraph.size)
        letters = self._sizes.index(paragraph.size or 1000)
        shown = f'<hp:run charPrIDRef="{letters}">{body}</hp:run>'
        return f'<hp:p id="0" paraPrIDRef="{shape}" styleIDRef="{style}">{opening}{shown}</hp:p>'

    def _control(self, held: Anchored) -> str:
        match held:
            case Grid():
                rows: dict[int, str] = {}
                for cell in held.cells:
                    rows[cell.row] = rows.get(cell.row, "") + self._cell(cell)
                written = "".join(f"<hp:tr>{row}</hp:tr>" for _, row in sorted(rows.items()))
                return f"<hp:tbl>{_position(held.inline, held.place)}{self._caption(held.caption)}{written}</hp:tbl>"
            case Note():
                name = "footNote" if held.kind == "footnote" else "endNote"
                return f'<hp:ctrl><hp:{name} number="1">{self._list(held.paragraphs)}</hp:{name}></hp:ctrl>'
            case Frame(kind="text_box"):
                box = f"<hp:drawText>{self._list(held.paragraphs)}</hp:drawText>"
                return f"<hp:rect>{_position(held.inline, held.place)}{box}{self._caption(held.caption)}</hp:rect>"
            case Frame():
                name = {"header": "header", "footer": "footer", "comment": "hiddenComment"}[held.kind]
                return f"<hp:ctrl><hp:{name}>{self._list(held.paragraphs)}</hp:{name}></hp:ctrl>"
            case Picture():
                comment = f"<hp:shapeComment>{escape(held.description)}</hp:shapeComment>"
                image = '<hc:img binaryItemIDRef="image1"/>'
                leads = f" href={quoteattr(_command(held.address))}" if held.address else ""
                inner = f"{_position(False, held.place)}{image}{self._caption(held.caption)}{comment}"
                return f"<hp:pic{leads}>{inner}</hp:pic>"
            case Equation():
                script = f"<hp:script>{escape(held.script)}</hp:script>"
                return f"<hp:equation>{_position(False, held.place)}{script}</hp:equation>"
            case FormField():
                return f"<hp:edit name={quoteattr(held.name)}><hp:text>{escape(held.text)}</hp:text></hp:edit>"

    def _cell(self, cell: GridCell) -> str:
        return (
            f'<hp:tc header="{int(cell.header)}">{self._list(cell.paragraphs)}<hp:cellAddr colAddr="{cell.column}" '
            f'rowAddr="{cell.row}"/><hp:cellSpan colSpan="{cell.column_span}" rowSpan="{cell.row_span}"/></hp:tc>'
        )

    def _caption(self, caption: Sequence[Paragraph]) -> str:
        return f'<hp:caption side="BOTTOM">{self._list(caption)}</hp:caption>' if caption else ""

    def header(self) -> str:
        letters = "".join(f'<hh:charPr id="{i}" height="{size}"/>' for i, size in enumerate(self._sizes))
        written = f"<hh:charProperties>{letters}</hh:charProperties>"
        for name, number in self._numberings.items():
            heads = "".join(
                f'<hh:paraHead level="{i + 1}" start="{level.start}" numFormat="{_KINDS[level.kind]}">'
                f"{escape(level.template)}</hh:paraHead>"
                for i, level in enumerate(self._document.numberings[name].levels)
            )
            written += f'<hh:numbering id="{number}">{heads}</hh:numbering>'
        for name, number in self._bullets.items():
            ticked = self._document.ticked.get(name, "")
            written += f'<hh:bullet id="{number}" char={quoteattr(self._document.bullets[name])}'
            written += f" checkedChar={quoteattr(ticked)}/>" if ticked else "/>"
        for index, shape in enumerate(self._shapes):
            names = self._bullets if shape.head == "bullet" else self._numberings
            heading = f'type="{shape.head.upper()}" idRef="{names.get(shape.definition, 0)}" level="{shape.level}"'
            written += f'<hh:paraPr id="{index}" checked="{int(shape.checked)}"><hh:heading {heading}/></hh:paraPr>'
        written += '<hh:style id="0" name="바탕글" engName="Normal"/>'
        written += "".join(f'<hh:style id="{level}" name="제목 {level}"/>' for level in range(1, 10))
        return f"{_XML}<hh:head {_SPACES}><hh:refList>{written}</hh:refList></hh:head>"


def _text(text: str) -> str:
    if not text:
        return ""
    return f"<hp:t>{escape(text, {chr(9): '<hp:tab/>', chr(10): '<hp:lineBreak/>'})}</hp:t>"


def _field_begin(address: str) -> str:
    command = escape(_command(address))
    told = f'<hp:parameters cnt="1" name=""><hp:stringParam name="Command">{command}</hp:stringParam></hp:parameters>'
    return f'<hp:ctrl><hp:fieldBegin id="1" type="HYPERLINK" name="">{told}</hp:fieldBegin></hp:ctrl>'


def _command(address: str) -> str:
    """A hyperlink's command: its address, and how it is opened."""
    return re.sub(r"([\\:;])", r"\\\1", address) + ";1;0;0;"


def _position(inline: bool, place: Place | None) -> str:
    place = place or Place("paragraph", 0, 0)
    base = {"paper": "PAPER", "page": "PAGE", "paragraph": "PARA"}[place.base]
    offsets = f'vertOffset="{place.top % (1 << 32)}" horzOffset="{place.left % (1 << 32)}"'
    return f'<hp:pos treatAsChar="{int(inline)}" vertRelTo="{base}" vertAlign="TOP" {offsets}/>'


def _automatic(number: str, after: str) -> str:
    form = f'<hp:autoNumFormat type="DIGIT" prefixChar="" suffixChar={quoteattr(after)}/>'
    return f'<hp:ctrl><hp:autoNum num="{number}" numType="FOOTNOTE">{form}</hp:autoNum></hp:ctrl>'
