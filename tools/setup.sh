#!/usr/bin/env bash
# Make .venv with everything the project needs, pinned by hash. Run by make; quick when nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/.crossdock-setup
want=$(cat requirements-uv.lock requirements-dev.lock pyproject.toml tools/setup.sh | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && [ -x .venv/bin/crossdock ]; then exit 0; fi

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$1" >&2; [ -z "${2:-}" ] || printf 'setup: %s\n' "$2" >&2; exit 1; }

find_python() {
    for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
        command -v "$name" >/dev/null 2>&1 || continue
        if "$name" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

make_venv() {
    if "$python" -c 'import ensurepip' >/dev/null 2>&1 && "$python" -m venv --clear .venv; then return; fi
    # Debian keeps ensurepip in a package of its own
    version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
    if command -v apt-get >/dev/null 2>&1; then
        say "python3-venv is missing: trying to install it"
        if (as_root apt-get install -y -qq "python$version-venv" || { as_root apt-get update -qq && as_root apt-get install -y -qq "python$version-venv"; }) >/dev/null 2>&1 \
            && "$python" -m venv --clear .venv; then return; fi
    fi
    if command -v uv >/dev/null 2>&1 && uv venv -q --clear --seed --python "$python" .venv; then return; fi
    fail "Python cannot make virtual environments here" "install the package python$version-venv, then run make again"
}

python=$(find_python)
[ -n "$python" ] || fail "no Python 3.11 or newer was found" "install one (for example: apt-get install python3 python3-venv), then run make again"
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "making .venv with $("$python" --version)"
    make_venv
fi
if [ ! -x .venv/bin/uv ]; then
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip -q >/dev/null 2>&1 || make_venv
    say "installing uv"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock
fi
say "installing the locked dependencies"
.venv/bin/uv pip sync -q --python .venv/bin/python --require-hashes requirements-uv.lock requirements-dev.lock
.venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation --reinstall-package crossdock -e .
printf '%s' "$want" > "$stamp"
say "done"
