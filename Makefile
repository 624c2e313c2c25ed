# `make demo` and `make test` are all a newcomer needs; both make the environment first.
PYTHON ?= python3
BIN := .venv/bin
DEMO := demo

.PHONY: demo test quick lint types contracts clean

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: .venv/ready
	$(BIN)/shas-kb -d $(DEMO)/kb.sqlite ingest sample_corpus || [ $$? -eq 1 ]
	$(BIN)/shas-kb -d $(DEMO)/kb.sqlite tree
	$(BIN)/shas-kb -d $(DEMO)/kb.sqlite query "At how many level 0 files does LevelDB stop accepting writes?"
	$(BIN)/shas-kb -d $(DEMO)/kb.sqlite query "What is there about the sea?"
	$(BIN)/shas-kb -d $(DEMO)/kb.sqlite export obsidian $(DEMO)/vault
	$(BIN)/shas-kb -d $(DEMO)/kb.sqlite export html $(DEMO)/index.html

test: lint types contracts
	$(BIN)/pytest -n 2

quick: .venv/ready
	$(BIN)/pytest -n 2 -m "not slow"

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready
	$(BIN)/mypy -p shas_kb

contracts: .venv/ready
	$(BIN)/lint-imports

clean:
	rm -rf .venv $(DEMO) build *.egg-info
