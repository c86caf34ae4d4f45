"""A critical route's second destination: used when the first stands, told, and never doubling an effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
import pytest_asyncio

from crossdock.errors import BadInput, NotFound
from crossdock.flow.deliver.desk import SQL as QUEUE
from crossdock.govern.fallback import SQL as FALLBACK
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.settings import Settings
from crossdock.store import roles
from crossdock.wiring import Hub
from tests.journey.doors.street import is_problem, street
from tests.support.hub import add_connection, add_route, add_shop, add_sink, blocked, order, signed, until, working
from tests.support.inboxes import Receiver, receiver


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"alert_every_s": 0.1, "alert_calm_s": 0.2})


@pytest_asyncio.fixture
async def sinks() -> AsyncIterator[tuple[Receiver, Receiver]]:
    async with receiver() as first, receiver() as second:
        yield first, second


async def town(hub: Hub, first: str, second: str, after_s: int = 0) -> tuple[Connection, Connection, Connection, Any]:
    """A shop, two sinks, and a critical route to the first that may fall back to the second."""
    shop = await add_shop(hub)
    one, two = await add_sink(hub, first, "first"), await add_sink(hub, second, "second")
    route = await add_route(hub, shop, one, "order", "post")
    await hub.alerting.fallbacks.name(shop.tenant_id, route, two, after_s=after_s, actor="test")
    return shop, one, two, route


async def break_it(hub: Hub, connection: Connection, state: str = "broken") -> None:
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE connection SET state = $2, problem = 'x; y' WHERE id = $1", connection.id, state)
    hub.directory.forget(connection.id)


async def sold(hub: Hub, shop: Connection, number: int, **more: Any) -> None:
    headers, body = signed(order(number, **more))
    await hub.journey.webhook(shop, headers, body)


async def rows(hub: Hub, query: str) -> list[Any]:
    async with hub.database.engine() as conn:
        return list(await conn.fetch(query))


def _numbers(sink: Receiver) -> list[int]:
    return sorted(orjson.loads(body)["data"]["id"] for _, body in sink.posts)


async def test_what_waits_for_a_broken_lane_goes_to_the_second(hub: Hub, sinks: tuple[Receiver, Receiver]) -> None:
    first, second = sinks
    shop, one, two, _ = await town(hub, first.url, second.url)
    await break_it(hub, one)
    for number in (1, 2, 3):
        await sold(hub, shop, number)
    async with working(hub):
        await until(lambda: rows(hub, "SELECT 1 FROM delivery_done HAVING count(*) = 3"))
        assert _numbers(second) == [1, 2, 3]
        done = await rows(hub, "SELECT state, lane_id FROM delivery_done")
        assert {tuple(row) for row in done} == {("delivered", two.id)}, "the delivery says who took it"
        await until(lambda: rows(hub, "SELECT 1 FROM alert WHERE kind = 'fallback_used' AND count = 3"))
        await break_it(hub, one, "active")
        await sold(hub, shop, 4)
        await until(lambda: rows(hub, "SELECT 1 FROM delivery_done HAVING count(*) = 4"))
    assert (_numbers(first), _numbers(second)) == ([4], [1, 2, 3])


async def test_what_a_second_destination_has_not_taken_waits_for_the_first_when_it_is_disconnected(
    hub: Hub, sinks: tuple[Receiver, Receiver]
) -> None:
    """What it may have taken already ends there, and says so; the next for the same record goes back."""
    first, second = sinks
    shop, one, two, _ = await town(hub, first.url, second.url)
    await break_it(hub, one)
    for number in (1, 2, 3):
        await sold(hub, shop, number)
        await sold(hub, shop, number, status="completed", modified="2026-11-20T11:00:00")
    assert await hub.alerting.fallbacks.move() == {two.id}
    async with hub.database.engine() as conn:
        await conn.execute(
            "UPDATE delivery SET doubted = true, attempt = 1"
            " WHERE head AND record_id = (SELECT id FROM record WHERE external_id = '3')"
        )
    await hub.connections.disconnect(shop.tenant_id, two.id, actor="test")
    async with working(hub):
        await until(
            lambda: rows(
                hub,
                "SELECT 1 FROM delivery WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE lane_id <> "
                f"'{one.id}') HAVING count(*) = 5",
            )
        )
        assert await rows(hub, "SELECT 1 FROM delivery WHERE attempt > 0 OR state <> 'waiting'") == []
        await break_it(hub, one, "active")
        await until(lambda: rows(hub, "SELECT 1 FROM delivery_done HAVING count(*) = 6"))
    assert (_numbers(first), _numbers(second)) == ([1, 1, 2, 2, 3], [])
    done = await rows(hub, "SELECT lane_id, state, reason FROM delivery_done WHERE state <> 'delivered'")
    gone = "its destination was disconnected; an earlier try may have arrived"
    assert [tuple(row) for row in done] == [(two.id, "skipped", gone)]


async def test_a_lane_may_stand_for_a_while(hub: Hub, sinks: tuple[Receiver, Receiver]) -> None:
    shop, one, _, _ = await town(hub, sinks[0].url, sinks[1].url, after_s=600)
    await break_it(hub, one)
    await sold(hub, shop, 1)
    assert await hub.alerting.fallbacks.move() == set()
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE connection SET state_since = now() - interval '11 minutes' WHERE id = $1", one.id)
    assert len(await hub.alerting.fallbacks.move()) == 1


async def test_an_open_breaker_counts_and_a_pause_does_not(hub: Hub, sinks: tuple[Receiver, Receiver]) -> None:
    shop, one, two, _ = await town(hub, sinks[0].url, sinks[1].url)
    await sold(hub, shop, 1)
    await break_it(hub, one, "paused")
    assert await hub.alerting.fallbacks.move() == set(), "a person paused it"
    await break_it(hub, one, "active")
    assert await hub.alerting.fallbacks.move() == set()
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE lane SET breaker = 'open' WHERE id = $1", one.id)
    assert await hub.alerting.fallbacks.move() == {two.id}


@pytest.mark.parametrize(
    "held",
    ["state = 'in_doubt'", "state = 'claimed'", "doubted = true, attempt = 1", "due_at = now() + interval '1 day'"],
)
async def test_what_may_have_been_done_is_left_where_it_may_stand(
    hub: Hub, sinks: tuple[Receiver, Receiver], held: str
) -> None:
    shop, one, two, _ = await town(hub, sinks[0].url, sinks[1].url)
    await break_it(hub, one)
    await sold(hub, shop, 1)
    await sold(hub, shop, 2)
    async with hub.database.engine() as conn:
        await conn.execute(
            f"UPDATE delivery SET {held} WHERE record_id = (SELECT id FROM record WHERE external_id = '1')"
        )
    await sold(hub, shop, 1, status="completed", modified="2026-11-20T11:00:00")
    assert await hub.alerting.fallbacks.move() == {two.id}
    found = await rows(
        hub, "SELECT r.external_id, d.lane_id FROM delivery d JOIN record r ON r.id = d.record_id ORDER BY d.id"
    )
    assert {tuple(row) for row in found} == {("1", one.id), ("2", two.id)}, "its followers wait behind it"


async def test_a_claim_and_a_move_never_take_the_same(hub: Hub, sinks: tuple[Receiver, Receiver]) -> None:
    """A claim that waits for the lane while the move has it sees afterwards that its delivery has gone."""
    shop, one, two, route = await town(hub, sinks[0].url, sinks[1].url)
    await sold(hub, shop, 1)
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE lane SET until = now() + interval '1 minute', epoch = 7 WHERE id = $1", one.id)
    minute = timedelta(minutes=1)
    claimer = await hub.database.connect(roles.ENGINE, "claimer")
    try:
        async with hub.database.transaction() as mover:
            await mover.execute(FALLBACK["lock_lane"], one.id)
            claim = asyncio.create_task(
                claimer.fetch(QUEUE["claim"], one.id, 7, 10, minute, 1, minute, minute, minute, False)
            )
            await until(lambda: blocked(hub))
            assert len(await mover.fetch(FALLBACK["move"], one.id, route, two.id, 10)) == 1
        assert await asyncio.wait_for(claim, 60) == []
    finally:
        await claimer.close()
    (left,) = await rows(hub, "SELECT state, lane_id FROM delivery")
    assert tuple(left) == ("waiting", two.id)


async def test_only_what_fits_can_be_second(hub: Hub) -> None:
    shop, one, two, route = await town(hub, "http://127.0.0.1:9/a", "http://127.0.0.1:9/b")
    tenant = shop.tenant_id
    stranger = await add_connection(hub, "woocommerce", "other", {"url": "https://other.example"})
    for fallback, field in ((one, "fallback_id"), (shop, "fallback_id"), (stranger, "fallback_id")):
        with pytest.raises(BadInput) as refused:
            await hub.alerting.fallbacks.name(tenant, route, fallback, actor="test")
        assert refused.value.field == field
    with pytest.raises(BadInput, match="takes no"):
        await hub.alerting.fallbacks.name(tenant, route, two, action="dance", actor="test")
    with pytest.raises(NotFound):
        await hub.alerting.fallbacks.name(await hub.tenants.add("other"), route, two, actor="test")
    gone = await hub.alerting.fallbacks.name(tenant, route, None, actor="test")
    assert (gone["critical"], gone["fallback_id"]) == (False, None)


async def test_it_is_set_over_the_api(hub: Hub) -> None:
    _, _, two, route = await town(hub, "http://127.0.0.1:9/a", "http://127.0.0.1:9/b")
    key = (await hub.keys.add(await hub.tenants.find(), "both", ("read", "write")))[1]
    path = f"/api/v1/routes/{show(Prefix.ROUTE, route)}/fallback"
    async with street(hub) as doors:
        found = (await doors.get(path, key)).json
        assert (found["critical"], found["fallback"], found["action"]) == (True, "second", "post")
        words = {name: found[name] for name in ("fallback_id", "fallback", "action", "after_s")}
        assert [one["fallback"] for one in (await doors.get("/api/v1/routes", key)).json["items"]] == [words]
        assert (await doors.get(path.removesuffix("/fallback"), key)).json["fallback"] == words
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        changed = await doors.call("PUT", path, b'{"fallback_id": null}', headers)
        assert changed.json["critical"] is False
        assert (await doors.get(path.removesuffix("/fallback"), key)).json["fallback"] is None
        body = orjson.dumps({"fallback_id": show(Prefix.CONNECTION, two.id), "action": "dance"})
        is_problem(await doors.call("PUT", path, body, headers), 400, "bad-input", "action")
