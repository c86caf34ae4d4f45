"""Mutation testing of ``kit``, ``flow/map`` and what in ``flow/deliver`` decides without a database.

Usage: ``python tools/mutate.py [least score in %]``. Works on a copy; needs the packages of requirements-mutate.lock
(``make mutate`` installs them into .venv-mutate). Prints the score of each module: mutants that a test noticed (a test
failed, or never ended) of all; a mutant that no test reaches counts as not noticed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
DELIVER = ("breaker", "cause", "schedule", "timetable", "settle", "told", "job")
MUTATED = [
    "src/crossdock/kit/*.py",
    "src/crossdock/flow/map/*.py",
    *(f"src/crossdock/flow/deliver/{name}.py" for name in DELIVER),
]
TESTS = ["tests/unit/kit", "tests/unit/map", "tests/unit/deliver"]
SETTINGS = f"""
[tool.mutmut]
source_paths = ["src"]
only_mutate = {json.dumps(MUTATED)}
do_not_mutate = ["src/crossdock/flow/map/countries.py"]
also_copy = ["README.md", "tools"]
pytest_add_cli_args = ["-p", "no:randomly", "-p", "no:xdist", "-q", "-x"]
pytest_add_cli_args_test_selection = {json.dumps(TESTS)}
"""
NOTICED = {1, 3, 24, 36, 152, 255, -24}
"""Exit codes of mutmut's workers: a test failed, or it took too long."""


def scores(copy: Path) -> dict[str, Counter[str]]:
    """Read what became of each mutant: module -> noticed, missed, untried."""
    found: dict[str, Counter[str]] = {}
    for meta in sorted((copy / "mutants" / "src").rglob("*.meta")):
        module = str(meta.relative_to(copy / "mutants" / "src" / "crossdock")).removesuffix(".py.meta")
        for code in json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"].values():
            became = "untried" if code is None else "noticed" if code in NOTICED else "missed"
            found.setdefault(module, Counter())[became] += 1
    return found


def main() -> int:
    """Mutate, test, tell."""
    least = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
    with tempfile.TemporaryDirectory(prefix="crossdock-mutate-") as made:
        copy = Path(made) / "copy"
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in listed.splitlines():
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        with (copy / "pyproject.toml").open("a", encoding="utf-8") as settings:
            settings.write(SETTINGS)
        # its exit code tells of mutants that survived, too; whether it came to its end is seen by its results
        done = subprocess.run([sys.executable, "-m", "mutmut", "run"], cwd=copy, check=False, capture_output=True)
        found = scores(copy)
    if not found or any(counts["untried"] for counts in found.values()):
        print(done.stdout.decode()[-2000:], done.stderr.decode()[-2000:], "mutmut did not come to its end", sep="\n")
        return 2
    total: Counter[str] = Counter()
    for module, counts in found.items():
        total += counts
        print(f"{module:32} {100 * counts['noticed'] / counts.total():5.1f} %  of {counts.total()}")
    score = 100 * total["noticed"] / max(1, total.total())
    print(f"{'all':32} {score:5.1f} %  of {total.total()}")
    return 0 if score >= least else 1


if __name__ == "__main__":
    raise SystemExit(main())
