"""The list of connections."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from crossdock.api.access import Access
from crossdock.govern.keys import Principal
from crossdock.wiring import Hub


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["connections"])
    reads = access.needs("read")

    @api.get("/connections")
    async def connections(caller: Principal = reads) -> JSONResponse:
        """List the connections."""
        rows = await hub.connections.list(caller.tenant_id)
        shown = [{k: v for k, v in row.items() if k not in ("uuid", "created_at")} for row in rows]
        return JSONResponse({"items": shown})

    return api
