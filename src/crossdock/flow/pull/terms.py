"""On which terms a shop is read: what its connection's config says, with the defaults. Pure.

``config["streams"][name]`` is ``{"enabled": bool, "interval_s": number}``; ``config["quiet_hours"]`` is
``{"from": "08:00", "to": "22:00", "zone": "Europe/Berlin"}``: in these hours nothing is read in bulk;
``requests_per_minute`` and ``requests_per_day`` bound what the pull asks of the shop. A value that is not of its type
counts as not given: configs are checked where they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from crossdock.connect.manifest import Stream
from crossdock.kit.hours import Hours

PER_MINUTE: Final = 600
"""More than any shop answers: only the pace holds a shop that names no budget."""
SHORTEST_S: Final = 5.0
"""No stream is read more often than this, whatever its config says."""


class Terms(msgspec.Struct, frozen=True):
    """The terms of one connection."""

    switched_off: frozenset[str] = frozenset()
    intervals: dict[str, float] = {}
    quiet: Hours | None = None
    per_minute: int = PER_MINUTE
    per_day: int | None = None
    unrung: frozenset[str] = frozenset()
    """Streams with a webhook that a person removed: nobody rings for all of their changes."""

    def interval_s(self, stream: Stream, *, rung: bool, usual_s: float, without_s: float) -> float:
        """Return the seconds between two pulls of a stream; ``rung``: the shop's webhooks work.

        ``usual_s`` and ``without_s`` are the hub's own, with and without webhooks, for streams that name none.
        """
        given = self.intervals.get(stream.name)
        if given is not None:
            return given
        rung = rung and stream.name not in self.unrung
        own = stream.interval_s if rung else stream.unrung_s or stream.interval_s
        return own if own is not None else usual_s if rung else without_s


def terms_of(config: Mapping[str, Any]) -> Terms:
    """Read the terms of a connection."""
    streams = _nested(config, "streams")
    named = {name: _nested(streams, name) for name in streams}
    intervals = {name: _number(one.get("interval_s")) for name, one in named.items()}
    per_minute, per_day = _number(config.get("requests_per_minute")), _number(config.get("requests_per_day"))
    return Terms(
        switched_off=frozenset(name for name, one in named.items() if one.get("enabled") is False),
        intervals={name: max(SHORTEST_S, value) for name, value in intervals.items() if value},
        quiet=_hours(_nested(config, "quiet_hours")),
        per_minute=max(1, int(per_minute)) if per_minute else PER_MINUTE,
        per_day=max(1, int(per_day)) if per_day else None,
        unrung=frozenset(str(topic).partition(".")[0] for topic in config.get("webhooks_removed") or ()),
    )


def _nested(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, Mapping) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def _hours(given: Mapping[str, Any]) -> Hours | None:
    try:
        begin, end = time.fromisoformat(given["from"]), time.fromisoformat(given["to"])
        zone = ZoneInfo(given.get("zone") or "UTC")
    except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError):
        return None
    return Hours(begin.replace(tzinfo=None), end.replace(tzinfo=None), zone)
