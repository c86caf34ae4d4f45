"""The orders of a proof by the store's own days: each order of a day counts once, so that the numbers add up.

``in_store`` is counted from what the store listed, ``recorded`` from what was compared; of what was recorded each order
is either wrong (by its worst open exception) or right (as its last delivery ended), or still on its way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import msgspec

BACK: Final = timedelta(days=100)
"""A proof of everything tells so far back: what a quarter's strip shows."""
MOST: Final = 400
WRONG: Final = ("missing", "duplicate", "drifted", "dead")
"""Kinds of exceptions of an order that stands in the store, the worst first."""
_RIGHT: Final = ("delivered", "skipped", "fallback", "dead")


class DayRow(msgspec.Struct):
    """The orders of one day, store against destination."""

    day: str
    """ISO, the store's own."""
    destination_id: str
    destination: str
    in_store: int = 0
    recorded: int = 0
    delivered: int = 0
    """Delivered, and found equal."""
    skipped: int = 0
    fallback: int = 0
    dead: int = 0
    missing: int = 0
    duplicate: int = 0
    drifted: int = 0
    moving: int = 0
    """On their way, or without a route when they came."""
    repaired: int = 0
    """Found wrong and delivered again by this proof; they count among the delivered."""


class Tally:
    """Counts records of one destination by day and by how their last delivery ended."""

    def __init__(self, zone: tzinfo, since: datetime | None) -> None:
        """``since``: orders made earlier are not told by day."""
        self._zone = zone
        self.since = since
        self._days: dict[str, Counter[str]] = defaultdict(Counter)

    def day_of(self, made_at: datetime | None) -> str | None:
        """Return the store's day of an order; None for one that is not told by day."""
        if made_at is None or (self.since is not None and made_at < self.since):
            return None
        return made_at.astimezone(self._zone).date().isoformat()

    def note(self, record: Mapping[str, Any], bucket: str, more: int = 1) -> None:
        """Count one record (``made_at``, ``presence``) under its bucket."""
        day = self.day_of(record["made_at"])
        if day is not None and record["presence"] != "deleted":
            self._days[day][bucket] += more

    def rows(
        self, name: tuple[str, str], listed: Iterable[Mapping[str, Any]], wrong: Iterable[Mapping[str, Any]]
    ) -> list[DayRow]:
        """Return the days of a destination (its id and name), the newest first.

        ``listed``: (at, count) of what the store lists, in spans that no day cuts. ``wrong``: (at, kind, bucket,
        state, count) of records with exceptions, each by its worst.
        """
        made: dict[str, DayRow] = {}

        def row(day: str) -> DayRow:
            return made.setdefault(day, DayRow(day, *name))

        for span in listed:
            if (day := self.day_of(span["at"])) is not None:
                row(day).in_store += span["count"]
        for day, buckets in self._days.items():
            told = row(day)
            told.recorded = sum(buckets.values())
            for bucket, count in buckets.items():
                _add(told, bucket if bucket in _RIGHT else "moving", count)
        for one in wrong:
            if (day := self.day_of(one["at"])) is None or day not in made:
                continue
            if one["state"] == "repaired":
                made[day].repaired += one["count"]
            elif one["kind"] in WRONG:
                _add(made[day], one["bucket"] if one["bucket"] in _RIGHT else "moving", -one["count"])
                _add(made[day], one["kind"], one["count"])
        return sorted(made.values(), key=lambda one: one.day, reverse=True)[:MOST]


def _add(row: DayRow, name: str, count: int) -> None:
    setattr(row, name, getattr(row, name) + count)
