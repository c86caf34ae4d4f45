"""An order with its lines, taxes and refunds."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from crossdock.model.commerce.address import Address, Personal
from crossdock.model.commerce.attribution import Attribution
from crossdock.model.commerce.lines import CouponLine, FeeLine, OrderLine, ShippingLine, TaxLine
from crossdock.model.commerce.marks import Amount, Link, Meta, Thing
from crossdock.model.commerce.refund import OrderRefund
from crossdock.model.commerce.violation import Violation
from crossdock.model.sensitivity import NONE, PII

PaymentStatus = Literal["unpaid", "authorised", "paid", "part_refunded", "refunded"]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A sale. ``total`` is what was charged; refunds do not lower it (seen at WooCommerce).

    Always, to the last decimal: lines + fees + shipping + taxes + ``rounding`` = ``total``, where lines count after
    discounts (``subtotal`` - discounts), and ``total`` - ``refunded_total`` = ``net_total``.
    """

    id: Thing
    """The source's own id: the key."""
    number: Thing
    """What people call the order; plugins make it other than the id."""
    status: Thing
    currency: Thing
    """ISO 4217; every amount of the order is in it, with as many decimals as the source gives (JPY "11.80" too)."""
    total: Amount
    subtotal: Amount = Decimal(0)
    """Lines before discounts, without tax."""
    discount_total: Amount = Decimal(0)
    discount_tax: Amount = Decimal(0)
    shipping_total: Amount = Decimal(0)
    shipping_tax: Amount = Decimal(0)
    fee_total: Amount = Decimal(0)
    cart_tax: Amount = Decimal(0)
    """On goods and fees."""
    tax_total: Amount = Decimal(0)
    """All taxes, shipping's too."""
    rounding: Amount = Decimal(0)
    """What the shop's own rounding leaves between the sum of the parts and ``total``; 0 where it rounds each line."""
    refunded_total: Amount = Decimal(0)
    net_total: Amount = Decimal(0)
    """``total`` without what was refunded."""
    prices_include_tax: Annotated[bool, NONE] = False
    """Whether the shop's prices did; the amounts of lines never do."""
    customer_id: Link = None
    """None for a guest."""
    billing: Address = Address()
    shipping: Address = Address()
    lines: tuple[OrderLine, ...] = ()
    shipping_lines: tuple[ShippingLine, ...] = ()
    fees: tuple[FeeLine, ...] = ()
    coupons: tuple[CouponLine, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    refunds: tuple[OrderRefund, ...] = ()
    coupon_codes: Annotated[tuple[str, ...], NONE] = ()
    payment_status: Annotated[PaymentStatus, NONE] = "unpaid"
    """Derived from what the shop states, not from the status alone: docs/reference/orders.md has the rules."""
    payment_method: Thing = ""
    payment_method_title: Thing = ""
    cash_on_delivery: Annotated[bool, NONE] = False
    transaction_id: Annotated[str, PII] = ""
    customer_note: Personal = ""
    created_via: Thing = ""
    attribution: Attribution = Attribution()
    created_at: Annotated[datetime | None, NONE] = None
    paid_at: Annotated[datetime | None, NONE] = None
    completed_at: Annotated[datetime | None, NONE] = None
    modified_at: Annotated[datetime | None, NONE] = None
    time_zone: Thing = ""
    """The shop's zone (``Europe/Lisbon``), or its offset when the order was made (``+01:00``); times are UTC."""
    meta: tuple[Meta, ...] = ()
    flags: tuple[Violation, ...] = ()
    """Sums that do not hold. Empty is the rule."""
    presence: Thing = "live"
    """live, draft, trashed or deleted."""
