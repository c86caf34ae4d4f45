"""Run the plugin's unit tests on every PHP it supports, without installing one: PHP as WebAssembly, by Node.

Usage: ``python tools/plugin_php.py [VERSION ...] [-- ARGUMENTS OF PHPUNIT]``; one line a version.

The npm package is pinned with its hashes in plugin/tests; PHPUnit is Debian's package. What is missing is named, and
the run ends with 0: a machine without Node is no reason to fail. Packages that cannot be installed are one in CI.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "plugin" / "tests"
VERSIONS = ("7.4", "8.0", "8.1", "8.2", "8.3", "8.4", "8.5")
_COUNT = re.compile(r"OK \((.+?)\)|(Tests: .+)")
SLOTH_S = 300


def missing() -> str:
    """Say what this machine lacks; empty when it has all."""
    for command in ("node", "npm"):
        if shutil.which(command) is None:
            return f"{command} is not installed"
    major = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.lstrip("v")
    if int(major.partition(".")[0] or 0) < 20:
        return f"node {major.strip()} is too old (20 or newer is needed)"
    if shutil.which("phpunit") is None and not Path("/usr/share/php/PHPUnit/Autoload.php").is_file():
        return "phpunit is not installed (apt-get install phpunit)"
    return install()


def install() -> str:
    """Install the pinned packages when they are not there yet; say why it could not be done."""
    stamp, lock = TESTS / "node_modules" / ".done", TESTS / "package-lock.json"
    with (TESTS / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
            return ""
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(["npm", "ci", *quiet], cwd=TESTS, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"npm ci failed: {done.stderr.strip()[-300:]}"
        stamp.write_bytes(lock.read_bytes())
    return ""


def php(version: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a version of PHP in the tests' folder."""
    return subprocess.run(
        ["node", str(TESTS / "node_modules/@php-wasm/cli/main.js"), *arguments],
        cwd=TESTS,
        env={**os.environ, "PHP": version},
        capture_output=True,
        text=True,
        check=False,
        timeout=SLOTH_S,
    )


def phpunit(version: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the unit tests on a version of PHP."""
    settings = ("-d", "include_path=.:/usr/share/php", "-d", "memory_limit=512M", "-d", "display_errors=0")
    runner = ("/usr/bin/phpunit", "--no-configuration", "--colors=never", "--bootstrap", "bootstrap.php")
    return php(version, *settings, *runner, *(arguments or ("unit",)))


def passed(done: subprocess.CompletedProcess[str]) -> bool:
    """Tell whether all tests passed: an old PHP as WebAssembly loses the status with which PHPUnit ends."""
    found = _COUNT.search(done.stdout)
    return done.returncode == 0 and found is not None and found[1] is not None


def main() -> int:
    """Run the versions that are named, or all."""
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    if lack := missing():
        print(f"php        absent  {lack}")
        return 1 if os.environ.get("CI") and lack.startswith("npm ci") else 0
    failed = False
    for version in words[:at] or VERSIONS:
        began = time.monotonic()
        done = phpunit(version, *words[at + 1 :])
        found = _COUNT.search(done.stdout)
        counts = (found[1] or found[2]) if found else "no test was run"
        well = passed(done)
        failed |= not well
        state = "ok" if well else "FAILED"
        print(f"php {version:6} {state:7} {counts}  ({time.monotonic() - began:.0f} s)", flush=True)
        if not well:
            print(done.stdout[-20_000:], done.stderr[-3_000:], sep="\n")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
