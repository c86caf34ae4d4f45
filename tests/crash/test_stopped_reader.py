"""A worker that is stopped in the middle of a backfill: another goes on at its page, and its sleep doubles nothing."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from typing import Any

from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce.sandbox import (
    DEFAULT_CONSUMER_KEY,
    DEFAULT_CONSUMER_SECRET,
    build,
    generate,
)
from crossdock.connectors.woocommerce.sandbox import Settings as ShopSettings
from crossdock.flow.run import RunKind
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.support.hub import add_connection, until, working

from .test_processes import worker_process


async def test_a_stopped_reader_loses_its_run_and_wakes_to_nothing(settings: Settings) -> None:
    shop = generate(600, 1)
    slow = ShopSettings(list_ceiling_per_s=4.0)
    async with open_hub(settings) as hub, serving(build(shop, slow)) as served:
        keys = {"key": DEFAULT_CONSUMER_KEY, "secret": DEFAULT_CONSUMER_SECRET}
        at = await add_connection(hub, "woocommerce", "shop", {"url": served.url, "plain_http": True}, keys)
        run_id = await hub.runs.add(at.tenant_id, at.id, RunKind.BACKFILL, ("order",))

        def pages(least: int) -> Callable[[], Awaitable[Any]]:
            async def read() -> dict[str, Any] | None:
                found = await hub.runs.one(at.tenant_id, run_id)
                done = found and found["progress"].get("order", {}).get("pages", 0)
                return found if done and done >= least else None

            return read

        async with worker_process(settings) as sleeper:
            begun = await until(pages(2))
            assert begun["state"] == "running"
            sleeper.send_signal(signal.SIGSTOP)
            async with working(hub):

                async def over() -> dict[str, Any] | None:
                    found = await hub.runs.one(at.tenant_id, run_id)
                    return found if found and found["ended_at"] else None

                done = await until(over, patience_s=180)
                sleeper.send_signal(signal.SIGCONT)
                assert done["state"] == "done"
                assert await until(over) == done, "what the sleeper still had in hand changes nothing"
        async with hub.database.engine() as conn:
            assert await conn.fetchval("SELECT count(*) FROM record WHERE stream = 'order'") == len(shop.orders.rows)
            assert await conn.fetchval("SELECT count(*) FROM event WHERE stream = 'order'") == len(shop.orders.rows)
            assert await conn.fetchval("SELECT epoch FROM run WHERE id = $1", run_id) >= 2, "taken over"
