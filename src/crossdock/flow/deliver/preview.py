"""A dry run: what a replay would write, field by field, against what stands there. Nothing is sent.

Where a destination can be asked for single records, what it holds now is compared; elsewhere what was written last: the
plan of the last delivered event by the mapping it was delivered with. Values are shown only where they cannot be a
person's: numbers, dates, codes; of everything else how long it is.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson

from crossdock.connect.connector import Destination, Seeker
from crossdock.flow.deliver.planner import Planned, Planner, Subject
from crossdock.flow.deliver.ports import Directory
from crossdock.flow.deliver.prepare import route_of
from crossdock.flow.deliver.replay import SQL, versions_of
from crossdock.flow.ports import Store
from crossdock.kit import redact
from crossdock.model.plan import Ref, Verb, Write

_MOST_SHOWN = 1_000
_PLAIN = re.compile(
    r"[+-]?\d{1,15}([.,]\d{1,9})?|\d{4}-\d\d-\d\d([T ][\d:.+-]+Z?)?|true|false|[A-Z]{3}|[a-z][a-z0-9_-]{0,40}"
)
Links = dict[tuple[str, str], str]
Values = Mapping[str, str | None]


class Change(msgspec.Struct, frozen=True):
    """One field that a replay would write otherwise than it stands."""

    stream: str
    external_id: str
    """Of the record at its source."""
    object: str
    field: str
    before: str | None
    after: str | None


class Found(msgspec.Struct):
    """What a dry run has found so far; all numbers count deliveries."""

    looked_at: int = 0
    unchanged: int = 0
    changed: int = 0
    created: int = 0
    archived: int = 0
    messages: int = 0
    """Would be sent again as they are."""
    refused: int = 0
    """Could not be planned: they would be dead letters."""
    nothing: int = 0
    """A rule leaves them out."""
    against: list[str] = msgspec.field(default_factory=list)
    """held: what the destination holds now; written: what was written last."""
    differences: list[Change] = msgspec.field(default_factory=list)
    refusals: list[dict[str, str]] = msgspec.field(default_factory=list)
    unlisted: int = 0
    """Differences beyond the first thousand."""

    @staticmethod
    def read(told: str) -> Found:
        """Read what was kept."""
        return msgspec.convert(orjson.loads(told), Found)

    def copy(self) -> Found:
        """Return a copy whose lists are its own: a chunk that has to be done again begins anew."""
        return msgspec.structs.replace(
            self, against=[*self.against], differences=[*self.differences], refusals=[*self.refusals]
        )

    def tell(self, changes: Sequence[Change]) -> None:
        """Keep differences, up to a thousand."""
        room = max(0, _MOST_SHOWN - len(self.differences))
        self.differences += changes[:room]
        self.unlisted += len(changes[room:])


class Made(msgspec.Struct, frozen=True):
    """One write as a mapping makes it of an event."""

    verb: Verb
    object: str
    key: str
    values: dict[str, str | None]
    to: str = ""
    """The other end of an association."""
    bytes: int = 0
    """Of a message: how large it is."""


class Preview:
    """Plans what a replay would send and compares."""

    def __init__(self, directory: Directory, planner: Planner) -> None:
        self._directory = directory
        self.planner = planner

    async def look(
        self, store: Store, tenant_id: uuid.UUID, ids: Sequence[uuid.UUID], mapping: int | str | None, found: Found
    ) -> None:
        """Add to ``found`` what delivering these again would change. No connection is held while a vendor is asked."""
        async with store.engine() as conn:
            rows = await conn.fetch(SQL["to_preview"], tenant_id, list(ids)) if ids else []
            named = sorted({row["route_id"] for row in rows})
            routes = {row["id"]: route_of(row) for row in await conn.fetch(SQL["routes"], named)}
            versions = await versions_of(conn, tenant_id, named, mapping)
        by_destination: dict[uuid.UUID, dict[tuple[uuid.UUID, uuid.UUID], Any]] = {}
        for row in rows:
            route = routes[row["route_id"]]
            found.looked_at += 1
            if route.occurrence:
                found.messages += 1
                continue
            by_destination.setdefault(route.destination_id, {})[row["route_id"], row["record_id"]] = row
        for destination_id, pairs in by_destination.items():
            await self._compare(store, tenant_id, destination_id, pairs, routes, versions, found)

    async def made(
        self,
        store: Store,
        tenant_id: uuid.UUID,
        event_id: uuid.UUID,
        route_id: uuid.UUID,
        destination_id: uuid.UUID,
        version: int | None,
        *,
        people: bool,
    ) -> tuple[list[Made], str]:
        """Return what a version of the route's mapping makes of an event, or why it makes nothing.

        Personal values are masked unless ``people``. Nobody is asked and nothing is sent.
        """
        async with store.engine() as conn:
            row = await conn.fetchrow(SQL["to_make"], tenant_id, event_id)
            route_row = await conn.fetchrow(SQL["routes"], [route_id])
        if row is None or row["body"] is None or route_row is None:
            return [], "the event's body is no longer kept"
        connection = await self._directory.connection(destination_id)
        destination = await self._directory.destination(destination_id)
        pair = (route_id, row["record_id"])
        async with store.engine() as conn:
            routes = {route_id: route_of(route_row)}
            planned = await self._plan(conn, tenant_id, connection, destination, {pair: row}, routes, {pair: version})
            links = await links_of(conn, destination_id, planned.values())
        item = planned[pair]
        if item.plan is None:
            return [], item.why.reason if item.why else "it could not be planned"
        return [_made(write, links, people) for write in writes_of([item])], item.plan.nothing

    async def _compare(
        self,
        store: Store,
        tenant_id: uuid.UUID,
        destination_id: uuid.UUID,
        pairs: Mapping[tuple[uuid.UUID, uuid.UUID], Any],
        routes: Mapping[uuid.UUID, Any],
        versions: Mapping[uuid.UUID, int],
        found: Found,
    ) -> None:
        connection = await self._directory.connection(destination_id)
        destination = await self._directory.destination(destination_id)
        asked = {pair: versions.get(pair[0]) for pair in pairs}
        async with store.engine() as conn:
            planned = await self._plan(conn, tenant_id, connection, destination, pairs, routes, asked)
            links = await links_of(conn, destination_id, planned.values())
            if not isinstance(destination, Seeker):
                before = await self._written(conn, tenant_id, connection, destination, pairs, routes, links)
        how = "written"
        if isinstance(destination, Seeker):
            before, how = await held_by(destination, planned.values(), links), "held"
        if how not in found.against:
            found.against.append(how)
        for pair, item in planned.items():
            _judge(item, pairs[pair], before, links, destination, found)

    async def _plan(
        self,
        conn: Any,
        tenant_id: uuid.UUID,
        connection: Any,
        destination: Destination,
        rows: Mapping[tuple[uuid.UUID, uuid.UUID], Any],
        routes: Mapping[uuid.UUID, Any],
        versions: Mapping[tuple[uuid.UUID, uuid.UUID], int | None],
    ) -> dict[tuple[uuid.UUID, uuid.UUID], Planned]:
        subjects = []
        for pair, row in rows.items():
            if row["body"] is None:
                continue
            source = await self._directory.connection(row["connection_id"])
            subjects.append(Subject(pair, tenant_id, routes[pair[0]], source, row, mapping_version=versions.get(pair)))
        return {item.subject.key: item for item in await self.planner.plan(conn, connection, destination, subjects)}

    async def _written(
        self,
        conn: Any,
        tenant_id: uuid.UUID,
        connection: Any,
        destination: Destination,
        pairs: Mapping[tuple[uuid.UUID, uuid.UUID], Any],
        routes: Mapping[uuid.UUID, Any],
        links: Links,
    ) -> dict[tuple[str, str], Values]:
        """Return what was written last, by (object, our key)."""
        rows = await conn.fetch(SQL["last_written"], tenant_id, *map(list, zip(*pairs, strict=True)))
        last = {(row["route_id"], row["record_id"]): row for row in rows}
        versions = {pair: row["mapping_version"] for pair, row in last.items()}
        planned = await self._plan(conn, tenant_id, connection, destination, last, routes, versions)
        return values_by(planned.values(), links)


def _made(write: Write, links: Links, people: bool) -> Made:
    values = dict(sorted(values_of(write, links).items()))
    return Made(
        verb=write.verb,
        object=write.object,
        key=write.key,
        values=values if people else {name: masked(name, value) for name, value in values.items()},
        to=write.to.object if write.to else "",
        bytes=len(write.body),
    )


def _judge(
    item: Planned,
    row: Any,
    before: Mapping[tuple[str, str], Values],
    links: Links,
    destination: Destination,
    found: Found,
) -> None:
    if item.plan is None:
        found.refused += 1
        if item.why is not None and len(found.refusals) < _MOST_SHOWN:
            told = {"stream": row["stream"], "external_id": row["external_id"], "reason": item.why.reason}
            found.refusals.append({**told, "field": item.why.field or "", "rule": item.why.rule})
        return
    if not item.plan.steps:
        found.nothing += 1
        return
    changes: list[Change] = []
    new = gone = False
    for write in writes_of([item]):
        stands = before.get((write.object, write.key))
        if write.verb is Verb.ARCHIVE:
            gone = gone or (write.object, write.key) in links
        elif write.verb is Verb.UPSERT and not (write.ensure and stands is not None):
            new = new or (stands is None and write.key == item.main_key)
            changes += _changes(write, row, stands, links, destination)
    if gone:
        found.archived += 1
    elif new:
        found.created += 1
    elif changes:
        found.changed += 1
    else:
        found.unchanged += 1
    found.tell(changes)


def _changes(write: Write, row: Any, stands: Values | None, links: Links, destination: Destination) -> list[Change]:
    made = []
    for name, after in sorted(values_of(write, links).items()):
        before = (stands or {}).get(name)
        if (name in write.blanks and before) or destination.equal(write.object, name, after, before):
            continue
        if stands is None and after in (None, ""):
            continue
        shown = (masked(name, before), masked(name, after))
        made.append(Change(row["stream"], row["external_id"], write.object, name, *shown))
    return made


def masked(name: str, value: str | None) -> str | None:
    """Return a value as a person may see it who is not to see people."""
    if value is None or value == "":
        return None
    if redact.document({name: value})[name] == redact.MASK:
        return redact.MASK
    return value if _PLAIN.fullmatch(value) else f"text of {len(value)} characters"


def writes_of(planned: Any) -> list[Write]:
    """Return all writes of plans, in order."""
    return [write for item in planned if item.plan for step in item.plan.steps for write in step.writes]


def values_by(planned: Any, links: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], Values]:
    """Return what plans write, by (object, our key)."""
    return {
        (write.object, write.key): values_of(write, links)
        for write in writes_of(planned)
        if write.verb is Verb.UPSERT and not write.ensure
    }


def values_of(write: Write, links: Mapping[tuple[str, str], str]) -> dict[str, str | None]:
    """Return what a write sends, its references resolved as far as they can be."""
    return {
        name: links.get((value.object, value.key)) if isinstance(value, Ref) else value
        for name, value in write.properties.items()
        if not isinstance(value, Ref) or (value.object, value.key) in links
    }


async def links_of(conn: Any, connection_id: uuid.UUID, planned: Any) -> Links:
    """Return the links of all records that plans speak of."""
    names = set()
    for write in writes_of(planned):
        names.add((write.object, write.key))
        names.update((v.object, v.key) for v in write.properties.values() if isinstance(v, Ref))
    if not names:
        return {}
    rows = await conn.fetch(SQL["links"], connection_id, *map(list, zip(*sorted(names), strict=True)))
    return {(row["object"], row["key"]): row["external_id"] for row in rows}


async def held_by(destination: Seeker, planned: Any, links: Links) -> dict[tuple[str, str], Values]:
    """Return what the destination holds now of every linked record, by (object, our key)."""
    ids: dict[str, dict[str, str]] = {}
    for write in writes_of(planned):
        linked = links.get((write.object, write.key))
        if write.verb is Verb.UPSERT and linked is not None:
            ids.setdefault(write.object, {})[write.key] = linked
    held: dict[tuple[str, str], Values] = {}
    for object_name, wanted in sorted(ids.items()):
        rows = await destination.sought(object_name, None, sorted(set(wanted.values())))
        # a person with further addresses comes once for each; the last is by the first address
        found = {row.external_id: row.properties for row in rows}
        held |= {(object_name, key): found[linked] for key, linked in wanted.items() if linked in found}
    return held
