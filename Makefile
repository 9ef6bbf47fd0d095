# Every command of this project. The two of a fresh machine: `make demo`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint bench faults webhook-load report-kills first-connection referees lock clean

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/listwire demo $(if $(CATALOG),--catalog '$(CATALOG)') $(if $(REPORT),--report '$(REPORT)') $(if $(SETTINGS),--settings '$(SETTINGS)') $(ARGS)

test: $(READY)
	$(BIN)/pytest $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(BIN)/python tests/project/sizes.py

bench: $(READY)
	$(BIN)/python tests/bench/run.py $(ARGS)

faults: $(READY)
	$(BIN)/python tests/pipeline/faults.py $(ARGS)

webhook-load: $(READY)
	$(BIN)/python tests/pipeline/webhook.py $(ARGS)

referees: $(READY)
	REFEREE_PHASES=examples,coverage,fuzzing REFEREE_EXAMPLES=100 $(BIN)/pytest tests/deploy/sandbox/test_schemathesis.py tests/deploy/sandbox/test_prism.py tests/deploy/sandbox/test_official.py $(ARGS)

report-kills: $(READY)
	$(BIN)/python tests/pipeline/report_kills.py $(ARGS)

first-connection: $(READY)
	$(BIN)/python tests/pipeline/first_connection.py $(ARGS)

lock: $(READY)
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header --all-extras --python-version 3.11 pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache dist build
