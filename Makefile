# Every habit is a target; `make` alone lists them. Needs Python 3.11 or newer and make: the rest comes as packages.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

PYTHON ?= python3
ENV ?= local
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
CODE := app.py cdk_app stacks lambdas layers migrations simulator ops tests
# Node comes from the wheel in the virtual environment, whatever the machine has; the CDK's own programs look it up here.
export PATH := $(CURDIR)/$(BIN):$(PATH)

# What a synthesis alone needs for `local`; `make up` passes the real addresses.
LOCAL_CONTEXT := -c database_url=postgresql://app@127.0.0.1/painelml -c owner_database_url=postgresql://master@127.0.0.1/painelml \
	-c cache_url=redis+cluster://127.0.0.1:6379 -c emulator_url=http://127.0.0.1:4566 -c simulator_url=http://127.0.0.1:8080
CDK = node_modules/.bin/cdk --no-notices
CONTEXT = -c env=$(ENV) $(if $(PROFILE),-c profile=$(PROFILE)) $(if $(filter local,$(ENV)),$(LOCAL_CONTEXT))

.PHONY: help setup up down status smoke test lint format types audit synth diff deploy layers lock openapi traceability \
	bench chaos isolation ci clean

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  \033[1mmake %-13s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMPS)/node ## install what everything below needs (instant when nothing has changed)

$(STAMPS)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "PainelML needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || echo not installed)."; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$$(sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements.txt)"
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: $(STAMPS)/python requirements-dev.txt pyproject.toml
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements-dev.txt
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

$(STAMPS)/node: $(STAMPS)/packages package-lock.json
	$(BIN)/npm ci --silent --no-audit --no-fund
	@touch $@

up: setup ## run it: start everything on this machine, deploy, load the demo shop
	@$(BIN)/painel up

down: setup ## stop what `make up` started
	@$(BIN)/painel down

status: setup ## every address, and the health of each part
	@$(BIN)/painel status

smoke: setup ## walk the main job as a new seller does
	@$(BIN)/painel smoke --env $(ENV)

test: setup ## test it: unit, infrastructure, integration, isolation, end to end, chaos
	PAINEL_WIRE_GUARD=1 $(BIN)/pytest --cov=layers/painelml --cov-report=term:skip-covered --cov-fail-under=90

lint: setup ## style, imports between rooms, and the templates of CloudFormation
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/lint-imports
	$(BIN)/squawk migrations/sql/*.sql

format: setup ## put the code into its one form
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

types: setup ## mypy --strict
	$(BIN)/mypy $(CODE)

audit: setup ## known vulnerabilities among the pinned packages
	$(BIN)/uvx pip-audit --requirement requirements.txt --requirement layers/vendor/requirements.txt --require-hashes --disable-pip
	$(BIN)/npm audit --omit=dev

synth: setup ## the templates of an environment, into cdk.out/$(ENV): make synth ENV=prod
	$(CDK) synth --quiet --output cdk.out/$(ENV) $(CONTEXT)

diff: setup ## what a deployment would change: make diff ENV=staging
	$(CDK) diff $(CONTEXT)

deploy: setup ## deploy an environment: make deploy ENV=dev (this machine: make up)
	@test "$(ENV)" != local || { echo "This machine is deployed by 'make up'. Name an environment: make deploy ENV=dev"; exit 1; }
	$(CDK) deploy --all $(CONTEXT)

layers: setup ## build the functions' layers, into build/layers
	$(BIN)/python -m cdk_app.layer_build build/layers

lock: setup ## pin all requirements with hashes, after editing a requirements.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes layers/vendor/requirements.in -o layers/vendor/requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes -c requirements.txt layers/migrations/requirements.in -o layers/migrations/requirements.txt

openapi: setup ## docs/api/openapi.json, from the handlers
	$(BIN)/painel openapi

traceability: setup ## docs/traceability.md, from the tests' markers
	$(BIN)/painel traceability

isolation: up ## prove that tenants are kept apart: attack, mutate, interleave; writes .painel/isolation.html
	PAINEL_WIRE_GUARD=1 $(BIN)/pytest -q tests/integration tests/isolation --ignore tests/integration/local \
		--ignore tests/isolation/test_attack.py
	$(BIN)/painel isolation report

bench: setup ## measure, print ratios, write .painel/bench.json
	$(BIN)/python -m tests.bench

chaos: setup ## storm and kill: 0 lost, 0 applied twice, 0 foreign; half an hour, writes .painel/chaos.json
	$(BIN)/python -m tests.chaos

ci: setup ## what a pull request must pass
	.ci/run

clean: down ## remove what was built and the local environment's data
	rm -rf build cdk.out .painel
