"""Alerts: what is wrong now and what was, and taking one over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace
from starlette.responses import Response

from crossdock.govern.access import Role
from crossdock.govern.alerts import KINDS, Kind, Listing
from crossdock.govern.alerts.rules import kind_of
from crossdock.govern.directory import HUB
from crossdock.kit.ids import Prefix, parse
from crossdock.web.desk import Desk
from crossdock.web.page import Room

ROOM = Room()
PAGE = 50
NAMES = {
    Kind.DEAD_LETTERS: "Dead letters",
    Kind.CONNECTION_BROKEN: "Broken connection",
    Kind.BREAKER_OPEN: "Open breaker",
    Kind.LAG: "Late deliveries",
    Kind.QUEUE_AGE: "Stuck queue",
    Kind.FAILURE_SHARE: "Failing calls",
    Kind.SILENCE: "Silent store",
    Kind.PROOF_GAP: "Gap in a proof",
    Kind.QUOTA: "Day's quota",
    Kind.FINDING: "Finding of the watch",
    Kind.STOCK_LINKS: "Stock not told",
    Kind.STOCK_LOW: "Low stock",
    Kind.FALLBACK: "Second destination in use",
    Kind.CHANNEL: "Channel fails",
}
"""What people call each rule."""
_PAGES = {"/alert-channels": "/alerts/channels", "/stock/alerts": "/stock"}
_COLUMNS = (
    "id", "kind", "severity", "state", "title", "cause", "remedy", "connection", "count", "since", "raised_at",
    "acknowledged_at", "acknowledged_by", "ended_at",
)  # fmt: skip


def page_of(link: str) -> str:
    """Return the page below a tenant's for a link of the API, which alerts carry."""
    parts = urlsplit(link)
    path = parts.path.removeprefix("/api/v1").removesuffix("/findings")
    if path.startswith("/proofs/"):
        path = "/proof"
    return _PAGES.get(path, path) + (f"?{parts.query}" if parts.query and path not in _PAGES else "")


async def choices(desk: Desk) -> list[tuple[str, str]]:
    """Return the tenant's connections to choose from: id and name."""
    rows = await desk.hub.connections.list(desk.tenant_id)
    return [(one["id"], one["name"]) for one in rows if one["connector"] != HUB and one["state"] != "revoked"]


@ROOM.page("/alerts")
async def standing(desk: Desk) -> Response:
    """Show what is wrong now."""
    return await _list(desk, is_open=True)


@ROOM.page("/alerts/past")
async def past(desk: Desk) -> Response:
    """Show what is over."""
    return await _list(desk, is_open=False)


async def _list(desk: Desk, *, is_open: bool) -> Response:
    kind = desk.query.get("kind") or None
    asked = Listing(
        limit=PAGE + 1,
        is_open=is_open,
        kind=str(kind_of(kind).kind) if kind else None,
        connection_id=desk.id(Prefix.CONNECTION, "connection_id") if desk.query.get("connection_id") else None,
        before=desk.id(Prefix.ALERT, "before") if desk.query.get("before") else None,
    )
    if desk.query.get("format"):
        return await desk.export("alerts", _COLUMNS, _all(desk, asked))
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        rows = await desk.hub.alerting.alerts.listed(conn, desk.tenant_id, asked)
    shown = rows[:PAGE]
    return desk.show(
        "alerts/list.html",
        rows=shown,
        is_open=is_open,
        names=NAMES,
        connections=await choices(desk),
        newer=desk.here(before=None) if asked.before else "",
        older=desk.here(before=shown[-1]["id"]) if len(rows) > PAGE else "",
        me=desk.actor,
    )


async def _all(desk: Desk, asked: Listing) -> AsyncIterator[dict[str, Any]]:
    asked = replace(asked, limit=500)
    while True:
        async with desk.hub.database.tenant(desk.tenant_id) as conn:
            rows = await desk.hub.alerting.alerts.listed(conn, desk.tenant_id, asked)
        for row in rows:
            yield row
        if len(rows) < asked.limit:
            return
        asked = replace(asked, before=parse(Prefix.ALERT, rows[-1]["id"]))


@ROOM.page("/alerts/{alert_id}")
async def alert(desk: Desk) -> Response:
    """Show one alert: why, since when, and what helps."""
    wanted = desk.id(Prefix.ALERT, "alert_id")
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        found = await desk.hub.alerting.alerts.one(conn, desk.tenant_id, wanted)
    target = urlsplit(page_of(found["link"]))
    return desk.show(
        "alerts/one.html",
        one=found,
        name=NAMES[Kind(found["kind"])],
        means=KINDS[Kind(found["kind"])].means,
        target=desk.to(target.path, **dict(parse_qsl(target.query))),
        me=desk.actor,
    )


@ROOM.action("/alerts/{alert_id}/acknowledge", role=Role.OPERATOR)
async def acknowledge(desk: Desk) -> Response:
    """Take an alert over: nobody is reminded of it any more."""
    wanted = desk.id(Prefix.ALERT, "alert_id")
    found = await desk.hub.alerting.alerts.acknowledge(desk.tenant_id, wanted, actor=desk.actor)
    if found["state"] == "ended":
        return desk.go(f"/alerts/{found['id']}", said="It was over already.")
    return desk.go(f"/alerts/{found['id']}", said="You have taken it over. Its end is told all the same.")
