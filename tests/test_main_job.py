"""The main job, end to end: the example office's files in, released and cited reports out, with no model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jihwi.case.state import Case
from jihwi.cli.running import ingest_folder, lay_out
from jihwi.cli.screen import Screen
from jihwi.evidence import Report, Sentence
from jihwi.orchestrator import Opening
from jihwi.settings import Settings
from jihwi.wiring import House, open_house

ROOT = Path(__file__).parent.parent
OFFICE = ROOT / "examples" / "office"
REQUESTS: list[dict[str, Any]] = tomllib.loads((ROOT / "examples" / "requests.toml").read_text("utf-8"))["request"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder that every request of this file shares: the office is read once."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
async def house(home: Path) -> AsyncIterator[House]:
    async with open_house(Settings(home=str(home), viewer="kim", language="ko")) as opened:
        yield opened


async def _answered(house: House, request: str) -> tuple[Case, Report, Path]:
    found = await ingest_folder(house, OFFICE, [], Screen(json=True, language="ko"))
    team = house.team("report")
    orchestrator = house.orchestrator()
    opening = Opening(
        request=request,
        requester=house.viewer,
        language="ko" if re.search("[가-힣]", request) else "en",
        team=team.name,
        team_digest=team.digest,
        agents=team.agents,
        policy=team.policy,
        limits=team.limits,
        collections=(found.collection,),
        library_version=found.library_version,
    )
    case = await orchestrator.drive(await orchestrator.open(opening))
    assert case is not None
    assert (case.status, case.outcome) in (("closed", "done"), ("closed", "partial"))
    folder = await lay_out(house, case, None)
    return case, msgspec.json.decode((folder / "report.json").read_bytes(), type=Report), folder


def _sentences(report: Report) -> list[Sentence]:
    return [*report.answer, *(s for section in report.sections for s in section.sentences)]


def _plain(text: str) -> str:
    return re.sub(r"[\s,]", "", text)


def _path(house: House, sentence: Sentence) -> str:
    document = house.library.document(sentence.quotations[0].document_id, house.viewer)
    assert document is not None
    return unicodedata.normalize("NFC", document.source.path)


@pytest.mark.parametrize("wanted", REQUESTS, ids=[one["id"] for one in REQUESTS])
async def test_each_request_on_the_example_office_is_answered_as_it_should_be(
    house: House, wanted: dict[str, Any]
) -> None:
    _, report, folder = await _answered(house, wanted["text"])
    _every_quotation_stands(house, report)
    assert "report.html" in {path.name for path in folder.iterdir()}
    if not wanted.get("answerable", True):
        assert report.answer == ()
        assert report.sections == ()
        assert report.not_found
        return
    assert report.answer
    assert all(one.kind != "marked" for one in _sentences(report))
    if "first" in wanted:
        assert _path(house, report.answer[0]) in wanted["first"]
    said = _plain(" ".join(one.text for one in _sentences(report)))
    for words in wanted.get("holds", []):
        assert _plain(words) in said
    for words in wanted.get("lacks", []):
        assert _plain(words) not in said
    if "contradiction" in wanted:
        values = sorted(_plain(v) for v in wanted["contradiction"]["values"])
        told = [sorted(_plain(v).removesuffix("원") for v in one.values) for one in report.contradictions]
        assert [v.removesuffix("원") for v in values] in told


def _every_quotation_stands(house: House, report: Report) -> None:
    """Compared with the stored reading letter by letter, without the code that checked it before."""
    quotations = [q for one in _sentences(report) for q in one.quotations]
    quotations += [q for one in report.contradictions for side in one.sides for q in side.quotations]
    quotations += [q for one in report.not_found for near in one.nearest for q in near.quotations]
    assert quotations or not report.answer
    for quotation in quotations:
        reading = house.library.reading(quotation.reading, house.viewer)
        assert reading is not None
        assert reading.text[quotation.start : quotation.end] == quotation.text


async def test_what_could_not_be_read_is_named_in_the_report(house: House) -> None:
    _, report, folder = await _answered(house, "당직비는 얼마인가?")
    broken = [one for one in report.unreadable if one.path.endswith("공무원_여비_규정_구판.hwpx")]
    assert [one.grade for one in broken] == ["F"]
    assert "구판" in (folder / "report.md").read_text("utf-8")


def test_the_command_does_it_all_and_a_second_run_reads_nothing_again(tmp_path: Path) -> None:
    request = "당직비는 1회에 얼마를 지급하나요?"
    command = [sys.executable, "-m", "jihwi", "run", request, "--files", str(OFFICE), "--out", str(tmp_path / "out")]
    first = _run(command, tmp_path)
    assert first.returncode == 0, first.stderr
    assert "60,000원" in first.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"report.md", "report.html", "report.docx", "report.json", "prompts.json", "ledger.jsonl"}
    verified = _run(
        [sys.executable, "-m", "jihwi", "ledger", "verify", str(tmp_path / "out" / "ledger.jsonl")], tmp_path
    )
    assert verified.returncode == 0, verified.stderr
    again = _run([*command, "--json"], tmp_path)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["outcome"] == "done"
    listed = json.loads(_run([sys.executable, "-m", "jihwi", "case", "list", "--json"], tmp_path).stdout)
    assert len(listed) == 2
    quoted = _run(
        [sys.executable, "-m", "jihwi", "cite", "check", str(tmp_path / "out" / "report.md"), "--files", str(OFFICE)],
        tmp_path,
    )
    assert quoted.returncode == 0, quoted.stdout


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
