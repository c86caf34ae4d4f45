"""The breaker opens on the share of failures and half-opens with one probe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.deliver.breaker import Breaker, BreakerState, open_for


def test_a_few_failures_do_not_open_it() -> None:
    breaker = Breaker()
    assert not breaker.note(ok=0, failed=9)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.most is None


def test_it_opens_when_half_of_at_least_ten_fail() -> None:
    breaker = Breaker()
    assert not breaker.note(ok=6, failed=5)
    assert breaker.note(ok=0, failed=1)
    assert breaker.state is BreakerState.OPEN


def test_what_goes_well_does_not_open_it_however_bad_it_was_before() -> None:
    breaker = Breaker()
    assert not breaker.note(ok=0, failed=9)
    assert not breaker.note(ok=1, failed=0)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.note(ok=0, failed=1)


@pytest.mark.parametrize("left", ["open", "half_open"])
def test_a_lane_that_was_open_gets_one_probe(left: str) -> None:
    breaker = Breaker(state=left)
    assert breaker.most == 1
    assert not breaker.note(ok=1, failed=0)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.most is None


def test_a_probe_that_fails_opens_it_again() -> None:
    breaker = Breaker(state="open")
    assert breaker.note(ok=0, failed=1)
    assert breaker.state is BreakerState.OPEN


def test_a_probe_that_proved_nothing_leaves_it_half_open() -> None:
    breaker = Breaker(state="open")
    assert not breaker.note(ok=0, failed=0)
    assert breaker.state is BreakerState.HALF_OPEN


@given(st.lists(st.integers(1, 60), max_size=30))
def test_successes_alone_never_open_it(batches: list[int]) -> None:
    breaker = Breaker()
    assert not any(breaker.note(ok=many, failed=0) for many in batches)


@given(st.lists(st.integers(1, 60), min_size=10, max_size=30))
def test_failures_alone_always_open_it(batches: list[int]) -> None:
    breaker = Breaker()
    assert any(breaker.note(ok=0, failed=many) for many in batches)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60))
def test_it_does_not_matter_how_many_holders_a_lane_has(batches: list[tuple[int, int]]) -> None:
    one = Breaker()
    many = Breaker()
    for ok, failed in batches:
        many = Breaker(state=many.state, seen=many.seen, opened=many.opened)
        assert many.note(ok=ok, failed=failed) == one.note(ok=ok, failed=failed)
        assert (many.state, many.seen, many.opened) == (one.state, one.seen, one.opened)
        assert one.seen < 1 << 62
        if one.state is BreakerState.OPEN:
            return


def test_a_quiet_lane_whose_every_call_fails_opens_though_each_holder_sees_one_call() -> None:
    seen, opened = 1, False
    for _ in range(10):
        breaker = Breaker(seen=seen)
        opened = breaker.note(ok=0, failed=1)
        seen = breaker.seen
    assert opened


@pytest.mark.parametrize(("ok", "failed", "opens"), [(50, 250, True), (250, 50, False), (0, 300, True)])
def test_a_batch_larger_than_the_window_counts_by_its_shares(ok: int, failed: int, opens: bool) -> None:
    assert Breaker().note(ok=ok, failed=failed) is opens


def test_old_successes_leave_the_window() -> None:
    breaker = Breaker()
    for _ in range(20):
        breaker.note(ok=300, failed=0)
    assert not breaker.note(ok=0, failed=24)
    assert breaker.note(ok=0, failed=1)


def test_it_stays_open_longer_with_every_failed_probe_and_forgets_it_when_one_succeeds() -> None:
    breaker = Breaker(state="open", opened=3)
    assert breaker.note(ok=0, failed=1)
    assert breaker.opened == 4
    closed = Breaker(state="open", opened=4)
    closed.note(ok=1, failed=0)
    assert closed.opened == 0
    ats = [open_for(n, base_s=15, ceiling_s=600, draw=0.0) for n in range(1, 9)]
    assert ats == [7.5, 15, 30, 60, 120, 240, 300, 300]
    assert [open_for(n, base_s=15, ceiling_s=600, draw=1.0) for n in (1, 2, 99)] == [15, 30, 600]


def test_lanes_that_open_together_do_not_probe_together() -> None:
    assert len({open_for(3, base_s=15, ceiling_s=600) for _ in range(100)}) > 90
