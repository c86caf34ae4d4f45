"""The maps of a connection: which of the shop's words we know, and which it uses that we do not."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.flow.command import maps_seen
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.wiring import Hub


class MapsShown(BaseModel):
    """What holds."""

    status: dict[str, str] = Field(description="our status -> the shop's that is written")
    status_read: dict[str, str] = Field(description="the shop's status -> ours")
    shipping: dict[str, str] = Field(description="the shop's shipping method -> our word")
    payment: dict[str, str] = Field(description="the shop's payment method -> our word")


class ConnectionMaps(BaseModel):
    """The effective maps and what the newest orders hold that no map names (word -> number of orders)."""

    maps: MapsShown
    unmapped_statuses: dict[str, int]
    unmapped_shipping: dict[str, int]
    unmapped_payment: dict[str, int]
    statuses_looked_at: int
    orders_looked_at: int


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["connections"])
    reads = access.needs("read")

    @api.get("/connections/{connection}/maps", response_model=ConnectionMaps)
    async def connection_maps(connection: str, caller: Principal = reads) -> Any:
        wanted = parsed(ids.Prefix.CONNECTION, connection, "connection")
        found = await hub.connections.one(caller.tenant_id, wanted)
        return msgspec.to_builtins(await maps_seen(hub.database, hub.canonical, found))

    return api
