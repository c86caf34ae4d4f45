"""Replay: deliver again, started by a person or a rule.

On a route of states it is the record's present state that goes out, never an older one; on a route of occurrences it
is the very event again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from crossdock.flow.deliver.hints import Hints
from crossdock.flow.ports import Store
from crossdock.kit.ids import floor_of, new_id
from crossdock.model.delivery import DeliveryState
from crossdock.model.route import Priority
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("replay.sql"))
_CHUNK = 500
NEWEST = "newest"
"""Word for the newest version of each route's mapping."""
Pair = tuple[uuid.UUID, uuid.UUID]
"""A route and a record."""


class Way(msgspec.Struct, frozen=True):
    """How something is delivered again."""

    priority: Priority = Priority.STANDARD
    replay_id: uuid.UUID | None = None
    mapping: int | str | None = None
    """A version, ``newest``, or None: the one each route applies."""


ONCE_MORE = Way()


class Replay:
    """Puts deliveries back into the queue."""

    def __init__(self, store: Store, hints: Hints) -> None:
        self._store = store
        self._hints = hints

    async def states(self, tenant_id: uuid.UUID, pairs: Sequence[Pair]) -> int:
        """Deliver the present state of records again: (route, record) pairs. Returns how many were queued."""
        queued = 0
        for start in range(0, len(pairs), _CHUNK):
            chunk = sorted(set(pairs[start : start + _CHUNK]))
            async with self._store.transaction() as conn:
                records = await self._lock(conn, tenant_id, {record for _, record in chunk})
                lanes = await self._states(conn, tenant_id, chunk, records, ONCE_MORE)
            self._hints.ring(set(lanes), False)
            queued += len(lanes)
        return queued

    async def done(
        self,
        tenant_id: uuid.UUID,
        *,
        ids: Sequence[uuid.UUID] | None = None,
        state: str | None = None,
        lane_id: uuid.UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        most: int = 10_000,
    ) -> int:
        """Replay ended deliveries by id or filter; a dead letter that was retried already is left out.

        Returns how many were queued: where a record's state waits already, that is enough.
        """
        async with self._store.transaction() as conn:
            if ids is None:
                low, high = floor_of(since) if since else None, floor_of(until) if until else None
                rows = await conn.fetch(SQL["done_for_replay"], tenant_id, state, lane_id, low, high, most)
                ids = [row["id"] for row in rows]
            _, lanes = await self.again(conn, tenant_id, ids, ONCE_MORE)
        self._hints.ring(set(lanes), False)
        return len(lanes)

    async def one(self, tenant_id: uuid.UUID, delivery_id: uuid.UUID, *, actor: str) -> tuple[bool, int]:
        """Replay one ended delivery; returns whether it could be taken, and how many were queued for it."""
        async with self._store.transaction() as conn:
            taken, lanes = await self.again(conn, tenant_id, [delivery_id], ONCE_MORE)
            if taken:
                await audit(conn, tenant_id, actor, "delivery.retry", delivery_id, {})
        self.ring(lanes)
        return bool(taken), len(lanes)

    async def again(
        self, conn: Any, tenant_id: uuid.UUID, ids: Sequence[uuid.UUID], way: Way
    ) -> tuple[int, list[uuid.UUID]]:
        """Queue ended deliveries again inside the caller's transaction; call :meth:`ring` after the commit.

        Returns how many of them could be taken, and the lane of each delivery that was made.
        """
        rows = await conn.fetch(SQL["lock_done"], tenant_id, sorted(ids)) if ids else []
        if not rows:
            return 0, []
        records = await self._lock(conn, tenant_id, {row["record_id"] for row in rows})
        pairs = sorted({(row["route_id"], row["record_id"]) for row in rows if not row["occurrence"]})
        lanes = await self._states(conn, tenant_id, pairs, records, way)
        lanes += await self._messages(conn, [row for row in rows if row["occurrence"]], way)
        dead = [row["id"] for row in rows if row["state"] == DeliveryState.DEAD]
        if dead:
            await conn.execute(SQL["mark_replayed"], dead)
        return len(rows), lanes

    def ring(self, lanes: Sequence[uuid.UUID]) -> None:
        """Tell the pumps after the commit."""
        self._hints.ring(set(lanes), False)

    async def _lock(self, conn: Any, tenant_id: uuid.UUID, records: set[uuid.UUID]) -> dict[uuid.UUID, Any]:
        """Lock records and what is under way of them, so that neither arrival nor pump makes a head meanwhile."""
        locked = {row["id"]: row for row in await conn.fetch(SQL["lock_records"], tenant_id, sorted(records))}
        await conn.execute(SQL["lock_deliveries"], list(locked))
        return locked

    async def _states(
        self, conn: Any, tenant_id: uuid.UUID, pairs: Sequence[Pair], records: Mapping[uuid.UUID, Any], way: Way
    ) -> list[uuid.UUID]:
        if not pairs:
            return []
        named = sorted({route for route, _ in pairs})
        routes = {row["id"]: row["destination_id"] for row in await conn.fetch(SQL["live_routes"], tenant_id, named)}
        versions = await versions_of(conn, tenant_id, named, way.mapping)
        wanted = [
            (
                new_id(),
                tenant_id,
                routes[route],
                route,
                record,
                records[record]["event_id"],
                records[record]["seq"],
                versions.get(route),
            )
            for route, record in pairs
            if route in routes and record in records
        ]
        if not wanted:
            return []
        if versions:
            by_version = [(route, record, versions.get(route)) for _, _, _, route, record, *_ in wanted]
            await conn.execute(SQL["by_version"], *map(list, zip(*by_version, strict=True)))
        columns = map(list, zip(*wanted, strict=True))
        made = await conn.fetch(SQL["requeue"], *columns, int(way.priority), way.replay_id)
        return [row["lane_id"] for row in made]

    async def _messages(self, conn: Any, rows: Sequence[Any], way: Way) -> list[uuid.UUID]:
        if not rows:
            return []
        names = ("tenant_id", "lane_id", "route_id", "record_id", "event_id", "seq")
        wanted = [(new_id(), *(row[n] for n in names)) for row in sorted(rows, key=lambda row: (row["seq"], row["id"]))]
        columns = map(list, zip(*wanted, strict=True))
        made = await conn.fetch(SQL["requeue_occurrences"], *columns, int(way.priority), way.replay_id)
        return [row["lane_id"] for row in made]


async def versions_of(
    conn: Any, tenant_id: uuid.UUID, routes: Sequence[uuid.UUID], mapping: int | str | None
) -> dict[uuid.UUID, int]:
    """Return the version of the mapping each route shall be replayed with; {} where each applies its own."""
    if mapping is None:
        return {}
    if mapping != NEWEST:
        return dict.fromkeys(routes, int(mapping))
    found = await conn.fetch(SQL["newest_versions"], tenant_id, list(routes))
    return {row["route_id"]: row["version"] for row in found}
