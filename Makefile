# `make demo` and `make test` are all a newcomer needs; both make the environment first.
PYTHON ?= python3
BIN := .venv/bin
DEMO := demo

# The environment where there is one, else a Python that has PyTorch and Triton of its own.
GPU_PYTHON ?= $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))

.PHONY: demo test quick lint types contracts gpu clean

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

# The tests of the kernels on a CUDA device, then their benchmark. GPU_FLAGS="--out FOLDER" writes elsewhere.
gpu:
	@PYTHONPATH=. $(GPU_PYTHON) benchmarks/attention_gpu.py $(GPU_FLAGS)

clean:
	rm -rf .venv $(DEMO) build *.egg-info
