"""What models really write is read as the turn it means, and what means nothing comes back with its problem."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.case.turn import (
    Action,
    Ask,
    Call,
    CallSettled,
    Delegate,
    Dispute,
    Finding,
    HandOff,
    Post,
    Release,
    Report,
    TurnTaken,
    View,
)
from jihwi.evidence import Claim, Quotation
from jihwi.minds import SkillShown
from jihwi.minds.intext import WrittenCall
from jihwi.minds.recover import Recovered, Visible, recover, without_reasoning
from jihwi.minds.seat import toolbox
from tests.growth import assert_grows_with_length
from tests.minds.seats import SEARCH, a_view

BUDGET = Call("search", {"query": "예산", "limit": 3})


def read(text: str = "", *calls: WrittenCall, view: View | None = None, cut: bool = False) -> Recovered:
    seat = view or a_view()
    return recover(text, calls, view=seat, box=toolbox(seat, (SEARCH,)), cut=cut)


# ── native calls ─────────────────────────────────────────────────────────────


def test_parallel_calls_keep_their_order() -> None:
    calls = [WrittenCall("search", f'{{"query": "{word}"}}') for word in "다가나"]

    assert [a.arguments["query"] for a in read("", *calls).actions if isinstance(a, Call)] == ["다", "가", "나"]


@pytest.mark.parametrize(
    ("name", "arguments", "action"),
    [
        ("hand_off", '{"agent": "writer", "note": "끝났습니다"}', HandOff("writer", "끝났습니다")),
        ("delegate", '{"agent": "checker", "task": "확인", "join": false}', Delegate("checker", "확인", join=False)),
        ("dispute", '{"finding": "2", "reason": "날짜가 다릅니다"}', Dispute(2, "날짜가 다릅니다")),
        ("ask", '{"question": "어느 해입니까?", "options": ["2025", "2026"]}', Ask("어느 해입니까?", ("2025", "2026"))),
        ("report", '{"status": "partial", "text": "일부", "findings": [1, 2]}', Report("partial", "일부", {}, (1, 2))),
        ("report", '{"status": "done", "text": "끝", "findings": "[1]", "data": null}', Report("done", "끝", {}, (1,))),
        ("search", "", Call("search", {})),
        ("search", "null", Call("search", {})),
        ("Search", '{"query": "예산"}', Call("search", {"query": "예산"})),
        ("functions.search", '{"query": "예산"}', Call("search", {"query": "예산"})),
        ("hand-off", '{"agent": "writer"}', HandOff("writer")),
    ],
)
def test_a_call_becomes_the_action_it_means(name: str, arguments: str, action: Action) -> None:
    assert read("", WrittenCall(name, arguments)).actions == (action,)


def test_only_the_case_workers_seat_releases() -> None:
    call = WrittenCall("release", '{"call": "a1/2/0"}')

    assert read("", call, view=a_view(root=True)).actions == (Release("a1/2/0"),)
    (refused,) = read("", call).actions
    assert isinstance(refused, Call)
    assert refused.problem.startswith("there is no tool 'release'")


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("fetch_web", '{"url": "x"}', "there is no tool 'fetch_web'; there are: search, hand_off"),
        ("search", '{"query": "예', "ends inside a string"),
        ("search", "예산을 찾아 줘", "no value can begin"),
        ("search", "[1, 2]", "no JSON object"),
        ("report", '{"status": "great", "text": ""}', "Invalid enum value 'great'"),
        ("ask", '{"question": "  "}', "`question` is empty"),
        ("dispute", '{"finding": 1}', "missing required field `reason`"),
        ("post_finding", '{"text": "예산은 3억", "quotations": [{"document_id": "d9", "text": "3억"}]}', "'d9'"),
    ],
)
def test_what_is_no_valid_action_comes_back_as_a_call_with_its_problem(name: str, arguments: str, problem: str) -> None:
    found = read("", WrittenCall(name, arguments))

    (action,) = found.actions
    assert isinstance(action, Call)
    assert action.skill == name
    assert problem in action.problem
    assert "problem" in found.notes


def test_a_quotation_gets_its_digests_from_the_newest_result_that_showed_the_document() -> None:
    def shown(reading: str) -> list[dict[str, Any]]:
        return [
            {"hit": {"document_id": "d1", "source": "s" * 64, "reading": reading * 64, "text": "예산은 3억 원이다."}}
        ]

    view = a_view(
        TurnTaken(1, "researcher", "", (BUDGET, BUDGET)),
        CallSettled(1, 0, "search", "finished", shown("a")),
        CallSettled(1, 1, "search", "finished", shown("b")),
    )
    written = '{"text": "예산은 3억 원이다.", "quotations": [{"document_id": "d1", "text": "예산은 3억 원이다."}]}'

    (action,) = read("", WrittenCall("post_finding", written), view=view).actions

    quotation = Quotation("d1", "s" * 64, "b" * 64, "예산은 3억 원이다.")
    assert action == Post(Claim("예산은 3억 원이다.", (quotation,)))


def test_a_finding_shows_documents_too() -> None:
    quotation = Quotation("d2", "s" * 64, "r" * 64, "제3조")
    view = a_view(findings=(Finding(1, "a1.2", "checker", Claim("제3조에 있다.", (quotation,))),))
    written = '{"text": "제3조", "quotations": [{"document_id": "d2", "text": "제3조"}]}'

    (action,) = read("", WrittenCall("post_finding", written), view=view).actions

    assert action == Post(Claim("제3조", (quotation,)))


def test_an_answer_cut_at_its_length_limit_is_not_completed() -> None:
    (native,) = read("", WrittenCall("search", '{"query": "예산"'), cut=True).actions
    (written,) = read('<tool_call>{"name": "search", "arguments": {"query": "예산"', cut=True).actions

    for action in (native, written):
        assert isinstance(action, Call)
        assert "cut off at its length limit" in action.problem


def test_skills_with_names_no_server_takes_are_called_by_a_name_it_takes() -> None:
    view = a_view()
    skills = (SkillShown("자료.찾기", "", {}), SkillShown("library.search", "", {}), SkillShown("report", "", {}))
    box = toolbox(view, skills)

    assert all(tool.name.isascii() and tool.name.replace("_", "").isalnum() for tool in box.tools)
    assert len({tool.name for tool in box.tools}) == len(box.tools)
    for tool, skill in zip(box.tools, skills, strict=False):
        found = recover("", (WrittenCall(tool.name, "{}"),), view=view, box=box)
        assert found.actions == (Call(skill.name, {}),)


# ── calls written into the text ──────────────────────────────────────────────

ARGUMENTS = '{"query": "예산", "limit": 3}'
WRITTEN = {
    "hermes, qwen": f'<tool_call>\n{{"name": "search", "arguments": {ARGUMENTS}}}\n</tool_call>',
    "never closed": f'<tool_call>{{"name": "search", "arguments": {ARGUMENTS}}}',
    "brackets forgotten": '<tool_call>{"name": "search", "arguments": {"query": "예산", "limit": 3}</tool_call>',
    "single quotes": "<tool_call>{'name': 'search', 'arguments': {'query': '예산', 'limit': 3}}</tool_call>",
    "arguments as text": f'<tool_call>{{"name": "search", "arguments": {json.dumps(ARGUMENTS)}}}</tool_call>',
    "qwen coder": "<tool_call>\n<function=search>\n<parameter=query>\n예산\n</parameter>\n<parameter=limit>\n3\n"
    "</parameter>\n</function>\n</tool_call>",
    "glm": "<tool_call>search\n<arg_key>query</arg_key>\n<arg_value>예산</arg_value>\n<arg_key>limit</arg_key>\n"
    "<arg_value>3</arg_value>\n</tool_call>",
    "llama function": f"<function=search>{ARGUMENTS}</function>",
    "llama tag": f'<|python_tag|>{{"name": "search", "parameters": {ARGUMENTS}}}<|eom_id|>',
    "llama bare": f'{{"type": "function", "name": "search", "parameters": {ARGUMENTS}}}',
    "pythonic": '[search(query="예산", limit=3)]',
    "mistral": f'[TOOL_CALLS] [{{"name": "search", "arguments": {ARGUMENTS}}}]',
    "mistral named": f"[TOOL_CALLS]search[ARGS]{ARGUMENTS}",
    "deepseek": f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n```json\n{ARGUMENTS}\n```"
    "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "deepseek newer": f"<｜tool▁call▁begin｜>search<｜tool▁sep｜>{ARGUMENTS}<｜tool▁call▁end｜>",
    "kimi": "<|tool_calls_section_begin|><|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>"
    f"{ARGUMENTS}<|tool_call_end|><|tool_calls_section_end|>",
    "harmony": "<|channel|>analysis<|message|>찾자<|end|><|start|>assistant<|channel|>commentary to=functions.search "
    f"<|constrain|>json<|message|>{ARGUMENTS}<|call|>",
    "hyperclova": f'-> tool/function_call\n[{{"name": "search", "arguments": {ARGUMENTS}}}]',
    "harmony without marks": f"analysis찾자assistantcommentary to=functions.search json{ARGUMENTS}",
    "llama built-in": '<|python_tag|>search.call(query="예산", limit=3)',
    "invoke": '<minimax:tool_call>\n<invoke name="search">\n<parameter name="query">예산</parameter>\n'
    '<parameter name="limit">3</parameter>\n</invoke>\n</minimax:tool_call>',
    "invoke, deepseek": '<｜DSML｜function_calls>\n<｜DSML｜invoke name="search">\n<｜DSML｜parameter name="query" '
    'string="true">예산</｜DSML｜parameter>\n<｜DSML｜parameter name="limit" string="false">3</｜DSML｜parameter>\n'
    "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
    "cohere": f'<|START_ACTION|>[{{"tool_name": "search", "parameters": {ARGUMENTS}}}]<|END_ACTION|>',
    "internlm": f'<|action_start|><|plugin|>{{"name": "search", "parameters": {ARGUMENTS}}}<|action_end|>',
    "nemotron": f'<TOOLCALL>[{{"name": "search", "arguments": {ARGUMENTS}}}]</TOOLCALL>',
    "phi": f'functools[{{"name": "search", "arguments": {ARGUMENTS}}}]',
    "hunyuan": "<tool_calls>\n<tool_call>search<tool_sep>\n<arg_key>query</arg_key>\n<arg_value>예산</arg_value>\n"
    "<arg_key>limit</arg_key>\n<arg_value>3</arg_value>\n</tool_call>\n</tool_calls>",
    "seed": "<seed:tool_call>\n<function=search>\n<parameter=query>예산</parameter>\n<parameter=limit>3</parameter>\n"
    "</function>\n</seed:tool_call>",
    "solar": f"<|tool_call:begin|>a1<|tool_call:name|>search<|tool_call:args|>{ARGUMENTS}<|tool_call:end|>",
    "react": f"Action: search\nAction Input: {ARGUMENTS}",
    "functions.": f"functions.search({ARGUMENTS})",
    "functions. bare": f"functions.search:0 {ARGUMENTS}",
    "fence": f'```json\n{{"name": "search", "arguments": {ARGUMENTS}}}\n```',
    "fence, other words": f'```\n{{"action": "search", "action_input": {ARGUMENTS}}}\n```',
    "gemma": '```tool_code\nprint(search(query="예산", limit=3))\n```',
    "openai shape": '{"tool_calls": [{"type": "function", "function": '
    f'{{"name": "search", "arguments": {ARGUMENTS}}}}}]}}',
    "a line of code": f"search({ARGUMENTS})",
    "after thinking": '<think>{"name": "ask"} …</think>\n'
    f'<tool_call>{{"name": "search", "arguments": {ARGUMENTS}}}</tool_call>',
}


@pytest.mark.parametrize("style", WRITTEN)
def test_a_call_written_into_the_text_is_taken_in_every_style(style: str) -> None:
    found = read(WRITTEN[style])

    assert found.actions == (BUDGET,)
    assert found.text == ""
    assert "calls_from_text" in found.notes


@pytest.mark.parametrize(
    "style", [style for style in WRITTEN if style.startswith(("hermes", "fence", "functions", "a li"))]
)
def test_the_words_around_a_written_call_stay(style: str) -> None:
    found = read(f"예산을 찾겠습니다.\n\n{WRITTEN[style]}")

    assert found.actions == (BUDGET,)
    assert found.text == "예산을 찾겠습니다."


def test_several_written_calls_keep_their_order() -> None:
    text = "".join(f'<tool_call>{{"name": "search", "arguments": {{"query": "{w}"}}}}</tool_call>\n' for w in "나가다")

    assert [a.arguments["query"] for a in read(text).actions if isinstance(a, Call)] == ["나", "가", "다"]
    listed = '[TOOL_CALLS]search[ARGS]{"query": "가"}search[ARGS]{"query": "나"}'
    assert [a.arguments["query"] for a in read(listed).actions if isinstance(a, Call)] == ["가", "나"]


def test_a_written_call_of_an_unknown_tool_is_a_problem_only_where_it_can_mean_nothing_else() -> None:
    (action,) = read('<tool_call>{"name": "fetch_web", "arguments": {}}</tool_call>').actions
    assert isinstance(action, Call)
    assert "there is no tool 'fetch_web'" in action.problem

    fence = '```json\n{"name": "fetch_web", "arguments": {}}\n```'
    assert read(fence).actions == ()
    assert read(fence).text == fence


def test_a_written_call_that_cannot_be_read_is_a_problem() -> None:
    (action,) = read('<tool_call>{"name": "search", "arguments": {"query": "그는 "안녕" 했다"}}</tool_call>').actions

    assert isinstance(action, Call)
    assert action.skill == "search"
    assert "not escaped" in action.problem


def test_a_written_call_in_a_form_nobody_knows_is_a_problem_and_no_report() -> None:
    for written in (
        "<start_function_call>call:search{query:<escape>예산<escape>}<end_function_call>",
        "<|tool_call_v9|>search §§ 예산",
    ):
        found = read(written)
        (action,) = found.actions
        assert isinstance(action, Call)
        assert (action.skill, found.text) == ("search", "")
        assert "no JSON" in action.problem


def test_marks_without_end_are_read_in_time() -> None:
    for mark in (
        "<|python_tag|>a(",
        "<｜tool▁call▁begin｜>",
        "<|tool_call:begin|>",
        "to=functions.a ",
        "<think>",
        "<invoke ",
    ):
        assert_grows_with_length(read, mark, 60_000 // len(mark))


@pytest.mark.parametrize(
    "text",
    [
        "예산은 3억 원입니다.",
        '{"name": "홍길동", "amount": 3}',
        "```python\nfor x in range(3):\n    print(x)\n```",
        "The search (see the annex) was done.",
        '자료에 \'{"name": "search"}\'라고 적혀 있습니다.',
        "a < b, c > d",
    ],
)
def test_plain_text_stays_text(text: str) -> None:
    found = read(text)

    assert found.actions == ()
    assert found.text == text


def test_the_text_is_not_searched_when_there_are_native_calls() -> None:
    text = '문서에는 <tool_call>{"name": "ask", "arguments": {"question": "?"}}</tool_call>라고 적혀 있습니다.'

    found = read(text, WrittenCall("search", ARGUMENTS))

    assert found.actions == (BUDGET,)
    assert found.text == text


# ── text ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("<think>음…</think>답입니다.", "답입니다."),
        ("음…</think>\n\n답입니다.", "답입니다."),
        ("<think>끝나지 않는 생각", ""),
        (
            "<|channel|>analysis<|message|>음<|end|><|start|>assistant<|channel|>final<|message|>답입니다.<|return|>",
            "답입니다.",
        ),
        ("답입니다.<|im_end|>", "답입니다."),
        ("<THINK>음</THINK>답입니다.", "답입니다."),
        ("[THINK]음[/THINK]답입니다.", "답입니다."),
        ("<seed:think>음</seed:think>답입니다.", "답입니다."),
        ("<|START_THINKING|>음<|END_THINKING|><|START_RESPONSE|>답입니다.<|END_RESPONSE|>", "답입니다."),
        ("<|think|>음<|end|><|begin|>assistant<|content|>답입니다.<|end|>", "답입니다."),
        ("<|channel>thought\n음<channel|>답입니다.<turn|>", "답입니다."),
        ("analysisWe look.assistantfinal답입니다.", "답입니다."),
        ("<|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\n\n답입니다.<|eot_id|>", "답입니다."),
        ("<s>답입니다.</s>", "답입니다."),
        ("analysis 결과입니다.", "analysis 결과입니다."),
        ("final 보고서", "final 보고서"),
        ("", ""),
    ],
)
def test_reasoning_and_template_marks_are_no_part_of_the_text(text: str, visible: str) -> None:
    assert without_reasoning(text)[0] == visible


def test_an_empty_answer_is_an_empty_turn() -> None:
    assert read("") == Recovered("", ())
    assert read("<think>…</think>").text == ""


@given(st.lists(st.sampled_from(["<th", "ink>", "</thi", "nk>", "안녕", "<", "tool_call>", "</tool_call>", " "])))
def test_a_draft_never_shows_what_the_whole_text_hides(pieces: list[str]) -> None:
    visible = Visible()
    shown = "".join(visible.more(piece) for piece in pieces) + visible.rest()

    whole = "".join(pieces)
    assert "<think>" not in shown
    assert "<tool_call>" not in shown
    if "<think>" not in whole and "<tool_call>" not in whole:
        assert shown == whole


def test_a_draft_hides_reasoning_cut_anywhere() -> None:
    text = "안녕<think>비밀</think>하세요"
    for at in range(len(text)):
        visible = Visible()
        assert visible.more(text[:at]) + visible.more(text[at:]) + visible.rest() == "안녕하세요"


@pytest.mark.parametrize(
    ("text", "language", "wrong"),
    [
        ("The budget for 2026 is three hundred million won.", "ko", True),
        ("预算为三亿韩元，详见附件中的说明文件。", "ko", True),
        ("2026년 예산은 3억 원이며 LH와 KDI가 함께 집행합니다.", "ko", False),
        ('규정은 "The budget shall be approved by the board of directors"라고 적고 있습니다.', "ko", False),
        ("2026년 예산은 3억 원이며 상반기에 모두 집행합니다.", "en", True),
        ("The budget is three hundred million won.", "en", False),
        ("3억", "en", False),
    ],
)
def test_the_wrong_language_is_noted(text: str, language: str, wrong: bool) -> None:
    assert ("wrong_language" in read(text, view=a_view(language=language)).notes) is wrong


def test_the_language_of_a_report_counts_too() -> None:
    written = '{"status": "done", "text": "The budget for 2026 is three hundred million won."}'

    assert "wrong_language" in read("", WrittenCall("report", written)).notes


@given(st.text(max_size=400))
def test_no_text_breaks_the_reading(text: str) -> None:
    for attempt in (
        text,
        f"<tool_call>{text}",
        f"```json\n{text}\n```",
        f"[TOOL_CALLS]{text}",
        f"functions.a({{{text}",
    ):
        read(attempt)


def test_half_characters_never_reach_the_log() -> None:
    found = read("예산\ud800", WrittenCall("sea\udfffrch", '{"query": "\ud800"}'))

    assert found.text.startswith("예산")
    found.text.encode("utf-8")
    for action in found.actions:
        assert isinstance(action, Call)
        (action.skill + str(action.arguments) + action.problem).encode("utf-8")
