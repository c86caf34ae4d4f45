"""The breaker of a lane: opens on the share of failures, half-opens with one probe."""

from __future__ import annotations

from collections import deque
from enum import StrEnum


class BreakerState(StrEnum):
    """closed: all goes. open: nothing goes. half_open: one probe goes."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Counts the last ``window`` outcomes; opens at ``share`` failures once ``least`` are in."""

    def __init__(self, *, window: int = 50, least: int = 10, share: float = 0.5, state: str = "closed") -> None:
        self._least = least
        self._share = share
        self._last: deque[bool] = deque(maxlen=window)
        # a lane that was open and is due again gets its one probe
        self.state = BreakerState.CLOSED if state == "closed" else BreakerState.HALF_OPEN

    def note(self, *, ok: int, failed: int) -> bool:
        """Count a batch's outcomes; True when the breaker opens by it (again)."""
        if ok + failed == 0:
            return False
        if self.state is BreakerState.HALF_OPEN:
            self.state = BreakerState.OPEN if failed else BreakerState.CLOSED
            self._last.clear()
            return self.state is BreakerState.OPEN
        self._last.extend([True] * min(failed, 50))
        self._last.extend([False] * min(ok, 50))
        if len(self._last) >= self._least and sum(self._last) >= self._share * len(self._last):
            self.state = BreakerState.OPEN
            self._last.clear()
            return True
        return False

    @property
    def most(self) -> int | None:
        """Return how many deliveries may go out now; None is no limit."""
        return 1 if self.state is BreakerState.HALF_OPEN else None
