"""A Postgres server for the library, as the store's tests have it; and where a library may lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.library.shelf import Shelf
from tests.store.conftest import postgres, postgres_server

__all__ = ["postgres", "postgres_server", "shelf_folder"]


@pytest.fixture(params=["folder", "postgres"])
def shelf_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder whose shelf has its library in it, or on a server."""
    if request.param == "postgres":
        Shelf.servers[tmp_path] = request.getfixturevalue("postgres")
    return tmp_path
