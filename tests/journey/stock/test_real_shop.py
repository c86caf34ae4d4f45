"""A sandbox shop behind a real worker: it sells by itself, and somebody counts its shelf."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest_asyncio

from crossdock.connect.sandbox import Serving, serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.run import RunKind
from crossdock.flow.stock.links import NewLink, Options
from crossdock.wiring import Hub
from tests.support.hub import until, working


class Shop:
    """A connected sandbox shop."""

    def __init__(self, hub: Hub, server: Serving, http: aiohttp.ClientSession) -> None:
        self.hub, self.server, self.http = hub, server, http

    async def connect(self) -> None:
        self.tenant = await self.hub.tenants.find()
        form = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        answers = {"url": self.server.url, "plain_http": True, **form}
        self.id = (await self.hub.connections.connect(self.tenant, "woocommerce", answers, actor="test")).id

    async def pull(self, kind: RunKind = RunKind.PULL) -> None:
        """Read the shop, as often as it takes."""
        await self.hub.runs.add(self.tenant, self.id, kind, ())

        async def rested() -> bool:
            async with self.hub.database.engine() as conn:
                return not await conn.fetchval("SELECT count(*) FROM run WHERE state IN ('waiting', 'running')")

        await until(rested)

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.server.url}/_sandbox/act", json={"do": do, **more}) as reply:
            done: dict[str, Any] = await reply.json()
        assert done.get("done"), done
        return done

    async def moves(self) -> list[tuple[int, str]]:
        async with self.hub.database.engine() as conn:
            rows = await conn.fetch("SELECT delta, cause FROM stock_move ORDER BY version")
        return [tuple(row) for row in rows]


@pytest_asyncio.fixture
async def shop(hub: Hub) -> AsyncIterator[Shop]:
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(woocommerce.build(woocommerce.generate(5, 5))))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        made = Shop(hub, server, http)
        await made.connect()
        yield made


async def test_a_sale_and_a_hand_are_told_apart(shop: Shop) -> None:
    """The sale moves the level by its order; what somebody counted becomes a correction, after a fresh reading."""
    made = await shop.act("new_product")
    async with working(shop.hub):
        await shop.pull(RunKind.BACKFILL)
        link = NewLink(shop.id, str(made["id"]), None, "TEA", made["sku"], Options(direction="in"))
        await shop.hub.links.put(shop.tenant, [link], take_levels=True)
        assert await shop.moves() == [(50, "import")]
        placed = await shop.act(
            "place_order", status="processing", line_items=[{"product_id": made["id"], "quantity": 3}]
        )
        assert placed["status"] == "processing"
        await shop.act("count_shelf", id=made["id"], quantity=60)
        await shop.pull()

        async def settled() -> list[tuple[int, str]] | None:
            moves = await shop.moves()
            return moves if len(moves) == 3 else None

        assert await until(settled) == [(50, "import"), (-3, "sale"), (13, "correction")]
