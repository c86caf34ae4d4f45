"""What a wish becomes: refused by field, decided against what the shop holds. Without a shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.connect.connector import PlanRefused
from crossdock.connectors.woocommerce.wishes import Fulfil, Refund, SetPrice, SetStock, Wish, read
from crossdock.connectors.woocommerce.writes import fulfilments, refunds
from crossdock.connectors.woocommerce.writes.products import price_to_write, stock_to_write
from crossdock.model.outcome import Delivered, Outcome, Rejected

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
USD = {"currency": "USD", "price_decimals": 2}
ORDER = {
    "id": 17,
    "status": "processing",
    "total": "20.00",
    "line_items": [{"id": 5, "quantity": 2}, {"id": 6, "quantity": 1}],
    "refunds": [{"id": 90, "total": "-4.00"}],
    "meta_data": [],
}
GIVEN = {
    "id": 90,
    "amount": "4.00",
    "reason": "late",
    "date_created_gmt": "2026-11-21T09:00:05",
    "meta_data": [],
    "line_items": [{"quantity": -1, "meta_data": [{"key": "_refunded_item_id", "value": "5"}]}],
}
SHELF = {"id": 7, "type": "simple", "status": "publish", "sku": "A", "manage_stock": True, "stock_quantity": 4}


def wish(action: str, **fields: Any) -> Wish:
    return read(action, {"request_id": "r1", **fields}, USD)


@pytest.mark.parametrize(
    ("action", "fields", "named"),
    [
        ("set_status", {"order_id": "17", "status": "wc-completed"}, "status"),
        ("set_status", {"order_id": "17", "status": "trash"}, "status"),
        ("set_status", {"order_id": 17, "status": "completed"}, "order_id"),
        ("set_stock", {"product_id": "7", "quantity": True}, "quantity"),
        ("set_price", {"product_id": "7", "regular_price": "12.505"}, "regular_price"),
        ("set_price", {"product_id": "7", "regular_price": 12.5}, "regular_price"),
        ("refund", {"order_id": "17", "lines": []}, "lines"),
        (
            "refund",
            {"order_id": "17", "amount": "1.00", "lines": [{"line_id": "5", "quantity": 1, "total": "2.00"}]},
            "amount",
        ),
        ("fulfil", {"order_id": "17", "lines": [{"line_id": "5", "quantity": 0}]}, "lines[0].quantity"),
        ("fulfil", {"order_id": "17", "lines": [{"line_id": "5", "quantity": 1}] * 2}, "lines"),
    ],
)
def test_nonsense_is_named_by_its_field(action: str, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        wish(action, **fields)
    assert refused.value.field == named
    assert refused.value.remedy


def test_a_price_goes_out_in_the_shop_s_decimals() -> None:
    made = wish("set_price", product_id="7", regular_price="12.5")
    assert isinstance(made, SetPrice)
    assert made.regular_price == "12.50"
    yen = read("set_price", {"request_id": "r", "product_id": "7", "regular_price": "1200"}, {"currency": "JPY"})
    assert isinstance(yen, SetPrice)
    assert yen.regular_price == "1200"


def refunded(there: list[dict[str, Any]], since: datetime | None = None, **fields: Any) -> Any:
    made = wish("refund", order_id="17", **fields)
    assert isinstance(made, Refund)
    return refunds.to_make(made, ORDER, there, since)


def test_a_refund_is_held_to_what_is_left() -> None:
    over = refunded([GIVEN], amount="16.01")
    assert isinstance(over, Rejected)
    assert "16.00 are left" in over.reason
    assert refunded([GIVEN])["amount"] == "16.00", "no amount and no lines: all that is left"
    line = refunded([GIVEN], lines=[{"line_id": "5", "quantity": 2, "total": "2.00"}])
    assert isinstance(line, Rejected)
    assert line.field == "lines[0].quantity"
    taxed = [{"line_id": "5", "quantity": 1, "total": "2.00", "taxes": [{"rate_id": "3", "total": "0.40"}]}]
    made = refunded([GIVEN], lines=taxed, restock=True)
    assert made["amount"] == "2.40"
    assert made["line_items"][0]["refund_tax"] == [{"id": 3, "refund_total": "0.40"}]
    assert (made["api_refund"], made["api_restock"]) == (False, True)


def test_a_refund_that_is_there_is_not_made_again_and_a_likely_one_is_for_people() -> None:
    ours = {**GIVEN, "meta_data": [{"key": "_crossdock_key", "value": "r1"}]}
    assert refunded([ours], amount="4.00") == Delivered("90")
    doubtful = refunded([GIVEN], NOW, amount="4.00", reason="late")
    assert isinstance(doubtful, Rejected)
    assert doubtful.code == "refund-in-doubt"
    assert isinstance(refunded([GIVEN], None, amount="4.00", reason="late"), dict), "a first try is no repeat"
    later = NOW + timedelta(hours=1)
    assert isinstance(refunded([GIVEN], later, amount="4.00", reason="late"), dict), "that one is older than the wish"


def sent(order: dict[str, Any], **fields: Any) -> dict[str, Any] | Outcome:
    made = wish("fulfil", order_id="17", **fields)
    assert isinstance(made, Fulfil)
    return fulfilments.to_write(made, order, fulfilments.given_back([GIVEN]), NOW)


def test_what_was_given_back_is_not_sent() -> None:
    change = sent(ORDER, complete=True, carrier="DHL", tracking_number="1Z")
    assert isinstance(change, dict)
    assert change["status"] == "completed"
    (entry,) = fulfilments.fulfilments({"meta_data": change["meta_data"]})
    assert entry["lines"] == [{"line_id": "5", "quantity": 1}, {"line_id": "6", "quantity": 1}]
    again = sent({**ORDER, "meta_data": change["meta_data"], "status": "completed"}, complete=True)
    assert isinstance(again, Delivered), "the same request id"
    part = sent(ORDER, complete=True, lines=[{"line_id": "6", "quantity": 1}])
    assert isinstance(part, dict)
    assert "status" not in part, "a piece of line 5 is still here"


@pytest.mark.parametrize("status", ["cancelled", "refunded", "failed", "trash"])
def test_a_closed_order_is_not_fulfilled(status: str) -> None:
    assert isinstance(sent({**ORDER, "status": status}), Rejected)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sku": "B"}, "conflict"),
        ({"status": "trash"}, "in-trash"),
        ({"type": "grouped"}, "no-stock"),
        ({"manage_stock": "parent"}, "parent-counts"),
        ({"manage_stock": False}, "stock-not-managed"),
    ],
)
def test_stock_is_refused_where_it_would_go_wrong(change: dict[str, Any], code: str) -> None:
    made = wish("set_stock", product_id="7", sku="A", quantity=3)
    assert isinstance(made, SetStock)
    refused = stock_to_write(made, {**SHELF, **change})
    assert isinstance(refused, Rejected)
    assert refused.code == code
    assert stock_to_write(made, SHELF) == {"stock_quantity": 3}


def test_only_prices_that_differ_are_written_and_a_sale_stays_below() -> None:
    row = {**SHELF, "regular_price": "10", "sale_price": ""}
    both = wish("set_price", product_id="7", regular_price="10.00", sale_price="8.00")
    assert isinstance(both, SetPrice)
    assert price_to_write(both, row) == {"sale_price": "8.00"}
    assert isinstance(price_to_write(both, {**row, "sale_price": "8"}), Delivered)
    sale = wish("set_price", product_id="7", sale_price="10.00")
    assert isinstance(sale, SetPrice)
    refused = price_to_write(sale, row)
    assert isinstance(refused, Rejected)
    assert refused.code == "sale-not-below"
    assert isinstance(price_to_write(both, {**row, "type": "variable"}), Rejected)
