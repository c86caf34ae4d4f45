"""Two shops that share a hub's stock, their webhooks, and the wishes the hub records for them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest_asyncio

from crossdock.flow.stock.levels import Cause, Change
from crossdock.flow.stock.links import NewLink, Options
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.support.hub import add_shop, order, signed

_clock = itertools.count(1)


class Floor:
    """A hub with two shops; nothing runs by itself: a test says when."""

    def __init__(self, hub: Hub, shops: list[Connection]) -> None:
        self.hub = hub
        self.a, self.b = shops
        self.tenant = self.a.tenant_id

    async def route(self, shop: Connection, stream: str = "stock_level") -> None:
        """Let a shop take levels."""
        async with self.hub.database.transaction() as conn:
            await conn.execute("INSERT INTO lane (id, tenant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", *_of(shop))
            await conn.execute(
                "INSERT INTO route (id, tenant_id, source_id, destination_id, stream, action, occurrence)"
                " VALUES ($1, $2, $3, $3, $4, $4, false)",
                new_id(),
                shop.tenant_id,
                shop.id,
                stream,
            )
            await conn.execute("UPDATE connection SET route_epoch = route_epoch + 1 WHERE id = $1", shop.id)

    async def link(self, shop: Connection, sku: str, product: str = "7", **options: Any) -> Any:
        """Link a product."""
        link = NewLink(shop.id, product, None, sku, sku, Options(**options))
        return (await self.hub.links.put(self.tenant, [link]))[0][0]

    async def put(self, sku: str, on_hand: int, **more: Any) -> None:
        """Set a level."""
        change = Change(sku=sku, reference=str(new_id()), cause=Cause.SET, on_hand=on_hand, **more)
        await self.hub.book.apply(self.tenant, [change])

    async def level(self, sku: str) -> tuple[int, int]:
        """Return (on_hand, reserved)."""
        async with self.hub.database.engine() as conn:
            row = await conn.fetchrow(
                "SELECT on_hand, reserved FROM stock_level WHERE tenant_id = $1 AND hub_sku = $2", self.tenant, sku
            )
        return tuple(row)

    async def moves(self, sku: str) -> list[tuple[int, str]]:
        """Return (delta, cause), the oldest first."""
        async with self.hub.database.engine() as conn:
            rows = await conn.fetch(
                "SELECT delta, cause FROM stock_move WHERE tenant_id = $1 AND hub_sku = $2 ORDER BY version",
                self.tenant,
                sku,
            )
        return [tuple(row) for row in rows]

    async def wishes(self, shop: Connection, stream: str = "stock_level") -> list[dict[str, Any]]:
        """Return the documents of a shop's wishes, the oldest first."""
        async with self.hub.database.engine() as conn:
            rows = await conn.fetch(
                "SELECT * FROM event WHERE connection_id = $1 AND stream = $2 ORDER BY id", shop.id, stream
            )
        return [self.hub.canonical.document(dict(row)) for row in rows]

    async def told(self, shop: Connection) -> list[int]:
        """Return the quantities a shop was told."""
        return [wish["quantity"] for wish in await self.wishes(shop)]

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """Return the documents of the hub's own events of a type."""
        async with self.hub.database.engine() as conn:
            rows = await conn.fetch(
                "SELECT * FROM event WHERE tenant_id = $1 AND type = $2 ORDER BY id", self.tenant, kind
            )
        return [self.hub.canonical.document(dict(row)) for row in rows]

    async def answer(self, shop: Connection, state: str = "delivered", reason: str | None = None) -> int:
        """End what waits for a shop, as its pump would."""
        async with self.hub.database.transaction() as conn:
            rows = await conn.fetch("DELETE FROM delivery WHERE lane_id = $1 RETURNING *", shop.id)
            for row in rows:
                await conn.execute(
                    "INSERT INTO delivery_done (id, tenant_id, lane_id, route_id, record_id, event_id, seq, state,"
                    " reason, attempts, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, now())",
                    *(row[n] for n in ("id", "tenant_id", "lane_id", "route_id", "record_id", "event_id", "seq")),
                    state,
                    reason,
                )
        return len(rows)

    async def sale(
        self, shop: Connection, number: int, taken: int, *, product: int = 7, status: str = "processing", **more: Any
    ) -> None:
        """Hear of an order whose only line has taken some pieces."""
        meta = [{"id": 1, "key": "_reduced_stock", "value": str(taken)}] if taken else []
        line = {"id": number * 10, "name": "Tea", "product_id": product, "variation_id": 0, "quantity": max(taken, 1)}
        line |= {"total": "10.00", "meta_data": meta}
        made = {"date_created_gmt": "2099-01-01T00:00:00", "date_paid_gmt": None, "line_items": [line], **more}
        await self.hear(shop, order(number, status=status, modified=_later(), **made), "order.updated")

    async def shows(self, shop: Connection, quantity: int, product: int = 7, sku: str = "TEA") -> None:
        """Hear what a shop shows of a product."""
        document = {
            "id": product,
            "name": "Tea",
            "type": "simple",
            "status": "publish",
            "sku": sku,
            "manage_stock": True,
            "stock_quantity": quantity,
            "date_modified_gmt": _later(),
        }
        await self.hear(shop, document, "product.updated")

    async def hear(self, shop: Connection, document: dict[str, Any], topic: str) -> None:
        """Take a webhook."""
        headers, body = signed(document, topic)
        await self.hub.journey.webhook(shop, headers, body)

    async def work(self) -> None:
        """Let the stock stage do what there is to do."""
        for _ in range(20):
            if not await self.hub.stock.work():
                return
        raise AssertionError("it never comes to rest")

    async def later(self) -> None:
        """Let what is waited for be over."""
        async with self.hub.database.engine() as conn:
            await conn.execute(
                "UPDATE sku_link SET owed_until = now() - interval '1 s', push_at = least(push_at, now()),"
                " doubt_at = doubt_at - interval '1 hour', checked_at = checked_at - interval '1 hour'"
            )


def _of(shop: Connection) -> tuple[Any, Any]:
    return shop.id, shop.tenant_id


def _later() -> str:
    minutes = next(_clock)
    return f"2099-01-{1 + minutes // 1440:02}T{minutes // 60 % 24:02}:{minutes % 60:02}:00"


@pytest_asyncio.fixture
async def floor(hub: Hub) -> Floor:
    """Two shops that take levels."""
    made = Floor(hub, [await add_shop(hub, "a"), await add_shop(hub, "b", "https://b.example")])
    await made.route(made.a)
    await made.route(made.b)
    return made
