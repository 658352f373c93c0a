"""The library of a house: where its documents and index lie, what makes its vectors, and how files are read."""

from __future__ import annotations

import contextlib
import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from jihwi.errors import StoreError
from jihwi.evidence import SecurityClass
from jihwi.references import header_secret
from jihwi.settings import Settings, StoreAddress
from jihwi.skills import Skill

if TYPE_CHECKING:
    from jihwi.index import Embedder, Tagger
    from jihwi.library import Library, Vectors
    from jihwi.library.classes import ClassLedger
    from jihwi.library.database import LibraryDatabase
    from jihwi.library.postgres import PostgresServer

__all__ = [
    "ReadingRoom",
    "built_in_skills",
    "collection_of",
    "embedder_of",
    "library_of",
    "library_to_copy",
]


def collection_of(folder: Path) -> str:
    """The name of the collection a folder is: its own name and the digest of where it lies.

    >>> collection_of(Path("/srv/문서")) == collection_of(Path("/srv/./문서/"))
    True
    """
    place = unicodedata.normalize("NFC", str(folder.resolve()))
    name = unicodedata.normalize("NFC", folder.resolve().name) or "root"
    return f"{name}-{hashlib.sha256(place.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def library_of(settings: Settings, home: Path, ledger: ClassLedger | None = None) -> Library:
    """The documents of the house in `home`, which tells changes of classes to `ledger`. Raises StoreError,
    SettingInvalid, ModelSpecInvalid, EmbeddingError, ExtraMissing.
    """
    from jihwi.index.mecab import MecabAnalyser  # waits: loads the analyser's dictionary
    from jihwi.library import Library, Standing

    analyser = MecabAnalyser()
    busy_seconds = settings.busy_seconds
    security_class = cast(SecurityClass, settings.security_class)
    standing = Standing(**dict(settings.standing))
    if settings.store:
        from jihwi.index.postgres import PostgresIndex

        server = _server(settings.store, busy_seconds)
        database = _on(server)
        vectors = _vectors(settings, server)
        on_server = PostgresIndex(server, analyser)
        return Library(
            home,
            analyser,
            on_server,
            vectors=vectors,
            database=database,
            security_class=security_class,
            standing=standing,
            ledger=ledger,
        )
    from jihwi.index.embedded import EmbeddedIndex

    index = EmbeddedIndex(home / "index", analyser)
    vectors = _vectors(settings, home / "index")
    return Library(
        home,
        analyser,
        index,
        busy_seconds=busy_seconds,
        vectors=vectors,
        security_class=security_class,
        standing=standing,
        ledger=ledger,
    )


def class_change_there(settings: Settings, home: Path) -> bool:
    """Whether a change of classes was cut off, or is being made just now. Raises StoreError."""
    if not settings.store and not (home / "library.db").is_file():
        return False
    from jihwi.library.classes import ClassNotes  # waits with the library

    with contextlib.closing(_database_of(settings, home)) as database:
        return ClassNotes.there(database)


def _database_of(settings: Settings, home: Path) -> LibraryDatabase:
    """The database of documents alone, without its index. Raises StoreError."""
    from jihwi.library.database import Database

    if settings.store:
        return _on(_server(settings.store, settings.busy_seconds))
    return Database(home / "library.db", busy_seconds=settings.busy_seconds)


def _server(address: StoreAddress, busy_seconds: float) -> PostgresServer:
    """The server at an address as the library meets it. Raises StoreError, SettingInvalid."""

    from jihwi.library.postgres import PostgresServer
    from jihwi.store.postgres.opening import place_of, store_error

    dsn = address.url()
    told = partial(store_error, dsn=dsn, busy_seconds=busy_seconds)
    return PostgresServer(dsn, place=place_of(dsn), told=told, busy_seconds=busy_seconds)


def _on(server: PostgresServer) -> LibraryDatabase:
    from jihwi.library.postgres import PostgresDatabase

    return PostgresDatabase(server)


@contextlib.contextmanager
def library_to_copy(
    source: StoreAddress | Path,
    target: StoreAddress | Path,
    *,
    busy_seconds: float,
    also: Callable[[], None] = lambda: None,
) -> Iterator[Callable[[], int | None]]:
    """What copies the library of a server or state folder, as it is now, to another and answers how many documents
    came: None when there is one already, 0 when there is none to copy. `also` looks at the cases at that same moment.
    Raises StoreError, SettingInvalid.
    """
    from jihwi.library.copying import library_at_one_moment
    from jihwi.library.database import Database

    def opened(place: StoreAddress | Path) -> LibraryDatabase:
        if isinstance(place, StoreAddress):
            return _on(_server(place, busy_seconds))
        return Database(place / "library.db", busy_seconds=busy_seconds)

    if isinstance(source, Path) and not (source / "library.db").is_file():
        also()
        yield lambda: 0
        return
    with (
        contextlib.closing(opened(source)) as theirs,
        contextlib.closing(opened(target)) as ours,
        library_at_one_moment(theirs, ours, also=also) as copied,
    ):
        yield copied


def class_lookup(settings: Settings, home: Path) -> Callable[[Path, str], str]:
    """The class of a file by its folder and its path in it, as the house would read it in: what the library says of
    the folder, else the setting `security_class`; empty while the library cannot be asked. Each folder is asked once.
    """
    from jihwi.library.catalogue import Catalogue, class_at
    from jihwi.library.types import CollectionInfo

    @cache
    def known(folder: Path) -> CollectionInfo | None:
        name = collection_of(folder)
        unknown = CollectionInfo(name, "", security_class=cast(SecurityClass, settings.security_class))
        if not settings.store and not (home / "library.db").is_file():
            return unknown
        try:
            with contextlib.closing(_database_of(settings, home)) as opened, opened.reading() as connection:
                found = Catalogue(connection).collection(name)
        except StoreError:  # reading files needs no library
            return None
        return found[1] if found is not None else unknown

    def of(folder: Path, path: str) -> str:
        info = known(folder)
        return class_at(info, path) if info is not None else ""

    return of


def embedder_of(settings: Settings) -> Embedder | None:
    """The model that makes vectors, if one is set. Raises ModelSpecInvalid, SettingInvalid, EmbeddingError,
    ExtraMissing."""
    said = settings.embedding
    if not said:
        return None
    # Imports wait: most houses have none.
    if said.startswith("local:"):
        from jihwi.index.local_model import LocalEmbedder

        return LocalEmbedder(Path(said.removeprefix("local:")).expanduser())
    from jihwi.index.embedding import EndpointEmbedder
    from jihwi.minds.endpoint import parse_endpoint

    endpoint = parse_endpoint(said, key=settings.embedding_key)
    return EndpointEmbedder(
        endpoint.model, endpoint.base_url, secret=lambda: header_secret(endpoint.key, "embedding_key")
    )


def _vectors(settings: Settings, place: Path | PostgresServer) -> Vectors | None:
    embedder = embedder_of(settings)
    if embedder is None:
        return None
    from jihwi.library import Vectors

    inside = settings.embedding.startswith("local:")  # its text leaves not even the process
    classes: tuple[str, ...] = ("C", "S", "O") if inside else settings.embedding_classes
    if isinstance(place, Path):
        from jihwi.index.vectors import FlatVectors

        return Vectors(embedder, FlatVectors(place, embedder.name), frozenset(classes))
    from jihwi.index.postgres_vectors import vectors_on

    return Vectors(embedder, vectors_on(place, embedder.name), frozenset(classes))


class ReadingRoom:
    """What reading without a library needs: the files, their outcomes, and how each is shown and mended."""

    def __init__(self, settings: Settings, home: Path) -> None:
        """`home`: where the library's classes are asked for."""
        from jihwi.readers import Limits, folder, personal, readiness, readiness_written, repair, words, writers
        from jihwi.readers.sandbox import SandboxReadingService

        self.class_of = class_lookup(settings, home)
        self.survey = folder.survey
        self.read_changed = folder.read_changed
        self.moved = folder.moved
        self.builder = readiness.ReadinessBuilder
        self.html = readiness_written.render_readiness_html
        self.json = readiness_written.render_readiness_json
        self.csv = readiness_written.render_readiness_csv
        self.repair = partial(repair.repair, copies=repair.Copies())  # a room serves one run
        self.refuse_overlap = repair.refuse_overlap
        self.safe_path = repair.safe_path
        self.masked_name = personal.masked_name
        self.say = words.say
        self.say_of_many = words.say_of_many
        self.grade_words = words.grade_words
        self.format_words = words.format_words
        self.markdown = writers.to_markdown
        self.reading_json = writers.to_json
        limits = Limits(seconds=settings.reading_seconds)
        self.service = SandboxReadingService(limits=limits, processes=settings.reading_processes or None)

    def __enter__(self) -> ReadingRoom:
        return self

    def __exit__(self, *problem: object) -> None:
        self.service.close()


def built_in_skills(library: Callable[[], Library]) -> list[Skill]:
    """The skills that travel with the house, over its library."""
    from jihwi.skills.built_in import library_skills  # waits: brings the whole library
    from jihwi.skills.revising import revising_skills

    def tagger() -> Tagger:
        from jihwi.index.mecab_tags import MecabTagger

        return MecabTagger()

    return [*library_skills(library, tagger), *revising_skills(library)]
