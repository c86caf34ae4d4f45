"""What people do with deliveries that wait: try them now, let them go before others, or end them with a reason.

A delivery that a pump has in hand or in doubt is left alone: what it did is not known yet.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from crossdock.errors import BadInput
from crossdock.flow.deliver.hints import SQL as QUEUE
from crossdock.flow.deliver.hints import Hints
from crossdock.flow.deliver.replay import SQL as REPLAY
from crossdock.flow.ports import Store
from crossdock.kit.redact import text
from crossdock.model.route import Priority
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("waiting.sql"))
MOST: Final = 10_000
"""Deliveries that one action takes."""
_CHUNK: Final = 500
_Step = Callable[[Any, Sequence[uuid.UUID]], Awaitable[list[uuid.UUID]]]


class Waiting:
    """Acts on what waits, in chunks that are short transactions each."""

    def __init__(self, store: Store, hints: Hints) -> None:
        self._store = store
        self._hints = hints

    async def hurry(self, tenant_id: uuid.UUID, ids: Sequence[uuid.UUID], *, actor: str) -> int:
        """Try now what failed before and waits for its next try; returns how many."""

        async def step(conn: Any, chunk: Sequence[uuid.UUID]) -> list[uuid.UUID]:
            return [row["lane_id"] for row in await conn.fetch(SQL["hurry"], tenant_id, list(chunk))]

        return await self._do(tenant_id, ids, step, actor, "delivery.hurry", {})

    async def reprioritise(
        self, tenant_id: uuid.UUID, ids: Sequence[uuid.UUID], priority: Priority, *, actor: str
    ) -> int:
        """Give what waits another priority; returns how many had another one."""

        async def step(conn: Any, chunk: Sequence[uuid.UUID]) -> list[uuid.UUID]:
            rows = await conn.fetch(SQL["reprioritise"], tenant_id, list(chunk), int(priority))
            return [row["lane_id"] for row in rows]

        told = {"priority": priority.name.lower()}
        return await self._do(tenant_id, ids, step, actor, "delivery.reprioritise", told)

    async def discard(self, tenant_id: uuid.UUID, ids: Sequence[uuid.UUID], reason: str, *, actor: str) -> int:
        """End what waits, with a reason; what stood behind it goes on. Returns how many. Raises ``BadInput``."""
        if not 0 < len(reason) <= 400:
            raise BadInput("say why", field="reason", remedy="1 to 400 characters")
        said = f"discarded by {actor}: {text(reason)}"[:500]

        async def step(conn: Any, chunk: Sequence[uuid.UUID]) -> list[uuid.UUID]:
            # arrivals lock the record before they look for a head: neither misses the other
            records = [row["record_id"] for row in await conn.fetch(SQL["records_of"], tenant_id, list(chunk))]
            locked = await conn.fetch(REPLAY["lock_records"], tenant_id, sorted(records))
            await conn.execute(REPLAY["lock_deliveries"], [row["id"] for row in locked])
            gone = await conn.fetch(SQL["discard"], tenant_id, list(chunk), said)
            pairs = sorted({(row["route_id"], row["record_id"]) for row in gone})
            if pairs:
                await conn.execute(QUEUE["promote"], *map(list, zip(*pairs, strict=True)))
            return [row["lane_id"] for row in gone]

        return await self._do(tenant_id, ids, step, actor, "delivery.discard", {"reason": text(reason)})

    async def _do(
        self,
        tenant_id: uuid.UUID,
        ids: Sequence[uuid.UUID],
        step: _Step,
        actor: str,
        action: str,
        told: dict[str, Any],
    ) -> int:
        done, ordered = 0, sorted(set(ids))[:MOST]
        for start in range(0, len(ordered), _CHUNK):
            chunk = ordered[start : start + _CHUNK]
            async with self._store.transaction() as conn:
                lanes = await step(conn, chunk)
                if lanes:
                    # one entry a chunk: it names the first, and how many there were
                    await audit(conn, tenant_id, actor, action, chunk[0], {**told, "count": len(lanes)})
            done += len(lanes)
            self._hints.ring(set(lanes), False)
        return done
