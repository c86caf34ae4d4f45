"""Deals and terms that invoices are made of."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from crossdock.flow.invoice import EXAMPLE, Terms, terms_of
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.deal import Deal, DealCompany, DealContact, DealLine

COMPANY = DealCompany(
    id="c1",
    address=Address(company="Buyer Ltd", line_1="Main Street 1", city="Berlin", postcode="10115", country="DE"),
    primary=True,
)
PERSON = DealContact(
    id="p1",
    address=Address(
        first_name="Zoë",
        last_name="Person-Canary",
        line_1="Side Street 2",
        city="Berlin",
        postcode="10117",
        country="DE",
        email="zoe@buyer.example",
    ),
    primary=True,
)


def line(name: str = "Tea", **more: Any) -> DealLine:
    """Return a line; texts of numbers become numbers."""
    numbers = ("quantity", "unit_price", "discount", "discount_percent", "net", "tax_rate")
    given: dict[str, Any] = {
        key: Decimal(value) if key in numbers and value is not None else value for key, value in more.items()
    }
    usual: dict[str, Any] = {"id": "l1", "name": name, "quantity": Decimal(1), "unit_price": Decimal(10)}
    return DealLine(**{**usual, **given})


def deal(*lines: DealLine, **more: Any) -> Deal:
    """Return a deal that was won, with one company; a line of 10.00 where none is given."""
    usual: dict[str, Any] = {
        "id": "d1",
        "name": "Tea for a year",
        "currency": "EUR",
        "won": True,
        "closed": True,
        "companies": (COMPANY,),
        "lines": lines or (line(),),
    }
    return Deal(**{**usual, **more})


def terms(**changes: Any) -> Terms:
    """Return the example's terms with some settings otherwise; a group is changed, not replaced."""
    told = copy.deepcopy(EXAMPLE)
    for name, value in changes.items():
        told[name] = {**told.get(name, {}), **value} if isinstance(value, dict) else value
    return terms_of(told)
