"""A reading service for plain text that counts what it reads, and a folder of files to give it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from psycopg import Error

from jihwi.errors import StoreError
from jihwi.evidence import ReadingBuilder, Viewer
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.mecab import MecabAnalyser
from jihwi.index.postgres import PostgresIndex
from jihwi.library import Library
from jihwi.library.classes import ClassLedger
from jihwi.library.postgres import PostgresDatabase, PostgresServer
from jihwi.readers import FileToRead, Outcome
from jihwi.store.postgres.opening import place_of, store_error

ANYONE = Viewer("anyone")


class PlainTextService:
    """Reads UTF-8 text: a line is a paragraph, `# ` a heading, `@name: text` an attachment, `!` a broken file."""

    def __init__(self, version: str = "plain-1") -> None:
        self._version = version
        self.read: list[str] = []

    def version(self) -> str:
        return self._version

    def read_all(self, files: Iterable[FileToRead]) -> Iterator[Outcome]:
        for file in files:
            self.read.append(file.shown_as)
            yield outcome_of(file.shown_as, Path(file.location).read_bytes())


def outcome_of(path: str, data: bytes) -> Outcome:
    """What becomes of `data`."""
    text = data.decode("utf-8")
    digest = hashlib.sha256(data).hexdigest()
    if text.startswith("!"):
        return Outcome(path=path, source=digest, size=len(data), format="unknown", grade="F")
    builder = ReadingBuilder(source=digest, reader="plain", reader_version="1", format="text")
    attachments: list[Outcome] = []
    for line in text.splitlines():
        if line.startswith("# "):
            builder.heading(line[2:], level=1)
        elif line.startswith("@"):
            name, _, body = line[1:].partition(": ")
            attachments.append(outcome_of(f"{path}/{name}", body.encode()))
        elif line.strip():
            builder.paragraph(line)
    return Outcome(
        path=path,
        source=digest,
        size=len(data),
        format="text",
        grade="A",
        reading=builder.done(),
        attachments=tuple(attachments),
    )


def served(dsn: str) -> PostgresServer:
    """The server as a library meets it, whose errors are the store's."""

    def told(problem: Error) -> StoreError:
        return store_error(problem, dsn, busy_seconds=0.3)

    return PostgresServer(dsn, place=place_of(dsn), told=told, busy_seconds=0.3)


class Shelf:
    """A folder of text files and a library that has them as the collection `files`."""

    servers: ClassVar[dict[Path, str]] = {}
    """The Postgres server of a folder's library, where it lies on one."""

    def __init__(self, folder: Path) -> None:
        self.dsn = self.servers.get(folder)
        self.state = folder / "state"
        self.files = folder / "files"
        self.files.mkdir(exist_ok=True)
        self.service = PlainTextService()
        self.library = self.open()
        self.library.put_collection("files", str(self.files))

    def open(self, ledger: ClassLedger | None = None) -> Library:
        """Another library object on the same state folder; `ledger`: where its changes of classes are told."""
        analyser = MecabAnalyser()
        if self.dsn is not None:
            server = served(self.dsn)
            index = PostgresIndex(server, analyser)
            return Library(self.state, analyser, index, database=PostgresDatabase(server), ledger=ledger)
        index_here = EmbeddedIndex(self.state / "index", analyser)
        return Library(self.state, analyser, index_here, busy_seconds=0.3, ledger=ledger)

    def write(self, path: str, text: str) -> None:
        place = self.files / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    def listing(self) -> list[FileToRead]:
        return [
            FileToRead(location=str(place), shown_as=str(place.relative_to(self.files)))
            for place in sorted(self.files.rglob("*"))
            if place.is_file()
        ]

    def paths(self, question: str, viewer: Viewer = ANYONE, limit: int = 10) -> list[str]:
        """Paths of the hits, best first."""
        return [hit.path for hit in self.library.search(question, viewer, limit=limit).hits]
