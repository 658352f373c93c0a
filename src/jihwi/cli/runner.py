"""`jihwi runner`: drives every case of the store that has work, until it is asked to stop."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from jihwi.case.events import Event
from jihwi.cli.following import quiet_line
from jihwi.cli.screen import Screen, say
from jihwi.cli.session import (
    Home,
    Json,
    Lang,
    Model,
    Session,
    TeamName,
    in_whole_letters,
    on_signals,
    run_async,
    settle,
)
from jihwi.errors import JihwiError
from jihwi.evidence import Viewer
from jihwi.words import plain

__all__ = ["runner"]


_LONGEST = 200
"""So many letters of what happens in a case are shown on its line; of what went wrong, all."""


@in_whole_letters
def runner(
    store: Annotated[
        str | None,
        typer.Option(help=say("사건이 있는 Postgres: 주소나 참조", "Postgres with the cases: address or reference")),
    ] = None,
    model: Model = None,
    team: TeamName = None,
    json: Json = False,
    lang: Lang = None,
    home: Home = None,
) -> None:
    with Session(json=json, lang=lang, home=home, store=store, model=model, team=team) as session:
        raise SystemExit(run_async(lambda: _serve(session)))


async def _serve(session: Session) -> int:
    from jihwi.cli.notices import Notices
    from jihwi.wiring import open_house  # waits: `jihwi --help` needs no house

    screen = session.screen
    async with open_house(session.settings, language=screen.language) as house, house.kept_up():
        notices = Notices(house)

        def saw(event: Event) -> None:
            _tell(screen, event, house.viewer)
            notices.saw(event)

        orchestrator = house.orchestrator(
            watch=saw,
            trouble=lambda case_id, problem: _trouble(screen, case_id, problem),
        )
        on_signals(orchestrator.stop)
        settle()
        _line(screen, {"runner": orchestrator.runner}, screen.words("사건을 기다립니다.", "Waiting for cases."))
        await orchestrator.serve()
        await notices.close()
        _line(screen, {"stopped": orchestrator.runner}, screen.words("마쳤습니다.", "Stopped."))
    return 0


def _tell(screen: Screen, event: Event, viewer: Viewer) -> None:
    words = quiet_line(event, screen.language, viewer)
    if words or screen.json:
        _line(
            screen,
            {"case": event.case_id, "event": event.seq, "kind": event.kind},
            f"{event.case_id}  {words}"[:_LONGEST],
        )


def _trouble(screen: Screen, case_id: str, problem: JihwiError) -> None:
    sentences = filter(None, (problem.words(screen.language), problem.next_step(screen.language)))
    words = " ".join(one if one[-1] in ".?!" else f"{one}." for one in sentences)
    _line(screen, {"case": case_id, "error": problem.code, "words": words}, f"{case_id}  {words}".strip())


def _line(screen: Screen, value: dict[str, object], words: str) -> None:
    """One line at once: a runner's output is read while it runs."""
    typer.echo(msgspec.json.encode(value).decode() if screen.json else plain(words))
