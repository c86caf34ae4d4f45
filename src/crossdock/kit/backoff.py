"""When to try again: full jitter, doubling from a base to a ceiling."""

from __future__ import annotations

import random


def full_jitter(attempt: int, *, base_s: float = 2.0, ceiling_s: float = 3600.0, draw: float | None = None) -> float:
    """Return seconds to wait after the ``attempt``-th failure (1 is the first).

    The wait is uniform in [0, min(ceiling, base * 2**(attempt-1))], so that many failures at once do not return at
    once. ``draw`` (0..1) fixes the chance.
    """
    if attempt < 1:
        raise ValueError("attempt counts from 1")
    span = min(ceiling_s, base_s * 2.0 ** min(attempt - 1, 40))
    share = random.random() if draw is None else draw  # noqa: S311 - spreads load, guards nothing
    return span * share
