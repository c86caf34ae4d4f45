"""What may be asked of a shop's order, and what is answered."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from crossdock.model.connection import Connection


class SetStatus(msgspec.Struct, frozen=True):
    """Move an order to a status (ours or the shop's own word)."""

    STREAM: ClassVar[str] = "order_status"
    status: str
    expected_status: str | None = None
    """Refuse when the order stands elsewhere; looked at again right before the write."""
    if_version: int | None = None
    """Refuse when the order's record has moved on from this version."""
    note: str | None = None


class AddNote(msgspec.Struct, frozen=True):
    """Write a note; a customer's note is mailed by the shop."""

    STREAM: ClassVar[str] = "order_note"
    note: str
    customer_note: bool = False


class FulfilLine(msgspec.Struct, frozen=True):
    """How many of a line were sent."""

    line_id: str
    quantity: int


class Fulfil(msgspec.Struct, frozen=True):
    """Goods were sent: all that is left (``lines`` None) or some."""

    STREAM: ClassVar[str] = "fulfilment"
    lines: tuple[FulfilLine, ...] | None = None
    tracking_number: str = ""
    carrier: str = ""
    tracking_url: str | None = None
    notify: bool = False
    complete: bool | None = None
    """None: complete the order when all that is left is sent with this (``lines`` None)."""


class RefundTax(msgspec.Struct, frozen=True):
    """Tax given back, by the shop's tax rate."""

    rate_id: str
    total: Decimal


class RefundLine(msgspec.Struct, frozen=True):
    """What is given back of a line; without a total it is the quantity's share of the line and its taxes."""

    line_id: str
    quantity: int
    total: Decimal | None = None
    taxes: tuple[RefundTax, ...] = ()


class Refund(msgspec.Struct, frozen=True):
    """Give money back: an amount, or lines. ``api_refund`` asks the shop's payment gateway to move the money."""

    STREAM: ClassVar[str] = "refund_request"
    amount: Decimal | None = None
    lines: tuple[RefundLine, ...] | None = None
    reason: str = ""
    restock: bool = True
    api_refund: bool = False


Command = SetStatus | AddNote | Fulfil | Refund


class Ask(msgspec.Struct, frozen=True):
    """One command about one order; ``key`` makes it idempotent."""

    order: uuid.UUID
    command: Command
    key: str | None = None


class Target(msgspec.Struct, frozen=True):
    """The order a command is about, as recorded."""

    record_id: uuid.UUID
    connection: Connection
    external_id: str
    number: str
    seq: int
    presence: str
    status: str
    """The shop's own word."""
    modified_at: datetime | None
    order: Any = None
    """The canonical order, where the command looks at lines or amounts."""
    refunded: dict[str, int] = msgspec.field(default_factory=dict)
    """Line -> how many were given back, by the recorded refunds."""
    earlier: tuple[dict[str, Any], ...] = ()
    """Wishes of the same kind that wait, or were carried out and are not in the recorded order yet."""


class Issued(msgspec.Struct, frozen=True):
    """A recorded command: its event, and the deliveries that carry it out."""

    event_id: uuid.UUID
    delivery_ids: tuple[uuid.UUID, ...]
    duplicate: bool
    order: uuid.UUID
    status: str
    """The order's status as recorded when the command was taken, in our word."""
    version: int
