"""A store's own pace: how long it is usually silent. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

_KEPT = timedelta(days=28)
_MOST = 20
_LEAST = 3
"""So many pauses make a rhythm."""


class Rhythm(msgspec.Struct, frozen=True):
    """What is remembered of a store: ``pauses`` are (end, seconds), the longest of four weeks."""

    heard_at: datetime | None
    day: date
    heard: int
    """What was counted of ``day`` when it was last looked at."""
    pauses: Sequence[tuple[datetime, int]] = ()

    @property
    def usual_s(self) -> float | None:
        """Return the longest usual pause in seconds: the second longest, since the longest may have been trouble."""
        spans = sorted((seconds for _, seconds in self.pauses), reverse=True)
        return spans[1] if len(spans) >= _LEAST else None


def first(times: Iterable[datetime | None], now: datetime, heard: int) -> Rhythm:
    """Make a store's rhythm of the times of its past orders."""
    known = sorted(at for at in times if at is not None and at <= now)
    pauses = [(later, int((later - at).total_seconds())) for at, later in itertools.pairwise(known)]
    return Rhythm(known[-1] if known else None, now.date(), heard, kept(pauses, now))


def listened(rhythm: Rhythm, counts: Mapping[date, int], now: datetime) -> Rhythm:
    """Take in what is counted now, a day."""
    today = now.date()
    news = max(0, counts.get(rhythm.day, 0) - rhythm.heard) + sum(n for day, n in counts.items() if day > rhythm.day)
    heard = counts.get(today, 0)
    if news <= 0:
        return rhythm if rhythm.day == today else msgspec.structs.replace(rhythm, day=today, heard=heard)
    pauses = list(rhythm.pauses)
    if rhythm.heard_at is not None and now > rhythm.heard_at:
        pauses.append((now, int((now - rhythm.heard_at).total_seconds())))
    return Rhythm(now, today, heard, kept(pauses, now))


def kept(pauses: Iterable[tuple[datetime, int]], now: datetime) -> list[tuple[datetime, int]]:
    """Return the longest pauses that are not too old."""
    recent = [pause for pause in pauses if now - pause[0] < _KEPT]
    return sorted(recent, key=lambda pause: pause[1], reverse=True)[:_MOST]
