"""The end of a backlog and the use of a quota."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossdock.connect.allowance import BULK, Used
from crossdock.connect.forecast import Backlog, Bound, Forecast, forecast

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)


def account(*, daily: int | None = 1000, today: int = 0) -> Used:
    return Used(190, 10.0, 0, daily, today, MIDNIGHT.timestamp(), 0.0, 0)


def test_nothing_waits() -> None:
    assert forecast(Backlog(0), account(today=100), NOW) == Forecast(NOW, None, 0.1, 0.1, None)


def test_the_pace_so_far_decides() -> None:
    found = forecast(Backlog(600, per_s=2, arriving_per_s=1, calls_per_delivery=0.1), account(), NOW)
    assert found.bound is Bound.PACE
    assert found.ends_at == NOW + timedelta(seconds=600)
    assert found.quota_at_reset == 0.06


def test_without_a_pace_the_vendors_rate_is_taken() -> None:
    found = forecast(Backlog(1900, calls_per_delivery=0.1), account(daily=None), NOW)
    assert (found.bound, found.ends_at) == (Bound.RATE, NOW + timedelta(seconds=10))
    assert (found.quota_used, found.quota_ends_at) == (None, None)


def test_more_comes_than_goes() -> None:
    assert forecast(Backlog(10, per_s=1, arriving_per_s=2), None, NOW).ends_at is None


def test_a_quota_that_does_not_last_goes_on_at_midnight() -> None:
    found = forecast(Backlog(2000, per_s=1, urgency=BULK), account(today=300), NOW)
    assert found.bound is Bound.QUOTA
    assert found.quota_ends_at == NOW + timedelta(seconds=500)
    # 500 today, 800 tomorrow, 700 on the day after
    assert found.ends_at == MIDNIGHT + timedelta(days=1, seconds=700)
    assert found.quota_at_reset == 0.8


@given(
    st.builds(
        Backlog,
        waiting=st.integers(0, 10**7),
        per_s=st.floats(0, 1000),
        arriving_per_s=st.floats(0, 1000),
        calls_per_delivery=st.floats(0, 20),
        urgency=st.integers(0, 2),
    ),
    st.integers(0, 10**6),
    st.integers(1, 10**6),
)
def test_no_forecast_lies_in_the_past_or_uses_more_than_all(backlog: Backlog, today: int, daily: int) -> None:
    found = forecast(backlog, account(daily=daily, today=min(today, daily)), NOW)
    assert found.ends_at is None or found.ends_at >= NOW
    assert found.quota_at_reset is not None
    assert 0 <= found.quota_at_reset <= 1
    more = forecast(Backlog(backlog.waiting, backlog.per_s), account(daily=daily), NOW)
    less = forecast(Backlog(backlog.waiting // 2, backlog.per_s), account(daily=daily), NOW)
    assert more.ends_at is None or (less.ends_at is not None and less.ends_at <= more.ends_at)
