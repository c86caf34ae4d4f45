"""What a connector says about one document it was shown: facts for the rule of recording, nothing decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class Presence(StrEnum):
    """Whether the entity stands in its source."""

    LIVE = "live"
    DRAFT = "draft"
    TRASHED = "trashed"
    DELETED = "deleted"


class Observation(msgspec.Struct, frozen=True):
    """One entity as its source showed it."""

    stream: str
    """The stream's name in the source's manifest: order, customer, product, refund, coupon …"""
    external_id: str
    """The source's own id, as text."""
    document: dict[str, Any]
    """The parsed body, in the source's words."""
    presence: Presence = Presence.LIVE
    status: str = ""
    """The source's own state word (``processing``); no personal data."""
    modified_at: datetime | None = None
    """The source's modified time in UTC, to its precision; None when it tells none."""
    created_at: datetime | None = None
    """When the entity came into being at its source, UTC."""
    parent_id: str | None = None
    """External id of the entity it belongs to (a refund's order, a variation's product)."""
    code: str = ""
    """What people call it: an order's number, a product's SKU, a coupon's code; no personal data."""
    subjects: tuple[str, ...] = ()
    """Normalised identifiers of the people it is about (lower-case e-mail addresses); hashed before they are stored."""


class Turn(msgspec.Struct, frozen=True):
    """A state word that is an event of its own when an entity comes to it: a deal is won.

    It is told when the record held another state before, once each time; what was at it when it was first seen is told
    only where ``first`` says that it came to it under our eyes.
    """

    verb: str
    """The event's type is ``<stream>.<verb>``."""
    among: frozenset[str] = frozenset()
    """Other states that mean the same: a move between them is no turn."""
    first: bool = False


class Doorbell(msgspec.Struct, frozen=True):
    """Something happened to an entity; only a fresh GET tells what."""

    stream: str
    external_id: str
    parent_id: str | None = None
    reason: str = ""
    """Which arrival rang (``order.deleted``, ``contested`` …), for the story of the event."""


class Occurrence(msgspec.Struct, frozen=True):
    """A thing that happened and has no later state (a custom event): always a new event."""

    stream: str
    type: str
    document: dict[str, Any]
    external_id: str | None = None
    key: str | None = None
    """A true transport key (``Idempotency-Key``, a vendor's unique event id); None when there is none."""
    occurred_at: datetime | None = None
    subjects: tuple[str, ...] = ()
