"""The console: the case worker's desk in a browser. Server-rendered pages, each with its JSON twin at the same address.

It stands on the wiring like the command line does and does nothing a person could not do there; what it adds is
that everything can be seen at once, and live.
"""

from __future__ import annotations

from jihwi.console.app import create_app
from jihwi.console.desk import Console
from jihwi.console.server import Place, serve

__all__ = ["Console", "Place", "create_app", "serve"]
