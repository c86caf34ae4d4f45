"""The rules of alerts: when something is worth telling, for all connections or for one."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput, NotFound
from crossdock.govern.access import Role
from crossdock.govern.alerts import KINDS, Kind
from crossdock.govern.alerts.rules import RuleKind
from crossdock.kit.ids import Prefix, show
from crossdock.web.asking import asked_id
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.rooms.alerts import NAMES, choices

ROOM = Room()


@ROOM.page("/alerts/rules")
async def rules(desk: Desk) -> Response:
    """Show every rule as it holds."""
    rows = await desk.hub.alerting.rules.listed(desk.tenant_id)
    if desk.query.get("format"):
        columns = ("kind", "means", "connection_id", "enabled", "severity", "settings", "default")
        return await desk.export("alert-rules", columns, rows)
    names = {one["id"]: one["name"] for one in await desk.hub.connections.list(desk.tenant_id)}
    return desk.show("alerts/rules.html", rows=rows, names=NAMES, kinds=KINDS, connections=names)


@ROOM.page("/alerts/rules/{kind}")
async def rule(desk: Desk) -> Response:
    """Show one rule to be changed."""
    known, connection = _kind(desk), await _connection(desk)
    return desk.show("alerts/rule.html", **await _facts(desk, known, connection))


@ROOM.action("/alerts/rules/{kind}/set", role=Role.ADMIN)
async def put(desk: Desk) -> Response:
    """Set a rule."""
    known, connection = _kind(desk), await _connection(desk)
    facts = await _facts(desk, known, connection)
    settings = {one.name: desk.text(f"settings.{one.name}") for one in known.settings}
    typed = {**facts["held"], "enabled": "enabled" in desk.form, "severity": desk.text("severity")}
    desk.expect("alerts/rule.html", **{**facts, "held": {**typed, "settings": settings}})
    await desk.hub.alerting.rules.put(
        desk.tenant_id,
        known.kind,
        connection,
        enabled="enabled" in desk.form,
        severity=desk.text("severity") or None,
        settings={name: _number(name, text) for name, text in settings.items() if text},
        actor=desk.actor,
    )
    return desk.go("/alerts/rules", said=f"The rule “{NAMES[known.kind]}” is changed. It holds within seconds.")


@ROOM.action("/alerts/rules/{kind}/drop", role=Role.ADMIN)
async def drop(desk: Desk) -> Response:
    """Take back what was set."""
    known = _kind(desk)
    await desk.hub.alerting.rules.drop(desk.tenant_id, desk.id(Prefix.RULE, "rule_id"), actor=desk.actor)
    return desk.go("/alerts/rules", said=f"“{NAMES[known.kind]}” is again as it was before.")


def _kind(desk: Desk) -> RuleKind:
    kind = desk.request.path_params["kind"]
    if kind not in list(Kind):
        raise NotFound("there is no such rule", remedy="the list shows all rules")
    return KINDS[Kind(kind)]


async def _connection(desk: Desk) -> uuid.UUID | None:
    """Return the connection that is named. Raises ``BadInput``, or ``NotFound`` for one of another tenant."""
    wanted = asked_id(desk, Prefix.CONNECTION, "connection_id")
    return (await desk.hub.connections.one(desk.tenant_id, wanted)).id if wanted else None


async def _facts(desk: Desk, known: RuleKind, connection: uuid.UUID | None) -> dict[str, Any]:
    """Return what the form shows: the rule as it holds, for all connections or for the one that is named."""
    rows = [row for row in await desk.hub.alerting.rules.listed(desk.tenant_id) if row["kind"] == known.kind]
    own = {row["connection_id"]: row for row in rows}
    wanted = show(Prefix.CONNECTION, connection) if connection else None
    held = own.get(wanted) or own[None]
    return {
        "known": known,
        "fields": ["severity", *(f"settings.{one.name}" for one in known.settings)],
        "name": NAMES[known.kind],
        "held": held,
        "rule_id": held["id"] if held["connection_id"] == wanted else None,
        "chosen": wanted or "",
        "connections": await choices(desk),
    }


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput("this is no number", field=f"settings.{name}", remedy="write it in figures") from None
