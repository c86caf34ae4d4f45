"""Connections and how they do."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from crossdock.api.access import Access
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("connections.sql"))


class ConnectionStatus(BaseModel):
    """How one connection does."""

    id: str
    connector: str
    name: str
    state: str
    problem: str | None
    breaker: str | None
    hooks_ok: bool
    writes_stopped: str | None
    findings: list[str]
    waiting: int
    dead: int
    arrivals: int


class Status(BaseModel):
    """How all connections do."""

    mode: Literal["webhooks", "pull-only"]
    connections: list[ConnectionStatus]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["connections"])
    reads = access.needs("read")

    @api.get("/status", response_model=Status)
    async def status(caller: Principal = reads) -> Any:
        return await status_of(hub, caller.tenant_id)

    @api.get("/connections")
    async def connections(caller: Principal = reads) -> JSONResponse:
        rows = await hub.connections.list(caller.tenant_id)
        shown = [{k: v for k, v in row.items() if k not in ("uuid", "created_at")} for row in rows]
        return JSONResponse({"items": shown})

    return api


async def status_of(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
    """Return how a tenant's connections do."""
    async with hub.database.tenant(tenant_id) as conn:
        rows = await conn.fetch(SQL["status"], tenant_id)
    return {
        "mode": "webhooks" if hub.settings.public_url else "pull-only",
        "connections": [{**dict(row), "id": ids.show(ids.Prefix.CONNECTION, row["id"])} for row in rows],
    }
