"""A checked report as a Word file: the same text as the page, its citations real footnotes.

The number Word gives a footnote is the order of its first mention, which is also the number the gate gave the
citation. A citation mentioned again refers to its first footnote, as Word's own cross-references do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from jihwi.reports.disclosure import Disclosure
from jihwi.reports.docx_package import LINE, MARK, SOFT, Element, W, el, pack, section, words
from jihwi.reports.gate import CheckedReport, CheckedSentence, Cited
from jihwi.reports.markdown import SayUnreadable, mind_words, moment, spent_words, spot
from jihwi.reports.wording import phrase

__all__ = ["render_docx"]


def render_docx(report: CheckedReport, made: Disclosure, *, by: str, say: SayUnreadable) -> bytes:
    """The report as the bytes of a DOCX file, in its own language; the same report makes the same bytes."""
    return _Page(report, made, by, say).bytes()


class _Page:
    """One report being written: its paragraphs so far, and which citations have their footnote."""

    def __init__(self, report: CheckedReport, made: Disclosure, by: str, say: SayUnreadable) -> None:
        self._report = report
        self._made = made
        self._by = by
        self._say_unreadable = say
        self._lang = report.language
        self._notes: list[Element] = []
        self._order: dict[int, int] = {}
        """A citation's number to that of its footnote."""

    def _say(self, key: str, **fields: object) -> str:
        return phrase(key, self._lang, **fields)

    def bytes(self) -> bytes:
        report, made = self._report, self._made
        body = el("body")
        body.extend(self._head())
        body.extend(self._answer())
        for one in report.sections:
            body.append(_p("Heading1", words(one.title)))
            body.extend(self._sentence(s) for s in one.sentences)
        body.extend(self._contradictions())
        body.extend(self._not_found())
        body.extend(self._sources())
        body.extend(self._unreadable())
        body.extend(self._how_made())
        body.append(section())
        opened = datetime.fromtimestamp(made.at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = {
            "title": report.request,
            "subject": self._say("report"),
            "creator": "Jihwi",
            "description": self._say("ledger_words", events=made.events, head=made.head),
            "language": "ko-KR" if self._lang == "ko" else "en-GB",
            "identifier": made.case_id,
            "at": opened,
        }
        facts = {"JihwiCase": made.case_id, "JihwiLedgerHead": made.head, "JihwiLabels": ", ".join(report.labels)}
        return pack(
            el("document", body),
            self._footnotes(),
            self._header(),
            self._footer(),
            language=self._lang,
            about=about,
            facts=facts,
        )

    # ── the text ──

    def _head(self) -> Iterable[Element]:
        made = self._made
        under = f"{self._say('report')} · {moment(made.at_ms)} · {self._say('case')} {made.case_id}"
        if self._report.labels:
            under += f" · {self._say('labels')}: {', '.join(self._report.labels)}"
        return _p("Title", words(self._report.request)), _p("Subtitle", words(under))

    def _answer(self) -> Iterable[Element]:
        yield _p("Heading1", words(self._say("answer")))
        for number, one in enumerate(self._report.answer):
            yield self._sentence(one, "Answer" if number else "AnswerFirst")
        if not self._report.answer:
            yield _p("Answer", words(self._say("nothing")))

    def _sentence(self, one: CheckedSentence, style: str = "") -> Element:
        quoted = one.kind == "quoted"
        made = [words(f"“{one.text}”", el("rStyle", val="Words")) if quoted else words(one.text)]
        if one.kind == "computed":
            made.append(words(f"  {one.formula} = {one.result}", el("rStyle", val="Formula")))
        for cite in one.cites:
            made += self._cite(cite)
        kind = self._say(f"kind_{one.kind}")
        if one.events:
            kind += " " + ", ".join(f"#{seq}" for seq in one.events)
        look = "Unsupported" if one.kind == "marked" else "Kind"
        return _p(style, *made, words(f"  [{kind}]", el("rStyle", val=look)))

    def _contradictions(self) -> Iterable[Element]:
        if not self._report.contradictions:
            return
        yield _p("Heading1", words(self._say("contradictions")))
        yield _p("Note", words(self._say("contradictions_note")))
        for one in self._report.contradictions:
            yield _p("Heading2", words(one.topic))
            rows = [(self._say("file"), self._say("says"))]
            table = _table((3200, 6098), rows)
            for value, number in one.sides:
                cited = self._report.citations[number - 1]
                said = [words(value, el("b"), el("bCs")), words(" — "), _quoted(cited), *self._cite(number)]
                table.append(_row((3200, 6098), ([words(spot(cited, self._lang))], said)))
            yield table
            yield _p("Note")

    def _not_found(self) -> Iterable[Element]:
        if not self._report.not_found:
            return
        yield _p("Heading1", words(self._say("not_found")))
        for one in self._report.not_found:
            near: list[Element] = []
            if one.nearest:
                near.append(words(f"  {self._say('nearest')}:", el("rStyle", val="Kind")))
            for number in one.nearest:
                near += self._cite(number)
            yield _p("", words(f"{one.question} — {self._say('nothing')}"), *near)

    def _sources(self) -> Iterable[Element]:
        if not self._report.citations:
            return
        yield _p("Heading1", words(self._say("sources")))
        for one in self._report.citations:
            number = el("hyperlink", words(str(self._note_of(one.number)), el("b"), el("color", val=MARK)))
            number.set(f"{{{W}}}anchor", _bookmark(one.number))
            yield _p("", number, words("  "), words(spot(one, self._lang), el("b")), keep=True)
            yield _p(
                "Context",
                words(one.before, el("color", val=SOFT)),
                _quoted(one, lit=True),
                words(one.after, el("color", val=SOFT)),
            )
            digests = (
                f"{self._say('source_digest')} {one.citation.source}",
                f"{self._say('reading_digest')} {one.citation.reading}",
            )
            yield _p("Digest", words("\n".join(digests)))

    def _unreadable(self) -> Iterable[Element]:
        if not self._report.unreadable:
            return
        yield _p("Heading1", words(self._say("unreadable")))
        yield _p("Note", words(self._say("partly")))
        rows = [(self._say("file"), self._say("grade"), self._say("why"))]
        rows += [(one.path, one.grade, self._say_unreadable(one.reason, one.params)) for one in self._report.unreadable]
        yield _table((3600, 900, 4798), rows)

    def _how_made(self) -> Iterable[Element]:
        yield _p("Heading1", words(self._say("made")))
        yield _table((2200, 7098), self._facts(), head=False)
        yield _p("Note")
        rows = [tuple(self._say(key) for key in ("agent", "mind", "turns", "calls", "instructions"))]
        for agent in self._made.agents:
            minds = ", ".join(mind_words(mind, self._lang) for mind in agent.minds) or self._say("not_used")
            rows.append((agent.title, minds, str(agent.turns), str(agent.calls), agent.instructions_digest[:12]))
        yield _table((2900, 2900, 900, 1100, 1498), rows)

    def _facts(self) -> list[tuple[str, str]]:
        report, made, say = self._report, self._made, self._say
        kinds = ", ".join(f"{say(f'kind_{kind}')} {count}" for kind, count in report.kinds().items()) or "0"
        sent = say("prompts_words", count=len(made.prompts)) if made.prompts else say("no_prompts")
        rows = [
            (say("case"), made.case_id),
            (say("labels"), ", ".join(report.labels)),
            (say("requester"), made.requester),
            (say("team"), f"{made.team} {made.team_digest[:12]}"),
            (say("persons"), ", ".join(made.persons)),
            (say("model"), ", ".join(made.models) or say("no_model")),
            (say("time"), f"{moment(made.opened_ms)} – {moment(made.at_ms)}"),
            (say("spent"), spent_words(made, self._lang)),
            (say("kinds"), kinds),
            (say("release"), say(f"released_by_{self._by}")),
            (say("prompts"), sent),
            (say("ledger"), say("ledger_words", events=made.events, head=made.head)),
        ]
        if made.signed is not None:
            words = say("signature_words", public=made.signed.key, signature=made.signed.signature)
            rows.append((say("signature"), words))
        return [row for row in rows if row[1]]

    # ── citations ──

    def _note_of(self, number: int) -> int:
        return self._order.get(number, number)

    def _cite(self, number: int) -> list[Element]:
        """A footnote where a citation is first mentioned, and a reference to that footnote afterwards."""
        look = el("rStyle", val="FootnoteReference")
        name = _bookmark(number)
        if number in self._order:
            shown = words(str(self._order[number]), look)
            return [_field("begin"), _instruction(f" NOTEREF {name} \\h "), _field("separate"), shown, _field("end")]
        note = len(self._order) + 1
        self._order[number] = note
        self._notes.append(self._footnote(note, self._report.citations[number - 1]))
        reference = el("r", el("rPr", look), el("footnoteReference", id=note))
        return [el("bookmarkStart", id=number, name=name), reference, el("bookmarkEnd", id=number)]

    def _footnote(self, note: int, cited: Cited) -> Element:
        mark = el("r", el("rPr", el("rStyle", val="FootnoteReference")), el("footnoteRef"))
        digest = f" ({self._say('source_digest')} {cited.citation.source[:16]}…)"
        text = (
            words(f" {spot(cited, self._lang)} — “"),
            _quoted(cited),
            words("”"),
            words(digest, el("color", val=SOFT)),
        )
        return el("footnote", _p("FootnoteText", mark, *text), id=note)

    def _footnotes(self) -> Element:
        lines = (("separator", -1), ("continuationSeparator", 0))
        rules = [el("footnote", _p("", el("r", el(kind))), type=kind, id=number) for kind, number in lines]
        return el("footnotes", *rules, *self._notes)

    # ── above and below every page ──

    def _header(self) -> Element:
        labels = self._report.labels
        right = el("pPr", el("pStyle", val="Header"), el("jc", val="right"))
        return el("hdr", el("p", right, words(f"{self._say('labels')}: {', '.join(labels)}" if labels else "")))

    def _footer(self) -> Element:
        tab = el("tabs", el("tab", val="right", pos=9298))
        left = words(f"{'지휘' if self._lang == 'ko' else 'Jihwi'} · {self._made.case_id}\t")
        return el(
            "ftr",
            el(
                "p",
                el("pPr", el("pStyle", val="Footer"), tab),
                left,
                *_counted("PAGE"),
                words(" / "),
                *_counted("NUMPAGES"),
            ),
        )


def _p(style: str, *runs: Element, keep: bool = False) -> Element:
    properties = [el("pStyle", val=style)] if style else []
    if keep:
        properties.append(el("keepNext"))
    return el("p", *([el("pPr", *properties)] if properties else []), *runs)


def _quoted(cited: Cited, *, lit: bool = False) -> Element:
    """A citation's words, exactly; `lit` as with a marker pen."""
    look = [el("rStyle", val="Words")]
    if lit:
        look.append(el("shd", val="clear", color="auto", fill="FFF0B3"))
    return words(cited.citation.text, *look)


def _bookmark(number: int) -> str:
    """The hidden bookmark at a citation's first mention."""
    return f"_Cite{number}"


def _field(kind: str) -> Element:
    return el("r", el("fldChar", fldCharType=kind))


def _instruction(text: str) -> Element:
    told = el("instrText")
    told.text = text
    told.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return el("r", told)


def _counted(what: str) -> list[Element]:
    return [_field("begin"), _instruction(f" {what} "), _field("separate"), words("1"), _field("end")]


# ── tables ───────────────────────────────────────────────────────────────────


def _table(widths: Sequence[int], rows: Sequence[Sequence[str]], *, head: bool = True) -> Element:
    """A table between hairlines; its first row is its head, or without one its first column is."""
    edges = [el(side, val="single", sz=4, space=0, color=LINE) for side in ("top", "bottom", "insideH")]
    made = el(
        "tbl",
        el(
            "tblPr",
            el("tblW", w=sum(widths), type="dxa"),
            el("tblBorders", *edges),
            el("tblLayout", type="fixed"),
            el("tblLook", val="0420" if head else "0480", firstRow=int(head), firstColumn=int(not head)),
        ),
        el("tblGrid", *(el("gridCol", w=width) for width in widths)),
    )
    for number, row in enumerate(rows):
        cells = [
            [words(text, *_standing_out()) if (number == 0 if head else column == 0) else words(text)]
            for column, text in enumerate(row)
        ]
        made.append(_row(widths, cells, head=head and number == 0))
    return made


def _standing_out() -> tuple[Element, ...]:
    return el("b"), el("bCs"), el("color", val=SOFT)


def _row(widths: Sequence[int], cells: Sequence[Sequence[Element]], *, head: bool = False) -> Element:
    properties = [el("trPr", el("cantSplit"), *([el("tblHeader")] if head else []))]
    made = [
        el("tc", el("tcPr", el("tcW", w=width, type="dxa")), _p("Cell", *runs))
        for width, runs in zip(widths, cells, strict=True)
    ]
    return el("tr", *properties, *made)
