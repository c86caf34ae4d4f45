"""Sites that run the WordPress plugin: pairing codes, the sites that were paired, and the end of a site's key."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.wiring import Hub

_PAIRING: dict[str, Any] = {"site": "https://shop.example", "name": "Tea shop"}


class NewPairing(BaseModel):
    """Whom the code is for. Without a site or a connection any site may use it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_PAIRING]})

    connection_id: str = Field(
        "", max_length=60, description="only the site of this connection may use it, and joins it"
    )
    site: str = Field("", max_length=500, description="only the site at this address may use it")
    name: str = Field("", max_length=200, description="what to call the connection, if one is made")
    signature_required: bool = Field(True, description="false: the site's requests need the key alone")


class PairingMade(BaseModel):
    """A code, shown this once; it is good for 15 minutes and for one site."""

    id: str
    code: str
    link: str | None = Field(description="the page of the site that takes it; null where the site is not known yet")
    expires_at: datetime


class PairingShown(BaseModel):
    """A pairing without its code."""

    id: str
    connection: str | None
    site: str | None = Field(description="the site that used it")
    url: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None


class HomeShown(BaseModel):
    """The connection a site speaks for."""

    id: str
    name: str
    connector: str
    state: str


class SiteShown(BaseModel):
    """A site with the plugin, without its key."""

    id: str
    name: str
    url: str
    connection: HomeShown
    signature_required: bool
    per_minute: int
    facts: dict[str, Any] = Field(description="what the site said of itself last")
    facts_at: datetime
    last_seen_at: datetime | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class SiteChanges(BaseModel):
    """Changes; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"per_minute": 1200}]})

    signature_required: bool | None = None
    per_minute: int | None = Field(None, ge=1, le=100_000)


class NewSecret(BaseModel):
    """A site's new key and secret, shown this once; the former ones have ended."""

    key: str
    secret: str


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["plugin"])
    _pairings(api, hub, access)
    _sites(api, hub, access)
    return api


def _pairings(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, writes = access.needs("read"), access.needs("write")

    @api.post("/plugin/pairings", response_model=PairingMade, status_code=201)
    async def add_pairing(body: NewPairing, caller: Principal = writes) -> Any:
        connection_id = body.connection_id
        made = await hub.pairing.code(
            caller.tenant_id,
            connection_id=parsed(ids.Prefix.CONNECTION, connection_id, "connection_id") if connection_id else None,
            site=body.site,
            name=body.name,
            signature_required=body.signature_required,
            actor=caller.actor,
        )
        return {"id": str(made.id), "code": made.code, "link": made.link, "expires_at": made.expires_at}

    @api.get("/plugin/pairings", response_model=list[PairingShown])
    async def pairings(caller: Principal = reads) -> Any:
        return await hub.pairing.codes(caller.tenant_id)


def _sites(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, writes = access.needs("read"), access.needs("write")

    @api.get("/plugin/sites", response_model=list[SiteShown])
    async def sites(
        revoked: Annotated[bool, Query(description="those whose key has ended, too")] = False, caller: Principal = reads
    ) -> Any:
        return await hub.sites.list(caller.tenant_id, revoked=revoked)

    @api.get("/plugin/sites/{site_id}", response_model=SiteShown)
    async def site(site_id: str, caller: Principal = reads) -> Any:
        return await hub.sites.one(caller.tenant_id, _site(site_id))

    @api.patch("/plugin/sites/{site_id}", response_model=SiteShown)
    async def change_site(site_id: str, body: SiteChanges, caller: Principal = writes) -> Any:
        found, changes = _site(site_id), body.model_dump(exclude_unset=True)
        await hub.sites.change(caller.tenant_id, found, **changes, actor=caller.actor)
        return await hub.sites.one(caller.tenant_id, found)

    @api.post("/plugin/sites/{site_id}/rotate", response_model=NewSecret)
    async def rotate_site(site_id: str, caller: Principal = writes) -> Any:
        made = await hub.sites.rotate(caller.tenant_id, _site(site_id), actor=caller.actor)
        return {"key": made.key, "secret": made.secret}

    @api.delete("/plugin/sites/{site_id}", status_code=204)
    async def revoke_site(site_id: str, caller: Principal = writes) -> None:
        await hub.sites.revoke(caller.tenant_id, _site(site_id), actor=caller.actor)


def _site(text: str) -> uuid.UUID:
    return parsed(ids.Prefix.SITE, text, "site_id")
