"""Quantities that nothing explains: looked into, then settled.

A store shows a quantity that is neither our write nor a sale. After a moment its product is read afresh; then all
orders made before that reading have to be counted (a pull of orders that began after it, and the counter beyond it).
What still differs is what a person has counted in the store, and the hub's level follows as a correction.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Connector
from crossdock.flow.ports import Sources, Store
from crossdock.flow.stock import levels
from crossdock.flow.stock.levels import MAIN, Cause, Change
from crossdock.flow.stock.movement import settled
from crossdock.flow.stock.offer import Level, location_of
from crossdock.flow.stock.push import SQL as PUSH
from crossdock.flow.stock.push import account, shares_of
from crossdock.model.commerce.product import Product
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("doubt.sql"))
log = structlog.get_logger("crossdock.stock")
_CHUNK = 20


class Patience(msgspec.Struct, frozen=True):
    """How long a doubt is left alone, and how long its orders are waited for."""

    calm: timedelta = timedelta(seconds=5)
    orders: timedelta = timedelta(minutes=15)
    """After this the orders are taken to be all there: a store whose orders are not pulled."""


class Doubts:
    """Looks into doubts, a few at a time."""

    def __init__(
        self,
        store: Store,
        sources: Sources,
        connectors: Callable[[str], Connector | None],
        ask_for_orders: Callable[[uuid.UUID, uuid.UUID], Awaitable[Any]],
        patience: Patience,
    ) -> None:
        """``ask_for_orders(tenant_id, connection_id)`` queues a pull of a store's orders."""
        self._store = store
        self._sources = sources
        self._connectors = connectors
        self._ask = ask_for_orders
        self._patience = patience

    async def settle(self) -> int:
        """Look into what is due; returns how many doubts have ended."""
        async with self._store.engine() as conn:
            unread = await conn.fetch(SQL["to_read"], self._patience.calm, _CHUNK)
        for link in unread:
            await self._read(link)
        async with self._store.engine() as conn:
            wanting = await conn.fetch(SQL["to_ask"])
            certain = await conn.fetch(SQL["certain"], self._patience.orders, _CHUNK)
        for store in wanting:
            await self._ask(store["tenant_id"], store["connection_id"])
        ended = 0
        for link in certain:
            with contextlib.suppress(_Moved):
                await self._settle(link)
                ended += 1
        return ended

    async def _read(self, link: Any) -> None:
        """Read the product afresh and note what it shows."""
        try:
            connection = await self._sources.connection(link["connection_id"])
            source = await self._sources.source(link["connection_id"])
            external_id = link["variation_id"] or link["product_id"]
            parent = link["product_id"] if link["variation_id"] else None
            seen = await source.fetch(link["stream"] or "product", external_id, parent)
        except CallFailed as failed:
            log.warning("store not read", connection=str(link["connection_id"]), problem=str(failed))
            return
        connector = self._connectors(connection.connector)
        word = connector.read(seen, connection.account) if connector and connector.read and seen else None
        quantity = word.stock_quantity if isinstance(word, Product) else None
        async with self._store.engine() as conn:
            shown = None if quantity is None else int(quantity)
            await conn.execute(SQL["note_reading"], link["id"], link["doubt"], shown)

    async def _settle(self, link: Any) -> None:
        """Settle one doubt, unless something happened meanwhile."""
        state, by = settled(account(link), link["checked"])
        async with self._store.transaction() as conn:
            rows = await conn.fetch(PUSH["levels_of"], link["tenant_id"], [link["hub_sku"]])
            known = [Level(row["location"], row["on_hand"], row["reserved"]) for row in rows]
            shares = (await shares_of(conn, link["tenant_id"])).get(link["connection_id"], ())
            change = Change(
                sku=link["hub_sku"],
                location=location_of(shares, known, max(-by, 1)) or MAIN,
                reference=f"check:{link['id']}:{link['checked_at'].isoformat()}",
                cause=Cause.CORRECTION,
                delta=by,
                connection_id=link["connection_id"],
            )
            if by:
                await levels.apply(conn, link["tenant_id"], [change])
            same = await conn.fetchval(SQL["settle"], link["id"], state.shown, link["checked_at"])
            if same is None:
                raise _Moved


class _Moved(Exception):
    """The link moved on while its doubt was being settled."""
