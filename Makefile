# Crossdock. `make demo` and `make test` are all a newcomer needs; each sets up what it uses.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.PHONY: help setup demo test test-php lint docs bench crash mutate plugin plugin-pot plugin-mutate locks shots

help: ## Show what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv with the locked dependencies (demo and test call it)
	@tools/setup.sh

demo: setup ## Run the main job: a sandbox shop's orders reach a sandbox CRM under faults, and are proven
	@.venv/bin/crossdock demo

test: setup ## Run every test suite; one line a suite, coverage at the end
	@.venv/bin/python tools/suites.py

test-php: setup ## Run the WordPress plugin's unit tests on PHP 7.4, 8.0 ... 8.5 (by Node, no PHP is installed)
	@.venv/bin/python tools/plugin_php.py $(VERSIONS)

lint: setup ## Check style, types and the layers of imports
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports

docs: setup ## Write docs/reference from the code
	@.venv/bin/python tools/docs.py

bench: setup ## Run all benchmarks beside their peers and print a table
	@.venv/bin/python -m bench

crash: setup ## Strike at every step, kill and stop, and judge both ends (SEED= POINTS= MINUTES= ROUNDS= STORM=1)
	@.venv/bin/python -m tests.crash.campaign --seed $(or $(SEED),1) --points $(or $(POINTS),1000) \
		--minutes $(or $(MINUTES),40) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(STORM),--storm)

mutate: setup ## Change the code in a thousand places and count what the tests notice
	@[ -x .venv-mutate/bin/python ] || .venv/bin/uv venv -q .venv-mutate
	@.venv/bin/uv pip sync -q --python .venv-mutate/bin/python --require-hashes requirements-uv.lock requirements-mutate.lock
	@.venv/bin/uv pip install -q --python .venv-mutate/bin/python --no-deps --no-build-isolation --reinstall-package crossdock -e .
	@.venv-mutate/bin/python tools/mutate.py 80

plugin: setup ## Build the WordPress plugin's ZIP: the same bytes on every machine
	@.venv/bin/python tools/plugin_zip.py $(TARGET)

plugin-mutate: setup ## Break the plugin line by line; each property must notice its lines (ONLY=07)
	@.venv/bin/python tools/plugin_mutate.py $(ONLY)

plugin-pot: setup ## Write the plugin's translation template from its sources
	@.venv/bin/python tools/plugin_pot.py

shots: setup ## Write pictures of the dashboard's main pages to docs/shots (NAME=overview; needs chromium)
	@PYTHONPATH=. .venv/bin/python tools/shots.py $(NAME)

locks: setup ## Resolve the lock files anew
	@tools/locks.sh
