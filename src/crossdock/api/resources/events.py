"""Events and their deliveries."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.errors import NotFound
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("events.sql"))


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


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["events"])
    reads = access.needs("read")

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
