# Works with GNU make 3.81 (macOS) and newer. `make` or `make help` says what there is.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

# The first Python >= 3.11 on PATH; another one: make PYTHON=/path/to/python3.13 …
export PYTHON
ENGINE := sh engine/python -m engine

.PHONY: help
help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | tr -s '$$' | \
	  awk -F'|' '{ printf "make %-6s %s\n", $$1, $$2 }'

.PHONY: setup
setup: ## make engine and Python ready (minutes once per user; PORTAL=1: to drive Zoom's portal too)
	@$(ENGINE) setup $(if $(PORTAL),--portal)

.PHONY: env
env: ## print what makes `pulumi` work in your shell: eval "$$(make -s env)"
	@$(ENGINE) env

.PHONY: demo
demo: ## see it all work against an Entra and a Zoom on this machine (KEEP=1: leave them running)
	@KEEP='$(KEEP)' $(ENGINE) run --browser -- python -m demo

.PHONY: test
test: lint ## lint, then all tests
	@$(ENGINE) run --dev -- python -m pytest -n 4 --dist worksteal

.PHONY: test-kill
test-kill: ## run the rest of the engine tests: every write killed, every kind of each (7 minutes)
	@$(ENGINE) run --dev -- python -m pytest -n 4 --dist worksteal -m full

.PHONY: lint
lint: ## check style, types, imports and workflows; asks no network
	@$(ENGINE) run --lint -- sh engine/lint

.PHONY: bench
bench: ## measure it, and a peer beside it
	@$(ENGINE) run --dev -- python -m bench

.PHONY: docs
docs: ## write what is generated: the schema, pages, the picture, what tests saw of each channel
	@$(ENGINE) run -- sh docs/generate
	@WRITE_CHANNELS=1 $(ENGINE) run --dev -- python -m pytest -n 0 -q -k "given_back or neither_set" \
	  tests/engine_zoom tests/portal_runs

.PHONY: pins
pins: ## compile requirements/*.in into the pinned and hashed *.txt
	@$(ENGINE) run --dev --no-engine -- sh requirements/compile

.PHONY: clean
clean: ## remove what tests and tools left in this clone (not the per-user cache: `make which`)
	@find . -path ./.git -prune -o -type d \( -name __pycache__ -o -name .mypy_cache \
	  -o -name .pytest_cache -o -name .ruff_cache -o -name .hypothesis \
	  -o -name .import_linter_cache \) -prune -exec rm -rf {} +
	@rm -rf .coverage .coverage.* htmlcov

.PHONY: which
which: ## say where the engine, the plugin, the cache and the data are
	@$(ENGINE) which
