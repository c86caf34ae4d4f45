"""Deliveries as people look for them: pages, one with its attempts, dead letters by their cause, what is undelivered.

Every page is found by ids through an index and then shown, so that it costs the same beside five million others.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson

from crossdock.errors import Conflict, NotFound
from crossdock.flow.ports import Store
from crossdock.kit.ids import CLOCKS, Prefix, floor_near, floor_of, show, time_of
from crossdock.kit.redact import text
from crossdock.model.delivery import DeliveryState
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("letters.sql"))
FIRST, LAST = uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1)
LIVE = (DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.IN_DOUBT)
DONE = (DeliveryState.DELIVERED, DeliveryState.SKIPPED, DeliveryState.DEAD)
_MOST_ATTEMPTS = 500
_MOST_GROUPS = 1000
_MOST_LOOKED = 20_000
"""Of each route: among how many a rule is sought that ended deliveries."""
_PAGE = 500
_WINDOWS = (timedelta(days=2), timedelta(days=14))


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries are asked for; what is None does not matter."""

    state: str | None = None
    rule: str | None = None
    """Of what was skipped: by which rule."""
    connection_id: uuid.UUID | None = None
    """Source or destination."""
    route_id: uuid.UUID | None = None
    stream: str | None = None
    record_id: uuid.UUID | None = None
    event_id: uuid.UUID | None = None
    cause_id: uuid.UUID | None = None
    since: datetime | None = None
    """Made at this time or later."""
    until: datetime | None = None
    """Made before."""

    @property
    def floor(self) -> uuid.UUID:
        """The lowest id it can have."""
        return floor_of(self.since) if self.since else FIRST

    @property
    def ceiling(self) -> uuid.UUID:
        """The first id it cannot have any more."""
        return floor_of(self.until) if self.until else LAST

    @property
    def routed(self) -> bool:
        """Whether it names connections, routes or streams."""
        return bool(self.connection_id or self.route_id or self.stream)


class Letters:
    """Reads and ends deliveries of a tenant."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, tenant_id: uuid.UUID, asked: Filter, limit: int, before: uuid.UUID | None = None
    ) -> list[dict[str, Any]]:
        """Return deliveries, the newest first, below ``before``."""
        async with self._store.engine() as conn:
            found = await self._found(conn, tenant_id, asked, limit, min(before or LAST, asked.ceiling))
            return await self._shown(conn, tenant_id, sorted(found, reverse=True)[:limit])

    async def one(self, tenant_id: uuid.UUID, delivery_id: uuid.UUID) -> dict[str, Any]:
        """Return one delivery, its cause when it is dead, and its attempts. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            found = await self._shown(conn, tenant_id, [delivery_id])
            if not found:
                raise NotFound(
                    "there is no such delivery", field="delivery_id", remedy="list them with GET /deliveries"
                )
            floor = floor_near(time_of(delivery_id))
            ended = found[0]["ended_at"]
            ceiling = floor_of(ended + CLOCKS) if ended else LAST
            rows = await conn.fetch(SQL["attempts"], tenant_id, delivery_id, floor, _MOST_ATTEMPTS, ceiling)
            cause = await conn.fetchrow(SQL["cause"], tenant_id, found[0]["cause_uuid"])
        tries = [{**dict(row), "detail": orjson.loads(row["detail"]) if row["detail"] else None} for row in rows]
        return {**bare(found[0]), "cause": cause_shown(cause) if cause else None, "tries": tries}

    async def groups(self, tenant_id: uuid.UUID, asked: Filter) -> list[dict[str, Any]]:
        """Return standing dead letters by cause and destination, the most first."""
        async with self._store.engine() as conn:
            routes = await self._routes(conn, tenant_id, asked)
            causes = [asked.cause_id] if asked.cause_id else None
            rows = await conn.fetch(
                SQL["groups"], tenant_id, causes, routes, asked.floor, asked.ceiling, asked.stream, _MOST_GROUPS
            )
        return [
            {
                **cause_shown(row),
                "connection_id": show(Prefix.CONNECTION, row["lane_id"]),
                **{n: row[n] for n in ("connection", "connection_state", "standing", "oldest", "newest")},
            }
            for row in rows
        ]

    async def undelivered(
        self, tenant_id: uuid.UUID, asked: Filter, limit: int, after: uuid.UUID | None = None
    ) -> list[dict[str, Any]]:
        """Return what has not reached its destination: under way or dead, the longest first, with its event's type."""
        start, end = max(after or FIRST, asked.floor), asked.ceiling
        async with self._store.engine() as conn:
            routes = await self.named(conn, tenant_id, asked)
            live = await conn.fetch(
                SQL["find_undelivered_live"], tenant_id, [row["id"] for row in routes], start, end, asked.stream, limit
            )
            dead = await self.dead_ids(conn, tenant_id, asked, limit, start)
            ids = sorted({*(row["id"] for row in live), *dead})[:limit]
            items = await self._shown(conn, tenant_id, ids)
            types = {
                row["id"]: row["type"]
                for row in await conn.fetch(SQL["types"], tenant_id, sorted({i["event_uuid"] for i in items}))
            }
        return [{**bare(item), "type": types.get(item["event_uuid"])} for item in items]

    async def dead(
        self, tenant_id: uuid.UUID, asked: Filter, limit: int, after: uuid.UUID | None = None
    ) -> list[dict[str, Any]]:
        """Return standing dead letters one by one, the oldest first, each with its cause."""
        async with self._store.engine() as conn:
            ids = await self.dead_ids(conn, tenant_id, asked, limit, after or FIRST)
            items = await self._shown(conn, tenant_id, ids)
            named = {item["cause_uuid"] for item in items}
            causes = {one: await conn.fetchrow(SQL["cause"], tenant_id, one) for one in named}
        return [{**bare(item), "cause": cause_shown(causes[item["cause_uuid"]])} for item in items]

    async def export(self, tenant_id: uuid.UUID, asked: Filter) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield all standing dead letters page by page; each page is read when the one before it is gone."""
        after = FIRST
        while page := await self.dead(tenant_id, asked, _PAGE, after):
            yield page
            after = page[-1]["uuid"]

    async def discard(self, tenant_id: uuid.UUID, delivery_id: uuid.UUID, reason: str, *, actor: str) -> dict[str, Any]:
        """End a dead letter for good. Raises ``NotFound``, or ``Conflict`` for what is not a standing dead letter."""
        async with self._store.transaction() as conn:
            ended = await self.discard_within(conn, tenant_id, [delivery_id], reason, actor)
            if ended:
                await audit(conn, tenant_id, actor, "delivery.discard", delivery_id, {"reason": text(reason)})
        found = await self.one(tenant_id, delivery_id)
        if not ended:
            raise Conflict(f"it is {_stands(found)}, not a standing dead letter", remedy="nothing is left to discard")
        return found

    async def discard_within(
        self, conn: Any, tenant_id: uuid.UUID, ids: Sequence[uuid.UUID], reason: str, actor: str
    ) -> int:
        """End dead letters inside the caller's transaction; returns how many stood."""
        return len(
            await conn.fetch(SQL["discard"], tenant_id, list(ids), f"discarded by {actor}: {text(reason)}"[:500])
        )

    async def dead_ids(
        self, conn: Any, tenant_id: uuid.UUID, asked: Filter, limit: int, after: uuid.UUID
    ) -> list[uuid.UUID]:
        """Return the ids of standing dead letters above ``after``, the oldest first."""
        causes = await self._causes(conn, tenant_id, asked)
        routes = await self._routes(conn, tenant_id, asked)
        rows = await conn.fetch(
            SQL["find_dead"], tenant_id, causes, routes, after, asked.floor, asked.ceiling, asked.stream, limit
        )
        return [row["id"] for row in rows]

    async def ids(self, tenant_id: uuid.UUID, asked: Filter, most: int) -> list[uuid.UUID]:
        """Return the newest ids a filter fits, at most so many, the oldest of them first."""
        async with self._store.engine() as conn:
            found = await self._found(conn, tenant_id, asked, most, asked.ceiling)
        return sorted(found)[-most:]

    async def count(self, tenant_id: uuid.UUID, asked: Filter, most: int) -> int:
        """Count what a filter fits, no further than ``most``."""
        async with self._store.engine() as conn:
            return len(await self._found(conn, tenant_id, asked, most, asked.ceiling))

    async def count_dead(self, tenant_id: uuid.UUID, asked: Filter) -> int:
        """Count standing dead letters."""
        async with self._store.engine() as conn:
            causes = await self._causes(conn, tenant_id, asked)
            routes = await self._routes(conn, tenant_id, asked)
            found: int = await conn.fetchval(
                SQL["count_dead"], tenant_id, causes, routes, asked.floor, asked.ceiling, asked.stream
            )
            return found

    async def _causes(self, conn: Any, tenant_id: uuid.UUID, asked: Filter) -> list[uuid.UUID]:
        if asked.cause_id is not None:
            return [asked.cause_id]
        return [row["id"] for row in await conn.fetch(SQL["causes"], tenant_id)]

    async def named(self, conn: Any, tenant_id: uuid.UUID, asked: Filter) -> list[Any]:
        """Return the routes (with their destinations) that a filter speaks of; all where it names none."""
        found: list[Any] = await conn.fetch(
            SQL["routes_named"], tenant_id, asked.connection_id, asked.route_id, asked.stream
        )
        return found

    async def _routes(self, conn: Any, tenant_id: uuid.UUID, asked: Filter) -> list[uuid.UUID] | None:
        """Return the routes a filter speaks of; None: all."""
        return [row["id"] for row in await self.named(conn, tenant_id, asked)] if asked.routed else None

    async def _found(
        self, conn: Any, tenant_id: uuid.UUID, asked: Filter, limit: int, below: uuid.UUID
    ) -> set[uuid.UUID]:
        states = [asked.state] if asked.state else [*LIVE, *DONE]
        record_id = asked.record_id
        if asked.event_id is not None:
            record_id = await conn.fetchval(SQL["record_of_event"], tenant_id, asked.event_id)
            if record_id is None or asked.record_id not in (None, record_id):
                return set()
        if record_id is not None:
            routes = await self._routes(conn, tenant_id, asked)
            # nothing of a record is older than the record itself
            floor = max(asked.floor, floor_near(time_of(record_id)))
            narrowed = (tenant_id, record_id, asked.event_id, states, routes, below, floor, limit)
            return {row["id"] for row in await conn.fetch(SQL["find_of_record"], *narrowed)}
        return await self._by_route(conn, tenant_id, asked, limit, below)

    async def _by_route(
        self, conn: Any, tenant_id: uuid.UUID, asked: Filter, limit: int, below: uuid.UUID
    ) -> set[uuid.UUID]:
        named = await self.named(conn, tenant_id, asked)
        routes = [row["id"] for row in named]
        found: list[Any] = []
        if asked.state in (None, DeliveryState.WAITING):
            narrowed = (routes, asked.state, below, asked.floor, asked.stream, limit)
            found += await conn.fetch(SQL["find_live"], tenant_id, *narrowed)
        elif asked.state in LIVE:
            lanes = sorted({row["destination_id"] for row in named})
            held = (lanes, routes, asked.state, below, asked.floor, asked.stream, limit)
            found += await conn.fetch(SQL["find_held"], tenant_id, *held)
        if asked.state is None or asked.state in DONE:
            ends = [asked.state] if asked.state else list(DONE)
            found += await self._ended(conn, tenant_id, asked, routes, ends, limit, below)
        return {row["id"] for row in found}

    async def _ended(
        self,
        conn: Any,
        tenant_id: uuid.UUID,
        asked: Filter,
        routes: Sequence[uuid.UUID],
        ends: Sequence[str],
        limit: int,
        below: uuid.UUID,
    ) -> list[Any]:
        """Return what has ended, first of the newest days alone: each day that is opened costs, and few are needed."""
        newest = datetime.now(UTC) + CLOCKS
        if below < floor_of(newest):
            newest = time_of(below)
        found: list[Any] = []
        for days in (*_WINDOWS, None):
            floor = max(asked.floor, floor_of(newest - days)) if days else asked.floor
            if asked.routed or asked.rule:
                ended = (routes, ends, below, floor, asked.stream, limit, asked.rule, _MOST_LOOKED)
                found = await conn.fetch(SQL["find_done"], tenant_id, *ended)
            else:
                found = await conn.fetch(SQL["find_done_of_tenant"], tenant_id, ends, below, floor, limit)
            if len(found) >= limit or floor == asked.floor:
                break
        return found

    async def _shown(self, conn: Any, tenant_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
        """Return deliveries by id, in the order of the ids; one that moves to its end meanwhile is shown once."""
        found = await conn.fetch(SQL["show"], tenant_id, list(ids), min(ids), max(ids)) if ids else ()
        rows = {row["id"]: row for row in found}
        return [_one(rows[one]) for one in ids if one in rows]


_IDS = {
    "event_id": Prefix.EVENT,
    "record_id": Prefix.RECORD,
    "route_id": Prefix.ROUTE,
    "source_id": Prefix.CONNECTION,
    "destination_id": Prefix.CONNECTION,
    "cause_id": Prefix.CAUSE,
    "replay_id": Prefix.RUN,
}


def _one(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(row)
    shown |= {name: show(prefix, row[name]) if row[name] else None for name, prefix in _IDS.items()}
    return {
        **shown,
        "id": show(Prefix.DELIVERY, row["id"]),
        "uuid": row["id"],
        "event_uuid": row["event_id"],
        "cause_uuid": row["cause_id"],
    }


def bare(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return a delivery without what only the next page needs."""
    return {name: value for name, value in shown.items() if name not in ("event_uuid", "cause_uuid")}


def cause_shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cause as people see it."""
    cause_id = row["cause_id"] if "cause_id" in row.keys() else row["id"]  # noqa: SIM118 - a Record iterates values
    told = {name: row[name] for name in ("connector", "code", "field", "rule", "reason", "first_at", "last_at", "seen")}
    return {"cause_id": show(Prefix.CAUSE, cause_id), **told}


def _stands(found: Mapping[str, Any]) -> str:
    if found["state"] == DeliveryState.DEAD:
        return "retried already"
    return f"{found['state']} ({found['rule']})" if found["rule"] else str(found["state"])
