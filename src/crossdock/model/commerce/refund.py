"""Money given back: beside its order and as an entity of its own. All amounts and quantities are positive."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from crossdock.model.commerce.address import Personal
from crossdock.model.commerce.lines import TaxShare
from crossdock.model.commerce.marks import Amount, Link, Meta, Thing
from crossdock.model.commerce.violation import Violation
from crossdock.model.sensitivity import NONE


class OrderRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as its order tells it: no lines, no time."""

    id: Thing
    amount: Amount
    """With tax."""
    tax: Amount = Decimal(0)
    reason: Personal = ""


class RefundLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was given back of one line of the order: goods, shipping or a fee."""

    id: Thing
    line_id: Link = None
    """The order's line; None when the shop does not tell."""
    kind: Thing = "line"
    """line, shipping or fee."""
    name: Thing = ""
    sku: Thing = ""
    product_id: Link = None
    variation_id: Link = None
    quantity: Amount = Decimal(0)
    total: Amount = Decimal(0)
    """Without tax."""
    total_tax: Amount = Decimal(0)
    taxes: tuple[TaxShare, ...] = ()


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund. Without lines it is an amount alone; its currency is its order's."""

    id: Thing
    order_id: Link = None
    amount: Amount = Decimal(0)
    """With tax."""
    kind: Thing = ""
    """full (nothing was left to refund afterwards) or partial, as the shop notes it; empty where it does not."""
    reason: Personal = ""
    lines: tuple[RefundLine, ...] = ()
    refunded_by: Link = None
    """The shop's user who did it."""
    payment_refunded: Annotated[bool, NONE] = False
    """Whether the gateway was asked to send the money back."""
    created_at: Annotated[datetime | None, NONE] = None
    time_zone: Thing = ""
    """The shop's zone; times are UTC."""
    meta: tuple[Meta, ...] = ()
    flags: tuple[Violation, ...] = ()
    presence: Thing = "live"
    """live or deleted."""
