# Everything here works in .venv, which is made on first use and made anew for nothing
# but a change of pyproject.toml or constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: help demo test bench peers clean

help:
	@echo "make demo   try calsync on a sample calendar, in a folder of its own"
	@echo "make test   all checks: style, types, architecture, tests"
	@echo "make peers  install the foreign programs that some tests ask"
	@echo "make bench  measure calsync beside its peers"
	@echo "make clean  remove what the others made"

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit("calsync needs Python 3.11 or newer; try make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing calsync into $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing calsync and its test tools into $(VENV) ..."
	@$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.installed

demo: $(VENV)/.installed
	@$(BIN)/calsync demo

test: $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses auto --dist worksteal

peers:
	tests/peers/install

bench: $(VENV)/.installed-test
	$(BIN)/python bench/run.py

clean:
	rm -rf $(VENV) .peers dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find calsync tests bench -name __pycache__ -prune -exec rm -rf {} +
