# Thin wrappers: with a virtual environment active, the commands in the README do the same.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: study paper demo test lint accept bench bench-check bench-metrics setup

setup: .venv/ready

study: .venv/ready
	$(BIN)/python -m stages.mend
	PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro evaluate_real
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m stages.study
	PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro

# make paper PAPER=mi2018, or some of its systems: SYSTEMS="gan wgan"
images_of_parakatta2023 := data@fashion_mnist
judge_of_mi2018 := experiment@mi2018_two_layer_classifier
paper: .venv/ready
	$(if $(PAPER),,$(error which one? make paper PAPER=mi2018))
	$(BIN)/python -m stages.mend papers
	cd papers && PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro data@mnist $(images_of_$(PAPER))
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m stages.study $(PAPER) $(SYSTEMS)
ifneq ($(strip $(SYSTEMS)),)
	cd papers && PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro $(judge_of_$(PAPER)) $(SYSTEMS:%=evaluate@$(PAPER)_%)
	$(BIN)/python -m stages.paper_report $(PAPER) $(SYSTEMS) $(patsubst experiment@$(PAPER)_%,%,$(judge_of_$(PAPER)))
else
	cd papers && PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro report@$(PAPER)
endif
	$(BIN)/python -m stages.results_page

demo: .venv/ready
	$(BIN)/python -m stages.demo

test: .venv/ready
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

accept: .venv/ready
	$(BIN)/python -m stages.accept

bench: .venv/ready
	$(BIN)/python -m benchmarks.bench

bench-check: .venv/ready
	$(BIN)/python -m benchmarks.bench --check

bench-metrics: .venv/ready
	$(BIN)/python -m benchmarks.metrics

# not compiled: of the packages' 16,000 modules most are never imported, the others are compiled then;
# where the user forbids that, each process would take seconds to begin
NO_COMPILE := $(if $(PYTHONDONTWRITEBYTECODE),,--no-compile)
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(NO_COMPILE) -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m stages.plots_page
	touch $@
