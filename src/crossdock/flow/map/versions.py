"""Which mapping a route applies: its own stored version, another that a replay asks for, or the connector's default."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson

from crossdock.connect.connector import Connector
from crossdock.flow.map.engine import compile_mapping
from crossdock.flow.ports import Store
from crossdock.model.mapping import Mapped, Mapping
from crossdock.model.route import Route
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("versions.sql"))
_MOST = 1024
Run = Callable[[Any], Mapped]


class Versions:
    """The map stage for the pump: compiled once a mapping. A version never changes, so it is never read again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._defaults: dict[tuple[str, str, str], Run] = {}
        self._stored: OrderedDict[tuple[uuid.UUID, int], tuple[Mapping, Run]] = OrderedDict()

    async def of(self, route: Route, destination: Connector, entity: str, version: int | None = None) -> Run:
        """Return the compiled mapping of a version (None: the route's own; 0: the connector's default).

        A mapping that maps nothing where there is none for this entity. Raises ``ValueError`` for a version that is
        not there, and ``MappingInvalid`` for one that cannot be used.
        """
        wanted = route.mapping_version if version is None else version
        if wanted == 0:
            return self._default(route, destination, entity)
        mapping, run = await self._version(route, wanted)
        return run if mapping.entity == entity else _nothing

    def _default(self, route: Route, destination: Connector, entity: str) -> Run:
        name = (destination.manifest.name, route.action, entity)
        if name not in self._defaults:
            fitting = [m for m in destination.mappings if m.action == route.action and m.entity == entity]
            self._defaults[name] = compile_mapping(fitting[0]) if fitting else _nothing
        return self._defaults[name]

    async def _version(self, route: Route, version: int) -> tuple[Mapping, Run]:
        name = (route.id, version)
        if name not in self._stored:
            async with self._store.engine() as conn:
                document = await conn.fetchval(SQL["version"], route.tenant_id, route.id, version)
            if document is None:
                raise ValueError(f"the route's mapping has no version {version}")
            mapping = msgspec.convert(orjson.loads(document), Mapping)
            self._stored[name] = (mapping, compile_mapping(mapping))
        self._stored.move_to_end(name)
        while len(self._stored) > _MOST:
            self._stored.popitem(last=False)
        return self._stored[name]


def _nothing(entity: Any) -> Mapped:
    del entity
    return Mapped({})
