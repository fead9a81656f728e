# Assay: everything a developer or a new user runs. Each target does all of its own set-up; second runs reuse what is there.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
INDEX  ?= .assay
# Another place to take torch, and nothing else, from, for example a CPU build: make demo TORCH_INDEX=https://…
TORCH_INDEX ?=
# Flags of the benchmark, for example: make bench BENCH="--sizes 500 2000"
BENCH ?=
READER ?=
SUDO  := $(if $(filter 0,$(shell id -u)),,sudo)
TORCH := $(shell grep '^torch==' constraints.txt)
# Public data sets for measurements; tests that need them are skipped where there are none.
export ASSAY_DATA ?= $(wildcard $(CURDIR)/../shared/data)

.PHONY: demo test test-all test-browser lint format gate eval eval-reader eval-claims eval-conversations eval-intake eval-pages eval-serving train-reader measure bench clean

demo: $(VENV)/.installed
	@$(BIN)/python -m ui.demo --index $(INDEX)

test: lint $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-all: lint $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "slow or not slow"

# The pages in a real browser. Takes Debian's Chromium where there is none on the path.
test-browser: $(VENV)/.installed-browser
	$(BIN)/python -m pytest -m browser

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy index rag ui eval seeds

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The sample questions, measured and held against what was last accepted: fails when something got worse and it is not luck.
gate: $(VENV)/.installed
	rm -rf .eval/gate
	$(BIN)/assay eval run seeds --out .eval/gate --baseline tests/baselines/seeds.json \
	  --min nDCG@10=0.95 --min quote_exactness=1 --min right=0.7 --max false_conflicts=0.05 \
	  --max-drop nDCG@10=0.01 --max-drop right=0.01 --max-drop citation_precision=0.01 --max-drop refusal_F1=0.02

# Every set of the project's evaluation: docs/evaluation.md, and a report of each run in .eval.
eval: $(VENV)/.installed
	$(BIN)/python -m eval.suite

# What that reader changes, on questions that it has not seen: docs/reader.md; over an hour, interrupted and taken up again as you like.
# Those of --only alone: make eval-reader READER="--only trecqa"
eval-reader: $(VENV)/.installed-dev
	$(BIN)/python -m eval.suite.reader $(READER)

# How well sentences are held against the articles: docs/verifying.md. With another reader: make eval-claims CLAIMS="--reader FOLDER"
eval-claims: $(VENV)/.installed-dev
	$(BIN)/python -m eval.suite.claims $(CLAIMS)

# The main text, titles and dates of real web pages: docs/decisions/0014-formats.md. Ours alone: make eval-pages PAGES=--ours
eval-pages: $(VENV)/.installed-dev
	$(BIN)/python -m eval.experiments.pages "$(ASSAY_DATA)" $(PAGES)

# Many people at once, asked of a server: docs/serving.md.
eval-serving: $(VENV)/.installed-dev
	$(BIN)/python -m eval.suite.serving

# What taking articles in costs: one file in a hundred changed, and how time and memory grow; docs/intake.md.
eval-intake: $(VENV)/.installed-dev
	$(BIN)/python -m eval.suite.intake $(INTAKE)

# How follow-up questions are understood without a language model: docs/conversations.md.
eval-conversations: $(VENV)/.installed-dev
	$(BIN)/python -m eval.suite.conversations

# A reader of our own into rag/model, from the public sets in ASSAY_DATA: two and a half hours on two cores, interrupted and taken up again as you like.
train-reader: $(VENV)/.installed
	$(BIN)/python -m eval.training

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

$(VENV)/.installed-browser: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[browser]"
	command -v chromium >/dev/null || { $(SUDO) apt-get update --quiet && $(SUDO) apt-get install --yes --quiet chromium; }
	touch $@

clean:
	rm -rf $(VENV) $(INDEX) .bench .eval .training .mypy_cache .pytest_cache .ruff_cache .hypothesis
