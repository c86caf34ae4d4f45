"""Behaviours of real shops that bite, and what they do to the hub: those no other test shows.

docs/reference/woocommerce-behaviours.md names, for each numbered behaviour, the test that holds it.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import orjson
import pytest

from crossdock.connect.sandbox import Asgi, Message, Receive, Scope, Send
from crossdock.connectors.woocommerce import CONNECTOR
from crossdock.connectors.woocommerce.client import WooCommerceClient
from crossdock.connectors.woocommerce.mapper import read
from crossdock.connectors.woocommerce.sandbox import orders, refunds
from crossdock.connectors.woocommerce.sandbox.generator import RATES
from crossdock.kit.digest import Volatile, digest
from crossdock.model.commerce.order import Order
from crossdock.model.observation import Observation, Presence
from tests.contract.woocommerce.harness import HARNESS, ShopBench
from tests.support.shared import RECORDINGS, needs_recordings

LINES = {"line_items": [{"name": "Tea", "product_id": 77, "quantity": 2, "total": "9.00", "subtotal": "10.00"}]}


@pytest.fixture
async def bench() -> AsyncIterator[ShopBench]:
    """A sandbox shop."""
    async with HARNESS.open() as found:
        yield found


async def all_of(client: WooCommerceClient, stream: str, cursor: Any = None, *, full: bool = True) -> list[Observation]:
    """Read a stream until it is done."""
    found: list[Observation] = []
    for _ in range(100):
        page = await client.page(stream, cursor, full=full)
        found += page.items
        cursor = page.cursor
        if page.done:
            return found
    raise AssertionError("no end")


def digest_of(seen: Observation) -> bytes:
    """The digest as the record keeps it."""
    return digest(seen.document, Volatile.of(CONNECTOR.manifest.stream(seen.stream).volatile))


@needs_recordings
def test_three_orders_under_one_delivery_id_are_three() -> None:
    """1: what tells webhooks apart is topic, entity and body; never the delivery's id."""
    assert CONNECTOR.door is not None
    found: dict[str, list[str]] = {}
    for path in sorted((RECORDINGS / "webhooks").glob("*order_batch_create_three*")):
        raw = orjson.loads(path.read_bytes())
        headers = {name.lower(): value for name, value in raw["headers"]}
        arrival = CONNECTOR.door.parse(headers, base64.b64decode(raw["body_b64"]))
        found.setdefault(headers["x-wc-webhook-delivery-id"], []).append(repr(arrival))
    together = max(found.values(), key=len)
    assert len(together) >= 3
    assert len(set(together)) == len(together)


async def test_an_order_restored_by_hand_is_found_by_the_pull_though_nothing_is_sent(bench: ShopBench) -> None:
    """11."""
    client = WooCommerceClient(bench.good)
    row = bench.order(status="processing")
    orders.trash(bench.shop, row["id"])
    start = (await client.page("order", None)).cursor
    await bench.raw("POST", "/_sandbox/clock", {"advance_s": 60})
    assert (await bench.signed("PUT", f"/orders/{row['id']}", {}, {"status": "processing"})).status == 200
    (seen,) = [one for one in await all_of(client, "order", start, full=False) if one.external_id == str(row["id"])]
    assert (seen.presence, seen.status) == (Presence.LIVE, "processing")


async def test_a_deleted_refund_moves_no_date_but_changes_the_order_in_a_full_read(bench: ShopBench) -> None:
    """12: pulls by date cannot see it, the reconciliation's full read does."""
    client = WooCommerceClient(bench.good)
    row = bench.order(**LINES)
    made = refunds.create(bench.shop, row["id"], {"amount": "3.00", "api_refund": False})
    (before,) = await all_of(client, "order")
    await bench.raw("POST", "/_sandbox/clock", {"advance_s": 60})
    refunds.delete(bench.shop, row["id"], made["id"])
    (after,) = await all_of(client, "order")
    assert after.modified_at == before.modified_at
    assert digest_of(after) != digest_of(before)
    one, other = (read(seen, {}) for seen in (before, after))
    assert isinstance(one, Order)
    assert isinstance(other, Order)
    assert (one.payment_status, one.net_total) == ("part_refunded", Decimal("6.00"))
    assert (other.payment_status, other.net_total) == ("paid", Decimal("9.00"))


async def test_windows_are_asked_in_utc_one_second_early(bench: ShopBench) -> None:
    """18 and 19: naive times would be read in the shop's zone, and the second itself is left out."""
    client = WooCommerceClient(bench.good)
    row = bench.order()
    cursor = {"since": row["date_modified_gmt"]}
    found = await all_of(client, "order", cursor, full=False)
    assert str(row["id"]) in {one.external_id for one in found}
    _, url, _ = bench.transport.sent[-1]
    assert "dates_are_gmt=true" in url
    assert "modified_after=" in url


class StrangeLinks:
    """A shop whose Link headers name another host, as behind a proxy."""

    def __init__(self, app: Asgi) -> None:
        self.app = app
        self.lists = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start" and "/orders" in scope.get("path", ""):
                self.lists += 1
                kept = [pair for pair in message["headers"] if pair[0].lower() != b"link"]
                link = b'<http://127.0.0.1:1/wp-json/wc/v3/orders?page=2>; rel="next"'
                message = {**message, "headers": [*kept, (b"link", link)]}
            await send(message)

        await self.app(scope, receive, changed)


async def test_pages_are_never_followed_by_the_shops_links() -> None:
    """22: the Link header's host may be out of reach, or somebody else's."""
    fronts: list[StrangeLinks] = []

    def front(app: Asgi) -> Asgi:
        fronts.append(StrangeLinks(app))
        return fronts[0]

    async with HARNESS.open(front=front) as bench:
        ids = await bench.seed(23)
        found = await all_of(WooCommerceClient(bench.good, page_size=5), "order")
        assert {one.external_id for one in found} == set(ids)
        assert fronts[0].lists > 4
        assert not [url for _, url, _ in bench.transport.sent if "127.0.0.1:1/" in url]


async def test_what_is_posted_twice_is_there_twice_and_junk_makes_an_empty_order(bench: ShopBench) -> None:
    """30: nothing at the shop tells a repetition, so the hub asks before it repeats a write."""
    first, second = [(await bench.signed("POST", "/orders", {}, LINES)).json()["id"] for _ in range(2)]
    assert first != second
    for junk in ([1, 2], {}):
        reply = await bench.signed("POST", "/orders", {}, junk)
        assert (reply.status, reply.json()["line_items"], reply.json()["total"]) == (201, [], "0.00")
    unknown = await bench.signed("POST", "/orders", {}, {"line_items": [{"product_id": 999_999, "quantity": 1}]})
    assert (unknown.status, unknown.json()["line_items"][0]["total"]) == (201, "0.00")
    before = len(bench.shop.orders)
    refused = await bench.signed("POST", "/orders", {}, {**LINES, "coupon_lines": [{"code": "nobody"}]})
    assert refused.status == 400
    draft = refused.json()["data"]["new_draft_order_id"]
    assert (len(bench.shop.orders), draft in bench.shop.orders.rows) == (before + 1, True)


async def test_stock_is_a_whole_number_and_may_be_below_zero(bench: ShopBench) -> None:
    """32."""
    made = await bench.raw("POST", "/_sandbox/act", {"do": "new_product"})
    path = f"/products/{made.json()['id']}"
    for given, status in ((2.5, 400), ("abc", 400), ("12", 200), (-3, 200)):
        reply = await bench.signed("PUT", path, {}, {"stock_quantity": given})
        assert reply.status == status, given
    assert (await bench.signed("GET", path, {})).json()["stock_quantity"] == -3
    change = {"backorders": "yes", "stock_quantity": 0}
    reply = await bench.signed("PUT", path, {}, change)
    assert (reply.json()["stock_quantity"], reply.json()["stock_status"]) == (0, "onbackorder")


async def test_a_sku_that_is_taken_names_its_holder_and_a_free_one(bench: ShopBench) -> None:
    """33."""
    held = await bench.signed("POST", "/products", {}, {"name": "one", "sku": "TEA-1"})
    refused = await bench.signed("POST", "/products", {}, {"name": "two", "sku": "TEA-1"})
    assert (held.status, refused.status) == (201, 400)
    data = refused.json()["data"]
    assert data["resource_id"] == held.json()["id"]
    assert data["unique_sku"] not in ("", "TEA-1")


async def test_a_discount_needs_no_coupon_and_a_fee_below_zero_gives_tax_back(bench: ShopBench) -> None:
    """Seen on 11.0.1: 10 sold for 8 is a discount of 2; and the hub finds both orders to add up."""
    bench.shop.tax_rates.fill([dict(rate) for rate in RATES])
    row = bench.order(
        billing={"country": "DE"},
        fee_lines=[{"name": "off", "total": "-3.00", "tax_status": "none"}],
        **LINES,
    )
    assert (row["discount_total"], row["fee_lines"][0]["total_tax"]) == ("1.00", "-0.57")
    (seen,) = await all_of(WooCommerceClient(bench.good), "order")
    facts = {"price_decimals": 2, "round_at_subtotal": False, "prices_include_tax": False}
    order = read(seen, facts)
    assert isinstance(order, Order)
    assert (order.flags, order.rounding, order.total) == ((), 0, Decimal("7.14"))
