"""A postal address with its contact."""

from __future__ import annotations

from typing import Annotated

import msgspec

from crossdock.model.sensitivity import PII

Personal = Annotated[str, PII]


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is billed or shipped to. Empty text means not given."""

    first_name: Personal = ""
    last_name: Personal = ""
    company: Personal = ""
    line_1: Personal = ""
    line_2: Personal = ""
    city: Personal = ""
    state: Personal = ""
    """The source's state or province code or name."""
    postcode: Personal = ""
    country: Personal = ""
    """ISO 3166-1 alpha-2."""
    email: Personal = ""
    """As written by the person; compare in lower case."""
    phone: Personal = ""
