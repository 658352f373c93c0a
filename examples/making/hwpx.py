"""Writes a page as HWPX (the OWPML package of the Korean standard KS X 6101), by hand: a zip of XML parts.

Paragraphs, chapter headings in the outline style (with or without an automatic number), tables and footnotes.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from making.archive import zipped
from making.markup import Heading, Page, Paragraph, TableRows

__all__ = ["hwpx"]

_NAMES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in (
        ("ha", "http://www.hancom.co.kr/hwpml/2011/app"),
        ("hp", "http://www.hancom.co.kr/hwpml/2011/paragraph"),
        ("hs", "http://www.hancom.co.kr/hwpml/2011/section"),
        ("hc", "http://www.hancom.co.kr/hwpml/2011/core"),
        ("hh", "http://www.hancom.co.kr/hwpml/2011/head"),
        ("hpf", "http://www.hancom.co.kr/schema/2011/hpf"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("opf", "http://www.idpf.org/2007/opf/"),
    )
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>'
_LANGUAGES = ("HANGUL", "LATIN", "HANJA", "JAPANESE", "OTHER", "SYMBOL", "USER")
_PLAIN, _TITLE, _CHAPTER = 0, 1, 2
"""Numbers of the styles, of their paragraph shapes and of their character shapes alike."""
_PAGE_WIDTH = 42520
"""Width between the margins, in HWPUNIT (1/7200 inch)."""


def hwpx(page: Page) -> bytes:
    """The bytes of `page` as an HWPX file; the same page gives the same bytes."""
    members = {
        "mimetype": "application/hwp+zip",
        "version.xml": _version(),
        "Contents/header.xml": _header(numbered=page.numbered),
        "Contents/section0.xml": _section(page),
        "Preview/PrvText.txt": page.plain()[:1000],
        "settings.xml": f'{_HEAD}<ha:HWPApplicationSetting {_NAMES}><ha:CaretPosition listIDRef="0" paraIDRef="0" '
        'pos="0"/></ha:HWPApplicationSetting>',
        "Contents/content.hpf": _package(page),
        "META-INF/container.xml": _container(),
        "META-INF/manifest.xml": f"{_HEAD}<odf:manifest "
        'xmlns:odf="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
    }
    return zipped({name: text.encode() for name, text in members.items()}, stored=("mimetype", "version.xml"))


def _version() -> str:
    return (
        f'{_HEAD}<hv:HCFVersion xmlns:hv="http://www.hancom.co.kr/hwpml/2011/version" '
        'tagetApplication="WORDPROCESSOR" major="5" minor="1" micro="0" buildNumber="1" os="1" xmlVersion="1.4" '
        'application="Jihwi examples" appVersion="1"/>'
    )


def _container() -> str:
    return (
        f'{_HEAD}<ocf:container xmlns:ocf="urn:oasis:names:tc:opendocument:xmlns:container" {_NAMES}>'
        '<ocf:rootfiles><ocf:rootfile full-path="Contents/content.hpf" '
        'media-type="application/hwpml-package+xml"/><ocf:rootfile full-path="Preview/PrvText.txt" '
        'media-type="text/plain"/></ocf:rootfiles></ocf:container>'
    )


def _package(page: Page) -> str:
    moment = f"{page.date}T09:00:00Z"
    items = (("header", "Contents/header.xml"), ("section0", "Contents/section0.xml"), ("settings", "settings.xml"))
    manifest = "".join(f'<opf:item id="{i}" href="{href}" media-type="application/xml"/>' for i, href in items)
    return (
        f'{_HEAD}<opf:package {_NAMES} version="" unique-identifier="" id=""><opf:metadata>'
        f"<opf:title>{escape(page.title)}</opf:title><opf:language>ko</opf:language>"
        f'<opf:meta name="creator" content="text">{escape(page.author)}</opf:meta>'
        f'<opf:meta name="CreatedDate" content="text">{moment}</opf:meta>'
        f'<opf:meta name="ModifiedDate" content="text">{moment}</opf:meta></opf:metadata>'
        f'<opf:manifest>{manifest}</opf:manifest><opf:spine><opf:itemref idref="header" linear="yes"/>'
        '<opf:itemref idref="section0" linear="yes"/></opf:spine></opf:package>'
    )


# ── the header: fonts, shapes, numbering, styles ─────────────────────────────


def _header(*, numbered: bool) -> str:
    fonts = "".join(
        f'<hh:fontface lang="{language}" fontCnt="1"><hh:font id="0" face="함초롬바탕" type="TTF" isEmbedded="0"/>'
        "</hh:fontface>"
        for language in _LANGUAGES
    )
    borders = "".join(_border(number, kind) for number, kind in ((1, "NONE"), (2, "NONE"), (3, "SOLID")))
    characters = _character(_PLAIN, 1000, "") + _character(_TITLE, 1600, "<hh:bold/>")
    characters += _character(_CHAPTER, 1200, "<hh:bold/>")
    none = '<hh:heading type="NONE" idRef="0" level="0"/>'
    shapes = _shape(_PLAIN, "JUSTIFY", none) + _shape(_TITLE, "CENTER", none)
    shapes += _shape(_CHAPTER, "CENTER", '<hh:heading type="OUTLINE" idRef="1" level="0"/>')
    styles = "".join(
        f'<hh:style id="{number}" type="PARA" name="{name}" engName="{english}" paraPrIDRef="{number}" '
        f'charPrIDRef="{number}" nextStyleIDRef="0" langID="1042" lockForm="0"/>'
        for number, name, english in (
            (_PLAIN, "바탕글", "Normal"),
            (_TITLE, "제목", "Title"),
            (_CHAPTER, "개요 1", "Outline 1"),
        )
    )
    return (
        f'{_HEAD}<hh:head {_NAMES} version="1.4" secCnt="1"><hh:beginNum page="1" footnote="1" endnote="1" pic="1" '
        f'tbl="1" equation="1"/><hh:refList><hh:fontfaces itemCnt="7">{fonts}</hh:fontfaces>'
        f'<hh:borderFills itemCnt="3">{borders}</hh:borderFills>'
        f'<hh:charProperties itemCnt="3">{characters}</hh:charProperties>'
        '<hh:tabProperties itemCnt="1"><hh:tabPr id="0" autoTabLeft="0" autoTabRight="0"/></hh:tabProperties>'
        f'<hh:numberings itemCnt="1">{_numbering(numbered=numbered)}</hh:numberings>'
        f'<hh:paraProperties itemCnt="3">{shapes}</hh:paraProperties>'
        f'<hh:styles itemCnt="3">{styles}</hh:styles></hh:refList>'
        '<hh:compatibleDocument targetProgram="HWP201X"><hh:layoutCompatibility/></hh:compatibleDocument></hh:head>'
    )


def _border(number: int, kind: str) -> str:
    sides = "".join(
        f'<hh:{side}Border type="{kind}" width="0.12 mm" color="#000000"/>'
        for side in ("left", "right", "top", "bottom")
    )
    return (
        f'<hh:borderFill id="{number}" threeD="0" shadow="0" centerLine="NONE" breakCellSeparateLine="0">'
        f'<hh:slash type="NONE" Crooked="0" isCounter="0"/><hh:backSlash type="NONE" Crooked="0" isCounter="0"/>'
        f"{sides}</hh:borderFill>"
    )


def _character(number: int, height: int, extra: str) -> str:
    return (
        f'<hh:charPr id="{number}" height="{height}" textColor="#000000" shadeColor="none" useFontSpace="0" '
        'useKerning="0" symMark="NONE" borderFillIDRef="2"><hh:fontRef hangul="0" latin="0" hanja="0" japanese="0" '
        f'other="0" symbol="0" user="0"/>{extra}</hh:charPr>'
    )


def _shape(number: int, align: str, heading: str) -> str:
    sides = "".join(f'<hc:{side} value="0" unit="HWPUNIT"/>' for side in ("intent", "left", "right", "prev", "next"))
    return (
        f'<hh:paraPr id="{number}" tabPrIDRef="0" condense="0" fontLineHeight="0" snapToGrid="1" '
        f'suppressLineNumbers="0" checked="0"><hh:align horizontal="{align}" vertical="BASELINE"/>{heading}'
        f'<hh:margin>{sides}</hh:margin><hh:lineSpacing type="PERCENT" value="160" unit="HWPUNIT"/></hh:paraPr>'
    )


def _numbering(*, numbered: bool) -> str:
    first = "제^1장" if numbered else ""
    heads = "".join(
        f'<hh:paraHead start="1" level="{level}" align="LEFT" useInstWidth="1" autoIndent="1" widthAdjust="0" '
        f'textOffsetType="PERCENT" textOffset="50" numFormat="DIGIT" charPrIDRef="4294967295" checkable="0">'
        f"{first if level == 1 else ''}</hh:paraHead>"
        for level in range(1, 8)
    )
    return f'<hh:numbering id="1" start="0">{heads}</hh:numbering>'


# ── the section: paragraphs, tables, footnotes ───────────────────────────────


def _section(page: Page) -> str:
    body = [_paragraph(_run(_section_shape(), _TITLE) + _text(page.title, _TITLE), _TITLE)]
    notes = 0
    for part in page.parts:
        match part:
            case Heading(text=text):
                plain = text.startswith(("부칙", "["))
                style = _PLAIN if plain else _CHAPTER
                body.append(_paragraph(_text(text, _CHAPTER), style))
            case Paragraph(note=""):
                body.append(_paragraph(_text(part.text, _PLAIN), _PLAIN))
            case Paragraph():
                notes += 1
                body.append(_paragraph(_noted(part, notes), _PLAIN))
            case TableRows(rows=rows):
                body.append(_paragraph(_run(_table(rows), _PLAIN), _PLAIN))
    return f"{_HEAD}<hs:sec {_NAMES}>{''.join(body)}</hs:sec>"


def _section_shape() -> str:
    return (
        '<hp:secPr id="" textDirection="HORIZONTAL" spaceColumns="1134" tabStop="8000" outlineShapeIDRef="1" '
        'memoShapeIDRef="0" textVerticalWidthHead="0" masterPageCnt="0"><hp:grid lineGrid="0" charGrid="0" '
        'wonggojiFormat="0"/><hp:startNum pageStartsOn="BOTH" page="0" pic="0" tbl="0" equation="0"/>'
        '<hp:pagePr landscape="WIDELY" width="59528" height="84188" gutterType="LEFT_ONLY"><hp:margin header="4252" '
        'footer="4252" gutter="0" left="8504" right="8504" top="5668" bottom="4252"/></hp:pagePr></hp:secPr>'
        '<hp:ctrl><hp:colPr id="" type="NEWSPAPER" layout="LEFT" colCount="1" sameSz="1" sameGap="0"/></hp:ctrl>'
    )


def _paragraph(runs: str, style: int) -> str:
    shape = f'paraPrIDRef="{style}" styleIDRef="{style}"'
    return f'<hp:p id="0" {shape} pageBreak="0" columnBreak="0" merged="0">{runs}</hp:p>'


def _run(content: str, character: int) -> str:
    return f'<hp:run charPrIDRef="{character}">{content}</hp:run>'


def _text(text: str, character: int) -> str:
    return _run(f"<hp:t>{escape(text)}</hp:t>", character) if text else ""


def _noted(part: Paragraph, number: int) -> str:
    mark = f'<hp:ctrl><hp:autoNum num="{number}" numType="FOOTNOTE"><hp:autoNumFormat type="DIGIT" userChar="" '
    mark += 'prefixChar="" suffixChar=")" supscript="0"/></hp:autoNum></hp:ctrl>'
    note = _paragraph(_run(f"{mark}<hp:t> {escape(part.note)}</hp:t>", _PLAIN), _PLAIN)
    control = (
        f'<hp:ctrl><hp:footNote number="{number}" suffixChar="41" instId="{1000 + number}"><hp:subList id="" '
        'textDirection="HORIZONTAL" lineWrap="BREAK" vertAlign="TOP" linkListIDRef="0" linkListNextIDRef="0" '
        f'textWidth="0" textHeight="0" hasTextRef="0" hasNumRef="0">{note}</hp:subList></hp:footNote></hp:ctrl>'
    )
    before, after = part.text[: part.note_at], part.text[part.note_at :]
    return _text(before, _PLAIN) + _run(control, _PLAIN) + _text(after, _PLAIN)


def _table(rows: tuple[tuple[str, ...], ...]) -> str:
    columns = len(rows[0])
    width = _PAGE_WIDTH // columns
    lines = "".join(
        "<hp:tr>" + "".join(_cell(r, c, text, width) for c, text in enumerate(row)) + "</hp:tr>"
        for r, row in enumerate(rows)
    )
    return (
        f'<hp:tbl id="2001" zOrder="0" numberingType="TABLE" textWrap="TOP_AND_BOTTOM" textFlow="BOTH_SIDES" lock="0" '
        f'dropcapstyle="None" pageBreak="CELL" repeatHeader="1" rowCnt="{len(rows)}" colCnt="{columns}" '
        f'cellSpacing="0" borderFillIDRef="3" noAdjust="0"><hp:sz width="{_PAGE_WIDTH}" widthRelTo="ABSOLUTE" '
        f'height="{len(rows) * 1400}" heightRelTo="ABSOLUTE" protect="0"/><hp:pos treatAsChar="1" affectLSpacing="0" '
        'flowWithText="1" allowOverlap="0" holdAnchorAndSO="0" vertRelTo="PARA" horzRelTo="COLUMN" vertAlign="TOP" '
        'horzAlign="LEFT" vertOffset="0" horzOffset="0"/><hp:outMargin left="0" right="0" top="0" bottom="0"/>'
        f'<hp:inMargin left="141" right="141" top="141" bottom="141"/>{lines}</hp:tbl>'
    )


def _cell(row: int, column: int, text: str, width: int) -> str:
    return (
        f'<hp:tc name={quoteattr("")} header="{int(row == 0)}" hasMargin="0" protect="0" editable="0" dirty="0" '
        'borderFillIDRef="3"><hp:subList id="" textDirection="HORIZONTAL" lineWrap="BREAK" vertAlign="CENTER" '
        'linkListIDRef="0" linkListNextIDRef="0" textWidth="0" textHeight="0" hasTextRef="0" hasNumRef="0">'
        f"{_paragraph(_text(text, _PLAIN), _PLAIN)}</hp:subList>"
        f'<hp:cellAddr colAddr="{column}" rowAddr="{row}"/><hp:cellSpan colSpan="1" rowSpan="1"/>'
        f'<hp:cellSz width="{width}" height="1400"/><hp:cellMargin left="141" right="141" top="141" bottom="141"/>'
        "</hp:tc>"
    )
