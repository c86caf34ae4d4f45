"""What people and programs set: levels, prices, shares and thresholds."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from crossdock.flow.ports import Store
from crossdock.flow.stock import levels
from crossdock.flow.stock.levels import Change, Result
from crossdock.flow.stock.offer import Share
from crossdock.flow.stock.ports import CHANNEL
from crossdock.flow.stock.push import Offered, offers_of, shares_of
from crossdock.kit.ids import Prefix, show
from crossdock.store.acting import note_act
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("book.sql"))
_TRIES = 5
_TOLD = 20
"""So many are named in an entry of the audit."""


class Price(msgspec.Struct, frozen=True):
    """A SKU's prices in one currency; None leaves the store's own."""

    sku: str
    currency: str
    regular_price: Decimal | None = None
    sale_price: Decimal | None = None


class Threshold(msgspec.Struct, frozen=True):
    """When a SKU runs low: pieces left, or days they last at the present pace. An empty SKU is the default."""

    sku: str
    low_at: int | None = None
    cover_days: Decimal | None = None
    window_days: int = 28


class Book:
    """Each call is one commit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def apply(self, tenant_id: uuid.UUID, changes: Sequence[Change]) -> list[Result]:
        """Change levels; one result a change. What is changed is pushed after the commit."""
        for left in reversed(range(_TRIES)):
            try:
                async with self._store.transaction() as conn:
                    done = await levels.apply(conn, tenant_id, changes)
                    await note_act(conn, tenant_id, "stock.set", "levels", _named([one.sku for one in changes]))
                    return done
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError):
                if not left:
                    raise
        return []

    async def offered(self, tenant_id: uuid.UUID, skus: Sequence[str]) -> dict[str, Offered]:
        """Return what each linked store may offer of SKUs."""
        async with self._store.engine() as conn:
            return await offers_of(conn, tenant_id, list(skus))

    async def price(self, tenant_id: uuid.UUID, prices: Sequence[Price]) -> int:
        """Set prices; returns how many changed. Links that push prices write them."""
        last = {(price.sku, price.currency): price for price in prices}
        rows = [msgspec.structs.astuple(last[key]) for key in sorted(last)]
        async with self._store.transaction() as conn:
            changed = await conn.fetch(SQL["put_prices"], tenant_id, *([row[at] for row in rows] for at in range(4)))
            await conn.execute(SQL["mark_prices"], tenant_id, sorted({row["hub_sku"] for row in changed}))
            await conn.execute(levels.SQL["wake"], CHANNEL)
            await note_act(conn, tenant_id, "stock.price", "prices", _named([row["hub_sku"] for row in changed]))
        return len(changed)

    async def share(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, shares: Sequence[Share]) -> None:
        """Replace a store's shares; what all stores offer is looked at again."""
        rows = [(s.location, s.weight, s.reserve, s.share) for s in {s.location: s for s in shares}.values()]
        async with self._store.transaction() as conn:
            await conn.execute(SQL["drop_shares"], tenant_id, connection_id)
            await conn.execute(SQL["put_shares"], tenant_id, connection_id, *_columns(rows, 4))
            await conn.execute(SQL["mark_all"], tenant_id)
            await conn.execute(levels.SQL["wake"], CHANNEL)
            told = {"locations": sorted(row[0] for row in rows)[:_TOLD]}
            await note_act(conn, tenant_id, "stock.share", show(Prefix.CONNECTION, connection_id), told)

    async def share_one(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, share: Share) -> None:
        """Set a store's share of one location; its other shares stay."""
        async with self._store.engine() as conn:
            standing = (await shares_of(conn, tenant_id)).get(connection_id, [])
        await self.share(tenant_id, connection_id, [*standing, share])

    async def watch(self, tenant_id: uuid.UUID, thresholds: Sequence[Threshold]) -> None:
        """Set thresholds; one without any limit is dropped."""
        rows = [msgspec.structs.astuple(t) for t in {t.sku: t for t in thresholds}.values()]
        async with self._store.transaction() as conn:
            await conn.execute(SQL["put_thresholds"], tenant_id, *_columns(rows, 4))
            await conn.execute(SQL["drop_thresholds"], tenant_id)
            await note_act(conn, tenant_id, "stock.threshold", "thresholds", _named([row[0] for row in rows]))


def _named(skus: Sequence[str]) -> dict[str, Any]:
    return {"count": len(skus), "skus": sorted(set(skus))[:_TOLD]}


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[at] for row in rows] for at in range(width)]
