"""What the editor's skills do with a passage: by rule, as the requester, and never more than the evidence allows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jihwi.errors import SkillArguments
from jihwi.evidence import Quotation, SecurityClass, Sentence, Viewer
from jihwi.skills import Skill, SkillContext
from jihwi.skills.revising import Proposed, revising_skills
from tests.library.shelf import ANYONE, Shelf
from tests.library.test_vectors import Meanings, NearShelf

PERIOD = "공사기간은 2025년 3월 2일부터 6월 30일까지로 한다(휴일 포함)."
PRICE = "계약금액은 1,300,000원으로 하며, 부가가치세를 포함한다."
BOTH = "갑은 대금을 3월에 지급하고, 을은 영수증을 낸다."


class Desk:
    """A library of three files and the skills over it."""

    def __init__(self, folder: Path) -> None:
        self.shelf = Shelf(folder)
        self.shelf.write("계약.txt", f"# 계약\n{PERIOD}\n{PRICE}\n{BOTH}\n")
        self.shelf.write("안내.txt", "공사기간은 2025년 3월 2일부터 6월 30일까지입니다. 소음에 양해 바랍니다.\n")
        self.shelf.write("다른글.txt", "공사기간에는 창구가 별관에서 열린다.\n")
        self.shelf.library.ingest("files", self.shelf.listing(), self.shelf.service)
        self.skills: dict[str, Skill] = {one.spec.name: one for one in revising_skills(lambda: self.shelf.library)}

    def quotation(self, text: str) -> Quotation:
        """The words as they stand in one of the files."""
        for document in self.shelf.library.documents(ANYONE):
            reading = self.shelf.library.reading(document.reading, ANYONE)
            if reading is not None and text in reading.text:
                start = reading.text.index(text)
                digest = document.source.digest
                return Quotation(document.source.document_id, digest, document.reading, text, start, start + len(text))
        raise AssertionError(text)

    async def run(
        self, name: str, *passage: Sentence, viewer: Viewer = ANYONE, arguments: Any = None, **given: Any
    ) -> tuple[Proposed, list[str]]:
        inputs = {"passage": msgspec.to_builtins(passage), **given}
        context = SkillContext("c", "a2", 1, 0, "k", viewer, ("files",), "ko", "?", inputs=inputs)
        result = await self.skills[name].run(context, arguments or {})
        assert result.tainted, "it holds text of documents"
        made = msgspec.convert(result.value, Proposed)
        return made, [note.code for note in made.notes]

    def quoted(self, text: str) -> Sentence:
        return Sentence(text, "quoted", (self.quotation(text),))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.shelf.library.close()


async def test_checking_says_what_holds_and_takes_a_kind_away_that_is_not_borne_out(desk: Desk) -> None:
    made, codes = await desk.run("check_passage", desk.quoted(PERIOD))
    assert (codes, made.sentences) == (["holds"], (desk.quoted(PERIOD),))
    wrong = Sentence("공사기간은 7월 30일까지다.", "supported", (desk.quotation(PERIOD),))
    made, codes = await desk.run("check_passage", wrong)
    assert (codes, made.sentences[0].kind) == (["kind_changed", "lacks"], "marked")
    altered = msgspec.structs.replace(desk.quotation(PRICE), text=PRICE.replace("1,300", "1,400"))
    made, codes = await desk.run("check_passage", Sentence(altered.text, "quoted", (altered,)))
    assert (codes, made.sentences[0].kind) == (["quotation_lost", "kind_changed", "bare"], "marked")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (PERIOD, "공사기간은 2025년 3월 2일부터 6월 30일까지로 한다."),
        (PRICE, PRICE),
        (BOTH, BOTH),
    ],
)
async def test_shortening_keeps_every_figure_that_the_sentence_lives_by(desk: Desk, text: str, short: str) -> None:
    made, _ = await desk.run("shorten_passage", desk.quoted(text))
    assert [one.text for one in made.sentences] == [short]
    assert made.sentences[0].kind in ("quoted", "supported")


async def test_shortening_leaves_out_what_is_said_twice_and_what_has_no_evidence(desk: Desk) -> None:
    again = Sentence("공사기간은 6월 30일까지로 한다.", "supported", (desk.quotation(PERIOD),))
    bare = Sentence("서둘러야 한다.", "marked")
    made, codes = await desk.run("shorten_passage", desk.quoted(PERIOD), again, bare)
    assert codes == ["dropped", "dropped", "shorter"]
    assert len(made.sentences) == 1
    made, codes = await desk.run("shorten_passage", bare)
    assert (codes, made.sentences) == (["already_short"], (bare,))


async def test_more_evidence_comes_from_other_documents_and_what_is_only_near_is_named(desk: Desk) -> None:
    made, codes = await desk.run("back_passage", desk.quoted(PERIOD))
    assert codes == ["evidence_none"], "brackets of the one document stand in no other"
    assert made.nearest
    own = Sentence("공사기간은 6월 30일까지다.", "supported", (desk.quotation(PERIOD),))
    made, codes = await desk.run("back_passage", own)
    assert codes == ["evidence_found"]
    assert {one.document_id for one in made.sentences[0].quotations} > {own.quotations[0].document_id}
    bare = Sentence("공사기간은 6월 30일까지다.", "marked")
    made, _ = await desk.run("back_passage", bare)
    assert made.sentences[0].kind == "supported"
    nobody = Viewer("stranger")
    made, codes = await desk.run("back_passage", Sentence("달은 둥글다.", "marked"), viewer=nobody)
    assert codes == ["evidence_none"]


async def test_without_a_writer_the_documents_own_sentences_are_offered(desk: Desk) -> None:
    own = Sentence("6월 30일까지다.", "supported", (desk.quotation("6월 30일까지"),))
    made, codes = await desk.run("quote_passage", own)
    assert (codes, made.sentences[0].kind) == (["own_words"], "quoted")
    assert made.sentences[0].text.startswith("공사기간은 2025년 3월 2일부터")
    assert (await desk.run("quote_passage", Sentence("서둘러야 한다.", "marked")))[1] == ["needs_model"]
    assert (await desk.run("quote_passage", desk.quoted(PRICE)))[1] == ["own_already"]


async def test_other_words_prove_what_they_can(desk: Desk) -> None:
    texts = ["계약금액은 1,300,000원이다.", "계약금액은 2,300,000원이다."]
    made, codes = await desk.run(
        "reword_passage",
        desk.quoted(PERIOD),
        arguments={"sentences": texts},
        others=msgspec.to_builtins([desk.quotation(PRICE)]),
    )
    assert [one.kind for one in made.sentences] == ["supported", "marked"]
    assert codes == ["reworded", "lacks"]
    with pytest.raises(SkillArguments):
        await desk.run("reword_passage", desk.quoted(PERIOD), arguments={"sentences": ["  "]})


async def test_a_skill_without_a_passage_says_so(desk: Desk) -> None:
    context = SkillContext("c", "a2", 1, 0, "k", ANYONE, (), "ko", "?")
    with pytest.raises(SkillArguments):
        await desk.skills["check_passage"].run(context, {})


async def test_the_words_of_a_passage_go_to_no_embedding_server_that_may_not_see_their_class(tmp_path: Path) -> None:
    model = Meanings()
    shelf = NearShelf(tmp_path, model)
    shelf.write("계약.txt", f"{PRICE}\n")
    shelf.write("안내.txt", "소음에 양해 바랍니다.\n")
    shelf.library.classify("files", None, {"계약.txt": "C"})
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    [back] = [one for one in revising_skills(lambda: shelf.library) if one.spec.name == "back_passage"]
    inputs = {"passage": msgspec.to_builtins([Sentence(PRICE, "marked", ())])}
    tried: tuple[tuple[tuple[SecurityClass, ...], bool], ...] = ((("C",), False), ((), True))
    for classes, seen in tried:
        context = SkillContext("c", "a2", 1, 0, "k", ANYONE, ("files",), "ko", "?", inputs=inputs, classes=classes)
        await back.run(context, {})
        assert any("1,300,000" in text for text in model.seen) is seen
    shelf.library.close()
