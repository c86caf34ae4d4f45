"""A sandbox shop with webhooks to the hub's own doors, and a sandbox portal: writes go out and come back."""

from __future__ import annotations

import contextlib
import socket
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.api.app import build_app
from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.command import Ask, Refund, SetStatus
from crossdock.flow.run import RunKind
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.hub import add_wish_routes, until


class Round:
    """Hub, shop and portal."""

    def __init__(
        self, settings: Settings, hub: Hub, shop_url: str, portal_url: str, app: Any, http: aiohttp.ClientSession
    ) -> None:
        self.settings = settings
        self.hub, self.shop_url, self.portal_url, self.app, self.http = hub, shop_url, portal_url, app, http
        self.shop = self.crm = self.tenant = uuid.UUID(int=0)

    async def connect(self) -> None:
        self.tenant = await self.hub.tenants.find()
        keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        form = {"url": self.shop_url, "plain_http": True, **keys}
        self.shop = (await self.hub.connections.connect(self.tenant, "woocommerce", form, actor="test")).id
        await add_wish_routes(self.hub, await self.hub.directory.connection(self.shop))
        portal = {"token": hubspot.TOKEN, "base_url": self.portal_url}
        self.crm = (await self.hub.connections.connect(self.tenant, "hubspot", portal, actor="test")).id

    async def backfill(self) -> None:
        await self.hub.runs.add(self.tenant, self.shop, RunKind.BACKFILL, ())
        await self.rest(runs=True)

    async def rest(self, *, runs: bool = False) -> None:
        """Wait until nothing is under way anywhere."""

        async def rested() -> bool:
            undone = "SELECT count(*) FROM run WHERE state NOT IN ('done', 'failed')" if runs else "SELECT 0"
            left = [await self.value(sql) for sql in (undone, "SELECT count(*) FROM doorbell", _UNSETTLED)]
            return not any(left) and not self.app.hooks.waiting

        await until(rested)

    async def value(self, sql: str, *values: Any) -> Any:
        async with self.hub.database.engine() as conn:
            return await conn.fetchval(sql, *values)

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        async with self.hub.database.engine() as conn:
            return list(await conn.fetch(sql, *values))

    async def status(self, order: uuid.UUID) -> str:
        """The status as the hub has it."""
        return str(await self.value("SELECT status FROM record WHERE id = $1", order))

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.shop_url}/_sandbox/act", json={"do": do, **more}) as reply:
            done: dict[str, Any] = await reply.json()
        assert done.get("done"), done
        return done

    async def turn(self, **dials: Any) -> None:
        """Turn the shop's fault dials."""
        async with self.http.put(f"{self.shop_url}/_sandbox/dials", json=dials) as reply:
            assert reply.status == 200, await reply.text()

    def held(self, number: str) -> dict[str, Any]:
        """An order as the shop itself holds it."""
        row: dict[str, Any] = self.app.shop.orders.get(int(number))
        return row

    async def some(self, status: str) -> list[Any]:
        """Recorded orders of a status: (id, external_id)."""
        return await self.rows(
            "SELECT id, external_id FROM record WHERE stream = 'order' AND status = $1 ORDER BY external_id", status
        )

    async def set_status(self, order: uuid.UUID, status: str, **more: Any) -> Any:
        return await self.hub.orders.one(self.tenant, Ask(order, SetStatus(status, **more)))

    async def refund(self, order: uuid.UUID, amount: Any, key: str | None = None) -> Any:
        return await self.hub.orders.one(self.tenant, Ask(order, Refund(amount, reason="broken"), key))


_UNSETTLED = "SELECT count(*) FROM delivery"


@contextlib.asynccontextmanager
async def round_trip(settings: Settings, orders: int = 12, **more: Any) -> AsyncIterator[Round]:
    """Open all three and connect them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}", **more})
    switch = woocommerce.build(woocommerce.generate(orders, 5))
    async with contextlib.AsyncExitStack() as stack:
        shop = await stack.enter_async_context(serving(switch))
        portal = await stack.enter_async_context(serving(hubspot.HubSpotSandbox(hubspot.Settings(per_10s=10_000))))
        hub = await stack.enter_async_context(open_hub(settings))
        await stack.enter_async_context(serving(build_app(hub), port=port))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        made = Round(settings, hub, shop.url, portal.url, switch.app, http)  # type: ignore[attr-defined]
        await made.connect()
        yield made
