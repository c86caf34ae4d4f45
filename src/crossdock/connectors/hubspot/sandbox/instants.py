"""Instants as the vendor writes and reads them, and a clock that a test can move."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from crossdock.kit.clock import Clock, SystemClock

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})\Z")
_EPOCH = re.compile(r"-?\d{1,15}\Z")
_DAY_MS = 86_400_000


class MovableClock:
    """The base clock plus the seconds that the control door has advanced it by."""

    def __init__(self, base: Clock | None = None) -> None:
        self._base = base or SystemClock()
        self._ahead = 0.0

    def advance(self, seconds: float) -> None:
        """Move forward; windows, search lag and quotas follow."""
        self._ahead += seconds

    def now(self) -> datetime:
        """Return the sandbox's wall time in UTC."""
        return self._base.now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._base.monotonic() + self._ahead

    def ms(self) -> int:
        """Return the wall time as milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)


@lru_cache(maxsize=4096)
def iso(ms: int) -> str:
    """Write milliseconds as the vendor does: UTC, with milliseconds only where there are some."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{ms % 1000:03d}Z" if ms % 1000 else "Z")


def read_instant(text: str) -> int | None:
    """Read a datetime value: ISO-8601 with a zone, a plain date, or milliseconds. None: not one of these."""
    if _EPOCH.match(text):
        ms = int(text)
        return ms if abs(ms) < 253_402_300_800_000 else None
    try:
        if _DATE.match(text):
            return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
        if _INSTANT.match(text):
            return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None
    return None


def read_date(text: str) -> str | None:
    """Read a date value: ``YYYY-MM-DD`` or milliseconds of midnight UTC. None: neither."""
    if not (_DATE.match(text) or _EPOCH.match(text)):
        return None
    ms = read_instant(text)
    return None if ms is None or ms % _DAY_MS else iso(ms)[:10]


def zone(name: str) -> tzinfo:
    """Return the zone; UTC needs no zone files."""
    return UTC if name == "UTC" else ZoneInfo(name)
