"""The words of a shop and ours."""

from __future__ import annotations

from decimal import Decimal

from crossdock.model.commerce.lines import ShippingLine
from crossdock.model.commerce.order import Order
from crossdock.model.maps import CORE_STATUSES, effective, translated

ORDER = Order(
    id="1",
    number="1",
    status="wc-packed",
    currency="EUR",
    total=Decimal(1),
    payment_method="cod",
    shipping_lines=(ShippingLine(id="1", method_id="flat_rate"), ShippingLine(id="2", method_id="odd")),
)


def test_core_statuses_are_their_own_words() -> None:
    maps = effective({})
    assert all(maps.to_shop(word) == maps.from_shop(word) == word for word in CORE_STATUSES)
    assert all(maps.names(word) for word in CORE_STATUSES)
    assert not maps.names("wc-packed")
    assert maps.from_shop("wc-packed") == "wc-packed"


def test_a_map_is_read_both_ways() -> None:
    maps = effective({"status_map": {"shipped": "wc-sent", "completed": ["wc-done", "completed"], "": "x", "odd": 3}})
    assert (maps.to_shop("shipped"), maps.from_shop("wc-sent")) == ("wc-sent", "shipped")
    assert maps.to_shop("completed") == "wc-done"
    assert maps.from_shop("wc-done") == maps.from_shop("completed") == "completed"
    assert maps.to_shop("odd") == "odd"


def test_an_order_is_read_in_our_words_and_nothing_is_dropped() -> None:
    config = {
        "status_map": {"packed": "wc-packed"},
        "payment_map": {"cod": "cash"},
        "shipping_map": {"flat_rate": "parcel"},
    }
    read = translated(ORDER, config)
    assert (read.status, read.payment_method) == ("packed", "cash")
    assert [line.method_id for line in read.shipping_lines] == ["parcel", "odd"]
    assert translated(ORDER, {"url": "x"}) is ORDER
