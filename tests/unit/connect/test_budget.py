"""The budget of a vendor account."""

from __future__ import annotations

import asyncio

from crossdock.connect.budget import Budgets
from crossdock.connect.manifest import Limits
from crossdock.kit.clock import SystemClock


async def test_no_window_ever_holds_more_calls_than_the_limit() -> None:
    clock = SystemClock()
    budgets = Budgets(clock)
    limits = Limits(requests=20, per_s=0.1)
    taken: list[float] = []

    async def call() -> None:
        await budgets.of("account", limits).take()
        taken.append(clock.monotonic())

    await asyncio.gather(*(call() for _ in range(60)))
    assert len(taken) == 60
    # 19 of 20 are used: 95 %
    assert all(later - earlier > 0.095 for earlier, later in zip(taken, taken[19:], strict=False))


async def test_accounts_have_their_own_budgets() -> None:
    budgets = Budgets(SystemClock())
    limits = Limits(requests=1, per_s=3600)
    await budgets.of("a", limits).take()
    await asyncio.wait_for(budgets.of("b", limits).take(), 1)
    assert budgets.of("a", limits) is budgets.of("a", limits)


async def test_what_others_use_of_the_account_is_learned_from_the_vendor() -> None:
    budget = Budgets(SystemClock()).of("a", Limits(requests=100, per_s=3600))
    await budget.take()
    for unread in (None, "", "many", "-3"):
        budget.learn(unread)
    assert budget.left() == 94
    budget.learn("99")
    assert budget.left() == 94
    budget.learn("40")
    assert budget.left() == 40
