"""The whole story of one event, as stops on a line: received, recorded, routed, mapped, tried, ended, proven."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from crossdock.errors import CrossdockError
from crossdock.flow.deliver import Filter
from crossdock.flow.deliver.preview import Made
from crossdock.flow.record.events import Events
from crossdock.flow.route.table import Fan
from crossdock.kit.ids import CLOCKS, Prefix, floor_near, parse, show, time_of
from crossdock.model.connection import Connection
from crossdock.model.delivery import DeliveryState
from crossdock.model.origin import Origin
from crossdock.model.route import Priority, Route
from crossdock.store.queries import load
from crossdock.web.outward import Outside, at_source, written_by
from crossdock.web.traffic import attempts
from crossdock.web.traffic.changes import MOST, Changed, differs, hidden, plain
from crossdock.web.traffic.stops import Stop
from crossdock.web.words import spoken
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("story.sql"))
_MOST_DELIVERIES: Final = 100
_PAGES: Final = {"order": Prefix.ORDER, "customer": Prefix.CUSTOMER, "product": Prefix.PRODUCT}
_SEEN: Final = {
    "webhook": ("by webhook", "its signature over the raw bytes was right, else it would not stand here"),
    "plugin": ("from the site's plugin", "the batch was signed with the site's key"),
    "api": ("from a program", "sent to the events API with an API key of yours"),
    "pull": ("by a pull", "read from the store itself, with the connection's own keys"),
    "backfill": ("by a backfill", "read from the store itself, with the connection's own keys"),
    "reconcile": ("by a proof", "the proof read the store afresh and found what no webhook had told"),
    "replay": ("by a replay", "made by the hub"),
}
_VERDICTS: Final = {
    "applied": "on disk before anybody was told that it is",
    "contested": "two versions contest: a fresh look at the store decides, and nothing is routed until then",
    "rewound": "the store itself went back to an older state",
}


class Story(msgspec.Struct, frozen=True):
    """What the page of an event shows."""

    event: dict[str, Any]
    source: Connection
    deliveries: list[dict[str, Any]]
    chosen: dict[str, Any] | None
    stops: list[Stop]
    record_id: str
    """As the pages of records name it."""
    payload: Any
    """The record in the hub's words, or the source's own document; None when it is no longer kept."""
    problem: str
    """Why the payload cannot be read."""
    later: dict[str, Any] | None
    """The next event of the same record."""
    here: Outside | None
    """The record's own page at its source."""
    there: Outside | None
    """Where people see what the delivery made."""


async def told(hub: Hub, tenant_id: uuid.UUID, event_id: uuid.UUID, chosen: uuid.UUID | None, *, people: bool) -> Story:
    """Put the story of an event together; of its deliveries one is told in full. Raises ``NotFound``."""
    row, before, after = await Events(hub.database).one(tenant_id, event_id)
    source = await hub.directory.connection(row["connection_id"])
    since = row["recorded_at"] - CLOCKS
    deliveries = await hub.letters.page(tenant_id, Filter(event_id=event_id, since=since), _MOST_DELIVERIES)
    deliveries.sort(key=lambda one: one["uuid"])
    word, problem = _read(hub, source, row)
    earlier, _ = _read(hub, source, before)
    changed = [] if earlier is None or word is None else differs(earlier, word, people=people)
    stops = [*_received(hub, row), _recorded(row, before, changed)]
    stops.append(await _routed(hub, tenant_id, row, source, deliveries))
    one, there = None, None
    if shown := _choice(deliveries, chosen):
        one = await hub.letters.one(tenant_id, shown["uuid"])
        stops += await _delivery(hub, tenant_id, row, one, people=people)
        there = await _there(hub, tenant_id, source, row, one)
    return Story(
        event={**_event(row), "is_newest": row["newest_id"] == row["id"]},
        source=source,
        deliveries=deliveries,
        chosen=one,
        stops=_timed(stops),
        record_id=show(_PAGES.get(row["stream"], Prefix.RECORD), row["record_id"]),
        payload=word if people or word is None else hidden(word),
        problem=problem,
        later={"id": show(Prefix.EVENT, after["id"]), "type": after["type"], "at": after["recorded_at"]}
        if after
        else None,
        here=at_source(hub, source, row["stream"], row["external_id"], row["parent_id"]),
        there=there,
    )


def _event(row: Any) -> dict[str, Any]:
    names = ("type", "stream", "external_id", "code", "origin", "verdict", "presence", "status", "seq", "hops")
    return {
        **{name: row[name] for name in names},
        "id": show(Prefix.EVENT, row["id"]),
        "connection_id": show(Prefix.CONNECTION, row["connection_id"]),
        "connection": row["connection"],
        "connector": row["connector"],
        "recorded_at": row["recorded_at"],
        "modified_at": row["modified_at"],
        "record_uuid": row["record_id"],
        "newest_seq": row["newest_seq"],
    }


def _read(hub: Hub, source: Connection, row: Any) -> tuple[Any, str]:
    if row is None:
        return None, ""
    word, problem = hub.finder.said(row, source)
    return plain(word), problem or ""


def _received(hub: Hub, row: Any) -> list[Stop]:
    how, why = _SEEN.get(row["origin"], (row["origin"], ""))
    size = ""
    if row["body"] is not None:
        size = f", {len(hub.canonical.body(row)):,} bytes"
    # an event's id is made when it arrives, its row's time is that of the commit
    arrived = min(time_of(row["id"]), row["recorded_at"])
    return [Stop(tone="good", at=arrived, title=f"Received {how}", soft=f"{row['type']}{size}", kind="says", data=why)]


def _recorded(row: Any, before: Any, changed: Sequence[Changed]) -> Stop:
    state = f"as state {row['seq']} of this {row['stream']}" if row["external_id"] else "as an event of its own"
    return Stop(
        tone="good" if row["verdict"] != "contested" else "warn",
        at=row["recorded_at"],
        title="Recorded",
        soft=f"{state}, {_VERDICTS[row['verdict']]}",
        kind="changes",
        data={
            "changes": changed[:MOST],
            "unlisted": max(0, len(changed) - MOST),
            "before": before["seq"] if before else None,
            "seq": row["seq"],
            "first": before is None,
            "kept": row["body"] is not None and (before is None or before["body"] is not None),
        },
    )


async def _routed(
    hub: Hub, tenant_id: uuid.UUID, row: Any, source: Connection, deliveries: Sequence[Mapping[str, Any]]
) -> Stop:
    by_route: dict[str, list[Mapping[str, Any]]] = {}
    for one in deliveries:
        by_route.setdefault(one["route_id"], []).append(one)
    mine = show(Prefix.CONNECTION, source.id)
    lines: list[dict[str, Any]] = []
    for route in await hub.connections.routes(tenant_id):
        if route["source_id"] == mine and route["stream"] in (row["stream"], "*"):
            made = by_route.pop(route["id"], [])
            lines.append({"route": route, "made": made, "why": "" if made else _why_not(route, row)})
    # wishes of the hub, and routes that are gone
    lines += [{"route": None, "made": made, "why": ""} for made in by_route.values()]
    count = len({one["route_id"] for one in deliveries})
    if count:
        soft = f"{count} route{'s take' if count > 1 else ' takes'} it, in the same commit as the event"
    else:
        soft = "no route takes it, so nothing is sent"
    return Stop(
        tone="good" if count else "quiet", at=row["recorded_at"], title="Routed", soft=soft, kind="routes", data=lines
    )


def _why_not(route: Mapping[str, Any], row: Any) -> str:
    """Say why a route made no delivery of an event."""
    if row["verdict"] == "contested":
        return "two versions contest: it waits for the fresh look"
    if not route["enabled"]:
        return "the route is paused"
    takes = Fan(0, [_route(route)])(
        _Facts(row["stream"], row["type"], Origin(row["origin"]), row["presence"], row["status"])
    )
    if not takes:
        return f"it takes only {', '.join(sorted(route['types']))}" if route["types"] else "it does not take this"
    return "it would take it today: the route, or what it takes, is younger than the event"


class _Facts(msgspec.Struct, frozen=True):
    stream: str
    type: str
    origin: Origin
    presence: str
    status: str


def _route(shown: Mapping[str, Any]) -> Route:
    return Route(
        id=parse(Prefix.ROUTE, shown["id"]),
        tenant_id=uuid.UUID(int=0),
        source_id=parse(Prefix.CONNECTION, shown["source_id"]),
        destination_id=parse(Prefix.CONNECTION, shown["destination_id"]),
        stream=shown["stream"],
        action=shown["action"],
        occurrence=shown["occurrence"],
        historical=shown["historical"],
        priority=Priority[shown["priority"].upper()],
        types=frozenset(shown["types"]),
        skip_statuses=frozenset(shown["skip_statuses"]),
    )


def _choice(deliveries: Sequence[dict[str, Any]], chosen: uuid.UUID | None) -> dict[str, Any] | None:
    """Return the delivery that is told: the one asked for, else the one that needs somebody most."""
    if chosen is not None:
        return next((one for one in deliveries if one["uuid"] == chosen), None)
    order = ("dead", "in_doubt", "claimed", "waiting", "delivered", "skipped")
    return min(deliveries, key=lambda one: (order.index(one["state"]), one["uuid"]), default=None)


async def _delivery(hub: Hub, tenant_id: uuid.UUID, row: Any, one: Mapping[str, Any], *, people: bool) -> list[Stop]:
    stops = []
    if one["replay_id"] or one["created_at"] - row["recorded_at"] > timedelta(seconds=5):
        stops.append(attempts.again(one))
    if one["rule"] not in ("filter", "historical", "superseded", "route-removed") or one["attempts"]:
        stops.append(await _mapped(hub, tenant_id, row, one, people=people))
    stops += attempts.tries(one)
    async with hub.database.tenant(tenant_id) as conn:
        lane = await conn.fetchrow(SQL["standing"], tenant_id, parse(Prefix.CONNECTION, one["destination_id"]))
        route, record = parse(Prefix.ROUTE, one["route_id"]), row["record_id"]
        if one["ended_at"] is None:
            ahead = await conn.fetchrow(SQL["ahead"], tenant_id, route, record, one["uuid"])
            stops.append(attempts.now_waiting(one, lane, ahead))
            return stops
        stops.append(attempts.ended(one))
        if one["state"] == DeliveryState.DELIVERED and not one["occurrence"]:
            floor = floor_near(one["ended_at"])
            sought = (row["connection_id"], floor, one["ended_at"], route, record)
            proof = await conn.fetchrow(SQL["proof"], tenant_id, *sought)
            stops.append(attempts.proven(one, proof))
    return stops


async def _mapped(hub: Hub, tenant_id: uuid.UUID, row: Any, one: Mapping[str, Any], *, people: bool) -> Stop:
    version = one["mapping_version"]
    made: list[Made] = []
    try:
        destination, route = parse(Prefix.CONNECTION, one["destination_id"]), parse(Prefix.ROUTE, one["route_id"])
        made, why = await hub.replays.preview.made(
            hub.database, tenant_id, row["id"], route, destination, version, people=people
        )
    except (CrossdockError, KeyError) as refused:
        why = getattr(refused, "problem", "the action is no longer there")
    if one["occurrence"]:
        soft = "a message: the event goes out as the hub publishes it"
    elif version:
        soft = f"by version {version} of the route's mapping"
    else:
        soft = "by the connector's own mapping"
    return Stop(
        tone="good" if made else "quiet",
        at=None,
        title="Mapped" if not one["occurrence"] else "Written as a message",
        soft=soft,
        kind="made",
        data={"made": made, "why": why, "route_id": one["route_id"], "version": version, "message": one["occurrence"]},
    )


async def _there(
    hub: Hub, tenant_id: uuid.UUID, source: Connection, row: Any, one: Mapping[str, Any]
) -> Outside | None:
    """Return where people see what a delivery made, where its vendor has such pages."""
    if not one["at_destination"]:
        return None
    destination = await hub.directory.connection(parse(Prefix.CONNECTION, one["destination_id"]))
    key = f"{source.account_uid}:{row['stream']}:{row['external_id']}"
    async with hub.database.tenant(tenant_id) as conn:
        linked = await conn.fetch(SQL["links_of"], tenant_id, destination.id, key)
    pairs = [(link["object"], link["external_id"]) for link in linked]
    return written_by(hub, destination, one["action"], one["at_destination"], pairs)


def _timed(stops: Sequence[Stop]) -> list[Stop]:
    """Put beside each stop how long after the one before it was."""
    told: list[Stop] = []
    last: datetime | None = None
    for number, stop in enumerate(stops):
        after = stop.after
        if stop.at is not None and not after:
            if last is None:
                after = "start"
            elif stop.at - last < timedelta(milliseconds=1):
                after = "same commit" if stop.kind == "routes" else "at once"
            else:
                after = f"+{spoken(stop.at - last)}"
        last = stop.at or last
        told.append(msgspec.structs.replace(stop, after=after, end=number == len(stops) - 1 and stop.end))
    return told
