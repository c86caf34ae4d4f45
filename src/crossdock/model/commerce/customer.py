"""A registered customer of a shop."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from crossdock.model.commerce.address import Address, Personal
from crossdock.model.commerce.marks import Meta
from crossdock.model.sensitivity import NONE, PII


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an account at the shop."""

    id: Annotated[str, NONE]
    email: Personal
    first_name: Personal = ""
    last_name: Personal = ""
    username: Personal = ""
    role: Annotated[str, NONE] = ""
    is_paying: Annotated[bool, PII] = False
    billing: Address = Address()
    shipping: Address = Address()
    created_at: Annotated[datetime | None, NONE] = None
    modified_at: Annotated[datetime | None, NONE] = None
    time_zone: Annotated[str, NONE] = ""
    """The shop's zone; times are UTC."""
    meta: tuple[Meta, ...] = ()
    deleted: Annotated[bool, NONE] = False
