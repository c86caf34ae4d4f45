"""The fence: whoever lost a lane writes nothing on it any more. Each test fails when the fence is taken away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from crossdock.flow.deliver.desk import Desk, Fenced, Lane
from crossdock.flow.deliver.job import Job, NewLink
from crossdock.flow.deliver.ports import Limits
from crossdock.model.outcome import Delivered, Gone, Outcome, Retry
from crossdock.wiring import Hub
from tests.support.hub import add_route, add_shop, add_sink, order, signed

_WAITING = (
    "WITH first AS (SELECT pid FROM pg_locks WHERE NOT granted AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database()))"
    " SELECT (SELECT count(*) FROM first) + (SELECT count(DISTINCT l.pid) FROM pg_locks l, first f"
    " WHERE NOT l.granted AND l.pid <> f.pid AND f.pid = ANY (pg_blocking_pids(l.pid)))"
)
"""Sessions of this database that wait for a table's lock, and those that wait for them."""
LIMITS = Limits(lease=timedelta(seconds=30))


async def claimed(hub: Hub) -> tuple[Desk, Job, Lane]:
    """Take a lane with one delivery and claim it."""
    shop, sink = await add_shop(hub), await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, sink, "*", "post")
    await hub.journey.webhook(shop, *signed(order()))
    taken = await hub.pump.take("first")
    assert taken is not None
    desk = Desk(hub.database, taken.lane, LIMITS)
    (claim,) = await desk.settle_and_claim([], [], 10)
    return desk, Job(claim, main_key="k", outcome=Delivered("1")), taken.lane


async def lose(hub: Hub, lane: Lane) -> None:
    """Let somebody else take the lane."""
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE lane SET owner = 'second', epoch = epoch + 1 WHERE id = $1", lane.id)


async def count(hub: Hub, sql: str) -> int:
    async with hub.database.engine() as conn:
        found: int = await conn.fetchval(sql)
        return found


async def test_with_the_lane_everything_is_written(hub: Hub) -> None:
    desk, job, _ = await claimed(hub)
    await desk.advance([job.claim.id], [NewLink("deals", "k", "1", None)])
    assert await desk.settle_and_claim([job], [], 10) == []
    assert await count(hub, "SELECT count(*) FROM link") == 1
    assert await count(hub, "SELECT count(*) FROM delivery_done WHERE state = 'delivered'") == 1


async def test_without_it_no_link_no_step_and_no_end_is_written(hub: Hub) -> None:
    desk, job, lane = await claimed(hub)
    await lose(hub, lane)
    with pytest.raises(Fenced):
        await desk.advance([job.claim.id], [NewLink("deals", "k", "1", None)])
    with pytest.raises(Fenced):
        await desk.settle_and_claim([job], [NewLink("deals", "k", "1", None)], 10)
    assert await desk.settle_and_claim([], [], 10) == []
    assert await count(hub, "SELECT count(*) FROM link") == 0
    assert await count(hub, "SELECT count(*) FROM delivery_done") == 0
    assert await count(hub, "SELECT count(*) FROM delivery WHERE state = 'claimed'") == 1


async def test_a_lane_whose_lease_ran_out_claims_nothing(hub: Hub) -> None:
    desk, job, lane = await claimed(hub)
    await hub.journey.webhook(
        await hub.directory.connection((await hub.connections.list(lane.tenant_id))[0]["uuid"]), *signed(order(2))
    )
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE lane SET until = now() - interval '1 s' WHERE id = $1", lane.id)
    assert await desk.settle_and_claim([job], [], 10) == []
    assert await count(hub, "SELECT count(*) FROM delivery WHERE state = 'waiting'") == 1


async def test_what_the_dead_owner_was_calling_waits_out_its_deadline(hub: Hub) -> None:
    _, job, lane = await claimed(hub)
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE lane SET owner = 'second', epoch = epoch + 1, until = now() + interval '9 s'")
    heir = Desk(hub.database, Lane(lane.id, lane.tenant_id, "second", lane.epoch + 1), LIMITS)
    assert await heir.settle_and_claim([], [], 10) == []
    assert await count(hub, "SELECT count(*) FROM delivery WHERE state = 'in_doubt' AND due_at > now()") == 1
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE delivery SET due_at = now() - interval '1 s'")
    # by this look the doubt ends; the next finds what it was about
    assert await heir.settle_and_claim([], [], 10) == []
    (again,) = await heir.settle_and_claim([], [], 10)
    assert (again.id, again.attempt) == (job.claim.id, 2)


async def test_a_record_that_is_gone_is_made_anew_however_often_something_else_failed_before(hub: Hub) -> None:
    desk, job, _ = await claimed(hub)
    ends: list[Outcome] = [Retry("busy", after_s=0.001)] * 6 + [Gone()] * 5
    for at, outcome in enumerate(ends, 1):
        assert job.claim.attempt == at
        job.outcome = outcome
        assert await desk.settle_and_claim([job], [], 0) == []
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE delivery SET due_at = now()")
        assert await count(hub, "SELECT count(*) FROM delivery_done") == (at == len(ends))
        if at < len(ends):
            (claim,) = await desk.settle_and_claim([], [], 10)
            job = Job(claim, main_key="k")


async def test_a_replay_beside_a_completion_leaves_no_follower_without_a_head(hub: Hub) -> None:
    desk, job, lane = await claimed(hub)
    pair = (job.claim.route_id, job.claim.record_id)
    async with hub.database.transaction() as held:
        await held.execute("LOCK TABLE attempt IN SHARE MODE")
        # stands behind the lock once it has looked for followers, before its commit
        completing = asyncio.create_task(desk.settle_and_claim([job], [], 10))
        await waiting(hub, 1, completing)
        replaying = asyncio.create_task(hub.replay.states(lane.tenant_id, [pair]))
        await waiting(hub, 2, replaying)
    await completing
    assert await replaying == 1
    assert await count(hub, "SELECT count(*) FROM delivery WHERE state = 'waiting' AND head") == 1


async def waiting(hub: Hub, sessions: int, task: asyncio.Task[object]) -> None:
    """Wait until so many sessions wait for a lock, or the task has ended."""
    async with asyncio.timeout(20):
        while not task.done():
            if await count(hub, _WAITING) == sessions:
                return
            await asyncio.sleep(0.01)
