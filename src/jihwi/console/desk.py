"""What every page of the console stands on: the house, its runner, the people, the cases kept folded, the live line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from jihwi.case.events import Event
from jihwi.console.cases import FoldedCases
from jihwi.console.live import Hub
from jihwi.console.notifying import Notifier
from jihwi.console.people import People, Person
from jihwi.console.readingroom import Ingests
from jihwi.console.recording import Recorder
from jihwi.console.templating import warm_templates
from jihwi.errors import JihwiError
from jihwi.minds import Delta
from jihwi.orchestrator import Orchestrator
from jihwi.wiring import House

__all__ = ["Console"]


class Console:
    """One running console. `async with` starts its runner and its live line, and puts both away."""

    def __init__(
        self,
        house: House,
        *,
        hosts: frozenset[str],
        port: int = 0,
        engine: Callable[..., Orchestrator] | None = None,
        runner: bool = True,
    ) -> None:
        """`hosts` are the names it answers to. `engine` makes the orchestrator; the house's own when not given.
        Without a `runner` the cases are driven by others (`jihwi runner`)."""
        self.house = house
        self.hosts = hosts
        self.port = port
        self.stream = house.stream
        self.recorder = Recorder(self.stream, house.store.now_ms)
        owner = Person(house.viewer.id, house.viewer.id, "administrator", house.viewer.labels)
        self.people = People(house.home, owner, self.stream)
        self.cases = FoldedCases(house.store)
        self.hub = Hub(house.store, self.cases)
        self.ingests = Ingests(house, lambda: self.orchestrator)
        self.notifier = Notifier(
            self.cases,
            self.stream,
            self.recorder,
            owner,
            address=f"http://127.0.0.1:{port}",
            language=house.settings.language,
        )
        self.troubles: dict[str, JihwiError] = {}
        """Cases this runner could not go on with, and why."""
        make = engine or house.orchestrator
        self.orchestrator = make(watch=self.saw, emit=self.draft, trouble=self.trouble)
        self._runner = runner
        self._tasks: list[asyncio.Task[None]] = []
        self._keeping: list[asyncio.Task[None]] = []
        """What goes on beside the cases until the very end."""
        self._listening = AsyncExitStack()

    def saw(self, event: Event) -> None:
        """An event of this process became a fact."""
        self.troubles.pop(event.case_id, None)
        self.hub.saw(event)
        self.notifier.saw(event)

    def draft(self, delta: Delta) -> None:
        """A piece of a turn was written, here or in another process."""
        self.hub.draft(delta)

    def trouble(self, case_id: str, problem: JihwiError) -> None:
        """A case cannot go on in this runner for now."""
        self.troubles[case_id] = problem

    async def __aenter__(self) -> Console:
        await self.people.move_in()
        self.hub.follow_drafts = await self._listening.enter_async_context(self.house.drafts(self.draft))
        self._tasks = [asyncio.create_task(self.hub.run())]
        house = self.house
        keeping = (self.stream.follow(), self.recorder.run(), house.sign_daily(), house.settle_now_and_then())
        self._keeping = [asyncio.create_task(one) for one in keeping]
        if self._runner:
            self._tasks.append(asyncio.create_task(self.orchestrator.serve()))
        return self

    async def warm(self) -> None:
        """Load what the first page would wait for: the library, its dictionary, the templates."""

        def load() -> None:
            self.house.library.collections(self.people.owner.viewer)
            warm_templates()

        await asyncio.to_thread(load)

    def stop(self) -> None:
        """Ask for a clean end: open lines close, the runner lets what is under way come to its end."""
        self.hub.close()
        self.orchestrator.stop()

    async def __aexit__(self, *problem: object) -> None:
        self.stop()
        await asyncio.gather(*self._tasks)
        await self._listening.aclose()
        await self.ingests.close()
        await self.notifier.close()
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await self.recorder.flush(all=True)
        self.people.close()
