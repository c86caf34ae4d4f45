"""Orders, customers and products over the API: found by what people know, in exact words, for their own tenant only."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem
from tests.support.hub import add_shop, estrange, order, product, signed


@pytest.fixture
async def key(hub: Hub) -> str:
    """A key that may read."""
    return (await hub.keys.add(await hub.tenants.find(), "reads", ("read",)))[1]


async def told(doors: Street, shop: Connection, *orders: dict[str, Any]) -> None:
    for document in orders:
        assert (await doors.hook(shop, document)).status == 200


async def test_an_order_is_found_by_the_number_people_know(hub: Hub, doors: Street, key: str) -> None:
    shop, other = await add_shop(hub), await add_shop(hub, "second", "https://second.example")
    await told(doors, shop, {**order(17), "number": "R-2026-9"}, order(18))
    await told(doors, other, {**order(99), "number": "R-2026-9"})
    found = (await doors.get("/api/v1/orders?number=R-2026-9", key)).json["items"]
    assert {(one["store"]["uid"], one["external_id"]) for one in found} == {("shop", "17"), ("second", "99")}
    only = (await doors.get("/api/v1/orders?number=R-2026-9&store=shop", key)).json["items"]
    assert [one["external_id"] for one in only] == ["17"]
    assert only[0]["data"]["number"] == "R-2026-9"
    assert only[0]["data"]["id"] == "17"
    assert only[0]["data"]["total"] == "35.25", "money is a decimal in a string, never a float"
    again = (await doors.get(f"/api/v1/orders/{only[0]['id']}", key)).json
    assert again["data"] == only[0]["data"]
    assert [event["type"] for event in again["history"]] == ["order.created"]


async def test_an_order_can_be_found_by_store_id_and_by_person(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    await told(doors, shop, order(1), order(2), order(3, billing={"email": "GUEST1@example.com"}))
    by_id = (await doors.get("/api/v1/orders?external_id=2", key)).json["items"]
    assert [one["external_id"] for one in by_id] == ["2"]
    by_mail = (await doors.get("/api/v1/orders?email=guest1@Example.com", key)).json["items"]
    assert {one["external_id"] for one in by_mail} == {"1", "3"}
    guest = (await doors.get("/api/v1/customers?email=guest1@example.com", key)).json
    assert guest["items"] == []
    assert {one["external_id"] for one in guest["guest_orders"]} == {"1", "3"}


async def test_guests_are_listed_by_their_newest_order(hub: Hub, doors: Street, key: str) -> None:
    """Whoever has an account with the address, or ordered with one, is no guest; a store's guests are its own."""
    shop = await add_shop(hub)
    at = "2026-11-0{}T09:00:00".format
    zoe = {"email": "Zoe@example.com", "first_name": "Zoë", "phone": "+1 555"}
    await told(
        doors,
        shop,
        order(1, billing={"email": "zoe@example.com"}, date_created_gmt=at(1)),
        order(2, billing=zoe, date_created_gmt=at(4)),
        order(3, billing={"email": "ann@example.com"}, customer_id=7, date_created_gmt=at(3)),
        order(4, billing={"email": "bob@example.com"}, date_created_gmt=at(2)),
        order(5, billing={}, date_created_gmt=at(5)),
        order(6, billing={"email": "eve@example.com"}, date_created_gmt=at(6)),
    )
    account = {"id": 9, "email": "Eve@example.com", "date_modified_gmt": at(6), "billing": {}, "shipping": {}}
    headers, body = signed(account, "customer.created")
    await hub.journey.webhook(shop, headers, body)
    page = (await doors.get("/api/v1/customers?kind=guest", key)).json
    assert [(one["email"], one["orders"]) for one in page["items"]] == [("Zoe@example.com", 2), ("bob@example.com", 1)]
    assert page["items"][0]["first_name"] == "Zoë"
    assert page["items"][0]["first_order_at"].startswith(at(1))
    newest = (await doors.get(f"/api/v1/orders/{page['items'][0]['newest_order']}", key)).json
    assert newest["external_id"] == "2"
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        part = (await doors.get(f"/api/v1/customers?kind=guest&limit=1{after and '&before=' + after}", key)).json
        seen += [one["email"] for one in part["items"]]
        after = part["next"]
    assert seen == ["Zoe@example.com", "bob@example.com"]
    stranger = await hub.tenants.add("other")
    theirs = (await hub.keys.add(stranger, "reads", ("read",)))[1]
    assert (await doors.get("/api/v1/customers?kind=guest", theirs)).json["items"] == []


async def test_lists_page_through_everything_once(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    placed = [order(n, date_created_gmt=f"2026-11-{1 + n % 7:02}T09:00:00") for n in range(1, 12)]
    await told(doors, shop, *placed)
    seen: list[str] = []
    times: list[str] = []
    after = ""
    while True:
        page = (await doors.get(f"/api/v1/orders?limit=3{after}", key)).json
        seen += [one["external_id"] for one in page["items"]]
        times += [one["created_at"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&before={page['next']}"
    assert sorted(seen, key=int) == [str(n) for n in range(1, 12)]
    assert len(set(seen)) == len(seen)
    assert times == sorted(times, reverse=True)


async def test_status_and_dates_narrow_a_list(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    for number, status, day in [(1, "processing", 1), (2, "completed", 2), (3, "completed", 3), (4, "on-hold", 4)]:
        await told(doors, shop, order(number, status=status, date_created_gmt=f"2026-11-{day:02}T09:00:00"))

    async def ids(query: str) -> list[str]:
        return [one["external_id"] for one in (await doors.get(f"/api/v1/orders?{query}", key)).json["items"]]

    assert await ids("status=completed") == ["3", "2"]
    assert await ids("since=2026-11-02T09:00:00Z&until=2026-11-04T09:00:00Z") == ["3", "2"]
    assert await ids("status=completed&since=2026-11-03T00:00:00Z") == ["3"]


async def test_questions_that_make_no_sense_are_named(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    await told(doors, shop, order(1))
    is_problem(await doors.get("/api/v1/orders?number=1&status=completed", key), 400, "bad-input", "status")
    is_problem(await doors.get("/api/v1/orders?since=2026-11-01T00:00:00", key), 400, "bad-input", "since")
    is_problem(await doors.get("/api/v1/orders?store=nowhere", key), 404, "not-found", "store")
    is_problem(await doors.get("/api/v1/orders?limit=0", key), 400, "bad-input", "limit")
    is_problem(await doors.get("/api/v1/orders/ord_x", key), 400, "bad-input", "order_id")
    is_problem(await doors.get("/api/v1/orders?before=ord_00000000000000000000000000", key), 400, "bad-input", "before")


async def test_nobody_reads_another_tenants_orders(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    await told(doors, shop, order(1))
    mine = (await doors.get("/api/v1/orders", key)).json["items"][0]
    stranger = (await hub.keys.add(await hub.tenants.add("stranger"), "reads", ("read",)))[1]
    for path in ("orders", "orders?number=1", "orders?external_id=1", "orders?email=guest1@example.com"):
        assert (await doors.get(f"/api/v1/{path}", stranger)).json["items"] == []
    is_problem(await doors.get(f"/api/v1/orders/{mine['id']}", stranger), 404, "not-found")
    assert (await doors.get("/api/v1/changes", stranger)).json["items"] == []


async def test_the_sku_finds_the_product_in_every_store(hub: Hub, doors: Street, key: str) -> None:
    for name in ("one", "two"):
        shop = await add_shop(hub, name, f"https://{name}.example")
        assert (await doors.hook(shop, product(), "product.updated")).status == 200
    found = (await doors.get("/api/v1/products?sku=TEA-1", key)).json["items"]
    assert {one["store"]["uid"] for one in found} == {"one", "two"}
    assert {one["data"]["price"] for one in found} == {"3.10"}


async def test_a_body_that_is_not_what_it_should_be_is_shown_with_its_problem(
    hub: Hub, doors: Street, key: str
) -> None:
    shop = await add_shop(hub)
    await told(doors, shop, order(1, total={"not": "money"}), order(2), order(3))
    await estrange(hub, "3")
    items = {one["external_id"]: one for one in (await doors.get("/api/v1/orders", key)).json["items"]}
    assert items["1"]["data"] is None
    assert "total" in items["1"]["problem"]
    assert items["2"]["problem"] is None
    assert (items["3"]["data"], items["3"]["problem"][:27]) == (None, "a value was sealed with key")


async def test_the_schemas_describe_what_is_answered(hub: Hub, doors: Street, key: str) -> None:
    import jsonschema

    shop = await add_shop(hub)
    await told(doors, shop, order(1))
    schema = await doors.get("/api/v1/schemas/order")
    assert schema.headers["content-type"] == "application/schema+json"
    document = (await doors.get("/api/v1/orders", key)).json["items"][0]["data"]
    jsonschema.Draft202012Validator(schema.json).validate(document)
    document["currency"] = 7
    assert list(jsonschema.Draft202012Validator(schema.json).iter_errors(document))
    is_problem(await doors.get("/api/v1/schemas/nothing"), 404, "not-found", "word")
