"""The health report: counts of the day, what is to do, once a day and by mail, over API and command line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from crossdock.govern.alerts import NewChannel
from crossdock.kit.clock import SetClock
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.alerts.test_alerts import add_dead
from tests.journey.doors.street import is_problem, street
from tests.support.hub import add_sink
from tests.support.inboxes import mailbox

AT = datetime.now(UTC).replace(hour=9, minute=30)


@pytest_asyncio.fixture
async def hub(settings: Settings) -> AsyncIterator[Hub]:
    async with open_hub(settings, clock=SetClock(AT)) as opened:
        yield opened


async def due(hub: Hub) -> None:
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE chore SET next_at = now() - interval '1 second', until = NULL")


async def test_a_day_is_reported_once_whoever_asks(settings: Settings, hub: Hub) -> None:
    lane = await add_sink(hub, "http://127.0.0.1:9/")
    await add_dead(hub, lane, 2)
    assert await hub.alerting.alerts.evaluate("test")
    async with mailbox() as box, open_hub(settings, clock=SetClock(AT)) as other:
        form: dict[str, Any] = {"host": "127.0.0.1", "port": box.port, "security": "none"}
        form |= {"sender": "hub@hub.test", "to": ["ops@hub.test"]}
        await hub.alerting.channels.add(lane.tenant_id, NewChannel("mail", "email", form), actor="test")
        made = await asyncio.gather(hub.alerting.health.daily("a"), other.alerting.health.daily("b"))
        assert sum(made) == 1
        await due(hub)
        assert await other.alerting.health.daily("b") == 0
        assert await hub.alerting.notices.send_one("a")
        assert not await hub.alerting.notices.send_one("a")
        (subject,) = box.subjects
        text = box.text(0)
    assert subject == "[Crossdock] Health of default: 1 thing to do; 0 delivered, 2 given up"
    assert "sink: 2 deliveries were given up" in text
    assert "Person-Canary" not in text


async def test_before_its_hour_and_without_one_no_report_is_made(settings: Settings) -> None:
    for hour, at in ((-1, AT), (12, AT)):
        asked = settings.model_copy(update={"report_at_hour": hour})
        async with open_hub(asked, clock=SetClock(at)) as hub:
            await add_sink(hub, "http://127.0.0.1:9/", f"sink-{hour}")
            assert await hub.alerting.health.daily("test") == 0


async def test_it_is_read_over_the_api(hub: Hub) -> None:
    key = (await hub.keys.add(await hub.tenants.find(), "reads", ("read",)))[1]
    await add_sink(hub, "http://127.0.0.1:9/")
    async with street(hub) as doors:
        found = (await doors.get("/api/v1/reports/health", key)).json
        assert (found["ok"], found["to_do"]) == (True, [])
        assert found["title"] == "Health of default: all is well; 0 delivered, 0 given up"
        assert [one["name"] for one in found["connections"]] == ["sink"]
        is_problem(await doors.get(f"/api/v1/reports/health?day={AT.date()}", key), 404, "not-found", "day")
        assert await hub.alerting.health.daily("test") == 1
        kept = (await doors.get(f"/api/v1/reports/health?day={AT.date()}", key)).json
    assert kept["to"] == AT.isoformat().replace("+00:00", "Z")
    assert datetime.fromisoformat(kept["from"]) > AT - timedelta(hours=25)
