"""The lines of an order: goods, shipping, fees, coupons and taxes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from crossdock.model.commerce.marks import Amount, Link, Meta, Thing
from crossdock.model.sensitivity import NONE


class TaxShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one tax rate takes of one line. May have more decimals than the currency: shops may round later."""

    rate_id: Thing
    total: Amount
    subtotal: Annotated[Decimal | None, NONE] = None
    """Before discounts; None where there is no such thing (fees, shipping)."""


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of goods. Totals are for the whole line, without tax; ``unit_price`` is total / quantity.

    What was sold is the variation where there is one, else the product; ``product_id`` is the parent then.
    """

    id: Thing
    name: Thing
    quantity: Amount
    sku: Thing = ""
    product_id: Link = None
    """None when the product is not known to the shop any more."""
    variation_id: Link = None
    parent_id: Link = None
    """The product a variation belongs to; None for what is no variation."""
    parent_name: Thing = ""
    unit_price: Amount = Decimal(0)
    """What one piece cost after discounts, computed (six decimals at most)."""
    subtotal: Amount = Decimal(0)
    """Before discounts."""
    subtotal_tax: Amount = Decimal(0)
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    tax_class: Thing = ""
    """Empty is the standard class."""
    taxes: tuple[TaxShare, ...] = ()
    meta: tuple[Meta, ...] = ()
    stock_taken: Annotated[Decimal | None, NONE] = None
    """Pieces the shop has taken from its stock for this line so far, less what it has put back; None: it tells none."""


class ShippingLine(msgspec.Struct, frozen=True, kw_only=True):
    """One way of shipping that was chosen."""

    id: Thing
    method_id: Thing = ""
    """The kind of method: ``flat_rate``, ``local_pickup``."""
    instance_id: Thing = ""
    """Which one of the shop's methods of that kind; empty when unknown."""
    title: Thing = ""
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    taxes: tuple[TaxShare, ...] = ()
    meta: tuple[Meta, ...] = ()


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """Something charged that is neither goods nor shipping; below zero it is a discount by another name."""

    id: Thing
    name: Thing = ""
    tax_class: Thing = ""
    tax_status: Thing = ""
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    taxes: tuple[TaxShare, ...] = ()
    meta: tuple[Meta, ...] = ()


class CouponLine(msgspec.Struct, frozen=True, kw_only=True):
    """One coupon and what it took off, unrounded as the shop tells it (order 812 of the recordings: 5 and 1.01)."""

    id: Thing
    code: Thing
    discount: Amount = Decimal(0)
    discount_tax: Amount = Decimal(0)
    kind: Thing = ""
    """``percent``, ``fixed_cart``, ``fixed_product``; empty where older shops do not tell."""
    free_shipping: Annotated[bool, NONE] = False


class TaxLine(msgspec.Struct, frozen=True, kw_only=True):
    """One tax rate's part of the order."""

    id: Thing
    rate_id: Thing = ""
    code: Thing = ""
    """The shop's name of the rate: ``GB-VAT-1``."""
    label: Thing = ""
    percent: Annotated[Decimal | None, NONE] = None
    compound: Annotated[bool, NONE] = False
    tax_total: Amount = Decimal(0)
    """On goods and fees."""
    shipping_tax_total: Amount = Decimal(0)
