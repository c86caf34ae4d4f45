"""What became of one write at a vendor: a value, never an exception."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.model.delivery import Evidence


class Delivered(msgspec.Struct, frozen=True, tag="delivered"):
    """It took effect. ``external_id`` is the vendor's record id where it gives one."""

    external_id: str | None = None
    evidence: Evidence = Evidence.ID
    returned: dict[str, Any] = msgspec.field(default_factory=dict)
    """Values the vendor answered with, by the top-level keys of its own document (stores normalise what is sent)."""


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """It surely took no effect; try again after ``after_s`` (None: by our own back-off)."""

    reason: str
    after_s: float | None = None
    code: str = ""


class Throttled(msgspec.Struct, frozen=True, tag="throttled"):
    """The account's limit is reached: the whole lane waits ``after_s``; it burns no attempt."""

    after_s: float
    reason: str = "rate limit"
    from_priority: int = 0
    """Only deliveries of this priority or less urgent ones wait: the rest of the day's quota is kept for the others."""


class Refresh(msgspec.Struct, frozen=True, tag="refresh"):
    """The credential was refused; without a way to renew it the connection is broken. It burns no attempt."""

    reason: str


class Rejected(msgspec.Struct, frozen=True, tag="rejected"):
    """The vendor will never take this; ``reason`` is for people and holds no personal data."""

    reason: str
    code: str = ""
    field: str | None = None


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """The record our link points to is no longer there (archived, merged away)."""

    reason: str = "the record no longer exists at the vendor"


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """The answer was lost: it may have taken effect. Never sent again before it is looked up or safe by its key."""

    reason: str


Outcome = Delivered | Retry | Throttled | Refresh | Rejected | Gone | Unknown
