"""A house whose parts work together: its store, minds, library, skills and press; what is slow to import waits."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import getpass
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from jihwi.case.assignment import AgentSpec
from jihwi.case.events import Author, Event
from jihwi.case.ledger import Sealed
from jihwi.clock import SystemClock
from jihwi.errors import CommandForbidden, FolderEmpty, FolderMissing, JihwiError, StoreBusy, StoreError
from jihwi.evidence import Reading, Viewer
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
from jihwi.minds import Delta, DeltaSink
from jihwi.orchestrator import Orchestrator, Publication, PublicationRefused, load_log, runner_name
from jihwi.settings import Settings
from jihwi.skills import Skill, SkillBox
from jihwi.skills.mcp_calls import McpServers
from jihwi.store import KeptStore
from jihwi.teams import BUILT_IN, EDITING, Brought, Team, built_in_folder, load_team, team_folder
from jihwi.wiring.case_classes import ClassesNow, classed
from jihwi.wiring.drafts import Follow, drafts_passed
from jihwi.wiring.libraries import built_in_skills, class_change_there, library_of
from jihwi.wiring.limits import limits_of
from jihwi.wiring.minds import HouseMinds
from jihwi.wiring.once import made_once
from jihwi.wiring.places import look_into_store, open_store, state_folder
from jihwi.wiring.skills import brought_to, servers_of
from jihwi.words import Language

if TYPE_CHECKING:
    from jihwi.index import WordIndex
    from jihwi.library import Library
    from jihwi.readers import FileToRead, GradeLetter
    from jihwi.readers.sandbox import SandboxReadingService

__all__ = ["House", "open_house"]

DAILY_LOOK_SECONDS = 600.0
FIRST_LOOK_SECONDS = 20.0
SETTLE_SECONDS = 60.0


class _Readings:
    """What the gate may look up, as the viewer."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def reading(self, digest: str, viewer: Viewer) -> Reading | None:
        return self._library.reading(digest, viewer)

    def shown(self, document_id: str, viewer: Viewer) -> Any:
        from jihwi.reports import Shown

        document = self._library.document(document_id, viewer)
        if document is None:  # gone, perhaps: what a case cites is kept
            kept = self._library.kept_source(document_id, viewer)
            return None if kept is None else Shown(kept.path, kept.title, kept.labels)
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
        self._classes_now = ClassesNow(store, lambda: self.library)
        self.minds = HouseMinds(settings, self.stream, self._classes_now)
        self.language: Language = "ko" if settings.language == "ko" else "en"
        """Of what it says to whoever runs it, beside any command's answer."""
        self.unwritable: StoreError | None = None
        """Why the cases can only be looked at now; `None` when they can be written."""
        self._loop = asyncio.get_running_loop()
        self._teams: dict[str, Team] = {}
        self._drafts = drafts_passed(settings.store, home)

    @made_once
    def viewer(self) -> Viewer:
        """Who works here: the name and labels from the settings."""
        name = self.settings.viewer
        if not name:
            try:
                name = getpass.getuser()
            except (KeyError, OSError):
                name = "user"
        return Viewer(name, self.settings.labels)

    @made_once
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
        works = (self.stream.follow(), self.sign_daily(), self.settle_now_and_then())
        tasks = [asyncio.create_task(one) for one in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def settle_now_and_then(self) -> None:
        """Finish what other processes that died had decided of classes, until cancelled."""
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            await self.settle_classes()

    async def sign_daily(self) -> None:
        """Sign the heads once a day, the first time soon, until cancelled; a problem is told and tried again."""
        await asyncio.sleep(FIRST_LOOK_SECONDS)  # the cases of runners that died, and the first page, come before
        while True:
            try:
                await self.sign_heads()
            except JihwiError as problem:
                self._complain("머리값에 서명하지 못했습니다", "the heads could not be signed", problem)
            await asyncio.sleep(DAILY_LOOK_SECONDS)

    @made_once
    def library(self) -> Library:
        """The documents of this house. It is changed in threads: each change of a class waits for its fact."""
        from jihwi.wiring.class_facts import FactsOfClasses  # waits: brings the library

        return library_of(self.settings, self.home, FactsOfClasses(lambda: self.stream, self._loop))

    async def settle_classes(self) -> None:
        """Finish a change of classes that was in the ledger, and not yet in the library, when its maker died."""

        def work() -> None:
            try:
                if "library" not in self.__dict__ and not class_change_there(self.settings, self.home):
                    return
            except JihwiError:
                return  # what needs no library works all the same; what does says what is wrong with it
            try:
                self.library.settle()
            except StoreBusy:
                pass  # whoever writes there now finishes it first
            except JihwiError as problem:
                self._complain("등급을 마저 바꾸지 못했습니다", "a change of classes waits to be finished", problem)

        await asyncio.to_thread(work)

    def _complain(self, ko: str, en: str, problem: JihwiError) -> None:
        words = f"{problem.words(self.language)} {problem.next_step(self.language)}".strip()
        sys.stderr.write(f"{ko if self.language == 'ko' else en}: {words}\n")

    def index_in(self, folder: Path) -> WordIndex:
        """An empty index like the library's, for measuring; the folder is the caller's."""
        from jihwi.index.embedded import EmbeddedIndex  # waits: brings numpy

        return EmbeddedIndex(folder, self.library.analyser)

    @made_once
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

    @made_once
    def skills(self) -> SkillBox:
        """The built-in skills, and those the team of the settings brings along."""
        skills = [*self._built_in, *self.brought.skills]
        if self.settings.embedding or self.settings.mcp_servers:  # who gets texts of the case from a skill
            skills = [classed(one, self._classes_now) for one in skills]
        return SkillBox(skills)

    @made_once
    def _built_in(self) -> list[Skill]:
        return built_in_skills(lambda: self.library)

    @made_once
    def brought(self) -> Brought:
        """What the team of the settings and the settings themselves bring, and what is wrong with the rest."""
        team = team_folder(self.settings.team)
        return brought_to(self.settings, team, self._built_in, self.servers.caller, base=Path.cwd())

    @made_once
    def servers(self) -> McpServers:
        """The servers of tools that the settings name."""
        return servers_of(self.settings)

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
            limits=limits_of(self.settings, self.minds),
            watch=watch,
            emit=self._telling(emit),
            trouble=trouble,
        )

    def _telling(self, own: DeltaSink | None) -> DeltaSink:
        """What a model writes, for this process and for whoever follows from another."""

        def tell(delta: Delta) -> None:
            if own is not None:
                own(delta)
            self._drafts(delta)

        return tell

    def drafts(self, take: DeltaSink) -> contextlib.AbstractAsyncContextManager[Follow]:
        """Hear what models write in other processes that share the store, of the cases that are followed, while this
        is open. Lossy, and of those cases alone; who may see it is the listener's to say."""
        return self._drafts.heard(take)

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
        await self._drafts.close()
        await self.minds.close()
        if "servers" in self.__dict__:
            await self.servers.close()
        for name in ("library", "reading_service"):
            part = self.__dict__.get(name)
            if part is not None:
                part.close()
        await self.store.close()


@contextlib.asynccontextmanager
async def open_house(
    settings: Settings, folder: Path | None = None, *, looking: bool = False, language: Language | None = None
) -> AsyncIterator[House]:
    """Open the house whose state lies where the settings say, relative to `folder`: its cases on the Postgres server
    that they name, if any, and everything else in the state folder. Raises StoreError, UsageError.

    Who is only `looking` also sees cases that cannot be written now; `House.unwritable` then says why. `language`: of
    what it says beside any answer; by the settings when none is given.
    """
    home = state_folder(settings, folder, looking=looking)
    unwritable: StoreError | None = None
    if looking:
        store, unwritable = await look_into_store(settings.store or home, busy_seconds=settings.busy_seconds)
    else:
        store = await open_store(settings.store or home, busy_seconds=settings.busy_seconds)
    house = House(settings, store, home)
    house.unwritable = unwritable
    house.language = language or house.language
    try:
        if any(model and ":" not in model for model in (settings.model, settings.model_fallback)):
            await house.stream.refresh()  # the name of an endpoint of the house
        if not looking:
            await house.settle_classes()
        yield house
    except CommandForbidden as problem:
        await house.refused(problem)
        raise
    finally:
        await house.close()
