"""Invoices as documents over the API: every format, what is refused and by which rule, and whose they are."""

from __future__ import annotations

import io
import os
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest
from facturx import get_xml_from_pdf
from pypdf import PdfReader

from crossdock.documents.words import Format
from crossdock.errors import Trouble
from crossdock.flow.invoice import Asked, InvoiceRefused, Kept
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.commerce.invoice import Invoice
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Street, is_problem
from tests.support.deals import deal, line, terms
from tests.support.hub import add_connection


async def make(hub: Hub, *, issue: bool = True, **asked: Any) -> Kept:
    tenant = await hub.tenants.find()
    await hub.invoicing.terms.put(tenant, terms(), actor="test")
    crm = await add_connection(hub, "hubspot", str(uuid.uuid4()))
    made = deal(line("Tea", quantity="3", unit_price="12.50"), line("Cups"))
    return await hub.invoicing.make(tenant, crm.id, made, Asked(**asked), actor="test", issue=issue)


async def reader(hub: Hub, tenant: uuid.UUID | None = None, scope: str = "admin") -> str:
    return (await hub.keys.add(tenant or await hub.tenants.find(), str(uuid.uuid4()), (scope,)))[1]


def path(kept: Kept, query: str = "") -> str:
    return f"/api/v1/invoices/{show(Prefix.INVOICE, kept.id)}/document{query}"


async def test_every_format_of_an_issued_invoice(hub: Hub, doors: Street) -> None:
    kept, key = await make(hub), await reader(hub)
    number = kept.invoice.number
    page = await doors.get(path(kept), key)
    assert page.status == 200
    assert page.headers["content-type"] == "application/pdf"
    assert page.headers["content-disposition"] == f'attachment; filename="{number}.pdf"'
    assert number in PdfReader(io.BytesIO(page.body)).pages[0].extract_text()
    hybrid = await doors.get(path(kept, "?format=facturx"), key)
    cross = await doors.get(path(kept, "?format=cii"), key)
    assert get_xml_from_pdf(hybrid.body)[1] == cross.body
    assert cross.headers["content-type"].startswith("application/xml")
    assert (await doors.get(path(kept, "?format=facturx"), key)).body == hybrid.body
    core = await doors.get(path(kept, "?format=ubl-core"), key)
    assert f"<cbc:ID>{number}</cbc:ID>".encode() in core.body
    plain = await doors.get(path(kept, "?format=json"), key)
    assert plain.body == await hub.invoicing.document(kept.tenant_id, kept.id), "the very bytes that were issued"
    assert msgspec.json.decode(plain.body, type=Invoice).number == number


async def test_a_draft_has_a_page_and_no_more(hub: Hub, doors: Street) -> None:
    kept, key = await make(hub, issue=False), await reader(hub)
    assert "ENTWURF" in PdfReader(io.BytesIO((await doors.get(path(kept), key)).body)).pages[0].extract_text()
    refused = is_problem(await doors.get(path(kept, "?format=ubl"), key), 422, "invoice-not-valid", "format")
    assert "BR-02" in refused["detail"]
    assert {"BR-02", "BR-03"} <= {rule["rule"] for rule in refused["rules"]}
    checked = (await doors.get(path(kept, "/problems?format=facturx"), key)).json
    assert (checked["valid"], checked["supposed"], checked["problems"]) == (True, True, [])


async def test_what_peppol_wants_is_told_before_it_is_issued(hub: Hub, doors: Street) -> None:
    kept, key = await make(hub, issue=False), await reader(hub, scope="read")
    checked = (await doors.get(path(kept, "/problems"), key)).json
    assert checked["format"] == "ubl"
    assert checked["valid"] is not any(one["weight"] == "fatal" for one in checked["problems"])
    assert "peppol.partly" in {one["rule"] for one in checked["problems"]}


async def test_no_number_is_given_to_what_would_be_no_valid_document(hub: Hub, doors: Street) -> None:
    """Issued is for ever, so the terms may ask for validity first; a refusal leaves no gap."""
    kept = await make(hub, issue=False)
    tenant = kept.tenant_id
    strict = terms(valid_as=["facturx", "ubl"])
    await hub.invoicing.terms.put(tenant, strict, actor="test")
    changed = await hub.invoicing.change(tenant, kept.id, {}, actor="test")
    with pytest.raises(InvoiceRefused) as refused:
        await hub.invoicing.issue(tenant, kept.id, actor="test")
    rules = {problem.rule for problem in refused.value.problems}
    assert {"PEPPOL-EN16931-R003", "PEPPOL-EN16931-R010"} <= rules
    assert (await hub.invoicing.one(tenant, kept.id)).revision == changed.revision
    assert [one.last for one in await hub.invoicing.terms.series(tenant)] == []
    await hub.invoicing.terms.put(tenant, terms(valid_as=["facturx"]), actor="test")
    await hub.invoicing.change(tenant, kept.id, {}, actor="test")
    assert (await hub.invoicing.issue(tenant, kept.id, actor="test")).invoice.number.endswith("-00001")


async def test_strangers_and_mistakes(hub: Hub, doors: Street) -> None:
    kept, key = await make(hub), await reader(hub)
    other = await reader(hub, await hub.tenants.add("other"))
    is_problem(await doors.get(path(kept), other), 404, "not-found", "invoice_id")
    is_problem(await doors.get(path(kept, "/problems"), other), 404, "not-found", "invoice_id")
    clerk = await reader(hub, scope="read")
    is_problem(await doors.get(path(kept), clerk), 403, "forbidden")
    is_problem(await doors.get(path(kept)), 401, "unauthenticated", "Authorization")
    is_problem(await doors.get(path(kept, "?format=docx"), key), 400, "bad-input", "format")
    nobody = f"/api/v1/invoices/{show(Prefix.INVOICE, new_id())}/document"
    is_problem(await doors.get(nobody, key), 404, "not-found", "invoice_id")
    is_problem(await doors.get("/api/v1/invoices/inv_x/document", key), 400, "bad-input", "invoice_id")


async def test_the_child_ends_with_the_hub(settings: Settings) -> None:
    async with open_hub(settings) as hub:
        assert hub.papers.child is None, "nothing runs before a document is asked for"
        await hub.papers.check(b"<a/>")
        child = hub.papers.child
        assert child is not None
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.parametrize("written", [None, b"no XML", b"<schema/>"])
async def test_rules_that_cannot_be_read_are_named(settings: Settings, tmp_path: Path, written: bytes | None) -> None:
    file = tmp_path / "rules.sch"
    if written is not None:
        file.write_bytes(written)
    async with open_hub(settings.model_copy(update={"peppol_rules": file})) as hub:
        kept = await make(hub)
        with pytest.raises(Trouble, match="peppol_rules"):
            await hub.papers.make(kept.invoice, Format.UBL)
        assert (await hub.papers.make(kept.invoice, Format.UBL_CORE)).problems == ()


async def test_the_rules_that_the_setting_names_are_used(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "rules.sch"
    file.write_text(
        '<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">'
        '<ns prefix="cbc" uri="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"/>'
        '<let name="wanted" value="/*/cbc:ID"/>'
        '<pattern><rule context="cbc:ID[. = $wanted]"><assert id="HOUSE-1" test="false()" flag="fatal">Never.</assert>'
        '</rule><rule context="cbc:ID"><report id="HOUSE-2" test="true()">Second.</report></rule></pattern></schema>'
    )
    async with open_hub(settings.model_copy(update={"peppol_rules": file})) as hub:
        found = {one.rule: one for one in (await hub.papers.make((await make(hub)).invoice, Format.UBL)).problems}
    assert found["HOUSE-1"].place.endswith("ID[1]")
    assert found["HOUSE-1"].words == "Never."
    assert "HOUSE-2" in found
    assert "peppol.partly" not in found
