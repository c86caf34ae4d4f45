"""What became of a site's events, put together from rows: each page costs the same few statements."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from crossdock.connect.record_urls import record_url
from crossdock.kit.ids import Prefix, show
from crossdock.kit.redact import text
from crossdock.model.connection import Connection
from crossdock.model.delivery import MEANS
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("activity.sql"))
STATES: Final = ("order", "customer", "product", "refund")
KINDS: Final = (*STATES, "event")
RECORDS: Final = {"order": Prefix.ORDER, "customer": Prefix.CUSTOMER, "product": Prefix.PRODUCT}
_NOTHING: Final = {
    "waiting": "it waits for its turn",
    "claimed": "it is being delivered",
    "in_doubt": "no answer came; the hub looks before it sends again",
}


class Place(msgspec.Struct, frozen=True):
    """A destination, as people know it."""

    name: str
    connector: str
    title: str
    account: dict[str, Any]


class Stories:
    """Reads what became of events of one connection."""

    def __init__(self, hub: Hub, tenant_id: uuid.UUID, connection: Connection) -> None:
        self._hub = hub
        self._tenant = tenant_id
        self._home = connection

    async def told(self, conn: Any, ids: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
        """Return events of this connection with their deliveries, the newest first; others' ids are left out."""
        events = await conn.fetch(SQL["show"], self._tenant, self._home.id, list(ids)) if ids else []
        if not events:
            return []
        names = (sorted({row["record_id"] for row in events}), [row["id"] for row in events])
        deliveries = await conn.fetch(SQL["deliveries"], self._tenant, self._home.id, *names)
        places = await self.places(conn, {row["destination_id"] for row in deliveries})
        links = await self._links(conn, events, deliveries, places)
        by_event = defaultdict(list)
        for row in deliveries:
            by_event[row["event_id"]].append(self._delivery(row, places, links))
        return [_event(row, by_event[row["id"]]) for row in events]

    async def places(self, conn: Any, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Place]:
        """Return destinations by id."""
        wanted = sorted(set(ids))
        rows = await conn.fetch(SQL["destinations"], self._tenant, wanted) if wanted else []
        return {row["id"]: self._place(row) for row in rows}

    def _place(self, row: Any) -> Place:
        connector = self._hub.directory.connector(row["connector"])
        title = connector.manifest.identity.title if connector else row["connector"]
        return Place(row["name"], row["connector"], title, orjson.loads(row["account"]))

    async def _links(
        self, conn: Any, events: Sequence[Any], deliveries: Sequence[Any], places: dict[uuid.UUID, Place]
    ) -> dict[tuple[uuid.UUID, str], str]:
        """Return which object a record at a destination is: (destination, record id) -> object."""
        objects = sorted({name for row in deliveries for name in self._objects(places, row)})
        keys = sorted({f"{self._home.account_uid}:{row['stream']}:{row['external_id']}" for row in events})
        if not objects:
            return {}
        rows = await conn.fetch(SQL["links"], self._tenant, sorted(places), objects, keys)
        return {(row["connection_id"], row["external_id"]): row["object"] for row in rows}

    def _objects(self, places: dict[uuid.UUID, Place], row: Any) -> tuple[str, ...]:
        place = places.get(row["destination_id"])
        connector = self._hub.directory.connector(place.connector) if place else None
        try:
            return connector.manifest.action(row["action"]).objects if connector else ()
        except KeyError:
            return ()

    def url(self, place: Place | None, object_name: str, external_id: str | None) -> str | None:
        """Return where people see a record at a destination."""
        connector = self._hub.directory.connector(place.connector) if place else None
        if connector is None or place is None or not external_id:
            return None
        return record_url(connector.manifest, object_name, external_id, place.account)

    def _delivery(
        self, row: Any, places: dict[uuid.UUID, Place], links: dict[tuple[uuid.UUID, str], str]
    ) -> dict[str, Any]:
        place = places.get(row["destination_id"])
        record_id = row["external_id"]
        objects = self._objects(places, row)
        object_name = links.get((row["destination_id"], record_id or ""), objects[0] if len(objects) == 1 else "")
        return {
            "delivery": show(Prefix.DELIVERY, row["id"]),
            "destination": named(row["destination_id"], place),
            "state": row["state"],
            "outcome": row["rule"] or row["state"],
            "reason": text(reason_of(row)),
            "record_id": record_id,
            "record_url": self.url(place, object_name, record_id),
            "attempts": row["attempts"],
            "at": moment(row["at"]),
        }


def named(connection_id: uuid.UUID, place: Place | None) -> dict[str, Any]:
    """Return a destination as answers name it."""
    return {
        "connection": show(Prefix.CONNECTION, connection_id),
        "name": place.name if place else "",
        "connector": place.connector if place else "",
        "title": place.title if place else "",
    }


def reason_of(row: Any) -> str:
    """Say in plain words why a delivery stands as it does."""
    if row["reason"]:
        return str(row["reason"])
    if row["rule"]:
        return MEANS.get(row["rule"], str(row["rule"]))
    if row["state"] == "waiting" and row["attempts"]:
        return "an attempt failed; it is tried again"
    return _NOTHING.get(row["state"], "")


def moment(at: datetime | None) -> str | None:
    """Return a moment as answers write it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def _event(row: Any, deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    stream, external_id = row["stream"], row["external_id"]
    state = stream in STATES
    return {
        "event": show(Prefix.EVENT, row["id"]),
        "type": row["type"],
        "kind": stream if state else "event",
        "entity": f"{stream}:{external_id}" if state else external_id or None,
        "label": _label(stream, external_id, row["code"] or "", row["type"]),
        "origin": row["origin"],
        "occurred_at": moment(row["modified_at"] or row["recorded_at"]),
        "recorded_at": moment(row["recorded_at"]),
        "deliveries": deliveries,
    }


def _label(stream: str, external_id: str, code: str, kind: str) -> str:
    if stream == "order":
        return f"#{code or external_id}"
    if stream in STATES:
        return code or f"#{external_id}"
    return f"{kind} {external_id}".strip()
