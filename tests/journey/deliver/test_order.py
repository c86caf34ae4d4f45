"""Order and coalescing: one head a record and route, states replaced, messages kept, and nobody waits for another."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from crossdock.connect.sandbox import serving
from crossdock.connectors.webhook import sandbox
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.support.hub import add_connection, add_route, add_shop, add_sink, order, signed, until, working

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def tell(hub: Hub, shop: Connection, number: int, minute: int, **more: Any) -> None:
    (receipt,) = await hub.journey.webhook(
        shop, *signed(order(number, modified=f"2026-11-20T10:{minute:02}:00", **more))
    )
    assert receipt.verdict == "applied"


async def rows(hub: Hub, sql: str, *values: Any) -> list[Any]:
    async with hub.database.engine() as conn:
        found: list[Any] = await conn.fetch(sql, *values)
        return found


async def line(hub: Hub) -> list[tuple[int, bool, str]]:
    found = await rows(hub, "SELECT seq, head, state FROM delivery ORDER BY seq, id")
    return [(row["seq"], row["head"], row["state"]) for row in found]


async def state_route(hub: Hub, shop: Connection) -> uuid.UUID:
    crm = await add_connection(
        hub, "hubspot", "crm", {"base_url": "http://127.0.0.1:9"}, {"token": "t"}, destination=True
    )
    return await add_route(hub, shop, crm, "order", "order")


async def test_a_newer_state_replaces_the_waiting_one_and_history_says_so(hub: Hub) -> None:
    shop = await add_shop(hub)
    await state_route(hub, shop)
    for minute in range(3):
        await tell(hub, shop, 1, minute, total=f"{minute}.00")
    assert await line(hub) == [(3, True, "waiting")]
    done = await rows(hub, "SELECT seq, state, rule, attempts FROM delivery_done ORDER BY seq")
    assert [tuple(row) for row in done] == [(1, "skipped", "superseded", 0), (2, "skipped", "superseded", 0)]


async def test_a_state_that_is_being_delivered_is_followed_by_the_newest_alone(hub: Hub) -> None:
    shop = await add_shop(hub)
    await state_route(hub, shop)
    await tell(hub, shop, 1, 0)
    await rows(hub, "UPDATE delivery SET state = 'claimed', lane_epoch = 1 RETURNING id")
    for minute in range(1, 4):
        await tell(hub, shop, 1, minute, total=f"{minute}.00")
    assert await line(hub) == [(1, True, "claimed"), (4, False, "waiting")]


async def test_a_state_in_doubt_is_never_replaced(hub: Hub) -> None:
    shop = await add_shop(hub)
    await state_route(hub, shop)
    await tell(hub, shop, 1, 0)
    await rows(hub, "UPDATE delivery SET state = 'in_doubt' RETURNING id")
    await tell(hub, shop, 1, 1, total="1.00")
    assert await line(hub) == [(1, True, "in_doubt"), (2, False, "waiting")]


async def test_a_new_state_stays_behind_a_message_and_replaces_only_what_came_after_it(hub: Hub) -> None:
    """The queue of a route that was of messages once: the occurrence is kept, the states behind it are one."""
    shop = await add_shop(hub)
    await state_route(hub, shop)
    await tell(hub, shop, 1, 0)
    await rows(hub, "UPDATE delivery SET occurrence = true RETURNING id")
    await tell(hub, shop, 1, 1, total="1.00")
    await tell(hub, shop, 1, 2, total="2.00")
    assert await line(hub) == [(1, True, "waiting"), (3, False, "waiting")]


async def test_messages_are_never_coalesced_and_keep_their_order(hub: Hub) -> None:
    shop = await add_shop(hub)
    async with serving(sandbox.app(SECRET)) as receiver:
        sink = await add_sink(hub, f"{receiver.url}/hook")
        await add_route(hub, shop, sink, "order", "post")
        for minute in range(5):
            await tell(hub, shop, 1, minute, total=f"{minute}.00")
        assert [head for _, head, _ in await line(hub)] == [True, False, False, False, False]
        async with working(hub):
            await until(lambda: _empty(hub))
    done = await rows(hub, "SELECT seq FROM delivery_done WHERE state = 'delivered' ORDER BY ended_at, id")
    assert [row["seq"] for row in done] == [1, 2, 3, 4, 5]


async def _empty(hub: Hub) -> bool:
    return not await line(hub)


async def test_an_entity_that_is_tried_for_days_holds_nobody_else_back(hub: Hub) -> None:
    shop = await add_shop(hub)
    async with serving(sandbox.app(SECRET)) as receiver:
        sink = await add_sink(hub, f"{receiver.url}/hook")
        await add_route(hub, shop, sink, "order", "post")
        await tell(hub, shop, 1, 0)
        await rows(
            hub, "UPDATE delivery SET due_at = now() + interval '2 days', attempt = 40, reason = 'r' RETURNING id"
        )
        await tell(hub, shop, 1, 1, total="1.00")
        for number in range(2, 40):
            await tell(hub, shop, number, 0)
        async with working(hub):
            await until(lambda: _left(hub, 2))
            await asyncio.sleep(0)
    assert await line(hub) == [(1, True, "waiting"), (2, False, "waiting")], "its own later events wait behind it"
    (row,) = await rows(hub, "SELECT count(*) AS n FROM delivery_done WHERE state = 'delivered'")
    assert row["n"] == 38


async def _left(hub: Hub, count: int) -> bool:
    return len(await line(hub)) == count
