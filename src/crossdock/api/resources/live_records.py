"""Records of an account as the vendor shows them now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.wiring import Hub

_EXAMPLE: dict[str, Any] = {
    "external_id": "20000000001",
    "stream": "deal",
    "presence": "live",
    "status": "closedwon",
    "modified_at": "2026-11-21T10:00:00Z",
    "created_at": "2026-11-20T09:00:00Z",
    "parent_id": None,
    "document": {"id": "20000000001", "dealname": "[redacted]", "amount": "35.25", "dealstage": "closedwon"},
}


class LiveRecord(BaseModel):
    """One entity as the vendor shows it now; nothing of it is recorded."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    external_id: str
    stream: str
    presence: str
    status: str
    modified_at: datetime | None
    created_at: datetime | None
    parent_id: str | None
    document: dict[str, Any] = Field(description="in the vendor's own words; masked as far as the key may not see it")


class LiveRecords(BaseModel):
    """One page, as many as the vendor lists at once."""

    items: list[LiveRecord]
    next: str | None


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["connections"])
    reads = access.needs("read")

    @api.get("/connections/{connection_id}/records/{stream}", response_model=LiveRecords)
    async def live_records(
        connection_id: str,
        stream: str,
        cursor: Annotated[str | None, Query(description="`next` of the page before", max_length=20_000)] = None,
        caller: Principal = reads,
    ) -> Any:
        """Read a page of a stream from the vendor, now; it counts as a request to the account.

        What is about people is shown to keys of the scope ``admin`` alone, what may be about health to nobody.
        """
        found = await hub.connections.one(
            caller.tenant_id, parsed(ids.Prefix.CONNECTION, connection_id, "connection_id")
        )
        return await hub.live.page(found, stream, cursor, people="admin" in caller.scopes)

    @api.get("/connections/{connection_id}/records/{stream}/{external_id}", response_model=LiveRecord)
    async def live_record(
        connection_id: str,
        stream: str,
        external_id: str,
        parent: Annotated[str | None, Query(description="id of the entity it belongs to", max_length=200)] = None,
        caller: Principal = reads,
    ) -> Any:
        """Read one entity from the vendor, now."""
        found = await hub.connections.one(
            caller.tenant_id, parsed(ids.Prefix.CONNECTION, connection_id, "connection_id")
        )
        return await hub.live.one(found, stream, external_id, parent, people="admin" in caller.scopes)

    return api
