"""Invoices from the terminal: terms, drafts, numbers, credit notes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from crossdock.cli.opening import settings
from crossdock.flow.invoice import EXAMPLE
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer
from tests.support.deals import deal, line
from tests.support.hub import add_connection


async def drafts(count: int) -> None:
    async with open_hub(settings()) as hub:
        crm = await add_connection(hub, "hubspot", "crm")
        for number in range(count):
            of = deal(line(quantity="3", unit_price="10"), id=f"d{number}")
            await hub.invoicing.draft(crm.tenant_id, crm.id, of, actor="test")


def test_terms_are_shown_checked_and_set(terminal: Terminal, tmp_path: Path) -> None:
    none = terminal("invoices", "terms", "show")
    assert (none.exit_code, "there are no terms" in none.output) == (2, True)
    assert answer(terminal("invoices", "terms", "example", "--json")) == EXAMPLE
    written = terminal("invoices", "terms", "example").stdout
    file = tmp_path / "terms.yaml"
    file.write_text(written, encoding="utf-8")
    assert answer(terminal("invoices", "terms", "check", str(file), "--json")) == []
    assert answer(terminal("invoices", "terms", "set", str(file), "--version", "0", "--json")) == {"version": 1}
    shown = terminal("invoices", "terms", "show")
    again = terminal("invoices", "terms", "set", "-", "--json", given=shown.stdout)
    assert answer(again) == {"version": 1}, "what is shown is what may be set"
    file.write_text(written.replace("DE123456789", "DE1"), encoding="utf-8")
    wrong = terminal("invoices", "terms", "check", str(file), "--json")
    assert (wrong.exit_code, [one["rule"] for one in answer(wrong)]) == (1, ["vat-id"])
    refused = terminal("invoices", "terms", "set", str(file))
    assert (refused.exit_code, "VAT id" in refused.output) == (2, True)
    file.write_text("seller: [", encoding="utf-8")
    assert terminal("invoices", "terms", "check", str(file)).exit_code == 2


@pytest.fixture
def two(terminal: Terminal, tmp_path: Path) -> list[str]:
    """Two drafts; the newer first."""
    file = tmp_path / "terms.yaml"
    file.write_text(terminal("invoices", "terms", "example").stdout, encoding="utf-8")
    answer(terminal("invoices", "terms", "set", str(file), "--json"))
    asyncio.run(drafts(2))
    return [one["id"] for one in answer(terminal("invoices", "--json"))]


def test_a_draft_is_changed_issued_and_credited(terminal: Terminal, two: list[str]) -> None:
    newer, older = two
    changed = answer(terminal("invoices", "change", newer, "-", "--json", given="purchase_order: PO-7"))
    assert changed["invoice"]["purchase_order"] == "PO-7"
    number = answer(terminal("invoices", "issue", newer, "--json"))["number"]
    assert number.endswith("-00001")
    shown = answer(terminal("invoices", "show", number, "--body", "--json"))
    assert (shown["id"], shown["invoice"]["buyer"]["name"]) == (newer, "Buyer Ltd")
    assert answer(terminal("invoices", "show", number, "--json"))["invoice"]["buyer"]["name"] == "[redacted]"
    assert "tax.domestic-standard" in terminal("invoices", "show", number).output
    preview = terminal("invoices", "credit", number, "--reason", "one", "--line", "1=1", "--preview")
    assert "nothing was made: 11.90 EUR" in preview.output
    note = answer(terminal("invoices", "credit", number, "--reason", "one", "--line", "1=1", "--json"))
    assert (note["kind"], note["due"]) == ("credit_note", "11.90")
    rest = answer(terminal("invoices", "credit", number, "--reason", "rest", "--key", "k", "--json"))
    assert rest["due"] == "23.80"
    assert terminal("invoices", "credit", number, "--reason", "more").exit_code == 2
    assert answer(terminal("invoices", "--state", "credited", "--json"))[0]["number"] == number
    assert answer(terminal("invoices", "discard", older, "--json")) == {"id": older, "state": "discarded"}
    assert terminal("invoices", "discard", newer).exit_code == 2
    rows = answer(terminal("invoices", "series", "--json"))
    assert [(one["series"], one["last"], one["whole"]) for one in rows] == [("GS", 2, True), ("RE", 1, True)]
    assert "RE" in terminal("invoices", "series").output


def test_what_is_not_there_is_told(terminal: Terminal) -> None:
    assert "crossdock invoices terms example" in terminal("invoices").output
    for words in (("show", "RE-1"), ("show", "inv_1"), ("--state", "odd"), ("--kind", "odd"), ("--connection", "x")):
        assert terminal("invoices", *words).exit_code == 2, words
