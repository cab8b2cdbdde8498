# make demo and make test are complete on a fresh machine with Python >= 3.11 and make; everything goes into .venv
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .demo
BENCH := .bench

.DEFAULT_GOAL := help
.PHONY: help demo test serve lint fix pages bench fuzz check-python clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 demo / 需要 Python 3.11 以上"; exit 2; }

$(VENV)/.installed: pyproject.toml constraints.txt | check-python
	@$(PYTHON) -m venv $(VENV) || { echo "venv is missing: install python3-venv / 缺少 venv:请安装 python3-venv"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,postgres,spark]'
	@touch $@

$(VENV)/.benched: $(VENV)/.tested
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

demo: $(VENV)/.installed  ## import, match, push and pay on synthetic data
	$(BIN)/subsidy-match demo --home $(DEMO)

serve: $(VENV)/.installed  ## serve the API over the demo's data
	@test -d $(DEMO) || $(MAKE) demo
	SUBSIDY_HOME=$(DEMO) $(BIN)/subsidy-match serve

test: $(VENV)/.tested lint  ## everything that CI runs
	$(BIN)/subsidy-match policies validate policies
	$(BIN)/subsidy-match policies test policies --coverage --mutate
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.tested  ## style, types, directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.tested  ## mend what can be mended by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pages: $(VENV)/.tested  ## write the pages that are generated anew
	$(BIN)/python docs/generate.py

bench: $(VENV)/.benched  ## measure; match_engines.py takes long, and has --firms, --policies and --large
	$(BIN)/python benchmarks/match_population.py
	$(BIN)/python benchmarks/import_population.py
	$(BIN)/python benchmarks/name_candidates.py
	$(BIN)/python benchmarks/one_firm.py --data $(BENCH)
	$(BIN)/python benchmarks/claims_load.py
	$(BIN)/python benchmarks/match_engines.py --data $(BENCH)

fuzz: $(VENV)/.tested  ## compare both engines on ten million drawn pairs, with another seed each time
	DRAWN_PAIRS=10000000 DRAWN_SEED=$${DRAWN_SEED:-$$(date +%s)} $(BIN)/python -m pytest -q --timeout=0 tests/property/test_engines_agree.py

clean:  ## remove what the targets made
	rm -rf $(VENV) $(DEMO) $(BENCH) .pytest_cache .mypy_cache .ruff_cache .hypothesis
