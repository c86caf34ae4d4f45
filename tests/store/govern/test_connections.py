"""Connecting on a real database against sandboxes: what is kept, what is refused, what is undone."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.errors import BadInput, Conflict, NotFound, VendorTrouble
from crossdock.govern.directory import secret_row
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import ConnectionState
from crossdock.wiring import Hub
from tests.support.hub import add_shop

KEEPS = ("connection", "credential", "hook", "route", "lane", "audit_entry")


class Town:
    """A shop and a portal."""

    def __init__(self, shop: str, portal: str) -> None:
        self.shop = shop
        self.portal = portal

    def form(self, **changes: Any) -> dict[str, Any]:
        key, secret = woocommerce.DEFAULT_CONSUMER_KEY, woocommerce.DEFAULT_CONSUMER_SECRET
        return {"url": self.shop, "key": key, "secret": secret, "plain_http": True, **changes}

    def crm(self, **changes: Any) -> dict[str, Any]:
        return {"token": hubspot.TOKEN, "base_url": self.portal, **changes}


@pytest_asyncio.fixture
async def town() -> AsyncIterator[Town]:
    async with contextlib.AsyncExitStack() as stack:
        shop = await stack.enter_async_context(serving(woocommerce.build(woocommerce.generate(5, 1))))
        portal = await stack.enter_async_context(serving(hubspot.HubSpotSandbox(hubspot.Settings())))
        yield Town(shop.url, portal.url)


async def count(hub: Hub) -> dict[str, int]:
    async with hub.database.engine() as conn:
        return {table: await conn.fetchval(f"SELECT count(*) FROM {table}") for table in KEEPS}


async def tenant_of(hub: Hub) -> uuid.UUID:
    return await hub.tenants.find()


async def test_a_wrong_form_is_refused_by_its_field_and_nothing_is_kept(hub: Hub, town: Town) -> None:
    tenant = await tenant_of(hub)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("nothing", {}, "connector"),
        ("woocommerce", town.form(surprise=1), "surprise"),
        ("woocommerce", town.form(url=""), "url"),
        ("woocommerce", town.form(url="shop.example"), "url"),
        ("woocommerce", town.form(url=7), "url"),
        ("woocommerce", town.form(key=None), "key"),
        ("woocommerce", town.form(secret={"a": 1}), "secret"),
        ("woocommerce", town.form(key="ck_\x00"), "key"),
        ("woocommerce", town.form(auth="banana"), "auth"),
        ("woocommerce", town.form(plain_http="banana"), "plain_http"),
        ("hubspot", town.crm(order_object="banana"), "order_object"),
        ("hubspot", town.crm(token=""), "token"),
    ]
    for connector, form, field in cases:
        with pytest.raises(BadInput) as refused:
            await hub.connections.connect(tenant, connector, form, actor="test")
        assert refused.value.field == field
        assert refused.value.remedy
    assert set((await count(hub)).values()) == {0}


async def test_wrong_keys_and_dead_hosts_are_the_vendors_trouble_with_a_remedy(hub: Hub, town: Town) -> None:
    tenant = await tenant_of(hub)
    for connector, form in (
        ("woocommerce", town.form(key="ck_" + "0" * 40)),
        ("woocommerce", town.form(secret="cs_" + "0" * 40)),
        ("woocommerce", town.form(url="http://127.0.0.1:9")),
        ("hubspot", town.crm(token="pat-na1-00000000-wrong")),
    ):
        with pytest.raises(VendorTrouble) as refused:
            await hub.connections.connect(tenant, connector, form, actor="test")
        assert refused.value.remedy, refused.value.problem
        assert "0000" not in refused.value.problem + refused.value.remedy
    assert set((await count(hub)).values()) == {0}


async def test_a_pull_only_hub_connects_and_says_so(hub: Hub, town: Town) -> None:
    tenant = await tenant_of(hub)
    shop = await hub.connections.connect(tenant, "woocommerce", town.form(), actor="ann")
    assert shop.hooks == 0
    assert any("pull-only" in warning and "CROSSDOCK_PUBLIC_URL" in warning for warning in shop.warnings)
    crm = await hub.connections.connect(tenant, "hubspot", town.crm(), actor="ann")
    assert len(crm.routes) == 3
    kept = await count(hub)
    assert (kept["connection"], kept["lane"], kept["route"]) == (2, 2, 3 + 7), (
        "the shop takes the hub's wishes: a lane of its own and a route an action"
    )
    async with hub.database.engine() as conn:
        sealed = await conn.fetch("SELECT connection_id, name, sealed FROM credential")
        actors = {row["actor"] for row in await conn.fetch("SELECT actor FROM audit_entry")}
    assert actors == {"ann"}
    opened = {
        row["name"]: hub.vault.open_secret(row["sealed"], secret_row(row["connection_id"], row["name"]))
        for row in sealed
    }
    assert opened == {"key": town.form()["key"], "secret": town.form()["secret"], "token": hubspot.TOKEN}


async def test_default_routes_are_made_from_either_side(hub: Hub, town: Town) -> None:
    tenant = await tenant_of(hub)
    assert (await hub.connections.connect(tenant, "hubspot", town.crm(), actor="test")).routes == ()
    shop = await hub.connections.connect(tenant, "woocommerce", town.form(), actor="test")
    assert len(shop.routes) == 3


async def test_one_shop_is_connected_once_a_tenant(hub: Hub, town: Town) -> None:
    tenant = await tenant_of(hub)
    await hub.connections.connect(tenant, "woocommerce", town.form(), actor="test")
    before = await count(hub)
    with pytest.raises(Conflict, match="connected already"):
        await hub.connections.connect(tenant, "woocommerce", town.form(url=town.shop + "/"), actor="test")
    assert await count(hub) == before
    other = await hub.tenants.add("other")
    await hub.connections.connect(other, "woocommerce", town.form(), actor="test")


async def test_every_webhook_has_its_own_sealed_secret_and_revoking_removes_them(hub: Hub, town: Town) -> None:
    # any receiver that answers 200 will do for the pings
    async with serving(_yes) as ours:
        hub.connections._public_url = ours.url
        tenant = await tenant_of(hub)
        shop = await hub.connections.connect(tenant, "woocommerce", town.form(), actor="test")
        assert shop.hooks >= 8
        assert not any("pull-only" in warning for warning in shop.warnings)
        secrets = await hub.directory.hook_secrets(shop.id)
        assert len(secrets) == len(set(secrets.values())) == shop.hooks
        async with hub.database.engine() as conn:
            hooks = await conn.fetch("SELECT topic, url, vendor_id FROM hook")
        address = f"{ours.url}/webhooks/woocommerce/{show(Prefix.CONNECTION, shop.id)}"
        assert {row["url"] for row in hooks} == {address}
        assert len({row["topic"] for row in hooks}) == shop.hooks
        source = await hub.directory.source(shop.id)
        assert len(await source.hooks()) == shop.hooks
        await hub.connections.set_state(tenant, shop.id, ConnectionState.REVOKED, actor="test")
        assert await source.hooks() == ()
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM hook") == 0
        assert await conn.fetchval("SELECT count(*) FROM credential WHERE name LIKE 'hook:%'") == 0
    with pytest.raises(NotFound):
        await hub.directory.connection(shop.id)
    # and it may come back
    hub.connections._public_url = None
    assert (await hub.connections.connect(tenant, "woocommerce", town.form(), actor="test")).id != shop.id


async def _yes(scope: Any, receive: Any, send: Any) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def test_a_shop_that_is_away_can_be_revoked(hub: Hub) -> None:
    shop = await add_shop(hub, url="http://127.0.0.1:9")
    async with hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO hook (id, tenant_id, connection_id, topic, vendor_id, url)"
            " VALUES (gen_random_uuid(), $1, $2, 'order.updated', '1', 'https://hub.example')",
            shop.tenant_id,
            shop.id,
        )
    await hub.connections.set_state(shop.tenant_id, shop.id, ConnectionState.REVOKED, actor="test")
    with pytest.raises(NotFound):
        await hub.directory.connection(shop.id)


async def test_a_paused_shop_is_not_pulled_and_a_resumed_one_is(hub: Hub) -> None:
    shop = await add_shop(hub)
    async with hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO checkpoint (connection_id, stream, kind, tenant_id, next_at)"
            " VALUES ($1, '*', 'pull', $2, now() - interval '1 minute')",
            shop.id,
            shop.tenant_id,
        )
    for state, runs in ((ConnectionState.PAUSED, 0), (ConnectionState.ACTIVE, 1)):
        await hub.connections.set_state(shop.tenant_id, shop.id, state, actor="test")
        await hub.schedule()
        async with hub.database.engine() as conn:
            assert await conn.fetchval("SELECT count(*) FROM run") == runs


async def test_connections_are_found_by_id_name_and_account_of_their_tenant(hub: Hub) -> None:
    shop = await add_shop(hub, "one")
    other = await hub.tenants.add("other")
    for text in (show(Prefix.CONNECTION, shop.id), str(shop.id), "one"):
        assert (await hub.connections.find(shop.tenant_id, text)).id == shop.id
    for tenant, text in ((other, "one"), (other, str(shop.id)), (shop.tenant_id, "two")):
        with pytest.raises(NotFound):
            await hub.connections.find(tenant, text)
    for state in (ConnectionState.PAUSED, ConnectionState.REVOKED):
        with pytest.raises(NotFound):
            await hub.connections.set_state(other, shop.id, state, actor="test")
    assert (await hub.connections.one(shop.tenant_id, shop.id)).state is ConnectionState.ACTIVE


async def test_a_new_shop_has_its_regular_pulls_and_a_destination_has_none(hub: Hub, town: Town) -> None:
    tenant = await tenant_of(hub)
    shop = await hub.connections.connect(tenant, "woocommerce", town.form(), actor="test")
    await hub.connections.connect(tenant, "hubspot", town.crm(), actor="test")
    async with hub.database.engine() as conn:
        planned = await conn.fetch("SELECT connection_id, next_at > now() AS later FROM checkpoint WHERE stream = '*'")
        assert [tuple(row) for row in planned] == [(shop.id, True)]
        await conn.execute("UPDATE checkpoint SET next_at = now() WHERE stream = '*'")
    assert await hub.schedule() == 1
    assert await hub.schedule() == 0
