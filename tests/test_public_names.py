"""The public list of the package is honest: every name is there, and importing the package costs next to nothing."""

from __future__ import annotations

import subprocess
import sys

import jihwi


def test_every_public_name_can_be_had_and_no_other() -> None:
    for name in jihwi.__all__:
        assert getattr(jihwi, name) is not None
    assert not hasattr(jihwi, "nothing_of_the_kind")


def test_importing_the_package_brings_none_of_the_heavy_parts() -> None:
    code = (
        "import sys, jihwi; print([m for m in ('lxml','numpy','mecab','rich','jinja2','fastapi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
