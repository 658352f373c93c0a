"""The report on a folder: how ready, what is twice there, what to mend first, and the pages it is written on."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from jihwi.errors import FolderOverlaps
from jihwi.evidence import Metadata, Reading, ReadingBuilder
from jihwi.readers import FileToRead, Limits, Outcome
from jihwi.readers.folder import walk
from jihwi.readers.grade import graded
from jihwi.readers.pipeline import failed
from jihwi.readers.readiness import Readiness, readiness
from jihwi.readers.readiness_written import render_readiness_csv, render_readiness_html, render_readiness_json
from jihwi.readers.repair import repair
from jihwi.readers.sandbox import SandboxReadingService
from jihwi.readers.sniff import Sniffed
from jihwi.readers.versions import bare_name
from jihwi.words import LANGUAGES, Language

SENTENCES = [
    f"제{n}조 이 규정의 {n}번째 조항은 예산 {n * 137}천원의 집행과 {n * 31}일의 기한을 정한다." for n in range(1, 30)
]


def document(path: str, text: str, format: str = "docx", metadata: Metadata | None = None) -> Outcome:
    builder = ReadingBuilder(source="", reader="test", reader_version="1", format=format)
    for line in text.split("\n"):
        builder.paragraph(line)
    made: Reading = msgspec.structs.replace(builder.done(), metadata=metadata or Metadata())
    outcome = graded(made, Sniffed(format), len(text) * 3, Limits(), 0)
    return msgspec.structs.replace(outcome, path=path, source=f"{hash(text) & 0xFFFFFFFF:08x}-{format}")


def test_an_empty_folder_is_ready() -> None:
    assert readiness([]).readable_now == 1.0


def test_shares_and_counts_are_of_files() -> None:
    report = readiness(
        [
            document("가.docx", SENTENCES[0]),
            document("나.hwp", SENTENCES[1], "hwp5"),
            failed("다.png", 10, "needs_ocr", format="png"),
            failed("라.bin", 10, "format_unknown", looks_like="program"),
        ],
        hidden=2,
    )
    assert report.grades == {"A": 1, "B": 1, "C": 0, "D": 0, "E": 1, "F": 1}
    assert (report.readable_now, report.readable_after_automatic, report.readable_after_all) == (0.5, 0.5, 0.75)
    assert report.languages == {"ko": 2}
    assert report.hidden == 2


def test_the_fixes_come_in_the_order_in_which_they_gain_most() -> None:
    report = readiness(
        [
            *(failed(f"{n}.png", 10, "needs_ocr", format="png") for n in range(3)),
            failed("가.hwp", 10, "file_locked", detail="암호", format="hwp5"),
            *(document(f"{n}.hwp", SENTENCES[n], "hwp5") for n in range(9)),
        ]
    )
    assert [(fix.remark.code, fix.files, fix.readable_gained) for fix in report.fixes] == [
        ("needs_ocr", 3, 3),
        ("file_locked", 1, 1),
        ("format_closed", 9, 0),
    ]
    assert report.fixes[-1].readable_share == report.readable_after_all == 1.0


def test_what_mends_itself_counts_as_readable_after_it() -> None:
    report = readiness([document("가.hwp", SENTENCES[0], "hwp3"), document("나.docx", SENTENCES[1])])
    assert (report.readable_now, report.readable_after_automatic) == (0.5, 1.0)
    assert [fix.automatic for fix in report.fixes] == [True]


def test_a_file_with_two_faults_is_readable_only_once_both_are_mended() -> None:
    both = failed("가.doc", 10, "needs_conversion", detail="doc", better="docx", format="doc")
    locked = failed("가.doc", 10, "file_locked", detail="암호").remarks
    report = readiness([msgspec.structs.replace(both, remarks=both.remarks + locked)])
    assert [fix.readable_gained for fix in report.fixes] == [0, 1]
    assert report.fixes[-1].readable_share == 1.0


def test_the_same_bytes_are_duplicates_and_the_plainest_name_stays() -> None:
    one = document("규정.docx", "\n".join(SENTENCES))
    report = readiness([msgspec.structs.replace(one, path="보관/규정 (1).docx"), one])
    (group,) = report.groups
    assert (group.kind, group.paths) == ("duplicate", ("규정.docx", "보관/규정 (1).docx"))
    assert [each.code for line in report.files for each in line.remarks] == ["duplicate"]


def test_versions_of_one_document_are_found_by_their_text_and_the_newest_leads() -> None:
    old = document("규정_v1.docx", "\n".join(SENTENCES))
    new = document("규정_v2(최종).docx", "\n".join([*SENTENCES[:26], "부칙을 새로 둔다.", *SENTENCES[27:]]))
    twin = document("규정_v1.hwpx", "\n".join(SENTENCES), "hwpx")
    other = document("회의록.docx", "\n".join(f"{n}차 회의에서 {n * 53}번 안건을 두고 논의하였다." for n in range(30)))
    report = readiness([old, new, twin, other])
    (group,) = report.groups
    assert group.kind == "version"
    assert group.paths[0] == "규정_v2(최종).docx"
    assert set(group.paths[1:]) == {"규정_v1.docx", "규정_v1.hwpx"}
    assert 60 <= group.share <= 100


def test_short_notes_are_never_called_versions() -> None:
    assert readiness([document("가.docx", "첨부 참조"), document("나.docx", "첨부 참조 바람")]).groups == ()


@pytest.mark.parametrize(
    "name",
    [
        "보고서_v2.hwp",
        "보고서(최종).hwp",
        "보고서_최종_최종.hwp",
        "보고서_20240311.hwp",
        "보고서 (1).hwp",
        "보고서 - 복사본.hwp",
        "보고서_240311_수정2.hwp",
        "보고서 final.docx",
        "보고서_초안_ver1.2.pdf",
    ],
)
def test_version_marks_fall_off_a_name(name: str) -> None:
    assert bare_name(name) == "보고서"


# ── the pages ────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def report() -> Readiness:
    text = "\n".join(SENTENCES)
    return readiness(
        [
            document("<b>규정</b>.docx", text + "\n연락처 010-1234-5678"),
            document("규정.hwp", text, "hwp5"),
            document("메모.txt", "【대외비】\n짧은 글", "text", Metadata(encoding="cp949", pages=3)),
            failed("=1+1.png", 10, "needs_ocr", format="png"),
        ],
        hidden=1,
    )


class Page(HTMLParser):
    """Notes what a page is made of and whether every element is closed."""

    VOID = frozenset({"meta", "br", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_stands_by_itself_and_is_well_formed(report: Readiness, language: Language) -> None:
    html = render_readiness_html(report, language, "문서함")
    page = Page()
    page.feed(html)
    assert page.open == []
    assert "script" not in page.tags
    assert page.links == []
    assert "http" not in re.sub(r"http-equiv", "", html)
    assert "&lt;b&gt;규정&lt;/b&gt;.docx" in html
    assert "<b>규정" not in html
    assert "1234" not in html
    assert "75 %" in html
    assert f'lang="{language}"' in html


def test_the_json_holds_codes_for_programs_and_words_for_people(report: Readiness) -> None:
    read = msgspec.json.decode(render_readiness_json(report))
    assert read["grades"] == report.grades
    (said,) = [r for line in read["files"] for r in line.get("remarks", []) if r["code"] == "needs_ocr"]
    assert "OCR" in said["ko"]
    assert "tesseract" in said["en"]


def test_the_table_opens_in_a_spreadsheet_and_starts_no_formula(report: Readiness) -> None:
    written = render_readiness_csv(report, "ko")
    assert written.startswith("\ufeff파일,등급")
    rows = list(csv.reader(io.StringIO(written[1:])))
    assert len({len(row) for row in rows}) == 1
    assert [row[0] for row in rows[1:]] == ["<b>규정</b>.docx", "규정.hwp", "메모.txt", "'=1+1.png"]


# ── mending ──────────────────────────────────────────────────────────────────


def test_how_sure_an_encoding_is_stands_beside_it(tmp_path: Path) -> None:
    (tmp_path / "분명.txt").write_text("예산의 집행에 필요한 사항을 정한다.\n", "utf-8")
    (tmp_path / "일본.txt").write_bytes("これは日本語の文書です。予算の執行について定める。\n".encode("shift_jis") * 5)
    with SandboxReadingService(processes=1) as service:
        report = readiness(service.read_all(walk(tmp_path)))
    sure, unsure = report.files
    assert sure.encoding_confidence > 0.9
    assert 0 < unsure.encoding_confidence < 0.6
    page = render_readiness_html(report)
    assert f"{unsure.encoding} (50 %)" in page
    assert "utf-8 (" not in page
    assert "encoding_confidence" in render_readiness_json(report).decode()


def test_mending_writes_elsewhere_and_leaves_the_originals_alone(tmp_path: Path) -> None:
    here, there = tmp_path / "원본", tmp_path / "고친것"
    (here / "안").mkdir(parents=True)
    files = {
        "안/옛글.txt": "제1조(목적) 이 규정은\r\n\r\n예산을 정한다.\n".encode("cp949"),
        "새글.txt": "이미 새로운 글이다.\n".encode(),
        "공지.html": b"<html><head><meta charset='euc-kr'><body><h1>"
        + "공지합니다".encode("cp949")
        + b"</h1></body></html>",
    }
    for name, data in files.items():
        (here / name).write_bytes(data)
    with SandboxReadingService(processes=1) as service:
        done = {each.path: each for each in repair(service.read_all(walk(here)), here, there)}
    assert (there / "안/옛글.txt").read_bytes() == "제1조(목적) 이 규정은\r\n\r\n예산을 정한다.\n".encode()
    assert done["안/옛글.txt"].how == "utf-8"
    assert "새글.txt" not in done
    assert "charset='utf-8'" in (there / "공지.html").read_text(encoding="utf-8")
    assert {name: (here / name).read_bytes() for name in files} == files


def test_a_table_is_mended_as_a_table_and_a_plain_text_without_marks_of_markdown(tmp_path: Path) -> None:
    here = tmp_path / "원본"
    here.mkdir()
    rows = "이름,금액\n홍길동,1\n김철수,2\n박영희,3\n".encode("cp949") + "덧붙인 사람,4\n덧붙인 이,5\n".encode()
    (here / "섞임.csv").write_bytes(rows)
    (here / "맥.txt").write_text(unicodedata.normalize("NFD", "2 * 3 = [여섯]이다.\n"), "utf-8")
    (here / "섞임.json").write_bytes('{"가": "앞의 글이다"}\n'.encode("cp949") + '{"나": "뒤의 글이다"}\n'.encode())
    with SandboxReadingService(processes=1) as service:
        done = {each.path: each.written for each in repair(service.read_all(walk(here)), here, tmp_path / "고친것")}
    table = (tmp_path / "고친것" / done["섞임.csv"]).read_text("utf-8").splitlines()
    assert (table[0], table[-1]) == ("이름,금액", "덧붙인 이,5")
    assert (tmp_path / "고친것" / done["맥.txt"]).read_text("utf-8") == "2 * 3 = [여섯]이다.\n"
    assert done["섞임.json"] == "섞임.json.md"


def test_a_document_is_mended_into_markdown_beside_its_place(tmp_path: Path) -> None:
    made = document("규정/예산.hwp", "\n".join(SENTENCES), "hwp5")
    (done,) = repair([made], tmp_path / "a", tmp_path / "b")
    assert (done.written, done.how) == ("규정/예산.hwp.md", "markdown")
    assert (tmp_path / "b" / done.written).read_text(encoding="utf-8").startswith("제1조")


@pytest.mark.parametrize("path", ["../../밖.hwp", "/etc/밖.hwp", "가/../../밖.hwp", "가" * 300 + ".hwp"])
def test_no_name_leads_out_of_the_folder_it_is_written_to(tmp_path: Path, path: str) -> None:
    list(repair([document(path, SENTENCES[0], "hwp5")], tmp_path / "a", tmp_path / "b"))
    (written,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert (tmp_path / "b") in written.parents


def test_originals_and_copies_may_not_lie_in_each_other(tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "안", tmp_path.parent):
        with pytest.raises(FolderOverlaps):
            list(repair([], tmp_path, target))


def test_the_page_counts_one_as_one_names_where_personal_data_is_and_boasts_of_no_gain(tmp_path: Path) -> None:
    (tmp_path / "명부.txt").write_text("전화 010-1234-5678, 02-123-4567로 연락하십시오.\n대외비\n", encoding="cp949")
    with SandboxReadingService(processes=1) as service:
        report = readiness(service.read_all([FileToRead(str(tmp_path / "명부.txt"), "명부.txt")]))
    page = render_readiness_html(report, "en")
    assert "1 file ·" in page
    assert "1 files" not in page
    assert "Most of it in: 명부.txt (2)" in " ".join(page.split())
    assert "0 become" not in page
    assert "010-1234" not in page
