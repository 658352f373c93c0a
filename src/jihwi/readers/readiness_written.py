"""The readiness report as a page to print, as JSON and as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib import resources

import jinja2
import msgspec

from jihwi.readers.grade import bytes_words
from jihwi.readers.readiness import LETTERS, FileLine, Fix, Readiness
from jihwi.readers.words import data_words, format_words, grade_words, say, say_of_many
from jihwi.words import Language, plain

__all__ = ["percent", "render_readiness_csv", "render_readiness_html", "render_readiness_json"]

MOST_LINES = 2_000
"""A page lists no more files than this, the worst first; JSON and CSV list all."""
MOST_GROUPS = 200
_SURE = 0.9
"""From here on it need not be said how sure an encoding is."""
MOST_NAMED = 10
"""Files named in a line, such as those with the most personal data."""

_WORDS: dict[Language, dict[str, str]] = {
    "ko": {
        "title": "문서 준비도 보고서",
        "files": "파일 {n}개",
        "inside": "그 안에 든 문서 {n}개",
        "now": "지금 기계가 읽을 수 있음",
        "automatic": "자동으로 고친 뒤 (--fix)",
        "all": "사람이 할 일까지 한 뒤",
        "grades": "등급별 파일 수",
        "fixes": "먼저 고칠 것",
        "by_itself": "자동으로 고침",
        "gain_files": "파일 {n}개",
        "gained": "새로 읽히는 파일 {n}개",
        "share": "여기까지 하면 {share}가 읽힘",
        "example": "예: {paths}",
        "personal": "개인정보와 표시",
        "personal_files": "파일 {n}개에 개인정보로 보이는 것이 있습니다.",
        "most_personal": "가장 많은 파일:",
        "marked_files": "표시가 있는 파일:",
        "never_shown": "내용은 어디에도 적지 않고 수만 셉니다.",
        "labels": "문서에 있는 표시:",
        "duplicates": "내용이 똑같은 파일",
        "versions": "한 문서의 여러 판으로 보이는 파일",
        "more": "이 밖에 {n}묶음은 JSON과 CSV에 있습니다.",
        "every_file": "파일마다",
        "file": "파일",
        "format": "형식",
        "letters": "글자",
        "why": "까닭과 할 일",
        "nothing": "고칠 것이 없습니다.",
        "more_lines": "이 밖에 {n}개는 JSON과 CSV에 있습니다.",
        "footer": "기계가 읽을 수 있음: 글 전체를 그대로 쓸 수 있는 A, B 등급의 몫입니다.",
        "hidden": "숨은 파일 {n}개는 읽지 않았습니다.",
        "cost": "읽는 데 CPU {s}초가 들었습니다.",
        "pages": "{n}쪽",
        "tables": "표 {n}",
        "scan": "스캔",
        "mixed": "글과 스캔",
        "C": "C 기밀",
        "S": "S 민감",
    },
    "en": {
        "title": "How ready these files are",
        "files": "{n} file|{n} files",
        "inside": "{n} document inside them|{n} documents inside them",
        "now": "machine readable now",
        "automatic": "after automatic fixes (--fix)",
        "all": "after what people can do, too",
        "grades": "Files by grade",
        "fixes": "What to mend first",
        "by_itself": "mended by itself",
        "gain_files": "{n} file|{n} files",
        "gained": "{n} becomes readable|{n} become readable",
        "share": "{share} readable when done up to here",
        "example": "such as {paths}",
        "personal": "Personal data and markings",
        "personal_files": "{n} file holds what looks like personal data.|{n} files hold what looks like personal data.",
        "most_personal": "Most of it in:",
        "marked_files": "Files with markings:",
        "never_shown": "It is counted and written nowhere.",
        "labels": "Markings in the documents:",
        "duplicates": "Files with the same content",
        "versions": "Files that look like versions of one document",
        "more": "{n} more group is in the JSON and CSV files.|{n} more groups are in the JSON and CSV files.",
        "every_file": "File by file",
        "file": "File",
        "format": "Format",
        "letters": "Letters",
        "why": "Why, and what to do",
        "nothing": "Nothing to mend.",
        "more_lines": "{n} more is in the JSON and CSV files.|{n} more are in the JSON and CSV files.",
        "footer": "Machine readable: the share of files with grade A or B, whose whole text can be used as it is.",
        "hidden": "{n} hidden file was not read.|{n} hidden files were not read.",
        "cost": "Reading took {s} seconds of CPU time.",
        "pages": "{n} page|{n} pages",
        "tables": "{n} table|{n} tables",
        "scan": "scan",
        "mixed": "text and scan",
        "C": "C classified",
        "S": "S sensitive",
    },
}


def render_readiness_html(report: Readiness, language: Language = "ko", place: str = "") -> str:
    """The report as one page that needs nothing else: no script, no picture, no network; it prints well.

    `place` is the folder's name as shown under the title.
    """
    words = _WORDS[language]
    worst_first = sorted(report.files, key=lambda line: (-LETTERS.index(line.grade), line.path))
    duplicates = [group for group in report.groups if group.kind == "duplicate"]
    versions = [group for group in report.groups if group.kind == "version"]
    page = _template().render(
        report=report,
        language=language,
        place=place,
        t=words,
        many=lambda key, count: _many(words[key], count),
        total=len(report.files),
        size=bytes_words(report.bytes),
        now=percent(report.readable_now),
        automatic=percent(report.readable_after_automatic),
        all=percent(report.readable_after_all),
        bar=_bar(report),
        key=[{"letter": x, "count": report.grades.get(x, 0), "words": grade_words(x, language)} for x in LETTERS],
        fixes=[_fix_words(fix, language) for fix in report.fixes],
        personal=[(data_words(kind, language), count) for kind, count in report.personal_data.items()],
        most_personal=_most_personal(report),
        marked=[line for line in worst_first if line.labels],
        duplicates=duplicates[:MOST_GROUPS],
        more_duplicates=max(0, len(duplicates) - MOST_GROUPS),
        versions=versions[:MOST_GROUPS],
        more_versions=max(0, len(versions) - MOST_GROUPS),
        lines=[_line_words(line, language) for line in worst_first[:MOST_LINES]],
        more_lines=max(0, len(worst_first) - MOST_LINES),
        seconds=f"{report.seconds:.1f}",
    )
    return plain(page)  # a name may hold marks that turn writing round


def render_readiness_json(report: Readiness) -> bytes:
    """The report as JSON: codes and parameters, every file, and each remark in both languages."""
    fields = msgspec.to_builtins(report)
    for line, written in zip(report.files, fields["files"], strict=True):
        if line.remarks:
            written["remarks"] = [
                msgspec.to_builtins(each) | {lang: " ".join(say(each, lang)).strip() for lang in ("ko", "en")}
                for each in line.remarks
            ]
    return msgspec.json.format(msgspec.json.encode(fields), indent=1)


def render_readiness_csv(report: Readiness, language: Language = "ko") -> str:
    """The report as a table with one line a file, for a spreadsheet (it begins with a byte order mark).

    A value that a spreadsheet would take for a formula is given an apostrophe.
    """
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(_HEADS[language])
    for line in report.files:
        said = [say(each, language) for each in line.remarks]
        row = [
            line.path,
            line.grade,
            line.after_automatic,
            line.after_all,
            format_words(line.format, language),
            line.size,
            line.characters,
            line.pages or "",
            line.tables,
            line.text,
            line.encoding,
            f"{line.encoding_confidence:.2f}" if line.encoding_confidence else "",
            line.language,
            " / ".join(line.labels),
            line.security_class,
            " / ".join(f"{data_words(kind, language)} {count}" for kind, count in line.personal_data.items()),
            " ".join(what for what, _ in said),
            " ".join(dict.fromkeys(fix for _, fix in said if fix)),
        ]
        writer.writerow([_harmless(value) for value in row])
    return out.getvalue()


_HEADS: dict[Language, tuple[str, ...]] = {
    "ko": (
        *("파일", "등급", "자동으로 고친 뒤", "모두 고친 뒤", "형식", "바이트", "글자", "쪽", "표", "글의 자리"),
        *("인코딩", "인코딩 확신도", "언어", "표시", "보안등급", "개인정보", "까닭", "할 일"),
    ),
    "en": (
        *("file", "grade", "after fix", "after all", "format", "bytes", "letters", "pages", "tables", "text"),
        *("encoding", "encoding confidence", "language", "labels", "class", "personal data", "why", "what to do"),
    ),
}


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


@cache
def _template() -> jinja2.Template:
    source = resources.files("jihwi.readers").joinpath("readiness.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(source)


def percent(share: float) -> str:
    """A share in percent; never 100 unless it is whole.

    >>> percent(0.9996), percent(1.0)
    ('99 %', '100 %')
    """
    return f"{int(share * 100)} %"


def _bar(report: Readiness) -> list[dict[str, object]]:
    total = max(1, len(report.files))
    parts: list[dict[str, object]] = []
    place = 0.0
    for letter in LETTERS:
        count = report.grades.get(letter, 0)
        width = 1000 * count / total
        if count:
            parts.append({"letter": letter, "count": count, "x": f"{place:.2f}", "width": f"{width:.2f}"})
        place += width
    return parts


def _fix_words(fix: Fix, language: Language) -> dict[str, object]:
    what, todo = say_of_many(fix.remark, language)
    words = _WORDS[language]
    gain = [_many(words["gain_files"], fix.files)]
    if fix.readable_gained:
        gain.append(_many(words["gained"], fix.readable_gained))
        gain.append(words["share"].format(share=percent(fix.readable_share)))
    examples = words["example"].format(paths=", ".join(fix.examples))
    return {"what": what, "todo": todo, "automatic": fix.automatic, "gain": " · ".join(gain), "examples": examples}


def _most_personal(report: Readiness) -> list[FileLine]:
    """The files with the most personal data."""
    found = sorted(report.files, key=lambda line: (-sum(line.personal_data.values()), line.path))
    return [line for line in found[:MOST_NAMED] if line.personal_data]


def _many(words: str, count: int) -> str:
    """Words for a count: those before the bar for one, where there is a bar.

    >>> _many("{n} file|{n} files", 1), _many("{n} file|{n} files", 1200), _many("{n}쪽", 1)
    ('1 file', '1,200 files', '1쪽')
    """
    one, _, several = words.partition("|")
    return (one if count == 1 or not several else several).format(n=f"{count:,}")


def _line_words(line: FileLine, language: Language) -> dict[str, object]:
    words = _WORDS[language]
    about = [bytes_words(line.size)]
    if line.security_class in ("C", "S"):
        about.append(words[line.security_class])
    if line.pages:
        about.append(_many(words["pages"], line.pages))
    if line.tables:
        about.append(_many(words["tables"], line.tables))
    if line.text in ("scan", "mixed"):
        about.append(words[line.text])
    if line.encoding:
        sure = 0 < line.encoding_confidence < _SURE
        about.append(f"{line.encoding} ({percent(line.encoding_confidence)})" if sure else line.encoding)
    return {
        "grade": line.grade,
        "path": line.path,
        "format": format_words(line.format, language),
        "about": " · ".join(about),
        "characters": f"{line.characters:,}" if line.characters else "",
        "remarks": [say(each, language) for each in line.remarks],
    }
