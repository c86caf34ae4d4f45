"""The terms a shop is read on: intervals, switches, quiet hours, budgets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.connect.manifest import CursorKind, Stream
from crossdock.flow.pull.terms import PER_MINUTE, Terms, terms_of

QUICK = Stream(name="order", entity="order", path="/orders", cursor=CursorKind.MODIFIED)
SWEEP = Stream(name="customer", entity="customer", path="/c", cursor=CursorKind.FULL, interval_s=3600, unrung_s=900)
SLOW = Stream(name="tax_rate", entity="tax_rate", path="/t", cursor=CursorKind.FULL, interval_s=21600)


@pytest.mark.parametrize(
    ("stream", "config", "rung", "expected"),
    [
        (QUICK, {}, True, 300),
        (QUICK, {}, False, 60),
        (SWEEP, {}, True, 3600),
        (SWEEP, {}, False, 900),
        (SLOW, {}, False, 21600),
        (QUICK, {"order": {"interval_s": 30}}, True, 30),
        (QUICK, {"order": {"interval_s": 0.1}}, True, 5),
        (QUICK, {"order": {"interval_s": "soon"}}, True, 300),
        (QUICK, {"order": 7}, True, 300),
    ],
)
def test_intervals(stream: Stream, config: dict[str, Any], rung: bool, expected: float) -> None:
    terms = terms_of({"streams": config})
    assert terms.interval_s(stream, rung=rung, usual_s=300, without_s=60) == expected


def test_only_false_switches_off() -> None:
    named = {"order": {"enabled": False}, "coupon": {"enabled": True}, "refund": {"enabled": 0}, "product": {}}
    assert terms_of({"streams": named}).switched_off == {"order"}


@pytest.mark.parametrize(
    ("begin", "end", "now", "left"),
    [
        ("08:00", "22:00", "2026-11-21T12:00", "2026-11-21T21:00"),
        ("08:00", "22:00", "2026-11-21T06:59", None),
        ("08:00", "22:00", "2026-11-21T21:00", None),
        ("22:00", "06:00", "2026-11-21T23:00", "2026-11-22T05:00"),
        ("22:00", "06:00", "2026-11-21T02:00", "2026-11-21T05:00"),
        ("00:00", "00:00", "2026-11-21T12:00", "2026-11-21T23:00"),
        # the clocks go forward on 2026-03-29: 06:00 is four hours UTC then
        ("22:00", "06:00", "2026-03-28T23:00", "2026-03-29T04:00"),
    ],
)
def test_quiet_hours_in_the_shops_own_zone(begin: str, end: str, now: str, left: str | None) -> None:
    quiet = terms_of({"quiet_hours": {"from": begin, "to": end, "zone": "Europe/Berlin"}}).quiet
    assert quiet is not None
    expected = datetime.fromisoformat(left).replace(tzinfo=UTC) if left else None
    assert quiet.left(datetime.fromisoformat(now).replace(tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    "given", [{}, {"from": "8"}, {"from": "08:00", "to": "22:00", "zone": "Mars/Base"}, [], {"from": 8, "to": 22}]
)
def test_hours_that_are_none_are_not_kept(given: Any) -> None:
    assert terms_of({"quiet_hours": given}).quiet is None


def test_budgets() -> None:
    assert terms_of({}) == Terms(per_minute=PER_MINUTE)
    terms = terms_of({"requests_per_minute": 30, "requests_per_day": 5000})
    assert (terms.per_minute, terms.per_day) == (30, 5000)
    assert terms_of({"requests_per_minute": -1, "requests_per_day": True}) == Terms()
