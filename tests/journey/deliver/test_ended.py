"""A connection that has been disconnected: nothing waits for it for ever, nothing more is sent, every end says why."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from crossdock.flow.deliver.desk import Desk, Lane
from crossdock.flow.deliver.ports import Limits
from crossdock.flow.run.runs import RunKind
from crossdock.model.connection import Connection, ConnectionState
from tests.journey.deliver.test_sink import Road, road
from tests.support.hub import add_shop, until, working

__all__ = ["road"]
REMOVED = ("skipped", "route-removed")


async def ends(road: Road) -> list[tuple[str, str, str | None]]:
    rows = await road.rows("SELECT state, rule, reason FROM delivery_done ORDER BY seq, id")
    return [(row["state"], row["rule"], row["reason"]) for row in rows]


async def disconnect(road: Road, which: Connection) -> None:
    await road.hub.connections.disconnect(which.tenant_id, which.id, actor="test")


async def test_what_waits_for_a_disconnected_destination_ends_and_says_why(road: Road) -> None:
    """Tried and to be tried again in an hour, in line behind it, held back until tomorrow, breaker open."""
    await road.dial(error_share=1.0)
    async with working(road.hub):
        for second in range(3):
            await road.tell(1, second, total=f"{second}.00")
        await road.tell(2)
        await until(lambda: road.rows("SELECT 1 FROM delivery WHERE attempt > 0 AND state = 'waiting'"))
    await road.rows("UPDATE delivery SET due_at = now() + interval '1 hour' WHERE head")
    await road.rows(
        "UPDATE lane SET breaker = 'open', breaker_until = now() + interval '1 hour', held_priority = 0,"
        " held_until = now() + interval '1 day', due_at = NULL"
    )
    await disconnect(road, road.sink)
    requests = (await road.state())["requests"]
    async with working(road.hub):
        await until(road.rested)
    assert await ends(road) == [(*REMOVED, "its destination was disconnected")] * 4
    assert (await road.state())["requests"] == requests


async def test_what_waits_behind_a_pause_ends_with_the_connection(road: Road) -> None:
    await road.hub.connections.set_state(road.shop.tenant_id, road.sink.id, ConnectionState.PAUSED, actor="test")
    for number in range(5):
        await road.tell(number)
    await disconnect(road, road.sink)
    async with working(road.hub):
        await until(road.rested)
    assert await ends(road) == [(*REMOVED, "its destination was disconnected")] * 5


async def test_what_may_have_arrived_says_so_when_its_time_is_up(road: Road) -> None:
    await road.tell(1)
    await road.rows(
        "UPDATE delivery SET state = 'claimed', lane_epoch = 0, attempt = 1, call_deadline_at = now() + interval '2 s'"
    )
    await disconnect(road, road.sink)
    async with working(road.hub):
        (doubt,) = await until(lambda: road.rows("SELECT due_at FROM delivery WHERE state = 'in_doubt'"))
        await until(road.rested)
    assert await ends(road) == [(*REMOVED, "its destination was disconnected; an earlier try may have arrived")]
    (late,) = await road.rows("SELECT ended_at >= $1 AS waited FROM delivery_done", doubt["due_at"])
    assert late["waited"], "its call could no longer take effect"


@pytest.mark.parametrize("state", ["active", "paused", "revoked"])
async def test_only_who_ends_a_lane_claims_what_waits_for_a_connection_that_has_ended(road: Road, state: str) -> None:
    """A process that has not heard of the end takes nothing, and nothing is ended that is only paused."""
    await road.tell(1)
    await road.rows("UPDATE connection SET state = $2 WHERE id = $1", road.sink.id, state)
    await road.rows("UPDATE lane SET owner = 'me', epoch = 7, until = now() + interval '1 minute'")

    async def claimed(*, ended: bool) -> list[Any]:
        lane = Lane(road.sink.id, road.shop.tenant_id, "me", 7, ended)
        return await Desk(road.hub.database, lane, Limits()).settle_and_claim((), (), 10)

    expected = {"active": (0, 1), "paused": (0, 0), "revoked": (1, 0)}[state]
    assert (len(await claimed(ended=True)), len(await claimed(ended=False))) == expected


async def test_a_destination_that_is_disconnected_under_way_leaves_nothing_behind(road: Road) -> None:
    """Its pump is in the midst of calls: what it has at hand ends as told, and the rest after it."""
    await road.hub.connections.set_state(road.shop.tenant_id, road.sink.id, ConnectionState.PAUSED, actor="test")
    await asyncio.gather(*(road.tell(number) for number in range(150)))
    await road.dial(latency_ms=1500)
    await road.hub.connections.set_state(road.shop.tenant_id, road.sink.id, ConnectionState.ACTIVE, actor="test")

    async def asked() -> bool:
        return bool((await road.state())["requests"])

    async with working(road.hub):
        await until(asked)
        await disconnect(road, road.sink)
        await until(road.rested)
    told, arrived = await ends(road), (await road.state())["distinct"]
    assert {end[0] for end in told} == {"delivered", "skipped"}
    assert len(told) == 150
    assert sum(end[0] == "delivered" for end in told) <= arrived < 150
    surely = sum(end[2] == "its destination was disconnected" for end in told)
    assert arrived + surely <= 150, "what is said not to have been sent did not arrive"


@pytest.mark.parametrize("off", [True, False])
async def test_what_waits_for_another_try_ends_with_its_route(road: Road, off: bool) -> None:
    await road.tell(1)
    await road.rows("UPDATE delivery SET attempt = 3, due_at = now() + interval '1 hour', failing_since = now()")
    (route,) = await road.rows("SELECT id FROM route")
    asked = (road.shop.tenant_id, route["id"])
    if off:
        await road.hub.connections.switch_route(*asked, on=False, actor="test")
    else:
        await road.hub.connections.remove_route(*asked, actor="test")
    async with working(road.hub):
        await until(road.rested)
    assert await ends(road) == [(*REMOVED, None)]


async def test_what_waits_of_a_disconnected_store_ends_too(road: Road) -> None:
    """Even where a process still knows the route, or it waits for a time that lies ahead."""
    await road.tell(1)
    await road.rows("UPDATE delivery SET due_at = now() + $1::interval", timedelta(days=1))
    await disconnect(road, road.shop)
    async with working(road.hub):
        await until(road.rested)
    assert [end[:2] for end in await ends(road)] == [REMOVED]


async def test_what_a_tenant_who_ends_leaves_in_line_is_deleted_and_not_ended_first(road: Road) -> None:
    await road.tell(1)
    await disconnect(road, road.sink)
    await road.rows("UPDATE tenant SET ending_at = now()")
    assert await road.hub.pump.take("nobody") is None
    await road.rows("UPDATE tenant SET ending_at = NULL")
    taken = await road.hub.pump.take("somebody")
    assert taken is not None
    assert taken.lane.ended


async def test_runs_and_doorbells_of_a_disconnected_store_end(road: Road) -> None:
    shop, hub = road.shop, road.hub
    ended = await hub.runs.add(shop.tenant_id, shop.id, RunKind.BACKFILL, ("order",))
    other = await add_shop(hub, "other", "https://other.example")
    stays = await hub.runs.add(other.tenant_id, other.id, RunKind.BACKFILL, ("order",))
    ring = "INSERT INTO doorbell VALUES ($1, 'order', '7', $2, NULL, 'lost')"
    for one in (shop, other):
        await road.rows(ring, one.id, one.tenant_id)
    await disconnect(road, shop)
    runs = {row["id"]: (row["state"], row["problem"]) for row in await road.rows("SELECT id, state, problem FROM run")}
    assert runs == {ended: ("cancelled", "its connection was disconnected"), stays: ("waiting", None)}
    assert [row["connection_id"] for row in await road.rows("SELECT connection_id FROM doorbell")] == [other.id]


async def test_an_event_of_a_store_that_ended_a_moment_ago_is_no_fault_of_the_hubs(road: Road) -> None:
    await road.tell(1)
    await road.rows("UPDATE connection SET state = 'revoked' WHERE id = $1", road.shop.id)
    road.hub.directory.forget(road.shop.id)
    async with working(road.hub):
        await until(road.rested)
    assert await ends(road) == [(*REMOVED, "its source was disconnected")]
