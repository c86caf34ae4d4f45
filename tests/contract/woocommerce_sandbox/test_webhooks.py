"""Webhooks: ping, queue, bodies built late, failures, wrong resources; over real loopback HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from crossdock.connectors.woocommerce.sandbox import Settings, generate
from tests.support.shared import RECORDINGS, needs_recordings

from .conftest import Client, Receiver, opened, until


async def settled(client: Client) -> None:
    """Wait until nothing waits and the runner has ended."""
    runner = client.app.app.runner
    await until(lambda: not client.app.app.hooks.waiting and (runner._task is None or runner._task.done()))


async def test_the_ping_is_a_form_and_comes_within_the_creation(client: Client, receiver: Receiver) -> None:
    hook = await client.hook("order.updated", receiver.url, secret="s")
    headers, body = receiver.got[0]
    assert body == f"webhook_id={hook['id']}".encode()
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert not any(name.startswith("x-wc-webhook") for name in headers)
    assert hook["status"] == "active"
    assert "secret" not in hook


async def test_a_204_keeps_it_pending_and_pings_after_every_delivery(client: Client, receiver: Receiver) -> None:
    receiver.status = 204
    await client.hook("order.created", receiver.url)
    for _ in range(3):
        await client.act("place_order")
        await settled(client)
    assert receiver.topics() == ["ping"] + ["order.created", "ping"] * 3


async def test_a_signature_over_the_very_bytes_with_entities_decoded(client: Client, receiver: Receiver) -> None:
    await client.hook("order.created", receiver.url, secret="a&amp;b<c>\"d'e ü 😀")
    await client.act("place_order", customer_note="slash / <b>ü</b> 🙏")
    await settled(client)
    headers, body = receiver.got[1]
    mac = hmac.new("a&b<c>\"d'e ü 😀".encode(), body, hashlib.sha256)
    assert headers["x-wc-webhook-signature"] == base64.b64encode(mac.digest()).decode()
    assert rb"slash \/ <b>\u00fc<\/b> \ud83d\ude4f" in body
    assert body.isascii()
    assert json.loads(body)["_links"]["self"]


async def test_created_comes_with_updated_and_ids_repeat_within_a_second(client: Client, receiver: Receiver) -> None:
    await client.hook("order.created", receiver.url)
    await client.hook("order.updated", receiver.url)
    await client.door("POST", "clock", {"stop_at": 1_795_228_324})
    made = [(await client.act("place_order"))["id"] for _ in range(3)]
    await settled(client)
    created = [(h, json.loads(b)) for h, b in receiver.got if h.get("x-wc-webhook-topic") == "order.created"]
    updated = [(h, json.loads(b)) for h, b in receiver.got if h.get("x-wc-webhook-topic") == "order.updated"]
    assert [b["id"] for _, b in created] == [b["id"] for _, b in updated] == made
    assert len({h["x-wc-webhook-delivery-id"] for h, _ in created}) == 1
    assert created[0][1] == updated[0][1]


async def test_four_changes_before_delivery_are_one_with_the_last_state(receiver: Receiver) -> None:
    async with opened(generate(30, 2), Settings(https=True, webhook_delay_s=3600)) as client:
        await client.hook("order.updated", receiver.url)
        order = (await client.act("place_order", status="pending"))["id"]
        for number in range(4):
            await client.call("PUT", f"orders/{order}", {"customer_note": f"n{number}"})
        assert receiver.topics() == ["ping"]
        await client.door("POST", "clock", {"advance_s": 3601})
        await settled(client)
        assert len(receiver.got) == 2
        assert json.loads(receiver.got[1][1])["customer_note"] == "n3"


async def test_a_hard_delete_before_delivery_sends_the_404_body(receiver: Receiver) -> None:
    async with opened(generate(30, 2), Settings(https=True, webhook_delay_s=3600)) as client:
        await client.hook("order.created", receiver.url)
        order = (await client.act("place_order"))["id"]
        await client.act("delete_force", id=order)
        await client.door("POST", "clock", {"advance_s": 3601})
        await settled(client)
        body = json.loads(receiver.got[1][1])
        assert body == {
            "code": "woocommerce_rest_shop_order_invalid_id",
            "message": "Invalid ID.",
            "data": {"status": 404},
        }


async def test_the_seventh_failure_in_a_row_disables_and_one_more_after_reactivation(
    client: Client, receiver: Receiver
) -> None:
    hook = await client.hook("order.created", receiver.url)
    receiver.status = 500
    for number in range(1, 9):
        await client.act("place_order")
        await settled(client)
        status = (await client.get(f"webhooks/{hook['id']}"))["status"]
        assert status == ("disabled" if number >= 7 else "active")
    assert receiver.topics().count("order.created") == 7
    receiver.status = 200
    await client.call("PUT", f"webhooks/{hook['id']}", {"status": "active"})
    assert receiver.topics()[-1] == "ping"
    receiver.status = 500
    await client.act("place_order")
    await settled(client)
    assert (await client.get(f"webhooks/{hook['id']}"))["status"] == "disabled"


@pytest.mark.parametrize(("status", "counts"), [(201, 0), (301, 0), (302, 0), (303, 1), (307, 1), (410, 1)])
async def test_what_counts_as_a_failure(client: Client, receiver: Receiver, status: int, counts: int) -> None:
    await client.hook("order.created", receiver.url)
    receiver.status = status
    await client.act("place_order")
    await settled(client)
    assert (await client.door("GET", "state"))["webhooks"][0]["failures"] == counts
    assert receiver.topics().count("order.created") == 1


EVERY = [
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
    "product.created",
    "product.updated",
    "product.deleted",
    "product.restored",
    "product.published",
    "coupon.deleted",
    "coupon.restored",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "action.woocommerce_order_status_changed",
    "action.woocommerce_order_refunded",
]


async def events_of(client: Client, receiver: Receiver, do: str, **more: Any) -> list[str]:
    """Return what one act sends, pings left out, sorted."""
    before = len(receiver.got)
    assert (await client.act(do, **more))["done"]
    await settled(client)
    return sorted(topic for topic in receiver.topics()[before:] if topic != "ping")


@pytest.mark.parametrize("storage", ["hpos", "posts"])
async def test_what_each_act_sends(receiver: Receiver, storage: str) -> None:
    settings = Settings(https=True, webhook_delay_s=0.0, storage=storage)  # type: ignore[arg-type]
    async with opened(generate(60, 3), settings) as client:
        for topic in EVERY:
            await client.hook(topic, receiver.url)
        lines = [{"name": "x", "product_id": 999_999}]
        order = (await client.act("place_order", status="processing", line_items=lines, billing={}))["id"]
        await settled(client)
        trashed = await events_of(client, receiver, "trash", id=order)
        assert trashed == (
            ["order.deleted"] if storage == "hpos" else ["coupon.deleted", "order.deleted", "product.deleted"]
        )
        changed = "action.woocommerce_order_status_changed"
        assert await events_of(client, receiver, "untrash", id=order) == [changed, "order.restored"]
        await client.act("trash", id=order)
        await settled(client)
        assert await events_of(client, receiver, "restore_by_put", id=order) == [changed]
        assert await events_of(client, receiver, "note", id=order) == []
        assert await events_of(client, receiver, "silent_line_edit", id=order) == []
        assert await events_of(client, receiver, "delete_force", id=order) == []
        product = (await client.act("new_product"))["id"]
        await settled(client)
        assert await events_of(client, receiver, "trash_product", id=product) == ["coupon.deleted", "product.deleted"]
        restored = ["coupon.restored", "product.published", "product.restored", "product.updated"]
        assert await events_of(client, receiver, "untrash_product", id=product) == restored
        assert await events_of(client, receiver, "delete_product", id=product) == []
        assert await events_of(client, receiver, "new_customer") == ["customer.created", "customer.updated"]
        assert await events_of(client, receiver, "delete_customer") == ["customer.deleted"]
        assert await events_of(client, receiver, "edit_variation") == ["product.updated"]
        last = json.loads(receiver.got[-1][1])
        assert last["type"] == "variation"
        assert last["parent_id"]


async def test_lost_doubled_and_late_deliveries_are_counted_in_the_log(receiver: Receiver) -> None:
    settings = Settings(
        https=True,
        webhook_delay_s=0.0,
        drop_share=0.2,
        duplicate_share=0.2,
        out_of_order_share=0.3,
        out_of_order_s=0.05,
    )
    async with opened(generate(60, 3), settings) as client:
        await client.hook("order.created", receiver.url)
        made = [(await client.act("place_order"))["id"] for _ in range(60)]
        await settled(client)
        log = (await client.door("GET", "webhooks/deliveries"))["deliveries"]
        came = [json.loads(body)["id"] for headers, body in receiver.got[1:]]
        dropped = [row["resource_id"] for row in log if row["status"] == "dropped"]
        assert set(made) - set(came) == set(dropped) != set()
        assert len(came) > len(set(came))
        assert list(dict.fromkeys(came)) != sorted(set(came))


@needs_recordings
async def test_bodies_and_headers_have_the_recorded_shape(client: Client, receiver: Receiver) -> None:
    for topic in ("order.created", "customer.created", "product.created", "coupon.created"):
        await client.hook(topic, receiver.url)
    place = {"product_id": next(iter(client.shop.products.rows))}
    await client.act("place_order", line_items=[place], customer_id=2)
    await client.act("new_customer")
    await client.act("new_product")
    await client.call("POST", "coupons", {"code": "new", "amount": "5"})
    await settled(client)
    ours = {h["x-wc-webhook-topic"]: (h, json.loads(b)) for h, b in receiver.got if "x-wc-webhook-topic" in h}
    for name in (
        "058_order_create_paid_directly__order_created_1",
        "030_customer_create__customer_created_10",
        "023_product_create__product_created_5",
        "033_coupon_create__coupon_created_13",
    ):
        raw = json.loads((RECORDINGS / "webhooks" / f"{name}.json").read_bytes())
        body = json.loads(base64.b64decode(raw["body_b64"]))
        headers, found = ours[raw["topic"]]
        assert list(found) == list(body), name
        assert list(found["_links"]) == list(body["_links"])
        theirs = {n.lower(): v for n, v in raw["headers"]}
        assert set(headers) == set(theirs)
        same = ("user-agent", "content-type", "accept", "connection", "x-wc-webhook-resource", "x-wc-webhook-event")
        assert [headers[n] for n in same] == [theirs[n] for n in same]
        assert len(headers["x-wc-webhook-delivery-id"]) == 32
