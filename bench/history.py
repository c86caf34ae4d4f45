"""A history to measure beside: recorded orders with their events and ended deliveries, put there in bulk.

The rows are what the ledger writes (sealed bodies, digests, codes, subjects); only the way in is shorter.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from bench import stage
from crossdock.flow.receive.reception import door_of
from crossdock.flow.record.parcel import Parcel
from crossdock.kit.digest import VERSION
from crossdock.kit.ids import new_id, time_of
from crossdock.model.connection import Connection
from crossdock.model.observation import Observation
from crossdock.model.origin import Origin
from crossdock.wiring import Hub

CHUNK = 5_000
DELIVERED = (
    *("id", "tenant_id", "lane_id", "route_id", "record_id", "event_id", "seq", "state", "evidence", "external_id"),
    *("attempts", "created_at", "ended_at"),
)
RECORD = (
    *("id", "tenant_id", "connection_id", "stream", "external_id", "parent_id", "seq", "digest", "digest_version"),
    *("presence", "status", "modified_at", "made_at", "seen_to", "contested", "subject", "event_id", "code"),
)
EVENT = (
    *("id", "tenant_id", "connection_id", "record_id", "seq", "stream", "external_id", "type", "origin", "verdict"),
    *("presence", "status", "modified_at", "recorded_at", "subject", "hops", "digest", "body"),
)


async def fill(
    hub: Hub,
    shops: Sequence[uuid.UUID],
    count: int,
    *,
    first: int = 10_000_000,
    days: int = 365,
    spread: bool = False,
) -> None:
    """Record ``count`` orders of the shops, made over the last ``days``, each delivered once on each route.

    ``spread``: events and deliveries lie in the days they were made on (whose partitions stand), not all in today's.
    """
    tenant = await hub.tenants.find()
    async with hub.database.engine() as conn:
        found = await conn.fetch("SELECT id, source_id, destination_id FROM route WHERE enabled")
    routes: dict[uuid.UUID, list[Any]] = {}
    for row in found:
        routes.setdefault(row["source_id"], []).append(row)
    stores = [await hub.directory.connection(shop) for shop in shops]
    for begin in range(0, count, CHUNK):
        records, events, ended = [], [], []
        for n, document in enumerate(_documents(begin, min(CHUNK, count - begin), first, count, days), start=begin):
            store = stores[n % len(stores)]
            record, event = _rows(hub, tenant, _parcel(hub, store, document), spread=spread)
            records.append(record)
            events.append(event)
            at = time_of(event[0])
            ended += [_delivered(tenant, route, record, event, at) for route in routes.get(store.id, ())]
        async with hub.database.transaction() as conn:
            for table, names, rows in (("record", RECORD, records), ("event", EVENT, events)):
                await conn.executemany(_insert(table, names), rows)
            await conn.executemany(_insert("delivery_done", DELIVERED), ended)


def _insert(table: str, names: Sequence[str]) -> str:
    places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"


def _parcel(hub: Hub, store: Connection, document: dict[str, Any]) -> Parcel:
    body = orjson.dumps(document)
    door = door_of(hub.directory.connector(store.connector))
    (arrived,) = door.parse({"x-wc-webhook-topic": "order.updated", "x-wc-webhook-resource": "order"}, body)
    return hub.journey.parcel(store, arrived, Origin.BACKFILL, body)


def _documents(begin: int, count: int, first: int, total: int, days: int) -> Iterator[dict[str, Any]]:
    templates = stage.templates()
    now = datetime.now(UTC)
    for n in range(begin, begin + count):
        made = now - timedelta(days=days) * ((total - n) / total)
        text = made.strftime("%Y-%m-%dT%H:%M:%S")
        document = dict(templates[n % len(templates)])
        document |= {"id": first + n, "number": str(first + n), "date_created_gmt": text, "date_modified_gmt": text}
        document["billing"] = {**document["billing"], "email": f"buyer-{n % (total // 3 + 1)}@example.com"}
        yield document


def _rows(hub: Hub, tenant: uuid.UUID, parcel: Parcel, *, spread: bool) -> tuple[Any, Any]:
    seen = parcel.arrived
    assert isinstance(seen, Observation)
    now = seen.modified_at if spread and seen.modified_at else datetime.now(UTC)
    record_id, event_id = (new_id(now), new_id(now)) if spread else (new_id(), new_id())
    subject = hub.vault.subject(seen.subjects[0]) if seen.subjects else None
    common, at = (seen.stream, seen.external_id), seen.modified_at
    record = (
        *(record_id, tenant, parcel.connection_id, *common, None, 1, parcel.digest, VERSION, seen.presence),
        *(seen.status, at, seen.created_at, now, False, subject, event_id, seen.code),
    )
    event = (
        *(event_id, tenant, parcel.connection_id, record_id, 1, *common, "order.created", "backfill", "applied"),
        *(seen.presence, seen.status, at, now, subject, 0, parcel.digest),
        hub.vault.seal_body(parcel.body, event_id.bytes),
    )
    return record, event


def _delivered(tenant: uuid.UUID, route: Any, record: Any, event: Any, at: datetime) -> Any:
    lane, made = route["destination_id"], new_id(at)
    return (made, tenant, lane, route["id"], record[0], event[0], 1, "delivered", "accepted", None, 1, at, at)
