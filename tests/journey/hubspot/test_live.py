"""Reading an account now, over the API and the command line: paged, masked by who asks, recorded nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.pull.live import masked
from crossdock.kit.ids import Prefix, show
from tests.journey.hubspot.stage import Place
from tests.support.hub import add_connection

pytestmark = pytest.mark.asyncio


async def keys(place: Place) -> tuple[str, str]:
    """Return a key that reads, and one of an administrator."""
    tenant = await place.hub.tenants.find()
    reader = (await place.hub.keys.add(tenant, "reader", ["read"]))[1]
    return reader, (await place.hub.keys.add(tenant, "admin", ["admin"]))[1]


async def paged(place: Place, path: str, key: str) -> tuple[list[dict[str, Any]], int]:
    """Follow the cursor to the end; return all items and how many pages they stood on."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        answer = await place.doors.get(f"{path}?cursor={cursor}" if cursor else path, key)
        assert answer.status == 200, answer.body
        items, cursor, pages = items + answer.json["items"], answer.json["next"], pages + 1
    return items, pages


async def test_a_portal_is_read_page_by_page_and_nothing_is_recorded(place: Place) -> None:
    """Also where its streams are switched off: asking is not subscribing."""
    portal = await place.portal(62515)
    connection = await place.connected(portal, streams={})
    made = {await portal.make("deals", dealname=f"Tea for Ada {at}", amount="12.50") for at in range(105)}
    reader, admin = await keys(place)
    path = f"/api/v1/connections/{show(Prefix.CONNECTION, connection.id)}/records/deal"
    items, pages = await paged(place, path, reader)
    assert {one["external_id"] for one in items} == made
    assert pages >= 2
    assert {one["document"]["dealname"] for one in items} == {"[redacted]"}
    assert items[0]["document"]["amount"] == "12.50"
    one = (await place.doors.get(f"{path}/{items[0]['external_id']}", admin)).json
    assert one["document"]["dealname"].startswith("Tea for Ada")
    async with place.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM doorbell)") == 0


async def test_people_are_shown_to_administrators_alone(place: Place) -> None:
    """A contact's address, names and phone are masked for a key that only reads."""
    portal = await place.portal(62515)
    connection = await place.connected(portal)
    person = await portal.make("contacts", email="ada@example.test", firstname="Ada", phone="+49 30 1")
    reader, admin = await keys(place)
    path = f"/api/v1/connections/{show(Prefix.CONNECTION, connection.id)}/records/contact/{person}"
    seen = (await place.doors.get(path, reader)).json["document"]
    assert [seen[name] for name in ("email", "firstname", "phone")] == ["[redacted]"] * 3
    assert seen["id"] == person
    seen = (await place.doors.get(path, admin)).json["document"]
    assert [seen[name] for name in ("email", "firstname", "phone")] == ["ada@example.test", "Ada", "+49 30 1"]


async def test_a_shop_is_read_the_same_way(place: Place) -> None:
    """WooCommerce's orders, page by page; their buyers masked."""
    shop = woocommerce.build(woocommerce.generate(130, 5))
    async with serving(shop) as served:
        connection = await add_connection(
            place.hub,
            "woocommerce",
            "shop",
            {"url": served.url, "plain_http": True},
            {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET},
        )
        reader, admin = await keys(place)
        path = f"/api/v1/connections/{show(Prefix.CONNECTION, connection.id)}/records/order"
        items, pages = await paged(place, path, reader)
        assert pages >= 2
        assert len({one["external_id"] for one in items}) == len(items) >= 130
        assert {one["document"]["billing"]["email"] for one in items} <= {"[redacted]", ""}
        assert items[0]["document"]["currency"] == "EUR"
        number = items[0]["external_id"]
        seen = (await place.doors.get(f"{path}/{number}", admin)).json
        assert "@" in seen["document"]["billing"]["email"]
        assert (await place.doors.get(f"{path}/999999", reader)).status == 404


async def test_what_is_not_there_is_named(place: Place) -> None:
    """An unknown stream, another list's cursor, a made-up cursor, an account that refuses."""
    portal = await place.portal(62515)
    connection = await place.connected(portal)
    for _ in range(101):
        await portal.make("deals", dealname="Tea")
    reader, _ = await keys(place)
    path = f"/api/v1/connections/{show(Prefix.CONNECTION, connection.id)}/records"
    answer = await place.doors.get(f"{path}/unicorn", reader)
    assert (answer.status, answer.json["field"]) == (404, "stream")
    assert "contact, company, deal" in answer.json["remedy"]
    cursor = (await place.doors.get(f"{path}/deal", reader)).json["next"]
    assert cursor
    for other in (f"{path}/contact?cursor={cursor}", f"{path}/deal?cursor=AAAA", f"{path}/deal?cursor=ü"):
        answer = await place.doors.get(other, reader)
        assert (answer.status, answer.json["field"]) == (400, "cursor")
    assert (await place.doors.get(f"{path}/contact/not-a-number", reader)).status == 400
    await portal.control("PUT", "settings", {"tokens": {}})
    assert (await place.doors.get(f"{path}/deal", reader)).status >= 500
    assert (await place.doors.get(f"{path}/deal")).status == 401


async def test_masking_goes_by_name_and_health_is_for_nobody() -> None:
    """A name speaks for all below it; a plugin's note by its key."""
    told = {
        "billing": {"email": "ada@example.test", "country": "DE"},
        "total": "12.50",
        "meta_data": [{"id": 1, "key": "_diagnosis", "value": "x"}, {"id": 2, "key": "colour", "value": ["a"]}],
        "date_created": "2026-11-21T10:00:00",
        "note": {"text": ["hello"]},
    }
    seen = masked(told, people=False)
    assert seen["billing"] == {"email": "[redacted]", "country": "[redacted]"}
    assert (seen["total"], seen["date_created"]) == ("12.50", "2026-11-21T10:00:00")
    assert [one["value"] for one in seen["meta_data"]] == ["[redacted]", ["[redacted]"]]
    assert seen["note"] == {"text": ["[redacted]"]}
    whole = masked(told, people=True)
    assert whole["billing"] == told["billing"]
    assert [one["value"] for one in whole["meta_data"]] == ["[redacted]", ["a"]]
