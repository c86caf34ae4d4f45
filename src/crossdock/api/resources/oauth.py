"""Access by OAuth 2.0: the hub's apps at the vendors, pages of consent, what was granted, and reconnecting."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.errors import NotFound
from crossdock.govern.authorizations import shown as state_shown
from crossdock.govern.keys import Principal
from crossdock.govern.oauth.apps import shown as app_shown
from crossdock.govern.oauth.consents import shown as grant_shown
from crossdock.kit import ids
from crossdock.wiring import Hub

_APP: dict[str, Any] = {"connector": "hubspot", "name": "Main app", "client_id": "CLIENT_ID", "client_secret": "…"}
_CONSENT: dict[str, Any] = {"connector": "hubspot", "app": "Main app", "name": "Sales portal", "form": {}}


class Strict(BaseModel):
    """A body that takes no fields but its own."""

    model_config = ConfigDict(extra="forbid")


class NewApp(Strict):
    """The hub as an app at a vendor: what the vendor's page for developers shows."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_APP]})

    connector: str = Field(max_length=60)
    client_id: str = Field(max_length=500)
    client_secret: str = Field("", max_length=2000, description="sealed, and never shown again")
    name: str = Field("", max_length=200, description="the connector's name unless given; unique for each connector")
    scopes: list[str] | None = Field(None, max_length=200, description="asked for in place of the connector's own")


class AppChanges(Strict):
    """Changes; what is left out stays as it is, ``scopes`` null asks for the connector's own again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"client_secret": "…"}]})

    name: str | None = Field(None, max_length=200)
    client_id: str | None = Field(None, max_length=500)
    client_secret: str | None = Field(None, max_length=2000)
    scopes: list[str] | None = Field(None, max_length=200)


class AppShown(BaseModel):
    """An app without its secret."""

    id: str
    connector: str
    name: str
    client_id: str
    scopes: list[str] | None
    connections: int
    created_at: datetime
    changed_at: datetime


class NewConsent(Strict):
    """An account that a person is going to open to us on the vendor's page."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_CONSENT]})

    connector: str = Field(max_length=60)
    app: str = Field("", max_length=200, description="its id or name; needed where there are several")
    name: str = Field("", max_length=200, description="what to call the connection")
    form: dict[str, Any] = Field(default_factory=dict, description="the form's fields that are no secrets")


class Reconnect(Strict):
    """By which app; the one it was connected by unless given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    app: str = Field("", max_length=200)


class ConsentAsked(BaseModel):
    """Send the person to ``url``; ask for the outcome with ``state``."""

    url: str
    state: str
    expires_at: datetime


class ConsentShown(BaseModel):
    """waiting, connecting, connected, refused or expired."""

    state: str
    connection: str | None
    name: str
    problem: str
    remedy: str


class GrantAnswer(BaseModel):
    """What was granted to a connection, without the tokens."""

    connection: str
    app: str
    scopes: list[str]
    missing: list[str]
    expires_at: datetime | None
    renewed_at: datetime
    renewals: int
    granted_at: datetime
    granted_by: str
    renewable: bool
    problem: str


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["oauth"])
    _apps(api, hub, access)
    _consents(api, hub, access)
    return api


def _apps(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, writes = access.needs("read"), access.needs("admin")

    @api.post("/oauth/apps", response_model=AppShown, status_code=201)
    async def add_oauth_app(body: NewApp, caller: Principal = writes) -> Any:
        return app_shown(await hub.oauth.apps.add(caller.tenant_id, **_fields(body), actor=caller.actor))

    @api.get("/oauth/apps", response_model=list[AppShown])
    async def oauth_apps(caller: Principal = reads) -> Any:
        return [app_shown(app) for app in await hub.oauth.apps.list(caller.tenant_id)]

    @api.get("/oauth/apps/{app_id}", response_model=AppShown)
    async def oauth_app(app_id: str, caller: Principal = reads) -> Any:
        return app_shown(await hub.oauth.apps.one(caller.tenant_id, _app(app_id)))

    @api.patch("/oauth/apps/{app_id}", response_model=AppShown)
    async def change_oauth_app(app_id: str, body: AppChanges, caller: Principal = writes) -> Any:
        changes = body.model_dump(exclude_unset=True)
        return app_shown(await hub.oauth.apps.change(caller.tenant_id, _app(app_id), changes, actor=caller.actor))

    @api.delete("/oauth/apps/{app_id}", status_code=204)
    async def remove_oauth_app(app_id: str, caller: Principal = writes) -> None:
        await hub.oauth.apps.remove(caller.tenant_id, _app(app_id), actor=caller.actor)


def _consents(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, writes = access.needs("read"), access.needs("write")

    @api.post("/oauth/authorize", response_model=ConsentAsked, status_code=201)
    async def ask_consent(body: NewConsent, caller: Principal = writes) -> Any:
        asked = await hub.oauth.begin(
            caller.tenant_id,
            body.connector,
            body.form,
            app=body.app,
            name=body.name,
            actor=caller.actor,
            key_id=caller.key_id,
        )
        return {"url": asked.url, "state": asked.state, "expires_at": asked.expires_at}

    @api.get("/oauth/authorize", response_model=ConsentShown)
    async def consent(
        state: Annotated[str, Query(max_length=200, examples=["STATE"])], caller: Principal = reads
    ) -> Any:
        found = await hub.oauth.state(state, caller.tenant_id)
        if found is None:
            raise NotFound("there is no such consent", field="state", remedy="begin anew")
        return state_shown(found)

    @api.post("/connections/{connection_id}/reconnect", response_model=ConsentAsked, status_code=201)
    async def reconnect(connection_id: str, body: Reconnect | None = None, caller: Principal = writes) -> Any:
        found, app = _connection(connection_id), body.app if body is not None else ""
        asked = await hub.oauth.reconnect(caller.tenant_id, found, app=app, actor=caller.actor, key_id=caller.key_id)
        return {"url": asked.url, "state": asked.state, "expires_at": asked.expires_at}

    @api.get("/connections/{connection_id}/grant", response_model=GrantAnswer)
    async def connection_grant(connection_id: str, caller: Principal = reads) -> Any:
        found = _connection(connection_id)
        return grant_shown(await hub.oauth.grant(caller.tenant_id, found), found)


def _fields(body: NewApp) -> dict[str, Any]:
    given = body.model_dump()
    return {"connector_name": given.pop("connector"), **given}


def _app(text: str) -> Any:
    return parsed(ids.Prefix.OAUTH_APP, text, "app_id")


def _connection(text: str) -> Any:
    return parsed(ids.Prefix.CONNECTION, text, "connection_id")
