"""The feed of changes: every new version of every record, once, in the order in which it became visible.

An event's own id is made before its commit, so a reader that goes by ids (or times) misses what commits late. The feed
goes by the transaction: it shows nothing of a transaction while an older one is still running, because that one may
yet add something before it. ``next`` is therefore safe to store: whoever goes on from it misses and repeats nothing.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.api.records import words
from crossdock.api.remembered import Remembered
from crossdock.api.schemas import feed
from crossdock.errors import BadInput
from crossdock.govern.keys import Principal
from crossdock.govern.records.finder import PREFIX, SQL, WORD, Finder, StoreNamed, named
from crossdock.kit.ids import Prefix, floor_of, show, time_of
from crossdock.model.connection import Connection
from crossdock.model.observation import Presence
from crossdock.model.wish import STREAMS
from crossdock.wiring import Hub

_CURSOR = re.compile(r"([0-9a-f]{1,4})-([0-9a-f]{1,16})-([0-9a-f]{32})\Z")
_LATE = timedelta(hours=2)
"""Longer than any transaction of the hub: an event's id is never older than this when it becomes visible. It keeps
the feed from looking into the partitions of all earlier days."""


class Place(msgspec.Struct, frozen=True):
    """A place in the feed."""

    era: int
    xid: int
    id: uuid.UUID

    def shown(self) -> str:
        """Return the cursor."""
        return f"{self.era:x}-{self.xid:x}-{self.id.hex}"


START = Place(0, 0, uuid.UUID(int=0))


def place_of(cursor: str | None) -> Place:
    """Read a cursor; None is the beginning. Raises ``BadInput``."""
    if not cursor:
        return START
    parts = _CURSOR.match(cursor)
    if parts is None or int(parts[1], 16) > 32767:
        raise BadInput("this is no cursor of the feed", field="after", remedy="send `next` as it was given")
    return Place(int(parts[1], 16), int(parts[2], 16), uuid.UUID(parts[3]))


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One new version of one record."""

    cursor: str
    event_id: str
    id: str
    """The record's id in the hub."""
    type: str
    """``order.created``, ``product.updated``, ``customer.deleted`` …"""
    stream: str
    external_id: str
    store: StoreNamed
    version: int
    deleted: bool
    presence: Presence
    status: str
    modified_at: datetime | None = None
    recorded_at: datetime
    origin: str
    """How it was seen: webhook, pull, backfill, reconcile, api …"""
    data: Annotated[Any, WORD] = None
    """What the record said in this version; null for a deletion, when ``include`` leaves it out, or past retention."""
    problem: str | None = None


class Feed:
    """Reads a tenant's feed."""

    def __init__(self, hub: Hub, remembered: Remembered | None = None) -> None:
        """``remembered``: as for lists, see :class:`crossdock.govern.records.Finder`."""
        self._hub = hub
        self._finder = Finder(hub.database, hub.canonical.read, remembered.said if remembered else None)

    async def read(
        self, tenant_id: uuid.UUID, after: Place, streams: list[str], store: str | None, limit: int, *, data: bool
    ) -> dict[str, Any]:
        """Return the next changes after a place."""
        async with self._hub.database.tenant(tenant_id) as conn:
            stores = await self._finder.stores(conn, tenant_id, None)
            only = list(await self._finder.stores(conn, tenant_id, store)) if store else None
            # read first: what is below this place now is certainly seen by the question that follows
            reached = await conn.fetchrow(SQL["newest_change"])
            await conn.execute(SQL["in_order"])
            rows = await conn.fetch(
                SQL["changes"],
                tenant_id,
                after.era,
                str(after.xid),
                after.id,
                _oldest(after),
                sorted(STREAMS),
                streams or None,
                only,
                limit,
            )
        items = [self._change(row, stores[row["connection_id"]], data=data) for row in rows]
        more = len(rows) == limit
        end = after
        if rows:
            end = Place(rows[-1]["era"], rows[-1]["xid"], rows[-1]["id"])
        if not more:
            end = max(end, _place_below(reached), key=lambda place: (place.era, place.xid, place.id))
        return {"items": items, "next": end.shown(), "more": more}

    async def newest(self, tenant_id: uuid.UUID) -> Place:
        """Return the feed's present end."""
        async with self._hub.database.tenant(tenant_id) as conn:
            return _place_below(await conn.fetchrow(SQL["newest_change"]))

    def _change(self, row: Any, store: Connection, *, data: bool) -> Change:
        deleted = row["presence"] == Presence.DELETED
        said, problem = self._finder.listed(row, store) if data and not deleted else (None, None)
        return Change(
            cursor=Place(row["era"], row["xid"], row["id"]).shown(),
            event_id=show(Prefix.EVENT, row["id"]),
            id=show(PREFIX.get(row["stream"], Prefix.RECORD), row["record_id"]),
            type=row["type"],
            stream=row["stream"],
            external_id=row["external_id"],
            store=named(store),
            version=row["seq"],
            deleted=deleted,
            presence=Presence(row["presence"]),
            status=row["status"],
            modified_at=row["modified_at"],
            recorded_at=row["recorded_at"],
            origin=row["origin"],
            data=said,
            problem=problem,
        )


def _oldest(after: Place) -> uuid.UUID:
    if after.xid == 0:
        return uuid.UUID(int=0)
    return floor_of(max(time_of(after.id), datetime(2000, 1, 1, tzinfo=UTC)) - _LATE)


def _place_below(reached: Any) -> Place:
    """Return the last place below a transaction id; its time is now, so that the feed goes on from today."""
    return Place(reached["era"], max(reached["xid"] - 1, 0), uuid.UUID(int=floor_of(datetime.now(UTC)).int | _TAIL))


_TAIL = (1 << 80) - 1


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["changes"])
    reads = access.needs("read")
    changes = Feed(hub, Remembered(hub.canonical.read))

    @api.get("/changes", responses=feed())
    async def list_changes(
        after: Annotated[
            str | None, Query(max_length=80, description="``next`` of the last answer; ``now``: only what comes.")
        ] = None,
        stream: Annotated[list[str] | None, Query(description="order, customer, product, refund …")] = None,
        store: Annotated[str | None, Query(description="A store by its id, account or name.")] = None,
        include: Annotated[str, Query(pattern="^(data|nothing)$", description="nothing: without ``data``")] = "data",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        caller: Principal = reads,
    ) -> Any:
        """Return what changed after a place, deletions included: no row is missed, none comes twice."""
        if after == "now":
            end = await changes.newest(caller.tenant_id)
            return answer({"items": [], "next": end.shown(), "more": False})
        return answer(
            await changes.read(
                caller.tenant_id, place_of(after), words(stream or []), store, limit, data=include == "data"
            )
        )

    return api
