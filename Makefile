# Every target works on a machine with git, make and Python 3.11 or newer; `make help` lists them.
# All paths are relative, so the checkout may stand anywhere, spaces in its name or not.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
PYTEST := $(BIN)/python -m pytest

# The Python that makes .venv; where empty, the newest at hand.
PYTHON ?=
# Words passed on to pytest: make test ARGS="-k bundle"
ARGS ?=
# Tests are divided by file, so that servers shared by a file's tests start once. There are more
# of them than CI has cores: half of their time they wait for a server.
WORKERS ?= 4
SPREAD := -n $(WORKERS) --dist loadfile

# Tests start hundreds of commands: let Python keep what it compiled.
unexport PYTHONDONTWRITEBYTECODE

RUNTIME := $(VENV)/.runtime-installed
DEV     := $(VENV)/.dev-installed

.PHONY: help
help: ## Say what can be made
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  %-12s %s\n' $$name "$$text"; done

.PHONY: demo
demo: $(RUNTIME) ## Run the whole life of a share on an embedded server
	@$(BIN)/jetshare demo

.PHONY: test
test: $(DEV) ## Run every test but the slow ones and the server matrix
	@$(BIN)/python tests/support/go_tools.py
	@$(PYTEST) $(SPREAD) -q -m "not slow and not matrix" $(ARGS)

.PHONY: test-slow
test-slow: $(DEV) ## Run the slow tests
	@$(PYTEST) $(SPREAD) -q -m slow $(ARGS)

.PHONY: test-matrix
test-matrix: $(DEV) ## Run the share's life against each supported nats-server
	@$(PYTEST) $(SPREAD) -q -m matrix $(ARGS)

.PHONY: check
check: $(DEV) ## Lint, check the format and the types
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { $(BIN)/ruff format --check; exit 1; }
	@$(BIN)/mypy

.PHONY: format
format: $(DEV) ## Put the code into its form
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

.PHONY: bench
bench: $(DEV) ## Run the benchmarks, one after the other
	@set -e; for bench in bench/*.py; do echo "== $$bench"; $(BIN)/python "$$bench"; done

# The folder that takes them.
DIST ?= dist

.PHONY: wheel
wheel: $(DEV) ## Build sdist and wheel into dist/
	@$(BIN)/python -m build --no-isolation --outdir "$(DIST)" > /dev/null

# Versions stay as they are where they still fit; `make lock ARGS=--upgrade` takes the newest.
UV   := uv==0.13.9
LOCK  = .cache/lock/bin/uv pip compile pyproject.toml --quiet $(ARGS) --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: lock
lock: ## Write the lock files anew from pyproject.toml
	@scripts/create-venv .cache/lock $(if $(PYTHON),"$(PYTHON)")
	@.cache/lock/bin/python -m pip --disable-pip-version-check --quiet install $(UV)
	@$(LOCK) --group dev --extra server --extra uvloop -o requirements-dev.lock
	@$(LOCK) --group build --extra server -c requirements-dev.lock -o requirements.lock
	@echo "Wrote requirements-dev.lock and requirements.lock"

.PHONY: clean
clean: ## Remove all that was made here
	@rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@scripts/create-venv $(VENV) $(if $(PYTHON),"$(PYTHON)")

# A stamp is newer than all that it stands for, so a second `make` installs nothing.
$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing jetshare and what it needs"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Installing what its tests and checks need"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
