"""How long a vendor asks us to wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT_S = 86_400.0
"""A Retry-After beyond a day is cut to a day."""


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to wait by the Retry-After header (seconds or an HTTP date); None when it says nothing."""
    said = (headers.get("Retry-After") or headers.get("retry-after") or "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        seconds = _until(said, now)
    if not seconds >= 0:  # also NaN
        return None
    return min(seconds, LONGEST_WAIT_S)


def _until(said: str, now: datetime) -> float:
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return -1.0
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
