"""When a route's deliveries go out."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

CANCELLED: Final = ("cancelled", "canceled", "refunded", "failed", "trash", "deleted")


class OnChange(StrEnum):
    """What becomes of a message that waits for its time when its source changes."""

    KEEP = "keep"
    """It goes out at its time, as it was."""
    REPLAN = "replan"
    """Time and content are the newest; where the newer event brings a message of its own, that one goes out."""
    SKIP = "skip"
    """It ends as skipped (source-changed)."""


class Late(StrEnum):
    """What becomes of a delivery whose time had passed when its event came."""

    SEND = "send"
    SKIP = "skip"


class Quiet(msgspec.Struct, frozen=True, rename={"begin": "from", "end": "to"}):
    """Hours of the day in which nothing goes out, in the schedule's zone; they may go over midnight."""

    begin: str
    end: str


class Schedule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A delivery goes out ``delay_s`` after its event, or at the time ``at`` reads from it, but not in quiet hours."""

    delay_s: float = 0.0
    at: str = ""
    """JMESPath on the event's data that gives a time (ISO 8601, or seconds since 1970); empty: the event's own."""
    offset_s: float = 0.0
    """Added to that time: -86400 is a day before."""
    zone: str = "UTC"
    """Time zone of times without one, and of the quiet hours."""
    zone_at: str = ""
    """JMESPath that gives the recipient's zone; ``zone`` where it gives none."""
    quiet: Quiet | None = None
    on_change: OnChange = OnChange.REPLAN
    cancelled: tuple[str, ...] = CANCELLED
    """Source states in which a waiting message ends as skipped (cancelled); a deleted source always does."""
    late: Late = Late.SEND
