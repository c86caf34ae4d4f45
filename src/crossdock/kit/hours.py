"""Hours of the day in a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec


class Hours(msgspec.Struct, frozen=True):
    """Hours of a day in a time zone; they may go over midnight. Equal ends are the whole day."""

    begin: time
    end: time
    zone: ZoneInfo

    def left(self, now: datetime) -> datetime | None:
        """Return when the hours that ``now`` lies in end (UTC), None outside of them."""
        here = now.astimezone(self.zone)
        at = here.time()
        within = self.begin <= at < self.end if self.begin < self.end else at >= self.begin or at < self.end
        if not within:
            return None
        day = here.date() if at < self.end else here.date() + timedelta(days=1)
        return datetime.combine(day, self.end, self.zone).astimezone(UTC)
