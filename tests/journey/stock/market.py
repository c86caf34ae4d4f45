"""Two sandbox shops that sell from one shelf, a hub that hears them, and a worker in a process of its own.

Nothing is done by hand: webhooks, wishes, pushes and pulls go the way they go in production. The doors' hub and the
worker's hub share the database alone, as two processes do.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from crossdock.api.app import build_app
from crossdock.cli.demo.ground import free_port
from crossdock.connect.sandbox import Serving, serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.command import Ask, Refund
from crossdock.flow.run import RunKind
from crossdock.flow.stock.levels import Cause, Change
from crossdock.flow.stock.links import NewLink, Options
from crossdock.kit.ids import new_id
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.hub import until, working


class Shop:
    """A sandbox shop with a product called TEA."""

    def __init__(self, server: Serving, app: Any, http: aiohttp.ClientSession, name: str) -> None:
        self.server, self.app, self.http, self.name = server, app, http, name
        self.id = uuid.UUID(int=0)
        self.product = 0

    @property
    def shows(self) -> int | None:
        """What the shop itself shows of its product."""
        quantity: int | None = self.app.shop.products.get(self.product)["stock_quantity"]
        return quantity

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.server.url}/_sandbox/act", json={"do": do, **more}) as reply:
            done: dict[str, Any] = await reply.json()
        assert done.get("done"), done
        return done

    async def turn(self, **dials: Any) -> None:
        async with self.http.put(f"{self.server.url}/_sandbox/dials", json=dials) as reply:
            assert reply.status == 200, await reply.text()

    async def sell(self, pieces: int = 1, status: str = "processing") -> str:
        """Place an order."""
        items = [{"product_id": self.product, "quantity": pieces}]
        return str((await self.act("place_order", status=status, line_items=items))["id"])


class Market:
    """The hub of the doors, and two shops."""

    def __init__(self, hub: Hub, a: Shop, b: Shop) -> None:
        self.hub, self.a, self.b = hub, a, b
        self.tenant = uuid.UUID(int=0)
        self.links: dict[str, Any] = {}

    async def open(self, level: int, **options: Any) -> None:
        """Connect both, read them, link their teas and let both show the level."""
        self.tenant = await self.hub.tenants.find()
        for shop in (self.a, self.b):
            made = await shop.act("new_product")
            shop.product = int(made["id"])
            keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
            form = {"url": shop.server.url, "plain_http": True, **keys}
            shop.id = (await self.hub.connections.connect(self.tenant, "woocommerce", form, actor="test")).id
            await self.hub.runs.add(self.tenant, shop.id, RunKind.BACKFILL, ("order", "product"))
            await self.until(self.rested)
            link = NewLink(shop.id, str(shop.product), None, "TEA", made["sku"], Options(**options))
            self.links[shop.name] = (await self.hub.links.put(self.tenant, [link]))[0][0]
        await self.put(level)
        await self.shown(level, level)

    async def put(self, on_hand: int, **more: Any) -> None:
        change = Change(sku="TEA", reference=str(new_id()), cause=Cause.SET, on_hand=on_hand, **more)
        await self.hub.book.apply(self.tenant, [change])

    async def shown(self, a: int, b: int) -> None:
        """Wait until both shops show these quantities and the hub's stage is at rest."""

        async def agree() -> bool:
            return (self.a.shows, self.b.shows) == (a, b) and await self.still()

        await self.until(agree, lambda: f"shops show {self.a.shows} and {self.b.shows}, not {a} and {b}")

    async def still(self) -> bool:
        """Whether nothing is owed, doubted or under way."""
        busy = "SELECT count(*) FROM sku_link WHERE in_flight IS NOT NULL OR owed <> 0 OR doubt IS NOT NULL"
        return not await self.value(busy) and not await self.value("SELECT count(*) FROM delivery")

    async def level(self) -> tuple[int, int]:
        (row,) = await self.rows("SELECT on_hand, reserved FROM stock_level WHERE hub_sku = 'TEA'")
        return row["on_hand"], row["reserved"]

    async def counted(self, on_hand: int, reserved: int = 0) -> None:
        """Wait until the hub's level is this."""

        async def so() -> bool:
            return await self.level() == (on_hand, reserved)

        await self.until(so, lambda: f"the level is not {on_hand}, {reserved}")

    async def moves(self) -> list[tuple[int, str]]:
        rows = await self.rows("SELECT delta, cause FROM stock_move WHERE hub_sku = 'TEA' ORDER BY version")
        return [(row["delta"], row["cause"]) for row in rows]

    async def writes(self, shop: Shop) -> int:
        """How many times the shop was told a level."""
        sql = "SELECT count(*) FROM event WHERE connection_id = $1 AND stream = 'stock_level'"
        return int(await self.value(sql, shop.id))

    async def landed(self) -> bool:
        """Whether no level is on its way."""
        return not await self.value("SELECT count(*) FROM sku_link WHERE in_flight IS NOT NULL OR push_at <= now()")

    async def shows(self, shop: Shop, quantity: int) -> bool:
        return shop.shows == quantity

    async def refund(self, shop: Shop, order: str, **more: Any) -> None:
        found = await self.until(lambda: self.value(ORDER, shop.id, order))
        await self.hub.orders.one(self.tenant, Ask(found, Refund(**more)))

    async def rested(self) -> bool:
        return not await self.value("SELECT count(*) FROM run WHERE state IN ('waiting', 'running')")

    async def until(self, condition: Any, says: Callable[[], str] = lambda: "") -> Any:
        try:
            return await until(condition)
        except TimeoutError:
            links = [dict(row) for row in await self.rows("SELECT * FROM sku_link")]
            raise AssertionError(f"{says()}; moves {await self.moves()}; links {links}") from None

    async def value(self, sql: str, *values: Any) -> Any:
        async with self.hub.database.engine() as conn:
            return await conn.fetchval(sql, *values)

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        async with self.hub.database.engine() as conn:
            return list(await conn.fetch(sql, *values))


ORDER = "SELECT id FROM record WHERE connection_id = $1 AND stream = 'order' AND external_id = $2"


@contextlib.asynccontextmanager
async def market(settings: Settings, level: int = 10, **options: Any) -> AsyncIterator[Market]:
    """Open all of it, with both shops showing the level."""
    port = free_port()
    settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}", "pull_interval_s": 3600})
    async with contextlib.AsyncExitStack() as stack:
        # a connection of its own for every call: one that was kept may be closed by the server at that very moment
        connector = aiohttp.TCPConnector(force_close=True)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        shops = []
        for seed, name in ((5, "a"), (6, "b")):
            switch = woocommerce.build(woocommerce.generate(3, seed))
            server = await stack.enter_async_context(serving(switch))
            shops.append(Shop(server, switch.app, http, name))  # type: ignore[attr-defined]
        doors = await stack.enter_async_context(open_hub(settings))
        await stack.enter_async_context(serving(build_app(doors), port=port))
        hints = asyncio.create_task(doors.hints.run())
        stack.callback(hints.cancel)
        worker = await stack.enter_async_context(open_hub(settings))
        await stack.enter_async_context(working(worker))
        made = Market(doors, *shops)
        await made.open(level, **options)
        yield made
