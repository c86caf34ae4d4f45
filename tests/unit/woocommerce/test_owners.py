"""Whose a field of the shop is: what is left of a wish, and what is written where something stands."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.connect.connector import Context
from crossdock.connectors.woocommerce import plans
from crossdock.connectors.woocommerce.owners import OWNED, allowed
from crossdock.connectors.woocommerce.wishes import Fulfil, SetPrice, Wish, WriteBack, read
from crossdock.connectors.woocommerce.writes.orders import _meta_to_write
from crossdock.connectors.woocommerce.writes.products import price_to_write
from crossdock.model.outcome import Delivered

WISHES: dict[str, dict[str, Any]] = {
    "set_status": {"order_id": "17", "status": "completed"},
    "set_stock": {"product_id": "7", "quantity": 3},
    "set_price": {"product_id": "7", "regular_price": "9.00", "sale_price": "8.00"},
    "write_back": {"order_id": "17", "meta": {"_crossdock_deal": "1", "_crossdock_old": "2"}},
    "fulfil": {"order_id": "17", "complete": True},
}


def wished(action: str) -> Wish:
    return read(action, {"request_id": "r", **WISHES[action]}, {"currency": "USD"})


@pytest.mark.parametrize(
    ("action", "names"),
    [
        ("set_status", ["order.status"]),
        ("set_stock", ["product.stock_quantity"]),
        ("set_price", ["product.regular_price", "product.sale_price"]),
        ("write_back", ["order.meta"]),
    ],
)
def test_what_the_store_owns_is_skipped_saying_so(action: str, names: list[str]) -> None:
    owners = {"field_owners": dict.fromkeys(names, "store")}
    context = Context("s", "s", "", owners, {"currency": "USD"}, "x", "17", "live")
    plan = plans.plan(action, {"request_id": "r", **WISHES[action]}, context)
    assert plan.steps == ()
    assert all(name in plan.nothing for name in names)
    assert set(names) <= set(OWNED)
    for config in ({}, {"field_owners": dict.fromkeys(names, "hub")}, {"field_owners": "junk"}):
        assert allowed(wished(action), config) == wished(action)


def test_a_fulfilment_leaves_a_status_of_the_store_s_alone() -> None:
    made = allowed(wished("fulfil"), {"field_owners": {"order.status": "store"}})
    assert isinstance(made, Fulfil)
    assert made.complete is False


def test_one_price_may_be_the_store_s_and_the_other_the_hub_s() -> None:
    made = allowed(wished("set_price"), {"field_owners": {"product.sale_price": "store"}})
    assert isinstance(made, SetPrice)
    assert (made.regular_price, made.sale_price) == ("9.00", None)


def test_blanks_alone_are_filled() -> None:
    both = {"product.regular_price": "fill_blanks", "product.sale_price": "fill_blanks"}
    price = allowed(wished("set_price"), {"field_owners": both})
    assert isinstance(price, SetPrice)
    assert price_to_write(price, {"id": 7, "regular_price": "", "sale_price": ""}) == {
        "regular_price": "9.00",
        "sale_price": "8.00",
    }
    assert price_to_write(price, {"id": 7, "regular_price": "12.00", "sale_price": ""}) == {"sale_price": "8.00"}
    assert isinstance(price_to_write(price, {"id": 7, "regular_price": "12.00", "sale_price": "11.00"}), Delivered)
    meta = allowed(wished("write_back"), {"field_owners": {"order.meta": "fill_blanks"}})
    assert isinstance(meta, WriteBack)
    held = [{"key": "_crossdock_old", "value": "theirs"}]
    assert _meta_to_write(meta, {"id": 17, "meta_data": held}) == {
        "meta_data": [{"key": "_crossdock_deal", "value": "1"}]
    }
    full = [*held, {"key": "_crossdock_deal", "value": "0"}]
    assert isinstance(_meta_to_write(meta, {"id": 17, "meta_data": full}), Delivered)
