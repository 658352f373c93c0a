"""A checked report as one self-contained HTML page: no script, printable, readable on a phone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from jihwi.reports.disclosure import Disclosure
from jihwi.reports.gate import CheckedReport
from jihwi.reports.markdown import SayUnreadable, moment, spot
from jihwi.reports.wording import phrase
from jihwi.words import plain

__all__ = ["render_html"]


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")


def render_html(report: CheckedReport, made: Disclosure, *, by: str, say: SayUnreadable) -> str:
    """The report as an HTML page, in its own language."""
    lang = report.language

    def words(key: str, **fields: object) -> str:
        return phrase(key, lang, **fields)

    page = _template().render(
        report=report,
        made=made,
        by=by,
        words=words,
        say=say,
        spot=lambda cited: spot(cited, lang),
        moment=moment,
        kinds=report.kinds(),
    )
    return plain(page)
