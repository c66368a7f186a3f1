# One word for each chore; `make help` lists them. Plain POSIX, so any make will do.
.POSIX:

PYTHON ?=
ARGS ?=
BIN = .venv/bin
RUNTIME = .venv/installed-runtime
DEVELOPMENT = .venv/installed-development

help: ## list these
	@awk -F ' *##? *' '/^[a-z-]+:.*## / { sub(/:.*/, "", $$1); printf "  make %-14s %s\n", $$1, $$NF }' Makefile

run: $(RUNTIME) ## run the whole product on http://127.0.0.1:8000 (installs it first where it has to)
	@exec $(BIN)/python manage.py up $(ARGS)

test: $(DEVELOPMENT) ## run the tests; ARGS="tests/journey -x" chooses some
	@$(BIN)/python -m compileall -q accounts integrations project realtime tests # they start hundreds of processes
	@exec env PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

coverage: $(DEVELOPMENT) ## run the tests and say which lines they never reached
	@exec $(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered --cov-report=html $(ARGS)

check: $(DEVELOPMENT) ## format, lint, types, import contracts, templates, migrations, docs
	@exec sh .ci/check

format: $(DEVELOPMENT) ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

attacks: $(DEVELOPMENT) ## run the attack list of docs/security.md, one line each
	@exec $(BIN)/python -m tests.attacks

bench: $(DEVELOPMENT) ## measure; writes benchmarks/results/*.json and the tables of docs/performance.md
	@$(BIN)/python -m compileall -q accounts integrations project realtime tests benchmarks # else each start would compile
	@exec env PYTHONDONTWRITEBYTECODE= $(BIN)/python -m benchmarks $(ARGS)

bench-peers: $(DEVELOPMENT) ## install what `make bench ARGS=gateway` measures beside the gateway, where it can be had
	@exec $(BIN)/python -m benchmarks.gateway.peers

screenshots: $(DEVELOPMENT) ## take the pictures of docs/screenshots from the demo data
	@exec $(BIN)/python -m tests.screenshots

messages: $(DEVELOPMENT) ## collect the texts people see into locale/ and compile them
	@exec $(BIN)/python locale/update.py

docs: $(DEVELOPMENT) ## write the generated parts of the docs and .env.example
	@exec $(BIN)/python -m tests.docs

jenkins-sim: $(DEVELOPMENT) ## a simulated Jenkins with demo jobs on http://127.0.0.1:8080; ARGS="--port 9090" puts it elsewhere
	@exec $(BIN)/python -m tests.fakes.jenkins --demo $(ARGS)

services: ## install (Debian) and start the real servers some tests want
	@exec sh .ci/python -m tests.services start

services-stop: ## stop them
	@exec sh .ci/python -m tests.services stop

lock: $(DEVELOPMENT) ## write constraints.txt from what is installed
	@exec $(BIN)/python .ci/lock

clean: services-stop ## remove what can be made again; var/ (your data) stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage htmlcov

$(RUNTIME): requirements.txt constraints.txt
	@PYTHON="$(PYTHON)" sh .ci/install requirements.txt
	@touch $@

$(DEVELOPMENT): requirements-dev.txt requirements.txt constraints.txt
	@PYTHON="$(PYTHON)" sh .ci/install requirements-dev.txt
	@touch $(RUNTIME) $@

.PHONY: help run test coverage check format attacks bench bench-peers screenshots messages docs jenkins-sim services services-stop lock clean
