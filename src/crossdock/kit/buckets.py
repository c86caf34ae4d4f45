"""A rolling window of requests: at most N in any S seconds."""

from __future__ import annotations

from collections import deque

from crossdock.kit.clock import Clock


class Window:
    """Counts what was taken in the last ``period_s`` seconds on the monotonic clock."""

    def __init__(self, limit: int, period_s: float, clock: Clock) -> None:
        if limit < 1 or period_s <= 0:
            raise ValueError("a window needs a limit of at least 1 and a period above 0")
        self.limit = limit
        self.period_s = period_s
        self._clock = clock
        self._taken: deque[float] = deque()

    def left(self) -> int:
        """Return how many more fit now."""
        self._forget(self._clock.monotonic())
        return max(0, self.limit - len(self._taken))

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0] <= now - self.period_s:
            self._taken.popleft()

    def wait_s(self) -> float:
        """Return 0 when one more fits now, else the seconds until it does."""
        now = self._clock.monotonic()
        self._forget(now)
        if len(self._taken) < self.limit:
            return 0.0
        return self._taken[len(self._taken) - self.limit] + self.period_s - now

    def take(self) -> None:
        """Count one request now."""
        self._taken.append(self._clock.monotonic())
