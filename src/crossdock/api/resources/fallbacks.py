"""The second destination of a critical route."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

_GIVEN: dict[str, Any] = {"fallback_id": "con_00cxn6rf8p3a7v1m5q2k9t4w0z", "after_s": 300}


class GivenFallback(BaseModel):
    """Where a route's deliveries go when its lane stands; null takes it back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_GIVEN]})

    fallback_id: str | None
    action: str | None = Field(None, max_length=100, description="what to do there; by default what fits")
    after_s: int = Field(300, ge=0, le=604_800, description="how long the first lane may stand")


class FallbackShown(BaseModel):
    """A route's second destination. A delivery that it took has its lane: ``lane_id`` of the delivery says so."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "route_id": "rte_00cxn6rf8p3a7v1m5q2k9t4w0z",
                    "critical": True,
                    "fallback": "Orders by webhook",
                    "action": "post",
                    **_GIVEN,
                }
            ]
        }
    )

    route_id: str
    critical: bool
    fallback_id: str | None
    fallback: str | None
    action: str | None
    after_s: int


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["routes"])
    reads, writes = access.needs("read"), access.needs("write")

    @api.get("/routes/{route_id}/fallback", response_model=FallbackShown)
    async def get_fallback(route_id: str, caller: Principal = reads) -> Any:
        """Return a route's second destination."""
        return await hub.alerting.fallbacks.of(caller.tenant_id, parsed(Prefix.ROUTE, route_id, "route_id"))

    @api.put("/routes/{route_id}/fallback", response_model=FallbackShown)
    async def set_fallback(route_id: str, body: GivenFallback, caller: Principal = writes) -> Any:
        """Make a route critical with a second destination, or take it back."""
        second = None
        if body.fallback_id is not None:
            wanted = parsed(Prefix.CONNECTION, body.fallback_id, "fallback_id")
            second = await hub.connections.one(caller.tenant_id, wanted)
        return await hub.alerting.fallbacks.name(
            caller.tenant_id,
            parsed(Prefix.ROUTE, route_id, "route_id"),
            second,
            action=body.action,
            after_s=body.after_s,
            actor=caller.actor,
        )

    return api
