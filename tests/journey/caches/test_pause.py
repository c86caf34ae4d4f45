"""A pause and a new secret act in the middle of a batch: what has not been sent yet is not sent any more."""

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
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ORDERS = 400
UNDER_WAY = 128
"""Four batches at once, 32 messages of each side by side."""


class Slow:
    """A receiver that takes its time, and what is to be told to it."""

    def __init__(self, hub: Hub, sink: Connection, url: str, http: aiohttp.ClientSession) -> None:
        self.hub, self.sink, self._url, self._http = hub, sink, url, http

    async def dial(self, **dials: Any) -> None:
        async with self._http.put(f"{self._url}/_sandbox/dials", json=dials) as reply:
            assert reply.status == 200

    async def state(self) -> dict[str, Any]:
        async with self._http.get(f"{self._url}/_sandbox/state") as reply:
            found: dict[str, Any] = await reply.json()
            return found

    async def begun(self) -> bool:
        return bool((await self.state())["distinct"])

    async def left_alone(self) -> bool:
        async with self.hub.database.engine() as conn:
            return bool(await conn.fetchval("SELECT owner IS NULL FROM lane WHERE id = $1", self.sink.id))

    async def rested(self) -> bool:
        async with self.hub.database.engine() as conn:
            return not await conn.fetchval("SELECT count(*) FROM delivery")


@pytest_asyncio.fixture
async def slow(hub: Hub) -> AsyncIterator[Slow]:
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(receiver.app(SECRET)))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        shop, sink = await add_shop(hub), await add_sink(hub, f"{served.url}/hook")
        await add_route(hub, shop, sink, "*", "post")
        for number in range(ORDERS):
            await hub.journey.webhook(shop, *signed(order(number + 1)))
        made = Slow(hub, sink, served.url, http)
        await made.dial(latency_ms=300)
        yield made


async def test_nothing_is_sent_after_a_pause_was_heard(slow: Slow) -> None:
    hub, sink = slow.hub, slow.sink
    async with working(hub):
        await until(slow.begun)
        await hub.connections.set_state(sink.tenant_id, sink.id, ConnectionState.PAUSED, actor="test")
        seen = (await slow.state())["distinct"]
        await until(slow.left_alone)
        sent = (await slow.state())["distinct"]
        assert sent <= seen + UNDER_WAY < ORDERS
        async with hub.database.engine() as conn:
            burnt = await conn.fetchval("SELECT max(attempt) FROM delivery WHERE state = 'waiting'")
        assert burnt == 0, "what was not sent has not been tried"
        await slow.dial(latency_ms=0)
        await hub.connections.set_state(sink.tenant_id, sink.id, ConnectionState.ACTIVE, actor="test")
        await until(slow.rested)
    state = await slow.state()
    assert (state["distinct"], state["accepted"], state["refused"]) == (ORDERS, ORDERS, {})


async def test_a_new_secret_signs_what_has_not_been_sent_yet(slow: Slow) -> None:
    hub, sink = slow.hub, slow.sink
    async with working(hub):
        await until(slow.begun)
        async with hub.database.transaction() as conn:
            await hub.connections.put_secret(conn, sink, "secret", OTHER)
        await slow.dial(latency_ms=0)

        async def refused() -> bool:
            return bool((await slow.state())["refused"])

        await until(refused)
        async with hub.database.engine() as conn:
            opened = await conn.fetchval("SELECT state FROM connection WHERE id = $1", sink.id)
        assert opened in ("active", "broken")
    assert set((await slow.state())["refused"]) == {"bad-signature"}
