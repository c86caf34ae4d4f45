"""When a backlog will have gone out, and how much of the vendor's quota it takes. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from crossdock.connect.allowance import DAY_PART, STANDARD, Used

_LONGEST_DAYS = 365
_MOST_DAYS_S = 86_400.0


class Bound(StrEnum):
    """What holds a backlog back: its own pace so far, the vendor's rate, or the day's quota."""

    PACE = "pace"
    RATE = "rate"
    QUOTA = "quota"


class Backlog(msgspec.Struct, frozen=True):
    """What waits, and how it went lately."""

    waiting: int
    """Deliveries that have not ended."""
    per_s: float = 0.0
    """Deliveries that ended per second lately; 0 where none did: then the vendor's rate is taken."""
    arriving_per_s: float = 0.0
    """Deliveries that came per second lately."""
    calls_per_delivery: float = 1.0
    """Vendor calls for one delivery lately (batches make it small)."""
    urgency: int = STANDARD
    """The priority of most of it: how much of the day's quota it may use."""


class Forecast(msgspec.Struct, frozen=True):
    """The end of a backlog and its quota."""

    ends_at: datetime | None
    """None: never at this pace (more comes than goes), or not within a year."""
    bound: Bound | None
    """What decides it; None when nothing waits."""
    quota_used: float | None
    """Part of today's quota that is used by now, 0 to 1; None without a quota."""
    quota_at_reset: float | None
    """The same as expected when the day ends, 0 to 1."""
    quota_ends_at: datetime | None
    """When the quota will be used up today; None: it lasts."""


def forecast(backlog: Backlog, used: Used | None, now: datetime) -> Forecast:
    """Return when a backlog ends, and what becomes of the quota. ``used``: the account's limits, None without any."""
    cost = max(backlog.calls_per_delivery, 0.0)
    rate = used.window_calls / used.window_s if used and used.window_calls and used.window_s else None
    fastest = rate / cost if rate and cost else None
    pace, bound = backlog.per_s, Bound.PACE
    if fastest is not None and (pace <= 0 or pace >= 0.9 * fastest):
        pace, bound = min(fastest, pace) if pace > 0 else fastest, Bound.RATE
    daily = used.daily if used else None
    share = used.used_today / daily if used and daily else None
    net = pace - backlog.arriving_per_s
    if backlog.waiting == 0:
        return Forecast(now, None, share, share, None)
    calls_per_s = pace * cost
    left_s = _day_left(used, now)
    quota_ends_at, at_reset = None, share
    if used and daily:
        left = max(0.0, daily * DAY_PART[backlog.urgency] - used.used_today)
        needed = backlog.waiting * cost
        at_reset = min(1.0, (used.used_today + min(needed, left, calls_per_s * left_s)) / daily)
        if calls_per_s > 0 and left < min(needed, calls_per_s * left_s):
            quota_ends_at = now + timedelta(seconds=left / calls_per_s)
            ends_at = _over_days(backlog, used, daily, calls_per_s, now)
            return Forecast(ends_at, Bound.QUOTA, share, at_reset, quota_ends_at)
    seconds = backlog.waiting / net if net > 0 else None
    ends_at = now + timedelta(seconds=seconds) if seconds is not None and seconds < _LONGEST_DAYS * 86_400 else None
    return Forecast(ends_at, bound, share, at_reset, quota_ends_at)


def _day_left(used: Used | None, now: datetime) -> float:
    if used is None or not used.day_ends_at:
        return _MOST_DAYS_S
    return min(max(0.0, used.day_ends_at - now.timestamp()), _MOST_DAYS_S)


def _over_days(backlog: Backlog, used: Used, daily: int, calls_per_s: float, now: datetime) -> datetime | None:
    """Return when a backlog ends that needs more than today's quota: each day takes its part, from midnight on."""
    part = daily * DAY_PART[backlog.urgency]
    today = max(0.0, part - used.used_today)
    left = (backlog.waiting + 0.0) * backlog.calls_per_delivery - min(today, calls_per_s * _day_left(used, now))
    # what comes in meanwhile takes its part of every day
    a_day = min(part, calls_per_s * 86_400) - backlog.arriving_per_s * backlog.calls_per_delivery * 86_400
    if a_day <= 0:
        return None
    days = int(left // a_day)
    if days > _LONGEST_DAYS:
        return None
    rest_s = (left - days * a_day) / calls_per_s
    return now + timedelta(seconds=_day_left(used, now) + days * 86_400 + rest_s)
