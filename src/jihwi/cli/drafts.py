"""What a model is writing, shown as a draft while it writes; never stored, and gone when its turn is a fact."""

from __future__ import annotations

from jihwi.cli.screen import Screen
from jihwi.minds import Delta

__all__ = ["Drafts"]

LINE = 72
"""Letters gathered before a line of a draft is shown."""


class Drafts:
    """A sink for deltas: lines of drafts for a person, nothing for machines. Lossy: a rest below a line's length is
    never shown, because "turn finished" shows the whole.

    >>> shown = Drafts(Screen(json=True, language="en"))
    >>> shown(Delta("c1", "a1", 1, "nobody sees this"))
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._written: dict[tuple[str, str], tuple[int, str]] = {}

    def __call__(self, delta: Delta) -> None:
        """Take a piece of a turn."""
        place = (delta.case_id, delta.assignment)
        turn, text = self._written.get(place, (delta.turn, ""))
        text = delta.text if turn != delta.turn else text + delta.text
        while len(text) >= LINE or "\n" in text:
            line, text = _first_line(text)
            if line.strip():
                self._screen.remark(f"  ┊ {delta.assignment} {line.strip()}")
        self._written[place] = (delta.turn, text)


def _first_line(text: str) -> tuple[str, str]:
    line, broken, rest = text.partition("\n")
    if broken and len(line) <= LINE:
        return line, rest
    at = text.rfind(" ", 0, LINE) + 1 or LINE
    return text[:at], text[at:]
