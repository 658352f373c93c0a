"""The long form: `python -m jihwi.testing.chaos --runs 1000 --postgres 300`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from jihwi.testing.chaos.processes import PLACES
from jihwi.testing.chaos.runs import Shown, on_postgres, on_sqlite
from jihwi.testing.postgres import PROGRAM, passing_postgres, programs

LEAST = 20
"""At each boundary at least so many runners must have died for the runs to say something of it."""


def main() -> None:
    """Kill, print, keep the figures in build/bench/chaos.json when there is a build folder."""
    parser = argparse.ArgumentParser(description="Kill runners at random and see whether the promise holds.")
    parser.add_argument("--runs", type=int, default=1000, help="cases over SQLite")
    parser.add_argument("--postgres", type=int, default=0, help="cases over Postgres, by three runners at a time")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    shown: dict[str, Shown] = {}
    if options.runs:
        shown["SQLite"] = on_sqlite(options.runs, options.seed, done=_progress)
    if options.postgres and programs() is None:
        sys.exit(f"no Postgres server is installed ({PROGRAM} not found)")
    if options.postgres:
        with passing_postgres() as dsn:
            shown["Postgres, 3 runners"] = on_postgres(dsn, options.postgres, options.seed, least=LEAST, done=_progress)
    _print(shown)
    kept = [figure for where, one in shown.items() for figure in _figures(where, one)]
    build = Path("build")
    if build.is_dir():
        (build / "bench").mkdir(exist_ok=True)
        (build / "bench" / "chaos.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if all(len(one.endings) == 1 for one in shown.values()) else 1)


def _progress(done: int) -> None:
    if done % 50 == 0:
        sys.stderr.write(f"{done} ended\n")


def _print(shown: dict[str, Shown]) -> None:
    sys.stdout.write(f"{'killed at':<26}" + "".join(f"{where:>22}" for where in shown) + "\n")
    for place in PLACES:
        counts = "".join(f"{one.died.get(place, 0):>22}" for one in shown.values())
        sys.stdout.write(f"{place:<26}{counts}\n")
    for where, one in shown.items():
        kills = sum(one.died.values())
        sys.stdout.write(
            f"{where}: {one.runs} cases, {kills} kills, at least {one.fewest} at each place,"
            f" {'one ending' if len(one.endings) == 1 else f'{len(one.endings)} DIFFERENT ENDINGS'}\n"
        )
        if len(one.endings) > 1:
            sys.stdout.writelines(f"  {ending}\n" for ending in one.endings)


def _figures(where: str, one: Shown) -> list[dict[str, object]]:
    return [
        {
            "figure": f"{where}: different endings of {one.runs} cases, {sum(one.died.values())} kills",
            "value": len(one.endings),
            "unit": "",
            "target": "<= 1",
            "met": len(one.endings) == 1,
        },
        {
            "figure": f"{where}: kills at the place with the fewest",
            "value": one.fewest,
            "unit": "",
            "target": f">= {LEAST}",
            "met": one.fewest >= LEAST,
        },
    ]


if __name__ == "__main__":
    main()
