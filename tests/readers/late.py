"""A worker whose second start waits until it is let, as on a machine that is short of time."""

from __future__ import annotations

import os
import time
from pathlib import Path

from jihwi.readers import registry
from jihwi.readers.worker import main


def starts(parent: int) -> Path:
    """Where the starts under one process are counted, a letter each."""
    return Path(f"/tmp/jihwi-late-{parent}")  # its own temporary folder is another one at each start


def let(parent: int) -> Path:
    """What is there once the second start may go on."""
    return Path(f"/tmp/jihwi-late-{parent}-let")


if __name__ == "__main__":
    with starts(os.getppid()).open("a", encoding="ascii") as told:
        told.write("s")
    deadline = time.monotonic() + 50
    while starts(os.getppid()).stat().st_size == 2 and not let(os.getppid()).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    registry.ADAPTERS["text"] = "tests.readers.hostile:HostileReader"
    main()
