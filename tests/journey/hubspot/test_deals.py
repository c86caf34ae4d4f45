"""Deals over the API and the command line: filtered, paged, masked by who asks, refused by field."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.errors import BadInput
from crossdock.kit.ids import Prefix, show
from tests.journey.hubspot.books import sold
from tests.journey.hubspot.stage import Place
from tests.journey.hubspot.test_live import keys, paged
from tests.support.hub import add_shop

pytestmark = pytest.mark.asyncio


async def refused(place: Place, path: str, key: str) -> tuple[int, Any, Any]:
    """Return status, field and remedy of a problem."""
    answer = await place.doors.get(path, key)
    assert answer.json["title"]
    return answer.status, answer.json.get("field"), bool(answer.json.get("remedy"))


async def test_deals_are_listed_and_shown(place: Place) -> None:
    """Filters, pages, one in full; people's data for administrators alone; nothing is recorded."""
    portal = await place.portal(62515)
    connection = await place.connected(portal, streams={})
    won = await sold(portal)
    others = [await portal.make("deals", dealname=str(at), dealstage="contractsent") for at in range(60)]
    reader, admin = await keys(place)
    path = f"/api/v1/crm/{show(Prefix.CONNECTION, connection.id)}/deals"
    items, pages = await paged(place, path, reader)
    assert [one["id"] for one in items] == [*others[::-1], won]
    assert pages == 2
    (one,) = (await place.doors.get(f"{path}?won=true&stage=Closed%20Won&min_amount=20", reader)).json["items"]
    assert (one["id"], one["name"], one["amount"], one["won"]) == (won, "[redacted]", "20", True)
    assert one["owner"] == {"id": "77001", "name": "[redacted]", "email": "[redacted]"}
    (one,) = (await place.doors.get(f"{path}?owner=owner@portal.example", admin)).json["items"]
    assert one["name"] == "Tea for Ada 1"
    whole = (await place.doors.get(f"{path}/{won}", reader)).json
    assert [(line["name"], line["quantity"], line["net"], line["tax_rate"]) for line in whole["lines"]] == [
        ("Tea", "2", "20", "19")
    ]
    assert whole["companies"][0]["address"]["company"] == "[redacted]"
    assert "Ada" not in str(whole)
    whole = (await place.doors.get(f"{path}/{won}", admin)).json
    assert whole["contacts"][0]["address"]["email"] == "ada1@tea.example"
    assert whole["companies"][0]["address"]["country"] == "DE"
    async with place.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM doorbell)") == 0


async def test_what_is_wrong_is_told_by_its_field(place: Place) -> None:
    """Another tenant's connection, no CRM, a filter that names nothing, a cursor of another list, no such deal."""
    portal = await place.portal(62515)
    connection = await place.connected(portal, streams={})
    shop = await add_shop(place.hub)
    reader, _ = await keys(place)
    path = f"/api/v1/crm/{show(Prefix.CONNECTION, connection.id)}/deals"
    for _ in range(3):
        await portal.make("deals", dealname="x")
    cursor = (await place.doors.get(f"{path}?limit=2", reader)).json["next"]
    assert (await place.doors.get(f"{path}?limit=2&cursor={cursor}", reader)).status == 200
    assert await refused(place, f"{path}?limit=2&won=true&cursor={cursor}", reader) == (400, "cursor", True)
    assert await refused(place, f"{path}?stage=paid", reader) == (400, "stage", True)
    assert await refused(place, f"{path}?limit=101", reader) == (400, "limit", True)
    assert await refused(place, f"{path}/closedwon", reader) == (400, "deal_id", True)
    assert await refused(place, f"{path}/4711", reader) == (404, "deal_id", True)
    assert (await refused(place, f"/api/v1/crm/{show(Prefix.CONNECTION, shop.id)}/deals", reader))[:2] == (
        400,
        "connection_id",
    )
    stranger = (await place.hub.keys.add(await place.hub.tenants.add("other"), "reader", ["read"]))[1]
    assert (await place.doors.get(path, stranger)).status == 404
    assert (await place.doors.get(path, "none")).status == 401
    await portal.control("PUT", "dials", {"next_errors": 9})
    assert (await place.doors.get(path, reader)).status == 502
    with pytest.raises(BadInput, match="no deals"):
        await place.hub.directory.deals(shop.id)
