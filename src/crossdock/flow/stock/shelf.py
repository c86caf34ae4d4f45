"""The shelf as people look at it: levels, their movements, shares, thresholds and what runs low."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from crossdock.errors import BadInput
from crossdock.flow.stock.book import Book
from crossdock.kit.ids import Prefix, show
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("shelf.sql"))
LAST = uuid.UUID(int=(1 << 128) - 1)


class Seen(Protocol):
    """The database, as the pages' role sees it."""

    def tenant(self, tenant_id: uuid.UUID) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return a connection that sees this tenant alone."""
        ...


class Shelf:
    """Reads, and changes nothing."""

    def __init__(self, store: Seen, book: Book) -> None:
        self._store = store
        self._book = book

    async def levels(
        self,
        tenant_id: uuid.UUID,
        skus: Sequence[str] | None = None,
        store_id: uuid.UUID | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> dict[str, Any]:
        """Return a page of levels by SKU; with a store only what it is linked to, with what it may offer.

        ``next`` goes into ``after``. Raises ``BadInput`` for what is no cursor.
        """
        place = ("", "")
        if after:
            sku, found, location = after.rpartition("@")
            if not found:
                raise BadInput("that is no cursor of this list", field="after", remedy="give back next as it came")
            place = (sku, location)
        async with self._store.tenant(tenant_id) as conn:
            rows = await conn.fetch(SQL["levels"], tenant_id, list(skus) if skus else None, store_id, *place, limit)
        items = [{**dict(row), "sku": row["hub_sku"], "available": row["on_hand"] - row["reserved"]} for row in rows]
        if store_id is not None:
            offered = await self._book.offered(tenant_id, sorted({item["sku"] for item in items}))
            for item in items:
                item["offered"] = offered[item["sku"]].get(store_id) if item["sku"] in offered else None
        last = f"{items[-1]['sku']}@{items[-1]['location']}" if len(items) == limit else None
        return {"items": items, "next": last}

    async def moves(
        self, tenant_id: uuid.UUID, sku: str | None, before: uuid.UUID | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return movements, the newest first."""
        async with self._store.tenant(tenant_id) as conn:
            rows = await conn.fetch(SQL["moves"], tenant_id, sku, before or LAST, limit)
        return [
            {
                **dict(row),
                "uuid": row["id"],
                "id": show(Prefix.MOVE, row["id"]),
                "sku": row["hub_sku"],
                "store": show(Prefix.CONNECTION, row["connection_id"]) if row["connection_id"] else None,
            }
            for row in rows
        ]

    async def alerts(
        self, tenant_id: uuid.UUID, is_open: bool | None, before: uuid.UUID | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return what ran low, the newest first."""
        async with self._store.tenant(tenant_id) as conn:
            rows = await conn.fetch(SQL["alerts"], tenant_id, is_open, before or LAST, limit)
        return [{**dict(r), "id": show(Prefix.ALERT, r["id"]), "per_day": float(r["per_day"])} for r in rows]

    async def shares(self, tenant_id: uuid.UUID, store_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return what a store may offer of which location."""
        async with self._store.tenant(tenant_id) as conn:
            return [dict(row) for row in await conn.fetch(SQL["shares"], tenant_id, store_id)]

    async def thresholds(self, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return when each SKU is low; the one of an empty SKU is for all others."""
        async with self._store.tenant(tenant_id) as conn:
            return [dict(row) for row in await conn.fetch(SQL["thresholds"], tenant_id)]
