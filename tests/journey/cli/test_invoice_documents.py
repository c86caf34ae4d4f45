"""Invoices as files from the terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from facturx import get_xml_from_pdf

from crossdock.cli.opening import settings
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer
from tests.support.deals import deal, line, terms
from tests.support.hub import add_connection


async def build() -> tuple[str, str]:
    """Return the number of an issued invoice and the id of a draft."""
    async with open_hub(settings()) as hub:
        crm = await add_connection(hub, "hubspot", "crm")
        await hub.invoicing.terms.put(crm.tenant_id, terms(), actor="test")
        made = await hub.invoicing.make(crm.tenant_id, crm.id, deal(line(), id="d1"), actor="test")
        draft = await hub.invoicing.draft(crm.tenant_id, crm.id, deal(line(), id="d2"), actor="test")
        return made.invoice.number, draft.invoice.id


def test_documents_are_written_and_refused(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number, draft = asyncio.run(build())
    monkeypatch.chdir(tmp_path)
    told = answer(terminal("invoices", "document", number, "--json"))
    assert (told["file"], told["format"], told["warnings"]) == (f"{number}.pdf", "pdf", [])
    assert (tmp_path / told["file"]).stat().st_size == told["bytes"]
    file = tmp_path / "hybrid.pdf"
    assert terminal("invoices", "document", number, "--format", "facturx", "--to", str(file)).exit_code == 0
    assert number.encode() in get_xml_from_pdf(file.read_bytes())[1]
    refused = terminal("invoices", "document", draft, "--format", "ubl-core")
    assert (refused.exit_code, "BR-02" in refused.output) == (2, True)
    assert terminal("invoices", "document", number, "--format", "docx").exit_code == 2
    assert terminal("invoices", "document", number, "--to", str(tmp_path / "none" / "x.pdf")).exit_code == 2


def test_a_check_says_which_rules_are_broken(terminal: Terminal) -> None:
    number, draft = asyncio.run(build())
    assert "Valid as facturx" in terminal("invoices", "check", draft, "--format", "facturx").output
    wrong = terminal("invoices", "check", number, "--json")
    assert wrong.exit_code == 1
    assert "PEPPOL-EN16931-R003" in {one["rule"] for one in answer(wrong)["problems"]}
    assert "PEPPOL-EN16931-R010" in terminal("invoices", "check", number).output
