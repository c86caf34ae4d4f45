"""The main job: orders, customers and products reach the CRM and are proven, whatever the shop forgets to say."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest_asyncio

from crossdock.connect.sandbox import Serving, serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.reconcile import Proof
from crossdock.flow.run import RunKind
from crossdock.wiring import Hub
from tests.support.hub import until, working

ORDERS = 60


class Stage:
    """A hub between a sandbox shop and a sandbox portal."""

    def __init__(self, hub: Hub, shop: Serving, portal: Serving, http: aiohttp.ClientSession) -> None:
        self.hub, self.shop, self.portal, self.http = hub, shop, portal, http
        self.source = uuid.UUID(int=0)

    async def connect(self) -> None:
        tenant = await self.hub.tenants.find()
        form = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        made = await self.hub.connections.connect(
            tenant, "woocommerce", {"url": self.shop.url, "plain_http": True, **form}, actor="test"
        )
        self.source = made.id
        crm = await self.hub.connections.connect(
            tenant, "hubspot", {"token": hubspot.TOKEN, "base_url": self.portal.url}, actor="test"
        )
        assert len(crm.routes) == 3

    async def backfill(self) -> None:
        await self.hub.runs.add(await self.hub.tenants.find(), self.source, RunKind.BACKFILL, ())

        async def rested() -> bool:
            async with self.hub.database.engine() as conn:
                runs = await conn.fetch("SELECT state FROM run")
                left = await conn.fetchval("SELECT count(*) FROM delivery")
            return all(row["state"] == "done" for row in runs) and left == 0

        await until(rested)

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.shop.url}/_sandbox/act", json={"do": do, **more}) as reply:
            done: dict[str, Any] = await reply.json()
        assert done.get("done"), done
        return done

    async def crm(self, act: str, **more: Any) -> None:
        async with self.http.post(f"{self.portal.url}/_sandbox/act", json={"act": act, **more}) as reply:
            assert reply.status == 200, await reply.text()

    async def deals(self) -> dict[str, dict[str, Any]]:
        async with self.http.get(f"{self.portal.url}/_sandbox/state?type=deals&history=false") as reply:
            objects = (await reply.json())["objects"]["deals"]
        return {one["properties"]["crossdock_order_number"]: one for one in objects}

    async def prove(self, **more: Any) -> Proof:
        return await self.hub.prover.prove(self.source, patience_s=60, **more)


@contextlib.asynccontextmanager
async def shop_and_crm(hub: Hub) -> AsyncIterator[Stage]:
    """A shop and a CRM that are connected."""
    async with contextlib.AsyncExitStack() as stack:
        shop = await stack.enter_async_context(serving(woocommerce.build(woocommerce.generate(ORDERS, 5))))
        portal = await stack.enter_async_context(serving(hubspot.HubSpotSandbox(hubspot.Settings())))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        made = Stage(hub, shop, portal, http)
        await made.connect()
        yield made


@pytest_asyncio.fixture
async def stage(hub: Hub) -> AsyncIterator[Stage]:
    async with shop_and_crm(hub) as made:
        yield made


async def test_everything_arrives_and_is_proven(stage: Stage) -> None:
    async with working(stage.hub):
        await stage.backfill()
        proof = await stage.prove(repair_rounds=0)
    assert proof.ok, (proof.rows, proof.differences[:10])
    assert [row.entity for row in proof.rows] == ["order", "customer", "product"]
    orders = proof.rows[0]
    assert orders.in_store == orders.recorded == orders.delivered + orders.skipped
    assert orders.in_store >= ORDERS


async def test_silent_edits_and_deletions_are_found_and_repaired(stage: Stage) -> None:
    async with working(stage.hub):
        await stage.backfill()
        before = await stage.deals()
        edited = (await stage.act("silent_line_edit"))["id"]
        deleted = (await stage.act("delete_force"))["id"]
        trashed = (await stage.act("trash"))["id"]
        proof = await stage.prove(repair_rounds=0)
        after = await stage.deals()
    assert proof.ok, (proof.rows, proof.differences[:10])
    assert after[str(deleted)]["archived"]
    assert not before[str(deleted)]["archived"]
    assert after[str(trashed)]["properties"]["dealstage"] == "closedlost"
    assert len({edited, deleted, trashed}) >= 2


async def test_what_the_crm_lost_or_changed_is_named_and_delivered_again(stage: Stage) -> None:
    async with working(stage.hub):
        await stage.backfill()
        live = [deal for deal in (await stage.deals()).values() if not deal["archived"]]
        await stage.crm("edit", type="deals", id=live[0]["id"], properties={"amount": "1.23"})
        await stage.crm("archive", type="deals", id=live[1]["id"])
        seen = await stage.prove(repair_rounds=0)
        repaired = await stage.prove(repair_rounds=2)
    orders = seen.rows[0]
    assert (orders.missing, orders.drifted) == (1, 1), seen.differences
    assert {d.what for d in seen.differences if d.kind == "drifted"} == {"deals.amount"}
    assert repaired.ok, (repaired.rows, repaired.differences[:10])


async def test_a_deal_nobody_ordered_is_unexpected(stage: Stage) -> None:
    async with working(stage.hub):
        await stage.backfill()
        uid = (await stage.hub.directory.connection(stage.source)).account_uid
        await stage.crm(
            "create", type="deals", properties={"dealname": "ghost", "crossdock_key": f"{uid}:order:999999"}
        )
        proof = await stage.prove(repair_rounds=0)
    assert proof.rows[0].unexpected == 1
    assert not proof.ok


async def test_a_second_backfill_changes_nothing(stage: Stage) -> None:
    async with working(stage.hub):
        await stage.backfill()
        async with stage.hub.database.engine() as conn:
            events = await conn.fetchval("SELECT count(*) FROM event")
            done = await conn.fetchval("SELECT count(*) FROM delivery_done")
        await stage.backfill()
        async with stage.hub.database.engine() as conn:
            assert await conn.fetchval("SELECT count(*) FROM event") == events
            assert await conn.fetchval("SELECT count(*) FROM delivery_done") == done
