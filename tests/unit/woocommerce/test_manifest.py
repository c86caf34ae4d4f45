"""The manifest's facts agree with what the store's recordings show."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.connectors.woocommerce import CONNECTOR
from crossdock.connectors.woocommerce.walk import READINGS
from crossdock.connectors.woocommerce.webhook import DOOR
from crossdock.kit.digest import Volatile, digest
from crossdock.model.observation import Observation
from tests.support.shared import needs_recordings
from tests.unit.woocommerce.recordings import Recorded, answer, shared_webhooks, stored

MANIFEST = CONNECTOR.manifest


def digest_of(stream: str, document: dict[str, Any]) -> bytes:
    return digest(document, Volatile.of(MANIFEST.stream(stream).volatile))


def test_every_stream_is_read_where_the_manifest_says() -> None:
    read = {k: r.children if k == "note" else r.path for k, r in READINGS.items()}
    assert {stream.name: stream.path for stream in MANIFEST.streams} == read
    assert all({"_links"} <= set(stream.volatile) for stream in MANIFEST.streams)


def test_no_webhook_is_registered_for_a_topic_that_the_shop_does_not_know() -> None:
    assert MANIFEST.webhooks is not None
    assert "customer.restored" not in MANIFEST.webhooks.topics
    assert "order.published" not in MANIFEST.webhooks.topics
    assert {topic.split(".")[0] for topic in MANIFEST.webhooks.topics} == {"order", "product", "customer", "coupon"}


def observed(topic_end: str = "") -> list[tuple[Recorded, Observation]]:
    found = []
    for each in shared_webhooks():
        if each.secret is not None and each.topic.endswith(topic_end):
            found += [(each, one) for one in DOOR.parse(each.headers, each.body) if isinstance(one, Observation)]
    return found


@needs_recordings
def test_an_entity_unchanged_since_its_webhook_digests_as_its_list_does() -> None:
    listed: dict[tuple[str, str], dict[str, Any]] = {}
    for stream in ("order", "product", "customer", "coupon"):
        listed |= {(stream, str(row["id"])): row for row in stored(f"{stream}s")}
    same = []
    for each, seen in observed():
        row = listed.get((seen.stream, seen.external_id))
        if row is not None and row["date_modified_gmt"] == seen.document["date_modified_gmt"]:
            changed = {key for key in row if row[key] != seen.document.get(key)} - {"permalink", "payment_url"}
            assert (digest_of(seen.stream, seen.document) == digest_of(seen.stream, row)) == (not changed), each.name
            same.append((each.name, sorted(changed)))
    assert [name for name, changed in same if not changed], "at least one entity stood still"
    # an order paid inside the second of its webhook: the same modified time, another content
    assert {tuple(changed) for _, changed in same if changed} == {
        ("date_paid", "date_paid_gmt", "is_editable", "meta_data", "status")
    }


@needs_recordings
def test_webhooks_of_one_state_digest_alike_whatever_their_topic() -> None:
    states: dict[tuple[str, str, str, str], set[bytes]] = {}
    for each, seen in observed():
        scenario = each.name[4:].rpartition("__")[0]
        key = (scenario, seen.stream, seen.external_id, str(seen.document["date_modified_gmt"]))
        states.setdefault(key, set()).add(digest_of(seen.stream, seen.document))
    assert len(states) > 15
    assert {key: len(digests) for key, digests in states.items() if len(digests) > 1} == {}


@needs_recordings
@pytest.mark.parametrize(
    ("name", "stream", "least"),
    [
        ("rest/order_from_store_api_checkout", "order", 1),
        ("rest/orders_list", "order", 2),
        ("rest/customer_single", "customer", 1),
        ("rest/customers_orderby_registered", "customer", 2),
        ("rest/products_outofstock", "product", 2),
        ("rest/coupons", "coupon", 2),
    ],
)
def test_answers_of_different_days_and_forms_digest_alike(name: str, stream: str, least: int) -> None:
    shown = answer(name)
    by_id = {row["id"]: row for row in (shown if isinstance(shown, list) else [shown])}
    checked = 0
    for row in stored(f"{stream}s"):
        other = by_id.get(row["id"])
        if other is not None and other["date_modified_gmt"] == row["date_modified_gmt"]:
            assert digest_of(stream, other) == digest_of(stream, row)
            checked += 1
    assert checked >= least


@pytest.mark.parametrize("stream", ["order", "product"])
def test_what_depends_on_who_asks_is_volatile(stream: str) -> None:
    one = {"id": 1, "payment_url": "http://a", "permalink": "http://a", "related_ids": [1], "price_html": "", "x": 1}
    two = {"id": 1, "payment_url": "https://a", "permalink": "https://a", "related_ids": [2], "price_html": "<b>"}
    volatile = set(MANIFEST.stream(stream).volatile)
    kept = {key for key in one if key not in volatile and one[key] != two.get(key)}
    assert kept == {"order": {"permalink", "related_ids", "price_html", "x"}, "product": {"payment_url", "x"}}[stream]


def test_another_time_zone_of_the_site_changes_no_entity() -> None:
    """Seen: with a new time zone every date without _gmt of every order changes, and no modified time moves."""
    undated = {"tax_rate", "shipping_zone", "payment_gateway"}
    for stream in (each for each in MANIFEST.streams if each.name not in undated):
        local = {"date_created": "2026-11-21T06:00:00"}
        other = {"date_created": "2026-11-21T15:00:00"}
        same = {"id": 1, "date_created_gmt": "2026-11-21T14:00:00"}
        assert digest_of(stream.name, same | local) == digest_of(stream.name, same | other)
        assert digest_of(stream.name, same | local) != digest_of(stream.name, local | {"id": 1})
