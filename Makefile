# Assay: everything a developer or a new user runs. Each target does all of its own set-up; second runs reuse what is there.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
INDEX  ?= .assay
# Another place to take torch, and nothing else, from, for example a CPU build: make demo TORCH_INDEX=https://…
TORCH_INDEX ?=
# Flags of the benchmark, for example: make bench BENCH="--sizes 500 2000"
BENCH ?=
TORCH := $(shell grep '^torch==' constraints.txt)
# Public data sets for measurements; tests that need them are skipped where there are none.
export ASSAY_DATA ?= $(wildcard $(CURDIR)/../shared/data)

.PHONY: demo test test-all lint format measure bench clean

demo: $(VENV)/.installed
	@$(BIN)/python -m ui.demo --index $(INDEX)

test: lint $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-all: lint $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "slow or not slow"

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy index rag ui eval seeds

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Every figure of docs/measurements.md, from the public data in ASSAY_DATA.
measure: $(VENV)/.installed-dev
	$(BIN)/python -m eval.experiments --data "$(ASSAY_DATA)"

# We and the stock LangChain pipeline, side by side: docs/benchmarks.md. The long one: make bench BENCH=--growth
bench: $(VENV)/.installed-bench
	$(BIN)/python -m eval.bench $(BENCH)

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(if $(TORCH_INDEX),$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --index-url $(TORCH_INDEX) $(TORCH))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[bench]"
	touch $@

clean:
	rm -rf $(VENV) $(INDEX) .bench .mypy_cache .pytest_cache .ruff_cache .hypothesis
