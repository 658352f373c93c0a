"""Makes the files of the example office from the texts in `texts/`.

    python examples/make_examples.py            what needs nothing but Python and the project's own packages
    python examples/make_examples.py --drawn    the PDF and the scanned picture too (Chromium, Pillow, Nanum fonts)

Running it again changes nothing: the same texts give the same files. What is already a plain file (the notice, the
Markdown) is not made but lies in `office/` as it was written.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from making.drawn import pdf, scan  # noqa: E402
from making.hwp5 import hwp5  # noqa: E402
from making.hwpx import hwpx  # noqa: E402
from making.mail import eml  # noqa: E402
from making.markup import parse  # noqa: E402
from making.office import budget_xlsx, docx, korean_text  # noqa: E402

TEXTS = HERE / "texts"
OFFICE = HERE / "office"
PDF = "지침/기록물_관리_지침.pdf"
SCAN = "당직/당직_인수인계_메모.png"
BROKEN = "규정/공무원_여비_규정_구판.hwpx"

SOURCES = {
    "규정/공무원_복무_규정.hwpx": "복무규정.md",
    "규정/공무원_여비_규정.hwpx": "여비규정.md",
    "규정/물품_관리_규정.hwp": "물품관리규정.md",
    "지침/정보공개_운영_지침.hwpx": "정보공개지침.md",
    PDF: "기록물관리지침.md",
    SCAN: "당직메모.txt",
    "회의록/간부회의_2025-03-04.txt": "간부회의_2025-03-04.txt",
    "회의록/간부회의_2025-04-08.txt": "간부회의_2025-04-08.txt",
    "회의록/간부회의_2025-05-13.txt": "간부회의_2025-05-13.txt",
    "예산/2025년_세출예산서.xlsx": "세출예산_2025.csv",
    "예산/2025년_4월_집행현황.csv": "집행현황_2025-04.csv",
    "계약/민원실_환경개선_공사_계약서.docx": "민원실공사_계약서.md",
    "계약/바닥재_변경_요청.eml": "바닥재_변경.txt",
    "international/alderport_delegation.eml": "alderport_delegation.txt",
}
"""Each file and the text it is made from."""


def made() -> dict[str, bytes]:
    """Every file that is made from a text alone, by its path in the office."""
    files = {name: _made(name, _text(source)) for name, source in SOURCES.items() if name not in (PDF, SCAN)}
    return files | {BROKEN: broken(files["규정/공무원_여비_규정.hwpx"])}


def _made(name: str, text: str) -> bytes:
    match Path(name).suffix:
        case ".hwpx":
            return hwpx(parse(text))
        case ".hwp":
            return hwp5(parse(text))
        case ".docx":
            return docx(parse(text))
        case ".xlsx":
            return budget_xlsx(list(csv.reader(text.splitlines())))
        case ".eml":
            return eml(text, TEXTS)
        case _:
            return korean_text(text)


def broken(data: bytes) -> bytes:
    """A file whose end was lost on the way, as it happens to copies on a memory stick: half an archive."""
    return data[: len(data) // 2]


def _text(name: str) -> str:
    return (TEXTS / name).read_text(encoding="utf-8")


def main() -> None:
    """Write the office."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--drawn", action="store_true", help="draw the PDF and the picture too")
    drawn = options.parse_args().drawn
    for name, data in made().items():
        path = OFFICE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        print(f"{len(data):>9,}  {name}")
    if drawn:
        for name in (PDF, SCAN):
            (OFFICE / name).parent.mkdir(parents=True, exist_ok=True)
        (OFFICE / PDF).write_bytes(pdf(parse(_text(SOURCES[PDF]))))
        scan(_text(SOURCES[SCAN]), OFFICE / SCAN)


if __name__ == "__main__":
    main()
