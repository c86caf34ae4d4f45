"""Find: an order's number, an e-mail address, a SKU or any id leads to its page; several hits are listed.

What is searched for comes by POST, so that no address a person types stands in a history, a log or a referrer: an
e-mail address is hashed with the hub's key at once and kept nowhere. Other words move on to ``/find?q=…``, which can be
kept as a bookmark.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.responses import Response

from crossdock.errors import BadInput
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, parse, show
from crossdock.store.queries import load
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.sitemap import home_of
from crossdock.web.words import masked

SQL = load(Path(__file__).parent.parent / "traffic" / "find.sql")
ROOM = Room()
_MOST: Final = 50
_LONGEST: Final = 320
_STREAMS: Final = ("order", "customer", "product", "refund", "coupon")


class Hit(msgspec.Struct, frozen=True):
    """Something that was found."""

    kind: str
    title: str
    said: str
    href: str


@ROOM.page("/find")
async def find(desk: Desk) -> Response:
    """Show what a search has found; a single hit is gone to."""
    return await _answer(desk, desk.query.get("q", ""), posted=False)


@ROOM.action("/find", role=Role.VIEWER)
async def search(desk: Desk) -> Response:
    """Go to what a search names."""
    return await _answer(desk, desk.text("q"), posted=True)


async def _answer(desk: Desk, text: str, *, posted: bool) -> Response:
    sought = text.strip()[: _LONGEST + 1]
    if len(sought) > _LONGEST:
        raise BadInput(f"at most {_LONGEST} characters", field="q", remedy="shorten it")
    hits = await hits_of(desk, sought) if sought else []
    if len(hits) == 1:
        return desk.leave(hits[0].href)
    person = "@" in sought
    if posted and not person:
        return desk.leave(desk.to("/find", q=sought))
    return desk.show("find/hits.html", hits=hits, sought=masked(sought) if person else sought, person=person)


async def hits_of(desk: Desk, sought: str) -> list[Hit]:
    """Return what a search names."""
    if hit := await _by_id(desk, sought):
        return [hit]
    plain = sought.removeprefix("#")
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        if "@" in sought:
            rows = await conn.fetch(SQL["by_subject"], desk.tenant_id, desk.hub.vault.subject(sought), _MOST)
            return [_record(desk, row) for row in rows]
        rows = await conn.fetch(SQL["by_name"], desk.tenant_id, plain, list(_STREAMS), _MOST)
        skus = await conn.fetch(SQL["by_sku"], desk.tenant_id, plain)
    hits = [_record(desk, row) for row in rows]
    hits += [
        Hit("SKU", row["hub_sku"], f"{row['links']:,} links", desk.to("/sku-links", sku=row["hub_sku"])) for row in skus
    ]
    return hits + await _connections(desk, sought)


async def _by_id(desk: Desk, sought: str) -> Hit | None:
    prefix, _, rest = sought.partition("_")
    if not rest or prefix not in set(Prefix):
        return None
    kind = Prefix(prefix)
    try:
        found = parse(kind, sought)
    except ValueError:
        return None
    if kind is Prefix.CAUSE:
        return Hit("cause", sought, "", desk.to("/dead-letters", cause=show(kind, found)))
    if home := home_of(show(kind, found)):
        return Hit(kind.name.lower(), sought, "", desk.to(home))
    return await _record_named(desk, found) if kind in (Prefix.RECORD, Prefix.PRODUCT) else None


async def _record_named(desk: Desk, record_id: uuid.UUID) -> Hit | None:
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        row = await conn.fetchrow(SQL["record"], desk.tenant_id, record_id)
    return Hit(row["stream"], row["external_id"], "", _events(desk, row)) if row else None


def _record(desk: Desk, row: Any) -> Hit:
    name = row["code"] or row["external_id"]
    title = f"Order #{name}" if row["stream"] == "order" else f"{row['stream'].capitalize()} {name}"
    prefix = {"order": Prefix.ORDER, "customer": Prefix.CUSTOMER}.get(row["stream"])
    href = desk.to(home_of(show(prefix, row["id"]))) if prefix else _events(desk, row)
    return Hit(row["stream"], title, f"{row['connection']}{', ' + row['status'] if row['status'] else ''}", href)


def _events(desk: Desk, row: Any) -> str:
    connection = show(Prefix.CONNECTION, row["connection_id"])
    return desk.to("/events", stream=row["stream"], record=row["external_id"], connection=connection)


async def _connections(desk: Desk, sought: str) -> list[Hit]:
    wanted = sought.lower()
    if len(wanted) < 3:
        return []
    found = await desk.hub.connections.list(desk.tenant_id)
    fits = [one for one in found if wanted in one["name"].lower() or wanted in one["account_uid"].lower()]
    return [Hit("connection", one["name"], one["connector"], desk.to(f"/connections/{one['id']}")) for one in fits[:10]]
