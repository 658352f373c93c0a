"""The command line: `jihwi NOUN VERB` beside the everyday `run`, `read`, `search`."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """The `jihwi` command. Exit codes: 0 done, 1 the work failed, 2 wrong use, 3 waits for a person."""
    from jihwi.cli.app import app  # waits: `import jihwi` stays quick

    app()
