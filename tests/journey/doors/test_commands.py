"""Commands about orders over REST: what is taken, what is refused and why, and that nothing is taken twice."""

from __future__ import annotations

from typing import Any

import orjson
import pytest_asyncio

from crossdock.kit.ids import Prefix, new_id, parse, show
from crossdock.model.connection import Connection
from crossdock.model.observation import Observation
from crossdock.model.origin import Origin
from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street, is_problem, rows
from tests.support.hub import SECRET, add_connection, add_wish_routes, order


class Till:
    """A shop that may be written to, its caller and an order each."""

    def __init__(self, hub: Hub, doors: Street, shop: Connection, key: str) -> None:
        self.hub, self.doors, self.shop, self.key = hub, doors, shop, key

    async def order(self, number: int = 1, **more: Any) -> str:
        assert (await self.doors.hook(self.shop, order(number, **more))).status == 200
        sql = f"SELECT id FROM record WHERE stream = 'order' AND external_id = '{number}'"
        return show(Prefix.ORDER, (await rows(self.hub, sql))[0]["id"])

    async def send(self, method: str, path: str, body: Any, *, again: str | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        if again:
            headers["Idempotency-Key"] = again
        return await self.doors.call(method, f"/api/v1/orders/{path}", orjson.dumps(body), headers)

    async def wishes(self, stream: str) -> list[dict[str, Any]]:
        sql = f"SELECT id, body FROM event WHERE stream = '{stream}' ORDER BY id"
        return [orjson.loads(self.hub.vault.open_body(r["body"], r["id"].bytes)) for r in await rows(self.hub, sql)]


@pytest_asyncio.fixture
async def till(hub: Hub, doors: Street) -> Till:
    config = {"url": "https://shop.example", "status_map": {"shipped": "wc-sent"}}
    shop = await add_connection(hub, "woocommerce", "shop", config, {"hook:1": SECRET}, destination=True)
    await add_wish_routes(hub, shop)
    key = (await hub.keys.add(shop.tenant_id, "till", ("write", "read")))[1]
    return Till(hub, doors, shop, key)


async def test_a_status_is_recorded_with_its_delivery(till: Till) -> None:
    one = await till.order()
    answer = await till.send("PUT", f"{one}/status", {"status": "completed", "note": "sent"})
    assert answer.status == 202, answer.body
    taken = answer.json
    assert (taken["order"], taken["status"], taken["version"], taken["duplicate"]) == (one, "processing", 1, False)
    found = await rows(till.hub, "SELECT id, event_id, lane_id, state FROM delivery")
    assert [show(Prefix.DELIVERY, row["id"]) for row in found] == taken["delivery_ids"]
    assert found[0]["event_id"] == parse(Prefix.EVENT, taken["event_id"])
    wish = (await till.wishes("order_status"))[0]
    assert (wish["order_id"], wish["status"], wish["note"]) == ("1", "completed", "sent")
    assert len(wish["request_id"]) == 32


async def test_our_word_becomes_the_shops(till: Till) -> None:
    one = await till.order()
    assert (await till.send("PUT", f"{one}/status", {"status": "shipped"})).status == 202
    assert (await till.wishes("order_status"))[0]["status"] == "wc-sent"
    problem = is_problem(await till.send("PUT", f"{one}/status", {"status": "lost"}), 400, "bad-input", "status")
    assert "shipped" in problem["remedy"]
    is_problem(await till.send("PUT", f"{one}/status", {"status": "trash"}), 400, "bad-input", "status")


async def test_a_status_that_only_the_shop_knows_may_be_set(till: Till) -> None:
    await till.order(2, status="wc-odd")
    one = await till.order(1)
    assert (await till.send("PUT", f"{one}/status", {"status": "wc-odd"})).status == 202
    shown = await till.doors.get(f"/api/v1/connections/{show(Prefix.CONNECTION, till.shop.id)}/maps", till.key)
    assert shown.json["unmapped_statuses"] == {"wc-odd": 1}
    assert shown.json["maps"]["status"]["shipped"] == "wc-sent"
    assert shown.json["maps"]["status"]["completed"] == "completed"


async def test_unmapped_methods_are_listed_with_counts(till: Till) -> None:
    lines = [{"id": 1, "method_id": "flat_rate", "total": "5.00"}]
    for number in (1, 2):
        await till.order(number, payment_method="cod", shipping_lines=lines)
    await till.order(3, payment_method="stripe")
    shown = (await till.doors.get(f"/api/v1/connections/{show(Prefix.CONNECTION, till.shop.id)}/maps", till.key)).json
    assert shown["unmapped_payment"] == {"cod": 2, "stripe": 1}
    assert shown["unmapped_shipping"] == {"flat_rate": 2}
    assert shown["orders_looked_at"] == 3


async def test_a_conflict_names_both_versions(till: Till) -> None:
    one = await till.order()
    await till.order(1, status="on-hold", modified="2026-11-20T10:00:07")
    body = {"status": "completed", "expected_status": "processing"}
    problem = is_problem(await till.send("PUT", f"{one}/status", body), 409, "version-conflict")
    assert problem["expected"] == {"status": "processing", "version": None}
    assert problem["current"]["status"] == "on-hold"
    assert problem["current"]["version"] == 2
    assert problem["current"]["modified_at"].startswith("2026-11-20")
    stale = {"status": "completed", "if_version": 1}
    is_problem(await till.send("PUT", f"{one}/status", stale), 409, "version-conflict")
    assert (await till.send("PUT", f"{one}/status", {**stale, "if_version": 2})).status == 202


async def test_a_repeated_command_is_taken_once(till: Till) -> None:
    one = await till.order()
    first = (await till.send("POST", f"{one}/refunds", {"amount": "10.00"}, again="k1")).json
    # the order has changed meanwhile: the repetition is still the same command
    await till.order(1, status="on-hold", modified="2026-11-20T10:00:07")
    second = (await till.send("POST", f"{one}/refunds", {"amount": "10.00"}, again="k1")).json
    assert second["duplicate"]
    assert (second["event_id"], second["delivery_ids"]) == (first["event_id"], first["delivery_ids"])
    is_problem(
        await till.send("POST", f"{one}/refunds", {"amount": "11.00"}, again="k1"), 422, "idempotency-key-reused"
    )
    is_problem(await till.send("POST", f"{one}/notes", {"note": "x"}, again="k1"), 422, "idempotency-key-reused")
    assert len(await till.wishes("refund_request")) == 1


async def test_equal_commands_without_a_key_are_two(till: Till) -> None:
    one = await till.order()
    for _ in range(2):
        assert (await till.send("POST", f"{one}/notes", {"note": "called", "customer_note": True})).status == 202
    first, second = await till.wishes("order_note")
    assert first["request_id"] != second["request_id"]
    assert first["customer_note"] is True


async def test_a_refund_never_exceeds_what_is_left(till: Till) -> None:
    one = await till.order(refunds=[{"id": 5, "reason": "", "total": "-5.00"}])
    assert (await till.send("POST", f"{one}/refunds", {"amount": "20.00"})).status == 202
    problem = is_problem(await till.send("POST", f"{one}/refunds", {"amount": "10.26"}), 409, "conflict")
    assert "10.25" in problem["detail"]
    assert (await till.send("POST", f"{one}/refunds", {"amount": "10.25"})).status == 202
    for body, field in (
        ({}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "NaN"}, "amount"),
    ):
        is_problem(await till.send("POST", f"{one}/refunds", body), 400, "bad-input", field)


async def test_a_refund_by_lines(till: Till) -> None:
    one = await till.order()
    body = {"lines": [{"line_id": "10", "quantity": 1}], "reason": "broken", "restock": False}
    assert (await till.send("POST", f"{one}/refunds", body)).status == 202
    wish = (await till.wishes("refund_request"))[0]
    assert wish["lines"] == [{"line_id": "10", "quantity": 1, "total": "15.12"}]
    assert (wish["amount"], wish["restock"], wish["api_refund"]) == ("15.12", False, False)
    over = {"lines": [{"line_id": "10", "quantity": 2}]}
    is_problem(await till.send("POST", f"{one}/refunds", over), 400, "bad-input", "lines[0].quantity")
    other = {"lines": [{"line_id": "99", "quantity": 1}]}
    is_problem(await till.send("POST", f"{one}/refunds", other), 400, "bad-input", "lines[0].line_id")


async def test_what_was_refunded_in_the_shop_is_not_left_and_taxes_go_along(till: Till) -> None:
    line = {"id": 10, "name": "Tea", "product_id": 7, "quantity": 3, "total": "30.00"}
    one = await till.order(line_items=[{**line, "taxes": [{"id": 4, "total": "6.00", "subtotal": "6.00"}]}])
    given = {
        "id": 5,
        "amount": "10.00",
        "parent_id": 1,
        "line_items": [
            {
                "id": 6,
                "quantity": -2,
                "total": "-20.00",
                "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": "10"}],
            }
        ],
    }
    seen = Observation("refund", "5", given, parent_id="1")
    parcel = till.hub.journey.parcel(till.shop, seen, Origin.PULL, orjson.dumps(given))
    assert (await till.hub.journey.intake.submit(parcel)).verdict == "applied"
    over = {"lines": [{"line_id": "10", "quantity": 2}]}
    is_problem(await till.send("POST", f"{one}/refunds", over), 400, "bad-input", "lines[0].quantity")
    assert (await till.send("POST", f"{one}/refunds", {"lines": [{"line_id": "10", "quantity": 1}]})).status == 202
    wish = (await till.wishes("refund_request"))[0]
    assert wish["lines"] == [
        {"line_id": "10", "quantity": 1, "total": "10.00", "taxes": [{"rate_id": "4", "total": "2.00"}]}
    ]
    assert wish["amount"] == "12.00"


async def test_a_fulfilment_by_line_leaves_the_rest(till: Till) -> None:
    one = await till.order()
    part = {"lines": [{"line_id": "10", "quantity": 1}], "tracking_number": "T1", "carrier": "DHL"}
    assert (await till.send("POST", f"{one}/fulfilments", part)).status == 202
    assert (await till.send("POST", f"{one}/fulfilments", part)).status == 202
    is_problem(await till.send("POST", f"{one}/fulfilments", part), 400, "bad-input", "lines[0].quantity")
    first = (await till.wishes("fulfilment"))[0]
    assert (first["complete"], first["notify"], first["tracking_number"]) == (False, False, "T1")
    bad = {"tracking_url": "javascript:alert(1)"}
    is_problem(await till.send("POST", f"{one}/fulfilments", bad), 400, "bad-input", "tracking_url")
    assert (await till.send("POST", f"{one}/fulfilments", {})).status == 202
    assert (await till.wishes("fulfilment"))[-1]["complete"] is True
    is_problem(await till.send("POST", f"{one}/fulfilments", {}), 409, "conflict")


async def test_a_thousand_statuses_have_a_result_each(till: Till) -> None:
    ids = [await till.order(number) for number in range(1, 41)]
    items = [{"order": one, "status": "completed"} for one in ids] * 24
    items += [{"order": "ord_nonsense", "status": "x"}, {"order": show(Prefix.ORDER, new_id()), "status": "x"}]
    items += [{"order": ids[0], "status": "nowhere"}]
    items += [{"order": ids[1], "status": "on-hold", "expected_status": "failed"}]
    items += [{"order": one, "status": "on-hold"} for one in ids[: 1000 - len(items)]]
    assert len(items) == 1000
    answer = await till.send("POST", "statuses", {"items": items}, again="many")
    assert answer.status == 202, answer.body
    results = answer.json["items"]
    assert [r["problem"]["status"] for r in results if r["problem"]] == [400, 404, 400, 409]
    assert sum(r["taken"] is not None for r in results) == 996
    again = (await till.send("POST", "statuses", {"items": items}, again="many")).json["items"]
    assert all(r["taken"]["duplicate"] for r in again if r["taken"])
    assert [r["taken"] and r["taken"]["event_id"] for r in again] == [
        r["taken"] and r["taken"]["event_id"] for r in results
    ]
    too_many = await till.send("POST", "statuses", {"items": [*items, items[0]]})
    is_problem(too_many, 400, "bad-input", "items")


async def test_who_may_not(till: Till) -> None:
    one = await till.order()
    reads = (await till.hub.keys.add(till.shop.tenant_id, "reads", ("read",)))[1]
    json = {"Content-Type": "application/json"}
    answer = await till.doors.post(f"/api/v1/orders/{one}/notes", {"note": "x"}, reads, **json)
    assert "write" in is_problem(answer, 403, "forbidden")["detail"]
    other = (await till.hub.keys.add(await till.hub.tenants.add("other"), "w", ("write",)))[1]
    is_problem(await till.doors.post(f"/api/v1/orders/{one}/notes", {"note": "x"}, other, **json), 404, "not-found")
    is_problem(await till.send("POST", "nonsense/notes", {"note": "x"}), 400, "bad-input", "order")


async def test_a_shop_for_reading_alone_refuses(hub: Hub, doors: Street, till: Till) -> None:
    del hub, doors
    one = await till.order()
    async with till.hub.database.transaction() as conn:
        await conn.execute("UPDATE route SET enabled = false")
    problem = is_problem(await till.send("POST", f"{one}/notes", {"note": "x"}), 409, "conflict")
    assert "read_write" in problem["remedy"]


async def test_a_status_that_the_store_owns_is_refused(till: Till) -> None:
    one = await till.order()
    await till.hub.upkeep.change(
        till.shop.tenant_id, till.shop.id, {"field_owners": {"order.status": "store"}}, actor="t"
    )
    problem = is_problem(await till.send("PUT", f"{one}/status", {"status": "completed"}), 409, "conflict")
    assert "field_owners" in problem["remedy"]
    assert await till.wishes("order_status") == []


async def test_what_is_gone_is_not_written(till: Till) -> None:
    one = await till.order()
    await till.order(1, status="trash", modified="2026-11-20T10:00:07")
    is_problem(await till.send("PUT", f"{one}/status", {"status": "completed"}), 409, "conflict")
