"""The papers tell the truth: reference pages are fresh, and every command of the README is run by a test."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

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


def test_the_readme_shows_the_dashboard() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[([^\]]+)\]\((docs/shots/[^)]+)\)", readme)
    assert len(pictures) >= 6
    for words, path in pictures:
        content = (ROOT / path).read_bytes()
        assert content.startswith(b"\x89PNG"), path
        assert len(content) < 250_000, f"{path} is heavy"
        assert len(words) > 15, f"{path} says nothing to those who cannot see it"


def test_what_others_wrote_is_unchanged_and_named_with_its_licence() -> None:
    """The hash is that of ``dist/htmx.min.js`` in htmx's npm package."""
    static = ROOT / "src/crossdock/web/static"
    htmx = (static / "htmx.min.js").read_bytes()
    assert hashlib.sha256(htmx).hexdigest() == "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de"
    told = (static / "LICENSES.md").read_text(encoding="utf-8")
    for words in ("htmx.min.js", "2.0.10", "Zero-Clause BSD", "icons.svg", "ISC License", "Cole Bemis"):
        assert words in told
    assert "src/crossdock/web/static/LICENSES.md" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_wheel_carries_templates_and_files_of_the_pages() -> None:
    packed = {one.distribution_path for one in WheelBuilder(str(ROOT)).recurse_included_files()}
    web = ROOT / "src/crossdock/web"
    needed = [path for path in web.rglob("*") if path.suffix in {".html", ".css", ".js", ".svg", ".sql", ".md"}]
    assert len(needed) > 100
    assert [path for path in needed if f"crossdock/{path.relative_to(web.parent)}" not in packed] == []
