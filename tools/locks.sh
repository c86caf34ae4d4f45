#!/usr/bin/env bash
# Resolve the lock files anew: hashes, every platform, no index addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 "$@" >/dev/null; }
compile pyproject.toml -o requirements.lock
compile --extra suite --extra invoices --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
compile --extra suite --extra invoices --group dev --group mutate -c requirements-dev.lock pyproject.toml -o requirements-mutate.lock
printf 'uv\n' | compile - -o requirements-uv.lock
