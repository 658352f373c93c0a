"""The project's Markdown pages and the fences in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.programs import ROOT

__all__ = ["PAGES", "Fence", "fences", "links"]

_PLACES = ("*.md", "docs/**/*.md", "examples/*.md", "benchmarks/*.md")
PAGES = sorted(path.relative_to(ROOT).as_posix() for place in _PLACES for path in ROOT.glob(place))
_FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, kw_only=True)
class Fence:
    """A block of code in a page. `words` is what stands after the language (`no-run`)."""

    page: str
    line: int
    language: str
    words: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def fences(*languages: str) -> list[Fence]:
    """All fences in `languages`, page by page."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            if match[1] in languages:
                line = text.count("\n", 0, match.start()) + 1
                found.append(Fence(page=page, line=line, language=match[1], words=match[2].strip(), text=match[3]))
    return found


def links(page: str) -> list[str]:
    """The files that `page` links to, relative to it; links into the web are left out."""
    text = _FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    return [target.partition("#")[0] for target in _LINK.findall(text) if "://" not in target and target[0] != "#"]
