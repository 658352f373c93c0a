"""The class of a text decides which model may see it: not a byte of it reaches one that may not, and work goes on."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from jihwi.errors import LabelReserved, ModelClassRefused
from jihwi.evidence import Viewer
from jihwi.library import Library
from jihwi.testing.openai_server import ChatRequest, Line, OpenAIServer, Reply, Use
from tests.cli.test_stores import jihwi
from tests.library.shelf import ANYONE, Shelf

REQUEST = "청사 경비 예산은 얼마인가?"
SECRET = "청사 경비 예산은 칠천칠백만 원이다"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "비밀").mkdir(parents=True)
    (folder / "비밀" / "경비.txt").write_text(f"{SECRET}.\n", encoding="utf-8")
    (folder / "안내.txt").write_text("청사는 여섯 시에 닫는다.\n", encoding="utf-8")
    return tmp_path


def model(request: ChatRequest) -> Line:
    """Delegates, searches, and would write what it was shown into an answer."""
    if "find_evidence" in request.tools:
        return Reply("", (Use("find_evidence", {"question": REQUEST}), Use("search", {"query": REQUEST})))
    if "understand_request" in request.tools and len(request.messages) <= 2:
        return Reply("", (Use("delegate", {"agent": "researcher", "task": REQUEST}),))
    return Reply("끝", ())


def bodies(server: OpenAIServer) -> str:
    asked = [*server.requests, *server.embedding_requests]
    return "\n".join(json.dumps(one.json, ensure_ascii=False) for one in asked)


def test_no_byte_of_a_classified_text_reaches_the_model_and_the_work_goes_on(place: Path) -> None:
    with OpenAIServer(model) as server:
        done = jihwi(
            place,
            "run",
            REQUEST,
            "--files",
            "files",
            "--class",
            "비밀=C",
            "--model",
            server.spec,
            "--json",
        )
        assert server.requests
        assert "칠천칠백만" not in bodies(server)
    assert done.exit_code == 0, done.stderr
    exported = list((place / ".jihwi" / "cases").rglob("*.md"))
    assert any("칠천칠백만" in path.read_text("utf-8") for path in exported)
    case_id = json.loads(done.stdout)["case"]
    told = jihwi(place, "ledger", "export", case_id, "--out", "ledger.jsonl")
    assert told.exit_code == 0, told.stderr
    ledger = (place / "ledger.jsonl").read_text("utf-8")
    assert "model_class_refused" in ledger
    headers = [base64.b64decode(json.loads(line)["header"]) for line in ledger.splitlines() if '"header"' in line]
    assert any(b"class:C" in header for header in headers)


def test_a_model_that_may_see_the_class_is_shown_it(place: Path) -> None:
    with OpenAIServer(model) as server:
        jihwi(
            place,
            "run",
            REQUEST,
            "--files",
            "files",
            "--class",
            "비밀=C",
            "--model",
            server.spec,
            JIHWI_MODEL_CLASSES="C,S,O",
        )
        assert "칠천칠백만" in bodies(server)


def test_no_byte_of_a_classified_text_reaches_the_embedding_server(place: Path) -> None:
    with OpenAIServer([]) as server:
        there = {"JIHWI_EMBEDDING": f"openai:small@{server.base_url}"}
        done = jihwi(place, "search", REQUEST, "--files", "files", "--class", "비밀=C", **there)
        assert SECRET in done.stdout
        assert "not shown to the embedding server" in done.stderr
        assert server.embedding_requests
        assert "칠천칠백만" not in bodies(server)


def test_a_class_that_is_none_is_refused_with_what_it_should_be(place: Path) -> None:
    done = jihwi(place, "run", REQUEST, "--files", "files", "--class", "X")
    assert done.exit_code == 2
    assert "C, S or O" in done.stderr


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path)
    made.write("인사/비밀/징계.txt", "징계 기록이다.\n")
    made.write("공지.txt", "공지 사항이다.\n")
    made.library.ingest("files", made.listing(), made.service)
    return made


def classes(library: Library) -> dict[str, str]:
    return {source.path: source.security_class for source in library.sources(ANYONE)}


def test_the_strictest_class_of_the_folders_above_holds_and_stays_when_labels_change(shelf: Shelf) -> None:
    shelf.library.classify("files", "S", {"인사/비밀": "C", "공지.txt": "O"})
    wanted = {"공지.txt": "S", "인사/비밀/징계.txt": "C"}
    assert classes(shelf.library) == wanted
    shelf.library.put_collection("files", str(shelf.files), labels=["인사"])
    found = shelf.library.sources(Viewer("kim", ("인사",)))
    assert {source.path: source.security_class for source in found} == wanted
    assert found[0].marks == ("class:S", "인사")
    shelf.write("인사/비밀/새것.txt", "새 기록이다.\n")
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    kim = Viewer("kim", ("인사",))
    assert {s.path: s.security_class for s in shelf.library.sources(kim)}["인사/비밀/새것.txt"] == "C"
    shelf.library.close()


def test_a_mark_of_a_class_is_no_label_and_hides_nothing(shelf: Shelf) -> None:
    with pytest.raises(LabelReserved):
        shelf.library.put_collection("files", labels=["class:C"])
    with pytest.raises(LabelReserved):
        shelf.library.put_collection("files", folder_labels={"인사": ["class:비밀"]})
    assert ANYONE.may_see(("class:C",))
    assert not ANYONE.may_see(("class:C", "인사"))
    shelf.library.close()


def test_the_refusal_says_what_to_do_in_both_languages() -> None:
    error = ModelClassRefused("qwen@http://10.0.0.5/v1", "C")
    assert "Nothing was sent" in error.words("en")
    assert "보내지 않았습니다" in error.words("ko")
    assert "jihwi case take" in error.next_step("ko")


def test_no_byte_of_a_classified_text_reaches_the_embedding_server_from_inside_a_case(place: Path) -> None:
    """A finding is held against other documents by its own words, which are the document's."""
    (place / "files" / "예산.txt").write_text("청사 경비 예산은 삼천만 원이다.\n", encoding="utf-8")
    with OpenAIServer([]) as server:
        there = {"JIHWI_EMBEDDING": f"openai:small@{server.base_url}"}
        done = jihwi(place, "run", REQUEST, "--files", "files", "--class", "비밀=C", **there)
        assert done.exit_code == 0, done.stderr
        assert "칠천칠백만" in done.stdout
        assert server.embedding_requests
        assert "칠천칠백만" not in bodies(server)


def first_with(place: Path, case_id: str, kind: str, words: str) -> int:
    """The number of the first event of a kind that says these words."""
    lines = map(json.loads, jihwi(place, "ledger", "export", case_id).stdout.splitlines())
    return next(int(one["seq"]) for one in lines if one["shown"]["kind"] == kind and words in one["body"])


def gone_on(place: Path, case_id: str, at: int, *words: str, **env: str) -> str:
    """A fork that goes on from an event of a case; its ledger."""
    name = json.loads(jihwi(place, "case", "fork", case_id, "--at", str(at), "--json").stdout)["case"]
    done = jihwi(place, "case", "run", name, *words, "--json", **env)
    assert done.exit_code in (0, 3), done.stderr
    return jihwi(place, "ledger", "export", name).stdout


@pytest.mark.parametrize(("stricter", "shown"), [("O", True), ("C", False)])
def test_a_class_that_is_made_stricter_holds_for_what_a_case_has_found_already(
    place: Path, stricter: str, shown: bool
) -> None:
    with OpenAIServer(model) as server:
        first = jihwi(place, "run", REQUEST, "--files", "files", "--model", server.spec, "--json")
    case_id = json.loads(first.stdout)["case"]
    found = first_with(place, case_id, "skill_finished", SECRET) + 1
    jihwi(place, "search", REQUEST, "--files", "files", "--class", f"비밀={stricter}")
    with OpenAIServer(model) as server:
        told = gone_on(place, case_id, found, "--model", server.spec)
        assert ("칠천칠백만" in bodies(server)) is shown
        assert ("model_class_refused" in told) is not shown


@pytest.mark.parametrize(("stricter", "shown"), [("O", True), ("C", False)])
def test_a_class_that_is_made_stricter_holds_for_the_embedding_server_too(
    place: Path, stricter: str, shown: bool
) -> None:
    (place / "files" / "예산.txt").write_text("청사 경비 예산은 삼천만 원이다.\n", encoding="utf-8")
    case_id = json.loads(jihwi(place, "run", REQUEST, "--files", "files", "--json").stdout)["case"]
    found = first_with(place, case_id, "skill_started", "find_disagreements") - 1
    jihwi(place, "search", REQUEST, "--files", "files", "--class", f"비밀={stricter}")
    with OpenAIServer([]) as server:
        there = {"JIHWI_EMBEDDING": f"openai:small@{server.base_url}"}
        gone_on(place, case_id, found, **there)
        assert ("칠천칠백만" in bodies(server)) is shown
