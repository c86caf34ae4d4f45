"""Properties, groups, pipelines, owners, the account."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.connectors.hubspot.sandbox import Settings

from .conftest import ONE_LOOP, Caller, opened

pytestmark = ONE_LOOP

CONTACTS = "/crm/properties/2026-09/contacts"
DEALS = "/crm/pipelines/2026-09/deals"
NEW = {"name": "woo_id", "label": "Woo", "groupName": "contactinformation", "type": "string", "fieldType": "text"}


async def test_standard_properties_are_listed(portal: Caller) -> None:
    for kind, names in {
        "contacts": {"email", "lifecyclestage", "hs_additional_emails", "lastmodifieddate", "hs_object_id"},
        "companies": {"name", "domain"},
        "deals": {"dealname", "amount", "pipeline", "dealstage", "closedate", "deal_currency_code"},
        "products": {"name", "hs_sku", "price", "hs_cost_of_goods_sold"},
        "line_items": {"quantity", "price", "hs_product_id", "hs_line_item_currency_code"},
        "orders": {"hs_external_order_id", "hs_total_price", "hs_billing_address_postal_code", "hs_pipeline_stage"},
    }.items():
        found = await portal.good("GET", f"/crm/properties/2026-09/{kind}")
        by_name = {one["name"]: one for one in found["results"]}
        assert names <= by_name.keys()
        unique = {name for name, one in by_name.items() if one["hasUniqueValue"]}
        assert unique == {"contacts": {"email"}, "orders": {"hs_external_order_id"}}.get(kind, set())
    one = await portal.good("GET", f"{CONTACTS}/lifecyclestage")
    assert [option["value"] for option in one["options"]][:2] == ["subscriber", "lead"]
    assert one["hubspotDefined"] is True
    assert (await portal.good("GET", f"{CONTACTS}?archived=true"))["results"] == []
    await portal.refused(404, "GET", f"{CONTACTS}/never")


async def test_a_property_is_made_used_changed_and_deleted(portal: Caller) -> None:
    status, made = await portal.call("POST", CONTACTS, NEW | {"hasUniqueValue": True})
    assert status == 201
    assert made["hasUniqueValue"] is True
    assert made["hubspotDefined"] is False
    contact = await portal.make("contacts", woo_id="7")
    refused = await portal.refused(409, "POST", CONTACTS, NEW)
    assert refused["subCategory"] == "Properties.PROPERTY_EXISTS"
    changed = await portal.good("PATCH", f"{CONTACTS}/woo_id", {"label": "Shop", "description": "d", "hidden": True})
    assert (changed["label"], changed["description"], changed["hidden"]) == ("Shop", "d", True)
    await portal.refused(400, "PATCH", f"{CONTACTS}/woo_id", {"hasUniqueValue": False})
    await portal.refused(400, "PATCH", f"{CONTACTS}/woo_id", {"groupName": "never"})
    await portal.refused(400, "PATCH", f"{CONTACTS}/woo_id", {"fieldType": "date"})
    await portal.refused(400, "PATCH", f"{CONTACTS}/email", {"type": "number"})
    assert await portal.call("DELETE", f"{CONTACTS}/woo_id") == (204, None)
    await portal.refused(400, "PATCH", f"contacts/{contact}", {"properties": {"woo_id": "8"}})
    assert "woo_id" not in (await portal.record("contacts", contact))["properties"]
    await portal.refused(400, "DELETE", f"{CONTACTS}/email")
    await portal.refused(404, "DELETE", f"{CONTACTS}/never")


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": None},
        {"name": "Upper"},
        {"name": "with space"},
        {"name": "hs_own"},
        {"label": ""},
        {"groupName": "never"},
        {"type": "text"},
        {"type": "number"},
        {"fieldType": "number"},
        {"type": "date", "fieldType": "text"},
        {"type": "bool", "fieldType": "booleancheckbox", "hasUniqueValue": True},
        {"hasUniqueValue": "yes"},
        {"type": "enumeration", "fieldType": "select", "options": [{"label": "A"}]},
        {
            "type": "enumeration",
            "fieldType": "select",
            "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "a"}],
        },
    ],
)
async def test_a_bad_definition_is_refused(portal: Caller, change: dict[str, Any]) -> None:
    refused = await portal.refused(400, "POST", CONTACTS, NEW | change)
    assert refused["category"] == "VALIDATION_ERROR"


async def test_unique_properties_are_few(portal: Caller) -> None:
    for number in range(10):
        await portal.unique_property("deals", f"key{number}")
    body = NEW | {"groupName": "dealinformation", "hasUniqueValue": True}
    refused = await portal.refused(400, "POST", "/crm/properties/2026-09/deals", body)
    assert "limit is 10" in refused["message"]


async def test_properties_in_batches(portal: Caller) -> None:
    rows = [NEW, NEW | {"name": "flag", "type": "bool", "fieldType": "booleancheckbox"}]
    done = await portal.good("POST", f"{CONTACTS}/batch/create", {"inputs": rows})
    assert [option["value"] for option in done["results"][1]["options"]] == ["true", "false"]
    status, answer = await portal.call("POST", f"{CONTACTS}/batch/create", {"inputs": [NEW, NEW | {"name": "new"}]})
    assert status == 207
    assert [one["name"] for one in answer["results"]] == ["new"]
    assert answer["errors"][0]["context"] == {"name": ["woo_id"]}
    names = {"inputs": [{"name": "woo_id"}, {"name": "never"}], "archived": False}
    status, answer = await portal.call("POST", f"{CONTACTS}/batch/read", names)
    assert status == 207
    assert [one["name"] for one in answer["results"]] == ["woo_id"]
    assert await portal.call("POST", f"{CONTACTS}/batch/archive", {"inputs": [{"name": "woo_id"}]}) == (204, None)
    await portal.refused(404, "GET", f"{CONTACTS}/woo_id")


async def test_groups(portal: Caller) -> None:
    status, made = await portal.call("POST", f"{CONTACTS}/groups", {"name": "shop", "label": "Shop", "displayOrder": 3})
    assert (status, made["displayOrder"]) == (201, 3)
    await portal.refused(409, "POST", f"{CONTACTS}/groups", {"name": "shop", "label": "Shop"})
    await portal.refused(400, "POST", f"{CONTACTS}/groups", {"name": "shop"})
    found = await portal.good("GET", f"{CONTACTS}/groups")
    assert [one["name"] for one in found["results"]] == ["contactinformation", "shop"]
    assert (await portal.good("GET", f"{CONTACTS}/groups/shop"))["label"] == "Shop"
    await portal.refused(404, "GET", f"{CONTACTS}/groups/never")


async def test_the_default_pipelines(portal: Caller) -> None:
    deals = await portal.good("GET", DEALS)
    assert [one["id"] for one in deals["results"]] == ["default"]
    stages = {one["id"]: one["metadata"] for one in deals["results"][0]["stages"]}
    assert next(iter(stages)) == "appointmentscheduled"
    assert stages["closedwon"] == {"isClosed": "true", "probability": "1.0"}
    assert stages["closedlost"] == {"isClosed": "true", "probability": "0.0"}
    orders = await portal.good("GET", "/crm/pipelines/2026-09/orders")
    assert next(one["label"] for one in orders["results"][0]["stages"]) == "Open"
    await portal.refused(400, "GET", "/crm/pipelines/2026-09/contacts")
    await portal.refused(404, "GET", f"{DEALS}/never")
    await portal.refused(404, "GET", f"{DEALS}/default/stages/never")


async def test_a_pipeline_is_made_and_deleted(portal: Caller) -> None:
    stage = {"label": "Open", "displayOrder": 0, "metadata": {"probability": "0.3"}}
    made = await portal.good("POST", DEALS, {"label": "Shop", "displayOrder": 1, "stages": [stage]})
    path = f"{DEALS}/{made['id']}"
    assert (await portal.good("GET", path))["label"] == "Shop"
    won = await portal.good("POST", f"{path}/stages", stage | {"label": "Won", "metadata": {"probability": 1}})
    assert won["metadata"]["isClosed"] == "true"
    assert len((await portal.good("GET", f"{path}/stages"))["results"]) == 2
    assert (await portal.good("GET", f"{path}/stages/{won['id']}"))["label"] == "Won"
    deal = await portal.make("deals", pipeline=made["id"], dealstage=won["id"])
    await portal.refused(400, "DELETE", f"{path}/stages/{won['id']}")
    await portal.refused(400, "DELETE", path)
    await portal.good("DELETE", f"deals/{deal}")
    assert await portal.call("DELETE", f"{path}/stages/{won['id']}") == (204, None)
    assert await portal.call("DELETE", path) == (204, None)
    await portal.refused(400, "DELETE", f"{DEALS}/default")


async def test_before_2026_09_a_used_stage_can_be_deleted(portal: Caller) -> None:
    await portal.make("deals", dealstage="contractsent")
    await portal.refused(400, "DELETE", f"{DEALS}/default/stages/contractsent")
    path = "/crm/pipelines/2026-03/deals/default/stages/contractsent"
    await portal.refused(400, "DELETE", f"{path}?validateReferencesBeforeDelete=true")
    assert await portal.call("DELETE", path) == (204, None)


@pytest.mark.parametrize(
    "change",
    [
        {"label": None},
        {"displayOrder": None},
        {"stages": None},
        {"stages": "x"},
        {"label": "Sales Pipeline"},
        {"stages": ["x"]},
        {"stages": [{"label": "A", "displayOrder": 0}]},
        {"stages": [{"label": "A", "displayOrder": 0, "metadata": "x"}]},
        {"stages": [{"label": "A", "displayOrder": 0, "metadata": {}}]},
        {"stages": [{"label": "A", "displayOrder": 0, "metadata": {"probability": "2"}}]},
        {"stages": [{"label": "A", "displayOrder": 0, "metadata": {"probability": "1.0"}}] * 2},
    ],
)
async def test_a_bad_pipeline_is_refused(portal: Caller, change: dict[str, Any]) -> None:
    await portal.refused(400, "POST", DEALS, {"label": "Shop", "displayOrder": 1, "stages": []} | change)


async def test_owners_and_account() -> None:
    async with opened(Settings(time_zone="Asia/Kolkata", currency="EUR", currencies=["USD", "EUR"])) as portal:
        owners = await portal.good("GET", "/crm/owners/2026-09")
        owner = owners["results"][0]
        assert await portal.good("GET", f"/crm/owners/2026-09/{owner['id']}") == owner
        assert (await portal.good("GET", "/crm/v3/owners/?email=never@x.example"))["results"] == []
        await portal.refused(404, "GET", "/crm/owners/2026-09/5")
        await portal.make("contacts", hubspot_owner_id=owner["id"])
        details = await portal.good("GET", "/account-info/2026-09/details")
        assert details["portalId"] == 62515
        assert (details["timeZone"], details["utcOffset"]) == ("Asia/Kolkata", "+05:30")
        assert (details["companyCurrency"], details["additionalCurrencies"]) == ("EUR", ["USD"])
        usage = await portal.good("GET", "/account-info/v3/api-usage/daily/private-apps")
        assert usage["results"][0]["currentUsage"] == 7
        assert usage["results"][0]["resetsAt"].endswith("T18:30:00Z")
        limits = await portal.good("GET", "/crm/limits/2026-09/records")
        assert limits["hubspotDefinedObjectTypes"][0]["usage"] == 1
        assert await portal.good("GET", "/crm/limits/v3/records") == limits
