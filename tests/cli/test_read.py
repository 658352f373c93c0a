"""`jihwi read` as a person runs it: what is read, written, refused, mended and told, and what never leaves."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

from jihwi.testing.hwp import Heading, hwp, simple_document
from jihwi.testing.hwpx import hwpx
from tests.cli.terminal import run_apart

RESIDENT = "900101-1234568"
"""A made-up number that passes the check digit."""
ANOTHER = "850505-2345674"
PASSWORD = "봄나물 7"
RULE = "당직비는 1회 60,000원을 지급한다. 지급일은 다음 달 10일이다.\n"


def jihwi(folder: Path, *words: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, in `folder`."""
    return run_apart(folder, "read", *words, stdin=stdin, before=None, JIHWI_READING_PROCESSES="1", **env)


def answered(folder: Path, *words: str, code: int = 0, **env: str) -> dict[str, Any]:
    """The answer for machines."""
    done = jihwi(folder, *words, "--json", **env)
    assert done.returncode == code, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def grades(answer: dict[str, Any]) -> dict[str, str]:
    return {line["path"]: line["grade"] for line in answer["files"]}


def of_word() -> bytes:
    document = docx.Document()
    document.add_heading("여비 규정", level=1)
    document.add_paragraph(f"출장 여비는 실비로 정산한다. 담당자 번호는 {RESIDENT} 이다.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def of_excel() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["항목", "금액"], ["인건비", 1200], ["여비", 300]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A small folder with a bit of everything."""
    folder = tmp_path / "문서"
    (folder / "하위").mkdir(parents=True)
    document = simple_document(
        Heading("총칙"), "이 규정은 청사의 당직을 정한다. 당직은 두 사람이 선다.", [["항목", "금액"]]
    )
    (folder / "당직.txt").write_bytes(RULE.encode("cp949"))
    (folder / "규정.hwpx").write_bytes(hwpx(document))
    (folder / "규정.hwp").write_bytes(hwp(document))
    (folder / "하위" / "규정.hwp").write_bytes(hwp(simple_document("하위 폴더의 다른 규정은 휴가와 출장을 정한다.")))
    (folder / "여비.docx").write_bytes(of_word())
    (folder / "예산.xlsx").write_bytes(of_excel())
    (folder / "깨진.zip").write_bytes(b"PK\x03\x04 not an archive")
    (folder / "이름만.pdf").write_bytes(hwpx(simple_document("확장자가 다른 문서도 내용으로 알아보고 읽어야 한다.")))
    (folder / "잠긴.hwpx").write_bytes(hwpx(document, password=PASSWORD))
    return folder


def test_every_kind_is_read_and_graded(tmp_path: Path, office: Path) -> None:
    answer = answered(tmp_path, "문서", "--out", "결과")
    found = {line["path"]: line for line in answer["files"]}
    assert {path: line["format"] for path, line in found.items()} == {
        "당직.txt": "text",
        "규정.hwpx": "hwpx",
        "규정.hwp": "hwp5",
        "하위/규정.hwp": "hwp5",
        "여비.docx": "docx",
        "예산.xlsx": "xlsx",
        "깨진.zip": "zip",
        "이름만.pdf": "hwpx",
        "잠긴.hwpx": "hwpx",
    }
    assert (found["잠긴.hwpx"]["grade"], found["깨진.zip"]["grade"]) == ("E", "F")
    assert found["당직.txt"]["encoding"] == "cp949"
    assert found["여비.docx"]["personal_data"] == {"resident_number": 1}
    assert "wrong_extension" in [remark["code"] for remark in found["이름만.pdf"]["remarks"]]
    assert (answer["read"], answer["unchanged"], answer.get("hidden", 0)) == (7, 0, 0)


def test_results_lie_under_the_documents_own_names(tmp_path: Path, office: Path) -> None:
    answer = answered(tmp_path, "문서", "--out", "결과")
    written = {one["path"]: one for one in answer["written"]}
    assert written["하위/규정.hwp"]["markdown"] == "하위/규정.hwp.md"
    for one in written.values():
        assert (tmp_path / "결과" / one["markdown"]).read_text("utf-8").strip()
        assert json.loads((tmp_path / "결과" / one["json"]).read_text("utf-8"))["text"].strip()
    assert "휴가와 출장" in (tmp_path / "결과/하위/규정.hwp.md").read_text("utf-8")
    assert "휴가와 출장" not in (tmp_path / "결과/규정.hwp.md").read_text("utf-8")
    assert "60,000원" in (tmp_path / "결과/당직.txt.md").read_text("utf-8")
    table = (tmp_path / "결과/readiness.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbf")
    assert not table.startswith(b"\xef\xbb\xbf" * 2)


def test_a_second_run_reads_only_what_has_changed(tmp_path: Path, office: Path) -> None:
    first = answered(tmp_path, "문서")
    second = answered(tmp_path, "문서")
    assert (first["unchanged"], second["unchanged"]) == (0, len(first["files"]))
    # The time a reading took is kept with it: no file was read anew, or its time would differ.
    assert [line.get("seconds") for line in second["files"]] == [line.get("seconds") for line in first["files"]]
    (office / "당직.txt").write_text(RULE, encoding="utf-8")
    third = answered(tmp_path, "문서")
    assert third["unchanged"] == len(first["files"]) - 1
    assert {line["path"]: line for line in third["files"]}["당직.txt"]["grade"] == "A"


def test_a_password_opens_the_files_that_ask_for_one(tmp_path: Path, office: Path) -> None:
    (tmp_path / "key.txt").write_text(PASSWORD + "\n", encoding="utf-8")
    assert grades(answered(tmp_path, "문서"))["잠긴.hwpx"] == "E"
    done = jihwi(tmp_path, "문서", "--password", "file:key.txt", "--out", "결과", "--json")
    answer = json.loads(done.stdout)
    assert grades(answer)["잠긴.hwpx"] == "A"
    assert (answer["opened_with_password"], answer["unchanged"]) == (1, len(answer["files"]))
    assert "당직은 두 사람이" in (tmp_path / "결과/잠긴.hwpx.md").read_text("utf-8")
    (tmp_path / "key.txt").unlink()
    assert PASSWORD not in done.stdout + done.stderr
    assert not holding(tmp_path, PASSWORD)


def test_what_a_password_opened_is_not_kept_open(tmp_path: Path) -> None:
    (tmp_path / "잠긴.hwpx").write_bytes(
        hwpx(simple_document("아무나 보아서는 안 되는 계획이 들어 있다."), password=PASSWORD)
    )
    assert jihwi(tmp_path, "잠긴.hwpx", "--password", PASSWORD).returncode == 0
    assert jihwi(tmp_path, "잠긴.hwpx", "--password", "env:DOCUMENT_KEY", DOCUMENT_KEY=PASSWORD).returncode == 0
    assert not holding(tmp_path, "아무나 보아서는")
    assert jihwi(tmp_path, "잠긴.hwpx").returncode == 1


def test_a_wrong_password_and_a_wrong_reference_are_told_without_showing_them(tmp_path: Path, office: Path) -> None:
    done = jihwi(tmp_path, "문서", "--password", "틀린 암호")
    assert done.returncode == 0
    assert "opened 0 of 1 locked files" in done.stderr
    assert "틀린 암호" not in done.stdout + done.stderr
    done = jihwi(tmp_path, "문서", "--password", "file:nowhere")
    assert done.returncode == 2
    assert "--password" in done.stderr
    assert "Traceback" not in done.stderr


def holding(folder: Path, text: str) -> list[Path]:
    """The files below `folder` that hold `text` as plain bytes."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_nothing_read_is_a_failure_with_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 not an archive")
    (folder / "empty.txt").write_bytes(b"")
    done = jihwi(tmp_path, "files")
    assert done.returncode == 1
    assert "Not one file gave any text" in done.stderr
    assert "broken.zip" in done.stdout
    answer = answered(tmp_path, "files", code=1)
    assert (answer["read"], set(grades(answer).values())) == (0, {"F"})


@pytest.mark.parametrize(("option", "target"), [("--out", "문서/안"), ("--out", "."), ("--fix", "문서")])
def test_a_target_among_the_originals_is_refused_before_anything_is_written(
    tmp_path: Path, office: Path, option: str, target: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    done = jihwi(tmp_path, "문서", option, target, "--home", str(tmp_path / ".jihwi"))
    assert done.returncode == 2
    assert "lie in each other" in " ".join(done.stderr.split())
    assert [path for path in sorted(tmp_path.rglob("*")) if ".jihwi" not in path.parts] == before


def test_mended_copies_lie_apart_and_originals_stay_as_they_are(tmp_path: Path, office: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in office.rglob("*") if path.is_file()}
    answer = answered(tmp_path, "문서", "--fix", "고친것")
    how = {one["path"]: (one["how"], one["written"]) for one in answer["repaired"]}
    assert how["당직.txt"] == ("utf-8", "당직.txt")
    assert (tmp_path / "고친것/당직.txt").read_bytes() == RULE.encode()
    assert how["하위/규정.hwp"] == ("markdown", "하위/규정.hwp.md")
    assert "휴가와 출장" in (tmp_path / "고친것/하위/규정.hwp.md").read_text("utf-8")
    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in office.rglob("*") if p.is_file()}


def test_two_folders_of_one_name_stay_apart(tmp_path: Path) -> None:
    for year in ("2024", "2025"):
        folder = tmp_path / year / "규정"
        folder.mkdir(parents=True)
        (folder / "여비.txt").write_bytes(f"{year}년의 여비 규정이다. 일비는 정액으로 준다.\n".encode("cp949"))
    answer = answered(tmp_path, "2024/규정", "2025/규정", "2025/규정", "--out", "결과", "--fix", "고친것")
    assert sorted(grades(answer)) == ["규정-2/여비.txt", "규정/여비.txt"]
    assert "2025년" in (tmp_path / "결과/규정-2/여비.txt.md").read_text("utf-8")
    assert "2025년" in (tmp_path / "고친것/규정-2/여비.txt").read_text("utf-8")
    assert "2024년" in (tmp_path / "고친것/규정/여비.txt").read_text("utf-8")


def test_the_name_of_a_folder_is_covered_too(tmp_path: Path) -> None:
    for name in (RESIDENT, "나"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "글.txt").write_text("여비 규정이다.\n", "cp949")
    answer = jihwi(tmp_path, RESIDENT, "나", "--out", "결과", "--fix", "고친것", "--json").stdout
    assert {one["written"] for one in json.loads(answer)["repaired"]} == {"______-_______/글.txt", "나/글.txt"}
    assert (tmp_path / "고친것/______-_______/글.txt").exists()
    names = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")]
    assert sorted(name for name in names if RESIDENT in name) == [RESIDENT, f"{RESIDENT}/글.txt"]
    assert RESIDENT not in answer + (tmp_path / "결과/readiness.html").read_text("utf-8")


def test_what_lies_in_an_archive_of_one_of_two_folders_keeps_its_place(tmp_path: Path) -> None:
    for name in ("가", "나"):
        (tmp_path / name).mkdir()
        with zipfile.ZipFile(tmp_path / name / "묶음.zip", "w") as archive:
            archive.writestr("안/글.txt", f"{name} 폴더의 글이다.\n".encode("cp949"))
    answer = answered(tmp_path, "가", "나", "--out", "결과", "--fix", "고친것")
    assert [one["path"] for one in answer["repaired"]] == ["가/묶음.zip/안/글.txt", "나/묶음.zip/안/글.txt"]
    assert (tmp_path / "고친것/나/묶음.zip/안/글.txt").read_text("utf-8") == "나 폴더의 글이다.\n"
    assert (tmp_path / "결과/나/묶음.zip/안/글.txt.md").exists()


ODD = [
    "[bold]굵게[red].txt",
    "a\x1b[31m빨강.txt",
    "줄\n바꿈.txt",
    "=1+1.txt",
    "readiness",
    "물음?표*.txt",
    "글.md",
    "글",
]


def test_odd_names_are_shown_harmlessly_and_lose_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "겹침.md").mkdir(parents=True)
    for number, name in enumerate([*ODD, "겹침", "겹침.md/안.txt"]):
        (folder / name).write_text(f"{number}번째 문서에는 저마다 다른 글이 있다.\n", encoding="utf-8")
    (folder / os.fsdecode("옛이름.txt".encode("cp949"))).write_text("이름이 옛 인코딩인 문서이다.\n", encoding="utf-8")
    done = jihwi(tmp_path, "files", "--out", "결과")
    assert done.returncode == 0, done.stderr
    assert "[bold]굵게[red].txt" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    answer = answered(tmp_path, "files", "--out", "결과2")
    assert len(answer["files"]) == len(ODD) + 3
    places = [one["markdown"] for one in answer["written"]]
    assert len(set(places)) == len(answer["files"])
    texts = {(tmp_path / "결과2" / place).read_text("utf-8") for place in places}
    assert len(texts) == len(answer["files"])
    assert "files" in json.loads((tmp_path / "결과2/readiness.json").read_text("utf-8"))
    assert (tmp_path / "결과2/옛이름.txt.md").exists()


def test_resident_numbers_are_counted_and_never_shown(tmp_path: Path, office: Path) -> None:
    done = jihwi(tmp_path, "문서", "--out", "결과")
    answer = jihwi(tmp_path, "문서", "--json")
    assert json.loads(answer.stdout)["personal_data"] == {"resident_number": 1}
    said = done.stdout + done.stderr + answer.stdout + answer.stderr
    assert RESIDENT not in said
    assert RESIDENT.replace("-", "") not in said
    # The document itself holds it, as Markdown and as JSON; nothing else that was written does.
    assert {path.name for path in holding(tmp_path / "결과", RESIDENT)} == {"여비.docx.md", "여비.docx.json"}
    for name in ("readiness.html", "readiness.json", "readiness.csv"):
        assert RESIDENT[7:] not in (tmp_path / "결과" / name).read_text("utf-8")


def test_what_a_name_or_a_document_inside_holds_is_counted_and_never_shown(tmp_path: Path) -> None:
    folder = tmp_path / "문서"
    folder.mkdir()
    for number in (RESIDENT, ANOTHER):
        (folder / f"홍길동 {number}.txt").write_text(f"{number[:2]}년생의 이력서이다.\n", "cp949")
    with zipfile.ZipFile(folder / "묶음.zip", "w") as archive:
        archive.writestr(f"명부 {RESIDENT}.txt", f"주민등록번호 {RESIDENT}\n대외비\n")
        archive.writestr(f"명부 {ANOTHER}.txt", "다른 사람의 명부이다.\n")
        archive.writestr(f"깨진 {RESIDENT}.docx", b"PK\x03\x04")
    done = jihwi(tmp_path, "문서", "--out", "결과", "--fix", "고친것", "--json")
    answer = json.loads(done.stdout)
    lines = {line["path"]: line for line in answer["files"]}
    assert sorted(lines) == ["묶음.zip", "홍길동 ******-******* (2).txt", "홍길동 ******-*******.txt"]
    # one in the text inside, and one in each of the three names that the archive lists
    assert lines["묶음.zip"]["personal_data"] == {"resident_number": 4}
    assert lines["묶음.zip"]["labels"] == ["대외비"]
    said = " ".join(remark["ko"] for remark in lines["묶음.zip"]["remarks"])
    assert "3개 가운데 1개를 읽지 못했습니다: 깨진 ******-*******.docx" in said
    assert "파일 이름에 개인정보가 있습니다(주민등록번호 1)" in str(lines["홍길동 ******-*******.txt"]["remarks"])
    shown = done.stdout + done.stderr + jihwi(tmp_path, "문서").stdout
    shown += "".join((tmp_path / f"결과/readiness.{kind}").read_text("utf-8") for kind in ("html", "json", "csv"))
    assert not [number for number in (RESIDENT, ANOTHER) if number[7:] in shown]
    names = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if folder not in path.parents]
    assert not [name for name in names if RESIDENT[7:] in name or ANOTHER[7:] in name]
    assert len([one for one in answer["repaired"] if one["how"] == "utf-8"]) == 4
    inside = ("묶음.zip/명부 ______-_______.txt", "묶음.zip/명부 ______-_______ (2).txt")
    assert {one["written"] for one in answer["repaired"]} >= set(inside)
    assert len({(tmp_path / "고친것" / one).read_text("utf-8") for one in inside}) == 2


def test_a_copy_never_takes_the_place_of_another_files_copy(tmp_path: Path) -> None:
    folder = tmp_path / "문서"
    folder.mkdir()
    (folder / "안내.html").write_text("<p>쪽으로 된 안내문이다.</p>", "utf-8")
    (folder / "안내.html.md").write_text("옛 인코딩으로 적은 안내문이다.\n", "cp949")
    done = jihwi(tmp_path, "문서", "--out", "결과", "--fix", "고친것", "--json")
    written = {one["path"]: one["written"] for one in json.loads(done.stdout)["repaired"]}
    assert sorted(written.values()) == ["안내.html (2).md", "안내.html.md"]
    said = {path: (tmp_path / "고친것" / place).read_text("utf-8") for path, place in written.items()}
    assert ("쪽으로" in said["안내.html"], "옛 인코딩" in said["안내.html.md"]) == (True, True)


def test_a_person_at_a_terminal_sees_how_far_it_is(tmp_path: Path, office: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "jihwi", "read", "문서"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "JIHWI_LANGUAGE": "en", "TERM": "xterm", "COLUMNS": "100"},
    ) as running:
        os.close(theirs)
        seen = everything_on(ours)
    os.close(ours)
    assert running.returncode == 0
    assert "Reading" in seen
    assert "9/9" in seen


def everything_on(terminal: int) -> str:
    """What is written to a terminal until its other end is closed."""
    parts = []
    try:
        while part := os.read(terminal, 1 << 16):
            parts.append(part)
    except OSError:
        pass  # Linux says so when the last writer has gone
    return b"".join(parts).decode("utf-8", "replace")


def test_a_single_file_may_have_its_results_beside_it(tmp_path: Path) -> None:
    (tmp_path / "당직.txt").write_text(RULE, encoding="utf-8")
    assert jihwi(tmp_path, "당직.txt", "--out", "결과").returncode == 0
    assert (tmp_path / "결과/당직.txt.md").exists()


def test_the_class_a_folder_was_given_stands_beside_each_file(tmp_path: Path) -> None:
    files = tmp_path / "문서"
    (files / "비밀").mkdir(parents=True)
    for name in ("공개.md", "비밀/당직.md"):
        (files / name).write_text(RULE, encoding="utf-8")
    assert "C" not in jihwi(tmp_path, "문서").stdout.split()
    given = [sys.executable, "-m", "jihwi", "search", "당직비", "--files", "문서", "--class", "S", "--class", "비밀=C"]
    subprocess.run(given, cwd=tmp_path, capture_output=True, check=True, timeout=120)
    lines = answered(tmp_path, "문서", "--out", "결과")["files"]
    assert {line["path"]: line["security_class"] for line in lines} == {"공개.md": "S", "비밀/당직.md": "C"}
    assert "C classified" in (tmp_path / "결과" / "readiness.html").read_text("utf-8")
    assert "class" in (tmp_path / "결과" / "readiness.csv").read_text("utf-8-sig").splitlines()[0].split(",")
    assert "Class" in jihwi(tmp_path, "문서").stdout.splitlines()[0]
