"""When a delivery is to go out, by its route's schedule. Pure: the same question gives the same answer, so that what is
put off is asked again when it is due, and goes out then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from crossdock.kit.expression import compiled
from crossdock.kit.hours import Hours
from crossdock.model.delivery import SkipReason
from crossdock.model.schedule import Late, Schedule

LONGEST: Final = timedelta(days=366)
"""Nothing is planned further ahead: bodies are kept for what waits."""
_MILLISECONDS: Final = 1e11
"""Numbers from here on are milliseconds (the year 5138 in seconds)."""
_read = lru_cache(maxsize=512)(compiled)


class Never(msgspec.Struct, frozen=True):
    """The delivery ends undone, by a rule and with a reason."""

    rule: SkipReason
    reason: str


def plan(schedule: Schedule, document: Callable[[], Any], came_at: datetime, now: datetime) -> datetime | Never:
    """Return when a delivery may go out: now, where that is in the past.

    ``document`` gives the event's data; ``came_at`` is when the event came. Raises ``ValueError`` for a value that is
    no time: field, rule and value are named.
    """
    needed = schedule.at or schedule.zone_at
    data = document() if needed else None
    zone = _zone(schedule, data)
    due = came_at + timedelta(seconds=schedule.delay_s)
    if schedule.at:
        said = _read(schedule.at)(data)
        if said is None:
            return Never(SkipReason.FILTER, "the event holds no time where the route's schedule looks for one")
        due = _time(said, zone) + timedelta(seconds=schedule.offset_s + schedule.delay_s)
        if schedule.late is Late.SKIP and due < came_at:
            return Never(SkipReason.TOO_LATE, f"its time had passed when the event came: {due:%Y-%m-%d %H:%M} UTC")
    if due > now + LONGEST:
        raise ValueError(f"schedule.at: the time lies more than a year ahead: {due:%Y-%m-%d}")
    if schedule.quiet is None:
        return due
    hours = Hours(_clock(schedule.quiet.begin), _clock(schedule.quiet.end), zone)
    return hours.left(max(due, now)) or due


def cancelled(schedule: Schedule, presence: str, status: str) -> bool:
    """Whether the source's present state ends what waits for it."""
    return presence in ("deleted", "trashed") or status in schedule.cancelled


def _zone(schedule: Schedule, data: Any) -> ZoneInfo:
    said = _read(schedule.zone_at)(data) if schedule.zone_at else None
    for name in (said, schedule.zone):
        try:
            if isinstance(name, str) and name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def _time(said: Any, zone: ZoneInfo) -> datetime:
    try:
        if isinstance(said, str) and not said.isdigit():
            at = datetime.fromisoformat(said.strip())
            return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
        if isinstance(said, int | float | str) and not isinstance(said, bool):
            seconds = float(said)
            return datetime.fromtimestamp(seconds / 1000 if abs(seconds) >= _MILLISECONDS else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    # what it holds may be a person's: only its kind is told
    raise ValueError(f"schedule.at: gives no time but {type(said).__name__} of {len(str(said))} characters")


def _clock(text: str) -> time:
    return time.fromisoformat(text).replace(tzinfo=None)
