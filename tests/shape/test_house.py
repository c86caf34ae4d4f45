"""The rules of the house: sizes, names, layers, and what must not stand in the repository."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from crossdock.model import sensitivity
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.order import Order, OrderLine, OrderRefund
from crossdock.model.commerce.product import Product

ROOT = Path(__file__).parents[2]
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]
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
    assert [shown(path) for path in PYTHON if path.stem in refused or path.parent.name in refused] == []


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


@pytest.mark.parametrize("word", [Order, OrderLine, OrderRefund, Customer, Product])
def test_every_field_of_the_vocabulary_states_its_sensitivity(word: type) -> None:
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


@pytest.mark.parametrize("name", ["woocommerce", "hubspot", "webhook"])
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
