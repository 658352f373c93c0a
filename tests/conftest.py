"""What every test shares: no other machine, none of this machine's settings, and skips that say what is absent.

A test that needs more than Python says so, and is skipped and counted by name where it is absent:

    @pytest.mark.needs("chromium")              programs: tests/programs.py
    @pytest.mark.needs("corpus:documents")      real files for measuring, which the project does not hold

With JIHWI_TEST_ALL=1 (as `.ci/run` sets it) a skip is a failure, but for an absent corpus, and for what
root cannot try or the machine's kernel does not allow.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Generator

import hypothesis
import pytest

from tests import overdue
from tests.network import close_network
from tests.programs import absent, corpus

_MAY_LACK = re.compile(r"corpus|not-root|superuser|absent: mount$")
_LOOKED_AT = ("JIHWI_TEST_ALL", "JIHWI_TEST_POSTGRES", "JIHWI_CORPUS")
ALL = os.environ.get("JIHWI_TEST_ALL") == "1"

for _name in [name for name in os.environ if name.startswith("JIHWI_") and name not in _LOOKED_AT]:
    del os.environ[_name]

# Plain, and as wide as a terminal is at first: no test depends on the window or the service that it is started from.
os.environ |= {"COLUMNS": "80", "LINES": "24"}
for _name in ("FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(_name, None)

# The same examples in every run and no clock: two cores are shared, and a red test must be red again.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(name): a program or `corpus:NAME`; skipped and counted where absent")
    close_network()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case of raw bytes by its place: packed bytes may hold the time, and every worker must find one name."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long forms to `make fuzz` and `make chaos`, which ask for them with `-m slow`."""
    if not config.option.markexpr:
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with overdue.no_longer_than(overdue.SLOW_SECONDS if item.get_closest_marker("slow") else overdue.SECONDS):
        return (yield)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for need in mark.args:
            if absent(need):
                pytest.skip(f"absent: {need}")


def _is_forgiven(reason: str) -> bool:
    found = re.search(r"corpus:(\w+)", reason)
    if found:
        return not corpus(found[1]).is_dir()
    return _MAY_LACK.search(reason) is not None


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if ALL and report.skipped and not hasattr(report, "wasxfail") and not _is_forgiven(_reason(report)):
        report.longrepr = f"skipped, though every test must run (JIHWI_TEST_ALL=1): {_reason(report)}"
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if ALL and report.skipped and not _is_forgiven(_reason(report)):
        report.longrepr = f"skipped, though every test must run (JIHWI_TEST_ALL=1): {_reason(report)}"
        report.outcome = "failed"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counted = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    for reason, number in sorted(counted.items()):
        terminalreporter.write_line(f"skipped {number:>4}  {reason}")
