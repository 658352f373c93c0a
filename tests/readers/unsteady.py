"""A worker that cannot be started every second time, as on a machine that is short of memory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jihwi.readers import registry
from jihwi.readers.worker import main


def starts(parent: int) -> Path:
    """Where the starts under one process are counted, a letter each."""
    return Path(f"/tmp/jihwi-unsteady-{parent}")  # its own temporary folder is another one at each start


if __name__ == "__main__":
    with starts(os.getppid()).open("a", encoding="ascii") as told:
        told.write("s")
    if starts(os.getppid()).stat().st_size % 2 == 0:
        sys.exit(1)
    registry.ADAPTERS["text"] = "tests.readers.hostile:HostileReader"
    main()
