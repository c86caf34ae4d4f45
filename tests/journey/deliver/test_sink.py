"""Messages to a signed receiver: once, in order, through bursts, refusals and repairs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest_asyncio

from crossdock.connect.sandbox import serving
from crossdock.connectors.webhook import sandbox as receiver
from crossdock.model.connection import Connection, ConnectionState
from crossdock.wiring import Hub
from tests.support.hub import add_route, add_shop, add_sink, order, signed, until, working

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Road:
    """A shop, a receiver and the road between them."""

    def __init__(self, hub: Hub, shop: Connection, sink: Connection, url: str, http: aiohttp.ClientSession) -> None:
        self.hub, self.shop, self.sink, self._url, self._http = hub, shop, sink, url, http

    async def tell(self, number: int, second: int = 0, **more: Any) -> None:
        document = order(number, modified=f"2026-11-20T10:00:{second:02}", **more)
        await self.hub.journey.webhook(self.shop, *signed(document))

    async def dial(self, **dials: Any) -> None:
        async with self._http.put(f"{self._url}/_sandbox/dials", json=dials) as reply:
            assert reply.status == 200

    async def state(self) -> dict[str, Any]:
        async with self._http.get(f"{self._url}/_sandbox/state") as reply:
            found: dict[str, Any] = await reply.json()
            return found

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        async with self.hub.database.engine() as conn:
            found: list[Any] = await conn.fetch(sql, *values)
            return found

    async def rested(self) -> bool:
        return not await self.rows("SELECT 1 FROM delivery")


@pytest_asyncio.fixture
async def road(hub: Hub) -> AsyncIterator[Road]:
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(receiver.app(SECRET)))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        shop, sink = await add_shop(hub), await add_sink(hub, f"{served.url}/hook")
        await add_route(hub, shop, sink, "*", "post")
        yield Road(hub, shop, sink, served.url, http)


async def test_every_event_arrives_once_signed_and_in_order(road: Road) -> None:
    async with working(road.hub):
        for second in range(5):
            await road.tell(1, second, total=f"{second}.00")
        await until(road.rested)
    state = await road.state()
    assert (state["distinct"], state["requests"]) == (5, 5)
    told = await road.rows("SELECT id FROM event ORDER BY seq")
    from crossdock.kit.ids import Prefix, show

    assert state["order"] == [show(Prefix.EVENT, row["id"]) for row in told]
    ended = await road.rows("SELECT state, evidence FROM delivery_done")
    assert {(row["state"], row["evidence"]) for row in ended} == {("delivered", "accepted")}


async def test_a_burst_of_errors_is_waited_out(road: Road) -> None:
    await road.dial(next_errors=4)
    async with working(road.hub):
        for number in range(1, 7):
            await road.tell(number)
        await until(road.rested)
    assert (await road.state())["distinct"] == 6
    tries = await road.rows("SELECT outcome, count(*) AS n FROM attempt GROUP BY 1")
    assert {row["outcome"] for row in tries} >= {"delivered", "retry"}


async def test_the_breaker_opens_rests_and_closes_by_one_probe(road: Road) -> None:
    await road.dial(error_share=1.0)
    async with working(road.hub):
        for number in range(1, 31):
            await road.tell(number)

        async def opened() -> bool:
            return bool(await road.rows("SELECT 1 FROM lane WHERE breaker = 'open'"))

        await until(opened)
        await road.dial(error_share=0.0)
        await until(road.rested)
    assert (await road.state())["distinct"] == 30
    assert [row["breaker"] for row in await road.rows("SELECT breaker FROM lane")] == ["closed"]


async def test_an_expired_body_is_dead_with_a_reason_and_dies_again_when_replayed(road: Road) -> None:
    await road.hub.connections.set_state(road.shop.tenant_id, road.sink.id, ConnectionState.PAUSED, actor="test")
    await road.tell(1)
    async with road.hub.database.engine() as conn:
        await conn.execute("UPDATE event SET body = NULL")
        await conn.execute("UPDATE connection SET state = 'active' WHERE id = $1", road.sink.id)
    async with working(road.hub):
        await until(road.rested)
        (dead,) = await road.rows("SELECT id, state, reason FROM delivery_done")
        assert (dead["state"], dead["reason"]) == ("dead", "body-expired: the event's body is no longer kept")
        await road.tell(2)
        assert await road.hub.replay.done(road.shop.tenant_id, state="dead") == 1
        await until(road.rested)
    assert await road.hub.replay.done(road.shop.tenant_id, state="dead") == 1, "the replayed one died again"
    assert (await road.state())["distinct"] == 1


async def test_a_delivered_message_is_replayed_as_the_very_event(road: Road) -> None:
    async with working(road.hub):
        await road.tell(1)
        await until(road.rested)
        (row,) = await road.rows("SELECT id FROM delivery_done")
        assert await road.hub.replay.done(road.shop.tenant_id, ids=[row["id"]]) == 1
        await until(road.rested)
    state = await road.state()
    assert (state["distinct"], state["accepted"]) == (1, 2), "the receiver can tell it by its id"


async def test_what_waits_on_a_removed_route_is_skipped_by_name(road: Road) -> None:
    await road.tell(1)
    (route,) = await road.rows("SELECT id FROM route")
    await road.hub.connections.remove_route(road.shop.tenant_id, route["id"], actor="test")
    async with working(road.hub):
        await until(road.rested)
    (row,) = await road.rows("SELECT state, rule FROM delivery_done")
    assert (row["state"], row["rule"]) == ("skipped", "route-removed")
    assert (await road.state())["requests"] == 0


async def test_a_paused_destination_gets_nothing_and_loses_nothing(road: Road) -> None:
    tenant = road.shop.tenant_id
    await road.hub.connections.set_state(tenant, road.sink.id, ConnectionState.PAUSED, actor="test")
    async with working(road.hub):
        await road.tell(1)
        assert await road.hub.pump.take("nobody") is None
        assert (await road.state())["requests"] == 0
        await road.hub.connections.set_state(tenant, road.sink.id, ConnectionState.ACTIVE, actor="test")
        await until(road.rested)
    assert (await road.state())["distinct"] == 1


async def test_a_lost_hint_costs_a_sweep_and_no_delivery(road: Road) -> None:
    async with working(road.hub):
        road.hub.hints.ring = lambda _lanes, _bells: None  # type: ignore[method-assign]
        await road.tell(1)
        await until(road.rested)
    assert (await road.state())["distinct"] == 1
