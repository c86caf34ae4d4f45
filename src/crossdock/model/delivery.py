"""A delivery: one event on one route, until its one end."""

from __future__ import annotations

from enum import StrEnum


class DeliveryState(StrEnum):
    """The life of a delivery. The last three are its ends."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    SKIPPED = "skipped"
    DEAD = "dead"


class SkipReason(StrEnum):
    """The named rules by which a delivery may end undone."""

    FILTER = "filter"
    CONSENT = "consent"
    ECHO = "echo"
    SUPERSEDED = "superseded"
    HISTORICAL = "historical"
    ERASED = "erased"
    DISCARDED = "discarded"
    ROUTE_REMOVED = "route-removed"
    HOP_LIMIT = "hop-limit"
    SOURCE_CHANGED = "source-changed"
    """It waited for its time, and its source changed."""
    CANCELLED = "cancelled"
    """It waited for its time, and its source was cancelled or deleted."""
    HELD_BACK = "held-back"
    """The destination only observes, or its canary leaves the record out."""
    TOO_LATE = "too-late"
    """Its time had passed when its event came."""


class Evidence(StrEnum):
    """How sure we are that it arrived: the vendor's record id, a bare 2xx, or neither."""

    ID = "id"
    ACCEPTED = "accepted"
    UNPROVEN = "unproven"
