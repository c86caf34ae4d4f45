"""What an order says beyond its fields: paid or not, lines with their taxes, refunds, the shop's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crossdock.connectors.woocommerce.mapper import observe, read
from crossdock.connectors.woocommerce.payment import on_delivery
from crossdock.model.commerce.attribution import Attribution
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.commerce.refund import Refund
from tests.support.shared import needs_recordings
from tests.unit.woocommerce.recordings import answer, stored

MINIMAL = {"id": 7, "status": "pending", "currency": "EUR", "total": "20.00"}
PAID = {"date_paid_gmt": "2026-11-21T02:31:54"}
ACCOUNT = {"currency": "USD", "time_zone": "America/Los_Angeles"}


def order_of(document: dict[str, Any], account: dict[str, Any] | None = None) -> Order:
    word = read(observe("order", document), ACCOUNT if account is None else account)
    assert isinstance(word, Order)
    return word


def noted(**notes: Any) -> dict[str, Any]:
    return {"meta_data": [{"id": 1, "key": key, "value": value} for key, value in notes.items()]}


def back(*amounts: str) -> dict[str, Any]:
    return {"refunds": [{"id": 9 + n, "reason": "", "total": f"-{a}"} for n, a in enumerate(amounts)]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "unpaid"),
        ({"total": "0.00"}, "paid"),
        ({"total": "0.00", "status": "failed"}, "paid"),
        (PAID, "paid"),
        ({"status": "processing", "payment_method": "bacs"}, "paid"),
        ({"status": "processing", "payment_method": "cod"}, "unpaid"),
        ({"status": "completed", "payment_method": "cod", **PAID}, "paid"),
        ({"status": "on-hold", "payment_method": "bacs"}, "unpaid"),
        ({"status": "on-hold", "payment_method": "stripe", "transaction_id": "ch_1"}, "authorised"),
        ({"status": "on-hold", "payment_method": "stripe", "transaction_id": "ch_1", **PAID}, "paid"),
        ({"status": "on-hold", **noted(_stripe_charge_captured="no")}, "authorised"),
        ({"status": "processing", **noted(_stripe_charge_captured="yes"), **PAID}, "paid"),
        ({"status": "processing", **noted(_square_charge_captured="no"), **PAID}, "authorised"),
        ({"status": "on-hold", **noted(_ppcp_paypal_intent="AUTHORIZE", _ppcp_paypal_captured="false")}, "authorised"),
        ({"status": "processing", **noted(_ppcp_paypal_intent="AUTHORIZE", _ppcp_paypal_captured="true")}, "paid"),
        ({"status": "on-hold", **noted(_intention_status="requires_capture")}, "authorised"),
        ({"status": "on-hold", **noted(_paypal_status="AUTHORIZED")}, "authorised"),
        ({"status": "completed", **PAID, **back("20.00")}, "refunded"),
        ({"status": "completed", **PAID, **back("5.00", "15.00")}, "refunded"),
        ({"status": "refunded", **PAID, **back("5.00")}, "part_refunded"),
        ({"status": "refunded"}, "refunded"),
        ({"status": "shipped-by-hand"}, "unpaid"),
        ({"status": "cancelled", **PAID}, "paid"),
    ],
)
def test_whether_an_order_is_paid(change: dict[str, Any], expected: str) -> None:
    assert order_of({**MINIMAL, **change}).payment_status == expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        *((yes, True) for yes in ("cod", "wc_cod_fee", "cash-on-delivery", "cash_on_delivery", "CashOnDelivery")),
        *((no, False) for no in ("code", "bacs", "", "paypal")),
    ],
)
def test_cash_on_delivery_is_known_by_its_word(method: str, expected: bool) -> None:
    assert on_delivery(method) is expected
    assert order_of({**MINIMAL, "payment_method": method}).cash_on_delivery is expected


@needs_recordings
def test_recorded_orders_are_paid_as_the_shop_counts() -> None:
    for document in stored("orders"):
        order = order_of(document)
        if order.total == 0:
            expected = {"paid"}
        elif document["refunds"]:
            expected = {"refunded"} if order.net_total == 0 else {"part_refunded"}
        elif document["date_paid_gmt"]:
            expected = {"paid"}
        else:
            expected = {"unpaid"} if document["payment_method"] == "cod" else {"unpaid", "authorised"}
        assert order.payment_status in expected, order.id
        assert order.payment_status != "authorised" or (order.status == "on-hold" and order.transaction_id)


@needs_recordings
def test_every_line_of_every_recorded_order_keeps_what_the_shop_tells() -> None:
    for document in stored("orders"):
        order = order_of(document)
        assert len(order.lines) == len(document["line_items"])
        for line, row in zip(order.lines, document["line_items"], strict=True):
            assert (line.id, line.sku, line.total) == (str(row["id"]), row["sku"] or "", Decimal(row["total"]))
            assert (line.parent_id is None) == (line.variation_id is None)
            assert line.parent_id in (None, line.product_id)
            assert [(tax.rate_id, str(tax.total)) for tax in line.taxes] == [
                (str(tax["id"]), tax["total"]) for tax in row["taxes"]
            ]
            assert [(note.key, note.value) for note in line.meta] == [(n["key"], n["value"]) for n in row["meta_data"]]
        assert [(each.method_id, each.instance_id) for each in order.shipping_lines] == [
            (row["method_id"], row["instance_id"]) for row in document["shipping_lines"]
        ]
        assert [(fee.name, str(fee.total)) for fee in order.fees] == [
            (fee["name"], fee["total"]) for fee in document["fee_lines"]
        ]
        assert [(c.code, c.kind, c.discount) for c in order.coupons] == [
            (row["code"], row["discount_type"], Decimal(row["discount"])) for row in document["coupon_lines"]
        ]
        assert [(t.rate_id, t.code, t.compound, t.tax_total) for t in order.taxes] == [
            (str(row["rate_id"]), row["rate_code"], row["compound"], Decimal(row["tax_total"]))
            for row in document["tax_lines"]
        ]
        assert len(order.meta) == len(document["meta_data"])
        assert order.time_zone == "America/Los_Angeles"


@needs_recordings
def test_yen_keep_the_decimals_the_shop_gives_and_an_order_its_own_currency() -> None:
    order = order_of(answer("rest/order_fully_refunded"))
    assert (order.currency, str(order.total), str(order.net_total)) == ("JPY", "11.80", "0.00")
    assert (order.payment_status, order.cash_on_delivery, order.status) == ("refunded", True, "refunded")
    assert {order_of(document).currency for document in stored("orders")} == {"USD", "EUR", "GBP", "JPY"}


@needs_recordings
def test_refunds_beside_the_order_and_by_themselves_agree() -> None:
    order = order_of(answer("rest/order_after_line_refund"))
    refunds = {}
    for document in answer("rest/order_refunds_with_lines"):
        refund = read(observe("refund", document, "2926"), ACCOUNT)
        assert isinstance(refund, Refund)
        refunds[refund.id] = refund
    assert {each.id: each.amount for each in order.refunds} == {each: refunds[each].amount for each in ("2927", "2928")}
    by_line = refunds["2928"]
    assert (by_line.kind, by_line.order_id, by_line.reason) == ("partial", "2926", "")
    (line,) = by_line.lines
    assert (line.line_id, line.quantity, line.total, line.kind) == ("10413", Decimal(1), Decimal("5.00"), "line")
    assert (line.line_id, line.product_id) == (order.lines[0].id, order.lines[0].product_id)
    assert (refunds["2929"].kind, refunds["2929"].lines) == ("full", ())
    assert by_line.created_at == datetime(2026, 11, 21, 2, 50, 20, tzinfo=UTC)
    assert order.payment_status == "part_refunded"
    assert (order.refunded_total, order.net_total) == (Decimal("10.00"), Decimal("5.00"))


def test_a_refund_of_goods_shipping_and_a_fee_with_tax_is_turned_positive() -> None:
    goods = {"id": 1, "name": "Tea", "product_id": 5, "variation_id": 6, "quantity": -2, "total": "-10.00"}
    goods |= {"total_tax": "-1.90", "taxes": [{"id": 2, "total": "-1.90", "subtotal": "-1.90"}]}
    goods |= {"meta_data": [{"key": "_refunded_item_id", "value": "31"}]}
    shipping = {"id": 2, "method_title": "Flat", "total": "-5.00", "total_tax": "0.00"}
    fee = {"id": 3, "name": "Handling", "total": "-1.00", "total_tax": ""}
    document = {"id": 40, "parent_id": 30, "amount": "17.90", "refunded_payment": True, "line_items": [goods]}
    document |= {"shipping_lines": [shipping], "fee_lines": [fee], "date_created": "2026-11-21T03:00:00"}
    document |= {"date_created_gmt": "2026-11-21T02:00:00"}
    refund = read(observe("refund", document), {})
    assert isinstance(refund, Refund)
    assert [(each.kind, each.quantity, each.total, each.total_tax) for each in refund.lines] == [
        ("line", Decimal(2), Decimal("10.00"), Decimal("1.90")),
        ("shipping", Decimal(0), Decimal("5.00"), Decimal("0.00")),
        ("fee", Decimal(0), Decimal("1.00"), Decimal(0)),
    ]
    assert (refund.lines[0].line_id, refund.lines[0].variation_id, refund.lines[1].line_id) == ("31", "6", None)
    assert refund.lines[0].taxes[0].total == Decimal("1.90")
    assert (refund.order_id, refund.payment_refunded, refund.flags) == ("30", True, ())
    assert refund.time_zone == "+01:00"
    short = read(observe("refund", {**document, "amount": "17.00"}), {})
    assert isinstance(short, Refund)
    assert [(flag.rule, flag.difference) for flag in short.flags] == [("refund_lines", Decimal("-0.90"))]


def test_the_zone_is_the_shops_name_of_it_or_its_distance_from_utc() -> None:
    times = {"date_created": "2026-11-20T18:27:22", "date_created_gmt": "2026-11-21T02:27:22"}
    order = order_of({**MINIMAL, **times}, {"time_zone": ""})
    assert (order.time_zone, order.created_at) == ("-08:00", datetime(2026, 11, 21, 2, 27, 22, tzinfo=UTC))
    half = {"date_created": "2026-11-21T08:00:00", "date_created_gmt": "2026-11-21T02:30:00"}
    assert order_of({**MINIMAL, **half}, {}).time_zone == "+05:30"
    assert order_of({**MINIMAL, **half}, {"time_zone": "Asia/Kolkata"}).time_zone == "Asia/Kolkata"
    assert order_of(MINIMAL, {}).time_zone == ""


def test_a_plugins_number_is_kept_apart_from_the_id() -> None:
    order = order_of({**MINIMAL, "number": "INV-2026/17"})
    assert (order.id, order.number) == ("7", "INV-2026/17")


def test_where_an_order_came_from_is_read_from_the_shops_notes() -> None:
    notes = {"source_type": "utm", "utm_source": "news", "utm_medium": "email", "utm_campaign": "(none)"}
    notes |= {"session_entry": "https://shop.example/?x=1", "session_pages": "4", "session_count": "x"}
    notes |= {"device_type": "Mobile"}
    meta = noted(**{f"_wc_order_attribution_{name}": value for name, value in notes.items()})
    assert order_of({**MINIMAL, **meta}).attribution == Attribution(
        source_type="utm",
        source="news",
        medium="email",
        landing_page="https://shop.example/?x=1",
        device="Mobile",
        pages=4,
    )
    assert order_of(MINIMAL).attribution == Attribution()


def test_a_guest_has_no_customer_and_a_line_of_a_gone_product_no_product() -> None:
    order = order_of({**MINIMAL, "customer_id": 0, "line_items": [{"id": 1, "product_id": 0, "variation_id": 0}]})
    assert order.customer_id is None
    assert (order.lines[0].product_id, order.lines[0].parent_id) == (None, None)


@needs_recordings
def test_whose_stock_a_variation_sells() -> None:
    kept = set()
    for document in stored("variations"):
        product = read(observe("product", document), ACCOUNT)
        assert isinstance(product, Product)
        kept.add((document["manage_stock"], product.stock_kept))
        assert product.options == tuple(f"{a['name']}: {a['option']}" for a in document["attributes"])
    assert kept <= {(True, "own"), ("parent", "parent"), (False, "no")}
    assert kept >= {(True, "own"), ("parent", "parent")}
