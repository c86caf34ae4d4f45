"""Replay: deliver again, started by a person or a rule.

On a route of states it is the record's present state that goes out, never an older one; on a route of occurrences it
is the very event again.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from crossdock.flow.deliver.hints import Hints
from crossdock.flow.ports import Store
from crossdock.kit.ids import floor_of, new_id
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("replay.sql"))
_CHUNK = 500


class Replay:
    """Puts deliveries back into the queue."""

    def __init__(self, store: Store, hints: Hints) -> None:
        self._store = store
        self._hints = hints

    async def states(self, tenant_id: uuid.UUID, pairs: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> int:
        """Deliver the present state of records again: (route, record) pairs. Returns how many were queued."""
        queued = 0
        for start in range(0, len(pairs), _CHUNK):
            chunk = sorted(set(pairs[start : start + _CHUNK]))
            async with self._store.transaction() as conn:
                lanes = await self._states(conn, tenant_id, chunk)
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
        """Replay ended deliveries by id or filter (``state`` dead takes dead letters that were not replayed yet)."""
        queued = 0
        async with self._store.transaction() as conn:
            rows = await conn.fetch(
                SQL["done_for_replay"],
                tenant_id,
                list(ids) if ids is not None else None,
                state,
                lane_id,
                floor_of(since) if since else None,
                floor_of(until) if until else None,
                most,
            )
            states = sorted({(row["route_id"], row["record_id"]) for row in rows if not row["occurrence"]})
            lanes = await self._states(conn, tenant_id, states)
            messages = [row for row in rows if row["occurrence"]]
            lanes += await self._messages(conn, messages)
            await conn.execute(SQL["mark_replayed"], [row["id"] for row in rows])
            queued = len(lanes)
        self._hints.ring(set(lanes), False)
        return queued

    async def _states(
        self, conn: Any, tenant_id: uuid.UUID, pairs: Sequence[tuple[uuid.UUID, uuid.UUID]]
    ) -> list[uuid.UUID]:
        if not pairs:
            return []
        rows = await conn.fetch(SQL["lock_records"], tenant_id, sorted({record for _, record in pairs}))
        records = {row["id"]: row for row in rows}
        routes = {
            row["id"]: row["destination_id"]
            for row in await conn.fetch(SQL["live_routes"], tenant_id, sorted({route for route, _ in pairs}))
        }
        wanted = [
            (new_id(), tenant_id, routes[route], route, record, records[record]["event_id"], records[record]["seq"])
            for route, record in pairs
            if route in routes and record in records
        ]
        if not wanted:
            return []
        made = await conn.fetch(SQL["requeue"], *map(list, zip(*wanted, strict=True)))
        return [row["lane_id"] for row in made]

    async def _messages(self, conn: Any, rows: Sequence[Any]) -> list[uuid.UUID]:
        lanes: list[uuid.UUID] = []
        # one at a time, so that of two for the same record only the first becomes the head
        for row in rows:
            wanted = (new_id(), *(row[n] for n in ("tenant_id", "lane_id", "route_id", "record_id", "event_id", "seq")))
            made = await conn.fetch(SQL["requeue_occurrences"], *([value] for value in wanted))
            lanes += [found["lane_id"] for found in made]
        return lanes
