"""The templates: filled for a reader of one language, with every static file at an address of its own version."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from jihwi.case.governor import choice_words
from jihwi.console.telling import skill_name
from jihwi.library.standing import standing_words
from jihwi.words import Language, amount, say_to

__all__ = ["STATIC", "assets", "render", "warm_templates"]

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def assets() -> str:
    """The version of everything under `static`: its files never change at one address."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%H:%M:%S")


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(timespec="seconds")


def _thousands(number: int) -> str:
    return f"{number:,}"


def _share(part: float) -> str:
    return f"{int(part * 100 + 1e-6)}%"  # 100 for the whole alone


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=_moment, clock=_clock, iso=_iso)
    environment.filters.update(thousands=_thousands, amount=amount, share=_share, pretty=_pretty)
    environment.globals.update(
        asset=lambda name: f"/static/{assets()}/{name}",
        skill_name=skill_name,
        choice_words=choice_words,
        standing_words=standing_words,
    )
    return environment


def render(template: str, language: Language, **values: Any) -> str:
    """A template filled for a reader of `language`."""
    return _templates().get_template(template).render(t=say_to(language), lang=language, **values)


def warm_templates() -> None:
    """Compile every template now instead of at the first page."""
    environment = _templates()
    for name in environment.list_templates():
        environment.get_template(name)
