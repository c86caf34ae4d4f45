"""Settings: the tenant's own, and the facts of the installation that its owners may see."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from typing import Any

from starlette.responses import Response

from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.settings import Settings
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.wiring.examining import examined

ROOM = Room()


@ROOM.page("/settings", role=Role.OWNER)
async def settings(desk: Desk) -> Response:
    """Show what is set for this tenant."""
    return desk.show("settings/tenant.html", **await _facts(desk))


@ROOM.action("/settings/name", role=Role.OWNER)
async def rename(desk: Desk) -> Response:
    """Change what people call the tenant."""
    desk.expect("settings/tenant.html", **{**await _facts(desk), "name": desk.text("name")})
    await desk.hub.tenants.rename(desk.tenant_id, desk.text("name"), actor=desk.actor)
    return desk.go("/settings", said="The name is changed.")


@ROOM.page("/settings/installation", role=Role.OWNER)
async def installation(desk: Desk) -> Response:
    """Show the facts of the installation, and what its doctor says."""
    known = desk.hub.settings
    findings = await examined(known)
    return desk.show(
        "settings/installation.html",
        # what is well needs no paths of the machine
        findings=[replace(one, seen="") if "/" in one.seen else one for one in findings],
        wrong=sum(not one.ok for one in findings),
        version=version("crossdock"),
        public_url=known.public_url,
        embedded=known.database_url is None,
        key_id=desk.hub.vault.key_id,
        production=known.production,
    )


async def _facts(desk: Desk) -> dict[str, Any]:
    (tenant,) = await desk.hub.tenants.list(desk.tenant_id)
    return {
        "tenant": {**tenant, "id": show(Prefix.TENANT, desk.tenant_id)},
        "name": tenant["name"],
        "side": await desk.hub.tenants.side(desk.tenant_id),
        "kept": _kept(desk.hub.settings),
        "report_at_hour": desk.hub.settings.report_at_hour,
        "channels": [one for one in await desk.hub.alerting.channels.listed(desk.tenant_id) if one["report"]],
    }


def _kept(known: Settings) -> list[tuple[str, int | None, str]]:
    """Return what is kept for how many days, and which setting says so."""
    named = [
        ("Events, deliveries and what became of them", "keep_events_days"),
        ("Attempts with their times and answers", "keep_attempts_days"),
        ("Raw bodies of what came in (one that is needed stays)", "keep_bodies_days"),
        ("Runs that have ended", "keep_runs_days"),
        ("Alerts that are over", "keep_alerts_days"),
        ("The audit", "keep_audit_days"),
    ]
    return [(what, getattr(known, name), f"CROSSDOCK_{name.upper()}") for what, name in named]
