"""One person across stores and destinations: all records of the same address, put together. Nobody is asked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from crossdock.errors import NotFound
from crossdock.flow.deliver.xray import Side
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.order import Order
from crossdock.model.connection import Connection
from crossdock.store.queries import load
from crossdock.web.outward import Outside, at_destination, at_source, title_of
from crossdock.web.words import masked
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("person.sql"))
MOST: Final = 200
"""Records of one person that are looked at."""


class Account(msgspec.Struct, frozen=True):
    """The person's account at one store."""

    id: str
    store: str
    store_id: str
    external_id: str
    role: str
    created_at: Any
    outside: Outside | None


class Bought(msgspec.Struct, frozen=True):
    """One order of the person."""

    id: str
    number: str
    store: str
    status: str
    at: Any
    total: Decimal
    currency: str


class Copy(msgspec.Struct, frozen=True):
    """A record of the person at a destination."""

    destination: str
    object: str
    external_id: str
    of: str
    """What it is a copy of: customer 7, order 17."""
    changed_at: Any
    outside: Outside | None


class Person(msgspec.Struct, frozen=True):
    """All that is known of one person."""

    name: str
    email: str
    phone: str
    lives: str
    accounts: tuple[Account, ...]
    orders: tuple[Bought, ...]
    spent: dict[str, Decimal]
    """What was paid, by currency, refunds taken off."""
    copies: tuple[Copy, ...]
    sides: tuple[Side, ...]
    """What each destination is told of the person now, beside what it was told last."""
    last_sent: tuple[dict[str, Any], ...]
    kept_back: tuple[dict[str, Any], ...]
    others: tuple[dict[str, Any], ...]
    """Records of other streams."""
    more: bool


async def told(hub: Hub, tenant_id: uuid.UUID, record_id: uuid.UUID, *, people: bool) -> Person:
    """Put a person together by one of their records. Raises ``NotFound`` where that names nobody."""
    async with hub.database.tenant(tenant_id) as conn:
        asked = await conn.fetchrow(SQL["subject"], tenant_id, record_id)
        if asked is None or asked["subject"] is None:
            raise NotFound("there is no such person", remedy="find the person by address, under Customers")
        rows = await conn.fetch(SQL["of_subject"], tenant_id, asked["subject"], MOST)
    stores = {name: await hub.directory.connection(name) for name in {row["connection_id"] for row in rows}}
    words = [(row, hub.finder.said(row, stores[row["connection_id"]])[0]) for row in rows]
    keys = {f"{stores[r['connection_id']].account_uid}:{r['stream']}:{r['external_id']}": r for r in rows}
    ids = [row["record_id"] for row in rows]
    connections = [one["uuid"] for one in await hub.connections.list(tenant_id)]
    async with hub.database.tenant(tenant_id) as conn:
        links = await conn.fetch(SQL["links_of"], tenant_id, connections, list(keys))
        back = await conn.fetch(SQL["kept_back"], tenant_id, ids)
        sent = await conn.fetch(SQL["last_sent"], tenant_id, ids)
    account = next((row["record_id"] for row, _ in words if row["stream"] == "customer"), None)
    orders = [(row, word) for row, word in words if isinstance(word, Order) and row["presence"] == "live"]
    return Person(
        **_facts([word for _, word in words], people=people),
        accounts=tuple(_account(hub, stores[r["connection_id"]], r, w) for r, w in words if isinstance(w, Customer)),
        orders=tuple(_bought(stores[row["connection_id"]], row, word) for row, word in orders),
        spent=_spent([word for _, word in orders]),
        copies=tuple([await _copy(hub, link, keys) for link in links]),
        sides=tuple(await hub.xray.sides(tenant_id, account, people=people)) if account else (),
        last_sent=tuple({**dict(row), "id": show(Prefix.DELIVERY, row["id"])} for row in sent),
        kept_back=tuple(dict(row) for row in back),
        others=tuple(_other(stores, row) for row, _ in words if row["stream"] not in ("order", "customer")),
        more=len(rows) == MOST,
    )


def _facts(words: Sequence[Any], *, people: bool) -> dict[str, str]:
    """Return who it is, by the newest record that says so."""
    found = {"name": "", "email": "", "phone": "", "lives": ""}
    for word in words:
        place = getattr(word, "billing", None)
        own = word if isinstance(word, Customer) else place
        if place is None or own is None:
            continue
        full = f"{own.first_name or place.first_name} {own.last_name or place.last_name}".strip()
        said = {"name": full, "email": own.email or place.email, "phone": place.phone}
        said["lives"] = ", ".join(one for one in (place.postcode, place.city, place.country) if one)
        found = {name: found[name] or said[name] for name in found}
    if people:
        return found
    return {name: masked(value) if value else "" for name, value in found.items()}


def _account(hub: Hub, store: Connection, row: Any, word: Customer) -> Account:
    outside = at_source(hub, store, "customer", row["external_id"])
    shown = (show(Prefix.CUSTOMER, row["record_id"]), store.name, show(Prefix.CONNECTION, store.id))
    return Account(*shown, row["external_id"], word.role, word.created_at or row["made_at"], outside)


def _bought(store: Connection, row: Any, word: Order) -> Bought:
    shown = show(Prefix.ORDER, row["record_id"])
    return Bought(shown, word.number, store.name, row["status"], row["made_at"], word.total, word.currency)


def _spent(orders: Sequence[Order]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for order in orders:
        if order.payment_status in ("paid", "part_refunded", "refunded"):
            sums[order.currency] = sums.get(order.currency, Decimal(0)) + order.net_total
    return sums


async def _copy(hub: Hub, link: Any, keys: Mapping[str, Any]) -> Copy:
    there = await hub.directory.connection(link["connection_id"])
    row = keys[link["key"]]
    outside = at_destination(hub, there, link["object"], link["external_id"])
    name = f"{there.name}" if there.name else title_of(hub, there)
    of = f"{row['stream']} {row['code'] or row['external_id']}"
    return Copy(name, link["object"], link["external_id"], of, link["changed_at"], outside)


def _other(stores: Mapping[uuid.UUID, Connection], row: Any) -> dict[str, Any]:
    return {
        "stream": row["stream"],
        "type": row["type"],
        "external_id": row["external_id"],
        "status": row["status"],
        "store": stores[row["connection_id"]].name,
        "event_id": show(Prefix.EVENT, row["event_id"]),
        "at": row["recorded_at"],
    }
