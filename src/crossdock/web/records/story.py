"""The story of one record: captured, mapped, sent, answered, proven. Put together from rows; nobody is asked."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from crossdock.flow.deliver import Filter
from crossdock.flow.deliver.xray import Side
from crossdock.flow.reconcile.days import zone_of
from crossdock.kit.ids import Prefix, floor_near, show, time_of
from crossdock.model.connection import Connection
from crossdock.model.wish import STREAMS as WISHES
from crossdock.store.queries import load
from crossdock.web.traffic.changes import Changed, differs, plain
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("story.sql"))
MOST_VERSIONS: Final = 25
MOST_DELIVERIES: Final = 60
MOST_CHANGES: Final = 12
WAYS: Final = {
    "webhook": "webhook",
    "plugin": "the site's plugin",
    "pull": "pull",
    "backfill": "backfill",
    "reconcile": "proof",
    "api": "events API",
    "replay": "replay",
    "doorbell": "fresh reading",
}
_QUIET: Final = ("modified_at", "date_modified", "date_modified_gmt", "flags")
"""Fields that change with every version and tell nothing."""
_ASKED: Final = {
    "order_status": "Status",
    "order_note": "Note",
    "fulfilment": "Fulfilment",
    "refund_request": "Refund",
    "order_meta": "Field",
}


class Version(msgspec.Struct, frozen=True):
    """One arrival that changed the record."""

    id: str
    seq: int
    type: str
    way: str
    verdict: str
    status: str
    at: datetime
    changed_at: datetime | None
    changes: tuple[Changed, ...] = ()
    more: int = 0
    """Changes beyond those."""
    why: str = ""
    """Why no changes are told."""


class Sent(msgspec.Struct, frozen=True):
    """One delivery with its tries."""

    delivery: dict[str, Any]
    tries: tuple[dict[str, Any], ...]


class Wish(msgspec.Struct, frozen=True):
    """What was asked of the store."""

    event_id: str
    what: str
    said: str
    at: datetime
    state: str
    rule: str
    reason: str
    delivery_id: str
    ended_at: datetime | None


class Proven(msgspec.Struct, frozen=True):
    """The last proof that covered the record."""

    id: str
    at: datetime
    depth: str
    day: date | None
    found: tuple[dict[str, Any], ...]
    """What it found wrong with the record."""

    @property
    def open(self) -> int:
        """How much is still so."""
        return sum(one["state"] == "open" for one in self.found)


class Story(msgspec.Struct, frozen=True):
    """All of it."""

    versions: tuple[Version, ...]
    sides: tuple[Side, ...]
    sent: tuple[Sent, ...]
    wishes: tuple[Wish, ...]
    notes: tuple[dict[str, Any], ...]
    proven: Proven | None

    @property
    def standing(self) -> list[dict[str, Any]]:
        """Return the newest delivery of each route that tells of a state."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.sent:
            if one.delivery["rule"] != "superseded":
                found.setdefault(one.delivery["route_id"], one.delivery)
        return list(found.values())


async def told(hub: Hub, source: Connection, found: Mapping[str, Any], record_id: uuid.UUID, *, people: bool) -> Story:
    """Put the story of an order together; ``found`` is what the finder tells of it."""
    tenant_id, external_id = source.tenant_id, found["external_id"]
    sides = await hub.xray.sides(tenant_id, record_id, people=people)
    deliveries = await hub.letters.page(tenant_id, Filter(record_id=record_id), MOST_DELIVERIES)
    async with hub.database.tenant(tenant_id) as conn:
        rows = await conn.fetch(SQL["versions"], tenant_id, record_id, MOST_VERSIONS)
        tries = await _tries(conn, tenant_id, deliveries)
        asked = await conn.fetch(SQL["wishes"], tenant_id, source.id, sorted(WISHES), external_id)
        notes = await conn.fetch(SQL["notes"], tenant_id, source.id, external_id)
        proven = await _proven(conn, source, record_id, found)
    return Story(
        versions=tuple(_versions(hub, source, rows, people=people)),
        sides=tuple(sides),
        sent=tuple(Sent(one, tuple(tries[one["uuid"]])) for one in deliveries),
        wishes=tuple(_wish(hub, row, people=people) for row in asked),
        notes=tuple(_note(hub, row, people=people) for row in notes),
        proven=proven,
    )


def _versions(hub: Hub, source: Connection, rows: Sequence[Any], *, people: bool) -> Iterator[Version]:
    read = [hub.finder.said(row, source) for row in rows]
    for at, row in enumerate(rows):
        word, why = read[at]
        before = read[at + 1][0] if at + 1 < len(rows) else None
        changed: list[Changed] = []
        if word is not None and before is not None:
            changed = differs(plain(before), plain(word), people=people, quiet=_QUIET)
            why = "" if changed else "nothing that the hub has a word for"
        elif word is not None:
            why = "first seen" if row["seq"] == 1 else "the version before it is no longer kept"
        yield Version(
            show(Prefix.EVENT, row["id"]), row["seq"], row["type"], WAYS.get(row["origin"], row["origin"]),
            row["verdict"], row["status"], row["recorded_at"], row["modified_at"], tuple(changed[:MOST_CHANGES]),
            max(0, len(changed) - MOST_CHANGES), why or "",
        )  # fmt: skip


async def _tries(conn: Any, tenant_id: uuid.UUID, deliveries: Sequence[Mapping[str, Any]]) -> dict[Any, list[Any]]:
    by_delivery: dict[uuid.UUID, list[Any]] = defaultdict(list)
    if deliveries:
        ids = [one["uuid"] for one in deliveries]
        floor = floor_near(time_of(min(ids)))
        for row in await conn.fetch(SQL["tries"], tenant_id, ids, floor):
            by_delivery[row["delivery_id"]].append(dict(row))
    return by_delivery


def _wish(hub: Hub, row: Any, *, people: bool) -> Wish:
    document = hub.canonical.document(row) if row["body"] is not None else {}
    return Wish(
        event_id=show(Prefix.EVENT, row["id"]),
        what=_ASKED.get(row["stream"], row["stream"].replace("_", " ")),
        said=_said(row["stream"], document, people=people),
        at=row["recorded_at"],
        state=row["state"] or "waiting",
        rule=row["rule"] or "",
        reason=row["reason"] or "",
        delivery_id=show(Prefix.DELIVERY, row["delivery_id"]) if row["delivery_id"] else "",
        ended_at=row["ended_at"],
    )


def _said(stream: str, document: Mapping[str, Any], *, people: bool) -> str:
    match stream:
        case "order_status":
            return f"to {document.get('status', '')}"
        case "order_note":
            who = "to the buyer" if document.get("customer_note") else "for the shop"
            text = str(document.get("note") or "")
            return f"{who}: {text}" if people else f"{who}, {len(text)} characters"
        case "fulfilment":
            return " ".join(str(document.get(name) or "") for name in ("carrier", "tracking_number")).strip()
        case "refund_request":
            return str(document.get("amount") or "by lines")
        case _:
            return ", ".join(sorted(document)[:5])


def _note(hub: Hub, row: Any, *, people: bool) -> dict[str, Any]:
    document = hub.canonical.document(row)
    text = str(document.get("note") or "")
    return {
        "at": row["made_at"] or row["recorded_at"],
        "to": "the buyer" if document.get("customer_note") else "the shop",
        "text": text if people else f"{len(text)} characters",
    }


async def _proven(conn: Any, source: Connection, record_id: uuid.UUID, found: Mapping[str, Any]) -> Proven | None:
    placed = found["created_at"]
    if isinstance(placed, str):
        placed = datetime.fromisoformat(placed)
    zone = zone_of(source.account)
    day = placed.astimezone(zone).date() if placed else None
    known_at = time_of(record_id)
    for row in await conn.fetch(SQL["proofs"], source.tenant_id, source.id):
        if row["ended_at"] < known_at or not _covers(row, day):
            continue
        rows = await conn.fetch(SQL["exceptions"], source.tenant_id, row["id"], record_id)
        shown = [{**(orjson.loads(x["told"]) if x["told"] else {}), **_plainly(x)} for x in rows]
        return Proven(show(Prefix.PROOF, row["id"]), row["ended_at"], row["depth"], day, tuple(shown))
    return None


def _plainly(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in ("kind", "what", "state", "destination")}


def _covers(row: Any, day: date | None) -> bool:
    if row["first"] is None and row["last"] is None:
        return True
    if day is None:
        return False
    return (row["first"] or "0000") <= day.isoformat() <= (row["last"] or "9999")
