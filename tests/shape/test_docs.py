"""The papers tell the truth: reference pages are fresh, and every command of the README is run by a test."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_reference_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "tools/docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr[-2000:]}\nrun make docs"


def test_every_command_of_the_readme_is_run_by_a_test() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", readme, re.DOTALL)
    commands = {line.strip() for block in blocks for line in block.splitlines() if line.strip()}
    listed = tomllib.loads((ROOT / "tests" / "shape" / "readme_commands.toml").read_text(encoding="utf-8"))
    assert commands == set(listed), "readme_commands.toml names, for each command of the README, the test that runs it"
    for command, where in listed.items():
        path, _, name = where.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{command}: there is no test {where}"


def test_make_demo_and_make_test_are_the_commands_that_are_tested() -> None:
    for target, command in (("demo", ".venv/bin/crossdock demo"), ("test", "tools/suites.py")):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
        assert command in done.stdout
        assert "tools/setup.sh" in done.stdout
    help_text = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"setup", "demo", "test", "bench"} <= {line.split()[1] for line in help_text.splitlines()}
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_links_between_papers_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} points to {target}"
