"""What the watch found about a connection."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.flow.watch import findings_of, health_of
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.wiring import Hub

_EXAMPLE: dict[str, Any] = {
    "code": "webhook-disabled",
    "severity": "error",
    "state": "repaired",
    "cause": "the shop switched webhooks off: it does so for ever, silently, at the seventh failed delivery in a row",
    "remedy": "nothing to do: they were registered anew, with new secrets, and the gap is pulled",
    "evidence": {"count": 1, "topics": ["order.updated"]},
    "seen": 1,
    "since": "2026-11-21T10:00:00Z",
    "last_seen": "2026-11-21T10:00:00Z",
    "repaired_at": "2026-11-21T10:00:00Z",
    "resolved_at": None,
}


class FindingShown(BaseModel):
    """Something wrong with a connection: named, with its cause and what to do."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    code: str
    severity: Literal["error", "warning"]
    state: Literal["open", "repaired", "resolved"]
    cause: str
    remedy: str
    evidence: dict[str, Any]
    seen: int
    since: datetime
    last_seen: datetime
    repaired_at: datetime | None
    resolved_at: datetime | None


class Findings(BaseModel):
    """How a connection does by its last look, and its findings: those that stand first, then the newest."""

    hooks_ok: bool
    writes_stopped: str | None
    looked_at: datetime | None
    items: list[FindingShown]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["connections"])
    reads = access.needs("read")

    @api.get("/connections/{connection_id}/findings", response_model=Findings)
    async def findings(
        connection_id: str,
        all: Annotated[bool, Query(description="The resolved ones too.")] = False,  # noqa: A002 - the word of the API
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        caller: Principal = reads,
    ) -> Any:
        wanted = parsed(ids.Prefix.CONNECTION, connection_id, "connection_id")
        connection = await hub.connections.one(caller.tenant_id, wanted)
        async with hub.database.tenant(caller.tenant_id) as conn:
            found = await findings_of(conn, caller.tenant_id, connection.id, ended=all, limit=limit)
            health = await health_of(conn, caller.tenant_id, connection.id)
        return {**health, "items": [{f: getattr(one, f) for f in FindingShown.model_fields} for one in found]}

    return api
