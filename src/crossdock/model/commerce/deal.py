"""A deal of a CRM with all an invoice is made from: its lines, the people and the company it is with."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from crossdock.model.commerce.address import Address, Personal
from crossdock.model.commerce.marks import Amount, Link, Thing
from crossdock.model.sensitivity import NONE


class DealOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose deal it is at the seller's."""

    id: Thing
    name: Personal = ""
    email: Personal = ""


class DealLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a deal, as the CRM states it. Amounts are without tax unless the invoice's rules say otherwise."""

    id: Thing
    name: Thing = ""
    description: Thing = ""
    sku: Thing = ""
    product_id: Link = None
    quantity: Amount = Decimal(1)
    unit: Thing = ""
    """The CRM's own word for the unit; empty where it has none."""
    unit_price: Amount = Decimal(0)
    """Before discounts."""
    discount: Amount = Decimal(0)
    """Taken off each piece, in the deal's currency (HubSpot ``discount``)."""
    discount_percent: Amount = Decimal(0)
    """Taken off the line, in percent (HubSpot ``hs_discount_percentage``)."""
    net: Annotated[Decimal | None, NONE] = None
    """What the CRM says the line comes to after discounts; None: it does not say."""
    tax_rate: Annotated[Decimal | None, NONE] = None
    """In percent; None: the CRM does not say."""
    tax_name: Thing = ""
    position: Annotated[int, NONE] = 0


class DealContact(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the deal."""

    id: Thing
    address: Address = Address()
    primary: Annotated[bool, NONE] = False


class DealCompany(msgspec.Struct, frozen=True, kw_only=True):
    """A company of the deal. ``address.company`` is its name."""

    id: Thing
    address: Address = Address()
    vat_id: Personal = ""
    """With its country's letters (``DE123456789``); empty: not known."""
    registration_id: Personal = ""
    """In the register of companies."""
    domain: Thing = ""
    primary: Annotated[bool, NONE] = False


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """A deal. In a list ``lines``, ``contacts`` and ``companies`` are empty: they are read with the one deal."""

    id: Thing
    name: Thing = ""
    pipeline: Thing = ""
    pipeline_label: Thing = ""
    stage: Thing = ""
    """The CRM's id of the stage (``closedwon``, ``1234567``)."""
    stage_label: Thing = ""
    closed: Annotated[bool, NONE] = False
    won: Annotated[bool, NONE] = False
    amount: Annotated[Decimal | None, NONE] = None
    currency: Thing = ""
    """ISO 4217; empty: the CRM does not say, and the account's own holds."""
    owner: DealOwner | None = None
    close_at: Annotated[datetime | None, NONE] = None
    created_at: Annotated[datetime | None, NONE] = None
    modified_at: Annotated[datetime | None, NONE] = None
    archived: Annotated[bool, NONE] = False
    order_key: Link = None
    """Key of the shop's order it was made for by this hub (``<store uid>:order:<id>``); None: people made it."""
    order_number: Thing = ""
    purchase_order: Thing = ""
    """The buyer's own number of the order."""
    invoice_number: Thing = ""
    """What the hub wrote back; empty: nothing yet."""
    url: Thing = ""
    """Where people see it at the CRM."""
    lines: tuple[DealLine, ...] = ()
    contacts: tuple[DealContact, ...] = ()
    companies: tuple[DealCompany, ...] = ()
