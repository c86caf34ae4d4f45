#!/usr/bin/env bash
# Make .venv with everything the project needs, pinned by hash. Run by make; quick when nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/.crossdock-setup
want=$(cat requirements-uv.lock requirements-dev.lock pyproject.toml tools/setup.sh | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && [ -x .venv/bin/crossdock ]; then exit 0; fi

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$1" >&2; [ -z "${2:-}" ] || printf 'setup: %s\n' "$2" >&2; exit 1; }

# Every Python that will do, the fastest first: one that was built without profile-guided optimisation, as version
# managers build them, takes half as long again for everything. They are timed in turns, by processor time, and the best
# of each counts: on a busy machine a single look would take the one that was disturbed least for the fastest.
find_pythons() {
    local name path took found turn IFS=$'\n'
    found=$(for name in python3.14 python3.13 python3.12 python3.11 python3 python /usr/local/bin/python3 /usr/bin/python3; do
        # what it is behind its links and shims, so that each is timed once a turn
        "$name" -c 'import os, sys; sys.version_info < (3, 11) or print(os.path.realpath(sys.executable))' 2>/dev/null || true
    done | awk '!seen[$0]++')
    for turn in 1 2 3 4 5 6 7 8; do
        [ "$turn" = 1 ] || sleep 0.2
        for path in $found; do
            took=$("$path" - 2>/dev/null <<'PROBE'
import time, timeit
work = "{str(i): [getattr(str(i), 'upper')() for _ in range(3)] for i in range(300)}"
print(int(1e9 * min(timeit.repeat(work, timer=time.process_time, number=10, repeat=5))))
PROBE
            ) || continue
            printf '%s %s\n' "$took" "$path"
        done
    done | sort -n | cut -d' ' -f2- | awk '!seen[$0]++'
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

make_venv() {
    while read -r python; do
        say "making .venv with $("$python" --version) ($python)"
        if "$python" -c 'import ensurepip' >/dev/null 2>&1 && "$python" -m venv --clear .venv </dev/null; then return; fi
    done <<<"$pythons"
    # Debian keeps ensurepip in a package of its own
    python=$(head -n 1 <<<"$pythons")
    version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
    if command -v apt-get >/dev/null 2>&1; then
        say "python3-venv is missing: trying to install it"
        if (as_root apt-get install -y -qq "python$version-venv" || { as_root apt-get update -qq && as_root apt-get install -y -qq "python$version-venv"; }) >/dev/null 2>&1 \
            && "$python" -m venv --clear .venv </dev/null; then return; fi
    fi
    if command -v uv >/dev/null 2>&1 && uv venv -q --clear --seed --python "$python" .venv; then return; fi
    fail "Python cannot make virtual environments here" "install the package python$version-venv, then run make again"
}

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
    pythons=$(find_pythons)
    [ -n "$pythons" ] || fail "no Python 3.11 or newer was found" "install one (for example: apt-get install python3 python3-venv), then run make again"
    make_venv
fi
if [ ! -x .venv/bin/uv ]; then
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip -q
    say "installing uv"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock
fi
say "installing the locked dependencies"
.venv/bin/uv pip sync -q --python .venv/bin/python --require-hashes requirements-uv.lock requirements-dev.lock
.venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation --reinstall-package crossdock -e .
printf '%s' "$want" > "$stamp"
say "done"
