"""Experts read side by side, dispute each other's findings, and a person decides; without a model and with one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from jihwi.case.recorded import Recorded, in_words
from jihwi.case.turn import Finding
from jihwi.evidence import Claim, Reading, Report, Sentence, Viewer
from jihwi.reports import CheckedReport, Refused, Shown, pass_gate
from jihwi.teams.consult.statements import doses, limit, symptoms_in
from jihwi.testing.openai_server import ChatRequest, Line, OpenAIServer, Reply, Use
from tests.cli.terminal import answered, said

FILES = Path(__file__).parents[2] / "examples" / "consult" / "files"
REQUEST = "김가온 님의 잇몸 출혈이 솔베인정 때문인지, 계속 복용해도 되는지 살펴 주십시오."
WARNING = "솔베인정을 복용하는 사람에게 잇몸 출혈이 나타나면 복용을 멈추고 진료를 받는다."
GO_ON = "2026년 3월 9일: 솔베인정을 계속 복용하도록 함."


def jihwi(folder: Path, *words: str, code: int) -> Any:
    """What the command answers as JSON when kim runs it; it must end with `code`."""
    return answered(folder, *words, code=code, who="kim", team="consult")


def test_without_a_model_the_experts_disagree_and_the_report_holds_both_positions_and_the_decision(
    tmp_path: Path,
) -> None:
    run = jihwi(tmp_path, "run", REQUEST, "--files", str(FILES), code=3)
    assert run["waits_for"] == ["a1", "a1"]
    shown = jihwi(tmp_path, "case", "show", code=3)
    asked = {one["number"]: one["options"] for one in shown["questions"]}
    assert [one.partition(": ")[2] for one in asked[1]] == [GO_ON, WARNING, ""]
    assert len(asked[0]) == 3
    # Two questions are open at once; the second is answered first, by its option's number, the first in words.
    jihwi(tmp_path, "case", "answer", "last", "2", "--of", "a1/1", code=0)
    jihwi(tmp_path, "case", "answer", "last", "기록의 5mg", "--of", "a1/0", code=0)
    (approval,) = jihwi(tmp_path, "case", "run", code=3)["waits_for"]
    jihwi(tmp_path, "case", "approve", "last", approval, code=0)
    done = jihwi(tmp_path, "case", "run", code=0)
    answer = done["report"]["answer"]
    assert [one["kind"] for one in answer] == ["of_the_case", "of_the_case", "quoted"]
    assert WARNING in answer[0]["text"]
    assert answer[1]["text"].startswith("kim 님이 정했습니다: ‘기록의 5mg’")
    assert answer[2]["text"] == WARNING
    sections = {one["title"]: [s["text"] for s in one["sentences"]] for one in done["report"]["sections"]}
    assert sections["갈린 의견: 계속 복용할지"] == [GO_ON, WARNING]
    assert len(sections["갈린 의견: 용량"]) == 2
    disputes = sections["담당들의 이의"]
    assert sorted(re.findall(r"'(\w+)'의 이의", " ".join(disputes))) == [
        "literature",
        "literature",
        "records",
        "symptoms",
    ]
    page = Path(done["files"]["report.md"]).read_text("utf-8")
    assert "사람이 승인하여 내보냄" in page
    followed = said(tmp_path, "case", "follow", "--no-wait", language="ko")
    assert "literature → checker 넘겼습니다" in followed
    assert jihwi(tmp_path, "ledger", "verify", "last", code=0)


def test_experts_who_agree_ask_nobody_but_the_release_still_waits_for_a_person(tmp_path: Path) -> None:
    for folder, words in (
        ("호소", "- 솔베인정을 하루 5mg씩 먹고 있습니다.\n"),
        ("기록", "- 2026년 3월 2일: 솔베인정 5mg을 하루 한 번 처방함.\n"),
    ):
        (tmp_path / "files" / folder).mkdir(parents=True)
        (tmp_path / "files" / folder / "a.md").write_text(f"# {folder}\n\n{words}", "utf-8")
    run = jihwi(tmp_path, "run", "솔베인정을 얼마나 먹고 있습니까?", "--files", "files", code=3)
    assert run["waits_for"] == ["a1/1/4/0"]


# ── with a model ─────────────────────────────────────────────────────────────


class Model:
    """What the model says in each seat, told apart by the seat's name and step. It gives itself authority it lacks."""

    def __call__(self, request: ChatRequest) -> Line:
        found = re.search(r"맡은 '([^']+)'", request.system)
        assert found is not None, request.system
        turn = 1 + sum(message["role"] == "assistant" for message in request.messages)
        confers = "confer" in str(request.messages[1]["content"])
        match found[1]:
            case "담당":
                return self.case_worker(turn, request)
            case "기록 담당":
                return self.records(turn, confers, request)
            case "문헌 담당":
                return self.literature(turn, confers, request)
            case _:
                return Reply("덧붙일 것이 없습니다.")

    def case_worker(self, turn: int, request: ChatRequest) -> Line:
        experts = ("symptoms", "records", "literature")
        warning, go_on = _numbered(request, "literature"), _numbered(request, "records")
        options = [f"발견 {warning}: {WARNING}", f"발견 {go_on}: {GO_ON}"]
        report: dict[str, Any] = {
            "answer": [_said("낫는 데 30일이 걸립니다.", warning)],
            "decisions": True,
        }
        report["sections"] = [{"title": "두 입장", "sentences": [_said(WARNING, warning), _said(GO_ON, go_on)]}]
        steps: list[Line] = [
            Reply("", tuple(Use("delegate", {"agent": one, "task": "읽기", "inputs": {}}) for one in experts)),
            Reply("", tuple(Use("delegate", {"agent": one, "task": "confer", "inputs": {}}) for one in experts)),
            Reply("", (Use("ask", {"question": "어느 쪽입니까?", "options": options}),)),
            Reply("", (Use("compose_report", report),)),
            Reply("", (Use("approve", {"approval": ""}), Use("release", {"call": "a1/4/0"}))),
            Reply("마쳤습니다."),
        ]
        return steps[turn - 1]

    def records(self, turn: int, confers: bool, request: ChatRequest) -> Line:
        if confers:
            return Reply(
                "",
                (
                    Use("dispute", {"finding": _numbered(request, "literature"), "reason": "먼저 있던 증상입니다."}),
                    _reports(),
                ),
            )
        return self._reads(turn, request, "기록/", GO_ON, _reports())

    def literature(self, turn: int, confers: bool, request: ChatRequest) -> Line:
        if confers:
            return Reply(
                "",
                (
                    Use("dispute", {"finding": _numbered(request, "records"), "reason": "설명서는 멈추라고 합니다."}),
                    _reports(),
                ),
            )
        return self._reads(turn, request, "문헌/", WARNING, Use("hand_off", {"agent": "checker", "note": "확인"}))

    def _reads(self, turn: int, request: ChatRequest, folder: str, words: str, last: Use) -> Line:
        if turn == 1:
            return Reply("", (Use("search", {"query": "솔베인정 잇몸 출혈 복용", "limit": 20}),))
        if turn > 2:
            return Reply("마쳤습니다.")
        hits = _hits(request)
        hit = next(one for one in hits if one["path"].startswith(folder) and words in one["text"])
        start = hit["start"] + hit["text"].index(words)
        quotation = {key: hit[key] for key in ("document_id", "source", "reading")}
        quotation |= {"text": words, "start": start, "end": start + len(words)}
        return Reply("", (Use("post_finding", {"text": words, "quotations": [quotation], "topic": "use"}), last))


def _numbered(request: ChatRequest, agent: str) -> int:
    """The number of the finding an agent posted, as the model is shown it; 0 while there is none."""
    shown = " ".join(str(one.get("content")) for one in request.messages)
    found = re.search(rf"발견 (\d+) \({agent}\)", shown)
    return int(found[1]) if found else 0


def _said(text: str, finding: int) -> dict[str, Any]:
    return {"text": text, "findings": [finding]}


def _reports() -> Use:
    return Use("report", {"status": "done", "text": "마쳤습니다."})


def _hits(request: ChatRequest) -> list[dict[str, Any]]:
    content = next(str(m["content"]) for m in reversed(request.messages) if '"hits"' in str(m.get("content")))
    found: dict[str, Any] = json.JSONDecoder().raw_decode(content[content.index('{"') :])[0]
    hits: list[dict[str, Any]] = found["hits"]
    return hits


def test_with_a_model_in_every_seat_the_same_person_decides_and_the_model_cannot_release(tmp_path: Path) -> None:
    with OpenAIServer(Model()) as server:
        words = ("--model", server.spec)
        run = jihwi(tmp_path, "run", REQUEST, "--files", str(FILES), *words, code=3)
        assert run["waits_for"] == ["a1"]
        positions = jihwi(tmp_path, "case", "show", code=3)["questions"][0]["options"]
        chosen = 1 + next(n for n, one in enumerate(positions) if GO_ON in one)
        jihwi(tmp_path, "case", "answer", "last", str(chosen), code=0)
        (approval,) = jihwi(tmp_path, "case", "run", *words, code=3)["waits_for"]
        seat = jihwi(tmp_path, "case", "show", "--of", "a1", code=0)
        refused = [one for one in seat["transcript"] if one.get("status") == "refused"]
        assert [one["skill"] for one in refused] == ["approve"]
        jihwi(tmp_path, "case", "approve", "last", approval, code=0)
        done = jihwi(tmp_path, "case", "run", *words, code=0)
    kinds = {one["text"]: one["kind"] for one in done["report"]["answer"]}
    decided = in_words(Recorded(0, "decided", "kim", positions[chosen - 1], "어느 쪽입니까?"), "ko")
    assert kinds == {decided: "of_the_case", "낫는 데 30일이 걸립니다.": "marked"}
    both, disputes = done["report"]["sections"]
    assert {one["kind"] for one in both["sentences"]} == {"quoted"}
    assert len(disputes["sentences"]) == 2


# ── what the report may say of the case ──────────────────────────────────────


class _NoReadings:
    def reading(self, digest: str, viewer: Viewer) -> Reading | None:
        return None

    def shown(self, document_id: str, viewer: Viewer) -> Shown | None:
        return None


@pytest.mark.parametrize(
    ("text", "events", "passes"),
    [
        ("kim 님이 정했습니다: ‘멈춘다’ (물음: 어느 쪽?)", (41,), True),
        ("kim 님이 정했습니다: ‘계속한다’ (물음: 어느 쪽?)", (41,), False),
        ("kim 님이 정했습니다: ‘멈춘다’ (물음: 어느 쪽?)", (40,), False),
        ("kim 님이 정했습니다: ‘멈춘다’ (물음: 어느 쪽?)", (), False),
    ],
)
def test_a_sentence_of_the_case_leaves_only_in_the_words_of_its_event(
    text: str, events: tuple[int, ...], passes: bool
) -> None:
    report = Report(request="?", language="ko", answer=(Sentence(text, "of_the_case", events=events),))
    recorded = [Recorded(41, "decided", "kim", "멈춘다", "어느 쪽?")]
    outcome = pass_gate(report, _NoReadings(), Viewer("kim"), recorded=recorded)
    assert isinstance(outcome, CheckedReport if passes else Refused)


# ── the rules ────────────────────────────────────────────────────────────────


def test_a_dose_a_limit_and_a_symptom_are_found_by_rule() -> None:
    assert doses("솔베인정을 하루 10mg씩 먹고 있습니다.") == {"솔베인정": 10}
    assert limit("솔베인정은 하루 5mg을 넘기지 않는다.") == {"솔베인정": 5}
    assert limit("솔베인정 5mg을 처방함.") == {}
    said = Claim("2026년 3월 18일부터 잇몸 출혈이 있습니다."), Claim("가끔 어지럼이 있습니다.")
    findings = [Finding(number, "a1.1", "symptoms", claim) for number, claim in enumerate(said, 1)]
    assert symptoms_in(findings) == {"잇몸 출혈", "어지럼"}
