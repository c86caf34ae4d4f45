"""The webhooks of a connection: what the account has, what we know of them, and putting them right."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.govern.hook_list import HookList
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.wiring import Hub

_EXAMPLE: dict[str, Any] = {
    "topic": "order.updated",
    "vendor_id": "17",
    "status": "active",
    "url": "https://hub.example/webhooks/woocommerce/con_…",
    "ours": True,
    "last_delivery": "2026-11-21T10:00:00Z",
    "failed": 0,
    "refused": 0,
    "refused_at": None,
}


class WebhookShown(BaseModel):
    """One webhook. ``status`` is the account's word for it, ``missing`` for one of ours that is not there any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    topic: str
    vendor_id: str
    status: str
    url: str
    ours: bool
    last_delivery: datetime | None
    failed: int
    refused: int
    refused_at: datetime | None


class Webhooks(BaseModel):
    """All webhooks of an account, and the topics that none of ours covers."""

    items: list[WebhookShown]
    missing: list[str]
    """The watchdog registers these again."""
    removed: list[str]
    """A person removed these; they stay so until POST registers them again. Their streams are pulled every minute."""


class Registered(BaseModel):
    """What was registered, and what was refused, with the reason."""

    registered: list[str]
    refused: dict[str, str]


class Removed(BaseModel):
    """The ids of the webhooks that were deleted."""

    removed: list[str]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["webhooks"])
    reads, operates, writes = (access.needs(scope) for scope in ("read", "operate", "write"))
    desk = HookList(hub.database, hub.directory, hub.hooks)

    @api.get("/connections/{connection_id}/webhooks", response_model=Webhooks)
    async def webhooks(connection_id: str, caller: Principal = reads) -> Any:
        await hub.journey.hearing.flush(hub.database)
        return await desk.listed(await _found(hub, caller, connection_id))

    @api.post("/connections/{connection_id}/webhooks", response_model=Registered)
    async def register_webhooks(connection_id: str, caller: Principal = operates) -> Any:
        return await desk.register(await _found(hub, caller, connection_id), actor=caller.actor)

    @api.delete("/connections/{connection_id}/webhooks", response_model=Removed)
    async def remove_webhooks(connection_id: str, caller: Principal = writes) -> Any:
        return await desk.remove(await _found(hub, caller, connection_id), None, actor=caller.actor)

    @api.delete("/connections/{connection_id}/webhooks/{vendor_id}", response_model=Removed)
    async def remove_webhook(connection_id: str, vendor_id: str, caller: Principal = writes) -> Any:
        return await desk.remove(await _found(hub, caller, connection_id), vendor_id, actor=caller.actor)

    return api


async def _found(hub: Hub, caller: Principal, text: str) -> Any:
    return await hub.connections.one(caller.tenant_id, parsed(ids.Prefix.CONNECTION, text, "connection_id"))
