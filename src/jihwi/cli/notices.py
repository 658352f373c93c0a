"""Notices from a runner that has no console of its own: the same ways, set in the same place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jihwi.case.events import Event
from jihwi.wiring import House

if TYPE_CHECKING:
    from jihwi.console.notifying import Notifier

__all__ = ["Notices"]


class Notices:
    """Tells people of what this runner saw begin to wait. What that takes is loaded when there is first a way."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._notifier: Notifier | None = None

    def saw(self, event: Event) -> None:
        """An event became a fact."""
        state = self._house.stream.state
        if self._notifier is None and any(state.setting(one) for one in ("notify_command", "mail_server", "webhook")):
            self._notifier = self._made()
        if self._notifier is not None:
            self._notifier.saw(event)

    def _made(self) -> Notifier:
        from jihwi.console.cases import FoldedCases  # waits: brings the web server, which most runners never need
        from jihwi.console.notifying import Notifier
        from jihwi.console.recording import Recorder
        from jihwi.house import Person

        house = self._house
        owner = Person(house.viewer.id, house.viewer.id, "administrator", house.viewer.labels)
        recorder = Recorder(house.stream, house.store.now_ms, door="runner")
        language = house.settings.language
        return Notifier(FoldedCases(house.store), house.stream, recorder, owner, address="", language=language)

    async def close(self) -> None:
        """Let what is under way come to its end."""
        if self._notifier is not None:
            await self._notifier.close()
