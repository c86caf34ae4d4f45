"""Documents of a real store become our words, exactly; broken ones are named without their values."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connectors.woocommerce.fields import moment
from crossdock.connectors.woocommerce.mapper import observe, read
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.commerce.refund import Refund
from crossdock.model.observation import Observation, Presence
from tests.support.shared import needs_recordings
from tests.unit.woocommerce.recordings import answer, copy, stored

ACCOUNT = {"currency": "USD"}


def order_of(document: dict[str, Any]) -> Order:
    word = read(observe("order", document), ACCOUNT)
    assert isinstance(word, Order)
    return word


def product_of(document: dict[str, Any], parent_id: str | None = None) -> Product:
    word = read(observe("product", document, parent_id), ACCOUNT)
    assert isinstance(word, Product)
    return word


def test_an_order_with_a_refund_is_read_exactly() -> None:
    order = order_of(copy("order_updated_refund").json())
    assert (order.id, order.number, order.status, order.currency) == ("2823", "2823", "completed", "USD")
    assert order.total == Decimal("35.25")
    assert order.refunded_total == Decimal("1.00")
    assert [(refund.id, refund.amount) for refund in order.refunds] == [("2824", Decimal("1.00"))]
    assert order.subtotal == Decimal("32.00")
    assert order.discount_total == Decimal("4.80")
    assert (order.shipping_total, order.tax_total, order.fee_total) == (Decimal("5.50"), Decimal("2.55"), Decimal(0))
    assert order.customer_id == "403"
    assert order.billing.email == "hook@example.com"
    assert order.lines[0].unit_price == Decimal("11.05")
    assert (order.lines[0].product_id, order.lines[0].variation_id) == ("2819", None)
    assert (order.lines[1].product_id, order.lines[1].variation_id) == ("2820", "2821")
    assert order.coupon_codes == ("hookcoupon",)
    assert order.paid_at == datetime(2026, 11, 21, 2, 31, 54, tzinfo=UTC)
    assert order.presence == "live"


@needs_recordings
def test_every_recorded_order_adds_up() -> None:
    seen = 0
    for document in stored("orders"):
        order = order_of(document)
        seen += 1
        assert order.total == Decimal(document["total"])
        assert order.subtotal == sum((Decimal(line["subtotal"]) for line in document["line_items"]), Decimal(0))
        assert order.refunded_total >= 0
        assert order.customer_id is None or order.customer_id == str(document["customer_id"])
        assert order.created_at is not None
        lines = sum((line.total for line in order.lines), Decimal(0))
        taxed = lines + order.fee_total + order.shipping_total + order.tax_total
        assert taxed == order.total, order.id
        assert (order.flags, order.rounding) == ((), 0)
    assert seen > 1000


@needs_recordings
def test_every_recorded_customer_product_variation_refund_and_coupon_is_read() -> None:
    for document in stored("customers"):
        word = read(observe("customer", document), ACCOUNT)
        assert isinstance(word, Customer)
        assert word.email == document["email"]
    for document in stored("products"):
        product = product_of(document)
        assert (product.parent_id, product.currency, product.name) == (None, "USD", document["name"])
    for document in stored("variations"):
        product = product_of(document)
        assert (product.parent_id, product.type) == (str(document["parent_id"]), "variation")
    for document in stored("refunds"):
        seen = observe("refund", document, str(document["order_id"]))
        assert (seen.parent_id, seen.modified_at) == (str(document["order_id"]), None)
        refund = read(seen, ACCOUNT)
        assert isinstance(refund, Refund)
        assert (refund.order_id, refund.amount) == (str(document["order_id"]), Decimal(document["amount"]))
        assert refund.flags == ()
    for document in stored("coupons"):
        assert read(observe("coupon", document), ACCOUNT) == document


@needs_recordings
def test_presence_status_and_subjects_of_recorded_orders() -> None:
    for document in stored("orders"):
        seen = observe("order", document)
        expected = {"trash": Presence.TRASHED, "checkout-draft": Presence.DRAFT}.get(document["status"], Presence.LIVE)
        assert (seen.presence, seen.status) == (expected, document["status"])
        mail = document["billing"]["email"].lower()
        assert seen.subjects == ((mail,) if mail else ())


@needs_recordings
def test_a_variation_is_named_where_the_shop_sends_no_name() -> None:
    document = answer("rest/product_variation_single")
    older = {key: value for key, value in document.items() if key not in ("name", "type", "parent_id")}
    assert product_of(older, "22").name == product_of(document).name == "S, Red"
    assert product_of(older, "22").type == "variation"
    assert product_of(older, "22").parent_id == "22"


def test_times_without_a_zone_are_utc_and_an_offset_is_honoured() -> None:
    document = {"id": 1, "date_modified_gmt": "2026-11-21T02:31:52", "date_created_gmt": "2026-11-21T02:31:52+02:00"}
    seen = observe("order", document)
    assert seen.modified_at == datetime(2026, 11, 21, 2, 31, 52, tzinfo=UTC)
    assert seen.created_at == datetime(2026, 11, 21, 0, 31, 52, tzinfo=UTC)
    assert observe("customer", {"id": 1, "date_modified_gmt": None}).modified_at is None
    assert observe("order", {"id": 1, "date_modified_gmt": "0000-00-00T00:00:00"}).modified_at is None


def test_subjects_are_lower_case_and_named_once() -> None:
    customer = {"id": 1, "email": " Ana@Example.com", "billing": {"email": "ana@example.com"}}
    assert observe("customer", customer).subjects == ("ana@example.com",)
    coupon = {"id": 1, "email_restrictions": ["*@corp.example", "X@y.example"], "used_by": ["17", "z@y.example"]}
    assert observe("coupon", coupon).subjects == ("x@y.example", "z@y.example")


MINIMAL = {"id": 7, "status": "pending", "currency": "EUR", "total": "1.00"}


def test_missing_keys_and_plugin_garbage_are_read_for_what_they_mean() -> None:
    order = order_of(MINIMAL)
    assert (order.number, order.lines, order.customer_id, order.tax_total) == ("7", (), None, Decimal(0))
    garbage = {
        **MINIMAL,
        "id": "7",
        "total": 1,
        "total_tax": "",
        "discount_total": None,
        "customer_id": "0",
        "number": 1007,
        "billing": [],
        "shipping": None,
        "line_items": {"1": {"id": 3, "quantity": "2", "total": 3, "product_id": 0, "name": None}},
        "fee_lines": "",
        "refunds": None,
        "date_paid_gmt": "",
        "customer_note": False,
    }
    order = order_of(garbage)
    assert (order.id, order.number, order.total) == ("7", "1007", Decimal(1))
    (line,) = order.lines
    assert (line.id, line.quantity, line.unit_price, line.product_id) == ("3", Decimal(2), Decimal("1.5"), None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"total": None}, "total: is missing"),
        ({"currency": ""}, "currency: is missing"),
        ({"total": "12,50"}, "total: expected a decimal number, got text"),
        ({"total": "NaN"}, "total: expected a finite decimal number, got text"),
        ({"total": True}, "total: expected a decimal number, got a truth value"),
        ({"billing": ["secret@example.com"]}, "billing: expected an object, got a list"),
        ({"billing": {"first_name": {"secret": 1}}}, r"billing\.first_name: expected text, got an object"),
        ({"line_items": "secret"}, "line_items: expected a list, got text"),
        ({"line_items": ["secret"]}, r"line_items\[0\]: expected an object, got text"),
        ({"line_items": [{"id": []}]}, r"line_items\[0\]\.id: expected a whole number, got a list"),
        ({"customer_id": "secret"}, "customer_id: expected a whole number, got text"),
        ({"date_paid_gmt": "secret"}, "date_paid_gmt: expected a time"),
    ],
)
def test_a_wrong_type_is_named_with_field_and_rule_but_without_its_value(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        order_of({**MINIMAL, **change})
    assert "secret" not in str(raised.value)


def test_a_customer_flag_of_a_wrong_type_is_named() -> None:
    seen = observe("customer", {"id": 1, "email": "a@b.example", "is_paying_customer": "perhaps"})
    with pytest.raises(ValueError, match="is_paying_customer: expected a truth value, got text"):
        read(seen, ACCOUNT)
    for paying, expected in ((1, True), ("0", False), (None, False), (True, True)):
        word = read(observe("customer", {"id": 1, "is_paying_customer": paying}), ACCOUNT)
        assert isinstance(word, Customer)
        assert word.is_paying is expected


def test_a_tombstone_is_read_from_what_is_left() -> None:
    word = read(Observation("order", "9", {}, presence=Presence.DELETED), ACCOUNT)
    assert isinstance(word, Order)
    assert (word.id, word.presence, word.total) == ("9", "deleted", Decimal(0))


@given(st.floats(min_value=0, max_value=1e6, allow_nan=False).map(lambda x: round(x, 2)))
def test_a_price_is_total_by_quantity_whatever_float_the_shop_sends(price: float) -> None:
    line = {"id": 1, "price": price, "quantity": 3, "total": "10.00"}
    order = order_of({**MINIMAL, "line_items": [line, {**line, "quantity": 0}]})
    assert [one.unit_price for one in order.lines] == [Decimal("3.333333"), Decimal(0)]
    assert str(product_of({"id": 1, "price": price}).price) == str(Decimal(str(price))), "a float's shortest text"


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["order", "customer", "product", "refund"]), st.data())
def test_any_value_anywhere_is_read_or_named(stream: str, data: st.DataObject) -> None:
    names = ["billing", "line_items", "total", "email", "price", "images", "refunds", "amount", "taxes",
             "date_paid_gmt", "status", "parent_id", "type", "date_modified_gmt", "is_paying_customer", "categories",
             "attributes", "meta_data", "manage_stock"]  # fmt: skip
    document = {**MINIMAL, **data.draw(st.dictionaries(st.sampled_from(names), Json))}
    try:
        read(observe(stream, document), ACCOUNT)
    except ValueError as named:
        assert "expected" in str(named) or "is missing" in str(named)  # noqa: PT017 - either outcome is right


@given(
    st.sampled_from(
        [
            "2026-11-21T02:31:52",
            "2026-11-21 02:31:52",
            "2026-W47-6T02:31:52",
            "2026-11-21T02:31+02",
            "0001-01-01T00:00+02:00",
        ]
    )
    | st.datetimes().map(lambda at: at.isoformat(timespec="seconds"))
    | st.text("0123456789-:TZ+.W ", max_size=20)
    | st.text("0123456789:+Z.", min_size=8, max_size=8).map(lambda text: f"2026-11-21T{text}")
)
def test_a_time_is_read_in_one_step_as_in_two(text: str) -> None:
    """Times of the usual form are read with their zone at once; no form may tell another moment that way."""
    try:
        read = datetime.fromisoformat(text)
        expected = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        expected = None
    found = moment(text)
    assert found == expected
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize("key", [{"a": 1}, [1], None, 7])
def test_a_plugins_key_of_any_type_stops_no_page(key: object) -> None:
    seen = observe("customer", {"id": 5, "meta_data": [{"id": 1, "key": key, "value": "1"}]})
    assert seen.external_id == "5"


def test_a_visit_is_no_change_of_a_customer() -> None:
    """Seen: every day's visit writes wc_last_active and moves no modified time."""
    other = {"id": 1, "key": "vip", "value": "1"}
    visits = [{"id": 7, "key": "wc_last_active", "value": value} for value in ("1795132800", "1795219200")]
    first, second = ({"id": 5, "meta_data": [other, visit]} for visit in visits)
    assert (
        observe("customer", first).document == observe("customer", second).document == {"id": 5, "meta_data": [other]}
    )
    assert first["meta_data"] == [other, visits[0]], "what was read is left as it was"
    assert observe("order", first).document == first
