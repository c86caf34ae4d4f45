"""The parts of WooCommerce's orders and refunds into our words. Pure.

``price`` of a line is a float at WooCommerce and is not read: the price is total / quantity. Ids of 0 mean none.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from crossdock.connectors.woocommerce.fields import Fields
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.attribution import Attribution
from crossdock.model.commerce.lines import CouponLine, FeeLine, OrderLine, ShippingLine, TaxLine, TaxShare
from crossdock.model.commerce.marks import Meta
from crossdock.model.commerce.refund import OrderRefund, RefundLine

_ZERO: Final = Decimal(0)
_SIXTH: Final = Decimal("0.000001")
_SIGNS: Final = "_wc_order_attribution_"


def address(given: Fields) -> Address:
    """Read a billing or shipping address."""
    return Address(
        first_name=given.text("first_name"),
        last_name=given.text("last_name"),
        company=given.text("company"),
        line_1=given.text("address_1"),
        line_2=given.text("address_2"),
        city=given.text("city"),
        state=given.text("state"),
        postcode=given.text("postcode"),
        country=given.text("country"),
        email=given.text("email"),
        phone=given.text("phone"),
    )


def meta(doc: Fields) -> tuple[Meta, ...]:
    """Read ``meta_data``; a row without a key is nothing."""
    return _notes(doc.each("meta_data"))


def _notes(rows: list[Fields]) -> tuple[Meta, ...]:
    return tuple([Meta(key=key, value=row.any("value")) for row in rows if (key := row.text("key"))])


def line(given: Fields) -> OrderLine:
    """Read one of ``line_items``."""
    quantity, total = given.money("quantity"), given.money("total")
    variation, product = given.link("variation_id"), given.link("product_id")
    noted = given.each("meta_data")
    return OrderLine(
        id=given.own_id("id"),
        name=given.text("name"),
        quantity=quantity,
        sku=given.text("sku"),
        product_id=product,
        variation_id=variation,
        parent_id=product if variation else None,
        parent_name=given.text("parent_name"),
        unit_price=unit_price(total, quantity),
        subtotal=given.money("subtotal"),
        subtotal_tax=given.money("subtotal_tax"),
        total=total,
        total_tax=given.money("total_tax"),
        tax_class=given.text("tax_class"),
        taxes=shares(given),
        meta=_notes(noted),
        stock_taken=_taken(noted),
    )


def _taken(noted: list[Fields]) -> Decimal:
    # WooCommerce writes it when it takes stock, lowers it at a restocking refund, removes it when it gives back
    for row in noted:
        if row.any("key") == "_reduced_stock":
            return row.amount("value") or _ZERO
    return _ZERO


def unit_price(total: Decimal, quantity: Decimal) -> Decimal:
    """Return total / quantity: exact where six decimals hold it, else rounded to six; zero pieces have no price."""
    if not quantity:
        return Decimal(0)
    price = total / quantity
    return price if price == price.quantize(_SIXTH) else price.quantize(_SIXTH)


def shares(given: Fields) -> tuple[TaxShare, ...]:
    """Read a line's ``taxes``; a rate that takes nothing is kept when the shop lists it with a number."""
    return tuple(
        [
            TaxShare(rate_id=tax.own_id("id"), total=tax.money("total"), subtotal=tax.amount("subtotal"))
            for tax in given.each("taxes")
            if tax.has("total")
        ]
    )


def shipping_line(given: Fields) -> ShippingLine:
    """Read one of ``shipping_lines``."""
    return ShippingLine(
        id=given.own_id("id"),
        method_id=given.text("method_id"),
        instance_id=given.text("instance_id"),
        title=given.text("method_title"),
        total=given.money("total"),
        total_tax=given.money("total_tax"),
        taxes=shares(given),
        meta=meta(given),
    )


def fee_line(given: Fields) -> FeeLine:
    """Read one of ``fee_lines``."""
    return FeeLine(
        id=given.own_id("id"),
        name=given.text("name"),
        tax_class=given.text("tax_class"),
        tax_status=given.text("tax_status"),
        total=given.money("total"),
        total_tax=given.money("total_tax"),
        taxes=shares(given),
        meta=meta(given),
    )


def coupon_line(given: Fields) -> CouponLine:
    """Read one of ``coupon_lines``; 7.9 does not tell the kind."""
    return CouponLine(
        id=given.own_id("id"),
        code=given.text("code"),
        discount=given.money("discount"),
        discount_tax=given.money("discount_tax"),
        kind=given.text("discount_type"),
        free_shipping=given.truth("free_shipping"),
    )


def tax_line(given: Fields) -> TaxLine:
    """Read one of ``tax_lines``."""
    return TaxLine(
        id=given.own_id("id"),
        rate_id=given.text("rate_id"),
        code=given.text("rate_code"),
        label=given.text("label"),
        percent=given.amount("rate_percent"),
        compound=given.truth("compound"),
        tax_total=given.money("tax_total"),
        shipping_tax_total=given.money("shipping_tax_total"),
    )


def order_refund(given: Fields) -> OrderRefund:
    """Read a refund as its order lists it: totals are below zero there (the refund's own ``amount`` is above)."""
    return OrderRefund(
        id=given.own_id("id"),
        amount=abs(given.money("total")),
        tax=abs(given.money("total_tax")),
        reason=given.text("reason"),
    )


def refund_lines(doc: Fields) -> tuple[RefundLine, ...]:
    """Read the lines of a refund: goods, shipping and fees, turned from below zero to above."""
    kinds = (("line_items", "line"), ("shipping_lines", "shipping"), ("fee_lines", "fee"))
    return tuple(_refund_line(given, kind) for name, kind in kinds for given in doc.each(name))


def _refund_line(given: Fields, kind: str) -> RefundLine:
    of_line = next((row for row in given.each("meta_data") if row.text("key") == "_refunded_item_id"), None)
    return RefundLine(
        id=given.own_id("id"),
        line_id=of_line.text("value") or None if of_line is not None else None,
        kind=kind,
        name=given.text("name") or given.text("method_title"),
        sku=given.text("sku"),
        product_id=given.link("product_id"),
        variation_id=given.link("variation_id"),
        quantity=-given.money("quantity") if kind == "line" else Decimal(0),
        total=-given.money("total") + Decimal(0),
        total_tax=-given.money("total_tax") + Decimal(0),
        taxes=tuple(
            TaxShare(rate_id=share.rate_id, total=-share.total + Decimal(0), subtotal=None) for share in shares(given)
        ),
    )


def attribution(notes: tuple[Meta, ...]) -> Attribution:
    """Read what WooCommerce's order attribution noted (keys ``_wc_order_attribution_…``)."""
    told = {note.key[len(_SIGNS) :]: note.value for note in notes if note.key.startswith(_SIGNS)}
    if not told:
        return Attribution()

    def text(name: str) -> str:
        value = told.get(name)
        # the shop writes (none) where a visit had no such thing
        return value if isinstance(value, str) and value != "(none)" else ""

    return Attribution(
        source_type=text("source_type"),
        source=text("utm_source"),
        medium=text("utm_medium"),
        campaign=text("utm_campaign"),
        content=text("utm_content"),
        term=text("utm_term"),
        referrer=text("referrer"),
        landing_page=text("session_entry"),
        device=text("device_type"),
        pages=_count(told.get("session_pages")),
        sessions=_count(told.get("session_count")),
    )


def _count(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
