"""Wishes: what the hub wants of a store, recorded as events on the store's own connection."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

import msgspec

STREAMS: Final = frozenset(
    {
        *("order_status", "order_note", "fulfilment", "refund_request", "stock_level", "price_level", "order_meta"),
        "deal_invoice",
    }
)
"""Streams of wishes. They say what should become true, so no feed shows them as what is."""


class Cause(msgspec.Struct, frozen=True):
    """Why the hub wishes something: an event of another connection."""

    connection_id: uuid.UUID
    """Where it comes from: what the write brings back is no news there."""
    at: datetime
    """When the hub saw it."""
    hops: int = 0
    """How many writes of the hub led to it."""


class Touch(msgspec.Struct, frozen=True):
    """What a write changes in an entity that the same account is also read from."""

    stream: str
    external_id: str
    sent: dict[str, Any] = msgspec.field(default_factory=dict)
    """Top-level keys of the entity's own document -> the value sent; no personal data."""
    derived: tuple[str, ...] = ()
    """Keys that the system sets by itself because of it, or whose new value is not known before."""
