"""The pace: a shop at ease is asked without a rest, one whose answers take longer gets one, and again less."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from crossdock.flow.pull.pace import CALM, LONGEST_S, Pace
from crossdock.flow.pull.terms import Terms
from crossdock.flow.pull.turns import Queue, Turns
from crossdock.flow.run import PutOff
from crossdock.kit.clock import SetClock
from crossdock.kit.ids import new_id


def settle(pace: Pace, took_s: Callable[[], float], times: int) -> list[float]:
    rests = []
    for _ in range(times):
        pace.answered("order", took_s(), 100)
        rests.append(pace.rest_s)
    return rests


def test_a_shop_at_ease_is_asked_without_a_rest_and_in_time_twice_at_once() -> None:
    pace, chance = Pace(), random.Random(1)
    rests = settle(pace, lambda: 0.4 * chance.uniform(0.95, 1.1), CALM + 5)
    assert (max(rests), pace.width) == (0.0, 2)


def test_rest_grows_by_factors_while_the_shop_is_busy_and_shrinks_by_steps_after() -> None:
    pace = Pace()
    settle(pace, lambda: 0.4, CALM + 5)
    grown = settle(pace, lambda: 0.8, 6)
    assert pace.width == 1
    assert all(later == pytest.approx(2 * earlier, rel=0.05) for earlier, later in itertools.pairwise(grown))
    shrunk = settle(pace, lambda: 0.4, 20)
    steps = [earlier - later for earlier, later in itertools.pairwise(shrunk)]
    assert max(steps) == pytest.approx(min(steps), rel=0.05)
    assert min(steps) > 0


def test_rest_has_an_end_and_failures_count_as_busy() -> None:
    pace = Pace()
    pace.failed()
    assert pace.rest_s > 0
    settle(pace, lambda: 0.4, 1)
    settle(pace, lambda: 4.0, 30)
    assert pace.rest_s == LONGEST_S


def test_a_short_last_page_does_not_make_whole_pages_look_slow() -> None:
    pace = Pace()
    settle(pace, lambda: 0.4, 5)
    for _ in range(20):
        pace.answered("order", 0.02, 3)
    assert pace.answered("order", 0.42, 100), "at ease"


def test_each_kind_of_request_has_its_own_usual_time() -> None:
    pace = Pace()
    for _ in range(10):
        assert pace.answered("order", 0.5, 100)
        assert pace.answered("note", 0.05, 3)
    assert pace.rest_s == 0.0


def test_in_a_simulated_shop_the_pull_makes_room_for_visitors_and_takes_the_idle_rest() -> None:
    """A shop of four workers: what runs beside shares them; beyond four everybody is slower."""
    chance = random.Random(7)

    def share(visitors: float, *, paced: bool) -> float:
        """Return how much of the time the pull is busy in the shop."""
        pace, busy, whole = Pace(), 0.0, 0.0
        settle(pace, lambda: 0.4, 10)
        for _ in range(400):
            beside = sum(chance.random() < visitors / 8 for _ in range(8))
            took = 0.4 * max(1.0, (beside + 1) / 4)
            pace.answered("order", took, 100)
            busy += took
            whole += took + (pace.rest_s if paced else 0.0)
        return busy / whole

    assert share(1.0, paced=True) > 0.9, "an idle shop is used"
    assert share(5.5, paced=True) < 0.15, "a full one is left to its visitors"
    assert share(5.5, paced=False) == 1.0


async def test_the_days_budget_puts_the_run_off_until_midnight() -> None:
    clock = SetClock(datetime(2026, 11, 21, 23, 0, tzinfo=UTC))
    queue, terms = Queue(clock), Terms(per_day=2)
    for _ in range(2):
        async with queue.turn("order", terms):
            pass
    with pytest.raises(PutOff) as refused:
        async with queue.turn("order", terms):
            raise AssertionError("no third request")
    assert refused.value.until == datetime(2026, 11, 22, tzinfo=UTC)
    clock.advance(3600)
    async with queue.turn("order", terms):
        pass


async def test_a_turn_that_fails_slows_down_and_frees_its_place() -> None:
    clock = SetClock(datetime(2026, 11, 21, tzinfo=UTC))
    queue = Turns(clock).of(new_id())
    with pytest.raises(RuntimeError):
        async with queue.turn("order", Terms()):
            raise RuntimeError("no answer")
    assert queue.pace.rest_s > 0
    clock.advance(LONGEST_S)
    async with queue.turn("order", Terms()) as turn:
        turn.items = 1
