"""Every remark a file can get: what it says of the grade, what happened, and what a person can do, in two languages.

A remark's letter is the best grade a file that bears it can have; a file's grade is the worst letter among its
remarks, so every grade below A has its reason beside it.
"""

from __future__ import annotations

import re

from jihwi.readers import GradeLetter, Remark
from jihwi.readers.details import detail_words, looks_words
from jihwi.readers.words_of_many import TITLES
from jihwi.readers.words_of_warnings import WARNINGS, Entry
from jihwi.words import Language, fill

__all__ = ["CATALOGUE", "Entry", "data_words", "format_words", "grade_words", "remark", "say", "say_of_many"]

_RESAVE_KO = "원래 프로그램에서 열어 다시 저장하십시오."
_RESAVE_EN = "Open it in its own program and save it again."
_CODE_KO = "이 파일을 남겨 두고 관리자에게 알리십시오. 다른 파일은 계속 읽었습니다."
_CODE_EN = "Keep the file and tell whoever looks after this program; the other files were read."

CATALOGUE: dict[str, Entry] = {
    # ── the file as a whole ──
    "empty_file": Entry(
        "F",
        "person",
        "비었거나 빈칸뿐인 파일입니다.",
        "The file is empty or holds nothing but blanks.",
        "원본을 다시 받거나 지우십시오.",
        "Fetch the original again, or delete it.",
        after="F",
    ),
    "format_unknown": Entry(
        "F",
        "person",
        "문서로 읽을 수 없는 형식입니다 ({looks_like}).",
        "Not a kind of document that is read ({looks_like}).",
        "문서라면 PDF, HWPX, DOCX 가운데 하나로 다시 저장하십시오.",
        "If it is a document, save it as PDF, HWPX or DOCX.",
        after="F",
    ),
    "archive_unknown": Entry(
        "E",
        "person",
        "풀지 않는 압축 형식입니다 ({looks_like}).",
        "A kind of archive that is not unpacked ({looks_like}).",
        "압축을 풀어 폴더로 두고 다시 읽으십시오.",
        "Unpack it into a folder and read that.",
        after="B",
    ),
    "wrong_extension": Entry(
        "B",
        "automatic",
        "확장자는 .{extension}이지만 내용은 {format}입니다.",
        "The name ends in .{extension}, but the content is {format}.",
        "확장자를 .{better}로 바꾸십시오.",
        "Rename it to end in .{better}.",
    ),
    "file_broken": Entry(
        "F",
        "person",
        "파일이 손상되어 읽지 못했습니다: {detail}",
        "The file is damaged and could not be read: {detail}",
        "원본을 다시 받거나 " + _RESAVE_KO,
        "Fetch the original again. " + _RESAVE_EN,
        after="B",
    ),
    "file_locked": Entry(
        "E",
        "person",
        "암호로 잠겨 있습니다({detail}).",
        "It is locked with a password ({detail}).",
        "암호를 풀어 다시 저장하거나 --password로 암호를 주십시오.",
        "Remove the password and save it again, or give the password with --password.",
    ),
    "drm_locked": Entry(
        "E",
        "person",
        "문서 보안 프로그램({detail})으로 암호화되어 있습니다.",
        "It is encrypted by a document-security product ({detail}).",
        "문서 보안을 해제한 사본을 담당 부서에서 받으십시오.",
        "Ask the department in charge for a copy with the protection lifted.",
    ),
    "file_too_large": Entry(
        "F",
        "person",
        "읽을 수 있는 크기를 넘습니다: {detail}",
        "Larger than what is read: {detail}",
        "파일을 나누십시오.",
        "Split the file.",
        after="B",
    ),
    "file_unreachable": Entry(
        "F",
        "person",
        "파일을 열 수 없습니다: {detail}",
        "The file cannot be opened: {detail}",
        "읽기 권한과 경로를 확인하십시오.",
        "Check that it is still there and may be read.",
    ),
    "not_a_file": Entry(
        "F",
        "person",
        "일반 파일이 아니어서 건너뛰었습니다 ({detail}).",
        "Not an ordinary file, so it was stepped over ({detail}).",
        "문서라면 일반 파일로 복사해 두십시오.",
        "If it stands for a document, put a copy of that document there.",
        after="F",
    ),
    "link_outside": Entry(
        "F",
        "person",
        "폴더 밖을 가리키는 링크여서 따라가지 않았습니다.",
        "A link that points outside the folder; it was not followed.",
        "그 문서를 이 폴더에 복사하십시오.",
        "Copy the document itself into this folder.",
        after="F",
    ),
    # ── the reader ──
    "reader_missing": Entry(
        "E",
        "person",
        "이 형식({format})을 읽을 프로그램이 설치되어 있지 않습니다: {detail}",
        "What reads {format} is not installed: {detail}",
        "`jihwi doctor`가 설치하는 방법을 보입니다.",
        "`jihwi doctor` shows the line that installs it.",
    ),
    "needs_conversion": Entry(
        "E",
        "person",
        "옛 형식({format})이라 먼저 바꾸어야 합니다.",
        "It is in an old format ({format}) that must be converted first.",
        "새 형식으로 다시 저장하십시오. 여러 개라면: soffice --headless --convert-to {better} 파일이름",
        "Save it in the new format; for many at once: soffice --headless --convert-to {better} FILE",
        after="B",
    ),
    "needs_ocr": Entry(
        "E",
        "person",
        "글자가 없는 그림이라 문자 인식(OCR)이 필요합니다.",
        "A picture without text; it needs text recognition (OCR).",
        "문자 인식 프로그램을 설치하십시오: apt-get install tesseract-ocr tesseract-ocr-kor",
        "Install text recognition: apt-get install tesseract-ocr tesseract-ocr-kor",
        after="B",
    ),
    "reader_crashed": Entry(
        "F",
        "person",
        "읽는 도중 판독기가 멈추었습니다 ({detail}).",
        "The reader crashed on it ({detail}).",
        _RESAVE_KO + " " + _CODE_KO,
        _RESAVE_EN + " " + _CODE_EN,
        after="B",
    ),
    "reader_timeout": Entry(
        "F",
        "person",
        "읽는 데 {detail} 넘게 걸려 멈추었습니다.",
        "Reading it took longer than {detail} and was stopped.",
        "파일을 나누거나 다시 저장하십시오.",
        "Split the file, or save it anew.",
        after="B",
    ),
    "reader_memory": Entry(
        "F",
        "person",
        "읽는 데 메모리 한도({detail})를 넘었습니다.",
        "Reading it needed more memory than allowed ({detail}).",
        "파일을 나누십시오. 압축 폭탄일 수도 있습니다.",
        "Split the file; it may also be a decompression bomb.",
        after="B",
    ),
    "nesting_too_deep": Entry(
        "F",
        "person",
        "안에 겹친 구조가 한도({detail})보다 깊습니다.",
        "Its structure is nested deeper than allowed ({detail}).",
        _RESAVE_KO,
        _RESAVE_EN,
        after="B",
    ),
    "output_cut": Entry(
        "D",
        "person",
        "글이 한도를 넘어 앞부분만 읽었습니다.",
        "Its text is longer than allowed; only the first part was read.",
        "파일을 나누십시오.",
        "Split the file.",
    ),
    "reader_note": Entry(
        "B",
        "",
        "읽는 동안 알게 된 것: {warning} {detail} ({count}회)",
        "Noted while reading: {warning} {detail} ({count}×)",
    ),
    # ── the text ──
    "near_empty": Entry(
        "D",
        "person",
        "읽기는 했지만 글이 거의 없습니다 ({characters}자, 파일 {size}).",
        "It was read, but there is almost no text in it ({characters} characters, file {size}).",
        "문서를 열어 글이 그림으로 들어 있는지 확인하십시오.",
        "Open it and see whether its text is a picture.",
        after="B",
    ),
    "no_text": Entry(
        "D",
        "person",
        "읽기는 했지만 글이 하나도 없습니다 (파일 {size}).",
        "It was read, but there is no text in it at all (file {size}).",
        "문서를 열어 글이 그림으로 들어 있는지 확인하십시오.",
        "Open it and see whether its text is a picture.",
        after="B",
    ),
    "picture_empty": Entry(
        "D",
        "",
        "글이 없는 그림입니다.",
        "A picture that holds no text.",
        "글이 있어야 할 그림이라면 더 또렷하게(300dpi) 다시 스캔하십시오.",
        "If it should hold some, scan it again more clearly (300 dpi).",
    ),
    "text_garbled": Entry(
        "D",
        "person",
        "글자의 {share}%가 깨져 있습니다.",
        "{share} % of its characters are garbled.",
        "원본에서 PDF나 HWPX로 다시 저장하십시오.",
        "Save it again from the original as PDF or HWPX.",
        after="B",
    ),
    "text_lost": Entry(
        "D",
        "person",
        "글자의 {share}%가 물음표로 바뀌어 사라졌습니다.",
        "{share} % of its characters were lost: question marks stand in their place.",
        "되돌릴 수 없으니 원본을 다시 받으십시오.",
        "They cannot be brought back; fetch the original again.",
        after="B",
    ),
    "text_some_garbled": Entry(
        "C",
        "person",
        "깨진 글자가 {count}개 있습니다.",
        "{count} of its characters are garbled.",
        "깨진 곳을 원본과 견주어 고치십시오.",
        "Compare these places with the original.",
        after="B",
    ),
    "text_few_garbled": Entry(
        "B",
        "",
        "알아볼 수 없는 글자가 {count}개 있습니다.",
        "{count} of its characters mean nothing to a machine.",
        "글꼴에만 있는 기호인지 확인하십시오.",
        "See whether they are symbols that only one font knows.",
    ),
    "text_recognised": Entry(
        "B",
        "",
        "글의 {share}%는 그림에서 인식한 것이라 틀릴 수 있습니다.",
        "{share} % of its text was recognised in pictures and may hold mistakes.",
        "중요한 숫자는 원본과 견주십시오.",
        "Compare important figures with the original.",
    ),
    "text_repaired": Entry(
        "C",
        "automatic",
        "깨진 인코딩을 고쳐 읽은 곳이 {count}군데 있습니다.",
        "{count} places were repaired from a broken encoding.",
        "--fix가 고친 사본을 UTF-8로 씁니다.",
        "--fix writes the mended copy as UTF-8.",
    ),
    "encoding_legacy": Entry(
        "B",
        "automatic",
        "옛 인코딩({encoding})입니다.",
        "It is in a legacy encoding ({encoding}).",
        "--fix가 UTF-8 사본을 씁니다.",
        "--fix writes a copy in UTF-8.",
    ),
    "encoding_unsure": Entry(
        "C",
        "person",
        "인코딩({encoding})이 확실하지 않습니다.",
        "Its encoding ({encoding}) is not certain.",
        "글이 바르게 보이는지 확인하고 UTF-8로 다시 저장하십시오.",
        "See whether the text is right, and save it as UTF-8.",
    ),
    "encoding_mixed": Entry(
        "C",
        "automatic",
        "한 파일에 여러 인코딩이 섞여 있습니다.",
        "More than one encoding is mixed in it.",
        "--fix가 UTF-8 사본을 씁니다.",
        "--fix writes a copy in UTF-8.",
    ),
    "encoding_broken": Entry(
        "C",
        "person",
        "인코딩이 깨진 곳이 있습니다.",
        "Its encoding is broken in places.",
        "원본을 다시 받으십시오. --fix가 읽은 만큼 UTF-8로 씁니다.",
        "Fetch the original again; --fix writes what could be read as UTF-8.",
    ),
    "mojibake": Entry(
        "C",
        "automatic",
        "두 번 잘못 변환된 글을 되돌려 읽었습니다.",
        "Its text had been decoded wrongly and was turned back.",
        "--fix가 고친 UTF-8 사본을 씁니다.",
        "--fix writes the mended copy as UTF-8.",
    ),
    "label_found": Entry(
        "A",
        "",
        "문서에 표시가 있습니다: {label}",
        "The document bears a marking: {label}",
        "볼 수 있는 사람을 정해 두십시오.",
        "Decide who may see it.",
    ),
    "personal_data": Entry(
        "A",
        "person",
        "개인정보가 있습니다({what}).",
        "It holds personal data ({what}).",
        "필요한지 확인하고, 아니면 지우거나 가린 사본을 쓰십시오.",
        "See whether it is needed; if not, use a copy without it.",
    ),
    "personal_data_in_name": Entry(
        "A",
        "person",
        "파일 이름에 개인정보가 있습니다({what}).",
        "Its name holds personal data ({what}).",
        "이름을 바꾸십시오. 이 보고서와 사본에서는 가렸습니다.",
        "Rename it; in this report and in the copies it is covered.",
    ),
    # ── structure ──
    "format_closed": Entry(
        "B",
        "automatic",
        "{format} 형식이라 읽을 수 있는 프로그램이 적습니다.",
        "Few programs read {format}.",
        "한글에서 HWPX로 저장하거나 --fix로 마크다운 사본을 쓰십시오.",
        "Save it as HWPX, or let --fix write a Markdown copy.",
    ),
    "format_old": Entry(
        "C",
        "automatic",
        "오래된 형식({format})입니다.",
        "It is in an old format ({format}).",
        "{better} 형식으로 다시 저장하거나 --fix로 마크다운 사본을 쓰십시오.",
        "Save it as {better}, or let --fix write a Markdown copy.",
    ),
    "structure_guessed": Entry(
        "B",
        "automatic",
        "PDF에는 제목과 표의 구조가 없어 모양에서 짐작했습니다.",
        "A PDF holds no headings or tables; they were told from its looks.",
        "원본(HWPX, DOCX)이 있으면 그것을 쓰십시오. --fix가 마크다운 사본을 씁니다.",
        "Use the original (HWPX, DOCX) where there is one; --fix writes a Markdown copy.",
    ),
    "table_long": Entry(
        "A",
        "",
        "아주 긴 표가 있습니다 ({rows}행).",
        "It holds a very long table ({rows} rows).",
        "자료라면 CSV나 XLSX로 따로 두십시오.",
        "If it is data, keep it apart as CSV or XLSX.",
    ),
    "table_huge": Entry(
        "B",
        "person",
        "한 표의 칸이 {cells}개입니다.",
        "One table has {cells} cells.",
        "나누거나 데이터베이스에 두십시오.",
        "Split it, or keep it in a database.",
    ),
    # ── what it holds ──
    "attachments_failed": Entry(
        "D",
        "person",
        "들어 있는 문서 {total}개 가운데 {count}개를 읽지 못했습니다: {detail}",
        "{count} of the {total} documents inside could not be read: {detail}",
        "읽지 못한 것을 꺼내어 따로 고치십시오.",
        "Take those out and mend them one by one.",
        after="B",
    ),
    "attachments_cut": Entry(
        "D",
        "person",
        "들어 있는 문서가 많거나 너무 깊이 들어 있어 {count}개는 읽지 않았습니다.",
        "It holds more documents, or deeper ones, than are read; left out: {count}.",
        "풀어서 폴더로 두십시오.",
        "Unpack it into a folder.",
    ),
    # ── the folder ──
    "duplicate": Entry(
        "A",
        "person",
        "'{of}'와(과) 내용이 똑같습니다.",
        "The same content as '{of}'.",
        "하나만 남기십시오.",
        "Keep one of them.",
    ),
    "version_of": Entry(
        "A",
        "person",
        "'{of}'와(과) {share}% 같은 다른 판으로 보입니다.",
        "Seems another version of '{of}' ({share} % the same).",
        "최종본만 두고 나머지는 보관 폴더로 옮기십시오.",
        "Keep the final one here and move the others to an archive.",
    ),
    **WARNINGS,
}

_GRADES: dict[GradeLetter, tuple[str, str]] = {
    "A": ("바로 쓸 수 있음: 글과 구조를 그대로 읽었습니다.", "Ready: text and structure were read as they are."),
    "B": ("쓸 수 있음: 조금 잃은 것이 있습니다.", "Usable: small losses."),
    "C": ("고쳐서 쓸 수 있음: 고쳐 읽었거나 구조를 잃었습니다.", "Usable after repair: mended, or structure lost."),
    "D": ("일부만 읽힘: 빠진 것이 있습니다.", "Partly readable: something is missing."),
    "E": ("다른 일이 먼저 필요함: 문자 인식, 변환, 암호.", "Another step first: recognition, conversion, a password."),
    "F": ("읽을 수 없음: 손상되었거나 알 수 없습니다.", "Not readable: broken or unknown."),
}

_DATA_WORDS: dict[str, tuple[str, str]] = {
    "resident_number": ("주민등록번호", "resident registration numbers"),
    "foreigner_number": ("외국인등록번호", "foreigner registration numbers"),
    "phone": ("전화번호", "phone numbers"),
    "card": ("카드번호", "card numbers"),
    "account": ("계좌번호", "account numbers"),
    "passport": ("여권번호", "passport numbers"),
    "driving_licence": ("운전면허번호", "driving licence numbers"),
    "e_mail": ("전자우편", "e-mail addresses"),
    "address": ("주소", "addresses"),
}

_FORMAT_WORDS: dict[str, tuple[str, str]] = {
    "text": ("텍스트", "text"),
    "markdown": ("마크다운", "Markdown"),
    "hwp5": ("한글 HWP", "HWP"),
    "hwpx": ("한글 HWPX", "HWPX"),
    "hwp3": ("한글 3", "HWP 3"),
    "hwpml": ("한글 XML", "HWPML"),
    "unknown": ("알 수 없음", "unknown"),
    "empty": ("빈 파일", "empty"),
    "tar": ("TAR", "TAR"),
    "eml": ("전자우편", "mail"),
    "msg": ("전자우편(MSG)", "mail (MSG)"),
}


def remark(code: str, **params: object) -> Remark:
    """The remark `code` with its parameters.

    >>> remark("encoding_legacy", encoding="cp949").automatic
    True
    """
    shown = {name: str(value) for name, value in params.items()}
    return Remark(code, shown, automatic=CATALOGUE[code].repair == "automatic")


def say(remark: Remark, language: Language = "ko") -> tuple[str, str]:
    """What happened, and what to do: two sentences, the second empty when there is nothing to do.

    >>> say(Remark("encoding_legacy", {"encoding": "cp949"}), "en")
    ('It is in a legacy encoding (cp949).', '--fix writes a copy in UTF-8.')
    """
    entry = CATALOGUE.get(remark.code)
    if entry is None:
        return f"{remark.code} {' '.join(remark.params.values())}".strip(), ""
    params = _shown(remark, language)
    if language == "ko":
        return _ended(fill(entry.ko, params)), fill(entry.ko_fix, params)
    one = "1" in params.values()
    return _ended(fill(_of_one(entry.en, params) if one else entry.en, params)), fill(entry.en_fix, params)


def _ended(sentence: str) -> str:
    """The sentence with its full stop, also where a detail is its last word: another sentence may follow."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


_COUNTED = re.compile(r"\{(\w+)\}(?! of\b| %)((?: [a-z]+){1,3})")
_PLURAL = re.compile(r"\b([a-z]+?)s\b")
_VERBS = {
    "were": "was",
    "are": "is",
    "have": "has",
    "hold": "holds",
    "grow": "grows",
    "point": "points",
    "mean": "means",
}
_VERB = re.compile(rf"\b({'|'.join(_VERBS)})\b")


def _of_one(sentence: str, params: dict[str, str]) -> str:
    """An English sentence that is written for several, where its number is one.

    >>> _of_one("{count} nested tables were read as plain text.", {"count": "1"})
    '{count} nested table was read as plain text.'
    >>> _of_one("{count} of its characters are garbled.", {"count": "1"})
    '{count} of its characters is garbled.'
    """
    found = _COUNTED.search(sentence)
    if found and params.get(found.group(1)) == "1":
        sentence = sentence[: found.start(2)] + _PLURAL.sub(r"\1", sentence[found.start(2) :], count=1)
    starts = re.match(r"\{(\w+)\}", sentence)
    if starts and params.get(starts.group(1)) == "1":
        sentence = _VERB.sub(lambda verb: _VERBS[verb.group()], sentence)
    return sentence


def say_of_many(remark: Remark, language: Language = "ko") -> tuple[str, str]:
    """What many files that bear such a remark have in common, and what to do."""
    what, fix = say(remark, language)
    title = TITLES.get(remark.code)
    if title is None:
        return what, fix
    return fill(title[0 if language == "ko" else 1], _shown(remark, language)), fix


def _shown(remark: Remark, language: Language) -> dict[str, str]:
    params = dict(remark.params)
    if params.get("detail") and params.get("detail") == params.get("format"):
        params["detail"] = format_words(params["detail"], language)
    elif "detail" in params:
        params["detail"] = detail_words(params["detail"], language)
    if "looks_like" in params:
        params["looks_like"] = looks_words(params["looks_like"], language)
    if "format" in params:
        params["format"] = format_words(params["format"], language)
    if remark.code in ("personal_data", "personal_data_in_name"):
        params["what"] = ", ".join(
            f"{data_words(kind, language)} {count}" for kind, count in params.items() if kind in _DATA_WORDS
        )
    return params


def grade_words(letter: GradeLetter, language: Language = "ko") -> str:
    """What a grade means, in one line."""
    return _GRADES[letter][0 if language == "ko" else 1]


def data_words(kind: str, language: Language = "ko") -> str:
    """The name of a kind of personal data."""
    return _DATA_WORDS.get(kind, (kind, kind))[0 if language == "ko" else 1]


def format_words(format: str, language: Language = "ko") -> str:
    """A format's name for people."""
    return _FORMAT_WORDS.get(format, (format.upper(), format.upper()))[0 if language == "ko" else 1]
