"""The hourly check: a revoked token breaks, a good one resumes, the lane goes on; silence breaks nothing soon."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import pytest_asyncio

from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.govern.alerts import NewChannel
from crossdock.kit.clock import SetClock
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.hub import add_route, add_shop, add_sink, order, signed, until, working
from tests.support.inboxes import Receiver, receiver


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"alert_every_s": 0.1, "alert_calm_s": 0.2, "report_at_hour": -1})


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime.now(UTC))


@pytest_asyncio.fixture
async def hub(settings: Settings, clock: SetClock) -> AsyncIterator[Hub]:
    async with open_hub(settings, clock=clock) as opened:
        yield opened


async def state(hub: Hub, name: str) -> tuple[str, Any]:
    async with hub.database.engine() as conn:
        row = await conn.fetchrow("SELECT state, problem FROM connection WHERE name = $1", name)
    assert row is not None
    return row["state"], row["problem"]


async def checked(hub: Hub, clock: SetClock, hours: float = 1.2) -> None:
    clock.advance(hours * 3600)
    assert await hub.alerting.checks.one("test")


async def test_a_revoked_token_breaks_and_a_good_one_resumes(hub: Hub, clock: SetClock) -> None:
    portal = hubspot.HubSpotSandbox(hubspot.Settings(per_10s=100_000))
    tenant = await hub.tenants.find()
    async with serving(portal) as crm:
        form = {"token": hubspot.TOKEN, "base_url": crm.url}
        await hub.connections.connect(tenant, "hubspot", form, name="crm", actor="test")
        await hub.alerting.checks.plan()
        await checked(hub, clock)
        assert await state(hub, "crm") == ("active", None)
        tokens, portal.settings.tokens = portal.settings.tokens, {}
        await checked(hub, clock)
        broken, problem = await state(hub, "crm")
        assert broken == "broken"
        assert "token" in problem
        portal.settings.tokens = tokens
        await checked(hub, clock)
        assert await state(hub, "crm") == ("active", None)
    (check,) = await hub.alerting.checks.listed(tenant)
    assert check["requests"] > 3, "what checks cost is counted"
    assert not await hub.alerting.checks.one("test"), "once an hour is enough"


async def test_silence_breaks_after_the_third_time_and_is_looked_at_soon(hub: Hub, clock: SetClock) -> None:
    async with receiver() as there:
        await add_sink(hub, there.url)
    await hub.alerting.checks.plan()
    await checked(hub, clock)
    for _ in range(2):
        assert (await state(hub, "sink"))[0] == "active"
        await checked(hub, clock, 0.1)
    broken, problem = await state(hub, "sink")
    assert broken == "broken"
    assert problem


async def test_what_got_through_outweighs_a_check_that_did_not(hub: Hub, clock: SetClock) -> None:
    async with receiver() as there:
        lane = await add_sink(hub, there.url)
    await hub.alerting.checks.plan()
    for _ in range(4):
        clock.advance(4000)
        async with hub.database.engine() as conn:
            await conn.execute(
                "INSERT INTO lane_pace (lane_id, tenant_id, minute, bucket, count) VALUES ($1, $2, $3, 0, 1)",
                lane.id,
                lane.tenant_id,
                clock.now().replace(second=0, microsecond=0),
            )
        assert await hub.alerting.checks.one("test")
    assert (await state(hub, "sink"))[0] == "active"


async def test_a_broken_connection_is_resumed_and_its_lane_goes_on(settings: Settings) -> None:
    often = settings.model_copy(update={"check_every_s": 0.2})
    async with open_hub(often) as hub, receiver() as sink, receiver() as told:
        shop = await add_shop(hub)
        lane = await add_sink(hub, sink.url)
        await add_route(hub, shop, lane, "order", "post")
        await by_webhook(hub, told)
        async with hub.database.engine() as conn:
            await conn.execute(
                "UPDATE connection SET state = 'broken', problem = 'gone; come back', account_uid = $1"
                " WHERE name = 'sink'",
                (await (await hub.directory.destination(lane.id)).check()).account_uid,
            )
        headers, body = signed(order(1))
        await hub.journey.webhook(await hub.directory.connection(shop.id), headers, body)
        assert await hub.alerting.alerts.evaluate("test")
        async with working(hub):
            await until(_posted(sink))
            assert (await state(hub, "sink"))[0] == "active"
            await until(_told(told, 2))
        kinds = [(one["what"], one["kind"]) for one in _alerts(told)]
    assert kinds == [("raised", "connection_broken"), ("recovered", "connection_broken")]


async def by_webhook(hub: Hub, sink: Receiver) -> None:
    new = NewChannel("hook", "webhook", {"url": sink.url}, kinds=("connection_broken",))
    await hub.alerting.channels.add(await hub.tenants.find(), new, actor="test")


def _posted(sink: Receiver) -> Any:
    async def asked() -> Any:
        return sink.posts

    return asked


def _told(sink: Receiver, count: int) -> Any:
    async def asked() -> bool:
        return len(sink.posts) >= count

    return asked


def _alerts(sink: Receiver) -> list[Any]:
    return [one for _, body in sink.posts for one in orjson.loads(body)["data"]["alerts"]]


async def test_two_processes_make_one_check(settings: Settings, clock: SetClock) -> None:
    async with open_hub(settings, clock=clock) as one, open_hub(settings, clock=clock) as two, receiver() as there:
        await add_sink(one, there.url)
        await one.alerting.checks.plan()
        await two.alerting.checks.plan()
        clock.advance(4000)
        assert [await hub.alerting.checks.one("x") for hub in (one, two, one)] == [True, False, False]
