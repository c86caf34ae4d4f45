"""What an attempt's outcome means for its delivery: one of its three ends, or another try."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from crossdock.flow.deliver.job import Job
from crossdock.flow.deliver.ports import Limits
from crossdock.kit.backoff import full_jitter
from crossdock.kit.redact import text
from crossdock.model.delivery import DeliveryState
from crossdock.model.outcome import Delivered, Gone, Outcome, Refresh, Rejected, Retry, Throttled, Unknown

_GONE_TRIES = 5
_SHOWN = 500


class End(msgspec.Struct, frozen=True):
    """The delivery has ended."""

    state: DeliveryState
    rule: str | None = None
    reason: str | None = None
    evidence: str | None = None
    external_id: str | None = None


class Back(msgspec.Struct, frozen=True):
    """The delivery goes back into the queue."""

    state: DeliveryState
    wait: timedelta
    reason: str
    unburnt: int = 0
    """1: this try counts as none."""


def decide(job: Job, now: datetime, limits: Limits) -> End | Back:
    """Decide about one job whose attempt is over."""
    if job.skipped is not None:
        return End(DeliveryState.SKIPPED, rule=job.skipped, reason=job.reason or None)
    outcome = job.outcome
    match outcome:
        case Delivered():
            return End(DeliveryState.DELIVERED, evidence=outcome.evidence, external_id=outcome.external_id)
        case Rejected():
            return End(DeliveryState.DEAD, reason=_said(outcome))
        case Throttled() | Refresh():
            return Back(DeliveryState.WAITING, timedelta(0), _said(outcome), unburnt=1)
        case Unknown():
            return _doubt(job, outcome, now, limits)
        case Gone() if job.claim.attempt < _GONE_TRIES:
            return Back(DeliveryState.WAITING, timedelta(0), _said(outcome))
        case _:
            return _again(job, outcome, now, limits)


def _doubt(job: Job, outcome: Unknown, now: datetime, limits: Limits) -> End | Back:
    """Wait until the call can no longer take effect, and longer each time."""
    reason = text(outcome.reason)[:_SHOWN]
    if now - job.claim.created_at > limits.retry_for:
        return End(
            DeliveryState.DEAD, reason=f"given up in doubt after {job.claim.attempt} attempts: {reason}"[:_SHOWN]
        )
    wait = full_jitter(job.claim.attempt, base_s=limits.retry_base_s, ceiling_s=limits.retry_ceiling_s)
    return Back(DeliveryState.IN_DOUBT, limits.doubt_margin + timedelta(seconds=wait), reason)


def _again(job: Job, outcome: Outcome | None, now: datetime, limits: Limits) -> End | Back:
    reason = _said(outcome)
    if isinstance(outcome, Gone) or now - job.claim.created_at > limits.retry_for:
        return End(DeliveryState.DEAD, reason=f"given up after {job.claim.attempt} attempts: {reason}"[:_SHOWN])
    given = outcome.after_s if isinstance(outcome, Retry) else None
    wait = full_jitter(job.claim.attempt, base_s=limits.retry_base_s, ceiling_s=limits.retry_ceiling_s)
    return Back(DeliveryState.WAITING, timedelta(seconds=given if given is not None else wait), reason)


def _said(outcome: Outcome | None) -> str:
    """Return the vendor's reason without what looks like a secret or a person."""
    reason = getattr(outcome, "reason", "no outcome")
    code = getattr(outcome, "code", "")
    return text(f"{code}: {reason}" if code else reason)[:_SHOWN]


def kind(outcome: Outcome | None, *, skipped: bool) -> str:
    """Return an outcome's name for attempts and metrics."""
    return "skipped" if skipped else type(outcome).__name__.lower()
