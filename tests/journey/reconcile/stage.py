"""Shops that tell nothing and are pulled by nobody, a portal, and a hub between: only a proof can find anything."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.cli.judge.portal import Judge
from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.connectors.woocommerce.sandbox.shop import Shop
from crossdock.flow.reconcile import Asked, Days, Depth, Proof
from crossdock.flow.reconcile.reports import Kept
from crossdock.flow.run import RunKind
from crossdock.wiring import Hub
from tests.support.hub import until

ORDERS = 14


class Store:
    """One sandbox shop, connected. ``shop``: what it holds, for what nobody does over HTTP."""

    def __init__(self, stage: Stage, url: str, name: str, shop: Shop) -> None:
        self.stage, self.url, self.name, self.shop = stage, url, name, shop
        self.id = uuid.UUID(int=0)

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        """Do what somebody does in a shop."""
        done = await self.stage.post(f"{self.url}/_sandbox/act", {"do": do, **more})
        assert done.get("done"), done
        return done

    async def orders(self) -> dict[int, dict[str, Any]]:
        return {order["id"]: order for order in self.shop.truth()["orders"]}

    async def pick(self, *statuses: str) -> int:
        """Return the newest order of one of these statuses, with lines."""
        chosen = [o for o in (await self.orders()).values() if o["status"] in statuses and o["line_items"]]
        return int(chosen[-1]["id"])

    async def prove(self, *, rounds: int = 2, depth: Depth = Depth.LIGHT, days: Days | None = None) -> Proof:
        """Prove it, lightly unless told otherwise."""
        return (await self.kept(rounds=rounds, depth=depth, days=days))[1]

    async def kept(
        self, *, rounds: int = 2, depth: Depth = Depth.LIGHT, days: Days | None = None
    ) -> tuple[Kept, Proof]:
        """Prove it and keep the report."""
        asked = Asked(rounds, 20, days or Days(), depth)
        return await self.stage.hub.reports.taken(self.id, None, asked)

    async def told(self, kept: Kept) -> list[dict[str, Any]]:
        """Return all exceptions of a kept proof."""
        tenant = await self.stage.hub.tenants.find()
        return [one async for one in self.stage.hub.reports.exceptions.every(tenant, kept.id)]

    async def judged(self, *, left: int = 0) -> list[str]:
        """Return what an independent judge, who reads the two sandboxes alone, finds wrong.

        ``left``: so many people may rightly stand in the portal though the shop has nothing of them any more.
        """
        source = await self.stage.hub.directory.connection(self.id)
        state = await self.stage.get(f"{self.stage.portal_url}/_sandbox/state?history=false")
        rows = Judge(self.shop.truth(), state, source.account_uid, source.name, left).rows()
        return [text for row in rows for text in row.wrong]


class Stage:
    """The hub and the portal."""

    def __init__(self, hub: Hub, portal: hubspot.HubSpotSandbox, portal_url: str, http: aiohttp.ClientSession) -> None:
        self.hub, self.portal, self.portal_url, self.http = hub, portal, portal_url, http
        self.stores: list[Store] = []

    async def get(self, url: str) -> dict[str, Any]:
        async with self.http.get(url) as reply:
            found: dict[str, Any] = await reply.json()
            return found

    async def post(self, url: str, value: Any) -> dict[str, Any]:
        async with self.http.post(url, json=value) as reply:
            assert reply.status == 200, await reply.text()
            found: dict[str, Any] = await reply.json()
            return found

    async def crm(self, act: str, **more: Any) -> dict[str, Any]:
        """Do what somebody does in the CRM."""
        return await self.post(f"{self.portal_url}/_sandbox/act", {"act": act, **more})

    async def deals(self, *, archived: bool = False) -> dict[str, dict[str, Any]]:
        """Return deals by our key."""
        state = await self.get(f"{self.portal_url}/_sandbox/state?type=deals&history=false")
        chosen = [one for one in state["objects"]["deals"] if one["archived"] is archived]
        return {one["properties"].get("crossdock_key", one["id"]): one for one in chosen}

    async def deal(self, store: Store, order: int, *, archived: bool = False) -> dict[str, Any]:
        """Return the deal of an order."""
        uid = (await self.hub.directory.connection(store.id)).account_uid
        return (await self.deals(archived=archived))[f"{uid}:order:{order}"]

    async def fill(self) -> None:
        """Bring all shops over, and wait until nothing is under way."""
        for store in self.stores:
            await self.hub.runs.add(await self.hub.tenants.find(), store.id, RunKind.BACKFILL, ())
        await self.rest()

    async def rest(self) -> None:
        async def quiet() -> bool:
            async with self.hub.database.engine() as conn:
                row = await conn.fetchrow(
                    "SELECT (SELECT count(*) FROM delivery), (SELECT count(*) FROM doorbell),"
                    " (SELECT count(*) FROM run WHERE state IN ('waiting', 'running'))"
                )
            return not any(row)

        await until(quiet)


@contextlib.asynccontextmanager
async def staged(hub: Hub, *shops: Shop, config: dict[str, Any] | None = None) -> AsyncIterator[Stage]:
    """Connect shops and one portal; the shops' streams are not pulled by themselves."""
    async with contextlib.AsyncExitStack() as stack:
        portal = hubspot.HubSpotSandbox(hubspot.Settings(per_10s=100_000))
        crm = await stack.enter_async_context(serving(portal))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        stage = Stage(hub, portal, crm.url, http)
        tenant = await hub.tenants.find()
        await hub.connections.connect(tenant, "hubspot", {"token": hubspot.TOKEN, "base_url": crm.url}, actor="test")
        for number, shop in enumerate(shops):
            serves = await stack.enter_async_context(serving(woocommerce.build(shop)))
            store = Store(stage, serves.url, f"shop-{number}", shop)
            keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
            form = {"url": serves.url, "plain_http": True, **keys}
            store.id = (await hub.connections.connect(tenant, "woocommerce", form, actor="test")).id
            stage.stores.append(store)
        await _told_by_nobody(hub, config or {})
        yield stage


async def _told_by_nobody(hub: Hub, config: dict[str, Any]) -> None:
    """Switch every pull off: what a proof finds nobody else could have found."""
    async with hub.database.transaction() as conn:
        await conn.execute("DELETE FROM checkpoint")
        await conn.execute(
            "UPDATE connection SET config = config || $1::jsonb WHERE connector = 'woocommerce'", _jsonb(config)
        )
    async with hub.database.engine() as conn:
        for row in await conn.fetch("SELECT id FROM connection"):
            hub.directory.forget(row["id"])


def _jsonb(value: dict[str, Any]) -> str:
    import orjson

    return orjson.dumps(value).decode()
