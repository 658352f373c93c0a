"""Every door there is, taken from the program itself: a document somebody may not see appears through none of them.

Not its words, its title, its path, its collection, and not that it exists. Each door stands in a table with what it
tells to who holds the label; a new door that is in no table fails by its name.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib
import inspect
import io
import pkgutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
import typer
from starlette.routing import Route
from typer.testing import CliRunner

import jihwi.console.pages
from jihwi.cli.app import app
from jihwi.cli.late import LateGroup
from jihwi.console.people import Person, Role
from jihwi.evidence import Viewer
from jihwi.library import Library
from jihwi.wiring import collection_of
from tests.console.office import PATIENCE, Client, Running, running_console
from tests.library.conftest import postgres, postgres_server, shelf_folder
from tests.library.shelf import Shelf

__all__ = ["postgres", "postgres_server", "shelf_folder"]

SUM, TITLE, BROKEN, HIDDEN = "38,400,000", "징계의결서", "깨진비밀", "비밀창고"
REQUEST = "홍길동의 성과급은 얼마인가?"
Tells = Literal["tells", "silent"]
"""Whether who holds the label finds the document there. Who does not finds nothing, wherever."""


def office(folder: Path) -> tuple[Path, Path]:
    """A folder that everybody may see and one whose files bear a label, one of them unreadable."""
    public, secret = folder / "공개", folder / HIDDEN
    public.mkdir()
    secret.mkdir()
    (public / "안내.md").write_text("# 청사 안내\n\n청사 안내 전화는 02-123-4567이다.\n", "utf-8")
    (secret / f"{TITLE}.md").write_text(f"# {TITLE}\n\n홍길동의 성과급은 {SUM}원이다.\n", "utf-8")
    (secret / f"{BROKEN}.hwp").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"broken" * 40)
    return public, secret


def found_in(text: str, *more: str) -> set[str]:
    """The secret words that stand in a text."""
    return {word for word in (SUM, TITLE, BROKEN, HIDDEN, *more) if word in text}


def plain(body: bytes) -> str:
    """What an answer says, also inside a package."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            return " ".join(package.read(name).decode("utf-8", "replace") for name in package.namelist())
    return body.decode("utf-8", "replace")


# ── the console ──────────────────────────────────────────────────────────────

CASE = "/cases/{case}"
PAGES: dict[str, tuple[Tells, tuple[str, ...]]] = {
    "/": ("silent", ("/",)),
    "/health": ("silent", ("/health",)),
    "/enter": ("silent", ("/enter",)),
    "/desk": ("tells", ("/desk", "/desk?part=now")),
    "/inbox": ("silent", ("/inbox", "/inbox?part=now")),
    "/cases/{case_id}": ("tells", (CASE, f"{CASE}?part=now")),
    "/cases/{case_id}/events/{seq}": ("tells", (f"{CASE}/events/{{seq}}", f"{CASE}/events/{{seq}}?part=body")),
    "/cases/{case_id}/fork": ("tells", (f"{CASE}/fork?at={{seq}}",)),
    "/ledger": ("silent", ("/ledger",)),
    "/cases/{case_id}/ledger": ("silent", (f"{CASE}/ledger",)),
    "/cases/{case_id}/files/ledger.jsonl": ("tells", (f"{CASE}/files/ledger.jsonl",)),
    "/ledger/house": ("silent", ("/ledger/house",)),
    "/ledger/house.jsonl": ("silent", ("/ledger/house.jsonl",)),
    "/cases/{case_id}/report": ("tells", (f"{CASE}/report", f"{CASE}/report?release=1")),
    "/cases/{case_id}/files/{name}": (
        "tells",
        tuple(f"{CASE}/files/report.{kind}" for kind in ("md", "html", "json", "docx")),
    ),
    "/cases/{case_id}/report/proposals/{assignment}": ("silent", (f"{CASE}/report/proposals/a1",)),
    "/cases/{case_id}/prompts": (
        "tells",
        (f"{CASE}/prompts", f"{CASE}/prompts?download=json", f"{CASE}/prompts?download=footnotes"),
    ),
    "/library": ("tells", ("/library", "/library?grade=F", "/library?part=now", "/library?collection={collection}")),
    "/documents/{document_id}": (
        "tells",
        (
            "/documents/{document}",
            "/documents/{document}?chunks=true&part=text",
            "/documents/{open}?reading={reading}",
            "/documents/{open}?reading={reading}&chunks=true",
        ),
    ),
    "/search": (
        "tells",
        (
            "/search?q=홍길동 성과급",
            "/search?q=성과금",
            "/search?q=징계의걸서",
            "/search?q=전화&collection={collection}",
        ),
    ),
    "/team": ("silent", ("/team",)),
    "/settings": ("silent", ("/settings",)),
}
"""Each page, whether it tells, and the addresses it is asked at; a page and its JSON twin are both asked."""

STREAMS: dict[str, str] = {"/live": "/live?of={case}:0&news=true", "/cases/{case_id}/live": f"{CASE}/live"}
"""The live lines, which never end by themselves."""

FORMS: dict[str, dict[str, str]] = {
    "/enter": {"name": "nobody", "password": "wrong"},
    "/liking": {"lang": "ko"},
    "/cases": {"request": REQUEST, "collections": "{collection}"},
    "/cases/{case_id}/approvals": {"approval": "", "verdict": "approve", "digest": "0"},
    "/cases/{case_id}/answers": {"assignment": "a1", "number": "0", "answer": "?"},
    "/cases/{case_id}/settled": {"assignment": "a1", "number": "0", "outcome": "happened"},
    "/cases/{case_id}/judgements": {"number": "1", "verdict": "good"},
    "/cases/{case_id}/course": {"do": "resume"},
    "/cases/{case_id}/budget": {"turns": "9"},
    "/cases/{case_id}/seats": {"assignment": "a1", "how": "take"},
    "/cases/{case_id}/team": {"do": "leave", "agent": "nobody"},
    "/cases/{case_id}/notes": {"assignment": "a1", "note": "?"},
    "/cases/{case_id}/turns": {"assignment": "a1", "text": "?"},
    "/cases/{case_id}/report/edits": {"how": "remove", "part": "0", "at": "0", "call": "a1/1/0"},
    "/cases/{case_id}/report/requests": {"what": "check", "part": "0", "at": "0", "call": "a1/1/0"},
    "/cases/{case_id}/report/proposals": {"assignment": "a2", "verdict": "discard"},
    "/cases/{case_id}/report/release": {"call": "a1/1/0", "digest": "0"},
    "/cases/{case_id}/forks": {"at": "3"},
    "/cases/{case_id}/requests": {"request": "?"},
    "/library/files": {"collection": HIDDEN},
    "/library/folders": {"folder": "/nowhere"},
    "/library/class": {"collection": "{collection}", "security_class": "O"},
    "/documents/{document_id}/class": {"security_class": "O"},
    "/settings/people": {"id": "", "role": "auditor"},
    "/settings/me": {"mail": ""},
    "/settings/link": {"id": "nobody"},
    "/settings/house": {"name": "nothing", "value": ""},
    "/settings/test/{way}": {},
    "/settings/endpoints": {"name": "", "spec": ""},
    "/settings/endpoints/{name}/remove": {},
    "/settings/endpoints/{name}/test": {},
    "/settings/model": {"model": ""},
}
"""What is sent to each form; nearly all of it is refused, and a refusal tells nothing either."""

LAST_FORM = "/leave"
"""Signs out, which ends the asking."""

PEOPLE: dict[str, tuple[Role, tuple[str, ...]]] = {
    "jung": ("case_worker", ("재무",)),
    "choi": ("auditor", ()),
    "park": ("requester", ()),
    "bae": ("requester", ("재무",)),
    "lee": ("case_worker", ("인사",)),
    "han": ("administrator", ("인사", "재무")),
}
"""Besides the owner, kim, who administers and holds no label."""
MAY_SEE = ("lee", "han")


def routes() -> Iterator[tuple[str, str]]:
    """Every address of the console and how it is asked."""
    for module in pkgutil.iter_modules(jihwi.console.pages.__path__):
        router = getattr(importlib.import_module(f"jihwi.console.pages.{module.name}"), "router", None)
        for route in router.routes if router is not None else ():
            if isinstance(route, Route):
                yield from ((method, route.path) for method in route.methods or ())


def test_every_address_of_the_console_stands_in_a_table() -> None:
    for method, path in routes():
        known = {**PAGES, **STREAMS} if method == "GET" else {**FORMS, LAST_FORM: {}}
        assert path in known, f"a new door: {method} {path}. Say here what it tells, and to whom"


class Asked(msgspec.Struct, frozen=True):
    """What stands for the parts of an address."""

    case: str
    last: int
    document: str
    open: str
    reading: str
    collection: str

    def addresses(self, template: str) -> list[str]:
        """The addresses a template stands for: of every event, where it names one."""
        parts = {name: getattr(self, name) for name in self.__struct_fields__}
        numbers = range(1, self.last + 1) if "{seq}" in template else (0,)
        return [template.format(**parts, seq=number) for number in numbers]


BOTH = ("text/html", "application/json")


async def asked_everywhere(client: Client, asked: Asked, wants: tuple[str, ...] = BOTH) -> dict[str, str]:
    """What each page says to somebody, its twin beside it."""
    said: dict[str, list[str]] = {}
    for path, (_, templates) in PAGES.items():
        for place in [one for template in templates for one in asked.addresses(template)]:
            for wanted in wants:
                said.setdefault(path, []).append(plain((await client.get(place, accept=wanted)).body))
    return {path: "\n".join(parts) for path, parts in said.items()}


async def sent_everywhere(client: Client, asked: Asked) -> dict[str, str]:
    """What each form answers to somebody."""
    said = {}
    for path, fields in {**FORMS, LAST_FORM: {}}.items():
        place = path.replace("{case_id}", asked.case).replace("{way}", "mail").replace("{name}", "nothing")
        place = place.replace("{document_id}", asked.document)
        given = {name: value.replace("{collection}", asked.collection) for name, value in fields.items()}
        said[path] = (await client.post(place, given, accept="application/json")).text
    return said


async def streamed(running: Running, client: Client, place: str, end: str) -> str:
    """What a live line says until the event it ends with, or the refusal."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.console.port)
    head = [f"GET {place} HTTP/1.1", "host: 127.0.0.1", f"cookie: {client.cookie}", "connection: close", "", ""]
    writer.write("\r\n".join(head).encode())
    found = b""
    async with asyncio.timeout(PATIENCE):
        while more := await reader.read(65536):
            found += more
            if end.encode() in found and found.endswith(b"\n\n\r\n"):
                break
    writer.close()
    return found.decode("utf-8", "replace")


async def asked_by(running: Running, client: Client) -> str:
    """A case of somebody's own that asks about what the secret document says."""
    sent = await client.post("/cases", {"request": REQUEST}, accept="application/json")
    return (await running.case(str(sent.json()["case"]), lambda case: case.status == "closed")).id


async def test_no_address_of_the_console_tells_of_a_forbidden_document(tmp_path: Path) -> None:
    public, secret = office(tmp_path)
    async with running_console(tmp_path / "home") as running:
        for name, (role, labels) in PEOPLE.items():
            await running.console.people.put(Person(name, name, role, labels))
        await running.read(public)
        await running.read(secret, ("인사",))
        people = {name: await Client(running.console).come_in(name) for name in ("kim", *PEOPLE)}
        lees, kims = await asked_by(running, people["lee"]), await asked_by(running, people["kim"])
        documents = (await people["lee"].get("/library.json")).json()["documents"]
        [hidden] = [one["id"] for one in documents if TITLE in one["path"]]
        [shown] = [one["id"] for one in documents if "안내" in one["path"]]
        reading = (await people["lee"].get(f"/documents/{hidden}.json")).json()["reading"]
        last = int((await people["lee"].get(f"/cases/{lees}.json")).json()["seq"])
        asked = Asked(lees, last, hidden, shown, reading, collection_of(secret))
        own = msgspec.structs.replace(asked, case=kims, document="d000000000000", reading="0" * 64)
        said = await asked_everywhere(people["lee"], asked)
        assert {path: "tells" if found_in(text) else "silent" for path, text in said.items()} == {
            path: tells for path, (tells, _) in PAGES.items()
        }
        for template in STREAMS.values():
            place = asked.addresses(template)[0]
            ends = f"id: {last}\n" if "/live?" not in place else f"{lees}:{last}\n"
            for name, client in people.items():
                line = await streamed(running, client, place, ends)
                assert bool(found_in(line)) is (name in MAY_SEE), f"{name} at {place}"
        for name, client in people.items():
            if name in MAY_SEE:
                continue
            wants = BOTH if name == "kim" else BOTH[1:]  # a page is made of what its twin says
            for path, text in (await asked_everywhere(client, asked, wants)).items():
                typed_here = () if "{" in path or path.startswith("/ledger/house") else (hidden, reading)
                assert not found_in(text, *typed_here), f"{name} at {path}"
            if name == "kim":  # who works in a case of their own finds nothing of it there either
                for path, text in (await asked_everywhere(client, own)).items():
                    typed_here = () if path.startswith("/ledger/house") else (hidden, reading)
                    assert not found_in(text, *typed_here), f"{name}, in a case of their own, at {path}"
            assert (await client.get("/library.json")).json()["total"] == 1
            assert (await client.get("/desk.json")).json()["documents"] == 1
            found = (await client.get("/search.json?q=청사 안내 전화")).json()["found"]
            assert found["chunks"] == 1, "nothing is counted that they may not see"
            for path, text in (await sent_everywhere(client, asked)).items():
                assert not found_in(text, hidden, reading), f"{name} sends to {path}"


async def test_dropping_a_file_under_a_forbidden_name_opens_nothing(tmp_path: Path) -> None:
    """Who gives no label to a folder that bears one leaves it as it is."""
    _, secret = office(tmp_path)
    async with running_console(tmp_path / "home") as running:
        await running.read(secret, ("인사",))
        await running.read(secret)
        kim = await Client(running.console).come_in()
        assert (await kim.get("/library.json")).json()["total"] == 0
        ingests = running.console.ingests
        assert ingests.own_folder("인사", ()) != ingests.own_folder("인사", ("인사",))


# ── the command line ─────────────────────────────────────────────────────────

COMMANDS: dict[str, tuple[Tells, tuple[str, ...]]] = {
    "case list": ("silent", ()),
    "case show": ("silent", ("{case}",)),
    "case follow": ("tells", ("{case}", "--no-wait")),
    "case run": ("tells", ("{case}",)),
    "case ask": ("tells", ("{case}", REQUEST)),
    "case fork": ("silent", ("{case}", "--at", "3")),
    "case answer": ("silent", ("{case}", "1")),
    "case approve": ("silent", ("{case}",)),
    "case reject": ("silent", ("{case}",)),
    "case cancel": ("silent", ("{case}",)),
    "case give": ("silent", ("{case}", "a1")),
    "case go-on": ("silent", ("{case}", "a1")),
    "case join": ("silent", ("{case}", "nobody")),
    "case leave": ("silent", ("{case}", "nobody")),
    "case note": ("silent", ("{case}", "a1", "?")),
    "case pause": ("silent", ("{case}",)),
    "case reassign": ("silent", ("{case}", "a1", "nobody")),
    "case resume": ("silent", ("{case}",)),
    "case settle": ("silent", ("{case}", "a1", "0", "happened")),
    "case take": ("silent", ("{case}", "a1")),
    "case turn": ("silent", ("{case}", "a1", "--report", "?")),
    "cite check": ("tells", ("보고.md", "--files", HIDDEN)),
    "doctor": ("silent", ()),
    "lab": ("silent", ("--files", HIDDEN)),
    "ledger export": ("tells", ("{case}",)),
    "ledger house": ("tells", ()),
    "ledger sign": ("silent", ()),
    "ledger verify": ("silent", ("{case}",)),
    "run": ("tells", (REQUEST, "--files", HIDDEN)),
    "search": ("tells", ("홍길동 성과급",)),
    "settings examples": ("silent", ("--out", "본보기.jsonl")),
    "settings set": ("silent", ("nothing", "1")),
    "settings show": ("silent", ()),
    "settings test": ("silent", ("mail",)),
    "skills": ("silent", ()),
    "team check": ("silent", ("report",)),
    "team tools": ("silent", ("report",)),
}
"""Each command as somebody without the label types it, and whether it tells who has it."""

NO_DOOR: dict[str, str] = {
    "read": "reads the files that are named to it, past the library",
    "runner": "has no reader of its own; what it says of events is what `case follow` says",
    "serve": "is the console",
    "store backup": "copies the state folder as it lies, for who may read its files",
    "store copy": "the same, to another store",
    "store erase": "counts cases, and says no word of them",
    "store restore": "puts a copy back",
}
"""Commands that show no document to anybody, and why."""


def commands() -> Iterator[str]:
    """Every command there is."""

    def walk(one: Any, names: tuple[str, ...]) -> Iterator[str]:
        inner = one.every_command() if isinstance(one, LateGroup) else getattr(one, "commands", None)
        if inner is None:
            yield " ".join(names)
            return
        for name in sorted(inner):
            yield from walk(inner[name], (*names, name))

    yield from walk(typer.main.get_command(app), ())


def test_every_command_stands_in_a_table() -> None:
    for name in commands():
        assert (name in COMMANDS) != (name in NO_DOOR), f"a new door: jihwi {name}. Say here what it tells, and to whom"


def typed(folder: Path, *words: str, labels: str = "", who: str = "kim") -> str:
    """Everything a command writes, whatever it ends with."""
    set_ = {"JIHWI_LANGUAGE": "ko", "JIHWI_VIEWER": who, "JIHWI_LABELS": labels, "JIHWI_HOME": str(folder / "home")}
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, list(words), env=set_)
    assert done.exception is None or isinstance(done.exception, SystemExit), (words, done.exception)
    return f"{done.stdout}\n{done.stderr}"


def test_no_command_tells_of_a_forbidden_document(tmp_path: Path) -> None:
    public, _ = office(tmp_path)
    (tmp_path / "보고.md").write_text("홍길동의 몫은 “홍길동의 성과급은 9,999원이다.”로 적혀 있다.\n", "utf-8")
    typed(tmp_path, "run", "안내 전화는?", "--files", str(public))
    made = typed(tmp_path, "run", REQUEST, "--files", HIDDEN, "--label", "인사", "--json", who="lee", labels="인사")
    case = msgspec.json.decode(made[: made.rindex("}") + 1])["case"]
    for name, (tells, words) in COMMANDS.items():
        argv = [*name.split(), *(word.format(case=case) for word in words)]
        for labels, twin in (("", []), ("재무", ["--json"] if name != "ledger export" else [])):
            told = typed(tmp_path, *argv, *twin, labels=labels)
            told = told.replace(HIDDEN, "") if HIDDEN in argv else told  # what they typed themselves
            assert not found_in(told), f"jihwi {' '.join(argv + twin)} tells: {told}"
        if tells == "tells":
            assert found_in(typed(tmp_path, *argv, who="lee", labels="인사")), f"jihwi {' '.join(argv)}"


# ── the library ──────────────────────────────────────────────────────────────

SECRET_TEXT = f"# {TITLE}\n예산 횡령 기록 {SUM}"
SOURCE = hashlib.sha256(SECRET_TEXT.encode()).hexdigest()

FUNCTIONS: dict[str, Callable[[Library, Viewer, str, str], object]] = {
    "collections": lambda library, viewer, document, reading: library.collections(viewer),
    "search": lambda library, viewer, document, reading: [
        msgspec.structs.replace(library.search(question, viewer, where, documents=only), library_version=0)
        for question in ("횡령", "예산 횡령 기록", "회령")
        for where in (None, ["files"], ["files", reading])
        for only in (None, [document])
    ],
    "document": lambda library, viewer, document, reading: library.document(document, viewer),
    "documents": lambda library, viewer, document, reading: library.documents(viewer),
    "sources": lambda library, viewer, document, reading: library.sources(viewer),
    "reading": lambda library, viewer, document, reading: library.reading(reading, viewer),
    "text": lambda library, viewer, document, reading: library.text(reading, 0, 9, viewer),
    "chunks": lambda library, viewer, document, reading: library.chunks(reading, viewer),
    "same_content": lambda library, viewer, document, reading: library.same_content(document, viewer),
    "same_source": lambda library, viewer, document, reading: library.same_source(SOURCE, viewer),
    "keep": lambda library, viewer, document, reading: library.keep("case", reading, viewer),
    "kept_source": lambda library, viewer, document, reading: library.kept_source(document, viewer),
}
"""Each function that tells something of documents, asked about one."""

SILENT: dict[str, str] = {
    "close": "lets go of the files",
    "version": "is the library's number, which is everyone's",
    "put_collection": "says what a collection is to bear; answers what it was given",
    "classify": "the same for its class",
    "begin_collection": "answers nothing",
    "settle": "answers nothing",
    "classes_of": "says classes of what a case of the house names, to the house alone",
    "remove_collection": "answers nothing",
    "strategy": "is how readings are cut, which is everyone's",
    "adopt": "answers nothing",
    "ingest": "counts the files that whoever reads a folder has named",
    "let_go": "answers nothing",
    "changed_since": "names cases, for the house alone, which tells each of them by itself",
    "compared": "answers nothing",
}
"""Functions that tell nothing of documents, and why."""


def test_every_function_of_the_library_stands_in_a_table() -> None:
    for name in (name for name in vars(Library) if not name.startswith("_")):
        assert (name in FUNCTIONS) != (name in SILENT), f"a new door: Library.{name}"
    for name in FUNCTIONS:
        assert "viewer" in inspect.signature(getattr(Library, name)).parameters, f"Library.{name} asks nobody who looks"


@pytest.mark.parametrize("viewer", [Viewer("anyone"), Viewer("kim", ("재무",)), Viewer("jung", ("인사",))])
def test_no_function_of_the_library_tells_of_a_forbidden_document(shelf_folder: Path, viewer: Viewer) -> None:
    shelf = Shelf(shelf_folder)
    shelf.library.put_collection("files", folder_labels={"비밀": ["인사", "대외비"]}, folder_classes={"비밀": "C"})
    shelf.write("공개.txt", "예산 집행 계획")
    shelf.write("비밀/징계.txt", SECRET_TEXT)
    shelf.write("비밀/징계 사본.txt", SECRET_TEXT)
    shelf.write("비밀/징계 예정.txt", f"곧 사라질 {SUM}")
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    every = Viewer("han", ("인사", "대외비"))
    [hit] = shelf.library.search("횡령", every, limit=1).hits
    [gone] = [one for one in shelf.library.documents(every) if "예정" in one.source.path]
    assert shelf.library.keep("cited", gone.reading, every)
    (shelf.files / "비밀" / "징계 예정.txt").unlink()
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    for name, ask in FUNCTIONS.items():
        there, was_there = (hit.document_id, hit.reading), (gone.source.document_id, gone.reading)
        assert any(ask(shelf.library, every, *one) for one in (there, was_there)), f"{name} tells who may see it"
        for one in (there, was_there):
            told = ask(shelf.library, viewer, *one)
            assert told == ask(shelf.library, viewer, "d000000000000", "0" * 64), f"{name} tells {viewer.id} of it"
            assert not found_in(str(told), *one, "징계", "비밀/"), f"{name} tells {viewer.id}"
    shelf.library.close()


def test_the_tables_name_no_door_that_is_gone() -> None:
    """A table that outlives its doors says less than it seems."""
    addresses = {path for _, path in routes()}
    assert {*PAGES, *STREAMS, *FORMS, LAST_FORM} <= addresses
    assert {*COMMANDS, *NO_DOOR} == set(commands())
    gone: Mapping[str, object] = {**FUNCTIONS, **SILENT}
    assert set(gone) <= set(vars(Library))
