"""The library: documents with their grades, reasons and fixes; one as it was read; search with the reasons."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from jihwi.console.document_view import BLOCKS, BlockShown, laid_out
from jihwi.console.pages.classes import chosen_class
from jihwi.console.paging import twin
from jihwi.console.readingroom import Ingest, safe_names
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import FolderMissing, FormInvalid, PageMissing
from jihwi.evidence import Chunk, Reading, SecurityClass
from jihwi.library import CollectionInfo, Document, SearchResult
from jihwi.library.classes import ClassSince, class_since
from jihwi.readers import GradeLetter, Remark
from jihwi.sqlite_files import disk_error

__all__ = ["router"]

router = APIRouter()
LETTERS: tuple[GradeLetter, ...] = ("A", "B", "C", "D", "E", "F")
SHOWN = 400
"""How many documents one page lists."""
MOST_FILES = 2000
"""How many files are taken at a time."""


class RemarkShown(msgspec.Struct, frozen=True):
    """A reason for a grade, and what can be done."""

    what: str
    fix: str
    automatic: bool


class DocumentLine(msgspec.Struct, frozen=True):
    """A document in the list."""

    id: str
    path: str
    collection: str
    title: str
    format: str
    """The format's name for people."""
    grade: GradeLetter
    size: int
    characters: int
    chunks: int
    labels: tuple[str, ...]
    security_class: SecurityClass
    """C, S or O: which models may see it."""
    container: str
    remarks: tuple[RemarkShown, ...]


class IngestShown(msgspec.Struct, frozen=True):
    """A folder being read, or that was."""

    id: str
    collection: str
    files: int
    total: int
    path: str
    done: bool
    read: int
    documents: int
    problem: str


class LibraryPage(msgspec.Struct, frozen=True):
    """What the library holds, as this person may see it."""

    collections: tuple[CollectionInfo, ...]
    documents: tuple[DocumentLine, ...]
    total: int
    grades: dict[str, int]
    grade: str
    collection: str
    ingests: tuple[IngestShown, ...]


def _ingest(visit: Visit, one: Ingest, known: Mapping[str, CollectionInfo]) -> IngestShown:
    """How far it is; names and numbers of files only for who may see everything in its collection."""
    info = known.get(one.collection)
    if info is None or not all(visit.person.viewer.may_see(more) for _, more in info.folder_labels):
        one = Ingest(one.id, one.collection, one.folder, done=one.done, problem=one.problem)
    report = one.report
    documents = report.added + report.changed + report.unchanged + report.moved if report else 0
    problem = one.problem.in_full(visit.language) if one.problem else ""
    return IngestShown(
        one.id,
        one.collection,
        one.files,
        one.total,
        one.path,
        one.done,
        report.read if report else 0,
        documents,
        problem,
    )


def _remarks(visit: Visit, remarks: tuple[Remark, ...]) -> tuple[RemarkShown, ...]:
    house = visit.console.house
    found = []
    for one in remarks:
        what, fix = house.remark_words(one.code, one.params, visit.language)
        found.append(RemarkShown(what, fix, one.automatic))
    return tuple(found)


def _line(visit: Visit, document: Document) -> DocumentLine:
    source = document.source
    return DocumentLine(
        source.document_id,
        source.path,
        source.collection,
        document.title,
        visit.console.house.format_words(document.format, visit.language),
        document.grade,
        source.size,
        document.characters,
        document.chunks,
        source.labels,
        source.security_class,
        document.container,
        _remarks(visit, document.remarks),
    )


@router.get("/library", openapi_extra=twin(LibraryPage))
async def library(visit: Visiting, grade: str = "", collection: str = "", part: str = "") -> Response:
    """Collections, documents with their grades and reasons, and what is being read."""
    house, viewer = visit.console.house, visit.person.viewer

    def look() -> tuple[list[CollectionInfo], list[Document]]:
        wanted = [collection] if collection else None
        return house.library.collections(viewer), house.library.documents(viewer, wanted)

    collections, documents = await asyncio.to_thread(look)
    grades: dict[str, int] = {letter: sum(1 for one in documents if one.grade == letter) for letter in LETTERS}
    chosen = [one for one in documents if not grade or one.grade == grade]
    known = {one.name: one for one in await asyncio.to_thread(house.library.collections, viewer)}
    under_way = visit.console.ingests.everything() if visit.person.may("add") else []
    ingests = [one for one in under_way if one.by == visit.person.id or one.collection in known]
    page = LibraryPage(
        tuple(collections),
        tuple(_line(visit, one) for one in chosen[:SHOWN]),
        len(chosen),
        grades,
        grade,
        collection if collection in known else "",
        tuple(_ingest(visit, one, known) for one in ingests if not one.done or one.problem)[:3],
    )
    if part == "now" and not visit.json:
        return visit.fragment("library_now.html.jinja", page)
    return visit.page("library.html.jinja", page)


# ── adding ───────────────────────────────────────────────────────────────────


@router.post("/library/files")
async def add_files(visit: Visiting) -> Response:
    """Files dropped into the console: kept in the house's own folder and read."""
    visit.require("add")
    async with _sent(visit) as sent:
        visit.check_token(str(sent.get("csrf", "")))
        name = str(sent.get("collection", "")).strip() or visit.say("문서", "Documents")
        labels = _labels(str(sent.get("labels", "")))
        wanted = chosen_class(visit, str(sent.get("security_class", "")))
        folder = visit.console.ingests.own_folder(name, labels)
        files = [one for one in sent.getlist("files") if isinstance(one, UploadFile) and one.filename]
        if not files:
            raise FormInvalid(visit.say("파일이 없습니다", "there are no files"))
        targets = [folder / name for name in safe_names([one.filename or "" for one in files])]
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        for one, target in zip(files, targets, strict=True):
            await asyncio.to_thread(_keep, one, target)
    classes = {target.name: wanted for target in targets} if wanted else {}
    ingest = visit.console.ingests.start(folder, labels, by=visit.person.id, classes=classes)
    return visit.go("/library", _ingest(visit, ingest, {}))


@asynccontextmanager
async def _sent(visit: Visit) -> AsyncIterator[FormData]:
    """The form with its files, while they are needed. Raises FormInvalid for more than are taken at a time."""
    try:
        form = await visit.request.form(max_files=MOST_FILES)
    except HTTPException as problem:
        words = visit.say(
            "올린 것을 읽을 수 없습니다. 한 번에 {n}개까지 올릴 수 있으니, 더 많으면 나누어 올려 주십시오",
            "what was sent could not be read; at most {n} files are taken at a time, so send more in parts",
            n=MOST_FILES,
        )
        raise FormInvalid(words) from problem
    except OSError as problem:  # large files wait on the disk until all have come
        raise disk_error(problem, Path(tempfile.gettempdir())) from problem
    try:
        yield form
    finally:
        await form.close()


def _keep(sent: UploadFile, target: Path) -> None:
    """Put a file in its place at once and whole, whoever else sends one of that name at the same time."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as out:
        beside = Path(out.name)
        try:
            shutil.copyfileobj(sent.file, out)
            out.flush()
            beside.chmod(0o644)
            beside.replace(target)
        except OSError as problem:
            beside.unlink(missing_ok=True)
            raise disk_error(problem, target) from problem


class Folder(BaseModel):
    """A folder on the machine the console runs on."""

    folder: str
    labels: str = ""
    security_class: str = ""
    csrf: str = ""


@router.post("/library/folders")
async def add_folder(visit: Visiting, sent: Annotated[Folder, Form()]) -> Response:
    """Read a folder on this machine: for who administers it, since it may be any folder."""
    visit.check_token(sent.csrf)
    visit.require("administer")
    folder = await asyncio.to_thread(_existing, sent.folder.strip())
    wanted = chosen_class(visit, sent.security_class)
    ingest = visit.console.ingests.start(folder, _labels(sent.labels), by=visit.person.id, security_class=wanted)
    return visit.go("/library", _ingest(visit, ingest, {}))


def _existing(name: str) -> Path:
    folder = Path(name).expanduser()
    if not name or not folder.is_dir():
        raise FolderMissing(name)
    return folder.resolve()


def _labels(text: str) -> tuple[str, ...]:
    return tuple(sorted({label.strip() for label in text.split(",") if label.strip()}))


# ── a document ───────────────────────────────────────────────────────────────


class DocumentPage(msgspec.Struct, frozen=True):
    """A document as it was read."""

    document: DocumentLine
    reading: str
    reader: str
    metadata: dict[str, str]
    warnings: tuple[str, ...]
    personal_data: dict[str, int]
    blocks: tuple[BlockShown, ...]
    first: int
    total: int
    start: int
    end: int
    chunks: tuple[Chunk, ...]
    present: bool
    """Whether this is the document's present reading."""
    also: tuple[str, ...]
    """Paths of documents with the very same content."""
    class_since: ClassSince
    """Since when and by whom it has its class, as the ledger of the house tells."""


@router.get("/documents/{document_id}", openapi_extra=twin(DocumentPage))
async def document(
    visit: Visiting,
    document_id: str,
    reading: str = "",
    start: int = -1,
    end: int = -1,
    first: int = -1,
    chunks: bool = False,
    part: str = "",
) -> Response:
    """A document as it was read, beside its metadata; with `start` and `end`, at these words."""
    house, viewer = visit.console.house, visit.person.viewer

    def look() -> tuple[Document, Reading | None, list[Chunk], list[Document]] | None:
        found = house.library.document(document_id, viewer)
        if found is None:
            return None
        text = house.library.reading(reading or found.reading, viewer) if reading or found.reading else None
        cut = house.library.chunks(reading or found.reading, viewer) or [] if chunks and text else []
        return found, text, cut, house.library.same_content(document_id, viewer)

    looked = await asyncio.to_thread(look)
    if looked is None:
        raise PageMissing()
    page = _document_page(visit, *looked, reading=reading, start=start, end=end, first=first)
    if part == "text" and not visit.json:
        return visit.fragment("document_text.html.jinja", page)
    return visit.page("document.html.jinja", page, blocks_per_page=BLOCKS)


def _document_page(
    visit: Visit,
    found: Document,
    text: Reading | None,
    cut: list[Chunk],
    same: list[Document],
    *,
    reading: str,
    start: int,
    end: int,
    first: int,
) -> DocumentPage:
    blocks: list[BlockShown] = []
    begin = 0
    if text is not None:
        begin = first if first >= 0 else (max(0, text.block_at(start) - 20) if start >= 0 else 0)
        begin = min(begin, max(0, len(text.blocks) - 1))
        blocks = laid_out(text, begin, start, end)
    about = text.metadata if text is not None else None
    told = visit.console.stream.state
    metadata = {key: str(value) for key, value in msgspec.structs.asdict(about).items() if value} if about else {}
    return DocumentPage(
        _line(visit, found),
        reading or found.reading,
        f"{text.reader} {text.reader_version}" if text is not None else "",
        {key: value for key, value in metadata.items() if key != "labels"},
        tuple(f"{one.code} {one.detail}".strip() for one in text.warnings) if text is not None else (),
        found.personal_data,
        tuple(blocks),
        begin,
        len(text.blocks) if text is not None else 0,
        start,
        end,
        tuple(cut),
        not reading or reading == found.reading,
        tuple(one.source.path for one in same),
        class_since(
            found.source,
            told.classes.get(found.source.collection, []),
            told.brought.get(found.source.collection),
        ),
    )


# ── search ───────────────────────────────────────────────────────────────────


class SearchPage(msgspec.Struct, frozen=True):
    """What was found, and why."""

    q: str
    collection: str
    collections: tuple[CollectionInfo, ...]
    found: SearchResult | None
    milliseconds: int


@router.get("/search", openapi_extra=twin(SearchPage))
async def search(visit: Visiting, q: str = "", collection: str = "", limit: int = 20) -> Response:
    """The best passages, each with the words that matched and what they weigh."""
    house, viewer = visit.console.house, visit.person.viewer
    loop = asyncio.get_running_loop()
    began = loop.time()

    def look() -> tuple[list[CollectionInfo], SearchResult | None]:
        wanted = [collection] if collection else None
        found = house.library.search(q, viewer, wanted, max(1, min(limit, 100))) if q.strip() else None
        return house.library.collections(viewer), found

    collections, found = await asyncio.to_thread(look)
    spent = round((loop.time() - began) * 1000)
    shown = collection if any(one.name == collection for one in collections) else ""
    return visit.page("search.html.jinja", SearchPage(q, shown, tuple(collections), found, spent))
