"""Customers: people with an account at a store, and guests; one person across all stores and destinations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.responses import Response

from crossdock.errors import NotFound
from crossdock.govern.access import Role
from crossdock.govern.records import Asked, Guest, Stored
from crossdock.kit.ids import Prefix, show
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.records import person
from crossdock.web.records.asking import Store, connections, named
from crossdock.web.words import masked

ROOM = Room()
PAGE: Final = 50
_COLUMNS: Final = ("id", "kind", "store", "name", "email", "role", "orders", "created_at", "last_order_at")


@ROOM.page("/customers")
async def customers(desk: Desk) -> Response:
    """List people, or find one by address or by an order."""
    if desk.query.get("of"):
        return desk.go(f"/customers/{await _of_order(desk)}")
    stores = await connections(desk, streams=("customer", "order"))
    guests = desk.query.get("kind") == "guest"
    if desk.query.get("format"):
        return await desk.export("customers", _COLUMNS, _each(desk, stores))
    page = await _page(desk, stores, desk.query.get("before") or None, PAGE)
    return desk.show(
        "customers/list.html",
        rows=page["rows"],
        older=desk.here(before=page["next"]) if page["next"] else "",
        newer=desk.here(before=None) if desk.query.get("before") else "",
        guests=guests,
        asked=desk.asked(("store", "email")),
        store_options=[("", "All stores"), *((one.id, one.name) for one in stores)],
    )


@ROOM.page("/customers/{customer_id}")
async def one(desk: Desk) -> Response:
    """Show one person: by an account (cus_…), or a guest by one of their orders (ord_…)."""
    prefix = Prefix.ORDER if desk.request.path_params["customer_id"].startswith("ord_") else Prefix.CUSTOMER
    people = desk.may(Role.OPERATOR)
    shown = show(prefix, desk.id(prefix, "customer_id"))
    found = await person.told(desk.hub, desk.tenant_id, desk.id(prefix, "customer_id"), people=people)
    if desk.query.get("format"):
        columns = ("id", "number", "store", "status", "at", "total", "currency")
        rows = [{name: getattr(order, name) for name in columns} for order in found.orders]
        return await desk.export("orders-of-person", columns, rows)
    return desk.show("customers/one.html", person=found, person_id=shown, people=people)


async def _of_order(desk: Desk) -> str:
    """Return the person of an order: their account, else the order itself."""
    order_id = show(Prefix.ORDER, desk.id(Prefix.ORDER, "of"))
    found = await desk.hub.finder.one(desk.tenant_id, "order", order_id, "of")
    data = found["data"] or {}
    if not (data.get("billing") or {}).get("email"):
        raise NotFound("the order names no address, so nobody is known of it", field="of")
    if data.get("customer_id"):
        known = await desk.hub.finder.named(
            desk.tenant_id, "customer", "by_external_id", str(data["customer_id"]), found["store"]["id"]
        )
        if known["items"]:
            shown: str = known["items"][0].id
            return shown
    return order_id


async def _page(desk: Desk, stores: list[Store], before: str | None, limit: int) -> dict[str, Any]:
    store = await named(desk, stores)
    store_id = show(Prefix.CONNECTION, store.id) if store else None
    email = desk.query.get("email", "").strip().lower()
    see = desk.may(Role.OPERATOR)
    if desk.query.get("kind") == "guest" and not email:
        page = await desk.hub.guests.page(desk.tenant_id, limit=limit, store=store_id, before=before)
        return {"rows": [_guest(one, see=see) for one in page["items"]], "next": page["next"]}
    subject = desk.hub.vault.subject(email) if email else None
    asked = Asked(limit=limit, store=store_id, before=before, subject=subject)
    page = await desk.hub.finder.page(desk.tenant_id, "customer", asked)
    rows = [_account(one, see=see) for one in page["items"]]
    if subject is not None and not rows and before is None:
        orders = await desk.hub.finder.page(desk.tenant_id, "order", Asked(limit=1, store=store_id, subject=subject))
        rows = [_buyer(one, see=see) for one in orders["items"]]
    return {"rows": rows, "next": page["next"]}


async def _each(desk: Desk, stores: list[Store]) -> AsyncIterator[dict[str, Any]]:
    before: str | None = None
    while True:
        page = await _page(desk, stores, before, 200)
        for row in page["rows"]:
            yield row
        before = page["next"]
        if before is None:
            return


def _shown(value: str, *, see: bool) -> str:
    return value if see or not value else masked(value)


def _account(one: Stored, *, see: bool) -> dict[str, Any]:
    word = one.data
    name = f"{getattr(word, 'first_name', '')} {getattr(word, 'last_name', '')}".strip()
    return {
        "id": one.id,
        "kind": "registered",
        "store": one.store.name,
        "name": _shown(name, see=see),
        "email": _shown(getattr(word, "email", "") or "", see=see),
        "role": getattr(word, "role", ""),
        "presence": str(one.presence),
        "created_at": one.created_at,
        "orders": None,
        "last_order_at": None,
    }


def _guest(one: Guest, *, see: bool) -> dict[str, Any]:
    return {
        "id": one.newest_order,
        "kind": "guest",
        "store": one.store.name,
        "name": _shown(f"{one.first_name} {one.last_name}".strip(), see=see),
        "email": _shown(one.email, see=see),
        "role": "guest",
        "presence": "live",
        "created_at": one.first_order_at,
        "orders": one.orders,
        "last_order_at": one.last_order_at,
    }


def _buyer(one: Stored, *, see: bool) -> dict[str, Any]:
    """Return a guest by one of the orders that bear the address."""
    billing = getattr(one.data, "billing", None)
    name = f"{getattr(billing, 'first_name', '')} {getattr(billing, 'last_name', '')}".strip()
    email = getattr(billing, "email", "") or ""
    return {
        "id": one.id,
        "kind": "guest",
        "store": one.store.name,
        "name": _shown(name, see=see),
        "email": _shown(email, see=see),
        "role": "guest",
        "presence": "live",
        "created_at": None,
        "orders": None,
        "last_order_at": one.created_at,
    }
