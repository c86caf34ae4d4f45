"""What a light reading compares: nothing an edit changes may be left out, nothing that moves by itself may be in."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.connect.connector import Span
from crossdock.connectors.woocommerce import sweeps, walk
from crossdock.connectors.woocommerce.sandbox import generate

SHOP = generate(12, 5)
ORDER = next(o for o in SHOP.truth()["orders"] if o["line_items"] and o["status"] == "completed")
PRODUCT = next(p for p in SHOP.truth()["products"] if p["variations"])


def edited(document: dict[str, Any], change: Any) -> dict[str, Any]:
    """A document after an edit."""
    made = copy.deepcopy(document)
    change(made)
    return made


@pytest.mark.parametrize(
    "change",
    [
        lambda o: o["line_items"][0].update(quantity=99),
        lambda o: o["line_items"][0].update(product_id=1),
        lambda o: o["line_items"][0].update(variation_id=987654),
        lambda o: o["line_items"][0].update(total="0.01"),
        lambda o: o["line_items"][0].update(name="another"),
        lambda o: o["line_items"][0].update(id=1),
        lambda o: o["line_items"].pop(),
        lambda o: o["line_items"].append(dict(o["line_items"][0], id=5)),
        lambda o: o.update(total="0.01"),
        lambda o: o.update(shipping_total="0.01"),
        lambda o: o.update(refunds=[{"id": 1, "reason": "", "total": "-1.00"}]),
        lambda o: o.update(status="cancelled"),
        lambda o: o.update(customer_id=424242),
    ],
)
def test_an_edit_that_moves_no_time_is_seen(change: Any) -> None:
    assert sweeps.fingerprint("order", edited(ORDER, change)) != sweeps.fingerprint("order", ORDER)


@pytest.mark.parametrize(
    "change",
    [
        lambda o: o["line_items"][0].update(image={"id": 9, "src": "https://cdn.example/new.png"}),
        lambda o: o["line_items"][0].update(parent_name="renamed"),
        lambda o: o.update(payment_url="http://elsewhere.example"),
        lambda o: o.update(date_modified="2026-01-01T00:00:00"),
    ],
)
def test_what_moves_by_itself_is_no_edit(change: Any) -> None:
    assert sweeps.fingerprint("order", edited(ORDER, change)) == sweeps.fingerprint("order", ORDER)


def test_a_product_is_compared_with_its_variations_ids_and_people_are_read_in_full() -> None:
    fewer = edited(PRODUCT, lambda p: p["variations"].pop())
    assert sweeps.fingerprint("product", fewer) != sweeps.fingerprint("product", PRODUCT)
    assert sweeps.fingerprint("customer", {"id": 1}) is None


def test_days_bound_orders_alone_and_never_go_before_the_start_date() -> None:
    span = Span(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    asked = walk.ask(walk.READINGS["order"], sweeps.begin("order", span, ""), 100)
    assert (asked["after"], asked["before"]) == ("2026-10-24T21:59:59", "2026-10-25T23:00:00")
    assert asked["dates_are_gmt"] == "true"
    later = walk.ask(walk.READINGS["order"], sweeps.begin("order", span, "2026-10-25T00:00:00"), 100)
    assert later["after"] == "2026-10-24T23:59:59"
    product = walk.ask(walk.READINGS["product"], sweeps.begin("product", span, ""), 100)
    assert "before" not in product
    assert "after" not in product
