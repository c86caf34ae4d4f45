"""An order with its lines and refunds."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from crossdock.model.commerce.address import Address, Personal
from crossdock.model.sensitivity import NONE, PII

Thing = Annotated[str, NONE]
Amount = Annotated[Decimal, NONE]


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of goods. Totals are for the whole line, without tax; ``unit_price`` is total / quantity."""

    id: Thing
    name: Thing
    quantity: Amount
    sku: Thing = ""
    product_id: Annotated[str | None, NONE] = None
    """None when the product is not known to the shop any more."""
    variation_id: Annotated[str | None, NONE] = None
    unit_price: Amount = Decimal(0)
    subtotal: Amount = Decimal(0)
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)


class OrderRefund(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back. ``amount`` is positive."""

    id: Thing
    amount: Amount
    reason: Personal = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A sale. ``total`` is what was charged; refunds do not lower it (seen at WooCommerce)."""

    id: Thing
    number: Thing
    status: Thing
    currency: Thing
    """ISO 4217; every amount of the order is in it."""
    total: Amount
    subtotal: Amount = Decimal(0)
    """Lines before discounts, without tax."""
    discount_total: Amount = Decimal(0)
    shipping_total: Amount = Decimal(0)
    fee_total: Amount = Decimal(0)
    tax_total: Amount = Decimal(0)
    refunded_total: Amount = Decimal(0)
    customer_id: Annotated[str | None, NONE] = None
    """None for a guest."""
    billing: Address = Address()
    shipping: Address = Address()
    lines: tuple[OrderLine, ...] = ()
    refunds: tuple[OrderRefund, ...] = ()
    coupon_codes: Annotated[tuple[str, ...], NONE] = ()
    payment_method: Thing = ""
    transaction_id: Annotated[str, PII] = ""
    customer_note: Personal = ""
    created_via: Thing = ""
    created_at: Annotated[datetime | None, NONE] = None
    paid_at: Annotated[datetime | None, NONE] = None
    completed_at: Annotated[datetime | None, NONE] = None
    modified_at: Annotated[datetime | None, NONE] = None
    presence: Thing = "live"
    """live, draft, trashed or deleted."""
