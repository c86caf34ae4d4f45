"""Connecting and managing: by keys or by the account's own page; pause, resume, new keys, choices, numbers, the end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.errors import NotFound
from crossdock.govern.authorizations import shown as authorization_shown
from crossdock.govern.keys import Principal
from crossdock.govern.stats import LONGEST_DAYS, stats_of
from crossdock.kit import ids
from crossdock.model.connection import Connection
from crossdock.wiring import Hub

_SHOP = "https://shop.example"
_NEW: dict[str, Any] = {
    "connector": "woocommerce",
    "name": "Main shop",
    "form": {"url": _SHOP, "key": "ck_…", "secret": "cs_…"},
}
_CHANGE: dict[str, Any] = {
    "name": "Main shop",
    "streams": {"product": {"interval_s": 600}, "coupon": {"enabled": False}},
    "start_date": "2026-01-01",
    "filters": {"emails": ["*@test.example"], "drafts": True},
    "quiet_hours": {"from": "22:00", "to": "06:00", "zone": "Europe/Berlin"},
    "status_map": {"completed": ["completed", "delivered"]},
    "shipping_map": {"flat_rate": "DHL"},
    "payment_map": {"cod": "cash on delivery"},
    "limits": {"requests": 50, "per_s": 10, "daily": 20000, "concurrency": 2},
}


class Strict(BaseModel):
    """A body that takes no fields but its own."""

    model_config = ConfigDict(extra="forbid")


class NewConnection(Strict):
    """An account and the answers to its connector's form."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_NEW]})

    connector: str = Field(max_length=60)
    form: dict[str, Any] = Field(description="the connector's form: crossdock connectors show NAME lists its fields")
    name: str = Field("", max_length=200)


class NewAuthorization(Strict):
    """An account that a person is going to open to us with one click."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"connector": "woocommerce", "url": _SHOP, "name": "Main shop"}]},
    )

    connector: str = Field(max_length=60)
    url: str = Field(max_length=2000)
    name: str = Field("", max_length=200)


class Credentials(Strict):
    """New credentials, by the names of the connector's form."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"form": {"key": "ck_…", "secret": "cs_…"}}]}
    )

    form: dict[str, Any]


class Choices(BaseModel):
    """Choices; what is left out stays as it is, null takes a choice back. Streams change one by one."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_CHANGE]})


class Made(BaseModel):
    """A new connection and what was set up with it."""

    id: str
    name: str
    webhooks: int
    routes: list[str]
    warnings: list[str]


class AuthorizationAsked(BaseModel):
    """Send the person to ``url``; ask for the outcome with ``state``."""

    url: str
    state: str
    expires_at: datetime


class AuthorizationShown(BaseModel):
    """waiting, connecting, connected, refused or expired."""

    state: str
    connection: str | None
    name: str
    problem: str
    remedy: str


class ConnectionShown(BaseModel):
    """A connection without its secrets."""

    id: str
    connector: str
    name: str
    state: str
    account_uid: str
    config: dict[str, Any]
    account: dict[str, Any]


class Checked(BaseModel):
    """How trying it went."""

    ok: bool
    code: str
    problem: str
    remedy: str
    warnings: list[str]
    account: dict[str, Any]


class Ended(BaseModel):
    """What could not be removed at the account; a person has to."""

    id: str
    left_behind: list[str]


class StreamStats(BaseModel):
    """One stream: entities now, arrivals in the window."""

    entities: int
    gone: int
    arrivals: dict[str, int]
    by_origin: dict[str, int]


class DeliveryStats(BaseModel):
    """Deliveries by how they ended."""

    delivered: int
    skipped: int
    dead: int
    waiting: int


class ErrorStats(BaseModel):
    """Dead deliveries of one reason."""

    rule: str
    reason: str | None
    count: int
    last: datetime


class Stats(BaseModel):
    """Numbers of one connection."""

    days: int
    streams: dict[str, StreamStats]
    delivered_from: DeliveryStats
    delivered_to: DeliveryStats
    last_webhook: datetime | None
    last_pull: datetime | None
    last_delivery: datetime | None
    failed_runs: int
    refused_webhooks: int
    errors: list[ErrorStats]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["connections"])
    _connecting(api, hub, access)
    _looking(api, hub, access)
    _changing(api, hub, access)
    return api


def _connecting(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, writes = access.needs("read"), access.needs("write")

    @api.post("/connections", response_model=Made, status_code=201)
    async def connect(body: NewConnection, caller: Principal = writes) -> Any:
        made = await hub.connections.connect(
            caller.tenant_id, body.connector, body.form, name=body.name, actor=caller.actor
        )
        return {
            "id": ids.show(ids.Prefix.CONNECTION, made.id),
            "name": made.name,
            "webhooks": made.hooks,
            "routes": list(made.routes),
            "warnings": list(made.warnings),
        }

    @api.post("/connections/authorize", response_model=AuthorizationAsked, status_code=201)
    async def authorize(body: NewAuthorization, caller: Principal = writes) -> Any:
        asked = await hub.authorizations.begin(
            caller.tenant_id, body.connector, {"url": body.url}, name=body.name, actor=caller.actor
        )
        return {"url": asked.url, "state": asked.state, "expires_at": asked.expires_at}

    @api.get("/connections/authorize/{connector}", response_model=AuthorizationShown)
    async def authorization(
        connector: str,
        state: Annotated[str, Query(max_length=200, examples=["STATE"])],
        caller: Principal = reads,
    ) -> Any:
        found = await hub.authorizations.state(connector, state, caller.tenant_id)
        if found is None:
            raise NotFound("there is no such authorization", field="state", remedy="begin anew")
        return authorization_shown(found)


def _looking(api: APIRouter, hub: Hub, access: Access) -> None:
    reads = access.needs("read")

    @api.get("/connections/{connection_id}", response_model=ConnectionShown)
    async def connection(connection_id: str, caller: Principal = reads) -> Any:
        return shown(await hub.connections.one(caller.tenant_id, _id(connection_id)))

    @api.get("/connections/{connection_id}/stats", response_model=Stats)
    async def connection_stats(
        connection_id: str,
        days: Annotated[int, Query(ge=1, le=LONGEST_DAYS)] = 30,
        caller: Principal = reads,
    ) -> Any:
        found = await hub.connections.one(caller.tenant_id, _id(connection_id))
        async with hub.database.tenant(caller.tenant_id) as conn:
            return await stats_of(conn, found, days)


def _changing(api: APIRouter, hub: Hub, access: Access) -> None:
    operates, writes = access.needs("operate"), access.needs("write")

    @api.patch("/connections/{connection_id}", response_model=ConnectionShown)
    async def change_connection(connection_id: str, body: Choices, caller: Principal = writes) -> Any:
        changes = dict(body.model_extra or {})
        return shown(await hub.upkeep.change(caller.tenant_id, _id(connection_id), changes, actor=caller.actor))

    @api.post("/connections/{connection_id}/check", response_model=Checked)
    async def check_connection(connection_id: str, caller: Principal = operates) -> Any:
        return _checked(await hub.connections.check(caller.tenant_id, _id(connection_id)))

    @api.post("/connections/{connection_id}/pause", response_model=ConnectionShown)
    async def pause_connection(connection_id: str, caller: Principal = operates) -> Any:
        await hub.upkeep.pause(caller.tenant_id, _id(connection_id), actor=caller.actor)
        return shown(await hub.connections.one(caller.tenant_id, _id(connection_id)))

    @api.post("/connections/{connection_id}/resume", response_model=ConnectionShown)
    async def resume_connection(connection_id: str, caller: Principal = operates) -> Any:
        await hub.upkeep.resume(caller.tenant_id, _id(connection_id), actor=caller.actor)
        return shown(await hub.connections.one(caller.tenant_id, _id(connection_id)))

    @api.post("/connections/{connection_id}/credentials", response_model=Checked)
    async def rotate_credentials(connection_id: str, body: Credentials, caller: Principal = writes) -> Any:
        found = await hub.upkeep.rotate(caller.tenant_id, _id(connection_id), body.form, actor=caller.actor)
        return _checked(found)

    @api.post("/connections/{connection_id}/disconnect", response_model=Ended)
    async def disconnect(connection_id: str, caller: Principal = writes) -> Any:
        """End a connection: what still waits for it, or of it, ends as skipped (route-removed)."""
        left = await hub.connections.disconnect(caller.tenant_id, _id(connection_id), actor=caller.actor)
        return {"id": connection_id, "left_behind": list(left)}


def shown(connection: Connection) -> dict[str, Any]:
    """Return a connection as programs see it."""
    return {
        "id": ids.show(ids.Prefix.CONNECTION, connection.id),
        "connector": connection.connector,
        "name": connection.name,
        "state": connection.state,
        "account_uid": connection.account_uid,
        "config": connection.config,
        "account": connection.account,
    }


def _checked(result: Any) -> dict[str, Any]:
    return {
        "ok": result.ok,
        "code": result.code,
        "problem": result.problem,
        "remedy": result.remedy,
        "warnings": list(result.warnings),
        "account": result.account,
    }


def _id(text: str) -> Any:
    return parsed(ids.Prefix.CONNECTION, text, "connection_id")
