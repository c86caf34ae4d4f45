"""Connect links: one-time pages by which merchants connect their stores and CRMs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.resources.keys import TEXT
from crossdock.api.resources.tenants import found, within
from crossdock.errors import BadInput
from crossdock.govern.keys import Principal
from crossdock.govern.programs.links import MOST_MINUTES, USUAL_MINUTES, shown
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub

_LINK: dict[str, Any] = {
    "id": "lnk_01kb3v0d1a8w0f6zr4p1n5q2st",
    "tenant": "tnt_01kb3v0d1a8w0f6zr4p1n5q2st",
    "connector": "woocommerce",
    "name": "Main shop",
    "return_url": "https://platform.example/done",
    "state": "waiting",
    "connection_id": None,
    "problem": "",
    "remedy": "",
    "created_at": "2026-11-22T09:00:00Z",
    "expires_at": "2026-11-23T09:00:00Z",
}
_NEW: dict[str, Any] = {
    "tenant": "bakery",
    "connector": "woocommerce",
    "name": "Main shop",
    "return_url": "https://platform.example/done",
}


class NewLink(BaseModel):
    """What the merchant is to connect, and where he goes afterwards."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_NEW]})

    tenant: str | None = Field(None, max_length=80, description="slug or tnt_…; null: the caller's own")
    connector: str = Field(max_length=60)
    name: str = Field("", max_length=200, pattern=TEXT, description="what to call the connection")
    return_url: str = Field("", max_length=2000, description="told connect_link, state and connection in its query")
    minutes: int = Field(default=USUAL_MINUTES, ge=5, le=MOST_MINUTES)


class LinkMade(BaseModel):
    """A new link. Its address is shown in this answer alone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": _LINK["id"], "url": "https://hub.example/c/…", "expires_at": "2026-11-23T09:00:00Z"}]
        }
    )

    id: str
    url: str
    expires_at: datetime


class LinkShown(BaseModel):
    """How far a link is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LINK]})

    id: str
    tenant: str
    connector: str
    name: str
    return_url: str | None
    state: Literal["waiting", "connecting", "connected", "expired", "revoked"]
    connection_id: str | None
    problem: str = Field(description="why the last attempt failed; another may be made while it waits")
    remedy: str
    created_at: datetime
    expires_at: datetime


class LinkList(BaseModel):
    """A page of links, the newest first; ``next`` goes into ``before``."""

    items: list[LinkShown]
    next: str | None


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["tenants"])
    may = access.needs("platform", "write")
    links = hub.connect_links

    @api.post("/connect-links", response_model=LinkMade, status_code=201)
    async def make_connect_link(body: NewLink, caller: Principal = may) -> Any:
        """Make a one-time page by which a merchant connects one account, without a login."""
        made = await links.make(
            await _tenant(hub, caller, body.tenant),
            body.connector,
            name=body.name,
            return_url=body.return_url,
            minutes=body.minutes,
            actor=caller.actor,
        )
        return {"id": show(Prefix.CONNECT_LINK, made.id), "url": made.url, "expires_at": made.expires_at}

    @api.get("/connect-links", response_model=LinkList)
    async def list_connect_links(
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = may,
    ) -> Any:
        """List links; a platform those of all tenants."""
        upper = parsed(Prefix.CONNECT_LINK, before, "before") if before else None
        items = [shown(one) for one in await links.list(within(caller), upper, limit)]
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}

    @api.get("/connect-links/{link_id}", response_model=LinkShown)
    async def get_connect_link(link_id: str, caller: Principal = may) -> Any:
        """Return how far a link is, and the connection that it made."""
        return shown(await links.one(_id(link_id), within(caller)))

    @api.delete("/connect-links/{link_id}", status_code=204)
    async def revoke_connect_link(link_id: str, caller: Principal = may) -> Response:
        """Close a link that has connected nothing yet."""
        await links.revoke(_id(link_id), within(caller), actor=caller.actor)
        return Response(status_code=204)

    return api


async def _tenant(hub: Hub, caller: Principal, named: str | None) -> uuid.UUID:
    if named is not None:
        chosen: uuid.UUID = (await found(hub, caller, named))["uuid"]
        return chosen
    if "write" not in caller.scopes:
        raise BadInput("a platform names the tenant", field="tenant", remedy="give its slug or tnt_ id")
    return caller.tenant_id


def _id(text: str) -> uuid.UUID:
    return parsed(Prefix.CONNECT_LINK, text, "link_id")
