"""The main job with a model: the same team files, a real server, and the same checks between it and the report."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from jihwi.testing.openai_server import ChatRequest, Fault, Line, OpenAIServer, Reply, Use

ROOT = Path(__file__).parent.parent
OFFICE = ROOT / "examples" / "office"
REQUEST = "당직비는 1회에 얼마를 지급하나요?"


class Model:
    """What the model says in each seat, told apart by the tools it is offered. It lies where it can."""

    def __init__(self) -> None:
        self.faults = [Fault(429, "slow down", retry_after="0"), Fault(500, "oops")]

    def __call__(self, request: ChatRequest) -> Line:
        if self.faults:
            return self.faults.pop()
        turn = 1 + sum(message["role"] == "assistant" for message in request.messages)
        for tool, seat in (
            ("list_sources", self.case_worker),
            ("find_evidence", self.researcher),
            ("check_quotations", self.checker),
            ("find_disagreements", self.analyst),
            ("compose_report", self.writer),
        ):
            if tool in request.tools:
                return seat(turn, request)
        raise AssertionError(request.tools)

    def case_worker(self, turn: int, request: ChatRequest) -> Line:
        steps: list[Line] = [
            Reply("요청을 읽겠습니다.", (Use("understand_request", {"request": REQUEST}), Use("list_sources", {}))),
            Reply("<think>나누자</think>", (Use("delegate", {"agent": "researcher", "task": REQUEST}),)),
            Reply('<tool_call>{"name": "delegate", "arguments": {"agent": "analyst", "task": "대조"}}</tool_call>'),
            Reply("", (Use("delegate", {"agent": "writer", "task": "발견 1만 확인되었습니다."}),)),
            Reply("", (Use("release", {"call": "a1.3/2/0"}),)),
            Reply("보고서를 내보냈습니다."),
        ]
        return steps[turn - 1]

    def researcher(self, turn: int, request: ChatRequest) -> Line:
        if turn == 1:
            return Reply("", (Use("find_evidence", {"question": REQUEST}), Use("fetch_web", {})))
        if turn == 2:
            claim = _result(request, "claims")["claims"][0]
            true = {"text": claim["text"], "quotations": claim["quotations"]}
            lie = json.loads(json.dumps(true).replace("60,000", "90,000"))
            assert lie != true
            uses = (
                Use("post_finding", true),
                Use("post_finding", lie),
                Use("hand_off", {"agent": "checker", "note": "확인"}),
            )
            return Reply("", uses)
        raise AssertionError(turn)

    def checker(self, turn: int, request: ChatRequest) -> Line:
        if not any("failed" in str(m.get("content")) and m["role"] == "tool" for m in request.messages):
            return Reply("", (Use("check_quotations", "{'findings': [1, 2],}"),))
        failed = _result(request, "failed")["failed"]
        assert [one["finding"] for one in failed] == [2]
        report = {"status": "partial", "text": "하나는 틀립니다.", "findings": [1]}
        return Reply("", (Use("dispute", {"finding": 2, "reason": failed[0]["problem"]}), Use("report", report)))

    def analyst(self, turn: int, request: ChatRequest) -> Line:
        if turn == 1:
            return Reply("", (Use("find_disagreements", {"findings": [1]}),))
        return Reply("다른 곳이 없습니다.")

    def writer(self, turn: int, request: ChatRequest) -> Line:
        if turn == 1:
            return Reply()  # an empty reply, which is noticed and asked again
        if turn == 2:
            quoted = re.search(r"[^\n\"]*60,000원[^\n\"]*", str(request.json["messages"]))
            assert quoted is not None
            answer = [
                {"text": "당직비는 1회 60,000원이다.", "findings": [1]},
                {"text": "당직비는 1회 90,000원이다.", "findings": [1]},
                {"text": "이 금액은 내년에 오를 것이다.", "findings": []},
            ]
            return Reply("", (Use("compose_report", {"answer": answer}),))
        return Reply("", (Use("report", {"status": "done", "data": {"call": "a1.3/2/0"}}),))


def _result(request: ChatRequest, key: str) -> dict[str, Any]:
    """The newest tool result that holds `key`, as the model reads it."""
    for message in reversed(request.messages):
        content = str(message.get("content"))
        if message["role"] == "tool" and f'"{key}"' in content:
            start = content.index("{")
            found: dict[str, Any] = json.JSONDecoder().raw_decode(content[start:])[0]
            return found
    raise AssertionError(f"no result with {key}")


def test_the_same_team_works_with_a_model_and_no_lie_of_it_leaves_unmarked(tmp_path: Path) -> None:
    with OpenAIServer(Model()) as server:
        done = _jihwi(tmp_path, "run", REQUEST, "--files", str(OFFICE), "--json", "--model", server.spec)
        bodies = [request.body.decode() for request in server.requests]
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    kinds = {one["text"]: one["kind"] for one in told["report"]["answer"]}
    assert kinds == {
        "당직비는 1회 60,000원이다.": "supported",
        "당직비는 1회 90,000원이다.": "marked",
        "이 금액은 내년에 오를 것이다.": "marked",
    }
    page = Path(told["files"]["report.md"]).read_text("utf-8")
    assert "scripted" in page
    followed = _jihwi(tmp_path, "case", "follow", "last", "--lang", "ko").stdout
    assert "발견 2에 이의: 문서의 글과 다릅니다: '90,000원의' ≠ '60,000원의'" in followed
    prompts = json.loads(Path(told["files"]["prompts.json"]).read_text("utf-8"))
    assert sorted(turn["request"] for turn in prompts["turns"]) == sorted(bodies), "all that was sent is disclosed"
    failed = [turn for turn in prompts["turns"] if "failed" in turn]
    assert [(turn["agent"], turn["failed"]["reason"]) for turn in failed] == [
        ("case_worker", "model_failed"),
        ("case_worker", "model_busy"),
    ]
    steps = {step["role"]: step for step in prompts["sentences"][0]["steps"]}
    sent = {turn["digest"] for turn in prompts["turns"]}
    assert steps.keys() == {"asked", "searched", "found", "checked", "wrote"}
    assert all(step["prompt"] in sent and step["name"] == "scripted" for step in steps.values())
    assert (steps["wrote"]["skill"], steps["wrote"]["agent"]) == ("compose_report", "writer")


def test_a_dead_endpoint_stops_the_case_in_plain_words_and_nothing_is_lost(tmp_path: Path) -> None:
    dead = "openai:any@http://127.0.0.1:9/v1"
    stopped = _jihwi(tmp_path, "run", REQUEST, "--files", str(OFFICE), "--lang", "en", "--model", dead)
    assert stopped.returncode == 3, stopped.stderr
    shown = _jihwi(tmp_path, "case", "show", "last", "--lang", "en")
    assert "cannot be reached" in shown.stdout
    assert "127.0.0.1:9" in shown.stdout
    assert _jihwi(tmp_path, "ledger", "verify", "last").returncode == 0


def _jihwi(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jihwi", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
