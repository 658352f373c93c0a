"""What the lab found as a page and in plain words: self-contained, no script, with one picture."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from jihwi.evidence.chunking import StrategyName
from jihwi.library.lab import BUDGETS, LabReport
from jihwi.words import Language, fill

__all__ = ["advice_words", "render_lab_html", "strategy_words"]

_STRATEGIES: dict[StrategyName, tuple[str, str, str, str]] = {
    "paragraph": ("문단", "이웃한 문단을 모아 256–512토큰", "paragraph", "neighbouring paragraphs, 256–512 tokens"),
    "fixed": ("고정 길이", "어디서나 512토큰마다", "fixed", "every 512 tokens, wherever that is"),
    "overlap": ("겹침", "문장 끝에서 512토큰, 64토큰 겹침", "overlap", "512 tokens at sentences, 64 of them twice"),
    "heading": ("제목", "제목마다, 길면 문단에서", "heading", "one for each heading, long ones at paragraphs"),
    "table": ("표", "표는 표끼리, 행마다 머리글과 함께", "table", "tables apart, rows with their header"),
    "article": ("조항", "제N조마다, 길면 항·호에서", "article", "one for each article, long ones at their items"),
    "parent_child": ("부모·자식", "문단 조각과 그 안의 작은 조각", "parent and child", "paragraphs, and smaller parts"),
}

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("자르기 비교", "Chunking compared"),
    "asked": (
        "문서 {documents}건(전체 {there}건), 질문 {questions}개, 분석기 {analyser}",
        "{documents} of {there} documents, {questions} questions, analyser {analyser}",
    ),
    "labels": ("자료 표지", "Labels"),
    "advice": ("권고", "Recommendation"),
    "picture": (
        "답이 문맥 안에 온전히 들어온 질문의 비율",
        "Share of questions whose answer stands whole in the context",
    ),
    "strategy": ("방식", "Strategy"),
    "inside": ("{budget}토큰 안", "In {budget} tokens"),
    "recall": ("첫 {n}개 안", "In first {n}"),
    "recall_one": ("첫째", "First hit"),
    "chunks": ("조각 수", "Chunks"),
    "size": ("크기 (중앙 / 95%)", "Size (median / p95)"),
    "build": ("만들기", "Build"),
    "query": ("찾기 (중앙 / 95%)", "Query (median / p95)"),
    "now": ("지금", "now"),
    "kinds": ("질문의 종류별: 1,000토큰 안", "By kind of question: in 1,000 tokens"),
    "kind_heading": ("제목", "headings"),
    "kind_definition": ("정의", "definitions"),
    "kind_table": ("표", "tables"),
    "kind_own": ("직접 낸 질문", "your own"),
    "lost": ("있는데 찾지 못한 낱말", "Words that are there and are not found"),
    "lost_none": (
        "{probes}번 찾아 보았고, 문서에 있는데 아무것도 찾지 못한 낱말은 없습니다.",
        "Looked for {probes} times; no word that stands in the files found nothing.",
    ),
    "lost_note": (
        "아래 말은 문서에 있는데 검색 결과가 없었습니다. 분석기가 질문과 문서를 다르게 자른 것입니다.",
        "These stand in the files, yet a search for them finds nothing: the analyser cuts question and text apart.",
    ),
    "unplaced": ("답이 문서에 그대로 없는 질문", "Questions whose answer stands nowhere word for word"),
    "missed": ("어느 방식으로도 2,000토큰 안에 답이 없는 질문", "Questions no strategy answers in 2,000 tokens"),
    "none": ("없습니다.", "None."),
    "more": ("그 밖에 {n}개", "and {n} more"),
    "how": (
        "질문은 이 문서들의 제목, 정의, 표에서 만들었거나 직접 주신 것입니다. 답이 있는 자리가 찾은 순서대로 이어 읽은"
        " 글 안에 온전히 들어와야 맞은 것으로 셉니다. 토큰은 어느 모델에서나 같은 어림수입니다. 시간은 이 컴퓨터의"
        " 것입니다.",
        "The questions were made from headings, definitions and tables of these files, or are your own. An answer"
        " counts when its place stands whole in what is read, hit after hit. Tokens are an estimate, the same for every"
        " model. Times are this machine's.",
    ),
    "adopt": ("받아들이려면: {command}", "To adopt it: {command}"),
}

_ADVICE: dict[str, tuple[str, str]] = {
    "few": (
        "질문이 {questions}개뿐이라 권하지 않습니다. 지금의 '{current}' 방식을 그대로 두십시오. 질문을 CSV로 더 주면"
        " 다시 견줄 수 있습니다.",
        "{questions} questions are too few to recommend anything. Keep '{current}'. Give more in a CSV and"
        " compare again.",
    ),
    "best": (
        "지금의 '{current}' 방식이 이 문서들에 가장 좋습니다: 답의 {share}이 1,000토큰 안에 들어옵니다."
        " 바꿀 까닭이 없습니다.",
        "'{current}', as now, suits these files best: {share} of the answers stand in 1,000 tokens."
        " Nothing need change.",
    ),
    "even": (
        "지금의 '{current}' 방식을 그대로 두십시오. '{best}' 방식이 조금 높지만({best_share}, 지금은 {share}), 더 맞힌"
        " 질문 {gained}개와 더 놓친 질문 {lost}개는 우연으로 설명되는 차이입니다.",
        "Keep '{current}'. '{best}' is a little higher ({best_share} against {share}), but {gained} questions won and"
        " {lost} lost are what chance would give.",
    ),
    "better": (
        "'{best}' 방식을 권합니다. 지금의 '{current}' 방식이 1,000토큰 안에 답을 담지 못한 질문 {gained}개를 담고,"
        " {lost}개를 놓칩니다({best_share}, 지금은 {share}). 우연으로 보기 어려운 차이입니다.",
        "'{best}' is recommended: it brings {gained} answers into 1,000 tokens that '{current}' does not, and loses"
        " {lost} ({best_share} against {share}). Chance would hardly give that.",
    ),
}


def strategy_words(name: StrategyName, language: Language) -> str:
    """A strategy's name for people.

    >>> strategy_words("article", "ko"), strategy_words("parent_child", "en")
    ('조항', 'parent and child')
    """
    return _STRATEGIES[name][0 if language == "ko" else 2]


def advice_words(report: LabReport, language: Language) -> str:
    """The recommendation with its reason, in plain words."""
    advice = report.advice
    inside = {one.name: f"{one.inside[str(BUDGETS[0])]:.1%}" for one in report.figures}
    return fill(
        _ADVICE[advice.reason][0 if language == "ko" else 1],
        {
            "questions": len(report.questions),
            "current": strategy_words(advice.current, language),
            "best": strategy_words(advice.best, language),
            "share": inside[advice.current],
            "best_share": inside[advice.best],
            "gained": advice.gained,
            "lost": advice.lost,
        },
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("lab.html.jinja")


def render_lab_html(report: LabReport, language: Language, adopt: str) -> str:
    """The comparison as an HTML page; `adopt` is the command that adopts what is recommended."""

    def words(key: str, **fields: object) -> str:
        return fill(_WORDS[key][0 if language == "ko" else 1], fields)

    missed = [
        question
        for question, costs in zip(
            report.questions, zip(*(one.costs for one in report.figures), strict=True), strict=True
        )
        if all(cost is None or cost > BUDGETS[1] for cost in costs)
    ]
    return _template().render(
        report=report,
        language=language,
        words=words,
        named=lambda name: strategy_words(name, language),
        described=lambda name: _STRATEGIES[name][1 if language == "ko" else 3],
        advice=advice_words(report, language),
        adopt=adopt if report.advice.reason == "better" else "",
        budgets=BUDGETS,
        missed=missed,
        kinds=list(report.figures[0].by_kind),
        shown=40,
    )
