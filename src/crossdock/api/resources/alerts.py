"""Alerts: what is wrong now and what was, and taking one over."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.govern.alerts import Kind, Listing
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

_EXAMPLE: dict[str, Any] = {
    "id": "alr_00cxn6rf8p3a7v1m5q2k9t4w0z",
    "kind": "connection_broken",
    "connection_id": "con_00cxn6rf8p3a7v1m5q2k9t4w0z",
    "connection": "HubSpot",
    "severity": "error",
    "state": "open",
    "title": "HubSpot: the connection is broken, nothing goes there",
    "cause": "HubSpot refuses the access token",
    "remedy": "make a new token; it is checked again by itself and goes on where it stopped",
    "command": "crossdock check con_00cxn6rf8p3a7v1m5q2k9t4w0z",
    "link": "/api/v1/connections/con_00cxn6rf8p3a7v1m5q2k9t4w0z",
    "count": 1,
    "since": "2026-11-21T10:00:00Z",
    "raised_at": "2026-11-21T10:00:05Z",
    "seen_at": "2026-11-21T11:00:00Z",
    "relapses": 0,
    "reminders": 1,
    "acknowledged_at": None,
    "acknowledged_by": None,
    "ended_at": None,
}


class AlertShown(BaseModel):
    """Something wrong: since when, why, how many, what to do and where to look. Holds no personal data."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    kind: str
    connection_id: str | None
    connection: str | None
    severity: Literal["error", "warning"]
    state: Literal["open", "acknowledged", "ended"]
    title: str
    cause: str
    remedy: str
    command: str
    link: str
    count: int
    since: datetime
    raised_at: datetime
    seen_at: datetime
    relapses: int
    reminders: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    ended_at: datetime | None


class AlertList(BaseModel):
    """A page of alerts, newest first; ``next`` goes into ``before``."""

    items: list[AlertShown]
    next: str | None


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["alerts"])
    reads, operates = access.needs("read"), access.needs("operate")

    @api.get("/alerts", response_model=AlertList)
    async def list_alerts(
        is_open: Annotated[
            bool | None, Query(alias="open", description="true: only what stands; false: only what is over.")
        ] = None,
        kind: Annotated[Kind | None, Query(description="Only of this rule.")] = None,
        connection_id: Annotated[str | None, Query(description="con_…")] = None,
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List alerts, the newest first."""
        asked = Listing(
            limit=limit,
            is_open=is_open,
            kind=kind,
            connection_id=parsed(Prefix.CONNECTION, connection_id, "connection_id") if connection_id else None,
            before=parsed(Prefix.ALERT, before, "before") if before else None,
        )
        async with hub.database.tenant(caller.tenant_id) as conn:
            items = await hub.alerting.alerts.listed(conn, caller.tenant_id, asked)
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}

    @api.get("/alerts/{alert_id}", response_model=AlertShown)
    async def get_alert(alert_id: str, caller: Principal = reads) -> Any:
        """Return one alert."""
        wanted = parsed(Prefix.ALERT, alert_id, "alert_id")
        async with hub.database.tenant(caller.tenant_id) as conn:
            return await hub.alerting.alerts.one(conn, caller.tenant_id, wanted)

    @api.post("/alerts/{alert_id}/acknowledge", response_model=AlertShown)
    async def acknowledge_alert(alert_id: str, caller: Principal = operates) -> Any:
        """Take an alert over: nobody is reminded of it any more; its end is told all the same."""
        wanted = parsed(Prefix.ALERT, alert_id, "alert_id")
        return await hub.alerting.alerts.acknowledge(caller.tenant_id, wanted, actor=caller.actor)

    return api
