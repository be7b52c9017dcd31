# make demo  — a picture, from nothing but Python 3.11+ and make
# make studio — the studio in the browser, with the demo's model and the shelf
# make test  — all tests, on all cores; the examples in the docs are with make check
# make browser — the studio's tests in a real browser, which has to be installed
# make check — format, lint, types, layers, docs and their examples

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest --numprocesses logical --dist worksteal
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo studio test browser check format clean

demo: $(VENV)/.run
	$(BIN)/gremio demo --output out

studio: $(VENV)/.ui
	$(BIN)/gremio ui

test: $(VENV)/.test
	$(PYTEST) --durations 10 --ignore tests/docs/test_examples.py

browser: $(VENV)/.test
	$(PIP) --editable ".[test,browser]"
	$(BIN)/python -m pytest -q tests/studio

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -q tests/docs

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) out

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[run,hub]"
	@touch $@

$(VENV)/.ui: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[run,ui]"
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[test]"
	@touch $@ $(VENV)/.run

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[dev]"
	@touch $@ $(VENV)/.test $(VENV)/.run
