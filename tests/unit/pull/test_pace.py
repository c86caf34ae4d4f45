"""The pace: a shop at ease is asked without a rest, one whose answers take longer gets one, and again less."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from crossdock.connectors.woocommerce.sandbox.crowd import Crowd, p95
from crossdock.flow.pull.pace import LEAST, LONGEST_S, STEP, Pace
from crossdock.flow.pull.terms import Terms
from crossdock.flow.pull.turns import Ears, Turns
from crossdock.kit.clock import SetClock
from crossdock.kit.ids import new_id


def settle(pace: Pace, took_s: Callable[[], float], times: int) -> list[float]:
    shares = []
    for _ in range(times):
        pace.answered("order", took_s(), 100)
        shares.append(pace.share)
    return shares


def test_a_shop_at_ease_is_asked_without_a_rest() -> None:
    pace, chance = Pace(), random.Random(1)
    assert set(settle(pace, lambda: 0.4 * chance.uniform(0.95, 1.05), 50)) == {1.0}
    assert pace.rest_s == 0.0


def test_a_slow_answer_now_and_then_is_chance() -> None:
    pace, count = Pace(), itertools.count()
    assert set(settle(pace, lambda: 0.8 if next(count) % 40 == 20 else 0.4, 400)) == {1.0}


def test_our_share_of_the_time_is_halved_while_the_shop_is_busy_and_grows_by_steps_after() -> None:
    pace = Pace()
    settle(pace, lambda: 0.4, 5)
    halved = settle(pace, lambda: 0.8, 6)
    assert halved == [1.0, 1.0, 0.5, 0.25, 0.125, 0.0625]
    assert pace.rest_s == pytest.approx(0.4 * 15, rel=0.05)
    grown = settle(pace, lambda: 0.4, 20)
    steps = [later - earlier for earlier, later in itertools.pairwise(grown)]
    assert steps[0] == pytest.approx(STEP, rel=0.2)
    assert steps == sorted(steps), "the longer the shop is at ease, the larger they are"


def test_rest_has_an_end_and_failures_count_as_busy() -> None:
    pace = Pace()
    pace.failed()
    assert pace.rest_s > 0
    settle(pace, lambda: 0.4, 1)
    settle(pace, lambda: 4.0, 30)
    assert pace.share == LEAST
    pace.answered("export", 60.0)
    pace.failed()
    assert pace.rest_s == LONGEST_S


def test_a_short_last_page_does_not_make_whole_pages_look_slow() -> None:
    pace = Pace()
    settle(pace, lambda: 0.4, 5)
    for _ in range(20):
        pace.answered("order", 0.02, 3)
    assert pace.answered("order", 0.42, 100), "at ease"


def test_a_quick_answer_that_nobody_feels_the_delay_of_is_no_sign_of_load() -> None:
    pace = Pace()
    settle(pace, lambda: 0.03, 5)
    assert set(settle(pace, lambda: 0.07, 50)) == {1.0}
    assert settle(pace, lambda: 0.2, 5)[-1] < 0.2


def test_each_kind_of_request_has_its_own_usual_time() -> None:
    pace = Pace()
    for _ in range(10):
        assert pace.answered("order", 0.5, 100)
        assert pace.answered("note", 0.05, 3)
    assert pace.rest_s == 0.0


def beside(workers: int, visitors: float, *, paced: bool) -> tuple[float, float]:
    """Read lists in a simulated shop for ten minutes; returns how much longer checkouts take (95th) and our share."""
    crowd, pace, lists = Crowd(workers, visitors, 6, 0.0), Pace(), 0
    now = 0.0
    while now < 600.0:
        crowd.advance(now)
        job = crowd.add(0.37)
        lists += 1
        while job.ended is None:
            now += min(0.05, crowd.ends_in(job))
            crowd.advance(now)
        pace.answered("order", job.ended - job.begun, 100)
        now += pace.rest_s if paced else 0.0
    return p95(crowd.took) / p95(crowd.took_alone) - 1, lists * 0.37 / now  # type: ignore[operator]


def test_an_idle_shop_is_used_and_nobody_feels_it() -> None:
    rise, share = beside(4, 1.0, paced=True)
    assert rise < 0.05
    assert share > 0.9


@pytest.mark.parametrize(("workers", "visitors"), [(4, 2.0), (4, 3.0), (8, 6.5)])
def test_the_pace_finds_how_much_a_shop_can_take_without_its_visitors_feeling_it(workers: int, visitors: float) -> None:
    assert beside(workers, visitors, paced=False)[0] > 0.05, "they would"
    rise, share = beside(workers, visitors, paced=True)
    assert rise < 0.05
    assert share > 0.01, "it gets on all the same"


def test_an_answer_that_was_heard_late_says_nothing() -> None:
    pace = Pace()
    settle(pace, lambda: 0.4, 5)
    for _ in range(20):
        assert pace.answered("order", 0.8, 100, late_s=0.5)
    assert pace.share == 1.0
    assert not pace.answered("order", 0.9, 100, late_s=0.1), "slow for all that"


async def test_an_answer_that_we_were_too_busy_to_hear_does_not_make_the_shop_look_slow() -> None:
    ears, loop = Ears(), asyncio.get_running_loop()
    async with ears.listening():
        await asyncio.sleep(0.05)
        time.sleep(0.3)  # noqa: ASYNC251 - the process does something else
        await asyncio.sleep(0.001)
        heard = loop.time()
        assert ears.late_s(heard) > 0.2
        await asyncio.sleep(0.05)
        assert ears.late_s(heard + 0.2) < 0.05, "what was long before says nothing"


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
