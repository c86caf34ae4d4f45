"""A lane in trouble: its breaker remembers and probes alone, days behind a broken connection cost nothing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import asyncpg
import orjson
import pytest

from crossdock.flow.canonical import Canonical
from crossdock.flow.deliver.bought import purchases
from crossdock.flow.deliver.planner import Planner, Subject, refusal
from crossdock.flow.deliver.ports import Directory, Limits
from crossdock.flow.map.versions import Versions
from crossdock.model.connection import Connection, ConnectionState
from crossdock.model.outcome import Delivered, Outcome, Rejected, Retry, Throttled, Unknown
from crossdock.model.route import Priority, Route
from crossdock.store import roles
from crossdock.store.absence import TROUBLE
from crossdock.store.queries import load
from crossdock.wiring import Hub
from tests.journey.deliver.test_desk import claimed, count
from tests.journey.deliver.test_sink import Road, road
from tests.support.hub import add_shop, add_sink, estrange, order, product, signed, until, working

QUEUE = load(Path(__file__).parents[3] / "src/crossdock/flow/deliver/queue.sql")
__all__ = ["road"]


async def lane(road: Road) -> Any:
    return (await road.rows("SELECT breaker, breaker_opened, breaker_until FROM lane"))[0]


async def test_a_quiet_lane_that_always_fails_opens_and_then_sends_one_probe_at_a_time(road: Road) -> None:
    await road.dial(error_share=1.0)
    for number in range(3):
        await road.tell(number)

    async def opened(times: int) -> Any:
        row = await lane(road)
        return row["breaker_opened"] >= times and row

    async with working(road.hub), working(road.hub):
        # three deliveries, never ten calls in one slice: only a memory between slices sees that they all fail
        await until(lambda: opened(1))
        for number in range(10, 40):
            await road.tell(number)
        await until(lambda: opened(2))
        before, row = (await road.state())["requests"], await lane(road)
        seen = row["breaker_opened"]
        await until(lambda: opened(seen + 1))
        after = (await road.state())["requests"]
        assert after - before <= (await lane(road))["breaker_opened"] - seen, "one probe each time, of two workers too"
        assert await road.rows("SELECT 1 FROM delivery_done") == [], "nothing is lost meanwhile"
        await road.dial(error_share=0.0)
        await until(road.rested)
        await until(lambda: _closed(road))
    assert (await road.state())["distinct"] == 33


async def _closed(road: Road) -> bool:
    row = await lane(road)
    return (row["breaker"], row["breaker_opened"]) == ("closed", 0)


async def test_a_week_behind_a_paused_connection_is_no_week_of_failures(road: Road) -> None:
    await road.hub.connections.set_state(road.shop.tenant_id, road.sink.id, ConnectionState.PAUSED, actor="test")
    await road.tell(1)
    async with road.hub.database.engine() as conn:
        await conn.execute("UPDATE delivery SET created_at = now() - interval '8 days'")
        await conn.execute("UPDATE connection SET state = 'active' WHERE id = $1", road.sink.id)
    await road.dial(next_errors=2)
    async with working(road.hub):
        await until(road.rested)
    (ended,) = await road.rows("SELECT state, attempts FROM delivery_done")
    assert (ended["state"], ended["attempts"]) == ("delivered", 3)


async def _settled(hub: Hub, outcome: Outcome, *, touched: bool = False) -> Any:
    desk, job, _ = await claimed(hub)
    job.outcome, job.touched = outcome, touched
    await desk.settle_and_claim([job], [], 0)
    async with hub.database.engine() as conn:
        return await conn.fetchrow("SELECT state, attempt, doubted, failing_since FROM delivery")


async def test_a_failure_is_remembered_and_a_full_account_is_none(hub: Hub) -> None:
    failed = await _settled(hub, Retry("busy"))
    assert (failed["attempt"], failed["doubted"], failed["failing_since"] is None) == (1, False, False)


async def test_a_throttled_call_costs_nothing_but_its_part_is_remembered(hub: Hub) -> None:
    row = await _settled(hub, Throttled(1.0), touched=True)
    assert (row["attempt"], row["doubted"], row["failing_since"]) == (0, True, None)


async def test_a_lost_answer_is_doubted(hub: Hub) -> None:
    row = await _settled(hub, Unknown("cut"))
    assert (row["state"], row["doubted"]) == ("in_doubt", True)


async def test_what_no_text_column_takes_ends_like_anything_else(hub: Hub) -> None:
    desk, job, _ = await claimed(hub)
    job.outcome = Rejected("a\x00b of zoe@example.org", code="4\x0000", field="na\x00me", rule="r\x00")
    await desk.settle_and_claim([job], [], 0)
    assert await count(hub, "SELECT count(*) FROM delivery_done WHERE state = 'dead'") == 1
    assert await count(hub, "SELECT count(*) FROM dead_cause WHERE code = '400'") == 1


async def test_an_id_that_no_text_column_takes_is_delivered_all_the_same(hub: Hub) -> None:
    desk, job, _ = await claimed(hub)
    job.outcome = Delivered("1\x007")
    await desk.settle_and_claim([job], [], 0)
    assert await count(hub, "SELECT count(*) FROM delivery_done WHERE external_id = '17'") == 1


async def test_old_credentials_that_are_refused_break_no_connection_that_got_new_ones(hub: Hub) -> None:
    _, _, taken = await claimed(hub)
    async with hub.database.engine() as conn:
        began = await conn.fetchval("SELECT now()")
        await conn.execute("UPDATE credential SET generation = generation + 1, changed_at = clock_timestamp()")
        assert await conn.fetchval(QUEUE["break_connection"], taken.id, "refused", began) is None
        later = await conn.fetchval("SELECT now() + interval '1 minute'")
        assert await conn.fetchval(QUEUE["break_connection"], taken.id, "refused", later) == taken.id


def test_limits_hold_at_least_three_days() -> None:
    assert Limits().retry_for.days >= 3
    assert Limits().retry_base_s == 2.0


@pytest.mark.parametrize("schedule", [None, {"at": "date_created_gmt"}])
async def test_a_body_whose_key_is_not_given_waits_for_it_and_holds_up_nobody(
    road: Road, schedule: dict[str, str] | None
) -> None:
    if schedule:
        await road.rows("UPDATE route SET schedule = $1", orjson.dumps(schedule).decode())
    await road.tell(1)
    await road.tell(2)
    event_id, body = await estrange(road.hub, "1")

    async def tried() -> Any:
        return await road.rows("SELECT reason, route_id FROM delivery WHERE attempt > 1")

    async with working(road.hub):
        (waits,) = await until(tried)
        assert waits["reason"].startswith("wrong-master-key: a value was sealed with key ")
        await until(lambda: road.rows("SELECT 1 FROM delivery_done"))
        about = (road.shop.tenant_id, event_id, waits["route_id"], road.sink.id, None)
        made, why = await road.hub.replays.preview.made(road.hub.database, *about, people=True)
        assert (made, why[:28]) == ([], "a value was sealed with key "), "people are told why"
        await road.rows("UPDATE event SET body = $2 WHERE id = $1", event_id, body)
        await until(road.rested)
    ended = await road.rows("SELECT state FROM delivery_done")
    assert [row["state"] for row in ended] == ["delivered", "delivered"]
    assert (await lane(road))["breaker_opened"] == 0, "it was no failing of the vendor's"


class _Cut:
    """The road to a database that was cut."""

    @contextlib.asynccontextmanager
    async def engine(self) -> AsyncIterator[Any]:
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        yield

    transaction = engine


async def test_a_database_that_goes_away_while_planning_costs_no_delivery(hub: Hub) -> None:
    shop, sink = await add_shop(hub), await add_sink(hub, "http://127.0.0.1:9/hook")
    names = (uuid.uuid4(), shop.tenant_id, shop.id, sink.id, "order", "post")
    route = Route(*names, occurrence=False, historical=False, priority=Priority.LIVE, mapping_version=3)
    destination = await hub.directory.destination(sink.id)
    await hub.journey.webhook(shop, *signed(order(1)))
    async with hub.database.engine() as conn:
        event = await conn.fetchrow("SELECT * FROM event")
        planner = Planner(hub.directory, Versions(_Cut()), hub.vault)
        (planned,) = await planner.plan(conn, sink, destination, [Subject("it", shop.tenant_id, route, shop, event)])
    assert (planned.plan, planned.refused) == (None, None)
    assert planned.why == Rejected("the database does not answer", code="overloaded")
    assert planned.later == Retry("the database does not answer", after_s=5, code="overloaded", ours=True)


def _end_backend(hub: Hub, pid: int) -> None:
    """End a backend and return when it is gone; meanwhile the caller's loop sees nothing of it."""

    async def end() -> None:
        conn = await asyncpg.connect(hub.database.direct_url(roles.ENGINE))
        await conn.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await conn.close()

    other = threading.Thread(target=asyncio.run, args=(end(),))
    other.start()
    other.join()


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_ends_at_any_moment_is_no_fault_of_an_events(hub: Hub, turns: int) -> None:
    """Between its last word and its end the driver is upset by the next statement, and says so in a way of its own."""
    shop = await add_shop(hub)
    hub.directory.forget(shop.id)
    async with hub.database.engine() as conn:
        _end_backend(hub, conn.get_server_pid())
        for _ in range(turns):
            await asyncio.sleep(0)
        with pytest.raises(TROUBLE) as met:
            await hub.directory.connection(shop.id)
    away = Retry("the database does not answer", after_s=5, code="overloaded", ours=True)
    assert refusal(met.value) == away


class _Fading:
    """The hub's directory, for so many looks; then its database is gone."""

    def __init__(self, hub: Hub, looks: int) -> None:
        self._hub, self._looks = hub, looks

    async def connection(self, connection_id: uuid.UUID) -> Connection:
        """Return a connection."""
        if not self._looks:
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        self._looks -= 1
        return await self._hub.directory.connection(connection_id)


@pytest.mark.parametrize("looks", range(3))
async def test_no_sum_is_told_without_what_a_database_that_went_away_could_not_tell(hub: Hub, looks: int) -> None:
    shop = await add_shop(hub)
    tea = {**product(), "categories": [{"id": 1, "name": "Black tea"}]}
    await hub.journey.webhook(shop, *signed(tea, "product.updated"))
    await hub.journey.webhook(shop, *signed(order(1, line_items=[{"id": 1, "product_id": tea["id"], "quantity": 1}])))
    buyer = (shop.tenant_id, "guest1@example.com")
    canonical = Canonical(hub.vault, hub.directory.connector)
    async with hub.database.engine() as conn:
        read = purchases(conn, [buyer], hub.vault, canonical, cast("Directory", _Fading(hub, looks)))
        if looks < 2:
            with pytest.raises(asyncpg.ConnectionDoesNotExistError):
                await read
        else:
            assert (await read)[buyer].categories == ("Black tea",)
