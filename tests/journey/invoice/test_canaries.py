"""What is personal goes through an invoice's whole life and is found nowhere in the clear."""

from __future__ import annotations

import asyncio
import copy
import io
from decimal import Decimal
from typing import Any

import msgspec
import structlog
from prometheus_client import generate_latest

from crossdock import metrics
from crossdock.flow.invoice import EXAMPLE
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.address import Address
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.test_canaries import dumped, logged
from tests.journey.invoice.conftest import Caller
from tests.support.deals import COMPANY, PERSON, deal, line

BUYER = Address(
    first_name="Quillonia",
    last_name="Vexmarrow",
    company="Wuzzlepot Ltd",
    line_1="77 Fennimangle Row",
    line_2="Flat Zwickelhaus",
    city="Brambleqauth",
    postcode="QX77ZW",
    country="DE",
    email="quillonia@canaryhatch.example",
    phone="+1 555 867 5309 77",
)
SELLER = {"contact": "Osbert Gnarlstone", "phone": "+49 30 7755331", "iban": "DE02120300000000202051"}


__all__ = ["logged"]


def canaries() -> list[str]:
    """Return all that must not be seen."""
    told = [getattr(BUYER, name) for name in BUYER.__struct_fields__ if name not in ("country", "state")]
    return [*told, *SELLER.values(), "the gnarlstone gargoyle"]


def canary_deal(**more: Any) -> Any:
    company = msgspec.structs.replace(COMPANY, address=BUYER)
    person = msgspec.structs.replace(PERSON, address=BUYER)
    lines = (line(description="left at the gnarlstone gargoyle"),)
    return deal(**{"lines": lines, "companies": (company,), "contacts": (person,), **more})


def holds_none(name: str, text: str | bytes) -> None:
    """Assert that no canary stands in a text."""
    told = text if isinstance(text, bytes) else text.encode()
    assert [one for one in canaries() if one.encode() in told] == [], name


async def test_no_canary_is_found_in_the_clear(
    logged: io.StringIO, hub: Hub, crm: Connection, admin: Caller, clerk: Caller, database_url: str
) -> None:
    told = copy.deepcopy(EXAMPLE)
    told["seller"] |= {"contact": SELLER["contact"], "phone": SELLER["phone"]}
    told["payment"]["iban"] = SELLER["iban"]
    told["no_lines"] = "one_line"
    assert (await admin("PUT", "/invoice-terms", {"terms": told})).status == 200
    wrong = copy.deepcopy(told)
    wrong["seller"]["vat_id"] = SELLER["contact"]
    refused = await admin("PUT", "/invoice-terms", {"terms": wrong})
    assert refused.status == 400
    holds_none("a refusal of terms", refused.body)
    made = await hub.invoicing.make(crm.tenant_id, crm.id, canary_deal(), actor="test")
    draft = await hub.invoicing.draft(crm.tenant_id, crm.id, canary_deal(id="d2"), actor="test")
    none = {"lines": (), "amount": Decimal(5), "name": f"Tea for {BUYER.email}"}
    whole = await hub.invoicing.draft(crm.tenant_id, crm.id, canary_deal(id="d3", **none), actor="test")
    name, other = (show(Prefix.INVOICE, one.id) for one in (made, draft))
    answers = [
        await clerk("GET", f"/invoices/{name}"),
        await clerk("GET", "/invoices"),
        await clerk("PATCH", f"/invoices/{other}", {"asked": {"buyer": {"country": BUYER.email}}}),
        await clerk("PATCH", f"/invoices/{other}", {"asked": {BUYER.email: "x"}}),
        await clerk("PATCH", f"/invoices/{other}", {"asked": {"buyer": {"name": BUYER.company}}}),
        await clerk("POST", f"/invoices/{name}/credit", {"reason": "x", "amount": BUYER.phone}),
        await clerk("POST", f"/invoices/{name}/credit?preview=true", {"reason": "x"}),
        await clerk("POST", f"/invoices/{name}/credit", {"reason": BUYER.email}),
        await clerk("GET", f"/invoices/{show(Prefix.INVOICE, whole.id)}"),
    ]
    assert [one.status for one in answers] == [200, 200, 400, 400, 200, 400, 200, 201, 200]
    for number, answer in enumerate(answers):
        if number != 3:  # a field's name is repeated
            holds_none(f"answer {number}", answer.body)
    shown = (await admin("GET", f"/invoices/{name}")).body
    assert BUYER.email.encode() in shown, "whoever may see people does"
    structlog.get_logger("canary").warning("the log is captured")
    assert "the log is captured" in logged.getvalue()
    holds_none("the log", logged.getvalue())
    holds_none("the metrics", generate_latest(metrics.REGISTRY))
    dump = await asyncio.to_thread(dumped, database_url)
    assert made.invoice.number.encode() in dump
    holds_none("the database", dump)
