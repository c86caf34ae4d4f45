"""A safe start at a full portal: observe, a canary, then all."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import CONNECTOR
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.errors import BadInput
from crossdock.flow.deliver.letters import Filter
from crossdock.flow.deliver.replays import Ask
from crossdock.flow.deliver.rollout import among
from crossdock.flow.run import RunKind
from crossdock.govern.choices import checked
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection
from crossdock.worker import Worker
from tests.journey.hubspot.stage import Place, Portal
from tests.support.hub import until, working

pytestmark = pytest.mark.asyncio
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
ORDERS = 30


class Start:
    """A shop with history beside a portal."""

    def __init__(self, place: Place, portal: Portal) -> None:
        self.place, self.hub, self.portal = place, place.hub, portal
        self.crm: Any = None

    async def connect(self, shop_url: str) -> None:
        """Connect both; the portal observes from the first moment."""
        tenant = await self.hub.tenants.find()
        token = {"token": hubspot.TOKEN, "base_url": self.portal.url, "rollout": "observe"}
        made = await self.hub.connections.connect(tenant, "hubspot", token, actor="test")
        self.crm = await self.hub.connections.one(tenant, made.id)
        form = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        shop = {"url": shop_url, "plain_http": True, **form}
        made = await self.hub.connections.connect(tenant, "woocommerce", shop, actor="test")
        await self.hub.runs.add(tenant, made.id, RunKind.BACKFILL, ("order",))

    async def choose(self, rollout: Any) -> Connection:
        """Change the portal's rollout."""
        return await self.hub.upkeep.change(self.crm.tenant_id, self.crm.id, {"rollout": rollout}, actor="test")

    async def rested(self) -> None:
        """Wait until all runs are done and nothing waits."""

        async def quiet() -> bool:
            async with self.hub.database.engine() as conn:
                open_runs = await conn.fetchval("SELECT count(*) FROM run WHERE state NOT IN ('done', 'cancelled')")
                return not open_runs and not await conn.fetchval("SELECT count(*) FROM delivery")

        await until(quiet)

    async def ends(self) -> Counter[str]:
        """Count how the newest delivery of each record ended."""
        async with self.hub.database.engine() as conn:
            rows = await conn.fetch(
                "SELECT DISTINCT ON (route_id, record_id) state, rule FROM delivery_done"
                " ORDER BY route_id, record_id, id DESC"
            )
        return Counter(row["rule"] or row["state"] for row in rows)

    async def written(self) -> int:
        """Return how many writes the portal has taken."""
        asked = (await self.portal.control("GET", "state?history=false"))["requests"]
        return sum(sum(n.values()) for name, n in asked.items() if "batch/up" in name or "associate" in name)


@pytest_asyncio.fixture
async def start(place: Place) -> AsyncIterator[Start]:
    """The two sides, and a worker."""
    async with contextlib.AsyncExitStack() as stack:
        shop = await stack.enter_async_context(serving(woocommerce.build(woocommerce.generate(ORDERS, 5))))
        made = Start(place, await place.portal(62515))
        await made.connect(shop.url)
        worker: Worker = await stack.enter_async_context(working(place.hub))
        assert worker
        yield made


async def test_observe_then_a_canary_then_all(start: Start) -> None:
    """Observing writes nothing and a dry run shows what would be; the canary is exact; widening delivers the rest."""
    await start.rested()
    before = await start.written()
    ends = await start.ends()
    orders = ends["held-back"]
    assert orders > ORDERS / 2
    assert "delivered" not in ends
    assert await start.portal.live("deals") == []

    tenant = start.crm.tenant_id
    asked = Ask(filter=Filter(state="skipped", rule="held-back", since=EPOCH), dry_run=True)
    run_id = await start.hub.replays.ask(tenant, asked, actor="test")
    await start.rested()
    told = await start.hub.replays.one(tenant, run_id)
    assert told["preview"]["created"] == orders
    assert {one["field"] for one in told["preview"]["differences"]} >= {"dealname", "amount", "dealstage"}
    assert await start.written() == before

    await start.choose({"first": 7})
    await start.rested()
    assert await start.ends() == {"held-back": orders - 7, "delivered": 7}
    assert len(await start.portal.live("deals")) == 7

    await start.choose({"first": 9})
    await start.rested()
    assert len(await start.portal.live("deals")) == 9

    await start.choose("all")
    await start.rested()
    assert await start.ends() == {"delivered": orders}
    assert len(await start.portal.live("deals")) == orders


async def test_a_share_is_the_same_one_every_time_and_grows(start: Start) -> None:
    """One percent of ten thousand records is near a hundred, and all of them are in ten percent."""
    await start.rested()
    assert start.crm.config["rollout"] == "observe"
    records = [new_id() for _ in range(10_000)]
    small = {one for one in records if among(one, 1)}
    assert 50 < len(small) < 160
    assert small <= {one for one in records if among(one, 10)}
    assert all(among(one, 100) for one in records)
    await start.choose({"percent": 100})
    await start.rested()
    assert set(await start.ends()) == {"delivered"}


async def test_a_choice_that_is_none_is_named() -> None:
    """Nothing is guessed about how to begin."""
    for wrong in ("sometimes", {"first": 0}, {"first": 1.5}, {"percent": 101}, {"percent": 1, "first": 2}, {}):
        with pytest.raises(BadInput) as refused:
            checked(CONNECTOR, {"rollout": wrong})
        assert (refused.value.field or "").startswith("rollout")
    assert checked(CONNECTOR, {"rollout": {"percent": 2.5}}) == {"rollout": {"percent": 2.5}}
