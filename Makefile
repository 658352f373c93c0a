# What can be done with this project, each by one command; `make` alone lists it. Works in a folder with spaces.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
DEMO_REQUEST ?= 민원실 환경개선 공사의 공사기간은 언제까지인가?

.PHONY: help environment environment-test demo test test-compiled lint fuzz chaos lock licences wheel wheel-compiled wheel-elsewhere examples clean

help: ## this list
	@grep -hE '^[a-z%-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-18s %s\n", $$1, $$2}'

environment: ## make .venv and install Jihwi from the lock
	@scripts/environment.sh run

environment-test: ## the same, with what the tests need
	@scripts/environment.sh test

demo: environment ## ask the example office a question; the report is printed and kept in build/demo
	@mkdir -p build/demo
	@JIHWI_HOME="$$PWD/build/demo/state" .venv/bin/jihwi run "$(DEMO_REQUEST)" --files examples/office --out build/demo/report

test: environment-test ## everything that is checked: linter, types, import walls, tests
	@$(MAKE) --no-print-directory lint
	@$(PY) -m pytest -n 2

test-compiled: environment-test ## the engine's tests on the compiled modules, runners killed at random among them
	@place="$$($(PY) scripts/compiled_form.py)"; PYTHONPATH="$$place" $(PY) -m pytest -n 2 tests/case tests/chaos tests/minds \
	    tests/orchestrator tests/skills tests/store

lint: ## linter, format, strict types, import walls
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports

fuzz: environment-test ## mutated and truncated files of every format, the long form
	$(PY) -m pytest -m slow -o faulthandler_timeout=0 tests/readers

chaos: environment-test ## runners killed at random while cases run, the long form
	@mkdir -p build
	$(PY) -m jihwi.testing.chaos --runs 1000 --postgres 300
	$(PY) -m jihwi.testing.anything --runs 200 --on-disk 50

bench-%: environment-test ## one of the measurements in benchmarks/ (bench-readers, bench-library ...)
	$(PY) -m benchmarks.$*

lock: environment ## write requirements/*.txt anew from pyproject.toml (UPGRADE=1: the newest of everything)
	@scripts/lock.sh $(if $(UPGRADE),--upgrade)

licences: environment ## licence and size of every package in the core
	@$(PY) scripts/licences.py requirements/run.txt

wheel: environment-test ## build the wheel into dist/
	@mkdir -p build dist
	@$(PY) -m build --wheel --no-isolation --outdir dist . >build/wheel.log || { cat build/wheel.log; exit 1; }
	@ls -1 dist/*-py3-*.whl

wheel-compiled: environment-test ## build the wheel whose engine is compiled, for this Python and machine; needs a C compiler
	@mkdir -p build dist
	@JIHWI_COMPILED=1 $(PY) -m build --wheel --no-isolation --outdir dist . >build/wheel.log || { cat build/wheel.log; exit 1; }
	@ls -1 dist/*-cp3*.whl

wheel-elsewhere: environment-test ## build the wheel, install it in an empty environment elsewhere, run it there
	@scripts/wheel_elsewhere.sh

examples: environment-test ## make the example office's files anew from their texts
	@$(PY) examples/make_examples.py

clean: ## remove what was made, but not .venv
	rm -rf build dist .mypy_cache .ruff_cache .import_linter_cache
