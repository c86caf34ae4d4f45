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

GONE_TRIES = 5
"""So often a delivery may find that its record is gone: the link is dropped each time, and the record made anew."""

_SHOWN = 500
_SPREAD = 0.1
"""Of a wait the vendor gave: what is added by chance, so that a full queue does not return at one moment."""


class End(msgspec.Struct, frozen=True):
    """The delivery has ended; its fields stand as the type ``settle_end`` has them after the id."""

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
    doubted: bool = False
    """This try may have had an effect, or a part of one: the next one looks before it sends."""


def decide(job: Job, now: datetime, limits: Limits) -> End | Back:
    """Decide about one job whose attempt is over. ``now`` is the database's time."""
    if job.later is not None:
        wait = max(job.later - now, timedelta(0))
        return Back(DeliveryState.WAITING, wait, f"planned for {job.later:%Y-%m-%d %H:%M} UTC", unburnt=1)
    if job.skipped is not None:
        return End(DeliveryState.SKIPPED, rule=job.skipped, reason=job.reason or None)
    outcome = job.outcome
    match outcome:
        case Delivered():
            known = outcome.external_id.replace("\x00", "") if outcome.external_id else outcome.external_id
            return End(DeliveryState.DELIVERED, evidence=outcome.evidence, external_id=known)
        case Rejected():
            return End(DeliveryState.DEAD, reason=_said(outcome))
        case Throttled() | Refresh():
            return Back(DeliveryState.WAITING, timedelta(0), _said(outcome), unburnt=1, doubted=job.touched)
        case Unknown():
            return _doubt(job, outcome, now, limits)
        # counted for itself: whoever timed out for a day has not yet tried to make the record anew
        case Gone() if job.gone_before + 1 < GONE_TRIES:
            return Back(DeliveryState.WAITING, timedelta(0), _said(outcome), doubted=job.touched)
        case _:
            return _again(job, outcome, now, limits)


def _doubt(job: Job, outcome: Unknown, now: datetime, limits: Limits) -> End | Back:
    """Wait until the call can no longer take effect, and longer each time."""
    reason = text(outcome.reason)[:_SHOWN]
    if _over(job, now, limits):
        return End(
            DeliveryState.DEAD, reason=f"given up in doubt after {job.claim.attempt} attempts: {reason}"[:_SHOWN]
        )
    wait = full_jitter(job.claim.attempt, base_s=limits.retry_base_s, ceiling_s=limits.retry_ceiling_s)
    return Back(DeliveryState.IN_DOUBT, limits.doubt_margin + timedelta(seconds=wait), reason, doubted=True)


def _again(job: Job, outcome: Outcome | None, now: datetime, limits: Limits) -> End | Back:
    reason = _said(outcome)
    if isinstance(outcome, Gone) or _over(job, now, limits):
        return End(DeliveryState.DEAD, reason=f"given up after {job.claim.attempt} attempts: {reason}"[:_SHOWN])
    wait = full_jitter(job.claim.attempt, base_s=limits.retry_base_s, ceiling_s=limits.retry_ceiling_s)
    given = outcome.after_s if isinstance(outcome, Retry) else None
    if given:
        # never before the vendor's time; a 0 of its is none, or it would be asked without a pause
        wait = given * (1 + full_jitter(1, base_s=_SPREAD))
    return Back(DeliveryState.WAITING, timedelta(seconds=wait), reason, doubted=job.touched)


def _over(job: Job, now: datetime, limits: Limits) -> bool:
    """Whether it was tried long enough: for days since its first failure, and more than a few times in them.

    Not since it was made: it may have waited a week behind a connection that was broken.
    """
    since = job.claim.failing_since or now
    return now - since > limits.retry_for and job.claim.attempt >= limits.least_tries


def _said(outcome: Outcome | None) -> str:
    """Return the vendor's reason without what looks like a secret or a person."""
    reason = getattr(outcome, "reason", "no outcome")
    code = getattr(outcome, "code", "")
    return text(f"{code}: {reason}" if code else reason)[:_SHOWN]


def kind(outcome: Outcome | None, *, skipped: bool) -> str:
    """Return an outcome's name for attempts and metrics."""
    return "skipped" if skipped else type(outcome).__name__.lower()
