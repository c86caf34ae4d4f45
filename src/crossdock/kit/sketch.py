"""A mergeable sketch of latencies: counts in buckets that grow by a tenth, so that sketches add up place by place.

Bucket ``i`` holds what is above ``1.1**(i - 1)`` ms and at most ``1.1**i`` ms (bucket 0: up to 1 ms; 250, the last:
about 257 days). A percentile is told as the point of its bucket that is nearest to both ends in proportion, which is
wrong by at most (1.1 - 1) / (1.1 + 1) = 4.8 %. The database counts by the same rule (``latency_bucket``, migration
0012).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

GROWTH = 1.1
LAST = 250


def bucket_of(ms: float) -> int:
    """Return the bucket of a latency in milliseconds."""
    return 0 if ms <= 1 else min(LAST, math.ceil(math.log(ms) / math.log(GROWTH)))


def value_of(bucket: int) -> float:
    """Return the milliseconds that stand for a bucket."""
    return 1.0 if bucket == 0 else 2 * GROWTH**bucket / (GROWTH + 1)


def added(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """Return the sketch of what two sketches have seen."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = list(longer)
    for bucket, count in enumerate(shorter):
        total[bucket] += count
    return total


def percentile(counts: Sequence[int], share: float) -> float | None:
    """Return the milliseconds within which a share (0 to 1) of what was seen lies; None for an empty sketch."""
    wanted = max(1, math.ceil(sum(counts) * share))
    seen = 0
    for bucket, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return value_of(bucket)
    return None
