"""Routes: which events go to which action of which connection, how urgent they are, and when they go out."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.errors import Conflict
from crossdock.govern.keys import Principal
from crossdock.govern.route_terms import terms_of
from crossdock.kit import ids
from crossdock.wiring import Hub

Urgency = Literal["live", "standard", "bulk"]
_SCHEDULE: dict[str, Any] = {
    "at": "meta_data[?key=='_appointment_at'].value | [0]",
    "offset_s": -86400,
    "zone": "Europe/Berlin",
    "quiet": {"from": "21:00", "to": "08:00"},
    "on_change": "replan",
}
_ID = "rte_01jd8m3k5v7x9z1b3d5f7h9k1m"
_SHOWN: dict[str, Any] = {
    "id": _ID,
    "source_id": "con_01jd8m3k5v7x9z1b3d5f7h9k1m",
    "source": "Main shop",
    "stream": "order",
    "destination_id": "con_01jd8m3k5v7x9z1b3d5f7h9k1n",
    "destination": "Reminders",
    "action": "post",
    "occurrence": True,
    "historical": False,
    "priority": "standard",
    "types": ["order.created"],
    "skip_statuses": [],
    "schedule": _SCHEDULE,
    "mapping_version": 0,
    "enabled": True,
    "fallback": {
        "fallback_id": "con_01jd8m3k5v7x9z1b3d5f7h9k1p",
        "fallback": "Orders by webhook",
        "action": "post",
        "after_s": 300,
    },
}
_NEW: dict[str, Any] = {
    "from": "Main shop",
    "to": "Reminders",
    "stream": "order",
    "action": "post",
    "types": ["order.created", "order.updated"],
    "schedule": _SCHEDULE,
}


class QuietHours(BaseModel):
    """Hours of the day in which nothing goes out, in the schedule's zone; they may go over midnight."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    begin: str = Field(alias="from", examples=["21:00"])
    end: str = Field(alias="to", examples=["08:00"])


class ScheduleShown(BaseModel):
    """When deliveries go out."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_SCHEDULE]})

    delay_s: float | None = Field(None, description="seconds after the event, or after the time that at gives")
    at: str | None = Field(None, description="JMESPath on the event's data that gives a time", max_length=500)
    offset_s: float | None = Field(None, description="added to that time; -86400 is a day before")
    zone: str | None = Field(None, description="zone of times without one, and of the quiet hours; UTC by default")
    zone_at: str | None = Field(None, description="JMESPath that gives the recipient's zone", max_length=500)
    quiet: QuietHours | None = None
    on_change: Literal["keep", "replan", "skip"] | None = Field(
        None, description="what becomes of a waiting message when its source changes; replan by default"
    )
    cancelled: list[str] | None = Field(None, description="source states that end a waiting message")
    late: Literal["send", "skip"] | None = Field(None, description="a time that had passed when the event came")


class SecondShown(BaseModel):
    """Where a route's deliveries go when its lane stands; set by ``PUT /routes/{route_id}/fallback``."""

    fallback_id: str
    fallback: str
    action: str
    after_s: int


class RouteShown(BaseModel):
    """A route. ``occurrence``: every event is delivered, in order (a message); else only the newest state matters."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SHOWN]})

    id: str
    source_id: str
    source: str
    stream: str
    destination_id: str
    destination: str
    action: str
    occurrence: bool
    historical: bool
    priority: Urgency
    types: list[str]
    skip_statuses: list[str]
    schedule: ScheduleShown | None
    mapping_version: int
    enabled: bool
    fallback: SecondShown | None


class Routes(BaseModel):
    """The tenant's routes, the oldest first."""

    items: list[RouteShown]


class NewRoute(BaseModel):
    """A route from a source's stream to a destination's action; connections by id, name or account."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_NEW]})

    source: str = Field(alias="from", max_length=200, description="the source; events: the hub's own events API")
    to: str = Field(max_length=200, description="the destination")
    stream: str = Field(max_length=60, description="the source's stream; * takes all")
    action: str = Field(max_length=60, description="the destination's action, by its manifest")


class RouteChange(BaseModel):
    """Choices; what is left out stays as it is."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"examples": [{"priority": "live", "schedule": {"delay_s": 3600}}]},
    )


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["routes"])
    _looking(api, hub, access)
    _changing(api, hub, access)
    return api


def _looking(api: APIRouter, hub: Hub, access: Access) -> None:
    reads = access.needs("read")

    @api.get("/routes", response_model=Routes, response_model_exclude_none=False)
    async def routes(caller: Principal = reads) -> Any:
        return {"items": await hub.connections.routes(caller.tenant_id)}

    @api.get("/routes/{route_id}", response_model=RouteShown)
    async def one_route(route_id: str, caller: Principal = reads) -> Any:
        return await _one(hub, caller, route_id)


def _changing(api: APIRouter, hub: Hub, access: Access) -> None:
    writes = access.needs("write")

    @api.post("/routes", response_model=RouteShown, status_code=201)
    async def add_route(body: NewRoute, caller: Principal = writes) -> Any:
        """Add a route; its priority is live for payments and sales at a till, else standard."""
        terms = terms_of(dict(body.model_extra or {}))
        tenant, desk = caller.tenant_id, hub.connections
        source = await (desk.hub_source(tenant) if body.source == "events" else desk.find(tenant, body.source))
        to = await desk.find(tenant, body.to)
        made = await desk.add_route(tenant, source, to, body.stream, body.action, caller.actor, terms)
        if made is None:
            raise Conflict("there is such a route already", remedy="change that one: GET /api/v1/routes")
        return (await desk.routes(tenant, made))[0]

    @api.patch("/routes/{route_id}", response_model=RouteShown)
    async def change_route(route_id: str, body: RouteChange, caller: Principal = writes) -> Any:
        """Change priority, types, states left out, history or schedule; null takes the schedule back."""
        terms = terms_of(dict(body.model_extra or {}))
        await hub.connections.change_route(caller.tenant_id, _id(route_id), terms, actor=caller.actor)
        return await _one(hub, caller, route_id)

    @api.post("/routes/{route_id}/enable", response_model=RouteShown)
    async def enable_route(route_id: str, caller: Principal = writes) -> Any:
        await hub.connections.switch_route(caller.tenant_id, _id(route_id), on=True, actor=caller.actor)
        return await _one(hub, caller, route_id)

    @api.post("/routes/{route_id}/disable", response_model=RouteShown)
    async def disable_route(route_id: str, caller: Principal = writes) -> Any:
        """Switch a route off: what waits on it ends as skipped (route-removed)."""
        await hub.connections.switch_route(caller.tenant_id, _id(route_id), on=False, actor=caller.actor)
        return await _one(hub, caller, route_id)

    @api.delete("/routes/{route_id}", status_code=204)
    async def remove_route(route_id: str, caller: Principal = writes) -> None:
        """End a route: what waits on it ends as skipped (route-removed)."""
        await hub.connections.remove_route(caller.tenant_id, _id(route_id), actor=caller.actor)


async def _one(hub: Hub, caller: Principal, route_id: str) -> dict[str, Any]:
    return (await hub.connections.routes(caller.tenant_id, _id(route_id)))[0]


def _id(text: str) -> Any:
    return parsed(ids.Prefix.ROUTE, text, "route_id")
