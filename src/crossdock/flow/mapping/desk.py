"""Versions of a route's mapping: made, checked, chosen, compared, and the way back to the one before."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson

from crossdock.connect.connector import Connector
from crossdock.errors import BadInput, NotFound, VersionConflict
from crossdock.flow.map.check import check
from crossdock.flow.map.differ import differences, written
from crossdock.flow.map.problems import Problem, Weight
from crossdock.flow.mapping.templates import Templates
from crossdock.flow.mapping.words import (
    MAX_DOCUMENT,
    Chosen,
    Directory,
    Draft,
    MappingRefused,
    absent,
    cleared_for,
    mapping_of,
)
from crossdock.flow.ports import Store
from crossdock.flow.schema import Schemas
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.mapping import Mapping
from crossdock.model.route import Priority, Route
from crossdock.model.schedule import Schedule
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("mapping.sql"))
_LAST = 2**31 - 1
_ANEW = frozenset({"unknown-object", "unknown-field", "enumeration-value"})
"""Problems for which the destination is asked anew before they are told."""


class MapsNothing(BadInput):
    """The route's action sends messages or carries out wishes: there is nothing to choose."""


class MappingDesk:
    """What people do with the mapping of a route."""

    def __init__(self, store: Store, directory: Directory, schemas: Schemas, templates: Templates) -> None:
        self._store = store
        self._directory = directory
        self._schemas = schemas
        self._templates = templates

    # --- looking ------------------------------------------------------------------------------------------------

    async def chosen(self, tenant_id: uuid.UUID, route_id: uuid.UUID) -> Chosen:
        """Return a route that maps, and whom it joins. Raises ``NotFound``, and :class:`MapsNothing`."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["route"], tenant_id, route_id)
        if row is None:
            raise NotFound("there is no such route", field="route", remedy="list them with: crossdock routes")
        route = _route(row)
        source = await self._directory.connection(route.source_id)
        destination = await self._directory.connection(route.destination_id)
        connector = self._directory.connector(destination.connector)
        if connector is None or not maps(connector, route.action, route.stream, occurrence=route.occurrence):
            raise MapsNothing(
                "the route maps nothing: its action sends messages or carries out wishes",
                field="route",
                remedy="choose a route to an action that writes records",
            )
        return Chosen(route, source, destination, connector, _default(connector, route))

    async def one(self, tenant_id: uuid.UUID, route_id: uuid.UUID, version: int | None = None) -> dict[str, Any]:
        """Return a version (None: the one that acts; 0: the connector's own). Raises ``NotFound``."""
        chosen = await self.chosen(tenant_id, route_id)
        number = chosen.route.mapping_version if version is None else version
        mapping, row = await self._version(chosen, number)
        return {**_shown(chosen, number, row), "mapping": written(mapping)}

    async def versions(
        self, tenant_id: uuid.UUID, route_id: uuid.UUID, limit: int = 50, before: int | None = None
    ) -> list[dict[str, Any]]:
        """Return the versions, the newest first; the last of all is 0, the connector's own."""
        chosen = await self.chosen(tenant_id, route_id)
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["versions"], tenant_id, route_id, before or _LAST, limit)
        found = [_shown(chosen, row["version"], row) for row in rows]
        return found if len(rows) == limit or before == 0 else [*found, _shown(chosen, 0, None)]

    async def history(self, tenant_id: uuid.UUID, route_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return which version was chosen when and by whom, the newest first."""
        await self.chosen(tenant_id, route_id)
        async with self._store.engine() as conn:
            return [dict(row) for row in await conn.fetch(SQL["activations"], tenant_id, route_id)]

    async def diff(self, tenant_id: uuid.UUID, route_id: uuid.UUID, before: int, after: int) -> dict[str, Any]:
        """Return what differs between two versions. Raises ``NotFound``."""
        chosen = await self.chosen(tenant_id, route_id)
        old, new = await self.mapping(chosen, before), await self.mapping(chosen, after)
        return {"before": before, "after": after, "differences": msgspec.to_builtins(differences(old, new))}

    async def mapping(self, chosen: Chosen, version: int) -> Mapping:
        """Return the mapping of a version. Raises ``NotFound``."""
        return (await self._version(chosen, version))[0]

    async def _version(self, chosen: Chosen, version: int) -> tuple[Mapping, Any]:
        if version == 0:
            return chosen.default, None
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["version"], chosen.route.tenant_id, chosen.route.id, version)
        if row is None:
            raise absent("version of this mapping")
        return msgspec.convert(orjson.loads(row["document"]), Mapping), row

    # --- checking -----------------------------------------------------------------------------------------------

    async def drafted(self, chosen: Chosen, draft: Draft) -> tuple[Mapping, dict[str, Any] | None]:
        """Return a draft's mapping, and the template it is made of. Raises ``BadInput`` or ``NotFound``."""
        if draft.template is None:
            return mapping_of(chosen, draft.objects or (), draft), None
        return await self._templates.laid(chosen, draft)

    async def problems(self, chosen: Chosen, mapping: Mapping, *, anew: bool = True) -> list[Problem]:
        """Compare a mapping with both schemas. Raises ``VendorTrouble`` when the destination does not tell its own.

        ``anew`` False: what is remembered of it is enough, for who asks again at every step.
        """
        found = await self._compared(chosen, mapping, fresh=False)
        if not anew or not any(one.rule in _ANEW for one in found):
            return found
        # what it does not have may have been made there a minute ago
        return await self._compared(chosen, mapping, fresh=True)

    async def _compared(self, chosen: Chosen, mapping: Mapping, *, fresh: bool) -> list[Problem]:
        theirs = (await self._schemas.of(chosen.destination.id, fresh=fresh)).schema
        ours = (await self._schemas.of(chosen.source.id)).schema.read_as(mapping.entity)
        facts = chosen.connector.manifest.action(chosen.route.action)
        cleared = cleared_for(chosen.destination.config)
        return check(mapping, ours, theirs, cleared=cleared, objects=facts.objects, usual=chosen.default)

    # --- changing -----------------------------------------------------------------------------------------------

    async def add(
        self, tenant_id: uuid.UUID, route_id: uuid.UUID, draft: Draft, *, actor: str, activate: bool = False
    ) -> dict[str, Any]:
        """Keep a draft as the next version; the same as the newest is the newest. Raises :class:`MappingRefused`."""
        chosen = await self.chosen(tenant_id, route_id)
        mapping, made_of = await self.drafted(chosen, draft)
        found = await self.problems(chosen, mapping)
        if any(one.weight is Weight.ERROR for one in found):
            raise MappingRefused(found)
        number = await self._keep(chosen, mapping, made_of, draft.note, actor)
        if activate:
            await self.activate(tenant_id, route_id, number, actor=actor, reason=draft.note)
        return {**await self.one(tenant_id, route_id, number), "problems": msgspec.to_builtins(found)}

    async def _keep(
        self, chosen: Chosen, mapping: Mapping, made_of: dict[str, Any] | None, note: str, actor: str
    ) -> int:
        told = orjson.dumps(written(mapping), option=orjson.OPT_SORT_KEYS)
        if len(told) > MAX_DOCUMENT:
            raise BadInput(f"a mapping has at most {MAX_DOCUMENT} bytes", field="objects", remedy="split it")
        route = chosen.route
        async with self._store.transaction() as conn:
            await conn.fetchval(SQL["lock_route"], route.tenant_id, route.id)
            row = await conn.fetchrow(SQL["newest"], route.tenant_id, route.id)
            if row is not None and _same(row, told, made_of):
                return int(row["version"])
            number = row["version"] + 1 if row is not None else 1
            packed = orjson.dumps(made_of).decode() if made_of else None
            facts = (new_id(), route.tenant_id, route.id, number, told.decode(), note, actor, packed)
            await conn.execute(SQL["add_version"], *facts)
            await audit(conn, route.tenant_id, actor, "mapping.add", route.id, {"version": number})
        return number

    async def activate(
        self,
        tenant_id: uuid.UUID,
        route_id: uuid.UUID,
        version: int,
        *,
        actor: str,
        reason: str = "",
        expected: int | None = None,
        back: bool = False,
        beside: Callable[[Any], Awaitable[None]] | None = None,
    ) -> int:
        """Let a version act, in every process within a second; returns the one before.

        ``expected``: the version that acts now, as who asks believes. ``beside``: what is committed with it. Raises
        ``NotFound`` and ``VersionConflict``.
        """
        chosen = await self.chosen(tenant_id, route_id)
        await self.mapping(chosen, version)
        async with self._store.transaction() as conn:
            before: int | None = await conn.fetchval(SQL["lock_route"], tenant_id, route_id)
            if before is None:
                raise NotFound("there is no such route", field="route", remedy="list them with: crossdock routes")
            if expected is not None and before != expected:
                raise VersionConflict(
                    f"version {before} acts, not {expected}",
                    expected={"version": expected},
                    current={"version": before},
                    remedy="look at it again",
                )
            if before != version:
                source = await conn.fetchval(SQL["activate"], tenant_id, route_id, version)
                await conn.execute(SQL["bump"], source)
                made = (new_id(), tenant_id, route_id, version, before, back, actor, reason)
                await conn.execute(SQL["add_activation"], *made)
                what = "mapping.rollback" if back else "mapping.activate"
                await audit(conn, tenant_id, actor, what, route_id, {"version": version, "before": before})
            if beside is not None:
                await beside(conn)
        return before

    async def way_back(self, tenant_id: uuid.UUID, route_id: uuid.UUID) -> int:
        """Return the version that acted before the one that acts now; 0 where nobody knows."""
        chosen = await self.chosen(tenant_id, route_id)
        async with self._store.engine() as conn:
            found = await conn.fetchval(SQL["way_back"], tenant_id, route_id, chosen.route.mapping_version)
        return int(found or 0)


def _same(row: Any, told: bytes, made_of: dict[str, Any] | None) -> bool:
    before = orjson.loads(row["made_of"]) if row["made_of"] else None
    return orjson.dumps(orjson.loads(row["document"]), option=orjson.OPT_SORT_KEYS) == told and before == made_of


def maps(connector: Connector, action: str, stream: str, *, occurrence: bool) -> bool:
    """Whether a route to an action of a connector writes fields, so that it has a mapping."""
    try:
        return not (occurrence or stream == "*" or connector.manifest.action(action).stream)
    except KeyError:
        return False


def _default(connector: Connector, route: Route) -> Mapping:
    fitting: Sequence[Mapping] = [
        one for one in connector.mappings if (one.action, one.entity) == (route.action, route.stream)
    ]
    return fitting[0] if fitting else Mapping(route.stream, route.action, ())


def _shown(chosen: Chosen, version: int, row: Any) -> dict[str, Any]:
    made_of = orjson.loads(row["made_of"]) if row is not None and row["made_of"] else None
    return {
        "route_id": show(Prefix.ROUTE, chosen.route.id),
        "version": version,
        "active": version == chosen.route.mapping_version,
        "default": version == 0,
        "note": row["note"] if row is not None else "the connector's own",
        "actor": row["actor"] if row is not None else "",
        "made_of": made_of,
        "created_at": row["created_at"] if row is not None else None,
    }


def _route(row: Any) -> Route:
    facts = {name: row[name] for name in Route.__struct_fields__ if name in row.keys()}  # noqa: SIM118 - a Record
    facts["types"], facts["skip_statuses"] = frozenset(row["types"]), frozenset(row["skip_statuses"])
    told = row["schedule"]
    facts["schedule"] = msgspec.json.decode(told, type=Schedule) if told is not None else None
    return Route(**{**facts, "priority": Priority(row["priority"])})
