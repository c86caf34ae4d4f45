"""A product or one of its variations."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from crossdock.model.sensitivity import NONE

Thing = Annotated[str, NONE]


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop sells. A variation has a ``parent_id``."""

    id: Thing
    name: Thing
    sku: Thing = ""
    parent_id: Annotated[str | None, NONE] = None
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
    categories: Annotated[tuple[str, ...], NONE] = ()
    created_at: Annotated[datetime | None, NONE] = None
    modified_at: Annotated[datetime | None, NONE] = None
    presence: Thing = "live"
    """live, draft, trashed or deleted."""
