"""A delivery: one event on one route, until its one end."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


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


MEANS: Final = {
    SkipReason.FILTER: "a rule of the route or of the destination leaves it out",
    SkipReason.CONSENT: "the person has not given permission",
    SkipReason.ECHO: "the hub itself had written it",
    SkipReason.SUPERSEDED: "a newer state was delivered instead",
    SkipReason.HISTORICAL: "it was there before the connection",
    SkipReason.ERASED: "the person's data were erased",
    SkipReason.DISCARDED: "somebody discarded it",
    SkipReason.ROUTE_REMOVED: "its route was removed",
    SkipReason.HOP_LIMIT: "it came back too often",
    SkipReason.SOURCE_CHANGED: "it changed before its time came",
    SkipReason.CANCELLED: "it was cancelled before its time came",
    SkipReason.HELD_BACK: "the destination is only being tried out",
    SkipReason.TOO_LATE: "its time had passed",
}
"""What each rule says, in plain words."""


class Evidence(StrEnum):
    """How sure we are that it arrived: the vendor's record id, a bare 2xx, or neither."""

    ID = "id"
    ACCEPTED = "accepted"
    UNPROVEN = "unproven"
