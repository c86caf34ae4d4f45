"""Orders add up: real ones under sixteen settings, a hundred thousand made ones, and broken ones are told."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from crossdock.connectors.woocommerce.ledger import Rounding, rounding_of
from crossdock.connectors.woocommerce.mapper import observe, read
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.refund import Refund
from tests.support.shared import needs_recordings
from tests.unit.woocommerce import shopmath
from tests.unit.woocommerce.recordings import COPIES, stored
from tests.unit.woocommerce.shopmath import Cart, Rate, Shop

D = Decimal
REAL = Path(COPIES / "ledger" / "orders.jsonl")
PRICES = {
    product_id: D(price)
    for product_id, price in enumerate(
        "0.10 1.99 9.95 10.00 12.345 33.333 99.99 149 1999.995 0.05 7.777 250.50".split(),  # noqa: SIM905 - a table
        start=10,
    )
}
COUPONS = {
    "p10": ("percent", D(10)),
    "p33": ("percent", D("33.33")),
    "f5": ("fixed_cart", D(5)),
    "f777": ("fixed_cart", D("7.77")),
    "i1": ("fixed_product", D("1.11")),
}
RATES = {
    "US": (Rate(1, D("7.25"), shipping=False), Rate(2, D(2), compound=True, shipping=False)),
    "DE": (Rate(3, D(19)),),
    "GB": (Rate(4, D(20)),),
    "CA": (Rate(6, D(5)), Rate(7, D("9.975"))),
    "CH": (Rate(8, D("8.1")),),
    "FR": (),
}
MONEY = ("total", "total_tax", "subtotal", "subtotal_tax")
TOTALS = ("discount_total", "shipping_total", "shipping_tax", "cart_tax", "total", "total_tax")


def order_of(document: dict[str, Any], account: dict[str, Any]) -> Order:
    word = read(observe("order", document), account)
    assert isinstance(word, Order)
    return word


def real() -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in REAL.read_bytes().splitlines()]


def figures(document: dict[str, Any]) -> dict[str, Any]:
    """Every amount of an order by its place."""
    found = {name: document[name] for name in TOTALS}
    for kind in ("line_items", "shipping_lines", "fee_lines"):
        for at, line in enumerate(document[kind]):
            found |= {f"{kind}[{at}].{name}": line[name] for name in MONEY if name in line}
            found |= {f"{kind}[{at}].tax {tax['id']}": tax["total"] for tax in line["taxes"]}
    for line in document["tax_lines"]:
        found |= {f"rate {line['rate_id']} {name}": line[name] for name in ("tax_total", "shipping_tax_total")}
    return {name: D(value or 0) for name, value in found.items()}


def parts(document: dict[str, Any]) -> Decimal:
    """What the shown parts add up to, counted off the document."""
    lines = [line for kind in ("line_items", "shipping_lines", "fee_lines") for line in document[kind]]
    return sum((D(line["total"]) for line in lines), D(0)) + D(document["total_tax"])


@pytest.mark.parametrize("known", [True, False], ids=["settings known", "settings unknown"])
def test_real_orders_of_sixteen_settings_add_up(known: bool) -> None:
    """By hand and from the checkout; 0 to 3 decimals, prices with and without tax, rounded by line or at the end."""
    seen: Counter[tuple[str, bool]] = Counter()
    for row in real():
        document = row["order"]
        order = order_of(document, row["settings"] if known else {})
        assert order.flags == (), order.id
        assert order.total - parts(document) == order.rounding
        seen[document["created_via"], row["settings"]["round_at_subtotal"]] += 1
    assert set(seen) == {("rest-api", True), ("rest-api", False), ("store-api", True), ("store-api", False)}
    assert min(seen.values()) >= 30


def test_refunds_by_line_with_tax_of_real_orders_are_what_their_orders_list() -> None:
    seen = 0
    for row in real():
        order = order_of(row["order"], row["settings"])
        listed = {refund.id: refund.amount for refund in order.refunds}
        for document in row["refunds"]:
            refund = read(observe("refund", document, order.id), row["settings"])
            assert isinstance(refund, Refund)
            seen += 1
            assert (refund.flags, refund.amount, refund.order_id) == ((), listed[refund.id], order.id)
            assert {line.line_id for line in refund.lines} <= {line.id for line in order.lines}
            assert all(line.quantity > 0 and line.total >= 0 and line.total_tax >= 0 for line in refund.lines)
    assert seen > 15


# what was asked for when the real orders were made: a shown amount of a shop with few decimals may be one of several
ASKED_SHIPPING = [D("5.55"), D("3.3333"), D(10), D("0.125")]
ASKED_FEES = [D(fee) for fee in ("1.005", "2.5", "-3.333", "-1", "0.333", "-0.125")]


def carts(shop: Shop, document: dict[str, Any]) -> Iterator[Cart]:
    """Every cart that may have made an order."""

    def asked(line: dict[str, Any], choices: list[Decimal]) -> list[Decimal]:
        return [one for one in choices if shop.shown(one) == D(line["total"])] or [D(line["total"])]

    goods = tuple((PRICES[line["product_id"]], line["quantity"]) for line in document["line_items"])
    coupons = tuple(COUPONS[line["code"]] for line in document["coupon_lines"])
    shipping = [asked(line, ASKED_SHIPPING) for line in document["shipping_lines"]]
    fees = [asked(line, ASKED_FEES) for line in document["fee_lines"]]
    taxed = [line["tax_status"] == "taxable" for line in document["fee_lines"]]
    for pick in itertools.product(*shipping, *fees):
        yield Cart(
            currency=document["currency"],
            rates=RATES[document["billing"]["country"]],
            goods=goods,
            coupons=coupons,
            shipping=pick[: len(shipping)],
            fees=tuple(zip(pick[len(shipping) :], taxed, strict=True)),
            base=RATES["US"],
        )


def test_our_second_arithmetic_makes_every_figure_of_real_orders() -> None:
    seen = 0
    for row in real():
        document, shop = row["order"], Shop(*row["settings"].values())
        if document["created_via"] == "rest-api":
            seen += 1
            made = [figures(shopmath.settle(shop, cart)) for cart in carts(shop, document)]
            assert figures(document) in made, (document["id"], row["settings"])
    assert seen == 64


@needs_recordings
def test_our_second_arithmetic_makes_every_tax_and_total_of_the_recorded_store() -> None:
    rates = {row["id"]: row for row in stored("tax_rates")}
    seen, shop = 0, Shop()
    for document in stored("orders"):
        place = tuple(
            Rate(row["id"], D(row["rate"]), row["compound"], row["shipping"])
            for row in (rates[line["rate_id"]] for line in document["tax_lines"])
        )
        if document["coupon_lines"] or any(line["quantity"] < 1 for line in document["line_items"]):
            continue
        if any(line["subtotal"] != line["total"] for line in document["line_items"]):
            continue
        seen += 1
        cart = Cart(
            currency=document["currency"],
            rates=place,
            goods=tuple((D(line["subtotal"]) / line["quantity"], line["quantity"]) for line in document["line_items"]),
            shipping=tuple(D(line["total"]) for line in document["shipping_lines"]),
            fees=tuple((D(fee["total"]), fee["tax_status"] == "taxable") for fee in document["fee_lines"]),
        )
        assert figures(shopmath.settle(shop, cart)) == figures(document), document["id"]
    assert seen > 500


MADE = 100_000


def test_a_hundred_thousand_orders_of_twelve_currencies_and_six_tax_settings_drift_by_nothing() -> None:
    seen: Counter[str] = Counter()
    for number, (shop, document) in enumerate(shopmath.orders(MADE, seed=20_261_121)):
        order = order_of(document, shop.facts())
        left = order.total - order.refunded_total
        assert order.flags == (), document
        assert order.subtotal - sum((line.total for line in order.lines), D(0)) == _shown_discount(document)
        assert order.total == D(document["total"])
        assert order.total - parts(document) == order.rounding
        assert order.net_total == left
        assert order.payment_status == (
            "paid" if not order.refunds or order.total <= 0 else "part_refunded" if left else "refunded"
        )
        if not shop.at_subtotal and (not order.fees or (len(order.fees) == 1 and order.fee_total > 0)):
            assert order.rounding == 0, document
            seen["exact"] += 1
        if number % 20 == 0:
            assert order_of(document, {}).flags == (), document
        seen[order.currency] += 1
    assert len(set(seen) - {"exact"}) == 12
    assert seen["exact"] > MADE / 3


def _shown_discount(document: dict[str, Any]) -> Decimal:
    return sum((D(line["subtotal"]) - D(line["total"]) for line in document["line_items"]), D(0))


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("total", {"total"}),
        ("total_tax", {"total", "tax_total", "tax_lines"}),
        ("cart_tax", {"tax_total"}),
        ("shipping_total", {"total", "shipping_total"}),
        ("discount_total", {"discount_total"}),
    ],
)
def test_where_lines_are_rounded_one_unit_too_much_or_too_little_is_told(name: str, rules: set[str]) -> None:
    told = 0
    for shop, document in shopmath.orders(2_000, seed=7):
        if shop.at_subtotal or len(document["fee_lines"]) > 1 or "-" in str(document["fee_lines"]):
            continue
        if name == "discount_total" and shop.include_tax and document["coupon_lines"]:
            continue
        for step in (shop.unit, -shop.unit):
            wrong = {**document, "refunds": [], name: str(D(document[name]) + step)}
            order = order_of(wrong, shop.facts())
            # a total that happens to end in 0 may also be one of a shop with fewer decimals
            flags = [flag for flag in order.flags if flag.rule != "other_decimals"]
            assert {flag.rule for flag in flags} == rules, wrong
            assert all(abs(flag.difference) == shop.unit for flag in flags)
            assert all(flag.found - flag.expected == flag.difference for flag in flags)
            told += 1
    assert told > 500


def test_where_taxes_are_rounded_at_the_end_more_than_rounding_explains_is_told() -> None:
    for shop, document in shopmath.orders(600, seed=8):
        if shop.at_subtotal:
            parts_loose = len(document["line_items"]) + len(document["fee_lines"]) + 3
            wrong = {**document, "refunds": [], "total": str(D(document["total"]) + parts_loose * shop.unit)}
            assert "total" in {flag.rule for flag in order_of(wrong, shop.facts()).flags}


def test_a_broken_order_is_read_in_full_with_its_flags() -> None:
    line = {"id": 5, "quantity": 2, "subtotal": "10.00", "total": "9.00", "total_tax": "1.00", "taxes": []}
    document = {"id": 1, "status": "processing", "currency": "EUR", "total": "12.00", "total_tax": "1.00"}
    document |= {"cart_tax": "1.00", "discount_total": "1.00", "line_items": [line], "number": "A-1"}
    document |= {"refunds": [{"id": 2, "total": "-13.00"}]}
    order = order_of(document, Shop().facts())
    assert {(flag.rule, flag.expected, flag.found, flag.difference, flag.where) for flag in order.flags} == {
        ("total", D("10.00"), D("12.00"), D("2.00"), ""),
        ("tax_lines", D(0), D("1.00"), D("1.00"), ""),
        ("line_tax", D(0), D("1.00"), D("1.00"), "lines.5"),
        ("refunds", D("12.00"), D("13.00"), D("1.00"), ""),
    }
    assert (order.number, order.total, order.rounding, len(order.lines)) == ("A-1", D("12.00"), D("2.00"), 1)


def test_decimals_changed_after_the_order_are_borne_only_as_far_as_they_explain() -> None:
    """A shop that went from two decimals to none shows 12.35 as 12 and its lines 6.50 as 7."""
    lines = [{"id": n, "quantity": 1, "subtotal": "7", "total": "7"} for n in (1, 2)]
    document = {"id": 1, "status": "completed", "currency": "EUR", "total": "13", "line_items": lines}
    assert order_of(document, {}).flags == (), "one unit is within the rounding of two lines"
    known = order_of(document, Shop(0).facts())
    assert [(flag.rule, flag.difference) for flag in known.flags] == [("total", D(-1))]
    far = order_of({**document, "total": "11"}, {})
    assert [(flag.rule, flag.difference) for flag in far.flags] == [("total", D(-3))]


@pytest.mark.parametrize("at_subtotal", [False, True])
def test_an_order_older_than_the_shops_decimals_has_a_flag_that_says_so(at_subtotal: bool) -> None:
    """Seen: orders made with no or one decimal, read after the shop was given two."""
    line = {"id": 1, "quantity": 1, "subtotal": "86.42", "total": "86.42", "total_tax": "12.94"}
    line |= {"taxes": [{"id": 6, "total": "4.32"}, {"id": 7, "total": "8.62"}]}
    rates = [{"id": n, "rate_id": n, "tax_total": tax} for n, tax in ((6, "4.32"), (7, "8.62"))]
    document = {"id": 1, "status": "completed", "currency": "CAD", "line_items": [line], "tax_lines": rates}
    document |= {"cart_tax": "12.94", "total_tax": "12.94", "shipping_total": "5.60", "total": "104.90"}
    document |= {"shipping_lines": [{"id": 2, "total": "5.55"}]}
    facts = Shop(2, at_subtotal=at_subtotal).facts()
    *broken, flag = order_of(document, facts).flags
    assert {one.rule for one in broken} == {"total", "shipping_total"}
    assert (flag.rule, flag.difference) == ("other_decimals", D("-0.06"))
    assert (flag.expected, flag.found) == (D("104.96"), D("104.90"))
    worse = order_of({**document, "total": "104.50"}, facts)
    assert {flag.rule for flag in worse.flags} == {"total", "shipping_total"}


@pytest.mark.parametrize("nonsense", [{"price_decimals": "2", "round_at_subtotal": "yes"}, {"price_decimals": -1}, {}])
def test_settings_that_make_no_sense_count_as_unknown(nonsense: dict[str, Any]) -> None:
    assert rounding_of(nonsense) == Rounding()
