"""Where alerts go: mail, signed webhooks and Slack; each can be tested, and shows what it was told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.govern.alerts import Kind, NewChannel
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

_FORM: dict[str, Any] = {
    "host": "smtp.example.com",
    "port": 587,
    "security": "starttls",
    "user": "hub",
    "password": "…",
    "sender": "hub@example.com",
    "to": ["ops@example.com"],
}
_NEW: dict[str, Any] = {"name": "ops", "kind": "email", "form": _FORM, "least": "warning", "report": True}
_SHOWN: dict[str, Any] = {
    "id": "chn_00cxn6rf8p3a7v1m5q2k9t4w0z",
    "name": "ops",
    "kind": "email",
    "enabled": True,
    "config": {name: value for name, value in _FORM.items() if name != "password"},
    "least": "warning",
    "kinds": [],
    "report": True,
    "state": "works",
    "failing_since": None,
    "problem": None,
    "sent_at": "2026-11-21T10:00:05Z",
    "waiting": 0,
}
Severity = Literal["error", "warning"]


class GivenChannel(BaseModel):
    """A channel. The form's fields: email: host, port, security (tls, starttls, none), user, password, sender, to;
    webhook: url, secret (one is made when it is left out); slack: url."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_NEW]})

    name: str = Field(max_length=100)
    kind: Literal["email", "webhook", "slack"]
    form: dict[str, Any]
    enabled: bool = True
    least: Severity = Field("warning", description="error: nothing below that is told here")
    kinds: list[Kind] = Field(default=[], description="only these rules; empty: all")
    report: bool = Field(True, description="whether the daily report goes here")


class ChannelChange(BaseModel):
    """What is to be different; what is left out stays, secrets too."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"form": {"password": "…"}}]})

    name: str | None = Field(None, max_length=100)
    form: dict[str, Any] | None = None
    enabled: bool | None = None
    least: Severity | None = None
    kinds: list[Kind] | None = None
    report: bool | None = None


class ChannelShown(BaseModel):
    """A channel without its secrets; a webhook's new signing secret is shown once, when it was made."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SHOWN]})

    id: str
    name: str
    kind: Literal["email", "webhook", "slack"]
    enabled: bool
    config: dict[str, Any]
    least: Severity
    kinds: list[str]
    report: bool
    state: Literal["works", "failing", "off"]
    failing_since: datetime | None
    problem: str | None
    sent_at: datetime | None
    waiting: int
    secret: str | None = None


class ChannelList(BaseModel):
    """The tenant's channels by name."""

    items: list[ChannelShown]


class Tested(BaseModel):
    """How a test went; ``problem`` is empty when the other side took it."""

    ok: bool
    problem: str


class NoticeShown(BaseModel):
    """Something that was said on a channel, or waits to be."""

    id: str
    topic: Literal["alerts", "report", "test"]
    state: Literal["waiting", "sent", "dead"]
    attempt: int
    problem: str | None
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None


class NoticeList(BaseModel):
    """A page of notices, newest first; ``next`` goes into ``before``."""

    items: list[NoticeShown]
    next: str | None


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["alerts"])
    _reading(api, hub, access.needs("read"))
    _changing(api, hub, access.needs("write"))
    _testing(api, hub, access.needs("operate"))
    return api


def _reading(api: APIRouter, hub: Hub, reads: Any) -> None:
    channels = hub.alerting.channels

    @api.get("/alert-channels", response_model=ChannelList)
    async def list_channels(caller: Principal = reads) -> Any:
        """List channels and how they do."""
        return {"items": await channels.listed(caller.tenant_id)}

    @api.get("/alert-channels/{channel_id}", response_model=ChannelShown)
    async def get_channel(channel_id: str, caller: Principal = reads) -> Any:
        """Return one channel."""
        return await channels.one(caller.tenant_id, _id(channel_id))

    @api.get("/alert-channels/{channel_id}/notices", response_model=NoticeList)
    async def list_notices(
        channel_id: str,
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List what a channel was told, and what waits for it."""
        await channels.one(caller.tenant_id, _id(channel_id))
        upper = parsed(Prefix.NOTICE, before, "before") if before else None
        items = await channels.notices(caller.tenant_id, _id(channel_id), upper, limit)
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}


def _changing(api: APIRouter, hub: Hub, writes: Any) -> None:
    channels = hub.alerting.channels

    @api.post("/alert-channels", response_model=ChannelShown, status_code=201)
    async def add_channel(body: GivenChannel, caller: Principal = writes) -> Any:
        """Make a channel; send a test to see that it works."""
        given = body.model_dump()
        new = NewChannel(**{**given, "kinds": tuple(given["kinds"])})
        return await channels.add(caller.tenant_id, new, actor=caller.actor)

    @api.patch("/alert-channels/{channel_id}", response_model=ChannelShown)
    async def change_channel(channel_id: str, body: ChannelChange, caller: Principal = writes) -> Any:
        """Change a channel, or switch it off or on."""
        given = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
        return await channels.change(caller.tenant_id, _id(channel_id), given, actor=caller.actor)

    @api.delete("/alert-channels/{channel_id}", status_code=204)
    async def drop_channel(channel_id: str, caller: Principal = writes) -> Response:
        """Drop a channel, and what waits on it."""
        await channels.drop(caller.tenant_id, _id(channel_id), actor=caller.actor)
        return Response(status_code=204)


def _testing(api: APIRouter, hub: Hub, operates: Any) -> None:
    @api.post("/alert-channels/{channel_id}/test", response_model=Tested)
    async def test_channel(channel_id: str, caller: Principal = operates) -> Any:
        """Send a test at once and say how it went; when it went well, what waits for the channel goes out."""
        problem = await hub.alerting.notices.test(caller.tenant_id, _id(channel_id))
        return {"ok": not problem, "problem": problem}


def _id(text: str) -> Any:
    return parsed(Prefix.CHANNEL, text, "channel_id")
