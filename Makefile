# Everything lives in .venv and .chalkline; 'rm -rf' of both is a fresh start.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE =

.PHONY: help run test setup bench lint demo-again

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: .venv/.ready  ## start everything: database, demo district, worker, app
	@$(BIN)/python manage.py run

setup: .venv/.ready  ## install what the app needs, into .venv

test: .venv/.ready-tests  ## run every check and test, a real browser included
	@bash tests/run.sh

bench: .venv/.ready-tests  ## measure; prints medians, spread and the machine
	@$(BIN)/python -m bench

lint: .venv/.ready-tests  ## format, lint, types and import contracts alone
	@bash tests/run.sh lint

.venv/.ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Chalkline needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing requirements into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	@touch $@

.venv/.ready-tests: tests/requirements.txt .venv/.ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r tests/requirements.txt
	@touch $@
