# Every command of the project; `make` or `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help run test verify bench lint format frontend sdl lock doctor clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 12

run: $(STAMP) ## Set up what is missing, start the platform, and run the first audit; Ctrl-C stops it
	@$(BIN)/wrenchai up --first-audit

test: $(STAMP) ## Set up what is missing and run the tests (at most 15 minutes on 2 cores)
	@echo "· running the tests"
	@$(BIN)/python -m pytest -m "not verify" -q

verify: $(STAMP) ## Run what is longer: fault runs, conformance, real packages
	@$(BIN)/python -m pytest -m verify -q

bench: $(STAMP) ## Run the benchmarks and print their table
	@$(BIN)/python -m benchmarks

lint: $(STAMP) ## Check format, style, types, import contracts, the SDL and the front end
	@echo "· ruff";          $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@echo "· mypy";          $(BIN)/mypy --no-error-summary
	@echo "· import-linter"; $(BIN)/lint-imports --no-cache | tail -n 3
	@echo "· SDL";           $(BIN)/python -m schema.print --check
	@echo "· front end";     $(BIN)/python hatch_build.py check

format: $(STAMP) ## Format the code
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

frontend: $(STAMP) ## Build the web pages if they are stale
	@$(BIN)/python hatch_build.py

sdl: $(STAMP) ## Write schema/schema.graphql anew
	@$(BIN)/python -m schema.print

lock: $(STAMP) ## Write requirements.lock anew from pyproject.toml
	@$(BIN)/python scripts/lock.py

doctor: $(STAMP) ## Look at this machine: what is installed, missing or misconfigured
	@$(BIN)/wrenchai doctor

clean: ## Remove what was installed and built here; the data folder stays
	@rm -rf $(VENV) server/web dist

$(STAMP): requirements.lock pyproject.toml hatch_build.py
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install python3.11, or say where it is with PYTHON=…"; exit 1; }
	@echo "· making the virtual environment"
	@$(PYTHON) -m venv $(VENV)
	@echo "· installing the pinned packages (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "· installing WrenchAI and building its web pages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
