"""Whether bytes are text, and which kind of text it is: markup, data, mail, a table or plain lines."""

from __future__ import annotations

import codecs
import re

import msgspec

__all__ = ["as_text", "text_kind"]

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(c for c in range(32) if c not in (0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x1A, 0x1B))


def as_text(sample: bytes, *, whole: bool = True) -> str | None:
    """The sample as text good enough to tell its kind; `None` when it is no text.

    Only the ASCII in it matters here, so a legacy encoding is read as Latin-1; the text reader decides for itself.

    >>> as_text("가나다".encode("utf-16")), as_text(bytes(range(256)))
    ('가나다', None)
    """
    for bom, encoding in _BOMS:
        if sample.startswith(bom):
            return sample[len(bom) :].decode(encoding, "replace")
    wide = _as_utf16(sample)
    if wide is not None:
        return wide
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(sample, final=whole)
    except UnicodeDecodeError:
        text = sample.decode("latin-1")
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return text if controls * 50 <= len(sample) else None


def _as_utf16(sample: bytes) -> str | None:
    if len(sample) < 4 or b"\x00" not in sample:
        return None
    even = sample[: len(sample) // 2 * 2]
    for encoding in ("utf-16-le", "utf-16-be"):
        text = even.decode(encoding, "replace")
        usual = sum(
            1 for c in text if c in "\t\n\r\f" or " " <= c <= "~" or "가" <= c <= "힣" or "\u3000" <= c <= "\u3130"
        )
        if usual * 10 >= len(text) * 8:
            return text
    return None


_HTML = re.compile(r"<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])", re.IGNORECASE)
_HTML_PARTS = re.compile(r"<(?:p|div|table|tr|td|span|br|h[1-6]|ul|li|meta|title|script|style|a|font)\b", re.IGNORECASE)
_ROOT = re.compile(r"(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^<>\[]*(?:\[.*?\])?\s*>|\s)*<([A-Za-z_][\w.:-]*)", re.DOTALL)
_OWN_ENTITIES = re.compile(r"<!DOCTYPE\s+[^\s<>\[]+\s*\[")
"""A document type with rules of its own, which HTML never has."""
_MAIL_HEADER = re.compile(
    r"^(?:received|return-path|from|to|subject|date|message-id|mime-version|content-type|delivered-to|"
    r"x-[\w-]+|arc-[\w-]+|dkim-[\w-]+|authentication-results|reply-to|cc|sender|list-[\w-]+|thread-[\w-]+):",
    re.IGNORECASE,
)
_HEADER_LINE = re.compile(r"^[!-9;-~]+:")
_MARKDOWN = re.compile(
    r"^(?:#{1,6} \S|```|\|.*\|\s*$|[-*+] \[[ x]\] |> |!\[.*\]\()|\[[^\]\n]+\]\([^)\n]+\)|\*\*[^*\n]+\*\*", re.MULTILINE
)


def text_kind(sample: str, extension: str, *, whole: bool = True) -> str:
    """The format of a text by what stands in it; `extension` decides only where the content leaves it open.

    `whole` says that the sample is all there is.

    >>> text_kind('{"이름": "가"}', ""), text_kind("# 제목\\n본문", "")
    ('json', 'markdown')
    """
    start = sample.lstrip("\ufeff \t\r\n\x00")
    if start.startswith("<"):
        markup = _markup_kind(start)
        if markup:
            return markup
    if start.startswith("{\\rtf"):
        return "rtf"
    if start[:1] in ("{", "["):
        data = _json_kind(start, extension, whole)
        if data:
            return data
    if _looks_like_mail(start) or (extension == "eml" and _has_mail_headers(start)):
        return "eml"
    return _plain_kind(sample, start, extension)


def _plain_kind(sample: str, start: str, extension: str) -> str:
    if extension in ("html", "htm", "xhtml") and _HTML_PARTS.search(start):
        return "html"
    if extension in ("csv", "tsv", "tab"):
        return _table_kind(sample, extension) or "text"
    if extension in ("md", "markdown"):
        return "markdown"
    if extension:
        return "text"
    if start.startswith(("#", "-", "*", "|", ">", "[", "!")) and _MARKDOWN.search(start):
        return "markdown"
    return _table_kind(sample, extension) or "text"


def _markup_kind(start: str) -> str:
    root = _ROOT.match(start)
    name = root.group(1).lower() if root else ""
    if name.split(":")[-1] == "hwpml":
        return "hwpml"
    xml = start.startswith("<?xml") or _OWN_ENTITIES.match(start) is not None
    if name == "html" or (_HTML.search(start[:2000]) and not xml):
        return "html"
    if xml:
        return "xml"
    if root and (_HTML_PARTS.match(start[root.start(1) - 1 :]) or len(_HTML_PARTS.findall(start[:4000])) >= 3):
        return "html"
    if root and re.search(r"</[A-Za-z_]|/>", start):
        return "xml"
    return ""


def _json_kind(start: str, extension: str, whole: bool) -> str:
    lines = [line for line in start.splitlines() if line.strip()]
    complete = lines if whole else lines[:-1]
    if len(complete) >= 2 and all(line.lstrip().startswith(("{", "[")) for line in complete[:50]):
        good = sum(1 for line in complete[:50] if _is_json(line))
        if good == len(complete[:50]):
            return "jsonl"
    if whole:
        if _is_json(start):
            return "jsonl" if extension in ("jsonl", "ndjson") else "json"
        return "json" if extension == "json" else ("jsonl" if extension in ("jsonl", "ndjson") else "")
    return "json" if re.match(r"[\[{]\s*(?:\"|\{|\[|-?\d|\]|\}|true|false|null)", start) else ""


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True


def _looks_like_mail(start: str) -> bool:
    head = re.split(r"\r?\n\r?\n", start, maxsplit=1)[0].splitlines()[:60]
    known = [line for line in head if _MAIL_HEADER.match(line)]
    return len(known) >= 3 and bool(_HEADER_LINE.match(head[0])) and len(known) * 3 >= len(head)


def _has_mail_headers(start: str) -> bool:
    head = re.split(r"\r?\n\r?\n", start, maxsplit=1)[0].splitlines()[:200]
    return any(_HEADER_LINE.match(line) for line in head[:3])


def _table_kind(sample: str, extension: str) -> str:
    """`csv` or `tsv` when the lines hold together as a table; with the extension one delimiter is enough."""
    lines = [line for line in sample.splitlines()[:60] if line.strip()]
    if extension in ("csv", "tsv", "tab"):
        tabs, commas = sum(line.count("\t") for line in lines), sum(line.count(",") for line in lines)
        if tabs > commas:
            return "tsv"
        return "csv" if extension == "csv" or commas else "tsv"
    if len(lines) < 3:
        return ""
    for delimiter, name in (("\t", "tsv"), (",", "csv")):
        counts = [line.count(delimiter) for line in lines[:-1] or lines]
        if min(counts) >= (1 if delimiter == "\t" else 2) and len(set(counts)) == 1:
            return name
    return ""
