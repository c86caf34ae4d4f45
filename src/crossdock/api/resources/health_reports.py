"""The health report: the last 24 hours, or the daily report of a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.govern.keys import Principal
from crossdock.wiring import Hub

_EXAMPLE: dict[str, Any] = {
    "tenant": "default",
    "ok": True,
    "title": "Health of default: all is well; 1,204 delivered, 0 given up",
    "text": "Health of default: all is well …",
    "from": "2026-11-20T07:00:00Z",
    "to": "2026-11-21T07:00:00Z",
    "deliveries": {"delivered": 1204, "dead": 0, "skipped": {"filter": 12}},
    "lag_ms": {"p50": 210.7, "p95": 1890.6},
    "connections": [
        {
            "name": "HubSpot",
            "connector": "hubspot",
            "state": "active",
            "problem": None,
            "delivered": 1204,
            "dead": 0,
            "waiting": 0,
            "oldest_s": None,
            "requests_today": 96,
        }
    ],
    "proofs": [{"name": "Main shop", "ok": True, "ended_at": "2026-11-21T03:04:00Z"}],
    "findings": [],
    "alerts_raised": 0,
    "to_do": [],
}


class HealthReport(BaseModel):
    """What was delivered, skipped and given up, how late, how each connection does, and what is to do."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]}, populate_by_name=True)

    tenant: str
    ok: bool
    title: str
    text: str
    begins: datetime = Field(alias="from")
    to: datetime
    deliveries: dict[str, Any]
    lag_ms: dict[str, float | None]
    connections: list[dict[str, Any]]
    proofs: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    alerts_raised: int
    to_do: list[dict[str, Any]]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["alerts"])
    reads = access.needs("read")

    @api.get("/reports/health", response_model=HealthReport)
    async def health_report(
        day: Annotated[
            date | None, Query(description="The daily report made on this day; none: the last 24 h.")
        ] = None,
        caller: Principal = reads,
    ) -> Any:
        """Return the health report."""
        if day is None:
            return await hub.alerting.health.now(caller.tenant_id)
        return await hub.alerting.health.kept(caller.tenant_id, day)

    return api
