"""Single records: create, read, update, archive, list, aliases, merge, gdpr-delete."""

from __future__ import annotations

import pytest

from crossdock.connectors.hubspot.sandbox import Settings

from .conftest import ONE_LOOP, Caller, opened

pytestmark = ONE_LOOP


async def test_a_contact_is_made_read_changed_and_archived(portal: Caller) -> None:
    status, made = await portal.call("POST", "contacts", {"properties": {"email": "Zoë@X.example"}, "associations": []})
    assert status == 400
    assert "INVALID_EMAIL" in made["message"]
    body = {"properties": {"email": "Zoe@X.example", "firstname": "Zoë"}, "associations": []}
    status, made = await portal.call("POST", "contacts", body)
    assert status == 201
    assert made["properties"]["email"] == "zoe@x.example"
    assert made["properties"]["hs_object_id"] == made["id"]
    assert made["archived"] is False
    assert made["url"].endswith(f"/0-1/{made['id']}")
    read = await portal.good("GET", f"contacts/{made['id']}")
    assert set(read["properties"]) == {
        "email",
        "firstname",
        "lastname",
        "createdate",
        "lastmodifieddate",
        "hs_object_id",
    }
    assert read["properties"]["lastname"] is None
    changed = await portal.good("PATCH", f"contacts/{made['id']}", {"properties": {"firstname": "", "city": "Köln"}})
    assert changed["properties"]["city"] == "Köln"
    assert "firstname" not in changed["properties"]
    assert await portal.call("DELETE", f"contacts/{made['id']}") == (204, None)
    assert await portal.call("DELETE", f"contacts/{made['id']}") == (204, None)
    await portal.refused(404, "GET", f"contacts/{made['id']}")
    await portal.refused(404, "PATCH", f"contacts/{made['id']}", {"properties": {"city": "Bonn"}})
    binned = await portal.good("GET", f"contacts/{made['id']}?archived=true&properties=city")
    assert binned["archived"] is True
    assert binned["archivedAt"]
    assert binned["properties"]["city"] == "Köln"


async def test_an_address_is_held_once(portal: Caller) -> None:
    first = await portal.contact("anna@x.example")
    body = {"properties": {"email": "ANNA@x.example"}, "associations": []}
    refused = await portal.refused(409, "POST", "contacts", body)
    assert refused["category"] == "CONFLICT"
    assert refused["message"] == f"Contact already exists. Existing ID: {first}"
    other = await portal.contact()
    await portal.refused(409, "PATCH", f"contacts/{other}", {"properties": {"email": "anna@x.example"}})
    await portal.good("PATCH", f"contacts/{first}", {"properties": {"email": "Anna@X.example"}})
    await portal.good("DELETE", f"contacts/{first}")
    assert await portal.contact("anna@x.example") != first


async def test_secondary_addresses_lead_to_the_contact(portal: Caller) -> None:
    first = await portal.contact("main@x.example")
    await portal.act("add_alias", id=first, email="Second@x.example")
    body = {"properties": {"email": "second@X.example"}, "associations": []}
    assert first in (await portal.refused(409, "POST", "contacts", body))["message"]
    found = await portal.good("GET", "contacts/SECOND@x.example?idProperty=email&properties=hs_additional_emails,email")
    assert found["id"] == first
    assert found["properties"]["hs_additional_emails"] == "second@x.example"
    swapped = await portal.good("PATCH", f"contacts/{first}", {"properties": {"email": "second@x.example"}})
    assert swapped["properties"]["hs_additional_emails"] == "main@x.example"
    assert (await portal.good("GET", "contacts/main@x.example?idProperty=email"))["id"] == first
    await portal.good("DELETE", f"contacts/{first}")
    await portal.contact("main@x.example")
    await portal.contact("second@x.example")


async def test_a_record_is_found_by_a_unique_property_only(portal: Caller) -> None:
    await portal.unique_property("deals")
    deal = await portal.make("deals", dealname="One", shop_key="s:order:1")
    assert (await portal.good("GET", "deals/s:order:1?idProperty=shop_key"))["id"] == deal
    await portal.good("PATCH", "deals/s%3Aorder%3A1?idProperty=shop_key", {"properties": {"amount": "5"}})
    for name in ("dealname", "hs_object_id", "never_made"):
        refused = await portal.refused(400, "GET", f"deals/One?idProperty={name}")
        assert "non-unique" in refused["message"]
    body = {"properties": {"shop_key": "s:order:1"}, "associations": []}
    refused = await portal.refused(400, "POST", "deals", body)
    assert refused["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"
    other = await portal.make("deals", shop_key="s:order:2")
    await portal.refused(400, "PATCH", f"deals/{other}", {"properties": {"shop_key": "s:order:1"}})
    await portal.good("PATCH", f"deals/{deal}", {"properties": {"shop_key": ""}})
    await portal.good("PATCH", f"deals/{other}", {"properties": {"shop_key": "s:order:1"}})


async def test_skus_are_not_unique_but_external_order_ids_are(portal: Caller) -> None:
    await portal.make("products", name="A", hs_sku="X-1")
    await portal.make("products", name="B", hs_sku="X-1")
    await portal.make("orders", hs_external_order_id="17")
    body = {"properties": {"hs_external_order_id": "17"}, "associations": []}
    await portal.refused(400, "POST", "orders", body)
    async with opened(Settings(unique=["products.hs_sku"])) as other:
        await other.make("products", name="A", hs_sku="X-1")
        await other.refused(400, "POST", "products", {"properties": {"hs_sku": "X-1"}, "associations": []})


async def test_lists_page_to_the_end_and_survive_new_records(portal: Caller) -> None:
    ids = [await portal.make("products", name=f"P{number}") for number in range(7)]
    await portal.good("DELETE", f"products/{ids[2]}")
    seen, after = [], ""
    while True:
        page = await portal.good("GET", f"products?limit=2&archived=false{after}")
        assert len(page["results"]) <= 2
        seen += [one["id"] for one in page["results"]]
        if "paging" not in page:
            break
        after = f"&after={page['paging']['next']['after']}"
        if len(seen) == 2:
            ids.append(await portal.make("products", name="late"))
    assert seen == [one for one in ids if one != ids[2]]
    binned = await portal.good("GET", "products?archived=true")
    assert [one["id"] for one in binned["results"]] == [ids[2]]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "after=x", "archived=maybe", "associations=no"])
async def test_lists_refuse_bad_queries(portal: Caller, query: str) -> None:
    await portal.contact()
    await portal.refused(400, "GET", f"contacts?{query}")


async def test_histories_are_told_newest_first(portal: Caller) -> None:
    contact = await portal.make("contacts", city="A")
    for city in ("B", "B", "A"):
        await portal.good("PATCH", f"contacts/{contact}", {"properties": {"city": city}})
    read = await portal.good("GET", f"contacts/{contact}?propertiesWithHistory=city")
    assert [entry["value"] for entry in read["propertiesWithHistory"]["city"]] == ["A", "B", "A"]
    truth = await portal.record("contacts", contact)
    assert [entry["value"] for entry in truth["history"]["city"]] == ["A", "B", "A"]
    assert truth["writes"] == 4
    await portal.refused(400, "GET", "contacts?limit=51&propertiesWithHistory=city")


async def test_merging_keeps_the_first_and_leads_the_second_to_it(portal: Caller) -> None:
    first = await portal.make("contacts", email="one@x.example", city="A")
    other = await portal.make("contacts", email="two@x.example", city="B", phone="5")
    company = await portal.make("companies", name="Co")
    await portal.good("PUT", f"contacts/{other}/associations/default/companies/{company}")
    body = {"primaryObjectId": first, "objectIdToMerge": other}
    merged = await portal.good("POST", "contacts/merge", body)
    assert merged["id"] == first
    assert merged["properties"]["city"] == "A"
    assert merged["properties"]["phone"] == "5"
    assert merged["properties"]["hs_additional_emails"] == "two@x.example"
    assert (await portal.good("GET", f"contacts/{other}"))["id"] == first
    assert (await portal.good("GET", "contacts/two@x.example?idProperty=email"))["id"] == first
    linked = await portal.good("GET", f"contacts/{first}?associations=companies")
    assert linked["associations"]["companies"]["results"] == [{"id": company, "type": "contact_to_company"}]
    await portal.refused(400, "POST", "contacts/merge", {"primaryObjectId": first, "objectIdToMerge": first})
    await portal.refused(404, "POST", "contacts/merge", {"primaryObjectId": first, "objectIdToMerge": "1"})
    await portal.refused(400, "POST", "contacts/merge", {"primaryObjectId": first})


async def test_gdpr_delete_is_for_good(portal: Caller) -> None:
    contact = await portal.contact("gone@x.example")
    assert await portal.call("POST", "contacts/gdpr-delete", {"objectId": contact}) == (204, None)
    await portal.refused(404, "GET", f"contacts/{contact}?archived=true")
    assert (await portal.state())["objects"]["contacts"] == []
    await portal.refused(400, "POST", "contacts", {"properties": {"email": "gone@x.example"}, "associations": []})
    body = {"objectId": "never@x.example", "idProperty": "email"}
    assert await portal.call("POST", "contacts/gdpr-delete", body) == (204, None)
    await portal.refused(400, "POST", "contacts", {"properties": {"email": "never@x.example"}, "associations": []})
    await portal.refused(404, "POST", "contacts/gdpr-delete", {"objectId": "1"})
    await portal.refused(400, "POST", "contacts/gdpr-delete", {"objectId": "no address", "idProperty": "email"})
    await portal.refused(404, "POST", "deals/gdpr-delete", {"objectId": "1"})
