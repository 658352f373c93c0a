"""The house for commands that only show: it opens on a disk that is full or may not be written, too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from jihwi.cli.session import Session
from jihwi.wiring import House, open_house

__all__ = ["looked_into"]


@asynccontextmanager
async def looked_into(session: Session) -> AsyncIterator[House]:
    """The house to look into. Where its cases cannot be written now, a remark says why. Raises StoreError."""
    async with open_house(session.settings, looking=True) as house:
        if house.unwritable is not None:
            screen = session.screen
            screen.remark(house.unwritable.words(screen.language))
            screen.remark(
                screen.words(
                    "기록된 것을 그대로 보여 줍니다. 지금은 아무것도 적을 수 없습니다.",
                    "What is recorded is shown as it is; nothing can be written now.",
                )
            )
        yield house
