"""API keys: listed, made, rotated and ended. A key itself is shown once, in the answer that makes it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.errors import NotFound
from crossdock.govern.keys import NEVER, Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

Scope = Literal["events:write", "read", "operate", "write", "admin"]
TEXT = r"^[^\x00]*$"
"""What the database takes for text."""
_KEY: dict[str, Any] = {
    "id": "key_01kb3v0d1a8w0f6zr4p1n5q2st",
    "name": "reports",
    "scopes": ["read"],
    "test": False,
    "made_by": "cli",
    "created_at": "2026-11-22T09:00:00Z",
    "used_at": None,
    "expires_at": None,
    "revoked_at": None,
    "replaces": None,
}
_MADE = {"id": _KEY["id"], "key": "cdk_…", "expires_at": None}


class NewKey(BaseModel):
    """A key to be made. Without an end given it lives as long as is usual here (``CROSSDOCK_KEY_DAYS``)."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "reports", "scopes": ["read"], "days": 90}]}
    )

    name: str = Field(min_length=1, max_length=200, pattern=TEXT, description="what it is for; no person's name")
    scopes: list[Scope] = Field(min_length=1, max_length=5)
    days: int | None = Field(None, ge=0, le=3660, description="how long it lives; 0: until it is revoked")
    test: bool = Field(False, description="true: a key of the tenant's test side, which is made if need be")

    def end(self) -> datetime | None:
        """Return when it ends; None is what is usual."""
        if self.days is None:
            return None
        return NEVER if self.days == 0 else datetime.now(UTC) + timedelta(days=self.days)


class KeyShown(BaseModel):
    """A key without the key itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [_KEY]})

    id: str
    name: str
    scopes: list[str]
    test: bool = Field(description="of the tenant's test side")
    made_by: str | None = Field(description="key_…, usr_… or cli")
    created_at: datetime
    used_at: datetime | None = Field(description="when it was last seen, to the minute")
    expires_at: datetime | None
    revoked_at: datetime | None
    replaces: str | None = Field(description="the key that it was made in place of")


class KeyList(BaseModel):
    """All keys, those that are over too."""

    items: list[KeyShown]


class KeyMade(BaseModel):
    """A new key. It cannot be shown again."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MADE]})

    id: str
    key: str
    expires_at: datetime | None


class Rotation(BaseModel):
    """How long the old key goes on beside the new one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: float = Field(default=24, ge=0, le=720, description="0: it ends at once")


class Rotated(KeyMade):
    """The new key, and the end of the old one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_MADE, "old_id": _KEY["id"], "old_ends_at": "2026-11-23T09:00:00Z"}]}
    )

    old_id: str
    old_ends_at: datetime


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["access"])
    admin = access.needs("admin")

    @api.get("/keys", response_model=KeyList)
    async def list_keys(caller: Principal = admin) -> Any:
        """List the tenant's keys and those of its test side; the keys themselves are not kept."""
        return {"items": await hub.keys.list(caller.tenant_id)}

    @api.get("/keys/{key_id}", response_model=KeyShown)
    async def get_key(key_id: str, caller: Principal = admin) -> Any:
        """Return one key without the key itself."""
        found = await hub.keys.list(caller.tenant_id, _id(key_id))
        if not found:
            raise NotFound("there is no such key", field="key_id", remedy="list them with GET /keys")
        return found[0]

    @api.post("/keys", response_model=KeyMade, status_code=201)
    async def add_key(body: NewKey, caller: Principal = admin) -> Any:
        """Make a key, for this tenant or its test side. It is shown in this answer alone."""
        caller.itself()
        return await kept(hub, caller.tenant_id, body, caller.actor)

    @api.post("/keys/{key_id}/rotate", response_model=Rotated, status_code=201)
    async def rotate_key(key_id: str, body: Rotation | None = None, caller: Principal = admin) -> Any:
        """Make a key in place of another, which ends after the overlap: same name, scopes and span of life."""
        caller.itself()
        overlap = timedelta(hours=(body or Rotation()).overlap_hours)
        new, key, ends = await hub.keys.rotate(caller.tenant_id, _id(key_id), overlap, actor=caller.actor)
        shown = (await hub.keys.list(caller.tenant_id, new))[0]
        return {**shown, "key": key, "old_id": key_id, "old_ends_at": ends}

    @api.delete("/keys/{key_id}", status_code=204)
    async def revoke_key(key_id: str, caller: Principal = admin) -> Response:
        """End a key, and every token made of it, within a second."""
        await hub.keys.revoke(caller.tenant_id, _id(key_id), actor=caller.actor)
        return Response(status_code=204)

    return api


async def kept(hub: Hub, tenant_id: uuid.UUID, body: NewKey, actor: str) -> dict[str, Any]:
    """Make a key of a tenant and return it with the key itself."""
    if body.test:
        tenant_id = await hub.tenants.test_side(tenant_id)
    key_id, key = await hub.keys.add(tenant_id, body.name, body.scopes, body.end(), actor=actor)
    shown = (await hub.keys.list(tenant_id, key_id))[0]
    return {**shown, "key": key}


def _id(text: str) -> Any:
    return parsed(Prefix.KEY, text, "key_id")
