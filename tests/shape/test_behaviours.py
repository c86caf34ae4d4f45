"""The tables of the vendors' behaviours are whole, and every test they name exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
ROWS = {"woocommerce": 39, "hubspot": 38}
MOST_LIMITS = 4

pytestmark = pytest.mark.parametrize("vendor", ROWS)


def table(vendor: str) -> dict[int, tuple[str, str, str]]:
    """The rows by number: the vendor, the hub, the tests."""
    found: dict[int, tuple[str, str, str]] = {}
    for line in (REFERENCE / f"{vendor}-behaviours.md").read_text(encoding="utf-8").splitlines():
        row = re.fullmatch(r"\| (\d+) \| (.+) \| (.+) \| (.+) \|", line)
        if row:
            assert int(row[1]) not in found, f"{row[1]} is there twice"
            found[int(row[1])] = row[2], row[3], row[4]
    return found


def named_in(path: Path) -> set[str]:
    """The names of a file's tests."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name for node in body if isinstance(node, kinds) and node.name.startswith("test_")}


def test_each_behaviour_has_its_row(vendor: str) -> None:
    assert list(table(vendor)) == list(range(1, ROWS[vendor] + 1))
    assert all(len(part) > 20 for theirs, ours, _ in table(vendor).values() for part in (theirs, ours))


def test_every_named_test_exists(vendor: str) -> None:
    missing = []
    for number, (_, hub, held) in table(vendor).items():
        if held == "limit":
            assert re.match(r"limit: .{20}", hub), f"{number}: say why"
            continue
        names = re.findall(r"`(tests/[a-z_/]+\.py)::(test_[a-z_0-9]+)`", held)
        assert re.sub(r"`[^`]+`| ", "", held) == "", f"{number}: write tests as `path::name`"
        assert names, f"{number} names no test"
        for path, name in names:
            if not (ROOT / path).is_file() or name not in named_in(ROOT / path):
                missing.append(f"{number}: {path}::{name}")
    assert missing == []


def test_few_rows_are_limits(vendor: str) -> None:
    assert len([1 for _, hub, held in table(vendor).values() if "limit" in (held, hub[:5])]) <= MOST_LIMITS
