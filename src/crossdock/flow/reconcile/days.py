"""The store's own days, whatever its clock does in spring and autumn. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from crossdock.connect.connector import Span


class Days(msgspec.Struct, frozen=True):
    """Which of the store's own days a proof is about; orders alone are of a day."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        """Whether it names days at all; without, a proof is about everything."""
        return self.first is not None or self.last is not None

    def span(self, zone: tzinfo) -> Span:
        """Return the moments (UTC) these days begin and end at: a day may have 23 or 25 hours."""
        return Span(
            _midnight(self.first, zone) if self.first else None,
            _midnight(self.last + timedelta(days=1), zone) if self.last else None,
        )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def days_of(asked: Mapping[str, Any]) -> Days:
    """Read the days of a run."""
    return Days(*(date.fromisoformat(asked[name]) if asked.get(name) else None for name in ("first", "last")))


def zone_of(account: Mapping[str, Any]) -> tzinfo:
    """Return a store's time zone: by its name, else by the hours its clock is ahead of UTC."""
    named = account.get("time_zone")
    if isinstance(named, str) and named:
        try:
            return ZoneInfo(named)
        except (ZoneInfoNotFoundError, ValueError):
            pass
    ahead = account.get("gmt_offset")
    hours = float(ahead) if isinstance(ahead, int | float) and not isinstance(ahead, bool) else 0.0
    return timezone(timedelta(hours=hours)) if abs(hours) < 24 else UTC
