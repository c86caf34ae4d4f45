"""The portal's rate limits: a rolling 10-second window, a daily quota, and search's own limit."""

from __future__ import annotations

from collections import deque

from crossdock.connectors.hubspot.sandbox.instants import MovableClock, zone
from crossdock.connectors.hubspot.sandbox.refusals import too_many
from crossdock.connectors.hubspot.sandbox.settings import Settings


class Budget:
    """Counts the calls of one account. Calls that are refused with 429 use nothing up."""

    def __init__(self, settings: Settings, clock: MovableClock) -> None:
        self._settings = settings
        self._clock = clock
        self._calls: deque[float] = deque()
        self._searches: deque[float] = deque()
        self._day = ""
        self._today = 0

    @property
    def used_today(self) -> int:
        """Calls since midnight in the portal's time zone."""
        self._turn_day()
        return self._today

    def spend(self, *, search: bool) -> None:
        """Count one call, or refuse it with 429."""
        self._turn_day()
        if self._today >= self._settings.daily:
            raise too_many("DAILY")
        now = self._clock.monotonic()
        window, span, limit, policy = (
            (self._searches, 1.0, self._settings.search_per_s, "SECONDLY")
            if search
            else (self._calls, 10.0, self._settings.per_10s, "TEN_SECONDLY_ROLLING")
        )
        _slide(window, now - span)
        if len(window) >= limit:
            raise too_many(policy)
        window.append(now)
        self._today += 1

    def headers(self) -> dict[str, str]:
        """Return the rate headers of every answer but search's."""
        _slide(self._calls, self._clock.monotonic() - 10.0)
        settings = self._settings
        return {
            "X-HubSpot-RateLimit-Daily": str(settings.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, settings.daily - self.used_today)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(settings.per_10s),
            "X-HubSpot-RateLimit-Remaining": str(max(0, settings.per_10s - len(self._calls))),
        }

    def _turn_day(self) -> None:
        day = self._clock.now().astimezone(zone(self._settings.time_zone)).date().isoformat()
        if day != self._day:
            self._day, self._today = day, 0


def _slide(window: deque[float], since: float) -> None:
    while window and window[0] <= since:
        window.popleft()
