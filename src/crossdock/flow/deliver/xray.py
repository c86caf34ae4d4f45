"""One record seen through: what each of its routes makes of it now, beside what was written last. Nothing is sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from crossdock.flow.deliver.planner import Planner, Subject
from crossdock.flow.deliver.ports import Directory
from crossdock.flow.deliver.prepare import route_of
from crossdock.flow.deliver.preview import Links, links_of, masked, values_by, values_of, writes_of
from crossdock.flow.deliver.replay import SQL as REPLAY
from crossdock.flow.ports import Store
from crossdock.kit.ids import Prefix, show
from crossdock.model.plan import Verb, Write
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("xray.sql"))


class Field(msgspec.Struct, frozen=True):
    """One value that is written, and what was written last."""

    name: str
    value: str | None
    before: str | None
    new: bool
    """Whether it differs from what was written last."""
    blank: bool
    """Written only where the destination holds nothing."""


class Made(msgspec.Struct, frozen=True):
    """One record at the destination, as the mapping makes it."""

    object: str
    key: str
    verb: str
    linked: str | None
    """Its id there, once it is known."""
    fields: tuple[Field, ...]


class Side(msgspec.Struct, frozen=True):
    """What one route makes of the record."""

    route_id: str
    destination_id: str
    destination: str
    action: str
    mapping_version: int
    made: tuple[Made, ...] = ()
    nothing: str = ""
    """Why nothing is written."""
    refused: str = ""
    """Why it could not be planned."""


class Xray:
    """Plans the present state of one record for all of its routes."""

    def __init__(self, store: Store, directory: Directory, planner: Planner) -> None:
        self._store = store
        self._directory = directory
        self._planner = planner

    async def sides(self, tenant_id: uuid.UUID, record_id: uuid.UUID, *, people: bool) -> list[Side]:
        """Return what each route that writes states makes of a record now; ``people``: values are shown unmasked."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["of_record"], tenant_id, record_id)
            routes = [row["id"] for row in rows]
            written = await conn.fetch(REPLAY["last_written"], tenant_id, routes, [record_id] * len(routes))
        last = {row["route_id"]: row for row in written}
        return [await self._side(tenant_id, row, last.get(row["id"]), people=people) for row in rows]

    async def _side(self, tenant_id: uuid.UUID, row: Any, last: Any, *, people: bool) -> Side:
        route = route_of(row)
        names = (show(Prefix.ROUTE, route.id), show(Prefix.CONNECTION, route.destination_id))
        facts = (*names, row["destination"], route.action, route.mapping_version)
        if row["body"] is None:
            return Side(*facts, nothing="its body is older than the time bodies are kept")
        connection = await self._directory.connection(route.destination_id)
        destination = await self._directory.destination(route.destination_id)
        source = await self._directory.connection(route.source_id)
        async with self._store.engine() as conn:
            subjects = [Subject("now", tenant_id, route, source, _event(row))]
            if last is not None and last["body"] is not None:
                version = last["mapping_version"]
                subjects.append(Subject("last", tenant_id, route, source, last, mapping_version=version))
            planned = await self._planner.plan(conn, connection, destination, subjects)
            links = await links_of(conn, connection.id, planned)
        now = planned[0]
        if now.plan is None:
            return Side(*facts, refused=now.why.reason if now.why else "")
        before = values_by(planned[1:], links)
        made = tuple(_made(write, links, before, people=people) for write in writes_of([now]) if _shows(write))
        return Side(*facts, made=made, nothing="" if made else now.plan.nothing or "nothing is to be written")


def _event(row: Any) -> Mapping[str, Any]:
    return {**dict(row), "id": row["event_id"]}


def _shows(write: Write) -> bool:
    return write.verb in (Verb.UPSERT, Verb.ARCHIVE) and not write.ensure


def _made(
    write: Write, links: Links, before: Mapping[tuple[str, str], Mapping[str, str | None]], *, people: bool
) -> Made:
    stood = before.get((write.object, write.key))
    fields = []
    for name, value in sorted(values_of(write, links).items()):
        was = stood.get(name) if stood is not None else None
        shown = (value, was) if people else (masked(name, value), masked(name, was))
        fields.append(Field(name, *shown, new=stood is None or was != value, blank=name in write.blanks))
    linked = links.get((write.object, write.key))
    return Made(write.object, write.key, str(write.verb), linked, tuple(fields))
