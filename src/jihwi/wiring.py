"""The whole house, built in one place: the only file that knows every adapter.

`open_house` gives a `House` whose parts are ready and are put away again at the end. What is slow to import waits
until the part that needs it is first used.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import getpass
import hashlib
import os
import sys
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from jihwi.case.assignment import AgentSpec, MindSpec
from jihwi.case.events import Author, Event
from jihwi.case.ledger import Sealed
from jihwi.clock import SystemClock
from jihwi.errors import (
    CommandForbidden,
    FolderEmpty,
    FolderIsBackup,
    FolderMissing,
    JihwiError,
    ModelSpecInvalid,
    StoreReadOnly,
)
from jihwi.evidence import Reading, SecurityClass, Viewer
from jihwi.house import (
    SIGNED_FOLDER,
    HouseStream,
    Refused,
    Signed,
    SignedHead,
    SigningKey,
    Statement,
    known_key,
    load_signing_key,
    record_release,
    sign_heads,
)
from jihwi.ids import Randomness
from jihwi.minds import DeltaSink, Mind
from jihwi.orchestrator import REFUSED, Orchestrator, Publication, PublicationRefused, load_log, runner_name
from jihwi.settings import Settings, StoreAddress
from jihwi.skills import Skill, SkillBox
from jihwi.store import KeptStore
from jihwi.teams import BUILT_IN, EDITING, Team, built_in_folder, load_team, skills_in, team_folder
from jihwi.words import Language

if TYPE_CHECKING:
    from jihwi.index import Embedder, Tagger, WordIndex
    from jihwi.library import Library, Vectors
    from jihwi.library.database import LibraryDatabase
    from jihwi.library.postgres import PostgresServer
    from jihwi.minds.model import ModelMind
    from jihwi.readers import FileToRead, GradeLetter
    from jihwi.readers.sandbox import SandboxReadingService

__all__ = [
    "House",
    "ReadingRoom",
    "StoreRoom",
    "built_in_skills",
    "collection_of",
    "copy_library",
    "embedder_of",
    "open_house",
    "open_store",
    "state_folder",
    "state_place",
]


DAILY_LOOK_SECONDS = 600.0
FIRST_LOOK_SECONDS = 20.0
FALLBACK_FAILURES = 2
"""A model is asked so often before the fallback is."""


def collection_of(folder: Path) -> str:
    """The name of the collection a folder is: its own name and the digest of where it lies.

    >>> collection_of(Path("/srv/문서")) == collection_of(Path("/srv/./문서/"))
    True
    """
    place = unicodedata.normalize("NFC", str(folder.resolve()))
    name = unicodedata.normalize("NFC", folder.resolve().name) or "root"
    return f"{name}-{hashlib.sha256(place.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


class _Minds:
    """Minds by their spec: a team's procedures, and models at their endpoints."""

    def __init__(self, settings: Settings, stream: HouseStream) -> None:
        self._settings = settings
        self._stream = stream
        self._procedures: dict[str, Mind] = {}
        self._models: dict[tuple[object, ...], ModelMind] = {}
        self._without_model: dict[bytes, Mind] = {}

    def add(self, team: Team) -> None:
        from jihwi.minds.procedure import ProcedureMind

        for name, function in team.procedures.items():
            self._procedures[name] = ProcedureMind(function, name=name)
        for agent in team.agents:
            if agent.name in team.flexible and agent.mind.name in self._procedures:
                self._without_model[_role_of(agent)] = self._procedures[agent.mind.name]

    def has(self, spec: MindSpec) -> bool:
        if spec.kind == "model":
            return bool(self._settings.model or spec.name)
        return spec.name in self._procedures

    def mind(self, spec: MindSpec, *, failures: int) -> Mind:
        if spec.kind == "procedure":
            found = self._procedures.get(spec.name)
            if found is None:
                raise FolderMissing(f"team of {spec.name}")
            return found
        from jihwi.minds.classed import ClassedMind  # waits, as the model does

        model = self.model(self._model_for(spec, failures))
        return ClassedMind(model.endpoint, model, lambda view: self._without_model.get(_role_of(view.agent)))

    def has_another(self, spec: MindSpec, *, failures: int) -> bool:
        return spec.kind == "model" and self._model_for(spec, failures) != self._model_for(spec, REFUSED)

    def _model_for(self, spec: MindSpec, failures: int) -> str:
        """The model to ask: the fallback once the first one has failed twice, or refused."""
        if failures >= FALLBACK_FAILURES and self._settings.model_fallback:
            return self._settings.model_fallback
        return self._settings.model or spec.name

    def model(self, spec: str) -> ModelMind:
        """The model of an endpoint that the house knows by name, or at an address."""
        from jihwi.minds.endpoint import parse_endpoint  # waits: most runs need no model
        from jihwi.minds.model import ModelMind

        if not spec:
            raise ModelSpecInvalid("")
        named = self._stream.state.endpoints.get(spec)
        place: tuple[str, str, tuple[Any, ...]] = (spec, self._settings.model_key, self._settings.model_classes)
        if named is not None:
            place = (named.spec, named.key, named.classes)
        if place not in self._models:
            self._models[place] = ModelMind(parse_endpoint(place[0], key=place[1], classes=place[2]))
        return self._models[place]

    def check_spec(self, spec: str) -> None:
        """Raise ModelSpecInvalid unless `spec` can be a model's address."""
        from jihwi.minds.endpoint import parse_endpoint

        parse_endpoint(spec)

    async def close(self) -> None:
        for model in self._models.values():
            await model.close()


def _role_of(agent: AgentSpec) -> bytes:
    """An agent whatever its mind is: by it the procedure is found that can stand in for a model."""
    return msgspec.json.encode(msgspec.structs.replace(agent, mind=MindSpec("model")))


class _Readings:
    """What the gate may look up, as the viewer."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def reading(self, digest: str, viewer: Viewer) -> Reading | None:
        return self._library.reading(digest, viewer)

    def shown(self, document_id: str, viewer: Viewer) -> Any:
        from jihwi.reports import Shown

        document = self._library.document(document_id, viewer)
        if document is None:
            return None
        return Shown(document.source.path, document.title, document.source.labels)


class _Press:
    """The gate and the press of this house, as the orchestrator's port."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def publish(
        self, case_id: str, report: Any, *, viewer: Viewer, by: str, seq: int
    ) -> Publication | PublicationRefused:
        from jihwi.reports import Refused, press

        log = [event for event in await load_log(self._house.store, case_id) if event.seq <= seq]
        language = _language_of(log)
        outcome = await asyncio.to_thread(
            press,
            report,
            case_id=case_id,
            log=log,
            readings=_Readings(self._house.library),
            viewer=viewer,
            by=by,
            folder=self._house.release_folder(case_id, 1 + sum(one.kind == "report_released" for one in log)),
            say=lambda code, params: self._house.say_remark(code, params, language),
            sign=lambda statement: self._house.signing_key.sign(statement),
        )
        if isinstance(outcome, Refused):
            return PublicationRefused(outcome.reason, outcome.sentences)
        for one in outcome.report.citations:
            self._house.library.keep(case_id, one.citation.reading, viewer)
        if outcome.signed is not None:
            await record_release(self._house.stream, case_id, outcome.signed, self._house.signing_key)
        return Publication(outcome.files, outcome.kinds)


def _language_of(log: list[Event]) -> Language:
    return "ko" if getattr(log[0].body, "language", "ko") == "ko" else "en"


class House:
    """Everything that works together for one state folder."""

    def __init__(self, settings: Settings, store: KeptStore, home: Path) -> None:
        self.settings = settings
        self.store = store
        self.stream = HouseStream(store, Randomness())
        self.home = home
        self.minds = _Minds(settings, self.stream)
        self._teams: dict[str, Team] = {}

    @cached_property
    def viewer(self) -> Viewer:
        """Who works here: the name and labels from the settings."""
        name = self.settings.viewer
        if not name:
            try:
                name = getpass.getuser()
            except (KeyError, OSError):
                name = "user"
        return Viewer(name, self.settings.labels)

    @cached_property
    def signing_key(self) -> SigningKey:
        """What releases and the heads of each day are signed with; made in the state folder when first needed.
        Raises SettingInvalid, StoreFailed."""
        key = load_signing_key(self.home, self.settings.signing_key)
        assert key is not None
        return key

    def public_key(self) -> str:
        """What signatures are checked with; empty when this house has signed nothing yet."""
        return known_key(self.home, self.settings.signing_key)

    def signed_now(self, case_id: str, log: Sequence[Sealed]) -> list[Signed]:
        """A whole chain under the house's signature, for a copy that leaves; nothing of an empty one."""
        if not log:
            return []
        head = SignedHead(case_id, log[-1].seq, log[-1].head.hex())
        return [self.signing_key.sign(Statement("export", (head,)))]

    async def sign_heads(self, *, again: bool = False) -> Path | None:
        """Sign the heads of what changed, once a day (or `again`); the file beside the database that says so."""
        from jihwi.reports import write_whole  # waits: brings the renderers

        now = datetime.datetime.fromtimestamp(self.store.now_ms() / 1000).astimezone()
        day = now.date().isoformat()
        if not again and (await self.stream.refresh()).signed_day == day:
            return None
        key = await asyncio.to_thread(lambda: self.signing_key)
        fact = await sign_heads(self.store, self.stream, key, day=day, again=again)
        if fact is None:
            return None
        path = self.home / SIGNED_FOLDER / f"heads-{fact.day}-{self.stream.state.signed_seq:06}.json"
        path.parent.mkdir(exist_ok=True)
        await asyncio.to_thread(write_whole, path, msgspec.json.format(msgspec.json.encode(fact.signed), indent=1))
        return path

    @contextlib.asynccontextmanager
    async def kept_up(self) -> AsyncIterator[None]:
        """While this lasts, what other processes say of the house is known here, and its heads are signed daily."""
        await self.stream.refresh()
        tasks = [asyncio.create_task(self.stream.follow()), asyncio.create_task(self.sign_daily())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def sign_daily(self) -> None:
        """Sign the heads once a day, the first time soon, until cancelled; a problem is told and tried again."""
        await asyncio.sleep(FIRST_LOOK_SECONDS)  # the cases of runners that died, and the first page, come before
        while True:
            try:
                await self.sign_heads()
            except JihwiError as problem:
                sys.stderr.write(f"signing: {problem}\n")
            await asyncio.sleep(DAILY_LOOK_SECONDS)

    @cached_property
    def library(self) -> Library:
        """The documents of this house."""
        from jihwi.index.mecab import MecabAnalyser  # waits: loads the analyser's dictionary
        from jihwi.library import Library

        analyser = MecabAnalyser()
        busy_seconds = self.settings.busy_seconds
        security_class = cast(SecurityClass, self.settings.security_class)
        if self.settings.store:
            from jihwi.index.postgres import PostgresIndex

            server = _server(self.settings.store, busy_seconds)
            database = _on(server)
            vectors = _vectors(self.settings, server)
            on_server = PostgresIndex(server, analyser)
            return Library(
                self.home, analyser, on_server, vectors=vectors, database=database, security_class=security_class
            )
        from jihwi.index.embedded import EmbeddedIndex

        index = EmbeddedIndex(self.home / "index", analyser)
        vectors = _vectors(self.settings, self.home / "index")
        return Library(
            self.home, analyser, index, busy_seconds=busy_seconds, vectors=vectors, security_class=security_class
        )

    def index_in(self, folder: Path) -> WordIndex:
        """An empty index like the library's, for measuring; the folder is the caller's."""
        from jihwi.index.embedded import EmbeddedIndex  # waits: brings numpy

        return EmbeddedIndex(folder, self.library.analyser)

    @cached_property
    def reading_service(self) -> SandboxReadingService:
        """Reads files, each in a process of its own."""
        from jihwi.readers import Limits
        from jihwi.readers.sandbox import SandboxReadingService

        limits = Limits(seconds=self.settings.reading_seconds)
        return SandboxReadingService(limits=limits, processes=self.settings.reading_processes or None)

    def files_in(self, folder: Path) -> list[FileToRead]:
        """The files of a folder. Raises FolderMissing, FolderEmpty."""
        from jihwi.readers.folder import walk

        if not folder.is_dir():
            raise FolderMissing(str(folder))
        files = walk(folder)
        if not files:
            raise FolderEmpty(str(folder))
        return files

    @cached_property
    def skills(self) -> SkillBox:
        """The built-in skills, and those the team of the settings brings along."""
        return SkillBox([*built_in_skills(lambda: self.library), *skills_in(team_folder(self.settings.team))])

    def team(self, name: str) -> Team:
        """A team by its built-in name or its folder, with the minds it may use. Raises TeamInvalid, FolderMissing."""
        if name not in self._teams:
            team = load_team(team_folder(name), {skill: one.spec for skill, one in self.skills.all().items()})
            self.minds.add(team)
            self._teams[name] = team
        team = self._teams[name]
        return team.with_model(self.settings.model) if self.settings.model else team

    def editor(self) -> AgentSpec:
        """Who works on a passage of a report when a person asks for it, in a case of any team."""
        if EDITING not in self._teams:
            team = load_team(built_in_folder(EDITING), {skill: one.spec for skill, one in self.skills.all().items()})
            self.minds.add(team)
            self._teams[EDITING] = team
        team = self._teams[EDITING]
        return (team.with_model(self.settings.model) if self.settings.model else team).agents[0]

    def orchestrator(
        self,
        *,
        watch: Callable[[Event], None] | None = None,
        emit: DeltaSink | None = None,
        trouble: Callable[[str, JihwiError], None] | None = None,
    ) -> Orchestrator:
        """The engine over this house's store."""
        for name in (*BUILT_IN, self.settings.team):
            self.team(name)
        self.editor()
        return Orchestrator(
            store=self.store,
            minds=self.minds,
            skills=self.skills,
            publisher=_Press(self),
            chance=Randomness(),
            clock=SystemClock(),
            runner=runner_name(),
            watch=watch,
            emit=emit or (lambda delta: None),
            trouble=trouble,
        )

    def case_folder(self, case_id: str) -> Path:
        """Where a case's released files lie."""
        return self.home / "cases" / case_id

    def release_folder(self, case_id: str, number: int) -> Path:
        """Where the files of a case's first, second … release lie; a later one leaves the earlier ones alone."""
        folder = self.case_folder(case_id)
        return folder if number <= 1 else folder / f"release-{number}"

    def say_remark(self, code: str, params: dict[str, str], language: Language) -> str:
        """A reader's remark in words, with what can be done."""
        what, fix = self.remark_words(code, params, language)
        return f"{what} {fix}".strip()

    def remark_words(self, code: str, params: dict[str, str], language: Language) -> tuple[str, str]:
        """A reader's remark: what happened, and what can be done."""
        from jihwi.readers import Remark
        from jihwi.readers.words import say

        return say(Remark(code, params), language)

    def grade_words(self, letter: GradeLetter, language: Language) -> str:
        """What a grade means, in one line."""
        from jihwi.readers.words import grade_words

        return grade_words(letter, language)

    def format_words(self, format: str, language: Language) -> str:
        """A format's name for people."""
        from jihwi.readers.words import format_words

        return format_words(format, language)

    async def refused(self, problem: CommandForbidden) -> None:
        """Write down that who works here gave a command they may not give, at a door that has no other memory."""
        author = Author("person", self.viewer.id, door="cli")
        await self.stream.record(Refused(f"case {problem.case}", problem.code), author=author)

    async def close(self) -> None:
        """Put everything away."""
        await self.minds.close()
        for name in ("library", "reading_service"):
            part = self.__dict__.get(name)
            if part is not None:
                part.close()
        await self.store.close()


def _server(address: StoreAddress, busy_seconds: float) -> PostgresServer:
    """The server at an address as the library meets it. Raises StoreError, SettingInvalid."""
    from functools import partial

    from jihwi.library.postgres import PostgresServer
    from jihwi.store.postgres.opening import place_of, store_error

    dsn = address.url()
    told = partial(store_error, dsn=dsn, busy_seconds=busy_seconds)
    return PostgresServer(dsn, place=place_of(dsn), told=told, busy_seconds=busy_seconds)


def _on(server: PostgresServer) -> LibraryDatabase:
    from jihwi.library.postgres import PostgresDatabase

    return PostgresDatabase(server)


def copy_library(source: StoreAddress | Path, target: StoreAddress | Path, *, busy_seconds: float) -> int | None:
    """Copy the library of a server or state folder to another; how many documents came. None when there is one
    already, 0 when there is none to copy. Raises StoreError, SettingInvalid.
    """
    from jihwi.library.copying import copy_library as copied
    from jihwi.library.database import Database

    def opened(place: StoreAddress | Path) -> LibraryDatabase:
        if isinstance(place, StoreAddress):
            return _on(_server(place, busy_seconds))
        return Database(place / "library.db", busy_seconds=busy_seconds)

    if isinstance(source, Path) and not (source / "library.db").is_file():
        return 0
    with contextlib.closing(opened(source)) as theirs, contextlib.closing(opened(target)) as ours:
        return copied(theirs, ours)


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
    from jihwi.minds.endpoint import parse_endpoint, secret_of

    endpoint = parse_endpoint(said, key=settings.embedding_key)
    return EndpointEmbedder(endpoint.model, endpoint.base_url, secret=lambda: secret_of(endpoint.key))


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
    from jihwi.index.postgres_vectors import PostgresVectors

    return Vectors(embedder, PostgresVectors(place, embedder.name), frozenset(classes))


class ReadingRoom:
    """What reading without a library needs: the files, their outcomes, and how each is shown and mended."""

    def __init__(self, settings: Settings) -> None:
        from jihwi.readers import Limits, folder, readiness, readiness_written, repair, words, writers
        from jihwi.readers.sandbox import SandboxReadingService

        self.survey = folder.survey
        self.read_changed = folder.read_changed
        self.builder = readiness.ReadinessBuilder
        self.html = readiness_written.render_readiness_html
        self.json = readiness_written.render_readiness_json
        self.csv = readiness_written.render_readiness_csv
        self.repair = repair.repair
        self.refuse_overlap = repair.refuse_overlap
        self.safe_path = repair.safe_path
        self.say = words.say
        self.grade_words = words.grade_words
        self.markdown = writers.to_markdown
        self.reading_json = writers.to_json
        limits = Limits(seconds=settings.reading_seconds)
        self.service = SandboxReadingService(limits=limits, processes=settings.reading_processes or None)

    def __enter__(self) -> ReadingRoom:
        return self

    def __exit__(self, *problem: object) -> None:
        self.service.close()


class StoreRoom:
    """What keeping and moving needs: copies of a state folder, cases from store to store, texts erased."""

    def __init__(self) -> None:
        from jihwi.store import erasing, keeping, moving

        self.backup = keeping.backup
        self.read_manifest = keeping.read_manifest
        self.restore = keeping.restore
        self.copy_store = moving.copy_store
        self.erase_bodies = erasing.erase_bodies
        self.erase_older = erasing.erase_older


def built_in_skills(library: Callable[[], Library]) -> list[Skill]:
    """The skills that travel with the house, over its library."""
    from jihwi.skills.built_in import library_skills  # waits: brings the whole library
    from jihwi.skills.revising import revising_skills

    def tagger() -> Tagger:
        from jihwi.index.mecab_tags import MecabTagger

        return MecabTagger()

    return [*library_skills(library, tagger), *revising_skills(library)]


def state_place(settings: Settings, folder: Path | None = None) -> Path:
    """Where the state lies or would lie; nothing is made."""
    return ((folder or Path.cwd()) / Path(settings.home).expanduser()).resolve()


def state_folder(settings: Settings, folder: Path | None = None) -> Path:
    """Where the state lies, made if it is not there. Raises StoreOnNetwork, StoreReadOnly, FolderIsBackup."""
    return _made(state_place(settings, folder))


def _made(home: Path) -> Path:
    from jihwi.store.keeping import MANIFEST
    from jihwi.store.places import refuse_network

    refuse_network(home)
    if (home / MANIFEST).exists():
        raise FolderIsBackup(str(home))
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise StoreReadOnly(str(home)) from problem
    if not os.access(home, os.W_OK):
        raise StoreReadOnly(str(home))
    return home


async def open_store(place: StoreAddress | Path, *, busy_seconds: float) -> KeptStore:
    """The cases at a Postgres address or in a state folder, which is made if it is not there. Raises StoreError,
    UsageError, ExtraMissing."""
    # Imports wait: commands that need no store open none, and most need no server.
    if isinstance(place, StoreAddress):
        from jihwi.store.postgres import PostgresStore

        address = await asyncio.to_thread(place.url)  # a reference may name a file
        return await PostgresStore.open(address, busy_seconds=busy_seconds)
    from jihwi.store.sqlite import SqliteStore

    return await SqliteStore.open(_made(place) / "cases.db", busy_seconds=busy_seconds)


@contextlib.asynccontextmanager
async def open_house(settings: Settings, folder: Path | None = None) -> AsyncIterator[House]:
    """Open the house whose state lies where the settings say, relative to `folder`: its cases on the Postgres server
    that they name, if any, and everything else in the state folder. Raises StoreError, UsageError."""
    home = state_folder(settings, folder)
    store = await open_store(settings.store or home, busy_seconds=settings.busy_seconds)
    house = House(settings, store, home)
    try:
        if settings.model and ":" not in settings.model:
            await house.stream.refresh()  # the name of an endpoint of the house
        yield house
    except CommandForbidden as problem:
        await house.refused(problem)
        raise
    finally:
        await house.close()
