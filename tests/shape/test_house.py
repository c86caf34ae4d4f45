"""The rules of the house: sizes, names, layers, and what must not stand in the repository."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from crossdock.connect import catalogue
from crossdock.model import commerce, sensitivity

ROOT = Path(__file__).parents[2]


def tracked() -> list[Path]:
    """Every file of the repository; without git (an unpacked archive, a checkout of another owner) all that is seen."""
    asked = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
        names = [ROOT / name for name in done.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        made = r"\.git|\.venv|\.coverage[^/]*|\.[a-z_]+_cache|\.hypothesis|__pycache__|htmlcov|[^/]+\.egg-info"
        hidden = re.compile(f"(^|/)({made})(/|$)")
        names = [path for path in ROOT.rglob("*") if not hidden.search(str(path.relative_to(ROOT)))]
    return sorted(path for path in names if path.is_file())


TRACKED = tracked()
PYTHON = [path for path in TRACKED if path.suffix == ".py"]
PRODUCT = [path for path in PYTHON if path.is_relative_to(ROOT / "src")]
BIN = Path(sys.executable).parent


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_there_is_something_to_look_at() -> None:
    assert len(PRODUCT) > 100


@pytest.mark.parametrize("path", PYTHON, ids=shown)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    limit = 500 if path.is_relative_to(ROOT / "tests") else 400
    assert text.count("\n") <= limit, f"{shown(path)} has more than {limit} lines: it asks for another room"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            assert size <= 60, f"{shown(path)}:{node.lineno} {node.name} has {size} lines"


def test_no_file_has_a_name_that_says_nothing() -> None:
    refused = {"utils", "util", "helpers", "helper", "service", "services", "manager", "common", "misc"}
    assert [
        shown(path) for path in TRACKED if refused & {path.stem, *(p.name for p in path.relative_to(ROOT).parents)}
    ] == []


def test_every_test_file_belongs_to_a_suite_that_make_test_runs() -> None:
    named = ast.literal_eval(
        re.search(r"^SUITES = (\{.+?\})$", (ROOT / "tools/suites.py").read_text("utf-8"), re.MULTILINE)[1]  # type: ignore[index]
    )
    tests = [path.relative_to(ROOT / "tests") for path in PYTHON if path.name.startswith("test_")]
    assert {path.parts[0] for path in tests} == set(named)


def test_what_runs_on_a_change_is_ours() -> None:
    """``.ci/run`` is the only door; no host's own workflow files."""
    assert [shown(path) for path in TRACKED if ".github" in path.parts] == []
    for name in (".ci/run", "tools/setup.sh", "tools/locks.sh"):
        assert (ROOT / name).stat().st_mode & 0o111, f"{name} is not executable"
        assert "set -euo pipefail" in (ROOT / name).read_text(encoding="utf-8")


def test_imports_follow_the_contracts() -> None:
    done = run(str(BIN / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout[-4000:]


def test_style() -> None:
    assert (checked := run(str(BIN / "ruff"), "check", ".")).returncode == 0, checked.stdout[-4000:]
    assert (formatted := run(str(BIN / "ruff"), "format", "--check", ".")).returncode == 0, formatted.stdout[-2000:]


def test_types() -> None:
    assert (done := run(sys.executable, "-m", "mypy")).returncode == 0, done.stdout[-4000:]


SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b", re.DOTALL)


@pytest.mark.parametrize("path", PRODUCT, ids=shown)
def test_sql_lives_in_sql_files(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value):
            raise AssertionError(f"{shown(path)}:{node.lineno} holds SQL: put it into the .sql file of its stage")


@pytest.mark.parametrize("path", PRODUCT, ids=shown)
def test_the_product_is_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    marks = re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b|NotImplementedError|\bif testing\b|PYTEST_CURRENT_TEST", text)
    if "newcomer" not in path.parts:
        assert marks == [], f"{shown(path)} holds {marks}"


# put together from pieces so that this file does not hold them
FORBIDDEN = re.compile(
    "|".join(
        f"{first}{rest}"
        for first, rest in (
            ("/wor", "k/"),
            ("/far", r"m\b"),
            (r"\.libra", "ry/"),
            ("pypi", r"\.org"),
            ("npm", r"js\.(?:org|com)"),
            ("python", r"hosted\.org"),
            ("farm", "-studio"),
            ("farm", "-bench"),
            ("index", "-url http"),
        )
    )
)


def test_the_repository_speaks_of_the_product_alone() -> None:
    found = []
    for path in TRACKED:
        if path.suffix in {".png", ".zip", ".gz", ".woff2"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if FORBIDDEN.search(line):
                found.append(f"{shown(path)}:{number}")
    assert found == []


def vocabulary() -> list[type[msgspec.Struct]]:
    """Every struct that a module of ``model.commerce`` defines."""
    rooms = [importlib.import_module(f"{commerce.__name__}.{m.name}") for m in pkgutil.iter_modules(commerce.__path__)]
    return [
        one
        for room in rooms
        for one in vars(room).values()
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one.__module__ == room.__name__
    ]


def test_the_vocabulary_is_found() -> None:
    assert {"Order", "Customer", "Product"} <= {word.__name__ for word in vocabulary()}


@pytest.mark.parametrize("word", vocabulary(), ids=lambda word: word.__name__)
def test_every_field_of_the_vocabulary_states_its_sensitivity(word: type[msgspec.Struct]) -> None:
    assert sensitivity.of(word)


def test_the_locks_hold_every_dependency_with_its_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = project["project"]["dependencies"]
    dev = project["dependency-groups"]["dev"] + project["project"]["optional-dependencies"]["suite"]
    for lock, wanted in (("requirements.lock", runtime), ("requirements-dev.lock", runtime + dev)):
        text = (ROOT / lock).read_text(encoding="utf-8")
        pinned = set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
        for requirement in wanted:
            name = re.split(r"[\[<>=;! ]", requirement)[0].lower().replace("_", "-")
            assert name in pinned, f"{lock} lacks {name}: run make locks"
        blocks = re.split(r"\n(?=[a-z0-9])", text)
        assert all("--hash=sha256:" in block for block in blocks if "==" in block.splitlines()[0])
        assert "http" not in re.sub(r"^[a-z0-9._-]*http[a-z0-9._-]*==", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in catalogue.names() if catalogue.catalogue().built_in(name)])
def test_deleting_a_connector_breaks_nothing_else(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.rmtree(tmp_path / "src" / "crossdock" / "connectors" / name)
    script = (
        "import crossdock.wiring, crossdock.api, crossdock.web, crossdock.worker, crossdock.cli.server\n"
        "from crossdock.connect import catalogue\n"
        "assert crossdock.__file__.startswith(%r), crossdock.__file__\n"
        "print(sorted(catalogue.names()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script % str(tmp_path)],
        env={"PYTHONPATH": str(tmp_path / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert name not in done.stdout
    assert len(ast.literal_eval(done.stdout)) >= 2


def test_the_chain_of_migrations_is_whole() -> None:
    """Each revision follows the one before it by number: two that follow the same one would be two heads."""
    before = "None"
    for file in sorted((ROOT / "src/crossdock/store/migrations/versions").glob("v*.py")):
        facts = dict(
            re.findall(r"^(revision|down_revision)\b.*= (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        )
        assert facts["revision"] == f'"{file.stem[1:5]}"', f"{file.name}: revision is not its number"
        assert facts["down_revision"] == before, f"{file.name}: down_revision has to be {before}"
        before = facts["revision"]
