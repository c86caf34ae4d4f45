"""A product or one of its variations."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from crossdock.model.commerce.marks import Link, Meta, Thing
from crossdock.model.sensitivity import NONE


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop sells. A variation has a ``parent_id``."""

    id: Thing
    name: Thing
    sku: Thing = ""
    parent_id: Link = None
    type: Thing = "simple"
    status: Thing = ""
    description: Thing = ""
    price: Annotated[Decimal | None, NONE] = None
    regular_price: Annotated[Decimal | None, NONE] = None
    sale_price: Annotated[Decimal | None, NONE] = None
    currency: Thing = ""
    """ISO 4217 of the shop."""
    url: Thing = ""
    image_url: Thing = ""
    stock_quantity: Annotated[Decimal | None, NONE] = None
    stock_status: Thing = ""
    stock_kept: Annotated[Literal["no", "own", "parent"], NONE] = "no"
    """Whether pieces are counted, and whose count it is: a variation may share its parent's."""
    backorders: Thing = ""
    """Whether it may be sold without stock: no, notify or yes."""
    gtin: Thing = ""
    """EAN, UPC or ISBN, where the shop keeps one."""
    tax_class: Thing = ""
    tax_status: Thing = ""
    weight: Annotated[Decimal | None, NONE] = None
    """In the shop's own unit."""
    options: Annotated[tuple[str, ...], NONE] = ()
    """A variation's choices, such as ``Size: S``."""
    categories: Annotated[tuple[str, ...], NONE] = ()
    created_at: Annotated[datetime | None, NONE] = None
    modified_at: Annotated[datetime | None, NONE] = None
    meta: tuple[Meta, ...] = ()
    presence: Thing = "live"
    """live, draft, trashed or deleted."""
