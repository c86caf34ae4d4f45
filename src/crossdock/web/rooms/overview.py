"""The overview: what needs somebody, what stands and moves, and the figures of today and of ninety days."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from crossdock.flow.deliver import Filter
from crossdock.govern.alerts import Listing
from crossdock.govern.budgets import SharedBoard
from crossdock.govern.rollups import status_of
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.rooms.first_steps import steps_of
from crossdock.web.traffic.figures import figures_of
from crossdock.web.traffic.needs import answer_of, needs_of
from crossdock.web.traffic.yard import yard_of
from crossdock.wiring import connector_named

ROOM = Room()
_MOST_ALERTS = 50


@ROOM.page("/")
async def overview(desk: Desk) -> Response:
    """Tell how everything does."""
    hub, tenant_id = desk.hub, desk.tenant_id
    status = await status_of(hub.database.tenant, tenant_id, SharedBoard(hub.database).used, connector_named)
    connections = [_named(one) for one in status["connections"]]
    # the sidebar has just counted them
    causes = await hub.letters.groups(tenant_id, Filter()) if desk.counts.get("dead") else []
    routes = await hub.connections.routes(tenant_id)
    async with hub.database.tenant(tenant_id) as conn:
        alerts = await hub.alerting.alerts.listed(conn, tenant_id, Listing(limit=_MOST_ALERTS, is_open=True))
        figures = await figures_of(conn, tenant_id, datetime.now(UTC))
    needs = needs_of(connections, causes, alerts, desk.to)
    ran = any(day.recorded for day in figures.days)
    return desk.show(
        "overview/page.html",
        answer=answer_of(needs, connections, ran=ran),
        needs=needs,
        steps=await steps_of(desk),
        yard=yard_of(connections, routes),
        routes=routes,
        figures=figures,
        causes=causes,
        waiting=_waiting(connections),
        connections=connections,
        mode="webhooks" if hub.settings.public_url else "pull-only",
    )


def _named(one: dict[str, Any]) -> dict[str, Any]:
    connector = connector_named(one["connector"])
    return {**one, "title": connector.manifest.identity.title if connector else one["connector"]}


def _waiting(connections: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how much waits, and where the oldest does."""
    late = [one for one in connections if one["oldest_waiting_at"] is not None]
    oldest = min(late, key=lambda one: one["oldest_waiting_at"], default=None)
    return {"count": sum(one["waiting"] for one in connections), "oldest": oldest}
