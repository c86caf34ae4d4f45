"""Lanes: whose turn it is, what goes first, and what it costs to find out."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from crossdock.flow.deliver.desk import SQL, Desk
from crossdock.flow.deliver.ports import Limits
from crossdock.kit.clock import SetClock
from crossdock.kit.ids import new_id
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.hub import add_sink

LIMITS = Limits(lease=timedelta(seconds=30))
FILL = """
INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head, due_at)
SELECT gen_random_uuid(), $1, $2, $3, gen_random_uuid(), gen_random_uuid(), n, true, $5, true,
       now() - make_interval(secs => $6) - n * interval '1 microsecond'
FROM generate_series(1, $4::integer) AS n
"""


async def fill(
    hub: Hub, lane: uuid.UUID, count: int, *, priority: int = 1, age_s: float = 0.0, tenant: uuid.UUID | None = None
) -> None:
    tenant = tenant or await hub.tenants.find()
    async with hub.database.engine() as conn:
        await conn.execute(FILL, tenant, lane, new_id(), count, priority, age_s)


async def lane(hub: Hub, name: str, tenant: uuid.UUID | None = None) -> uuid.UUID:
    made = (await add_sink(hub, "http://127.0.0.1:9/", name)).id
    if tenant is not None:
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE connection SET tenant_id = $2 WHERE id = $1", made, tenant)
            await conn.execute("UPDATE lane SET tenant_id = $2 WHERE id = $1", made, tenant)
    return made


async def test_batches_side_by_side_each_get_their_own(hub: Hub) -> None:
    """Four at once claim four full batches: none waits for rows that another takes, to go away empty."""
    await fill(hub, await lane(hub, "busy"), 200)
    taken = await hub.pump.take("test")
    assert taken is not None
    desk = Desk(hub.database, taken.lane, LIMITS)
    batches = await asyncio.gather(*(desk.settle_and_claim([], [], 50) for _ in range(4)))
    assert [len(batch) for batch in batches] == [50] * 4
    assert len({claim.id for batch in batches for claim in batch}) == 200


async def claimed(hub: Hub, most: int) -> list[int]:
    """Take a lane and return the priorities of one claim, in order."""
    taken = await hub.pump.take("test")
    assert taken is not None
    desk = Desk(hub.database, taken.lane, LIMITS)
    return sorted(claim.priority for claim in await desk.settle_and_claim([], [], most))


async def run(hub: Hub, sql: str, *values: Any) -> None:
    async with hub.database.engine() as conn:
        await conn.execute(sql, *values)


async def leave(hub: Hub, taken: Any) -> None:
    async with hub.database.engine() as conn:
        await conn.execute(SQL["leave_lane"], taken.lane.id, taken.lane.owner, taken.lane.epoch, 1)
    hub.pump.forget(taken)


async def test_live_goes_first_and_bulk_that_has_waited_long_is_not_left_behind(hub: Hub) -> None:
    one = await lane(hub, "one")
    await fill(hub, one, 300, priority=0)
    await fill(hub, one, 300, priority=1)
    await fill(hub, one, 300, priority=2, age_s=LIMITS.bulk_patience.total_seconds() + 60)
    assert Counter(await claimed(hub, 100)) == {0: 90, 2: 10}


async def test_the_places_of_the_aged_are_a_part_and_no_more(hub: Hub) -> None:
    """A million old bulk rows never push live ones out."""
    one = await lane(hub, "one")
    await fill(hub, one, 5, priority=0)
    await fill(hub, one, 1000, priority=2, age_s=9_999)
    await fill(hub, one, 1000, priority=1, age_s=9_999)
    assert Counter(await claimed(hub, 100)) == {0: 5, 1: 85, 2: 10}


async def test_what_is_not_aged_waits_for_what_is_more_urgent(hub: Hub) -> None:
    one = await lane(hub, "one")
    await fill(hub, one, 200, priority=1)
    await fill(hub, one, 200, priority=2, age_s=5)
    assert Counter(await claimed(hub, 100)) == {1: 100}


async def test_a_held_priority_waits_and_the_more_urgent_goes_on(hub: Hub) -> None:
    one = await lane(hub, "one")
    await fill(hub, one, 5, priority=0)
    await fill(hub, one, 50, priority=2)
    await run(hub, "UPDATE lane SET held_priority = 2, held_until = now() + interval '1 hour'")
    assert await claimed(hub, 100) == [0] * 5
    await run(hub, "UPDATE lane SET owner = NULL, until = NULL, held_until = now()")


async def test_a_lane_with_nothing_but_held_deliveries_is_not_taken_until_then(hub: Hub) -> None:
    one = await lane(hub, "one")
    await fill(hub, one, 50, priority=2)
    await run(hub, "UPDATE lane SET held_priority = 2, held_until = now() + interval '1 hour'")
    assert await hub.pump.take("test") is None
    next_s = await hub.pump.next_s()
    assert next_s is not None
    assert next_s > 3000


async def test_lanes_take_turns(hub: Hub) -> None:
    lanes = [await lane(hub, f"lane-{n}") for n in range(4)]
    for one in lanes:
        await fill(hub, one, 10)
    turns = []
    for _ in range(12):
        taken = await hub.pump.take("test")
        assert taken is not None
        turns.append(taken.lane.id)
        await leave(hub, taken)
    assert all(sorted(turns[i : i + 4]) == sorted(lanes) for i in (0, 4, 8)), turns


async def test_a_live_lane_goes_before_lanes_of_bulk_and_bulk_is_not_starved(hub: Hub) -> None:
    for n in range(6):
        await fill(hub, await lane(hub, f"bulk-{n}"), 10, priority=2)
    live = await lane(hub, "live")
    await fill(hub, live, 10, priority=0)
    turns = []
    for _ in range(16):
        taken = await hub.pump.take("test")
        assert taken is not None
        turns.append(taken.lane.id)
        await leave(hub, taken)
    assert 10 <= turns.count(live) <= 12, "three turns of four"
    assert len(set(turns)) >= 5


async def test_one_tenant_never_has_all_pumps(hub: Hub) -> None:
    other = await hub.tenants.add("other")
    for n in range(LIMITS.lanes + 2):
        await fill(hub, await lane(hub, f"a-{n}"), 5, priority=0)
    taken = []
    while (one := await hub.pump.take("test")) is not None:
        taken.append(one)
    assert len(taken) == LIMITS.one_tenant
    assert not hub.pump.full
    b = await lane(hub, "b", other)
    await fill(hub, b, 1, priority=2, tenant=other)
    await run(hub, "UPDATE lane SET due_at = now() WHERE id = $1", b)
    found = await hub.pump.take("test")
    assert found is not None
    assert found.lane.id == b


async def test_a_hint_that_comes_while_a_lane_is_drained_is_not_lost(hub: Hub) -> None:
    one = await lane(hub, "one")
    await fill(hub, one, 1)
    taken = await hub.pump.take("test")
    assert taken is not None
    await run(hub, "DELETE FROM delivery")
    await fill(hub, one, 1)
    await run(hub, SQL["hint_lanes"], [one], False, "me")
    await run(hub, "DELETE FROM delivery")  # it was claimed and delivered at once
    await leave(hub, taken)
    again = await hub.pump.take("test")
    assert again is not None, "it looks once more"
    await leave(hub, again)
    assert await hub.pump.take("test") is None


@pytest_asyncio.fixture
async def crowded(hub: Hub) -> tuple[Hub, uuid.UUID]:
    """A queue with many lanes, many heads due, many in retry, and many behind their heads."""
    for n in range(20):
        await fill(hub, await lane(hub, f"lane-{n}"), 200)
    one = await lane(hub, "large")
    await fill(hub, one, 20_000, age_s=900)
    await fill(hub, one, 10_000, priority=2, age_s=900)
    await run(hub, "UPDATE delivery SET due_at = now() + interval '1 hour' WHERE priority = 1 AND random() < 0.3")
    await run(
        hub,
        "INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head)"
        " SELECT gen_random_uuid(), tenant_id, lane_id, route_id, record_id, event_id, seq + 1, true, priority, false"
        " FROM delivery WHERE lane_id = $1",
        one,
    )
    async with hub.database.owner() as conn:
        await conn.execute("ANALYZE delivery")
        await conn.execute("ANALYZE lane")
    return hub, one


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


STATEMENTS: dict[str, Any] = {
    "take_lane": lambda one: ("me", timedelta(seconds=4), [], [], True),
    "sweep_lanes": lambda one: (timedelta(seconds=-1),),
    "hint_lanes": lambda one: ([one], False, "me"),
    "leave_lane": lambda one: (one, "me", 1, 1),
    "next_lane": lambda one: (),
    "claim": lambda one: (
        *(one, 1, 100, timedelta(seconds=30), 10),
        *(LIMITS.standard_patience, LIMITS.bulk_patience, LIMITS.doubt_margin, False),
    ),
}


async def test_no_statement_of_a_pump_reads_more_than_it_takes(crowded: tuple[Hub, uuid.UUID]) -> None:
    """Whatever waits, lanes and claims are found by indexes: no scan of the queue, no sort of all that is due."""
    hub, one = crowded
    await run(hub, "UPDATE lane SET owner = 'me', epoch = 1, until = now() + interval '1 hour' WHERE id = $1", one)
    async with hub.database.engine() as conn:
        for name, values in STATEMENTS.items():
            transaction = conn.transaction()
            await transaction.start()
            text = await conn.fetchval(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {SQL[name]}",
                *values(one),
            )
            await transaction.rollback()
            for node in nodes(json.loads(text)[0]["Plan"]):
                read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
                on_queue = node.get("Relation Name") == "delivery"
                assert not (on_queue and node["Node Type"] == "Seq Scan"), (name, node)
                most = 400 if name == "claim" else 30
                assert read <= most, (name, node["Node Type"], read)


async def test_lanes_whose_destinations_hang_hold_up_no_other(settings: Settings) -> None:
    clock = SetClock(datetime.now(UTC))
    async with open_hub(settings, clock=clock) as hub:
        for n in range(LIMITS.one_tenant):
            await fill(hub, await lane(hub, f"hanging-{n}"), 1)
        while await hub.pump.take("test") is not None:
            pass
        healthy = await lane(hub, "healthy")
        await fill(hub, healthy, 1)
        await run(hub, "UPDATE lane SET due_at = now() WHERE id = $1", healthy)
        assert await hub.pump.take("test") is None
        clock.advance(2)
        found = await hub.pump.take("test")
        assert found is not None
        assert found.lane.id == healthy
