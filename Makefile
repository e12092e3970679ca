# Every command of the project; `make` or `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Tests wait more than they compute. Each of the two has servers of its own; the tests of a file stay together.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300

.PHONY: help run test verify bench lint format frontend docs sdl lock doctor build browser setup clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 12

run: setup ## Set up what is missing, start the platform and run the first audit; Ctrl-C stops it
	@exec $(BIN)/wrenchai up --first-audit

test: setup browser ## Set up what is missing and run the tests (about 20 minutes on 2 cores)
	@echo "· running the tests"
	@$(BIN)/python -m pytest -m "not verify" -q $(SIDE_BY_SIDE)

verify: setup browser ## Run what takes longer: fault runs, conformance, real packages, the wheel
	@$(BIN)/python -m pytest -m verify -q $(SIDE_BY_SIDE)

bench: setup ## Run the benchmarks and print their table (ONLY="dispatch broadcast": only these; PROFILE=1: where CPU goes)
	@exec $(BIN)/python -m $(if $(PROFILE),benchmarks.profile,benchmarks $(ONLY))

lint: setup ## Check format, style, types, import contracts, SDL, reference pages and front end
	@echo "· ruff";            $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@echo "· mypy";            $(BIN)/mypy --no-error-summary
	@echo "· import-linter";   $(BIN)/lint-imports --no-cache | tail -n 3
	@echo "· SDL";             $(BIN)/python -m schema.print --check
	@echo "· reference pages"; $(BIN)/python -m scripts.reference --check
	@echo "· front end";       $(BIN)/python hatch_build.py check

format: setup ## Format the code
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

frontend: setup ## Build the web pages if they are stale
	@$(BIN)/python hatch_build.py

docs: setup ## Write the generated pages of docs/reference anew
	@$(BIN)/python -m scripts.reference

sdl: setup ## Write schema/schema.graphql anew
	@$(BIN)/python -m schema.print

lock: setup ## Write requirements.lock and constraints.txt anew (UPGRADE=1: with the newest versions)
	@$(PIP) install --quiet uv
	@$(BIN)/python scripts/lock.py $(if $(UPGRADE),--upgrade)

doctor: setup ## Look at this machine: what is installed, missing or misconfigured
	@$(BIN)/wrenchai doctor

build: setup ## Build the sdist and the wheel into dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build --directory dist

setup: ## Make the virtual environment, or bring it up to date
	@python=$$(scripts/find-python); exec $$python scripts/set_up.py

browser: ## Look for the Chromium that the browser tests need; as root, install it with apt-get
	@if command -v chromium >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "· installing Chromium for the browser tests"; \
	  $(APT) update && $(APT) install --yes --no-install-recommends chromium >/dev/null; \
	else \
	  echo "The browser tests need Chromium: run 'sudo apt-get install chromium', then again." >&2; exit 1; \
	fi

clean: ## Remove what was installed and built here; the data folder stays
	@rm -rf $(VENV) server/web frontend/node_modules frontend/.build dist
