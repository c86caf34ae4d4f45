"""A sandbox shop and a sandbox portal with their ground truth."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.reconcile import Proof
from crossdock.flow.run import RunKind
from crossdock.store.errors import ConnectionLost
from crossdock.wiring import Hub
from tests.support.hub import until

KINDS = ("contacts", "products", "deals", "line_items")


class Stage:
    """What stands outside of the hub, and survives every crash of it."""

    def __init__(self, shop_url: str, portal_url: str, http: aiohttp.ClientSession) -> None:
        self.shop_url, self.portal_url, self._http = shop_url, portal_url, http
        self.source = uuid.UUID(int=0)

    async def connect(self, hub: Hub) -> None:
        """Connect both and ask for a backfill."""
        tenant = await hub.tenants.find()
        keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        made = await hub.connections.connect(
            tenant, "woocommerce", {"url": self.shop_url, "plain_http": True, **keys}, actor="test"
        )
        self.source = made.id
        form = {"token": hubspot.TOKEN, "base_url": self.portal_url}
        await hub.connections.connect(tenant, "hubspot", form, actor="test")
        await hub.runs.add(tenant, self.source, RunKind.BACKFILL, ())

    async def dial(self, **dials: Any) -> dict[str, Any]:
        """Turn the portal's dials; returns them all."""
        async with self._http.put(f"{self.portal_url}/_sandbox/dials", json=dials) as reply:
            answer: dict[str, Any] = await reply.json()
        return answer

    async def settle(self, **settings: Any) -> None:
        """Change the portal's settings."""
        async with self._http.put(f"{self.portal_url}/_sandbox/settings", json=settings) as reply:
            assert reply.status == 200, await reply.text()

    async def portal(self) -> dict[str, Any]:
        """Return the portal's ground truth."""
        async with self._http.get(f"{self.portal_url}/_sandbox/state?history=false") as reply:
            truth: dict[str, Any] = await reply.json()
        return truth

    async def no_doubles(self) -> None:
        """Check in the portal itself that no record exists twice (an archived double would be one)."""
        truth = await self.no_doubles_of(*KINDS)
        for kind in KINDS:
            assert truth["counts"][kind]["archived"] == 0, kind
            assert truth["counts"][kind]["live"] > 0, kind

    async def no_doubles_of(self, *kinds: str) -> dict[str, Any]:
        """Check some kinds of records, whether archived or not; returns the ground truth."""
        truth = await self.portal()
        for kind in kinds:
            name = "email" if kind == "contacts" else "crossdock_key"
            counted = Counter(one["properties"].get(name) for one in truth["objects"][kind])
            assert [key for key, count in counted.items() if count > 1 or key is None] == [], kind
        return truth

    async def proven(self, hub: Hub) -> Proof:
        """Wait until all is quiet and prove it without repairs."""
        await quiet(hub)
        return await hub.prover.prove(self.source, repair_rounds=0, patience_s=60)


async def quiet(hub: Hub) -> None:
    """Wait until the backfill is done and nothing is left to deliver."""

    async def rested() -> bool:
        try:
            async with hub.database.engine() as conn:
                runs = await conn.fetch("SELECT state FROM run")
                left = await conn.fetchval("SELECT count(*) FROM delivery")
        except ConnectionLost:
            return False
        return bool(runs) and all(row["state"] == "done" for row in runs) and left == 0

    await until(rested)


@contextlib.asynccontextmanager
async def staged(orders: int = 12) -> AsyncIterator[Stage]:
    """Serve a shop of some orders and an empty portal."""
    async with contextlib.AsyncExitStack() as stack:
        shop = await stack.enter_async_context(serving(woocommerce.build(woocommerce.generate(orders, 5))))
        portal = await stack.enter_async_context(serving(hubspot.HubSpotSandbox(hubspot.Settings(per_10s=10_000))))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Stage(shop.url, portal.url, http)
