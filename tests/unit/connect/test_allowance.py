"""The sharing of an account's budget: no window of the vendor ever holds more than its limit, and it is used well."""

from __future__ import annotations

import heapq
import random
from collections import deque

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connect.allowance import (
    BULK,
    LIVE,
    STANDARD,
    USE_S,
    Ask,
    Caps,
    Learned,
    State,
    Window,
    decide,
    lag,
    used,
)

PORTAL = Caps((Window(190, 10.0),), daily=625_000, concurrency=None)


class Vendor:
    """A rolling window, as the vendor itself counts."""

    def __init__(self, limit: int, per_s: float) -> None:
        self.limit, self.per_s = limit, per_s
        self.calls: deque[float] = deque()
        self.most = self.taken = self.refused = 0

    def call(self, now: float) -> None:
        while self.calls and self.calls[0] <= now - self.per_s:
            self.calls.popleft()
        if len(self.calls) >= self.limit:
            self.refused += 1
            return
        self.calls.append(now)
        self.taken += 1
        self.most = max(self.most, len(self.calls))


def play(
    caps: Caps, processes: int, seconds: float, *, seed: int = 1, urgency: int = BULK, deaths: float = 0.0
) -> Vendor:
    """Let processes call as much as they may; each call reaches the vendor a little later."""
    chance = random.Random(seed)
    vendor, state = Vendor(caps.windows[0].calls, caps.windows[0].per_s), State()
    lines: list[tuple[float, int, str, float]] = []
    arrivals: list[float] = []
    for n in range(processes):
        heapq.heappush(lines, (chance.random() * 0.1, n, f"p{n}", 0.0))
    spent: dict[str, tuple[int, float]] = {}
    names = processes
    while lines and lines[0][0] < seconds:
        now, n, name, _ = heapq.heappop(lines)
        used_calls, counted_by = spent.pop(name, (0, 0.0))
        ask = Ask(name, want=caps.block, urgency=urgency, used=used_calls, until_s=counted_by - now)
        grant = decide(state, ask, caps, now)
        if not grant.calls:
            heapq.heappush(lines, (now + min(grant.wait_s, 0.25), n, name, 0.0))
            continue
        at = now
        begun = 0
        for _ in range(grant.calls):
            at += chance.random() * 0.01
            if at - now > USE_S or chance.random() < 0.02:
                break
            begun += 1
            heapq.heappush(arrivals, at + chance.random() * lag(caps))
        if chance.random() < deaths:
            names += 1
            heapq.heappush(lines, (at, names, f"p{names}", 0.0))
        else:
            spent[name] = (begun, at + lag(caps))
            heapq.heappush(lines, (at, n, name, 0.0))
        while arrivals and arrivals[0] < now:
            vendor.call(heapq.heappop(arrivals))
    return vendor


@pytest.mark.parametrize("processes", [1, 2, 4, 8])
def test_the_window_is_used_and_never_overrun(processes: int) -> None:
    vendor = play(PORTAL, processes, 100)
    assert vendor.refused == 0
    # of what the vendor would have taken in 100 s, by calls that are up to 0.3 s on their way
    assert vendor.taken >= 0.93 * 190 * 10


@given(
    seed=st.integers(0, 1 << 30),
    processes=st.integers(1, 6),
    limit=st.integers(1, 300),
    per_s=st.sampled_from([1.0, 10.0]),
    urgency=st.sampled_from([LIVE, STANDARD, BULK]),
    deaths=st.sampled_from([0.0, 0.1]),
)
def test_whatever_processes_do_no_window_holds_more_than_its_limit(
    seed: int, processes: int, limit: int, per_s: float, urgency: int, deaths: float
) -> None:
    caps = Caps((Window(limit, per_s),))
    vendor = play(caps, processes, 3 * per_s, seed=seed, urgency=urgency, deaths=deaths)
    assert vendor.refused == 0
    assert vendor.taken > 0


def test_a_process_that_dies_costs_one_hand_for_one_window() -> None:
    state, caps = State(), Caps((Window(10, 1.0),))
    dead = decide(state, Ask("dead", want=9, urgency=LIVE), caps, 100.0)
    assert dead.calls == 5
    assert decide(state, Ask("other", want=9, urgency=LIVE), caps, 100.1).calls == 5
    assert decide(state, Ask("other", want=9, urgency=LIVE, used=5, until_s=0.0), caps, 100.2).calls == 0
    assert decide(state, Ask("other", want=9, urgency=LIVE), caps, 103.0).calls == 5
    assert "dead" not in state.holders or not state.holders["dead"].calls


def test_what_was_not_used_of_a_hand_comes_back() -> None:
    state, caps = State(), Caps((Window(10, 1.0),))
    assert decide(state, Ask("a", want=5, urgency=LIVE), caps, 0.0).calls == 5
    assert decide(state, Ask("a", want=0, used=1, until_s=0.0), caps, 0.1).calls == 0
    assert "a" not in state.holders
    assert sum(calls for _, calls in state.used) == 1
    assert state.today == 1


def test_bulk_goes_out_evenly_and_live_at_once() -> None:
    state = State()
    bulk = [decide(state, Ask("b", want=10, urgency=BULK), PORTAL, 0.0).calls for _ in range(1)]
    bulk += [decide(state, Ask("b", want=10, urgency=BULK, used=sum(bulk[-1:])), PORTAL, 0.01).calls for _ in range(3)]
    assert sum(bulk) <= 11, "half a second's worth"
    live = 0
    for n in range(30):
        live += decide(state, Ask("l", want=10, urgency=LIVE, used=min(10, live)), PORTAL, 0.02 + n / 1000).calls
    assert live > 150


def test_the_day_keeps_a_part_for_what_is_more_urgent() -> None:
    state, caps = State(), Caps((Window(1000, 1.0),), daily=100)
    taken = {}
    now = 0.0
    for urgency in (BULK, STANDARD, LIVE):
        taken[urgency] = 0
        for _ in range(100):
            now += 0.001
            grant = decide(state, Ask("a", want=1, urgency=urgency, used=1 if now > 0.001 else 0), caps, now)
            if grant.spent:
                break
            taken[urgency] += grant.calls
    assert taken == {BULK: 80, STANDARD: 15, LIVE: 5}
    last = decide(state, Ask("a", want=1, urgency=LIVE, day_left_s=3600), caps, now)
    assert last.spent
    assert last.wait_s > 80_000
    # the next day
    assert decide(state, Ask("a", want=1, urgency=BULK, day_left_s=86_400), caps, now + 86_401).calls == 1


def test_a_stop_holds_everybody_and_ends() -> None:
    state = State()
    decide(state, Ask("a", want=1), PORTAL, 0.0)
    decide(state, Ask("a", want=1, used=1, learned=Learned(stop_s=4.0)), PORTAL, 1.0)
    held = decide(state, Ask("b", want=1, urgency=LIVE), PORTAL, 1.1)
    assert held.calls == 0
    assert held.wait_s == pytest.approx(3.9)
    assert decide(state, Ask("b", want=1, urgency=LIVE), PORTAL, 5.1).calls == 1


def test_what_other_programs_use_is_learned() -> None:
    state = State()
    decide(state, Ask("a", want=10, urgency=LIVE), PORTAL, 0.0)
    told = Learned(limit=190, remaining=5)
    decide(state, Ask("a", want=10, urgency=LIVE, used=4, learned=told), PORTAL, 0.2)
    assert used(state, PORTAL, 0.2).window_used >= 185
    assert decide(state, Ask("b", want=10, urgency=LIVE), PORTAL, 0.2).calls == 0
    assert decide(state, Ask("b", want=9, urgency=LIVE), PORTAL, 11.0).calls == 9


def test_a_smaller_plan_is_learned_from_the_header() -> None:
    state = State()
    decide(state, Ask("a", want=1, learned=Learned(limit=100, daily=250)), PORTAL, 0.0)
    shown = used(state, PORTAL, 0.0)
    assert (shown.window_calls, shown.daily) == (100, 250)


def test_calls_at_once_are_shared_between_processes() -> None:
    state, caps = State(), Caps((Window(1000, 1.0),), concurrency=4)
    assert decide(state, Ask("a", want=8, slots=8, busy=0), caps, 0.0).slots == 4
    hungry = decide(state, Ask("b", want=8, slots=8), caps, 0.1)
    assert (hungry.calls, hungry.slots) == (0, 0)
    # the first one gives half of them up with its next question
    assert decide(state, Ask("a", want=8, slots=8, used=4, busy=2), caps, 0.2).slots == 2
    assert decide(state, Ask("b", want=8, slots=8), caps, 0.3).slots == 2


def test_a_clock_that_is_set_back_closes_no_account() -> None:
    state = State()
    decide(state, Ask("a", want=10, urgency=LIVE), PORTAL, 10_000.0)
    decide(state, Ask("a", want=10, urgency=LIVE, used=10), PORTAL, 10_000.4)
    assert decide(state, Ask("a", want=10, urgency=LIVE, used=10), PORTAL, 50.0).calls == 9
    assert max(at for at, _ in state.used) < 52


def test_the_state_is_small_and_survives_the_database() -> None:
    state, caps = State(), Caps((Window(5000, 60.0),))
    now = 0.0
    for _ in range(2000):
        now += 0.05
        decide(state, Ask("a", want=3, urgency=LIVE, used=1, until_s=0.0), caps, now)
    packed = msgspec.json.encode(state)
    assert len(packed) < 8000
    assert msgspec.json.decode(packed, type=State) == state
