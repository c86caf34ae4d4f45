"""Invoices over the API: terms, drafts, numbers, credit notes, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from crossdock.flow.invoice import EXAMPLE
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.street import is_problem
from tests.journey.invoice.conftest import Caller
from tests.support.deals import PERSON, deal, line

NOBODY = "inv_00000000000000000000000001"


@pytest.fixture
def wrong() -> dict[str, Any]:
    """Terms that break four rules."""
    told = copy.deepcopy(EXAMPLE)
    told["seller"]["vat_id"] = "DE12"
    told["payment"]["iban"] = "DE00370400440532013000"
    told["series"]["invoices"]["pattern"] = "{series}-{number}"
    told["colour"] = "red"
    return told


async def test_terms_are_checked_put_and_read(admin: Caller, clerk: Caller, wrong: dict[str, Any]) -> None:
    is_problem(await clerk("GET", "/invoice-terms"), 404, "not-found")
    checked = (await clerk("POST", "/invoice-terms/check", wrong)).json
    assert checked["valid"] is False
    found = {one["field"]: one["rule"] for one in checked["problems"]}
    assert found == {
        "seller.vat_id": "vat-id",
        "payment.iban": "iban",
        "series.invoices": "series.year",
        "colour": "terms.value",
    }
    assert all(one["remedy"] and one["problem"] for one in checked["problems"])
    is_problem(await clerk("PUT", "/invoice-terms", {"terms": EXAMPLE}), 403, "forbidden")
    refused = is_problem(await admin("PUT", "/invoice-terms", {"terms": wrong}), 400, "invoice-refused")
    assert len(refused["problems"]) == len(checked["problems"])
    kept = (await admin("PUT", "/invoice-terms", {"terms": EXAMPLE, "version": 0, "note": "first"})).json
    assert (kept["version"], kept["note"], kept["terms"]["seller"]["name"]) == (1, "first", EXAMPLE["seller"]["name"])
    late = is_problem(await admin("PUT", "/invoice-terms", {"terms": EXAMPLE, "version": 0}), 409, "version-conflict")
    assert late["current"] == {"version": 1}
    again = (await admin("PUT", "/invoice-terms", {"terms": kept["terms"], "version": 1})).json
    assert again["version"] == 1, "what is read is what may be put"
    assert (await admin("GET", "/invoice-terms?version=1")).json["terms"] == kept["terms"]
    seen = (await clerk("GET", "/invoice-terms")).json["terms"]["seller"]
    assert (seen["name"], seen["email"], seen["phone"]) == (EXAMPLE["seller"]["name"], "[redacted]", "")
    is_problem(await clerk("GET", "/invoice-terms?version=7"), 404, "not-found")


async def test_a_draft_is_changed_issued_and_credited(hub: Hub, crm: Connection, admin: Caller, clerk: Caller) -> None:
    await admin("PUT", "/invoice-terms", {"terms": EXAMPLE})
    of = deal(line(quantity="3", unit_price="10"), companies=(), contacts=(PERSON,))
    made = await hub.invoicing.draft(crm.tenant_id, crm.id, of, actor="test")
    name = show(Prefix.INVOICE, made.id)
    shown = (await clerk("GET", f"/invoices/{name}")).json
    assert (shown["state"], shown["number"], shown["due"], shown["digest"]) == ("draft", "", "35.70", "")
    assert shown["connection_id"] == show(Prefix.CONNECTION, crm.id)
    assert shown["invoice"]["buyer"]["name"] == "[redacted]"
    assert {rule["rule"] for rule in shown["rules"]} >= {"buyer.contact", "tax.domestic-standard", "rounding.rate"}
    assert (await admin("GET", f"/invoices/{name}")).json["invoice"]["buyer"]["name"] == "Zoë Person-Canary"
    told = {"asked": {"purchase_order": "PO-1"}, "revision": 1}
    assert (await clerk("PATCH", f"/invoices/{name}", told)).json["revision"] == 2
    is_problem(await clerk("PATCH", f"/invoices/{name}", told), 409, "version-conflict")
    is_problem(await clerk("PATCH", f"/invoices/{name}", {"asked": {"colour": "red"}}), 400, "bad-input", "colour")
    issued = (await clerk("POST", f"/invoices/{name}/issue")).json
    assert issued["state"] == "issued"
    assert issued["number"].startswith("RE-")
    assert len(issued["digest"]) == 64
    assert (await clerk("POST", f"/invoices/{name}/issue")).json == issued, "issued once"
    for refused in (
        await clerk("PATCH", f"/invoices/{name}", {}),
        await clerk("DELETE", f"/invoices/{name}"),
    ):
        assert is_problem(refused, 409, "invoice-conflict")["rule"] == "state.issued"
    piece = {"reason": "one came back", "lines": [{"line": "1", "quantity": "1"}]}
    preview = await clerk("POST", f"/invoices/{name}/credit?preview=true", piece)
    assert (preview.status, preview.json["invoice"]["totals"]["due"]) == (200, "11.90")
    first = await clerk("POST", f"/invoices/{name}/credit", piece, **{"Idempotency-Key": "k1"})
    assert (first.status, first.json["kind"], first.json["due"]) == (201, "credit_note", "11.90")
    assert first.json["number"].startswith("GS-")
    same = await clerk("POST", f"/invoices/{name}/credit", piece, **{"Idempotency-Key": "k1"})
    assert same.json["id"] == first.json["id"]
    other = await clerk("POST", f"/invoices/{name}/credit", {"reason": "x"}, **{"Idempotency-Key": "k1"})
    is_problem(other, 422, "idempotency-key-reused")
    much = is_problem(
        await clerk("POST", f"/invoices/{name}/credit", {"reason": "x", "amount": "23.81"}), 400, "invoice-refused"
    )
    assert (much["rule"], much["field"]) == ("credit.more-than-left", "amount")
    rest = (await clerk("POST", f"/invoices/{name}/credit", {"reason": "the rest"})).json
    assert (rest["due"], rest["credits_id"]) == ("23.80", name)
    whole = (await clerk("GET", f"/invoices/{name}")).json
    assert (whole["state"], whole["credited"], whole["invoice"]["state"]) == ("credited", "35.70", "credited")


async def test_lists_by_filter_and_page(hub: Hub, crm: Connection, admin: Caller) -> None:
    await admin("PUT", "/invoice-terms", {"terms": EXAMPLE})
    made = [
        await hub.invoicing.make(crm.tenant_id, crm.id, deal(id=f"d{one}"), actor="test", issue=one % 2 == 0)
        for one in range(5)
    ]
    names = [show(Prefix.INVOICE, one.id) for one in made]
    await admin("POST", f"/invoices/{names[0]}/credit", {"reason": "all"})

    async def listed(query: str) -> list[str]:
        return [one["id"] for one in (await admin("GET", f"/invoices?{query}")).json["items"]]

    assert await listed("kind=invoice") == names[::-1]
    assert await listed("state=draft") == [names[3], names[1]]
    assert await listed("state=credited") == [names[0]]
    assert await listed("deal_id=d2") == [names[2]]
    assert await listed(f"number={made[2].invoice.number}") == [names[2]]
    assert len(await listed(f"credits_id={names[0]}")) == 1
    assert await listed("series=GS") == await listed("kind=credit_note")
    assert await listed("currency=USD") == []
    assert await listed("since=2999-01-01") == []
    assert len(await listed("until=2999-01-01")) == 4, "a draft has no day"
    assert len(await listed(f"connection_id={show(Prefix.CONNECTION, crm.id)}")) == 6
    first = (await admin("GET", "/invoices?limit=4")).json
    second = (await admin("GET", f"/invoices?limit=4&before={first['next']}")).json
    assert [len(first["items"]), len(second["items"]), second["next"]] == [4, 2, None]
    series = (await admin("GET", "/invoice-series")).json["items"]
    assert [(one["series"], one["issued"], one["whole"]) for one in series] == [("GS", 1, True), ("RE", 3, True)]


async def test_what_is_not_there_or_wrong_is_told(admin: Caller) -> None:
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/issue"), ("POST", "/credit")):
        body = {"reason": "x"} if path == "/credit" else {} if method == "PATCH" else None
        is_problem(await admin(method, f"/invoices/{NOBODY}{path}", body), 404, "not-found", "invoice_id")
    is_problem(await admin("GET", "/invoices/inv_1"), 400, "bad-input", "invoice_id")
    is_problem(await admin("GET", "/invoices?before=x"), 400, "bad-input", "before")
    is_problem(await admin("GET", "/invoices?currency=eur"), 400, "bad-input", "currency")
    is_problem(await admin("POST", f"/invoices/{NOBODY}/credit", {"reason": ""}), 400, "bad-input", "reason")


async def test_a_draft_is_thrown_away(hub: Hub, crm: Connection, admin: Caller) -> None:
    await admin("PUT", "/invoice-terms", {"terms": EXAMPLE})
    made = await hub.invoicing.draft(crm.tenant_id, crm.id, deal(), actor="test")
    name = show(Prefix.INVOICE, made.id)
    assert (await admin("DELETE", f"/invoices/{name}")).status == 204
    is_problem(await admin("GET", f"/invoices/{name}"), 404, "not-found")
