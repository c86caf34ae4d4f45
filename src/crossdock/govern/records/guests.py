"""Guests: people who bought without an account. They are no entity of a store; their newest order says who they are."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec

from crossdock.govern.records.finder import SQL, Finder, Read, Store, StoreNamed, named
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.order import Order


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """A person of one store, known by the address on their orders."""

    kind: str = "guest"
    store: StoreNamed
    email: str
    first_name: str
    last_name: str
    phone: str
    billing: dict[str, Any]
    shipping: dict[str, Any]
    orders: int
    """How many orders of the store are billed to the address."""
    newest_order: str
    first_order_at: datetime | None
    last_order_at: datetime | None


class Guests:
    """Lists guests, the last buyer first."""

    def __init__(self, store: Store, read: Read) -> None:
        self._store = store
        self._finder = Finder(store, read)

    async def page(self, tenant_id: uuid.UUID, *, limit: int, store: str | None, before: str | None) -> dict[str, Any]:
        """Return one page: at most ``limit`` guests. ``next`` goes on where it ended, however few it shows.

        Somebody whose newest order belongs to an account with another address is no guest, and left out.
        """
        async with self._store.tenant(tenant_id) as conn:
            stores = await self._finder.stores(conn, tenant_id, store)
            place = await self._finder.place(conn, tenant_id, "order", before)
            rows = await conn.fetch(SQL["guests"], tenant_id, list(stores), limit, *place)
        items = [guest for row in rows if (guest := self._guest(row, stores[row["connection_id"]])) is not None]
        more = len(rows) == limit
        return {"items": items, "next": show(Prefix.ORDER, rows[-1]["record_id"]) if more else None}

    def _guest(self, row: Any, store: Any) -> Guest | None:
        said, _ = self._finder.said(row, store)
        if said is None or account_of(said) is not None:
            return None
        order = msgspec.to_builtins(said)
        billing = order.get("billing") or {}
        return Guest(
            store=named(store),
            email=str(billing.get("email") or ""),
            first_name=str(billing.get("first_name") or ""),
            last_name=str(billing.get("last_name") or ""),
            phone=str(billing.get("phone") or ""),
            billing=billing,
            shipping=order.get("shipping") or {},
            orders=row["orders"],
            newest_order=show(Prefix.ORDER, row["record_id"]),
            first_order_at=row["first_at"],
            last_order_at=row["placed_at"],
        )


def account_of(said: Any) -> Any:
    """Return the customer's id at the store of what an order says; None for a guest, and where it cannot be read."""
    return said.customer_id if isinstance(said, Order) else (said or {}).get("customer_id")
