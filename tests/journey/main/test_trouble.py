"""What a CRM may refuse: one bad row, the whole token, and a portal that keeps orders as orders."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.run import RunKind
from crossdock.model.connection import ConnectionState
from crossdock.wiring import Hub
from tests.crash.stage import Stage, quiet, staged
from tests.support.hub import until, working


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(20) as made:
        yield made


async def rows(hub: Hub, sql: str, *values: Any) -> list[Any]:
    async with hub.database.engine() as conn:
        found: list[Any] = await conn.fetch(sql, *values)
        return found


async def test_one_bad_row_is_one_dead_letter_until_its_cause_is_gone(hub: Hub, stage: Stage) -> None:
    await stage.connect(hub)
    async with working(hub):
        await quiet(hub)
        number = next(
            one["properties"]["crossdock_order_number"]
            for one in (await stage.portal())["objects"]["deals"]
            if not one["archived"]
        )
        await stage.dial(poison=[{"object": "deals", "property": "crossdock_order_number", "value": number}])
        tenant = await hub.tenants.find()
        everything = await rows(hub, "SELECT DISTINCT route_id, record_id FROM delivery_done WHERE state = 'delivered'")
        await hub.replay.states(tenant, [(row["route_id"], row["record_id"]) for row in everything])
        await quiet(hub)
        dead = await rows(hub, "SELECT reason, external_id FROM delivery_done WHERE state = 'dead'")
        assert len(dead) == 1
        assert "crossdock_order_number" in dead[0]["reason"]
        seen = await stage.proven(hub)
        assert (seen.rows[0].dead, seen.ok) == (1, False)
        await stage.dial(poison=[])
        assert await hub.replay.done(tenant, state="dead") == 1
        proof = await stage.proven(hub)
    assert proof.ok, (proof.rows, proof.differences[:10])


async def test_a_refused_token_breaks_the_connection_and_loses_nothing(hub: Hub, stage: Stage) -> None:
    await stage.connect(hub)
    tenant = await hub.tenants.find()
    (crm,) = [row for row in await hub.connections.list(tenant) if row["connector"] == "hubspot"]

    async def state() -> str:
        (row,) = await rows(hub, "SELECT state FROM connection WHERE id = $1", crm["uuid"])
        return str(row["state"])

    await stage.settle(expired_tokens=[hubspot.TOKEN])
    async with working(hub):

        async def broken() -> bool:
            return await state() == ConnectionState.BROKEN

        await until(broken)
        (told,) = await rows(hub, "SELECT problem FROM connection WHERE id = $1", crm["uuid"])
        assert told["problem"]
        assert not (await hub.connections.check(tenant, crm["uuid"])).ok
        await until(lambda: rows(hub, "SELECT 1 FROM run WHERE state = 'done'"))
        assert await rows(hub, "SELECT 1 FROM delivery_done WHERE state = 'dead'") == []
        assert {row["attempt"] for row in await rows(hub, "SELECT DISTINCT attempt FROM delivery")} == {0}
        await stage.settle(expired_tokens=[])
        assert (await hub.connections.check(tenant, crm["uuid"])).ok
        assert await state() == ConnectionState.ACTIVE
        proof = await stage.proven(hub)
    assert proof.ok, (proof.rows, proof.differences[:10])


async def test_a_portal_with_the_order_object_gets_orders(hub: Hub, stage: Stage) -> None:
    tenant = await hub.tenants.find()
    keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
    shop = await hub.connections.connect(
        tenant, "woocommerce", {"url": stage.shop_url, "plain_http": True, **keys}, actor="test"
    )
    form = {"token": hubspot.TOKEN, "base_url": stage.portal_url, "order_object": "orders"}
    await hub.connections.connect(tenant, "hubspot", form, actor="test")
    stage.source = shop.id
    await hub.runs.add(tenant, shop.id, RunKind.BACKFILL, ())
    async with working(hub):
        proof = await stage.proven(hub)
    truth = await stage.portal()
    assert proof.ok, (proof.rows, proof.differences[:10])
    assert truth["counts"]["orders"]["live"] == proof.rows[0].delivered
    assert truth["counts"]["deals"]["live"] == 0
