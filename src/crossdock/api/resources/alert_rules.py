"""The rules of alerts: the defaults, and what a tenant has set about them, for all connections or for one."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.errors import NotFound
from crossdock.govern.alerts import Kind
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

_NEW: dict[str, Any] = {
    "kind": "silence",
    "connection_id": "con_00cxn6rf8p3a7v1m5q2k9t4w0z",
    "enabled": True,
    "severity": "error",
    "settings": {"hours": 12},
}
_SHOWN: dict[str, Any] = {
    "id": "rul_00cxn6rf8p3a7v1m5q2k9t4w0z",
    "kind": "silence",
    "means": "nothing new comes from a store that usually has news",
    "connection_id": "con_00cxn6rf8p3a7v1m5q2k9t4w0z",
    "enabled": True,
    "severity": "error",
    "settings": {"hours": 12.0, "factor": 1.5},
    "default": False,
}


class NewRule(BaseModel):
    """What is to be different from the default; settings that are left out stay as they are by default."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_NEW]})

    kind: Kind
    connection_id: str | None = Field(None, description="con_…; left out: all connections")
    enabled: bool = True
    severity: Literal["error", "warning"] | None = None
    settings: dict[str, float] = {}


class RuleChange(BaseModel):
    """What is to be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"enabled": False}]})

    enabled: bool | None = None
    severity: Literal["error", "warning"] | None = None
    settings: dict[str, float] | None = None


class RuleShown(BaseModel):
    """A rule as it holds. ``default``: nobody has set anything about it, so it has no id."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SHOWN]})

    id: str | None
    kind: str
    means: str
    connection_id: str | None
    enabled: bool
    severity: Literal["error", "warning"]
    settings: dict[str, float]
    default: bool


class RuleList(BaseModel):
    """Every rule as it holds for all connections, each followed by what differs for single ones."""

    items: list[RuleShown]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["alerts"])
    _reading(api, hub, access.needs("read"))
    _changing(api, hub, access.needs("write"))
    return api


async def _found(hub: Hub, caller: Principal, rule_id: str) -> dict[str, Any]:
    parsed(Prefix.RULE, rule_id, "rule_id")
    for row in await hub.alerting.rules.listed(caller.tenant_id):
        if row["id"] == rule_id:
            return row
    raise NotFound("there is no such rule", field="rule_id", remedy="GET /api/v1/alert-rules lists them")


async def _put(hub: Hub, caller: Principal, rule: NewRule) -> dict[str, Any]:
    connection = None
    if rule.connection_id is not None:
        wanted = parsed(Prefix.CONNECTION, rule.connection_id, "connection_id")
        connection = (await hub.connections.one(caller.tenant_id, wanted)).id
    return await hub.alerting.rules.put(
        caller.tenant_id,
        rule.kind,
        connection,
        enabled=rule.enabled,
        severity=rule.severity,
        settings=rule.settings,
        actor=caller.actor,
    )


def _reading(api: APIRouter, hub: Hub, reads: Any) -> None:
    @api.get("/alert-rules", response_model=RuleList)
    async def list_rules(caller: Principal = reads) -> Any:
        """List all rules, the defaults too."""
        return {"items": await hub.alerting.rules.listed(caller.tenant_id)}

    @api.get("/alert-rules/{rule_id}", response_model=RuleShown)
    async def get_rule(rule_id: str, caller: Principal = reads) -> Any:
        """Return one rule that was set."""
        return await _found(hub, caller, rule_id)


def _changing(api: APIRouter, hub: Hub, writes: Any) -> None:
    @api.post("/alert-rules", response_model=RuleShown, status_code=201)
    async def set_rule(body: NewRule, caller: Principal = writes) -> Any:
        """Set a rule for all connections or one; what was set about it before is replaced."""
        return await _put(hub, caller, body)

    @api.patch("/alert-rules/{rule_id}", response_model=RuleShown)
    async def change_rule(rule_id: str, body: RuleChange, caller: Principal = writes) -> Any:
        """Change a rule, or switch it off or on."""
        held = await _found(hub, caller, rule_id)
        given = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
        settings = {**held["settings"], **given.pop("settings", {})}
        merged = {name: held[name] for name in ("kind", "connection_id", "enabled", "severity")}
        return await _put(hub, caller, NewRule(**{**merged, **given}, settings=settings))

    @api.delete("/alert-rules/{rule_id}", status_code=204)
    async def drop_rule(rule_id: str, caller: Principal = writes) -> Response:
        """Take back what was set: the tenant's own rule or the default holds again."""
        wanted = parsed(Prefix.RULE, rule_id, "rule_id")
        await hub.alerting.rules.drop(caller.tenant_id, wanted, actor=caller.actor)
        return Response(status_code=204)
