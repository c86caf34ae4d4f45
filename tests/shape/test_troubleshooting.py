"""The page for people in trouble names every finding there is."""

from __future__ import annotations

import re
from pathlib import Path

from crossdock.connectors.woocommerce.ailments import AILMENTS

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "troubleshooting-a-store.md"


def test_every_code_has_its_row_and_every_row_its_code() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|(.+)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(rows) == {*AILMENTS, "ping-pong"}
    for code, row in rows.items():
        cells = [cell.strip() for cell in row.split("|")]
        assert len(cells) == 3, code
        assert all(cells), f"{code} lacks a cause, a remedy or what the hub does"
