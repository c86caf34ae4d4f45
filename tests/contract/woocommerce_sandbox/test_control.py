"""The control door, faults, load, and the generator."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from crossdock.connectors.woocommerce.sandbox import DEFAULT_CONSUMER_SECRET, ApiKey, Settings, generate
from crossdock.connectors.woocommerce.sandbox.acts import Acts
from tests.support.shared import needs_recordings

from .conftest import Client, opened
from .replay import recordings


async def test_the_state_is_the_whole_truth(client: Client) -> None:
    gone = next(iter(client.shop.orders.rows))
    await client.act("delete_force", id=gone)
    state = await client.door("GET", "state")
    assert len(state["orders"]) == 119
    assert state["deleted"]["orders"] == [gone]
    assert {"trash", "processing", "completed"} <= {o["status"] for o in state["orders"]}
    assert DEFAULT_CONSUMER_SECRET not in str(state)


async def test_every_act_can_be_done_and_says_what_it_did(client: Client) -> None:
    product = next(row["id"] for row in client.shop.products if row["type"] == "simple")
    needed: dict[str, dict[str, Any]] = {"set_status": {"status": "cancelled"}}
    needed["count_shelf"] = {"id": product, "quantity": 7}
    for name in Acts.names():
        done = await client.act(name, **needed.get(name, {}))
        assert done["do"] == name
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{client.url}/_sandbox/act", json={"do": "nothing"}) as answer:
            assert answer.status == 400
        async with session.get(f"{client.url}/_sandbox/nowhere") as answer:
            assert answer.status == 404


async def test_traffic_is_the_same_for_the_same_seed() -> None:
    told = []
    for _ in range(2):
        async with opened(generate(60, 4, now=1_795_000_000), Settings(https=True)) as client:
            told.append((await client.door("POST", "traffic", {"count": 80}))["done"])
    assert told[0] == told[1]
    assert len({row["do"] for row in told[0]}) > 6


async def test_a_silent_line_edit_moves_no_date(client: Client) -> None:
    row = next(o for o in client.shop.orders if o["status"] == "completed" and o["line_items"])
    before = await client.get(f"orders/{row['id']}")
    await client.act("silent_line_edit", id=row["id"])
    after = await client.get(f"orders/{row['id']}")
    assert after["date_modified"] == before["date_modified"]
    assert after["line_items"] != before["line_items"]


async def test_dials_turn_faults_and_the_shops_own_settings(client: Client) -> None:
    dials = await client.door("PUT", "dials", {"throttle_share": 1.0, "drop_share": 0.5})
    assert (dials["throttle_share"], dials["drop_share"]) == (1.0, 0.5)
    status, body, _ = await client.call("GET", "orders")
    assert (status, body["data"]) == (429, {"status": 429})
    await client.door("PUT", "dials", {"throttle_share": 0.0, "next_errors": 1})
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{client.url}/wp-json/") as answer:
            assert answer.status == 503
        async with session.put(f"{client.url}/_sandbox/dials", json={"drop_share": "much"}) as answer:
            assert answer.status == 400


async def test_an_answer_cut_after_the_effect_has_had_its_effect(client: Client) -> None:
    before = len(client.shop.orders)
    await client.door("PUT", "dials", {"cut_after_effect": 1})
    with pytest.raises(aiohttp.ClientError):
        await client.call("POST", "orders", {"status": "pending"})
    assert len(client.shop.orders) == before + 1


async def test_lists_take_turns_under_a_ceiling() -> None:
    async with opened(generate(60, 4), Settings(https=True, list_ceiling_per_s=50.0)) as client:
        begun = time.monotonic()
        await asyncio.gather(*(client.get("orders?per_page=100") for _ in range(10)))
        assert time.monotonic() - begun >= 0.19
        assert (await client.door("GET", "load"))["checkout_latency_s"] >= 0.111


@needs_recordings
async def test_generated_orders_have_exactly_the_recorded_keys() -> None:
    like = next(r.answer[0] for r in recordings() if r.name == "rest/orders_list")
    async with opened(generate(300, 2), Settings(https=True)) as client:
        rows = await client.get("orders?per_page=100")
        lines = {tuple(line) for row in rows for line in row["line_items"]}
        assert {tuple(k for k in row if k != "_links") for row in rows} == {tuple(k for k in like if k != "_links")}
        assert lines == {tuple(line) for line in like["line_items"]}
        for name in ("products", "customers", "coupons"):
            theirs = next(
                r.answer
                for r in recordings()
                if r.name in ("rest/products_by_sku", "rest/customers_by_email", "rest/coupons") and name in r.path
            )[0]
            assert list((await client.get(name))[0]) == list(theirs)


def test_a_generated_shop_has_the_variety_of_a_real_one() -> None:
    shop = generate(1500, 11)
    orders = list(shop.orders)
    statuses = {o["status"] for o in orders}
    assert statuses >= {
        "processing",
        "completed",
        "pending",
        "on-hold",
        "cancelled",
        "refunded",
        "failed",
        "checkout-draft",
        "trash",
    }
    assert {o["currency"] for o in orders} == {"USD", "EUR", "GBP", "JPY"}
    guests = [o for o in orders if not o["customer_id"]]
    mails = [o["billing"]["email"] for o in guests if o["billing"]["email"]]
    assert len({m.lower() for m in mails}) < len(set(mails)) < len(mails)
    assert any(not o["billing"]["email"] for o in guests)
    registered = {c["email"].lower() for c in shop.customers}
    assert any(m.lower() in registered for m in mails)
    assert any(o["total"] == "0.00" for o in orders)
    assert any(line["product_id"] == 0 for o in orders for line in o["line_items"])
    assert any(len(o["line_items"]) > len({x["product_id"] for x in o["line_items"]}) for o in orders)
    assert any(line["variation_id"] for o in orders for line in o["line_items"])
    assert all(any(o[part] for o in orders) for part in ("coupon_lines", "fee_lines", "shipping_lines", "refunds"))
    assert any(r["line_items"] for r in shop.refunds)
    assert any(r["total"] != f"-{o['total']}" for o in orders for r in o["refunds"])
    assert any(not o["billing"]["first_name"].isascii() for o in orders)
    assert len({o["date_modified_gmt"][:10] for o in orders}) > 30
    assert generate(50, 3, now=1_795_000_000).truth()["orders"] == generate(50, 3, now=1_795_000_000).truth()["orders"]


def test_secrets_are_not_in_reprs() -> None:
    assert DEFAULT_CONSUMER_SECRET not in repr(ApiKey()) + repr(Settings())
