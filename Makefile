# Needs Python 3.11 or newer, make and a package index; everything else is installed into .venv.
PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PINNED := $(VENV)/.made pyproject.toml constraints.txt

.PHONY: help sandbox test soak check bench bench-quick clean

help:
	@echo "make sandbox   a simulated GoTo account and the bridge in front of it (ARGS=\"--port 9000\")"
	@echo "make test      every test that CI runs (ARGS=\"-k store\"); those of Java's SCIM libraries need"
	@echo "               java and mvn, else they are skipped; TESTS_REQUIRE_JAVA=1 makes them fail"
	@echo "make soak      the tests that take minutes"
	@echo "make check     format, lint, types and the direction of imports"
	@echo "make bench     the benchmark, whole: ten minutes (ARGS=\"reads --users 10000\" for a part)"
	@echo "make bench-quick   the same, small: to see that it runs"
	@echo "make clean     removes what these made"

sandbox: $(VENV)/.with-run
	$(BIN)/goto-scim-bridge sandbox $(ARGS)

test: $(VENV)/.with-test
	$(BIN)/python -m pytest -n logical --dist loadfile -m "not soak" $(ARGS)

soak: $(VENV)/.with-test
	$(BIN)/python -m pytest -m soak $(ARGS)

check: $(VENV)/.with-dev
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

bench: $(VENV)/.with-bench
	$(BIN)/python -m benchmarks $(or $(ARGS),--write)

bench-quick: $(VENV)/.with-bench
	$(BIN)/python -m benchmarks --quick $(ARGS)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# A stamp is written last, so that an interrupted installation is done again.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.with-run: $(PINNED)
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.with-test: $(PINNED)
	$(INSTALL) --editable '.[postgres,test,bench]'
	@touch $@

$(VENV)/.with-dev: $(PINNED)
	$(INSTALL) --editable '.[postgres,test,bench,dev]'
	@touch $@

$(VENV)/.with-bench: $(PINNED)
	$(INSTALL) --editable '.[bench]'
	@touch $@
