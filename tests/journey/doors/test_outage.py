"""A database that is away, full or slow: 503 with Retry-After, nothing accepted, and all is well again afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from crossdock.settings import Settings
from crossdock.store.embedded import EmbeddedServer
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Street, is_problem, rows, stored, street
from tests.support.database import TestServer
from tests.support.hub import add_shop, order, until

EVENT = {"type": "assessment.completed", "data": {}}


async def test_a_stopped_database_is_told_and_survived(open_tmp: Path, settings: Settings) -> None:
    own = open_tmp / "outage"
    embedded = settings.model_copy(update={"database_url": None, "data_dir": own})
    async with open_hub(embedded) as hub, street(hub) as doors:
        shop = await add_shop(hub)
        key = (await hub.keys.add(await hub.tenants.find(), "all", ("admin",)))[1]
        assert (await doors.hook(shop, order(1))).status == 200
        server = hub.database.server
        assert server is not None
        await _without_watch(hub)
        # a second handle of the same cluster: stop it as an administrator would
        await asyncio.to_thread(_stop, server)
        for answer in (
            await doors.hook(shop, order(2)),
            await doors.post("/api/v1/events", EVENT, key),
            await doors.get("/api/v1/status", key),
            await doors.get("/readyz"),
        ):
            is_problem(answer, 503, "overloaded")
            assert int(answer.headers["Retry-After"]) > 0
        assert (await doors.get("/")).status == 503
        assert (await doors.get("/healthz")).status == 200
        assert (await doors.get("/metrics")).status == 200
        await asyncio.to_thread(server.ensure)

        async def back() -> bool:
            return (await doors.get("/readyz")).status == 200

        await until(back)
        assert (await doors.hook(shop, order(3))).status == 200
        assert [r["external_id"] for r in await rows(hub, "SELECT external_id FROM event ORDER BY seq, id")] == [
            "1",
            "3",
        ]


@pytest.mark.parametrize(("state", "least"), [("53100", 10), ("53200", 10), ("57P03", 1)])
async def test_a_full_disk_is_told_and_nothing_is_accepted(
    hub: Hub, doors: Street, postgres: TestServer, settings: Settings, state: str, least: int
) -> None:
    """A trigger raises what PostgreSQL raises when a file cannot grow (53100), memory is short or it is starting."""
    shop = await add_shop(hub)
    key = (await hub.keys.add(await hub.tenants.find(), "all", ("admin",)))[1]
    await hub.connections.hub_source(shop.tenant_id)
    database = _name(settings)
    postgres.admin(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = 'could not extend file'; END $$",
        database=database,
    )
    postgres.admin(
        "CREATE TRIGGER no_room BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION no_room()", database=database
    )
    for answer in (
        await doors.hook(shop, order()),
        await doors.post("/api/v1/events", EVENT, key),
        await doors.post("/api/v1/events", [EVENT, EVENT], key),
    ):
        is_problem(answer, 503, "overloaded")
        assert int(answer.headers["Retry-After"]) >= least
        assert b"extend" not in answer.body
    assert set((await stored(hub)).values()) == {0}
    postgres.admin("DROP TRIGGER no_room ON event", database=database)
    assert (await doors.hook(shop, order())).status == 200


async def test_a_slow_disk_ends_in_503_before_accepting(settings: Settings) -> None:
    impatient = settings.model_copy(update={"ingest_age_s": 0.2, "ingest_flushers": 1, "ingest_batch": 1})
    async with open_hub(impatient) as hub, street(hub) as doors:
        shop = await add_shop(hub)
        async with hub.database.transaction() as conn:
            await conn.execute("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
            waiting = [asyncio.create_task(doors.hook(shop, order(n))) for n in range(1, 4)]

            async def refuses() -> bool:
                return (await doors.get("/readyz")).status == 503

            await until(refuses)
            is_problem(await doors.hook(shop, order(9)), 503, "overloaded")
        assert [(await task).status for task in waiting] == [200, 200, 200]
        assert len(await rows(hub, "SELECT 1 FROM event")) == 3


async def _without_watch(hub: Hub) -> None:
    """Keep the supervisor from starting the server again at once."""
    watch = hub.database._watch
    assert watch is not None
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)


def _stop(server: EmbeddedServer) -> None:
    pid = server.postmaster_pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + 20
    while server.postmaster_pid is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _name(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value().split("?")[0].rpartition("/")[2]
