"""A fulfilment that the store has taken moves exactly its lines, once, and pushes their SKUs where a link asks."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import orjson

from crossdock.flow.ports import Sources, Store
from crossdock.flow.stock import levels
from crossdock.flow.stock.count import SQL, Tally, first_sight, move, prepare, save_lines
from crossdock.flow.stock.levels import Cause
from crossdock.flow.stock.ports import CHANNEL, Words
from crossdock.model.commerce.lines import OrderLine
from crossdock.model.commerce.order import Order

_CHUNK = 100


class Fulfilments:
    """Waits for the ends of fulfilment wishes."""

    def __init__(self, store: Store, sources: Sources, words: Words) -> None:
        self._store = store
        self._sources = sources
        self._words = words

    async def land(self, tenant_id: uuid.UUID) -> int:
        """Count fulfilments that were delivered, forget those that were not; returns how many ended."""
        async with self._store.engine() as conn:
            if not await conn.fetchval(SQL["awaits_fulfilments"], tenant_id):
                return 0
        async with self._store.transaction() as conn:
            # the lines are the counter's too: one at a time
            if await conn.fetchrow(SQL["lock_cursor"], tenant_id) is None:
                return 0
            ended = await conn.fetch(SQL["ended_fulfilments"], tenant_id, _CHUNK)
            for row in ended:
                if row["state"] == "delivered":
                    await self._count(conn, row)
            await conn.execute(SQL["forget_fulfilments"], [row["event_id"] for row in ended])
        return len(ended)

    async def _count(self, conn: Any, row: Any) -> None:
        names = (row["tenant_id"], row["connection_id"], row["order_id"])
        record = await conn.fetchrow(SQL["order_record"], *names)
        if record is None or record["body"] is None:
            return
        order = self._words.read(await self._sources.connection(row["connection_id"]), record)
        if not isinstance(order, Order):
            return
        tally = await prepare(conn, row["tenant_id"], [(record, order)])
        wanted = orjson.loads(row["lines"]) if row["lines"] else None
        asked = {str(one["line_id"]): one.get("quantity") for one in wanted} if wanted is not None else None
        skus = set()
        for line in order.lines:
            if asked is None or line.id in asked:
                quantity = asked[line.id] if asked else None
                skus.add(_fulfil(tally, record, order, line, quantity, row["event_id"]))
        await levels.apply(conn, row["tenant_id"], tally.changes)
        await save_lines(conn, row["tenant_id"], list(tally.touched.values()))
        await conn.execute(SQL["force_links"], row["tenant_id"], sorted(sku for sku in skus if sku))
        await conn.execute(levels.SQL["wake"], CHANNEL)


def _fulfil(
    tally: Tally, event: Any, order: Order, line: OrderLine, quantity: int | None, cause: uuid.UUID
) -> str | None:
    """Note one line's fulfilment; returns the hub SKU it is about, None for a product that is not linked."""
    key = (event["connection_id"], order.id, line.id)
    state = tally.lines.get(key)
    if state is None:
        link = tally.link_of(event["connection_id"], line.product_id, line.variation_id)
        if link is None:
            return None
        state = first_sight(tally, link, event, order, line)
        state.seq = 0
    left = int(line.quantity) - state.line.fulfilled
    sent = left if quantity is None else min(int(quantity), left)
    after = msgspec.structs.replace(state.line, fulfilled=state.line.fulfilled + max(0, sent))
    move(tally, state, after, Cause.FULFILMENT, f"fulfilment:{cause}:{line.id}")
    tally.touched[key] = state
    return state.hub_sku
