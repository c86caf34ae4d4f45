"""What the portal refuses to store, and how it writes what it takes."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.connectors.hubspot.sandbox import Settings

from .conftest import ONE_LOOP, Caller, opened

pytestmark = ONE_LOOP

REFUSED = [
    ("contacts", {"firstnam": "A"}, "PROPERTY_DOESNT_EXIST"),
    ("contacts", {"hs_object_id": "1"}, "READ_ONLY_VALUE"),
    ("contacts", {"createdate": "2026-01-01"}, "READ_ONLY_VALUE"),
    ("contacts", {"hs_additional_emails": "a@x.example"}, "READ_ONLY_VALUE"),
    ("contacts", {"email": "no address"}, "INVALID_EMAIL"),
    ("contacts", {"email": "a@b"}, "INVALID_EMAIL"),
    ("contacts", {"email": "a..b@x.example"}, "INVALID_EMAIL"),
    ("contacts", {"email": " a@x.example"}, "INVALID_EMAIL"),
    ("contacts", {"lifecyclestage": "Customer"}, "INVALID_OPTION"),
    ("contacts", {"firstname": "x" * 65_537}, "TOO_LONG"),
    ("contacts", {"firstname": ["a"]}, "INVALID_TYPE"),
    ("contacts", {"firstname": {"a": 1}}, "INVALID_TYPE"),
    ("contacts", {"hubspot_owner_id": "5"}, "INVALID_OWNER"),
    ("deals", {"amount": "1,50"}, "INVALID_NUMBER"),
    ("deals", {"amount": " 1.50"}, "INVALID_NUMBER"),
    ("deals", {"amount": "NaN"}, "INVALID_NUMBER"),
    ("deals", {"closedate": "21.11.2026"}, "INVALID_LONG"),
    ("deals", {"closedate": "2026-13-01"}, "INVALID_LONG"),
    ("deals", {"closedate": "2026-11-21T10:00:00"}, "INVALID_LONG"),
    ("deals", {"pipeline": "never"}, "INVALID_OPTION"),
    ("deals", {"dealstage": "never"}, "INVALID_OPTION"),
    ("deals", {"deal_currency_code": "CHF"}, "INVALID_OPTION"),
    ("deals", {"hs_is_closed_won": "true"}, "READ_ONLY_VALUE"),
    ("products", {"price": "ten"}, "INVALID_NUMBER"),
    ("line_items", {"price": "-0.01"}, "INVALID_PRICE"),
    ("line_items", {"hs_product_id": "123"}, "INVALID_PRODUCT"),
    ("line_items", {"amount": "5"}, "READ_ONLY_VALUE"),
    ("line_items", {"hs_line_item_currency_code": "CHF"}, "INVALID_OPTION"),
    ("orders", {"hs_buyer_accepts_marketing": "yes"}, "INVALID_BOOLEAN"),
    ("orders", {"hs_pipeline_stage": "open"}, "INVALID_OPTION"),
    ("orders", {"hs_currency_code": "eur"}, "INVALID_OPTION"),
    ("notes", {"hs_timestamp": "now"}, "INVALID_LONG"),
]


@pytest.mark.parametrize(("kind", "properties", "code"), REFUSED)
async def test_a_bad_value_is_refused(portal: Caller, kind: str, properties: dict[str, Any], code: str) -> None:
    refused = await portal.refused(400, "POST", kind, {"properties": properties, "associations": []})
    assert refused["category"] == "VALIDATION_ERROR"
    assert refused["message"].startswith("Property values were not valid: [")
    assert [(error["code"], error["context"]["propertyName"]) for error in refused["errors"]] == [
        (code, list(properties))
    ]
    assert (await portal.state("?history=false"))["counts"][kind] == {"live": 0, "archived": 0}


@pytest.mark.parametrize(
    ("kind", "name", "given", "stored"),
    [
        ("contacts", "firstname", 5, "5"),
        ("contacts", "email", "A.B+c@Shop.Example", "a.b+c@shop.example"),
        ("deals", "amount", 12.5, "12.5"),
        ("deals", "amount", "-3.10", "-3.10"),
        ("deals", "closedate", "1763690000123", "2025-11-21T01:53:20.123Z"),
        ("deals", "closedate", "2026-11-21T01:00:00+02:00", "2026-11-20T23:00:00Z"),
        ("deals", "closedate", "2026-11-21", "2026-11-21T00:00:00Z"),
        ("deals", "deal_currency_code", "EUR", "EUR"),
        ("orders", "hs_buyer_accepts_marketing", True, "true"),
        ("contacts", "hs_legal_basis", "Not applicable", "Not applicable"),
    ],
)
async def test_a_value_is_stored_as_the_vendor_writes_it(
    portal: Caller, kind: str, name: str, given: Any, stored: str
) -> None:
    record = await portal.make(kind, **{name: given})
    assert (await portal.record(kind, record))["properties"][name] == stored


async def test_dates_are_midnights(portal: Caller) -> None:
    body = {"name": "born", "label": "Born", "groupName": "contactinformation", "type": "date", "fieldType": "date"}
    await portal.good("POST", "/crm/properties/2026-09/contacts", body)
    for given in ("2026-11-21", "1795219200000"):
        contact = await portal.make("contacts", born=given)
        assert (await portal.record("contacts", contact))["properties"]["born"] == "2026-11-21"
    for bad in ("2026-11-21T00:00:00Z", "1795219200001", "2026-02-30"):
        await portal.refused(400, "POST", "contacts", {"properties": {"born": bad}, "associations": []})


async def test_checkboxes_take_several_options(portal: Caller) -> None:
    body = {"name": "tags", "label": "Tags", "groupName": "contactinformation", "type": "enumeration"}
    options = [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]
    await portal.good("POST", "/crm/properties/2026-09/contacts", body | {"fieldType": "checkbox", "options": options})
    contact = await portal.make("contacts", tags="a;b")
    assert (await portal.record("contacts", contact))["properties"]["tags"] == "a;b"
    await portal.refused(400, "PATCH", f"contacts/{contact}", {"properties": {"tags": "a;c"}})


async def test_a_lifecycle_stage_only_moves_forward(portal: Caller) -> None:
    contact = await portal.make("contacts", lifecyclestage="customer")
    path = f"contacts/{contact}"
    await portal.good("PATCH", path, {"properties": {"lifecyclestage": "lead", "city": "A"}})
    stored = (await portal.record("contacts", contact))["properties"]
    assert (stored["lifecyclestage"], stored["city"]) == ("customer", "A")
    await portal.good("PUT", "/_sandbox/settings", {"lifecycle_backward": "refuse"})
    await portal.refused(400, "PATCH", path, {"properties": {"lifecyclestage": "lead", "city": "B"}})
    await portal.good("PATCH", path, {"properties": {"lifecyclestage": "evangelist"}})
    await portal.good("PATCH", path, {"properties": {"lifecyclestage": ""}})
    await portal.good("PATCH", path, {"properties": {"lifecyclestage": "lead"}})


async def test_a_stage_belongs_to_its_pipeline(portal: Caller) -> None:
    stages = [{"label": "Sold", "displayOrder": 0, "metadata": {"probability": "1.0"}}]
    body = {"label": "Shop", "displayOrder": 1, "stages": stages}
    shop = await portal.good("POST", "/crm/pipelines/2026-09/deals", body)
    sold = shop["stages"][0]["id"]
    deal = await portal.make("deals", dealstage="closedlost")
    stored = (await portal.record("deals", deal))["properties"]
    assert (stored["pipeline"], stored["hs_is_closed"], stored["hs_is_closed_won"]) == ("default", "true", "false")
    await portal.refused(400, "PATCH", f"deals/{deal}", {"properties": {"dealstage": sold}})
    await portal.refused(400, "PATCH", f"deals/{deal}", {"properties": {"pipeline": shop["id"]}})
    await portal.good("PATCH", f"deals/{deal}", {"properties": {"pipeline": shop["id"], "dealstage": sold}})
    assert (await portal.record("deals", deal))["properties"]["hs_is_closed_won"] == "true"


async def test_a_line_takes_what_it_lacks_from_its_product(portal: Caller) -> None:
    product = await portal.make("products", name="Mug", price="4.50", hs_sku="M-1")
    line = await portal.make("line_items", hs_product_id=product, quantity="3", price="4", discount="0.5")
    stored = (await portal.record("line_items", line))["properties"]
    assert (stored["name"], stored["hs_sku"], stored["price"], stored["amount"]) == ("Mug", "M-1", "4", "10.5")
    await portal.good("DELETE", f"products/{product}")
    await portal.refused(400, "POST", "line_items", {"properties": {"hs_product_id": product}, "associations": []})


async def test_an_administrator_can_require_properties() -> None:
    async with opened(Settings(required_on_create={"deals": ["amount"]})) as portal:
        body = {"properties": {"dealname": "A"}, "associations": []}
        refused = await portal.refused(400, "POST", "deals", body)
        assert refused["errors"][0]["code"] == "REQUIRED_FIELD"
        await portal.good("POST", "/crm/objects/2026-03/deals", body)
        await portal.make("deals", amount="0")
