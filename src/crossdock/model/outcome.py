"""What became of one write at a vendor: a value, never an exception."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.model.delivery import Evidence


class Exchange(msgspec.Struct, frozen=True):
    """The call behind a failing outcome, told without values: what people see of an attempt.

    How it was told is no part of what an outcome is: outcomes are equal whatever call brought them.
    """

    method: str
    path: str
    """Below the account's address, without its query; empty where the address itself is a secret."""
    status: int | None
    """None: no answer came."""
    code: str = ""
    message: str = ""
    """The vendor's words, redacted."""
    retry_after_s: float | None = None

    def __eq__(self, other: object) -> bool:
        """Any call is as good as another."""
        return other is None or isinstance(other, Exchange)

    def __hash__(self) -> int:
        return 0


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
    exchange: Exchange | None = None
    ours: bool = False
    """It waits for something of ours: no failing of the vendor's."""


class Throttled(msgspec.Struct, frozen=True, tag="throttled"):
    """The account's limit is reached: the whole lane waits ``after_s``; it burns no attempt."""

    after_s: float
    reason: str = "rate limit"
    from_priority: int = 0
    """Only deliveries of this priority or less urgent ones wait: the rest of the day's quota is kept for the others."""
    exchange: Exchange | None = None


class Refresh(msgspec.Struct, frozen=True, tag="refresh"):
    """The credential was refused; without a way to renew it the connection is broken. It burns no attempt."""

    reason: str
    exchange: Exchange | None = None


class Rejected(msgspec.Struct, frozen=True, tag="rejected"):
    """The vendor will never take this; ``reason`` is for people and holds no personal data."""

    reason: str
    code: str = ""
    field: str | None = None
    rule: str = ""
    """The rule that it breaks, where one can be named; holds no value."""
    exchange: Exchange | None = None


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """The record our link points to is no longer there (archived, merged away)."""

    reason: str = "the record no longer exists at the vendor"
    exchange: Exchange | None = None


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """The answer was lost: it may have taken effect. Never sent again before it is looked up or safe by its key."""

    reason: str
    exchange: Exchange | None = None


Outcome = Delivered | Retry | Throttled | Refresh | Rejected | Gone | Unknown
