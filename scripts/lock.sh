#!/usr/bin/env bash
# Writes requirements/*.txt anew from pyproject.toml: every package by hash, for Python 3.11 and 3.12 on Linux, no host named.
# Pins that still fit are kept; "lock.sh --upgrade" takes the newest of everything.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python -c 'import uv' 2>/dev/null || .venv/bin/python -m pip install -qq --disable-pip-version-check uv
compile() {
    .venv/bin/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-header --no-annotate --group build "$@" pyproject.toml
}
# What the tests run (without Kiwi, whose model has no wheel: `.ci/run` adds it) is the widest set; the others take their versions from it.
compile --group dev --extra models --extra postgres --extra embedding --extra mcp "$@" -o requirements/test.txt
compile -c requirements/test.txt "$@" -o requirements/run.txt
compile -c requirements/test.txt --extra models "$@" -o requirements/models.txt
compile -c requirements/test.txt --extra kiwi "$@" -o requirements/kiwi.txt
grep -c == requirements/*.txt
