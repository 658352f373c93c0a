"""A small office's documents as passages, found by a real search: regulations, minutes, a budget."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from jihwi.evidence import Reading, ReadingBuilder, Verbatim, check, reading_digest
from jihwi.evidence.chunking import DEFAULT_STRATEGY, chunks_of
from jihwi.evidence.citation import Quotation
from jihwi.index import ChunkText, IndexedDocument, Term
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.mecab import MecabAnalyser
from jihwi.index.mecab_tags import MecabTagger
from jihwi.library.answers import Answer, answer_from
from jihwi.library.glossary import expand
from jihwi.library.passages import Passage, passage_of
from jihwi.library.questions import language_of, understand
from jihwi.library.types import Hit, Why


def _builder(name: str) -> ReadingBuilder:
    return ReadingBuilder(source=name, reader="text", reader_version="1")


def _rules() -> Reading:
    builder = _builder("rules").heading("복무 규정", level=1).heading("제5조(연차 휴가)", level=2)
    builder.paragraph("① 직원의 연차 휴가는 15일로 한다. 다만, 3년 이상 근속한 직원은 2년마다 1일을 더한다.")
    builder.paragraph("② 연차 휴가를 쓰려는 직원은 3일 전까지 소속 부서장에게 신청서를 제출하여야 한다.")
    builder.heading("제6조(출장)", level=2)
    builder.paragraph("“출장”이란 직원이 근무지 밖에서 공무를 보는 것을 말한다.")
    builder.paragraph("출장비는 1일 5만원을 넘을 수 없다. 출장 신청은 총무과에서 접수한다.")
    builder.heading("제7조(개인정보)", level=2)
    builder.paragraph("개인정보는 다음 각 호의 경우에만 제3자에게 제공할 수 있다.")
    builder.block("list_item", "1. 정보주체의 동의를 받은 경우", level=1)
    builder.block("list_item", "2. 법률에 특별한 규정이 있는 경우", level=1)
    return builder.done()


def _minutes() -> Reading:
    builder = _builder("minutes").heading("제3차 정보화위원회 회의록", level=1)
    builder.paragraph("일시: 2026년 3월 2일 오후 2시").paragraph("장소: 본관 3층 대회의실")
    builder.paragraph("참석: 위원장 김하늘, 위원 이도윤, 박서연, 간사 최민준")
    builder.paragraph(
        "위원회는 홈페이지 개편 사업의 예산을 1억 2천만원으로 의결하였다. 사업 기간은 2026년 4월부터 9월까지로 한다. "
        "박서연 위원은 보안 점검이 부족하다며 반대하였다."
    )
    return builder.done()


def _budget() -> Reading:
    rows = [
        ["항목", "2025년", "2026년", "비고"],
        ["홈페이지 개편", "0", "150,000,000원", "신규"],
        ["인건비", "800,000,000원", "820,000,000원", "증액"],
        ["여비", "30,000,000원", "25,000,000원", "감액"],
    ]
    return _builder("budget").heading("2026년도 예산", level=1).table(rows, header_rows=1).done()


READINGS = {"복무 규정.hwpx": _rules(), "회의록.txt": _minutes(), "예산.xlsx": _budget()}


class Office:
    """The documents in an index."""

    def __init__(self) -> None:
        self.analyser, self.tagger = MecabAnalyser(), MecabTagger()
        self.digests = {path: reading_digest(reading) for path, reading in READINGS.items()}
        self._chunks = {path: list(chunks_of(reading, DEFAULT_STRATEGY)) for path, reading in READINGS.items()}
        self._index = EmbeddedIndex(Path(tempfile.mkdtemp()), self.analyser)
        self._index.add(
            IndexedDocument(
                path,
                "all",
                "1",
                tuple(
                    ChunkText(c.ordinal, reading.text[c.start : c.end], " ".join((path, *c.headings)))
                    for c in self._chunks[path]
                ),
            )
            for path, reading in READINGS.items()
        )
        self._index.commit(1)

    def passages(self, question: str) -> tuple[list[Passage], tuple[Term, ...]]:
        """What a search finds."""
        found = self._index.search(question, ["all"], limit=6)
        passages = []
        for match in found.matches:
            path, reading = match.document_id, READINGS[match.document_id]
            chunk = self._chunks[path][match.ordinal]
            hit = Hit(
                document_id=path,
                path=path,
                collection="all",
                source=reading.source,
                reading=self.digests[path],
                ordinal=chunk.ordinal,
                start=chunk.start,
                end=chunk.end,
                text=reading.text[chunk.start : chunk.end],
                score=match.score,
                why=Why(match.words, match.sentence_share, match.chunk_share, (), 0, 0),
                headings=(path, *chunk.headings),
            )
            passages.append(passage_of(hit, reading))
        return passages, found.terms

    def answers(self, request: str) -> list[Answer]:
        """An answer for each question of a request."""
        english = language_of(request) == "en"
        expansion = expand(request, self.analyser)
        passages, terms = self.passages(expansion.query if english else request)
        return [
            answer_from(
                question,
                passages,
                terms,
                self.analyser,
                self.tagger,
                translations=expansion.translations if english else None,
                foreign=english,
            )
            for question in understand(request).questions
        ]

    def stands(self, quotation: Quotation) -> bool:
        """Whether the check finds the quotation verbatim, exactly where it says."""
        reading = READINGS[quotation.document_id]
        verdict = check(quotation, reading, self.digests[quotation.document_id])
        return isinstance(verdict, Verbatim) and verdict.citation.start == quotation.start


@cache
def office() -> Office:
    """The one office of the tests."""
    return Office()
