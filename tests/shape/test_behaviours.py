"""The table of WooCommerce's behaviours is whole, and every test it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "woocommerce-behaviours.md"
MOST_LIMITS = 4


def table() -> dict[int, tuple[str, str, str]]:
    """The rows by number: the shop, the hub, the tests."""
    found: dict[int, tuple[str, str, str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
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


def test_each_of_the_thirty_nine_behaviours_has_its_row() -> None:
    assert list(table()) == list(range(1, 40))
    assert all(len(part) > 20 for shop, hub, _ in table().values() for part in (shop, hub))


def test_every_named_test_exists() -> None:
    missing = []
    for number, (_, hub, held) in table().items():
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


def test_few_rows_are_limits() -> None:
    assert len([1 for _, hub, held in table().values() if "limit" in (held, hub[:5])]) <= MOST_LIMITS
