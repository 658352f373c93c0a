"""The console's own server: whoever is told where it is can come at once."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jihwi.console import Place, serve
from jihwi.settings import Settings
from jihwi.wiring import open_house
from tests.console.office import PATIENCE


class Came(Exception):
    """Somebody has been at the address."""


async def test_the_address_can_be_reached_as_soon_as_it_is_told(tmp_path: Path) -> None:
    def told(address: str, link: str) -> None:
        place = urlsplit(address)
        with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=PATIENCE):
            raise Came(link)

    async with open_house(Settings(home=str(tmp_path), viewer="kim")) as house:
        with pytest.raises(Came, match="/enter"):
            await serve(house, Place(port=0), told, runner=False)
