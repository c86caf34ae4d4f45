"""Events and their deliveries: found, and looked at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.records import instant
from crossdock.api.resources.deliveries import State, named
from crossdock.errors import NotFound
from crossdock.flow.record.events import EventFilter, Events, known_by, listed
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.model.origin import Origin
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("events.sql"))
_EVENT: dict[str, Any] = {
    "id": "evt_01kb3v0d1a8w0f6zr4p1n5q2st",
    "type": "order.created",
    "stream": "order",
    "external_id": "17",
    "code": "1042",
    "record_id": "rec_01kb3v0d1a8w0f6zr4p1n5q2sr",
    "connection_id": "con_01kb3tzh5xa0m8w2c7k4d9e6fg",
    "connection": "shop.example",
    "origin": "webhook",
    "verdict": "applied",
    "presence": "live",
    "status": "processing",
    "seq": 1,
    "modified_at": "2026-11-21T09:59:58Z",
    "recorded_at": "2026-11-21T10:00:00.412Z",
    "deliveries": [
        {"state": "delivered", "rule": None, "attempts": 1, "replayed": False, "destination": "hubspot-146425001"}
    ],
}


class DeliveryShown(BaseModel):
    """One delivery, live or ended."""

    id: str
    state: str
    rule: str | None = None
    reason: str | None = None
    attempts: int
    external_id: str | None = None
    event_id: str | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None


class EventShown(BaseModel):
    """One event, without its body."""

    id: str
    connection_id: str
    type: str
    stream: str
    external_id: str
    origin: str
    verdict: str
    presence: str
    status: str
    seq: int
    modified_at: datetime | None
    recorded_at: datetime
    deliveries: list[DeliveryShown]


class Outcome(BaseModel):
    """What became of an event at one destination."""

    state: State
    rule: str | None = Field(description="by which named rule it was skipped")
    attempts: int
    replayed: bool = Field(description="a dead letter that was sent again")
    destination: str


class EventLine(BaseModel):
    """One event of a list, without its body."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EVENT]})

    id: str
    type: str
    stream: str
    external_id: str = Field(description="the record's id at its source")
    code: str | None = Field(description="what people call the record: an order's number, a SKU")
    record_id: str
    connection_id: str
    connection: str = Field(description="the source's name")
    origin: Origin = Field(description="the door it came through")
    verdict: Literal["applied", "contested", "rewound"]
    presence: str = Field(description="live, draft, trashed or deleted")
    status: str = Field(description="the source's own word")
    seq: int = Field(description="the record's version that it made")
    modified_at: datetime | None = Field(description="by the source's own clock")
    recorded_at: datetime
    deliveries: list[Outcome] = Field(description="those made with it; those of later replays stand in /events/{id}")


class EventPage(BaseModel):
    """A page of events, newest first; ``next`` goes into ``before``, also where the page is short or empty."""

    items: list[EventLine]
    next: str | None
    looked_to: datetime | None = Field(
        description="how far back was looked, where the page is short and there may be more: go on with ``next``"
    )


async def given(
    connection_id: Annotated[str | None, Query(description="Source: con_…")] = None,
    stream: Annotated[str | None, Query(max_length=100, description="order, customer …")] = None,
    type: Annotated[str | None, Query(max_length=255, description="order.created, order.updated …")] = None,  # noqa: A002 - the parameter's name
    origin: Annotated[Origin | None, Query(description="The door it came through.")] = None,
    external_id: Annotated[
        str | None,
        Query(
            max_length=256, description="The source's id of the record, or its number or SKU; a leading # is dropped."
        ),
    ] = None,
    since: Annotated[datetime | None, Query(description="Recorded at this time or later.")] = None,
    until: Annotated[datetime | None, Query(description="Recorded before this time.")] = None,
) -> EventFilter:
    """Read the filter of the list."""
    return EventFilter(
        connection_id=named(ids.Prefix.CONNECTION, connection_id, "connection_id"),
        stream=stream or None,
        type=type or None,
        origin=origin.value if origin else None,
        external_id=known_by(external_id),
        since=instant(since, "since"),
        until=instant(until, "until"),
    )


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["events"])
    reads = access.needs("read")
    reader = Events(hub.database)

    @api.get("/events", response_model=EventPage)
    async def events(
        asked: Annotated[EventFilter, Depends(given)],
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List events, the newest first."""
        below = named(ids.Prefix.EVENT, before, "before")
        page = await reader.page(caller.tenant_id, asked, limit, below)
        return {
            "items": [listed(item) for item in page.items],
            "next": ids.show(ids.Prefix.EVENT, page.next) if page.next else None,
            "looked_to": page.looked_to,
        }

    @api.get("/events/{event_id}", response_model=EventShown)
    async def event(event_id: str, caller: Principal = reads) -> Any:
        wanted = parsed(ids.Prefix.EVENT, event_id, "event_id")
        async with hub.database.tenant(caller.tenant_id) as conn:
            row = await conn.fetchrow(SQL["event"], caller.tenant_id, wanted)
            if row is None:
                raise NotFound("there is no such event")
            made = await conn.fetch(SQL["event_deliveries"], caller.tenant_id, wanted)
        return {
            **dict(row),
            "id": ids.show(ids.Prefix.EVENT, row["id"]),
            "connection_id": ids.show(ids.Prefix.CONNECTION, row["connection_id"]),
            "deliveries": [_delivery(delivery) for delivery in made],
        }

    return api


def _delivery(row: Any) -> dict[str, Any]:
    shown = dict(row)
    shown["id"] = ids.show(ids.Prefix.DELIVERY, row["id"])
    if "event_id" in shown:
        shown["event_id"] = ids.show(ids.Prefix.EVENT, row["event_id"])
    return shown
