"""The budget of a vendor account in one process."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from crossdock.connect.allowance import BULK, LIVE, Ask, Caps, Grant, State, decide
from crossdock.connect.budget import Budget, Budgets, Spent, account_of, caps_of, endpoint_caps, urgent
from crossdock.connect.limits import EndpointLimit, Limits
from crossdock.kit.clock import Clock, SystemClock
from crossdock.model.connection import Connection, ConnectionState
from tests.support.hub import until

TENANT = uuid.UUID(int=1)


def connection(name: str = "a", **config: Any) -> Connection:
    return Connection(uuid.UUID(int=7), TENANT, "hubspot", name, ConnectionState.ACTIVE, name, config, {})


class Table:
    """A board that several processes share, and that notes every question."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.states, self.asked = clock, {}, []  # type: ignore[var-annotated]

    async def ask(self, tenant_id: uuid.UUID, account: str, ask: Ask, caps: Caps) -> Grant:
        self.asked.append(ask)
        await asyncio.sleep(0)
        return decide(self.states.setdefault((tenant_id, account), State()), ask, caps, self.clock.monotonic())


def budgets_of_one() -> Budgets:
    """Return the budgets of a process that shares with nobody."""
    return Budgets(SystemClock(), Table(SystemClock()))


LIMITS = Limits(requests=20, per_s=0.4, concurrency=50, enforced=True)


async def calls(budgets: Budgets, limits: Limits, count: int, taken: list[float]) -> None:
    clock = SystemClock()
    budget = budgets.of(connection(), limits)
    assert budget is not None

    async def call() -> None:
        async with budget.turn():
            taken.append(clock.monotonic())

    await asyncio.gather(*(call() for _ in range(count)))


@pytest.mark.parametrize("processes", [1, 3])
async def test_no_window_ever_holds_more_calls_than_the_limit(processes: int) -> None:
    clock = SystemClock()
    table = Table(clock)
    taken: list[float] = []
    with urgent(LIVE):
        await asyncio.gather(*(calls(Budgets(clock, table), LIMITS, 60 // processes, taken) for _ in range(processes)))
    assert len(taken) == 60
    taken.sort()
    assert all(later - earlier > 0.4 for earlier, later in zip(taken, taken[20:], strict=False))
    assert len([ask for ask in table.asked if ask.used]) < 40, "a question is for a hand of calls"


async def test_what_is_more_urgent_goes_first() -> None:
    limits = Limits(requests=2, per_s=0.2, concurrency=50, enforced=True)
    budget = budgets_of_one().of(connection(), limits)
    assert budget is not None
    order: list[int] = []

    async def call(urgency: int) -> None:
        with urgent(urgency):
            async with budget.turn():
                order.append(urgency)

    bulk = [asyncio.create_task(call(BULK)) for _ in range(6)]
    await asyncio.sleep(0.05)
    await asyncio.gather(call(LIVE), *bulk)
    assert LIVE in order[:5], order


async def test_no_more_calls_are_under_way_than_the_account_may_have() -> None:
    clock = SystemClock()
    table = Table(clock)
    limits = Limits(requests=1000, per_s=1.0, concurrency=3, enforced=True)
    busy = most = 0

    async def call(budgets: Budgets) -> None:
        nonlocal busy, most
        budget = budgets.of(connection(), limits)
        assert budget is not None
        async with budget.turn():
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0.01)
            busy -= 1

    two = [Budgets(clock, table), Budgets(clock, table)]
    await asyncio.gather(*(call(two[n % 2]) for n in range(40)))
    assert 2 <= most <= 3


async def test_a_throttled_answer_in_one_process_holds_the_others_back() -> None:
    clock = SystemClock()
    table = Table(clock)
    limits = Limits(requests=1000, per_s=1.0, concurrency=50, enforced=True)
    first, second = (Budgets(clock, table).of(connection(), limits) for _ in range(2))
    assert first is not None
    assert second is not None
    async with second.turn():
        pass
    async with first.turn():
        first.learn(limits, 429, {}, 30.0)

    async def turn(budget: Budget) -> None:
        with urgent(LIVE):
            async with budget.turn():
                pass

    async def stopped() -> bool:
        try:
            await turn(second)
        except Spent as spent:
            return spent.after_s > 20
        return False

    await until(stopped)
    with pytest.raises(Spent):
        await turn(first)


async def test_a_spent_day_is_told_with_what_has_to_wait() -> None:
    limits = Limits(requests=1000, per_s=1.0, concurrency=5, daily=10, enforced=True)
    budget = budgets_of_one().of(connection(), limits)
    assert budget is not None
    with urgent(BULK):
        for _ in range(8):
            async with budget.turn():
                pass
        with pytest.raises(Spent) as spent:
            async with budget.turn():
                pass
    assert spent.value.from_priority == BULK
    with urgent(LIVE):
        async with budget.turn():
            pass


async def test_trouble_at_the_board_reaches_whoever_waits_and_ends_with_it() -> None:
    class Broken(Table):
        broken = True

        async def ask(self, tenant_id: uuid.UUID, account: str, ask: Ask, caps: Caps) -> Grant:
            if self.broken:
                raise OSError("gone")
            return await super().ask(tenant_id, account, ask, caps)

    board = Broken(SystemClock())
    budget = Budgets(SystemClock(), board).of(connection(), LIMITS)
    assert budget is not None
    with pytest.raises(OSError, match="gone"):
        async with budget.turn():
            pass
    board.broken = False
    async with budget.turn():
        pass


async def test_without_a_board_nothing_is_limited() -> None:
    assert Budgets(SystemClock()).of(connection(), LIMITS) is None


async def test_accounts_have_their_own_budgets() -> None:
    budgets = budgets_of_one()
    limits = Limits(requests=1, per_s=3600, enforced=True)
    for name in ("a", "b"):
        budget = budgets.of(connection(name), limits)
        assert budget is not None
        async with asyncio.timeout(60), budget.turn():
            pass
    assert budgets.of(connection(), limits) is budgets.of(connection(), limits)
    assert account_of(connection("x")) == "hubspot:x"


def test_every_limit_can_be_lowered_and_none_raised() -> None:
    limits = Limits(
        requests=190,
        per_s=10,
        daily=1000,
        concurrency=4,
        enforced=True,
        endpoints=(EndpointLimit(path="/search", requests=4, per_s=1, concurrency=2),),
    )
    own = {"requests": 50, "per_s": 5, "daily": 10, "concurrency": 9, "endpoints": {"/search": {"concurrency": 1}}}
    caps = caps_of(limits, {"limits": own, "requests_per_minute": 30})
    assert [(w.calls, w.per_s) for w in caps.windows] == [(190, 10), (50, 5), (30, 60)]
    assert (caps.daily, caps.concurrency) == (10, 4)
    assert endpoint_caps(limits.endpoints[0], limits, {"limits": own}).concurrency == 1
    assert caps_of(Limits(requests=5000), {}) == Caps(timeout_s=15.0)
