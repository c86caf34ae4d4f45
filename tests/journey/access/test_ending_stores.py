"""A tenant's end at its stores: webhooks are taken back where the store answers, and told where it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio

from crossdock.connectors.woocommerce.sandbox import DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET
from crossdock.govern.programs.ending import Ending
from crossdock.settings import Settings
from tests.journey.connect.stage import Stage, staged


@pytest_asyncio.fixture
async def stage(settings: Settings, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(settings, tmp_path) as opened:
        yield opened


async def ended(stage: Stage) -> dict[str, Any]:
    tenant = await stage.hub.tenants.find()
    ending = Ending(stage.hub.database, stage.hub.connections, timedelta())
    end = await ending.ask(tenant, "default", actor="cli")
    while await ending.work():
        pass
    return await ending.receipt(end)


async def connected(stage: Stage) -> Any:
    form = {"url": stage.shop_url, "key": DEFAULT_CONSUMER_KEY, "secret": DEFAULT_CONSUMER_SECRET, "plain_http": True}
    return await stage.hub.connections.connect(await stage.hub.tenants.find(), "woocommerce", form, actor="test")


async def test_webhooks_are_taken_back_at_the_store(stage: Stage) -> None:
    await connected(stage)
    assert len(stage.shop.hooks.rows) == 15
    receipt = await ended(stage)
    assert (receipt["state"], receipt["left_behind"]) == ("deleted", [])
    assert len(stage.shop.hooks.rows) == 0


async def test_what_the_store_keeps_is_told(stage: Stage) -> None:
    made = await connected(stage)
    async with stage.hub.database.engine() as conn:
        # the keys were taken away at the store: it lets nobody in
        await conn.execute("DELETE FROM credential WHERE connection_id = $1 AND name = 'secret'", made.id)
    stage.hub.directory.forget(made.id)
    receipt = await ended(stage)
    assert receipt["state"] == "deleted"
    (left,) = receipt["left_behind"]
    assert left["connector"] == "woocommerce"
    assert left["left_behind"]
    assert stage.shop_url not in str(receipt), "a receipt holds no address"
    assert len(stage.shop.hooks.rows) == 15
