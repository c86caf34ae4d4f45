"""Real processes: a worker stopped in mid-call for longer than its lease, and one that is killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.flow.journey import Journey
from crossdock.model.connection import Connection
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.crash.stage import Stage, quiet, staged
from tests.support.hub import add_shop, order, signed, until, working

LEASE_S = 1.0
CALL_S = 1.0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"call_timeout_s": CALL_S, "lease_s": LEASE_S, "doubt_margin_s": 0.3})


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(30) as made:
        yield made


@contextlib.asynccontextmanager
async def worker_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``crossdock worker`` on the test's database."""
    assert settings.database_url is not None
    env = {
        **os.environ,
        "CROSSDOCK_DATABASE_URL": settings.database_url.get_secret_value(),
        "CROSSDOCK_MASTER_KEY_FILE": str(settings.master_key_file),
        "CROSSDOCK_EGRESS_ALLOW": "127.0.0.1/32",
        "CROSSDOCK_PRODUCTION": "false",
        "CROSSDOCK_CALL_TIMEOUT_S": str(settings.call_timeout_s),
        "CROSSDOCK_LEASE_S": str(settings.lease_s),
        "CROSSDOCK_DOUBT_MARGIN_S": str(settings.doubt_margin_s),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "crossdock", "worker", env=env, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


async def tell(journey: Journey, shop: Connection, document: dict[str, Any]) -> None:
    headers, body = signed(document)
    (receipt,) = await journey.webhook(shop, headers, body)
    assert receipt.verdict == "applied"


async def held(hub: Hub) -> list[Any]:
    async with hub.database.engine() as conn:
        found: list[Any] = await conn.fetch("SELECT lane_epoch FROM delivery WHERE state = 'claimed'")
        return found


async def deals(stage: Stage) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = (await stage.portal())["objects"]["deals"]
    return made


async def test_a_worker_that_slept_through_its_lease_overwrites_nothing(stage: Stage, settings: Settings) -> None:
    """Stopped in mid-call, its call takes effect late: the newest state stands, once; the sleeper writes nothing."""
    async with open_hub(settings) as hub:
        shop = await add_shop(hub)
        tenant = await hub.tenants.find()
        form = {"token": hubspot.TOKEN, "base_url": stage.portal_url}
        crm = await hub.connections.connect(tenant, "hubspot", form, actor="test")
        await tell(hub.journey, shop, order(1, status="processing"))
        await stage.dial(latency_ms=600)
        async with worker_process(settings) as sleeper:
            (claimed,) = await until(lambda: held(hub))
            sleeper.send_signal(signal.SIGSTOP)
            await tell(hub.journey, shop, order(1, status="completed", modified="2026-11-20T10:00:30"))
            # two leases and more, until its call can no longer take effect
            await asyncio.sleep(2 * LEASE_S)
            await stage.dial(latency_ms=0)
            async with working(hub):
                await until(lambda: _delivered(hub, 2))
                sleeper.send_signal(signal.SIGCONT)
                await asyncio.sleep(2 * LEASE_S)
                assert sleeper.returncode is None
        async with hub.database.engine() as conn:
            epochs = [row["lane_epoch"] for row in await conn.fetch("SELECT lane_epoch FROM link")]
            queue = await conn.fetchval("SELECT count(*) FROM delivery")
            delivered = await conn.fetch(
                "SELECT seq FROM delivery_done WHERE state = 'delivered' AND lane_id = $1", crm.id
            )
    (deal,) = await deals(stage)
    assert deal["properties"]["crossdock_order_status"] == "completed"
    assert queue == 0
    assert max(row["seq"] for row in delivered) == 2
    assert min(epochs) > claimed["lane_epoch"], "a link was written under the sleeper's epoch"
    await stage.no_doubles_of("deals", "line_items", "contacts")


async def _delivered(hub: Hub, seq: int) -> bool:
    async with hub.database.engine() as conn:
        found = await conn.fetchval("SELECT count(*) FROM delivery_done WHERE state = 'delivered' AND seq = $1", seq)
        return bool(found) and not await conn.fetchval("SELECT count(*) FROM delivery")


async def test_workers_killed_in_turn_lose_and_double_nothing(stage: Stage, settings: Settings) -> None:
    """Two processes at once on one database, one of them killed with SIGKILL again and again."""
    async with open_hub(settings) as hub:
        await stage.connect(hub)
        async with worker_process(settings):
            for _ in range(3):
                async with worker_process(settings) as doomed:
                    await asyncio.sleep(1.5)
                    doomed.kill()
                    await doomed.wait()
            await quiet(hub)
            proof = await stage.proven(hub)
    assert proof.ok, (proof.rows, proof.differences[:10])
    await stage.no_doubles()


async def _finished(hub: Hub) -> bool:
    async with hub.database.engine() as conn:
        return bool(await conn.fetchval("SELECT count(*) FROM delivery_done WHERE state = 'delivered'"))


async def _owners(hub: Hub) -> int:
    async with hub.database.engine() as conn:
        found: int = await conn.fetchval("SELECT count(*) FROM lane WHERE owner IS NOT NULL AND until > now()")
        return found


@pytest.mark.parametrize("slow_ms", [400, 60_000])
async def test_a_worker_that_is_told_to_end_finishes_its_call_within_a_limit(
    stage: Stage, settings: Settings, slow_ms: int
) -> None:
    """It exits 0 and holds nothing any more: the call is done, or left in doubt to the next owner."""
    settings = settings.model_copy(update={"call_timeout_s": 30.0})
    async with open_hub(settings) as hub:
        shop = await add_shop(hub)
        form = {"token": hubspot.TOKEN, "base_url": stage.portal_url}
        await hub.connections.connect(await hub.tenants.find(), "hubspot", form, actor="test")
        await stage.dial(latency_ms=slow_ms)
        await tell(hub.journey, shop, order(1))
        async with worker_process(settings) as process:
            await until(lambda: held(hub))
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 30) == 0
        assert await _owners(hub) == 0
        if slow_ms < 1000:
            # what was claimed went on to its end, or back into the line between two steps
            assert not await held(hub) or await hub.pump.take("next") is not None
        else:
            assert await held(hub)
            taken = await hub.pump.take("next")
            assert taken is not None, "the next owner need not wait for the lease"
