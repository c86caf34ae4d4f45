"""Alerts on their way: raised once, told once, reminded of, over; through kills, refusals and flapping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from crossdock.connect.auth import standard_webhooks
from crossdock.govern.alerts import NewChannel
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.connection import Connection
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.crash.strike import Strike
from tests.journey.alerts.places import PLACES
from tests.support.hub import add_route, add_shop, add_sink, until, working
from tests.support.inboxes import Mailbox, Receiver, mailbox, receiver


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Looks often, and believes soon that something is over."""
    often = {"alert_every_s": 0.1, "alert_calm_s": 0.2, "alert_retry_base_s": 0.05}
    return settings.model_copy(update={**often, "report_at_hour": -1})


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as made:
        yield made


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


async def by_mail(hub: Hub, box: Mailbox, **more: Any) -> dict[str, Any]:
    form = {"host": "127.0.0.1", "port": box.port, "security": "none", "sender": "hub@hub.test", "to": ["ops@hub.test"]}
    tenant = await hub.tenants.find()
    return await hub.alerting.channels.add(tenant, NewChannel("mail", "email", form, **more), actor="test")


async def by_post(hub: Hub, kind: str, url: str, **more: Any) -> dict[str, Any]:
    tenant = await hub.tenants.find()
    return await hub.alerting.channels.add(tenant, NewChannel(kind, kind, {"url": url}, **more), actor="test")


async def add_dead(hub: Hub, lane: Connection, count: int = 1) -> None:
    """Put deliveries that were given up into the history."""
    async with hub.database.engine() as conn:
        for _ in range(count):
            await conn.execute(
                "INSERT INTO delivery_done (id, tenant_id, lane_id, route_id, record_id, event_id, seq, state, reason,"
                " attempts, created_at) VALUES ($1, $2, $3, $1, $1, $1, 1, 'dead', 'Person-Canary refused', 1, now())",
                new_id(),
                lane.tenant_id,
                lane.id,
            )


async def replayed(hub: Hub) -> None:
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE delivery_done SET replayed = true WHERE state = 'dead'")


async def rows(hub: Hub, query: str) -> list[Any]:
    async with hub.database.engine() as conn:
        return list(await conn.fetch(query))


async def test_a_dead_letter_is_told_once_and_so_is_its_end(hub: Hub, box: Mailbox) -> None:
    lane = await add_sink(hub, "http://127.0.0.1:9/")
    await by_mail(hub, box)
    await add_dead(hub, lane)
    async with working(hub):
        await until(_async(lambda: box.messages))
        assert box.subjects == ["[Crossdock] Alert: sink: 1 delivery was given up"]
        await add_dead(hub, lane, 2)
        await until(lambda: _count(hub, 3))
        assert len(box.messages) == 1, "more of the same is no news"
        await replayed(hub)
        await until(_async(lambda: len(box.messages) > 1))
    assert box.subjects[1] == "[Crossdock] Over: sink: 3 deliveries were given up"
    told = box.text(0)
    assert "crossdock dead-letters list --connection con_" in told
    assert "to do" in told
    assert "Person-Canary" not in told
    assert len({str(m["Message-ID"]) for m in box.messages}) == 2
    (alert,) = await rows(hub, "SELECT * FROM alert")
    assert alert["ended_at"] is not None


async def _count(hub: Hub, count: int) -> bool:
    found = await rows(hub, "SELECT count FROM alert WHERE ended_at IS NULL")
    return [row["count"] for row in found] == [count]


def _async(condition: Any) -> Any:
    async def asked() -> Any:
        return condition()

    return asked


async def test_slack_is_asked_again_when_it_says_so(hub: Hub, sink: Receiver) -> None:
    lane = await add_sink(hub, "http://127.0.0.1:9/")
    await by_post(hub, "slack", sink.url)
    sink.answers += [(429, {"Retry-After": "0"}), (503, {})]
    await add_dead(hub, lane)
    async with working(hub):
        await until(_async(lambda: sink.posts))
        await until(lambda: rows(hub, "SELECT 1 FROM alert_notice WHERE state = 'sent'"))
    ((_, body),) = sink.posts
    said = orjson.loads(body)
    assert said["text"] == "Alert: sink: 1 delivery was given up"
    assert said["blocks"][0]["type"] == "section"
    (notice,) = await rows(hub, "SELECT * FROM alert_notice")
    assert notice["attempt"] == 3
    (channel,) = await rows(hub, "SELECT * FROM alert_channel")
    assert channel["failing_since"] is None
    assert channel["problem"] is None


async def test_posts_are_signed_and_keep_their_id(hub: Hub, sink: Receiver) -> None:
    lane = await add_sink(hub, "http://127.0.0.1:9/")
    made = await by_post(hub, "webhook", sink.url)
    assert "secret-path-canary" not in str(await hub.alerting.channels.listed(lane.tenant_id))
    await add_dead(hub, lane)
    async with working(hub):
        await until(_async(lambda: sink.posts))
    ((headers, body),) = sink.posts
    keys = (standard_webhooks.key_of(made["secret"]),)
    standard_webhooks.verify(keys, headers, body, float(headers["webhook-timestamp"]))
    said = orjson.loads(body)
    assert said["type"] == "crossdock.alerts"
    (alert,) = said["data"]["alerts"]
    assert (alert["what"], alert["kind"], alert["count"]) == ("raised", "dead_letters", 1)
    (notice,) = await rows(hub, "SELECT id FROM alert_notice")
    assert headers["webhook-id"] == show(Prefix.NOTICE, notice["id"])


@pytest.mark.parametrize("place", PLACES)
async def test_a_sender_lost_on_the_way_is_followed_by_another(settings: Settings, box: Mailbox, place: str) -> None:
    strike = Strike(place)
    async with open_hub(settings, strike) as first:
        lane = await add_sink(first, "http://127.0.0.1:9/")
        await by_mail(first, box)
        await add_dead(first, lane)
        assert await first.alerting.alerts.evaluate("doomed")
        doomed = asyncio.create_task(first.alerting.notices.send_one("doomed"))
        await asyncio.wait_for(strike.struck.wait(), 20)
        doomed.cancel()
        await asyncio.gather(doomed, return_exceptions=True)
    sent_before = len(box.messages)
    assert sent_before == (1 if place == "notice.sent" else 0)
    async with open_hub(settings) as second:
        assert not await second.alerting.notices.send_one("next"), "the lease of the lost one holds"
        async with second.database.engine() as conn:
            await conn.execute("UPDATE alert_notice SET until = now() - interval '1 second'")
        assert await second.alerting.notices.send_one("next")
        assert not await second.alerting.notices.send_one("next")
        found = await rows(second, "SELECT state, attempt FROM alert_notice")
    assert [tuple(row) for row in found] == [("sent", 2)]
    assert len(box.messages) == sent_before + 1
    assert len({str(message["Message-ID"]) for message in box.messages}) == 1, "a mail program shows it once"


async def test_several_processes_tell_it_once(settings: Settings, box: Mailbox) -> None:
    async with open_hub(settings) as one, open_hub(settings) as two, open_hub(settings) as three:
        lane = await add_sink(one, "http://127.0.0.1:9/")
        await by_mail(one, box)
        await add_dead(one, lane)
        async with working(one), working(two), working(three):
            await until(_async(lambda: box.messages))
            await replayed(one)
            await until(_async(lambda: len(box.messages) > 1))
        assert len(await rows(one, "SELECT 1 FROM alert")) == 1
    assert [subject.split(":")[0] for subject in box.subjects] == ["[Crossdock] Alert", "[Crossdock] Over"]


async def test_a_broken_connection_says_why(hub: Hub, sink: Receiver) -> None:
    shop = await add_shop(hub)
    lane = await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, lane, "*", "post")
    await by_post(hub, "webhook", sink.url, least="error")
    async with hub.database.engine() as conn:
        await conn.execute(
            "UPDATE connection SET state = 'broken', problem = 'the receiver refuses us; make a new secret'"
            " WHERE id = $1",
            lane.id,
        )
    assert await hub.alerting.alerts.evaluate("test")
    assert await hub.alerting.notices.send_one("test")
    (alert,) = orjson.loads(sink.posts[0][1])["data"]["alerts"]
    assert alert["kind"] == "connection_broken"
    assert alert["cause"] == "the receiver refuses us"
    assert alert["remedy"].startswith("make a new secret")
    assert alert["command"].startswith("crossdock check con_")
