"""Tenants: made by platforms, looked at, given keys."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.problems import PROBLEM_CONTENT
from crossdock.api.resources.keys import TEXT, KeyMade, NewKey, Scope, kept
from crossdock.errors import Overloaded
from crossdock.govern.keys import Principal
from crossdock.govern.programs.provisioning import NewTenant as Asked
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub

_TENANT: dict[str, Any] = {
    "id": "tnt_01kb3v0d1a8w0f6zr4p1n5q2st",
    "slug": "bakery",
    "name": "The Bakery",
    "mode": "live",
    "test_of": None,
    "state": "active",
    "created_at": "2026-11-22T09:00:00Z",
}
_END: dict[str, Any] = {
    "id": "end_01kb3v0d1a8w0f6zr4p1n5q2st",
    "tenant": _TENANT["id"],
    "slug": "bakery",
    "mode": "live",
    "state": "deleted",
    "asked_by": "key_01kb3v0d1a8w0f6zr4p1n5q2st",
    "asked_at": "2026-11-22T09:00:00Z",
    "done_at": "2026-11-22T09:01:00Z",
    "problem": None,
    "left_behind": [],
    "rows": 1843,
    "counts": {"event": 900, "record": 120},
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    200: {"description": "this Idempotency-Key came before: the same tenant"},
    409: {"description": "the slug is taken", "content": PROBLEM_CONTENT},
    422: {"description": "the Idempotency-Key came with another body", "content": PROBLEM_CONTENT},
}


_EXPORTS = 2
"""At once, of a process: each holds a connection of the database."""
_ARCHIVE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/gzip": {}}, "description": "the archive"}}
_ISSUED: dict[int | str, dict[str, Any]] = {409: {"description": "it has issued invoices", "content": PROBLEM_CONTENT}}


class NewTenant(BaseModel):
    """A tenant, and what its first key may do."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"slug": "bakery", "name": "The Bakery", "scopes": ["admin"]}]}
    )

    slug: str = Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
    name: str = Field("", max_length=200, pattern=TEXT)
    scopes: list[Scope] = Field(default=["admin"], min_length=1, max_length=5, description="of the first key")
    key_name: str = Field(default="platform", min_length=1, max_length=200, pattern=TEXT)


class TenantShown(BaseModel):
    """A tenant."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TENANT]})

    id: str
    slug: str
    name: str
    mode: Literal["live", "test"]
    test_of: str | None = Field(description="the slug of the tenant that it is the test side of")
    state: Literal["active", "ending"]
    created_at: datetime


class TenantMade(TenantShown):
    """A tenant with its first key, which is shown in this answer alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_TENANT, "key_id": "key_…", "key": "cdk_…"}]})

    key_id: str | None
    key: str | None = Field(description="null when this Idempotency-Key came before and its key is in use")


class Farewell(BaseModel):
    """What has to be typed to end a tenant."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"slug": "bakery"}]})

    slug: str = Field(max_length=63, description="the tenant's own slug, once more")
    issued_invoices: bool = Field(default=False, description="true: those that were issued may go too; export first")


class LeftBehind(BaseModel):
    """What a store or vendor still has of us; a person has to take it away there."""

    connection: str
    connector: str
    left_behind: list[str]


class TenantEnd(BaseModel):
    """The end of a tenant: how far it is, and the receipt that stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [_END]})

    id: str
    tenant: str
    slug: str
    mode: Literal["live", "test"]
    state: Literal["stopping", "deleting", "deleted"]
    asked_by: str
    asked_at: datetime
    done_at: datetime | None
    problem: str | None = Field(description="why it was put off; it goes on by itself")
    left_behind: list[LeftBehind]
    rows: int
    counts: dict[str, int] = Field(description="deleted rows by table")


class TenantEnds(BaseModel):
    """A page of them, the newest first; ``next`` goes into ``before``."""

    items: list[TenantEnd]
    next: str | None


class TenantList(BaseModel):
    """A page of tenants, in the order they were made; ``next`` goes into ``after``."""

    items: list[TenantShown]
    next: str | None


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["tenants"])
    platform, either = access.needs("platform"), access.needs("platform", "admin")

    @api.post("/tenants", response_model=TenantMade, status_code=201, responses=_REFUSED)
    async def make_tenant(
        body: NewTenant,
        response: Response,
        key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)] = None,
        caller: Principal = platform,
    ) -> Any:
        """Make a tenant with its first key. The same Idempotency-Key is the same tenant (200), never a second one."""
        caller.itself()
        asked = Asked(body.slug, body.name, body.key_name, tuple(body.scopes))
        made = await hub.provisioning.make(asked, by=caller.key_id, actor=caller.actor, key=key)
        response.status_code = 200 if made.again else 201
        first = show(Prefix.KEY, made.key_id) if made.key_id else None
        return {
            **await hub.provisioning.one(show(Prefix.TENANT, made.tenant_id), None),
            "key_id": first,
            "key": made.key,
        }

    @api.get("/tenants", response_model=TenantList)
    async def list_tenants(
        after: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        caller: Principal = platform,
    ) -> Any:
        """List the tenants of this installation; test sides are among them."""
        del caller
        items = await hub.provisioning.list(parsed(Prefix.TENANT, after, "after") if after else None, limit)
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}

    @api.get("/tenants/{tenant}", response_model=TenantShown)
    async def get_tenant(tenant: str, caller: Principal = either) -> Any:
        """Return a tenant by id or slug; without the scope ``platform`` only one's own and its test side."""
        return await found(hub, caller, tenant)

    @api.post("/tenants/{tenant}/keys", response_model=KeyMade, status_code=201)
    async def add_tenant_key(tenant: str, body: NewKey, caller: Principal = either) -> Any:
        """Make a key of a tenant, or of its test side."""
        caller.itself()
        return await kept(hub, (await found(hub, caller, tenant))["uuid"], body, caller.actor)

    @api.delete("/tenants/{tenant}", response_model=TenantEnd, status_code=202, responses=_ISSUED)
    async def end_tenant(tenant: str, body: Farewell, caller: Principal = either) -> Any:
        """Stop a tenant and its test side at once and for ever, then delete all that is theirs.

        Keys, seats and connections end first; webhooks and grants are taken back at stores and vendors that answer.
        A worker deletes in batches; the receipt is at ``/tenant-ends/{id}``.
        """
        one = await found(hub, caller, tenant)
        end = await hub.ending.ask(one["uuid"], body.slug, actor=caller.actor, invoices=body.issued_invoices)
        return await hub.ending.receipt(end)

    _export(api, hub, either)
    _ends(api, hub, platform)
    return api


def _export(api: APIRouter, hub: Hub, either: Any) -> None:
    turns = asyncio.Semaphore(_EXPORTS)

    @api.get("/tenants/{tenant}/export", response_class=StreamingResponse, responses=_ARCHIVE)
    async def export_tenant(tenant: str, caller: Principal = either) -> StreamingResponse:
        """Return all that is a tenant's as a tar.gz of JSON lines; secrets stay out, ``manifest.json`` stands last."""
        one = await found(hub, caller, tenant)
        if turns.locked():
            raise Overloaded(
                "as many exports as may be are under way", remedy="come again in a minute", retry_after_s=60
            )

        async def archive() -> AsyncIterator[bytes]:
            async with turns:
                async for block in hub.exporting.archive(one["uuid"], actor=caller.actor):
                    yield block

        name = f"{one['slug']}-{datetime.now(UTC):%Y%m%d}.tar.gz"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return StreamingResponse(archive(), media_type="application/gzip", headers=headers)


def _ends(api: APIRouter, hub: Hub, platform: Any) -> None:
    @api.get("/tenant-ends", response_model=TenantEnds)
    async def list_tenant_ends(
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = platform,
    ) -> Any:
        """List the ends of tenants of this installation, the newest first."""
        del caller
        upper = parsed(Prefix.TENANT_END, before, "before") if before else None
        items = await hub.ending.receipts(upper, limit)
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}

    @api.get("/tenant-ends/{end_id}", response_model=TenantEnd)
    async def get_tenant_end(end_id: str, caller: Principal = platform) -> Any:
        """Return how far the end of a tenant is, or its receipt."""
        del caller
        return await hub.ending.receipt(parsed(Prefix.TENANT_END, end_id, "end_id"))


async def found(hub: Hub, caller: Principal, tenant: str) -> dict[str, Any]:
    """Return a tenant that the caller may reach. Raises ``NotFound``."""
    return await hub.provisioning.one(tenant, within(caller))


def within(caller: Principal) -> uuid.UUID | None:
    """Return the tenant that a caller keeps to; None: a platform, which reaches all."""
    return None if "platform" in caller.scopes else caller.tenant_id
