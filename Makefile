# Everything a developer or CI types. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help run test check check-long bench format messages lock clean
SHELL := /bin/sh
BIN := .venv/bin
# One more than the two cores: much of a test is waiting for a browser or a server.
JOBS ?= 3

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: .venv/.run ## two national CIRTs on loopback that already exchange; Ctrl-C ends both
	@$(BIN)/cirt demo

test: .venv/.dev ## every test, on SQLite and a real PostgreSQL, pages in Chromium
	@sh deploy/chromium.sh
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal --durations 15 -m "not long"

check: .venv/.dev ## what CI does: format, lint, types, import contracts, tests, docs, byte budget
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

check-long: check ## CI plus the long sweeps
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal -m long

bench: .venv/.dev ## the benchmarks, one JSON line per figure; BENCH="taxii --million" and the like choose
	@$(BIN)/python -m tests.bench $(BENCH)

format: .venv/.dev ## let ruff format and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: .venv/.dev ## collect the sentences to translate into cirt/locale
	$(BIN)/pybabel -q extract -F babel.cfg -k mark -k ngettext:1,2 --no-wrap --sort-by-file --omit-header \
	  -o cirt/locale/messages.pot .
	for language in ar es fr ru zh; do \
	  [ -f cirt/locale/$$language/LC_MESSAGES/messages.po ] \
	  && $(BIN)/pybabel -q update -i cirt/locale/messages.pot -d cirt/locale -l $$language --no-wrap --no-fuzzy-matching --ignore-obsolete \
	  || $(BIN)/pybabel -q init -i cirt/locale/messages.pot -d cirt/locale -l $$language --no-wrap; \
	done
	sed -i -E '/^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By):/d' cirt/locale/*/LC_MESSAGES/messages.po
	rm cirt/locale/messages.pot

lock: ## choose versions anew (needs uv); both ways of installing use these files
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  pyproject.toml --group test --group check -o requirements-dev.lock

clean: ## remove the virtual environment and caches
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dist build

.venv/.run: requirements.lock pyproject.toml deploy/venv.sh
	@sh deploy/venv.sh requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml deploy/venv.sh
	@sh deploy/venv.sh requirements-dev.lock
	@touch $@ .venv/.run
