"""Buckets that deliveries are counted in by how late they came."""

from __future__ import annotations

from bisect import bisect_left

LATE_S: tuple[float, ...] = (1, 5, 15, 60, 300, 900, 1800, 3600, 14_400, 86_400)
"""Upper bounds in seconds; beyond the last is one more bucket."""
FAILED = -1
"""The bucket of calls that failed."""


def bucket_of(seconds: float) -> int:
    """Return the bucket of a lateness."""
    return bisect_left(LATE_S, seconds)
