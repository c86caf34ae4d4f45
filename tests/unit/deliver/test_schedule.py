"""When a delivery goes out, by its route's schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.errors import BadInput
from crossdock.flow.deliver.schedule import Never, cancelled, plan
from crossdock.govern.route_terms import schedule_of, terms_of
from crossdock.kit.expression import compiled
from crossdock.model.delivery import SkipReason
from crossdock.model.schedule import Late, Quiet, Schedule

CAME = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = 86_400


def planned(schedule: Schedule, document: Any = None, *, now: datetime = CAME) -> datetime | Never:
    return plan(schedule, lambda: document or {}, CAME, now)


def test_a_delay_counts_from_the_event() -> None:
    assert planned(Schedule(delay_s=3600)) == CAME + timedelta(hours=1)
    assert planned(Schedule(delay_s=3600), now=CAME + timedelta(hours=2)) == CAME + timedelta(hours=1)


@pytest.mark.parametrize(
    ("said", "zone", "due"),
    [
        ("2026-12-01T10:00:00Z", "UTC", datetime(2026, 12, 1, 10, tzinfo=UTC)),
        ("2026-12-01T10:00:00", "Europe/Berlin", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01", "America/New_York", datetime(2026, 12, 1, 5, tzinfo=UTC)),
        (1796119200, "UTC", datetime(2026, 12, 1, 10, tzinfo=UTC)),
        ("1796119200000", "UTC", datetime(2026, 12, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_from_the_event(said: object, zone: str, due: datetime) -> None:
    document = {"meta_data": [{"key": "x", "value": 1}, {"key": "_at", "value": said}]}
    schedule = Schedule(at="meta_data[?key=='_at'].value | [0]", zone=zone, offset_s=-DAY)
    assert planned(schedule, document) == due - timedelta(days=1)


def test_no_time_skips_and_a_wrong_one_is_named_without_its_text() -> None:
    never = planned(Schedule(at="booking.at"), {"booking": {}})
    assert isinstance(never, Never)
    assert never.rule is SkipReason.FILTER
    with pytest.raises(ValueError, match=r"schedule\.at") as refused:
        planned(Schedule(at="name"), {"name": "Zoë Person"})
    assert "Zo" not in str(refused.value)
    with pytest.raises(ValueError, match="more than a year"):
        planned(Schedule(at="at"), {"at": "2030-01-01"})


def test_a_time_that_had_passed_goes_out_now_or_not_at_all() -> None:
    document = {"at": "2026-11-20T13:00:00Z"}
    early = Schedule(at="at", offset_s=-DAY)
    assert planned(early, document) == datetime(2026, 11, 19, 13, tzinfo=UTC)
    never = planned(Schedule(at="at", offset_s=-DAY, late=Late.SKIP), document)
    assert isinstance(never, Never)
    assert never.rule is SkipReason.TOO_LATE


def test_quiet_hours_are_the_recipients() -> None:
    quiet = Quiet("21:00", "08:00")
    night = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    berlin = Schedule(quiet=quiet, zone="Europe/Berlin")
    assert planned(berlin, now=night) == datetime(2026, 11, 21, 7, tzinfo=UTC)
    by_address = Schedule(quiet=quiet, zone="Europe/Berlin", zone_at="customer.zone")
    # half past three in the afternoon in Los Angeles
    assert planned(by_address, {"customer": {"zone": "America/Los_Angeles"}}, now=night) == CAME
    # an unknown zone is the constant one's
    assert planned(by_address, {"customer": {"zone": "Mars/Base"}}, now=night) == datetime(2026, 11, 21, 7, tzinfo=UTC)
    # a time in the quiet hours waits for their end
    late = Schedule(at="at", quiet=quiet, zone="Europe/Berlin")
    assert planned(late, {"at": "2026-12-01T22:00:00"}) == datetime(2026, 12, 2, 7, tzinfo=UTC)


def test_quiet_hours_end_once_on_the_day_the_clocks_change() -> None:
    # 25 October 2026: three o'clock is two o'clock again in Berlin
    schedule = Schedule(quiet=Quiet("22:00", "02:30"), zone="Europe/Berlin")
    night = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    assert plan(schedule, dict, night, night) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(
    st.integers(0, 23),
    st.integers(0, 23),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"]),
    st.integers(0, 366 * 24 * 60),
)
def test_what_is_due_is_never_in_quiet_hours_and_asked_again_goes_out(
    begin: int, end: int, zone: str, minute: int
) -> None:
    if begin == end:
        return
    schedule = Schedule(quiet=Quiet(f"{begin:02}:00", f"{end:02}:00"), zone=zone)
    now = CAME + timedelta(minutes=minute)
    due = planned(schedule, now=now)
    assert isinstance(due, datetime)
    if due > now:
        assert due - now <= timedelta(hours=25)
        again = planned(schedule, now=due)
        assert isinstance(again, datetime)
        assert again <= due, "it would wait for ever"


def test_a_cancelled_source() -> None:
    assert cancelled(Schedule(), "live", "cancelled")
    assert cancelled(Schedule(cancelled=()), "trashed", "processing")
    assert not cancelled(Schedule(), "live", "processing")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"at": "a["}, "schedule.at"),
        ({"at": "x" * 501}, "schedule.at"),
        ({"at": " || ".join(["a"] * 60)}, "schedule.at"),
        ({"zone_at": "[@, @] | [@, @]"}, "schedule.zone_at"),
        ({"at": "sort_by(a, &b)"}, "schedule.at"),
        ({"delay_s": -1}, "schedule.delay_s"),
        ({"delay_s": 1e12}, "schedule.delay_s"),
        ({"delay_s": "soon"}, "schedule.delay_s"),
        ({"offset_s": 60}, "schedule.offset_s"),
        ({"zone": "Mars/Base"}, "schedule.zone"),
        ({"quiet": {"from": "9pm", "to": "08:00"}}, "schedule.quiet.from"),
        ({"quiet": {"from": "21:00", "to": "21:00"}}, "schedule.quiet.to"),
        ({"quiet": {"from": "21:00"}}, "schedule.quiet"),
        ({"on_change": "ignore"}, "schedule.on_change"),
        ({"when": "soon"}, "schedule.when"),
    ],
)
def test_a_schedule_that_cannot_be_kept_to_is_refused_with_its_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        schedule_of(given)
    assert refused.value.field == field
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"priority": "now"}, "priority"),
        ({"types": "order.created"}, "types"),
        ({"types": [1]}, "types[0]"),
        ({"historical": "yes"}, "historical"),
        ({"schedule": 5}, "schedule"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_choice_that_breaks_its_rule_is_refused_with_its_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        terms_of(given)
    assert refused.value.field == field
    assert refused.value.remedy


def test_a_schedule_reads_and_writes_itself() -> None:
    given = {"at": "at", "offset_s": -60, "quiet": {"from": "21:00", "to": "08:00"}, "on_change": "skip"}
    schedule = schedule_of(given)
    assert schedule is not None
    assert schedule.quiet == Quiet("21:00", "08:00")
    assert schedule_of({}) is schedule_of(None) is None


def test_an_expression_does_no_more_than_read() -> None:
    read = compiled("not_null(a.b, items[*].c[] | [0], to_string(n))")
    assert read({"items": [{"c": [3]}]}) == 3
    assert compiled("length(a)")({"a": 5}) is None
