"""The page for people in trouble names every finding there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from crossdock.connectors.woocommerce.ailments import AILMENTS
from crossdock.connectors.woocommerce.check import _BY_MESSAGE, _FAILED, _NOT_JSON

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "troubleshooting-a-store.md"
CONNECTING = ROOT / "docs" / "how-to" / "connect-a-store.md"
CHECK = ROOT / "src" / "crossdock" / "connectors" / "woocommerce" / "check.py"


def test_every_code_has_its_row_and_every_row_its_code() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|(.+)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(rows) == {*AILMENTS, "ping-pong"}
    for code, row in rows.items():
        cells = [cell.strip() for cell in row.split("|")]
        assert len(cells) == 3, code
        assert all(cells), f"{code} lacks a cause, a remedy or what the hub does"


def test_every_code_of_the_check_has_its_row_with_what_to_do() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|(.+)\|$", CONNECTING.read_text(encoding="utf-8"), re.MULTILINE))
    tree = ast.parse(CHECK.read_text(encoding="utf-8"))
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert set(rows) <= words
    stops = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_Stop"]
    said = {n.args[0].value for n in stops if isinstance(n.args[0], ast.Constant)}
    said |= {code for code, _ in _FAILED.values()} | {code for _, (code, *_) in _BY_MESSAGE} | {_NOT_JSON[0]}
    assert said == set(rows)
    assert all(len([cell for cell in row.split("|") if cell.strip()]) == 2 for row in rows.values())
