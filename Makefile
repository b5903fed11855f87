# Everything here works in a fresh clone on a bare machine; the second run of a target is quick.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PORT ?= 8000
HOST ?= 127.0.0.1
DEMO := var/demo.sqlite
SETTINGS := LUANCHUYEN_FOLDER=$(CURDIR)/var LUANCHUYEN_DATABASE_URL=sqlite:///$(CURDIR)/$(DEMO) LUANCHUYEN_TEST_DATA=1
BIN := .venv/bin
TRANSLATIONS := $(patsubst %.po,%.mo,$(shell find engine web -name '*.po' -not -path '*/node_modules/*'))

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/run.stamp $(TRANSLATIONS) $(DEMO) ## Serve the demo: a fictional province with its accounts
	@grep -v '^Địa chỉ' var/demo.txt
	@printf '\n  Mở trong trình duyệt / open in a browser: http://%s:%s/   (Ctrl+C: dừng / stop)\n\n' '$(HOST)' '$(PORT)'
	@$(SETTINGS) $(BIN)/luanchuyen serve --host '$(HOST)' --port '$(PORT)'

.PHONY: test
test: .venv/test.stamp $(TRANSLATIONS) packages lint ## Check everything: ruff, mypy, all tests; sets up what they need
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

.PHONY: lint
lint: .venv/test.stamp ## Check the code without running it: ruff, mypy
	$(BIN)/ruff check .
	$(BIN)/mypy

.PHONY: proof
proof: .venv/test.stamp packages ## Kill processes, restart PostgreSQL and Redis under load: the sums must be exact
	$(BIN)/python -m tests.proof

.PHONY: bench
bench: .venv/test.stamp packages ## Measure against Viewflow, Operaton and SpiffWorkflow: docs/benchmark.md (BENCH=--quick)
	$(BIN)/python -m bench $(BENCH)

.PHONY: packages
packages: ## Install what tests need of the system (as root), or name the command
	@bash .ci/packages test

.PHONY: translations
translations: .venv/run.stamp $(TRANSLATIONS) ## Compile the translations

.PHONY: constraints
constraints: ## Pin every dependency anew, from a fresh environment: constraints.txt
	bash .ci/venv build/venv
	build/venv/bin/pip install -q --upgrade '.[test,scaled]'
	{ sed -n '/^#/p' constraints.txt; build/venv/bin/pip freeze --exclude luanchuyen; } > constraints.new
	mv constraints.new constraints.txt
	rm -rf build/venv

.PHONY: mining
mining: ## Install pm4py apart from all else, for the test that reads event logs back
	bash .ci/venv build/mining
	build/mining/bin/pip install -q "$$(sed -n 's/^PM4PY = "\(.*\)"/\1/p' tests/engine/test_eventlogs.py)"

.PHONY: notices
notices: .venv/test.stamp ## List third-party software with its licences: THIRD-PARTY.md
	$(BIN)/python .ci/notices.py

.PHONY: assets
assets: ## Build web/static/dist from web/frontend (needs npm)
	cd web/frontend && npm ci --ignore-scripts --no-audit --no-fund && node build.mjs

.PHONY: clean
clean: ## Remove what was made here, the demo's data included
	rm -rf .venv var build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis $(TRANSLATIONS)

.venv/bin/python:
	bash .ci/venv .venv

.venv/run.stamp: pyproject.toml constraints.txt | .venv/bin/python
	@echo Installing Python packages
	@PYTHONWARNINGS=ignore $(BIN)/pip install -q -e . -c constraints.txt
	@touch $@

.venv/test.stamp: .venv/run.stamp
	@echo Installing Python packages
	@PYTHONWARNINGS=ignore $(BIN)/pip install -q -e '.[test,scaled]' -c constraints.txt
	@touch $@

%.mo: %.po | .venv/run.stamp
	@$(BIN)/pybabel --quiet compile -i $< -o $@

# Half a demo would be served as if it were whole, so a failed one is removed.
$(DEMO): | .venv/run.stamp $(TRANSLATIONS)
	@mkdir -p var
	@$(SETTINGS) $(BIN)/luanchuyen demo > var/demo.txt || { rm -f $@*; exit 1; }
