"""The numbered SQL files that make a database what this version expects: plain, small, forward only."""

from __future__ import annotations

import re
from importlib import resources

import msgspec

__all__ = ["Migration", "migrations_for"]

_NAME = re.compile(r"(\d{4})_\w+\.sql\Z")


class Migration(msgspec.Struct, frozen=True):
    """One step: its number, from 1 on without a gap, its file's name, and the statements."""

    number: int
    name: str
    sql: str


def migrations_for(database: str) -> tuple[Migration, ...]:
    """The steps that travel in the package for `database` (`sqlite` or `postgres`), in order.

    >>> [step.number for step in migrations_for("sqlite")][:1]
    [1]
    """
    folder = resources.files("jihwi.store") / "sql" / database
    steps = sorted(
        (
            Migration(int(match[1]), file.name, file.read_text(encoding="utf-8"))
            for file in folder.iterdir()
            if (match := _NAME.match(file.name))
        ),
        key=lambda step: step.number,
    )
    if [step.number for step in steps] != list(range(1, len(steps) + 1)):
        raise ValueError(f"the migrations for {database} are not numbered 1, 2, 3 ...: {[s.name for s in steps]}")
    return tuple(steps)
