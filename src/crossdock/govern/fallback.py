"""The second destination of a critical route: named by a person, used while the first one's lane stands.

A delivery is in one lane at a time, so it is carried out once. It is moved under the lock of the first lane, only while
it waits, and only when no earlier attempt may have had an effect; what is in doubt stays and is looked up where it may
stand. The order of a record's deliveries holds across lanes, since one of them at a time is claimable.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from crossdock.errors import BadInput, NotFound
from crossdock.govern.connections import Connections
from crossdock.govern.directory import Directory
from crossdock.govern.routing import Store
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("fallback.sql"))
log = structlog.get_logger("crossdock.fallback")
_AT_ONCE = 500
_LONGEST_S = 7 * 86_400
AFTER_S = 300


class Fallbacks:
    """Names second destinations, and moves deliveries to them. Any number of processes may have one."""

    def __init__(self, store: Store, directory: Directory, connections: Connections) -> None:
        self._store = store
        self._directory = directory
        self._connections = connections

    async def name(
        self,
        tenant_id: uuid.UUID,
        route_id: uuid.UUID,
        fallback: Connection | None,
        *,
        action: str | None = None,
        after_s: int = AFTER_S,
        actor: str,
    ) -> dict[str, Any]:
        """Make a route critical with a second destination, or take both back (None).

        Raises ``BadInput`` naming the field, or ``NotFound``.
        """
        if not 0 <= after_s <= _LONGEST_S:
            raise BadInput(f"after_s is 0 to {_LONGEST_S} seconds", field="after_s")
        async with self._store.transaction() as conn:
            route = await conn.fetchrow(SQL["route_for_fallback"], tenant_id, route_id)
            if route is None:
                raise _absent()
            chosen = None if fallback is None else await self._action(route, fallback, action)
            name = fallback.id if fallback else None
            await conn.execute(SQL["set_fallback"], tenant_id, route_id, fallback is not None, name, chosen, after_s)
            detail = {"fallback": show(Prefix.CONNECTION, name) if name else None, "action": chosen, "after_s": after_s}
            await audit(conn, tenant_id, actor, "route.fallback", route_id, detail)
        return await self.of(tenant_id, route_id)

    async def of(self, tenant_id: uuid.UUID, route_id: uuid.UUID) -> dict[str, Any]:
        """Return what a route's second destination is; none: the route is not critical. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["fallback"], tenant_id, route_id)
            if row is None and await conn.fetchrow(SQL["route_for_fallback"], tenant_id, route_id) is None:
                raise _absent()
        return shown(route_id, row)

    async def move(self) -> set[uuid.UUID]:
        """Move what waits for lanes that have stood too long; returns the lanes that got it."""
        async with self._store.engine() as conn:
            stopped = await conn.fetch(SQL["stopped"])
        lanes: set[uuid.UUID] = set()
        for row in stopped:
            async with self._store.transaction() as conn:
                await conn.execute(SQL["lock_lane"], row["destination_id"])
                places = (row["destination_id"], row["id"], row["fallback_id"], _AT_ONCE)
                gone = await conn.fetch(SQL["move"], *places)
            if gone:
                lanes.add(row["fallback_id"])
                log.warning("taken by the second destination", route=str(row["id"]), deliveries=len(gone))
        return lanes

    async def _action(self, route: Any, fallback: Connection, action: str | None) -> str:
        if route["source_id"] == route["destination_id"]:
            raise BadInput(
                "what is written to a store goes to that store alone", field="route_id", remedy="name another route"
            )
        if fallback.id in (route["destination_id"], route["source_id"]):
            raise BadInput("the second destination is the first or the source", field="fallback_id")
        source = await self._directory.connection(route["source_id"])
        fitting = [a for stream, a in self._connections.fitting(source, fallback) if stream in (route["stream"], "*")]
        wanted = action or (route["action"] if route["action"] in fitting else next(iter(fitting), None))
        if wanted is None or wanted not in fitting:
            possible = f"one of: {', '.join(fitting)}" if fitting else "name a destination that does"
            raise BadInput(
                f"{fallback.name} takes no {action or route['stream']!r} of it",
                field="action" if action else "fallback_id",
                remedy=possible,
            )
        return wanted


def shown(route_id: uuid.UUID, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a route's second destination as programs see it."""
    named = row is not None and row["fallback_id"] is not None
    return {
        "route_id": show(Prefix.ROUTE, route_id),
        "critical": bool(row and row["critical"]),
        "fallback_id": show(Prefix.CONNECTION, row["fallback_id"]) if named and row else None,
        "fallback": row["fallback"] if named and row else None,
        "action": row["fallback_action"] if named and row else None,
        "after_s": row["fallback_after_s"] if row else AFTER_S,
    }


def _absent() -> NotFound:
    return NotFound("there is no such route", field="route_id", remedy="list them with: crossdock routes")
