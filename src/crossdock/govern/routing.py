"""Routes of a tenant: which stream of which connection goes to which action of which."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import msgspec
import orjson

from crossdock.connect.manifest import Action
from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.govern.directory import HUB, Directory, connection_of
from crossdock.govern.route_terms import Terms, usual_priority
from crossdock.govern.sites.turning import TOLD, homes_of
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.connection import Connection
from crossdock.model.route import Priority
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("connections.sql"))


class Store(Protocol):
    """The database, as the connections need it."""

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection with an open transaction."""
        ...

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


def wishes_of(action: Action) -> tuple[str, ...]:
    """Return the streams of wishes an action carries out; none for an action that takes entities of other accounts."""
    return (action.stream,) if action.stream else ()


def _packed(schedule: object) -> str | None:
    return None if schedule is None else msgspec.json.encode(schedule).decode()


def _shown(row: Any) -> dict[str, Any]:
    fallback = row["fallback_id"] and {
        "fallback_id": show(Prefix.CONNECTION, row["fallback_id"]),
        "fallback": row["fallback"],
        "action": row["fallback_action"],
        "after_s": row["fallback_after_s"],
    }
    return {
        **{name: value for name, value in row.items() if not name.startswith("fallback")},
        "id": show(Prefix.ROUTE, row["id"]),
        "source_id": show(Prefix.CONNECTION, row["source_id"]),
        "destination_id": show(Prefix.CONNECTION, row["destination_id"]),
        "priority": Priority(row["priority"]).name.lower(),
        "schedule": orjson.loads(row["schedule"]) if row["schedule"] is not None else None,
        "fallback": fallback,
    }


class Routing:
    """Adds, removes and lists routes."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    async def add_route(
        self,
        tenant_id: uuid.UUID,
        source: Connection,
        destination: Connection,
        stream: str,
        action: str,
        actor: str,
        terms: Terms | None = None,
    ) -> uuid.UUID | None:
        """Add a route; None when it is there already. Raises ``BadInput`` for an action nobody takes."""
        terms = terms or Terms()
        connector = self._directory.connector(destination.connector)
        try:
            facts = connector.manifest.action(action) if connector else None
        except KeyError:
            raise BadInput(
                f"{destination.connector} takes no {action!r}", field="action", remedy="crossdock connectors"
            ) from None
        self._check_stream(source, stream, facts)
        occurrence = facts is not None and facts.kind == "occurrence"
        usual = usual_priority(self._directory.connector(source.connector), stream)
        async with self._store.transaction() as conn:
            made: uuid.UUID | None = await conn.fetchval(
                SQL["add_route"],
                new_id(),
                tenant_id,
                source.id,
                destination.id,
                stream,
                action,
                occurrence,
                terms.historical or False,
                int(terms.priority if isinstance(terms.priority, Priority) else usual),
                list(terms.types or ()),
                list(terms.skip_statuses or ()),
                _packed(terms.schedule or None),
            )
            if made is not None:
                await conn.execute(SQL["bump_routes"], source.id)
                await audit(conn, tenant_id, actor, "route.add", made, {"stream": stream, "action": action})
        return made

    async def remove_route(self, tenant_id: uuid.UUID, route_id: uuid.UUID, *, actor: str) -> None:
        """End a route; what still waits on it ends as skipped (route-removed)."""
        async with self._store.transaction() as conn:
            source = await conn.fetchval(SQL["remove_route"], tenant_id, route_id)
            if source is None:
                raise NotFound("there is no such route", remedy="list them with: crossdock routes")
            await conn.execute(SQL["replan_route"], tenant_id, route_id)
            await conn.execute(SQL["bump_routes"], source)
            await audit(conn, tenant_id, actor, "route.remove", route_id, {})

    def _check_stream(self, source: Connection, stream: str, action: Action | None) -> None:
        """Refuse a stream that a source does not have; wishes and the hub's own events are named by others."""
        connector = self._directory.connector(source.connector)
        if connector is None or stream == "*" or (action is not None and action.stream == stream):
            return
        known = [one.name for one in connector.manifest.streams]
        if source.connector in homes_of(self._directory.connector):
            known += [told for told in TOLD if told not in known]
        if known and stream not in known:
            problem = f"{source.connector} has no stream {stream[:60]!r}"
            raise BadInput(problem, field="stream", remedy=f"one of *, {', '.join(known)}")

    async def change_route(self, tenant_id: uuid.UUID, route_id: uuid.UUID, terms: Terms, *, actor: str) -> None:
        """Change what is chosen about a route; what waits for a time asks the new schedule for it."""
        given = {name: value for name, value in msgspec.structs.asdict(terms).items() if value is not msgspec.UNSET}
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(
                SQL["change_route"],
                tenant_id,
                route_id,
                given.get("historical"),
                int(given["priority"]) if "priority" in given else None,
                list(given["types"]) if "types" in given else None,
                list(given["skip_statuses"]) if "skip_statuses" in given else None,
                "schedule" in given,
                _packed(given.get("schedule")),
            )
            if row is None:
                raise NotFound("there is no such route", remedy="list them with: crossdock routes")
            if "schedule" in given:
                await conn.execute(SQL["replan_route"], tenant_id, route_id)
            await conn.execute(SQL["bump_routes"], row["source_id"])
            await audit(conn, tenant_id, actor, "route.change", route_id, {"fields": sorted(given)})

    async def switch_route(self, tenant_id: uuid.UUID, route_id: uuid.UUID, *, on: bool, actor: str) -> None:
        """Switch a route off (what waits on it ends as skipped, route-removed) or on again."""
        try:
            async with self._store.transaction() as conn:
                source = await conn.fetchval(SQL["switch_route"], tenant_id, route_id, on)
                if source is None:
                    raise NotFound("there is no such route", remedy="list them with: crossdock routes")
                if not on:
                    await conn.execute(SQL["replan_route"], tenant_id, route_id)
                await conn.execute(SQL["bump_routes"], source)
                await audit(conn, tenant_id, actor, "route.enable" if on else "route.disable", route_id, {})
        except asyncpg.UniqueViolationError:
            raise Conflict(
                "another route does the same already", remedy="switch that one off first, or remove this one"
            ) from None

    async def routes(self, tenant_id: uuid.UUID, route_id: uuid.UUID | None = None) -> list[dict[str, Any]]:
        """Return the tenant's routes, or the one of an id, each with its second destination or None.

        Raises ``NotFound`` when there is none of the id.
        """
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list_routes"], tenant_id, route_id)
        if route_id is not None and not rows:
            raise NotFound("there is no such route", remedy="list them with: crossdock routes")
        return [_shown(row) for row in rows]

    async def default_routes(self, new: Connection, actor: str) -> tuple[str, ...]:
        """Route every source's streams to every destination's fitting actions, between the new one and the others."""
        await self.wish_routes(new, actor)
        made = []
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list_connections"], new.tenant_id)
        for other in map(connection_of, rows):
            for source, destination in ((new, other), (other, new)):
                for stream, action in self.fitting(source, destination):
                    if self._by_hand(destination, action):
                        continue
                    if await self.add_route(new.tenant_id, source, destination, stream, action, actor):
                        made.append(f"{source.name} {stream} -> {destination.name} {action}")
        return tuple(made)

    def _by_hand(self, destination: Connection, action: str) -> bool:
        connector = self._directory.connector(destination.connector)
        return connector is not None and connector.manifest.action(action).by_hand

    async def wish_routes(self, account: Connection, actor: str) -> list[str]:
        """Route an account's streams of wishes to the account itself, where its keys may write."""
        connector = self._directory.connector(account.connector)
        if connector is None or connector.source is None or connector.destination is None:
            return []
        if account.account.get("permissions", "read_write") == "read":
            return []
        made: list[str] = []
        for action in connector.manifest.actions:
            if action.by_hand:
                continue
            made += [
                f"{account.name} {stream} -> {account.name} {action.name}"
                for stream in wishes_of(action)
                if await self.add_route(account.tenant_id, account, account, stream, action.name, actor)
            ]
        return made

    async def wish_route(self, account: Connection, stream: str, actor: str) -> None:
        """Route a stream of wishes to the account itself, unless it has that route: one switched off stays so."""
        connector = self._directory.connector(account.connector)
        actions = connector.manifest.actions if connector else ()
        action = next((one.name for one in actions if stream in wishes_of(one)), None)
        if action is None:
            raise BadInput(f"{account.connector} carries out no {stream}", field="connection_id")
        async with self._store.engine() as conn:
            known = await conn.fetchval(SQL["has_route"], account.tenant_id, account.id, stream, action)
        if not known:
            await self.add_route(account.tenant_id, account, account, stream, action, actor)

    def fitting(self, source: Connection, destination: Connection) -> Sequence[tuple[str, str]]:
        """Return the (stream, action) pairs that a source and a destination have in common."""
        theirs = self._directory.connector(destination.connector)
        if theirs is None or theirs.destination is None or source.id == destination.id:
            return []
        streams = {s.name: s.entity for s in (*self._directory.described(source), *self._directory.told(source))}
        pairs = []
        for action in theirs.manifest.actions:
            if wishes_of(action):
                continue  # carries out wishes: what other sources have to tell is none of them
            if "*" in action.entities and (streams or source.connector == HUB):
                pairs.append(("*", action.name))
            pairs += [(name, action.name) for name, entity in streams.items() if entity in action.entities]
        return pairs
