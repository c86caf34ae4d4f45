"""Roll-ups: exact whatever crashes, whoever writes; what they show; how every connection does."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from crossdock.api.resources.status import EXAMPLE, Status
from crossdock.connect.sandbox import serving
from crossdock.connectors.webhook import sandbox as receiver
from crossdock.errors import BadInput
from crossdock.govern.budgets import SharedBoard
from crossdock.govern.rollups import Slice, rows_of, slice_of, status_of
from crossdock.govern.rollups.keeping import SQL
from crossdock.kit.ids import Prefix, show
from crossdock.kit.sketch import bucket_of
from crossdock.model.connection import Connection
from crossdock.wiring import Hub, connector_named
from tests.journey.doors.street import is_problem, street
from tests.support.hub import add_route, add_shop, add_sink, order, signed, until, working

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Road:
    """A shop, a receiver, and the road between them."""

    def __init__(self, hub: Hub, shop: Connection, sink: Connection, url: str, http: aiohttp.ClientSession) -> None:
        self.hub, self.shop, self.sink, self._url, self._http = hub, shop, sink, url, http

    async def dial(self, **dials: Any) -> None:
        async with self._http.put(f"{self._url}/_sandbox/dials", json=dials) as reply:
            assert reply.status == 200

    async def tell(self, number: int, second: int = 0, **more: Any) -> None:
        document = order(number, modified=f"2026-11-20T10:00:{second:02}", **more)
        await self.hub.journey.webhook(self.shop, *signed(document))

    async def rested(self) -> bool:
        async with self.hub.database.engine() as conn:
            return not await conn.fetchval("SELECT count(*) FROM delivery")

    async def counted(self, span: str = "day", **only: Any) -> Counter[tuple[str, str]]:
        """Return the counts by kind and outcome."""
        found: Counter[tuple[str, str]] = Counter()
        for row in await self.rows(span, **only):
            found[row["kind"], row["outcome"]] += row["count"]
        return found

    async def rows(self, span: Any = "day", **only: Any) -> list[dict[str, Any]]:
        now = datetime.now(UTC)
        asked = Slice(now - timedelta(days=2), now + timedelta(days=1), span, **only)
        async with self.hub.database.tenant(self.shop.tenant_id) as conn:
            return await rows_of(conn, self.shop.tenant_id, asked)

    async def status(self) -> dict[str, Any]:
        """Return how the receiver does."""
        told = await status_of(
            self.hub.database.tenant, self.shop.tenant_id, SharedBoard(self.hub.database).used, connector_named
        )
        return next(one for one in told["connections"] if one["name"] == self.sink.name)


@pytest_asyncio.fixture
async def road(hub: Hub) -> AsyncIterator[Road]:
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(receiver.app(SECRET)))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        shop, sink = await add_shop(hub), await add_sink(hub, f"{served.url}/hook")
        await add_route(hub, shop, sink, "*", "post")
        yield Road(hub, shop, sink, served.url, http)


async def test_ends_tries_and_calls_are_counted_once(road: Road) -> None:
    await road.dial(next_errors=2)
    async with working(road.hub):
        for number in range(1, 11):
            await road.tell(number)
        await until(road.rested)
    await road.hub.rollups.note_calls()
    before = await road.counted()
    assert before["delivery", "delivered"] == 10
    assert before["attempt", "delivered"] == 10
    assert before["attempt", "retry"] == 2
    assert before["request", "2xx"] == 10
    assert sum(count for (kind, _), count in before.items() if kind == "request") == 12
    await road.hub.rollups.add_up()
    assert await road.counted() == before == await road.counted("hour")
    assert await road.counted(connection_id=road.sink.id) == before
    assert await road.counted(connection_id=road.shop.id) == Counter()
    assert set(await road.counted(outcome="retry")) == {("attempt", "retry")}


async def test_whoever_ends_a_delivery_is_counted(road: Road) -> None:
    """Superseded by the ledger, skipped at the record, dead at the desk: nobody has to think of it."""
    await road.tell(1, 1)
    await road.hub.journey.tally.flush(road.hub.database)
    tenant = road.shop.tenant_id
    async with road.hub.database.tenant(tenant) as conn:
        (live,) = await conn.fetch("SELECT * FROM delivery")
        await conn.execute(
            "INSERT INTO delivery_done (id, tenant_id, lane_id, route_id, record_id, event_id, seq, state, rule,"
            " attempts, created_at) VALUES ($1, $2, $3, $4, $5, $6, 1, 'skipped', 'discarded', 0, now())",
            *(live[name] for name in ("id", "tenant_id", "lane_id", "route_id", "record_id", "event_id")),
        )
    assert await road.counted() == Counter({("delivery", "skipped:discarded"): 1})
    (row,) = await road.rows(outcome="skipped")
    assert row["route_id"] == show(Prefix.ROUTE, live["route_id"])
    assert row["p50_ms"] is None, "what was not sent has no latency"


async def fill(road: Road, count: int) -> None:
    """Note calls in as many deltas, as many writers would."""
    async with road.hub.database.engine() as conn:
        await conn.execute(
            "INSERT INTO rollup_delta SELECT $1, $2, NULL, 'delivery', 'delivered', date_trunc('hour', now(), 'UTC'),"
            " 2, ARRAY[latency_bucket(n), latency_bucket(1000)], now() FROM generate_series(1, $3::integer) AS n",
            *(road.shop.tenant_id, road.sink.id, count),
        )


async def test_a_crash_in_the_middle_of_adding_up_counts_nothing_twice(road: Road) -> None:
    await fill(road, 100)

    class KilledError(Exception):
        pass

    with contextlib.suppress(KilledError):
        async with road.hub.database.transaction() as conn:
            assert await conn.fetchval(SQL["add_up"], 60) == 60
            raise KilledError
    assert (await road.counted())["delivery", "delivered"] == 200
    # many at once, and writers beside them
    adding = [road.hub.rollups.add_up() for _ in range(4)]
    added = await asyncio.gather(*adding, *(fill(road, 50) for _ in range(3)))
    await road.hub.rollups.add_up()
    assert sum(one or 0 for one in added[:4]) >= 100
    assert (await road.counted())["delivery", "delivered"] == 500
    async with road.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM rollup_delta") == 0


async def test_latencies_add_up_to_percentiles(road: Road) -> None:
    await fill(road, 100)
    (before,) = await road.rows()
    await road.hub.rollups.add_up()
    await fill(road, 100)
    await road.hub.rollups.add_up()
    (row,) = await road.rows()
    assert (row["p50_ms"], row["p95_ms"]) == (before["p50_ms"], before["p95_ms"])
    assert row["p50_ms"] == pytest.approx(100, rel=0.05)
    assert row["p99_ms"] == pytest.approx(1000, rel=0.05)


async def test_the_database_and_the_program_sort_into_the_same_buckets(hub: Hub) -> None:
    values = [0.0, 0.5, 1.0, 1.05, 2.0, 9.99, 100.0, 12_345.6, 3_600_000.0, 259_200_000.0, 1e14]
    async with hub.database.engine() as conn:
        found = await conn.fetch(
            "SELECT latency_bucket(ms) AS b FROM unnest($1::float8[]) WITH ORDINALITY AS k(ms, i)", values
        )
    assert [row["b"] for row in found] == [bucket_of(ms) for ms in values]


async def test_how_a_connection_does(road: Road) -> None:
    await road.tell(1)
    status = await road.status()
    assert (status["waiting"], status["state"], status["breaker"], status["error_share"]) == (
        1,
        "active",
        "closed",
        None,
    )
    assert status["oldest_waiting_at"] is not None
    assert status["forecast"] is not None
    async with working(road.hub):
        await until(road.rested)
        await road.dial(next_errors=1)
        await road.tell(2)
        await until(road.rested)
    await road.hub.rollups.note_calls()
    await road.hub.rollups.add_up()
    await road.hub.rollups.rate()
    status = await road.status()
    assert (status["waiting"], status["lag_s"], status["tries"], status["requests_today"]) == (0, 0.0, 3, 3)
    assert status["error_share"] == pytest.approx(1 / 3, abs=0.001)
    assert status["latency_ms"]["p50"] is not None
    assert status["last_success_at"] == status["last_delivered_at"] is not None


async def test_a_large_queue_is_told_as_it_was_counted(road: Road) -> None:
    await road.tell(1)
    await road.hub.rollups.count_queue()
    async with road.hub.database.engine() as conn:
        # larger than what is counted at every call
        await conn.execute(
            "INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority,"
            " head, reason) SELECT gen_random_uuid(), $1, $2, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
            " 1, false, 1, true, repeat('x', 400) FROM generate_series(1, 12000)",
            *(road.shop.tenant_id, road.sink.id),
        )
    told = await status_of(
        road.hub.database.tenant, road.shop.tenant_id, SharedBoard(road.hub.database).used, connector_named
    )
    assert told["queue"]["exact"] is False
    assert (await road.status())["waiting"] == 1, "as it was counted"
    await road.hub.rollups.count_queue()
    assert (await road.status())["waiting"] == 12_001


async def test_one_process_does_a_round_for_all(hub: Hub) -> None:
    turns = [hub.rollups._turn("add", timedelta(minutes=1)) for _ in range(4)]
    assert sorted(await asyncio.gather(*turns)) == [False, False, False, True]


async def test_old_sums_are_forgotten(road: Road) -> None:
    await fill(road, 1)
    await road.hub.rollups.add_up()
    async with road.hub.database.engine() as conn:
        await conn.execute("UPDATE rollup SET at = at - interval '9 days'")
    await road.hub.rollups.forget()
    async with road.hub.database.engine() as conn:
        assert [row["span"] for row in await conn.fetch("SELECT span FROM rollup")] == ["day"]
        await conn.execute("UPDATE rollup SET at = at - interval '730 days'")
    await road.hub.rollups.forget()
    async with road.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM rollup") == 0


async def test_statistics_and_status_over_the_api(road: Road) -> None:
    hub = road.hub
    await fill(road, 3)
    key = (await hub.keys.add(road.shop.tenant_id, "reads", ("read",)))[1]
    other = (await hub.keys.add(await hub.tenants.add("other"), "reads", ("read",)))[1]
    sink = show(Prefix.CONNECTION, road.sink.id)
    async with street(hub) as doors:
        (row,) = (await doors.get(f"/api/v1/stats?connection_id={sink}&outcome=delivered", key)).json["items"]
        assert (row["count"], row["kind"], row["route_id"], row["connection_id"]) == (6, "delivery", None, sink)
        assert (await doors.get("/api/v1/stats?by=hour", key)).json["items"][0]["count"] == 6
        assert (await doors.get("/api/v1/stats?to=2026-01-01T00:00:00Z", key)).json["items"] == []
        assert (await doors.get("/api/v1/stats", other)).json["items"] == []
        is_problem(await doors.get("/api/v1/stats?from=2026-01-01T00:00:00", key), 400, "bad-input", "from")
        is_problem(await doors.get("/api/v1/stats?connection_id=con_x", key), 400, "bad-input", "connection_id")
        shown = (await doors.get("/api/v1/status", key)).json
        assert shown["queue"]["exact"] is True
        Status.model_validate(shown)
        Status.model_validate(EXAMPLE)
        assert {one["name"] for one in shown["connections"]} == {"shop", "sink"}
        assert (await doors.get("/api/v1/status", other)).json["connections"] == []


def test_a_slice_begins_with_its_day() -> None:
    at = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
    day = slice_of("day", at, at + timedelta(days=1), None, None, None)
    assert day.since == datetime(2026, 11, 21, tzinfo=UTC)
    assert slice_of("hour", at, at + timedelta(hours=1), None, None, None).since.hour == 10
    for wrong in ({"since": at, "until": at - timedelta(days=1)}, {"since": at - timedelta(days=900), "until": at}):
        with pytest.raises(BadInput):
            slice_of("day", wrong["since"], wrong["until"], None, None, None)
