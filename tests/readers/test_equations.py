"""Equations are one readable line in every format that holds them as such: no fraction and no index is lost."""

from __future__ import annotations

import pytest

from jihwi.testing.seeds import zip_of
from tests.readers.asking import read, texts, warned
from tests.readers.test_docx import document
from tests.readers.test_office_kin import NAMES, open_document

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def of_word(omml: str) -> str:
    body = f"<w:p><w:r><w:t>식 </w:t></w:r><m:oMath {M}>{omml}</m:oMath></w:p>"
    (text,) = texts(read("docx", document(body)))
    return text.removeprefix("식 ")


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("omml", "line"),
    [
        (f"<m:f><m:num>{run('a+b')}</m:num><m:den>{run('2')}</m:den></m:f>", "(a+b)/2"),
        (f"<m:sSup><m:e>{run('x')}</m:e><m:sup>{run('n+1')}</m:sup></m:sSup>", "x^(n+1)"),
        (
            f"<m:sSubSup><m:e>{run('x')}</m:e><m:sub>{run('i')}</m:sub><m:sup>{run('2')}</m:sup></m:sSubSup>",
            "x_i^2",
        ),
        (f"<m:rad><m:deg/><m:e>{run('a+b')}</m:e></m:rad>", "√(a+b)"),
        (f"<m:rad><m:deg>{run('3')}</m:deg><m:e>{run('x')}</m:e></m:rad>", "3√x"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{run("i=1")}</m:sub><m:sup>{run("n")}</m:sup>'
            f"<m:e>{run('i')}</m:e></m:nary>",
            "∑_(i=1)^n i",
        ),
        (f'<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e>{run("x")}</m:e></m:d>', "[x]"),
        (
            f"<m:m><m:mr><m:e>{run('1')}</m:e><m:e>{run('0')}</m:e></m:mr>"
            f"<m:mr><m:e>{run('0')}</m:e><m:e>{run('1')}</m:e></m:mr></m:m>",
            "[1, 0; 0, 1]",
        ),
        (f"<m:func><m:fName>{run('sin')}</m:fName><m:e>{run('x')}</m:e></m:func>", "sin x"),
    ],
)
def test_office_equations(omml: str, line: str) -> None:
    assert of_word(omml) == line


MATHML = (
    "<math><semantics><mrow><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac><mo>=</mo>"
    "<msqrt><mi>x</mi></msqrt><mo>+</mo><munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><msub><mi>y</mi>"
    "<mi>i</mi></msub></mrow><annotation encoding='StarMath 5.0'>{a+b} over 2</annotation></semantics></math>"
)
LINE = "(a+b)/2=√x+∑_i^n y_i"


def test_equations_of_the_web() -> None:
    page = f"<p>식은 {MATHML}이다.</p><table><tr><td>칸</td><td>{MATHML}</td></tr><tr><td>1</td><td>2</td></tr></table>"
    assert texts(read("html", page.encode())) == [f"식은 {LINE}이다.", f"칸\t{LINE}\n1\t2"]


def test_equations_of_open_document_inside_the_text_and_as_parts_of_the_package() -> None:
    link = 'xmlns:x="http://www.w3.org/1999/xlink" x:href="./Object 1"'
    body = (
        f"<text:p>식 <draw:frame><draw:object>{MATHML}</draw:object></draw:frame></text:p>"
        f"<text:p>또 <draw:frame><draw:object {link}/></draw:frame></text:p>"
    )
    content = f"<office:document-content {NAMES}><office:body><office:text>{body}</office:text></office:body>"
    data = zip_of(
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            "content.xml": f"{content}</office:document-content>".encode(),
            "Object 1/content.xml": MATHML.encode(),
        }
    )
    assert texts(read("odt", data)) == [f"식 {LINE}", f"또 {LINE}"]


def test_slides_of_open_document_say_what_is_hidden_and_what_is_not_read() -> None:
    link = 'xmlns:x="http://www.w3.org/1999/xlink" x:href="./Object 1"'
    show = 'xmlns:p="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"'
    styles = (
        f'<style:style {show} style:name="dp1" style:family="drawing-page">'
        '<style:drawing-page-properties p:visibility="hidden"/></style:style>'
    )
    page = (
        f'<draw:page {show} draw:style-name="dp1"><draw:frame><draw:object {link}/></draw:frame>'
        f"<draw:frame><draw:text-box><text:p>쪽의 글</text:p></draw:text-box></draw:frame>"
        f"<p:notes><draw:frame><draw:text-box><text:p>메모</text:p></draw:text-box></draw:frame>"
        f'<draw:frame p:class="page-number"><draw:text-box><text:p>3</text:p></draw:text-box></draw:frame></p:notes>'
        "</draw:page>"
    )
    content = (
        f"<office:document-content {NAMES}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:presentation>{page}</office:presentation></office:body></office:document-content>"
    )
    chart = "<x><body><chart><chart/></chart></body></x>"
    kind = b"application/vnd.oasis.opendocument.presentation"
    data = zip_of({"mimetype": kind, "content.xml": content.encode(), "Object 1/content.xml": chart.encode()})
    reading = read("odp", data)
    assert texts(reading) == ["쪽의 글", "메모"]
    assert sorted(warned(reading)) == ["chart_not_read", "hidden_slide"]


def test_an_equation_without_end_is_no_crash() -> None:
    deep = "<msup>" * 500 + "<mi>x</mi>" + "</msup>" * 500
    assert "글" in read("odt", open_document("text", f"<text:p>글<math>{deep}</math></text:p>")).text
