"""Run every test suite and print one line each; the whole output of a suite only when it fails.

Coverage of lines and branches is gathered over all suites and their child processes; under 90 % the run fails. A
suite's tests are spread over several processes (each with a database server of its own): most of them wait for a
clock or a peer, so there are more processes than cores.
Usage: ``python tools/suites.py [suite ...]`` (named suites run without the coverage gate).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SUITES = {"shape": 2, "unit": 2, "store": 3, "contract": 3, "journey": 4, "crash": 3, "plugin": 3, "browser": 2}
"""The suites in their order, and into how many processes each is split for every two cores."""
_PAIRS = max(1, (os.cpu_count() or 2) // 2)
COVERAGE = [sys.executable, "-m", "coverage"]
_SEED = re.compile(r"CROSSDOCK_SEED=\d+")
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|deselected)")


def run(suite: str) -> bool:
    """Run one suite; True when it passed."""
    began = time.monotonic()
    measured = [*COVERAGE, "run", "-m", "pytest"] if suite != "shape" else [sys.executable, "-m", "pytest"]
    spread = ["-n", str(SUITES[suite] * _PAIRS), "--dist", "worksteal"] if suite in SUITES else []
    done = subprocess.run(
        [*measured, f"tests/{suite}", "-q", "--no-header", "-p", "tests.support.skips", *spread],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    counts = ", ".join(f"{n} {what}" for n, what in _COUNT.findall(last)) or last
    if seed := _SEED.search(done.stdout):
        counts += f", {seed[0]}"
    passed = done.returncode == 0
    print(f"{suite:10} {'ok' if passed else 'FAILED':7} {counts}  ({time.monotonic() - began:.0f} s)", flush=True)
    if not passed:
        print(done.stdout[-20_000:], done.stderr[-5_000:], sep="\n", flush=True)
    return passed


def coverage() -> bool:
    """Combine what was measured and print the total; the report only when it is too little."""
    subprocess.run([*COVERAGE, "combine", "-q"], cwd=ROOT, check=False, capture_output=True)
    done = subprocess.run([*COVERAGE, "report"], cwd=ROOT, capture_output=True, text=True, check=False)
    total = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "nothing was measured"
    if done.returncode == 0:
        shown = next((line for line in done.stdout.splitlines() if line.startswith("TOTAL")), total)
        print(f"{'coverage':10} ok      {shown.split()[-1]} of lines and branches", flush=True)
        return True
    print(done.stdout, done.stderr, sep="\n")
    print(f"{'coverage':10} FAILED  {total}", flush=True)
    return False


def main() -> int:
    """Run the named suites, or all of them with the coverage gate."""
    os.chdir(ROOT)
    named = sys.argv[1:]
    for left in ROOT.glob(".coverage*"):
        left.unlink()
    results = [run(suite) for suite in named or SUITES]
    if not named:
        results.append(coverage())
    return 0 if all(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
