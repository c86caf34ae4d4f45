"""What rules look at: one reading a connection and one a tenant, taken at one moment. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from crossdock.kit.lateness import FAILED, bucket_of


class Pace(msgspec.Struct, frozen=True):
    """How some minutes of a lane went."""

    counts: Mapping[int, int] = {}

    @property
    def delivered(self) -> int:
        """Return how many were delivered."""
        return sum(count for bucket, count in self.counts.items() if bucket != FAILED)

    @property
    def failed(self) -> int:
        """Return how many calls failed."""
        return self.counts.get(FAILED, 0)

    def later_than(self, seconds: float) -> int:
        """Return how many were surely delivered later than that: those of the buckets that begin there."""
        first = bucket_of(seconds)
        return sum(count for bucket, count in self.counts.items() if bucket > first)


class Found(msgspec.Struct, frozen=True):
    """A finding of the watch that stands and is not repaired."""

    code: str
    severity: str
    cause: str
    remedy: str
    since: datetime
    seen: int


class Gap(msgspec.Struct, frozen=True):
    """The newest proof of a store, when it is not green."""

    proof_id: uuid.UUID
    ended_at: datetime


class Quota(msgspec.Struct, frozen=True):
    """How much of a day's requests is used."""

    used: int
    most: int
    resets_at: datetime | None = None


class Silence(msgspec.Struct, frozen=True):
    """When a store was last heard, and its longest usual pause in seconds; None: not known well enough."""

    heard_at: datetime
    usual_s: float | None


class Reading(msgspec.Struct, frozen=True):
    """One connection at one moment."""

    tenant_id: uuid.UUID
    connection_id: uuid.UUID
    name: str
    connector: str
    state: str
    state_since: datetime
    problem: str | None = None
    breaker: str | None = None
    breaker_since: datetime | None = None
    breaker_reason: str | None = None
    dead: int = 0
    dead_recent: int = 0
    """Within the minutes that the rule names, when it names any."""
    dead_since: datetime | None = None
    dead_cause: str | None = None
    """Why the newest died."""
    overdue_since: datetime | None = None
    """When the oldest waiting delivery that nobody takes was due."""
    tried_since: datetime | None = None
    """When the oldest delivery that is tried in vain was made."""
    backfilling: bool = False
    pace: Pace = Pace()
    """Of the failure rule's minutes."""
    lags: Pace = Pace()
    """Of the lag rule's minutes."""
    findings: Sequence[Found] = ()
    suspended: int = 0
    suspended_since: datetime | None = None
    gap: Gap | None = None
    quota: Quota | None = None
    silence: Silence | None = None
    fallen_back: int = 0
    """Deliveries meant for it that wait at, or went to, a second destination since its lane stopped."""
    fallback: str | None = None


class TenantReading(msgspec.Struct, frozen=True):
    """What concerns a tenant as a whole."""

    tenant_id: uuid.UUID
    low: int = 0
    low_skus: Sequence[str] = ()
    low_since: datetime | None = None
    channels: Sequence[Mapping[str, Any]] = ()
    """Channels that fail: id, name, failing_since, problem."""


class Trouble(msgspec.Struct, frozen=True):
    """Something that a rule found: what is said of it."""

    kind: str
    subject: str
    connection_id: uuid.UUID | None
    severity: str
    title: str
    cause: str
    remedy: str
    command: str
    link: str
    since: datetime
    count: int = 1
    quiet: bool = False
    """Another alert tells of it already: one that stands stays, none is opened."""
