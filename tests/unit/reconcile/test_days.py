"""The store's own days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from crossdock.flow.reconcile import Days
from crossdock.flow.reconcile.days import days_of, zone_of


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 7, 1), 24),
        ("America/Los_Angeles", date(2026, 11, 1), 25),
        ("Asia/Kathmandu", date(2026, 11, 1), 24),
    ],
)
def test_a_day_has_as_many_hours_as_the_stores_clock_shows(zone: str, day: date, hours: int) -> None:
    span = Days(day, day).span(zone_of({"time_zone": zone, "gmt_offset": 0}))
    assert span.after is not None
    assert span.before is not None
    assert span.before - span.after == timedelta(hours=hours)
    assert span.holds(span.after)
    assert not span.holds(span.before)
    assert not span.holds(span.after - timedelta(seconds=1))


def test_a_store_without_a_named_zone_goes_by_its_hours() -> None:
    span = Days(date(2026, 11, 1), None).span(zone_of({"time_zone": "", "gmt_offset": 5.5}))
    assert (span.after, span.before) == (datetime(2026, 10, 31, 18, 30, tzinfo=UTC), None)
    for odd in ({}, {"gmt_offset": "5"}, {"time_zone": "Nowhere/Land", "gmt_offset": True}, {"gmt_offset": 900}):
        assert Days(date(2026, 11, 1)).span(zone_of(odd)).after == datetime(2026, 11, 1, tzinfo=UTC)


def test_no_days_are_all_of_them() -> None:
    span = Days().span(UTC)
    assert span.holds(None)
    assert span.holds(datetime(1999, 1, 1, tzinfo=UTC))
    assert not Days(date(2026, 1, 1)).span(UTC).holds(None)
    assert days_of({"first": "2026-11-01", "last": None}) == Days(date(2026, 11, 1))
    assert not days_of({})
