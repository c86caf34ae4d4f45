"""The breaker opens on the share of failures and half-opens with one probe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.deliver.breaker import Breaker, BreakerState


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
