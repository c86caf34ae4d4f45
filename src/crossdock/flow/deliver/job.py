"""One claimed delivery on its way through a plan."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec

from crossdock.model.delivery import SkipReason
from crossdock.model.outcome import Outcome
from crossdock.model.plan import Plan, Step, Write
from crossdock.model.wish import Touch


class Claim(msgspec.Struct, frozen=True):
    """A delivery as claimed."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    route_id: uuid.UUID
    record_id: uuid.UUID
    event_id: uuid.UUID
    seq: int
    attempt: int
    created_at: datetime
    priority: int = 1
    doubted: bool = False
    """An earlier attempt may have taken effect."""
    failing_since: datetime | None = None
    """When its first attempt failed that counts."""
    mapping_version: int | None = None
    """The version of the mapping a replay asked for; None: the route's own."""


class Intended(msgspec.Struct, frozen=True):
    """What a job is about to change, and whose news it carries."""

    touches: tuple[Touch, ...]
    origin: uuid.UUID | None
    """The connection whose news it is; None when a person or program asked the hub itself."""
    caused_at: datetime
    hops: int


class Task(msgspec.Struct, frozen=True):
    """What a delivery is about that the hub itself carries out."""

    errand: str
    """The destination's action."""
    source_id: uuid.UUID
    stream: str
    external_id: str
    event_id: uuid.UUID
    """Names the task for good: a replay of the same event is the same task."""


class Job(msgspec.Struct):
    """A claim, its plan, how far it has come and how its attempt ended."""

    claim: Claim
    main_key: str
    """Our key of the entity itself; its record's id at the destination is the delivery's evidence."""
    plan: Plan = Plan(())
    at: int = 0
    outcome: Outcome | None = None
    skipped: SkipReason | None = None
    reason: str = ""
    external_id: str | None = None
    said: bool = False
    """Whether ``external_id`` is that of a message or command, which outranks records that went before it."""
    stale: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """Links that point to records which are no longer there."""
    gone_before: int = 0
    """How many earlier attempts ended at such a link; counted only where there may be too many."""
    intended: Intended | None = None
    """What it is about to change where the destination is a source as well."""
    planned_at: datetime | None = None
    """The time its route's schedule gave it."""
    later: datetime | None = None
    """Its route's schedule lets it go out then: nothing was tried."""
    returned: dict[str, Any] = msgspec.field(default_factory=dict)
    """Values the vendor answered with."""
    connector: str = ""
    """The destination's."""
    touched: bool = False
    """Some write of this attempt took effect."""
    mapping_version: int | None = None
    """The version of the mapping its plan was made with; None where nothing is mapped."""
    task: Task | None = None
    """It is an errand: nothing is planned."""

    @property
    def since(self) -> datetime:
        """Return from when on it could go out: its time, where its route has a schedule."""
        return max(self.planned_at or self.claim.created_at, self.claim.created_at)

    @property
    def open(self) -> bool:
        """Whether steps are left."""
        return self.outcome is None and self.skipped is None and self.at < len(self.plan.steps)

    @property
    def waits(self) -> bool:
        """Whether it is to be carried out now: a plan with steps left, or an errand."""
        errand = self.task is not None and self.outcome is None and self.skipped is None
        return self.later is None and (self.open or errand)

    @property
    def step(self) -> Step:
        """Return the step that is due."""
        return self.plan.steps[self.at]

    @property
    def step_name(self) -> str:
        """Return the name of the step an attempt ended at."""
        if self.task is not None:
            return self.task.errand
        return self.plan.steps[min(self.at, len(self.plan.steps) - 1)].name if self.plan.steps else "plan"


def unsent(claim: Claim) -> Job:
    """Return the job of a claim whose destination has been disconnected: it has its end, and what is known is told."""
    reason = "its destination was disconnected"
    if claim.doubted:
        reason += "; an earlier try may have arrived"
    return Job(claim, main_key="", skipped=SkipReason.ROUTE_REMOVED, reason=reason)


class NewLink(msgspec.Struct, frozen=True):
    """A record of ours that now has an id at the destination."""

    object: str
    key: str
    external_id: str
    parent_key: str | None

    @staticmethod
    def of(write: Write, external_id: str) -> NewLink:
        """Link a write's record."""
        return NewLink(write.object, write.key, external_id, write.parent_key)
