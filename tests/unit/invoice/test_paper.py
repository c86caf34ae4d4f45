"""The how-to names every rule as the code has it."""

from __future__ import annotations

from pathlib import Path

from crossdock.flow.invoice.checks import TERMS
from crossdock.flow.invoice.refusals import CONFLICTS, REFUSED
from crossdock.flow.invoice.rules import FIRED

PAPER = (Path(__file__).parents[3] / "docs/how-to/invoices.md").read_text(encoding="utf-8")


def test_every_rule_stands_in_the_how_to_in_its_own_words() -> None:
    rows = [line for line in PAPER.splitlines() if line.startswith("| `")]
    told = {f"| `{rule}` | {words} |" for rule, words in FIRED.items()}
    told |= {
        f"| `{rule}` | {wrong} | {remedy} |"
        for rule, (wrong, remedy) in [*REFUSED.items(), *CONFLICTS.items(), *TERMS.items()]
    }
    assert [row for row in rows if row not in told] == []
    assert [row for row in sorted(told) if row not in rows] == []
