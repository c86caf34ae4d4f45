"""Who calls: the key (or the token made of it), what it may do, and where."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub

_EXAMPLE: dict[str, Any] = {
    "kind": "key",
    "actor": "key_01kb3v0d1a8w0f6zr4p1n5q2st",
    "name": "reports",
    "scopes": ["read"],
    "mode": "live",
    "tenant": {"id": "tnt_01kb3v0d1a8w0f6zr4p1n5q2st", "slug": "default", "name": "default"},
    "expires_at": None,
}


class TenantNamed(BaseModel):
    """Whose data the caller reaches."""

    id: str
    slug: str
    name: str


class Me(BaseModel):
    """Who calls."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    kind: Literal["key", "token", "person"]
    actor: str = Field(description="key_… or usr_…, as the audit names it")
    name: str
    scopes: list[str] = Field(description="with what they imply")
    mode: Literal["live", "test"] = Field(description="test: all of it happens on the tenant's test side")
    tenant: TenantNamed
    expires_at: datetime | None


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    del hub
    api = APIRouter(tags=["access"])
    anybody = access.needs()

    @api.get("/me", response_model=Me)
    async def me(caller: Principal = anybody) -> Any:
        """Say who calls, what it may do and where; any key or token may ask."""
        return shown(caller)

    return api


def shown(caller: Principal) -> dict[str, Any]:
    """Return a caller as programs see it."""
    kind = "token" if caller.token else "key" if caller.person_id is None else "person"
    return {
        "kind": kind,
        "actor": caller.actor,
        "name": caller.name,
        "scopes": sorted(caller.scopes),
        "mode": "test" if caller.test else "live",
        "tenant": {"id": show(Prefix.TENANT, caller.tenant_id), "slug": caller.slug, "name": caller.tenant},
        "expires_at": caller.expires_at,
    }
